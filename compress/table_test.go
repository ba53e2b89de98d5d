package compress_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/compress"
	"github.com/tickwire/tickwire/internal/corpus"
)

// This file measures what docs/compression.md shows: its two tables, of bytes and of times.

const page = "../docs/compression.md"

// A way is a column of the tables.
type way struct {
	name       string
	dictionary bool
	effort     compress.Effort
	zstdBytes  int
}

var ways = []way{
	{"S2", false, compress.Fast, -1},
	{"Zstandard", false, compress.Fast, 1},
	{"S2, dictionary", true, compress.Fast, -1},
	{"S2, dictionary, `Small`", true, compress.Small, -1},
	{"Zstandard, dictionary", true, compress.Fast, 1},
	{"Zstandard, dictionary, `Small`", true, compress.Small, 1},
}

// A row is what the messages of a stream come to.
type row struct {
	name  string
	raw   int
	bytes []int // of each way; all are the mean of a message
	out   []time.Duration
	in    []time.Duration
}

// measure trains a dictionary on four matches, and measures on the messages of another one.
func measure(t *testing.T, stream int, timed bool) row {
	n := 400
	switch {
	case stream >= 12:
		n = 12
	case stream >= 8:
		n = 60
	}
	var learned [][]byte
	for seed := range uint64(4) {
		learned = append(learned, corpus.Streams(seed, corpus.Train)[stream].Take(n)...)
	}
	s := corpus.Streams(100, corpus.Test)[stream]
	messages := s.Take(min(n, 100))
	r := row{name: s.Name + ", " + map[bool]string{true: "JSON", false: "our bits"}[s.JSON]}
	for _, m := range messages {
		r.raw += len(m)
	}
	r.raw /= len(messages)
	d, err := compress.Train(learned, compress.TrainConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range ways {
		cfg := compress.Config{Effort: w.effort, ZstdBytes: w.zstdBytes, MinBytes: -1}
		if w.dictionary {
			cfg.Dictionary = d
		}
		r.add(compressor(t, cfg), messages, timed)
	}
	return r
}

func (r *row) add(c *compress.Compressor, messages [][]byte, timed bool) {
	n, total := len(messages), 0
	small, opened := make([][]byte, n), make([][]byte, n)
	for i, m := range messages {
		small[i], opened[i] = c.AppendCompressed(nil, m), make([]byte, len(m))
		total += len(small[i])
	}
	r.bytes = append(r.bytes, total/n)
	if !timed {
		return
	}
	var dst []byte
	r.out = append(r.out, timeOf(n, func(i int) { dst = c.AppendCompressed(dst[:0], messages[i]) }))
	r.in = append(r.in, timeOf(n, func(i int) { c.Open(opened[i], small[i]) }))
}

// timeOf is what one of n calls takes: the least of several tries, since others use the machine, too.
func timeOf(n int, f func(i int)) time.Duration {
	least := time.Hour
	for range 7 {
		calls, start := 0, time.Now()
		for time.Since(start) < 8*time.Millisecond {
			for i := range n {
				f(i)
			}
			calls += n
		}
		least = min(least, time.Since(start)/time.Duration(calls))
	}
	return least
}

// markdown writes a table with a line for each row.
func markdown(rows []row, cells func(r *row, i int) string) string {
	var b strings.Builder
	b.WriteString("| message | bytes |")
	for _, w := range ways {
		fmt.Fprintf(&b, " %s |", w.name)
	}
	fmt.Fprintf(&b, "\n|---|---|%s\n", strings.Repeat("---|", len(ways)))
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d |", r.name, r.raw)
		for i := range ways {
			fmt.Fprintf(&b, " %s |", cells(&r, i))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func bytesCell(r *row, i int) string {
	if r.bytes[i] > r.raw {
		return "–"
	}
	return fmt.Sprintf("%d", r.bytes[i])
}

func timesCell(r *row, i int) string { return micros(r.out[i]) + " / " + micros(r.in[i]) }

// micros writes microseconds in two digits.
func micros(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	return strconv.FormatFloat(us, 'f', cmp.Or(map[bool]int{us < 1: 2, us >= 1 && us < 10: 1}[true], 0), 64)
}

var tables = regexp.MustCompile(`(?m)(^\| message .*\n)(^\|.*\n)+`)

// TestTableLong: the page shows the bytes as they are, to a hundredth: other processors find other matches.
// With -update it writes both tables.
func TestTableLong(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	shown := tables.FindAllString(string(text), -1)
	if len(shown) != 2 {
		t.Fatalf("%s has %d tables that begin with | message", page, len(shown))
	}
	var rows []row
	for stream := range corpus.Streams(0, corpus.Test) {
		rows = append(rows, measure(t, stream, *update))
	}
	if *update {
		both := []string{markdown(rows, bytesCell), markdown(rows, timesCell)}
		i := -1
		text = tables.ReplaceAllFunc(text, func([]byte) []byte { i++; return []byte(both[i]) })
		if err := os.WriteFile(page, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	lines := strings.Split(strings.TrimSpace(shown[0]), "\n")[2:]
	if len(lines) != len(rows) {
		t.Fatalf("%d rows are shown, want %d", len(lines), len(rows))
	}
	for i, r := range rows {
		cells := strings.Split(lines[i], " | ")
		if len(cells) != 2+len(ways) || !strings.Contains(cells[0], r.name) {
			t.Fatalf("row %d is %s, want that of %s", i, lines[i], r.name)
		}
		for j := range ways {
			n, err := strconv.Atoi(strings.TrimSuffix(cells[2+j], " |"))
			if near := r.bytes[j]/100 + 1; err == nil && (n < r.bytes[j]-near || n > r.bytes[j]+near) || (err != nil) != (r.bytes[j] > r.raw) {
				t.Errorf("%s, %s: the page has %s, want %d: go test ./compress -run Table -update", r.name, ways[j].name, cells[2+j], r.bytes[j])
			}
		}
	}
}
