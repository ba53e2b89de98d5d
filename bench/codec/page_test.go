package codec

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestPageHasTheBytes: the page's table has the bytes that the formats write.
func TestPageHasTheBytes(t *testing.T) {
	page, err := os.ReadFile("../../docs/codec.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.ReplaceAll(string(page), "**", "")
	for _, message := range Messages {
		name := message
		for _, c := range Cases(TheValues()) {
			if c.Message != message {
				continue
			}
			want := fmt.Sprintf("\n| %s | %s | %d | ", name, c.Format, len(encoded(t, &c)))
			if _, rest, ok := strings.Cut(rows, want); ok {
				rows = rest // the next row is below this one
			} else {
				t.Errorf("docs/codec.md has no row %q here; run make codec", want)
			}
			name = ""
		}
	}
}

// someRows have a value of its own everywhere, and ours the least bytes alone.
func someRows() (rows []Row) {
	for i, message := range Messages {
		for j, format := range Formats {
			n := float64(1 + i + j)
			rows = append(rows, Row{Format: format, Message: message, Bytes: 10 * (1 + i + j),
				Encode: Cost{Ns: 100 - n, Allocs: n}, Decode: Cost{Ns: 200.25 - n}})
		}
	}
	return rows
}

func TestTable(t *testing.T) {
	table := Table(someRows())
	for _, want := range []string{
		"\n| input | tickwire | **10** | 99 | 199 | 1 | 0 |\n",
		"\n|  | JSON | 80 | **92** | **192** | 8 | 0 |\n",
		"\n| entity | tickwire | **20** |",
		"\n| input | 0.50 of vtprotobuf | 1.08 of JSON | 1.04 of JSON |\n",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}

// TestPlot: each figure has a panel, and each message and each format its name.
func TestPlot(t *testing.T) {
	var b bytes.Buffer
	if err := Plot(&b, someRows()); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(append([]string{"bytes,", "ns to write,", "ns to read,"}, Messages...), Formats...) {
		if !strings.Contains(b.String(), ">"+name) {
			t.Errorf("the picture does not have %q", name)
		}
	}
}
