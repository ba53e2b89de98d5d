package compress_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/compress"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

const vectorFile = "../testdata/vectors/compress.json"

// vectors are the golden ones, bytes in hex.
type vectors struct {
	Comment    string
	Dictionary string // its file
	ID         uint32
	Opens      []opens
	Refused    []refused
}

// An opens is a compressed message and what it opens to. A compressor may well write it otherwise.
type opens struct {
	About         string
	Dictionary    bool // else there is none
	Bytes, Opened string
}

// A refused is what opens neither with the dictionary nor without.
type refused struct{ About, Bytes string }

func makeVectors(t *testing.T) *vectors {
	d, err := compress.NewDictionary([]byte(`{"from":"the north gate","healing potion":{"room":1,"text":"`))
	if err != nil {
		t.Fatal(err)
	}
	file, _ := d.AppendBinary(nil)
	v := &vectors{Comment: "Golden vectors of SPEC.md, 11. Written by: go test ./compress -update", Dictionary: hex.EncodeToString(file), ID: d.ID()}
	v.write(t, nil)
	v.write(t, d)
	v.addNumbers(t)
	v.add("nothing, as it is", false, "\x00", "")
	v.add("nothing, in S2", false, "\x01\x00", "")
	v.add("a copy that overlaps itself", false, "\x01\x0b\x00a\x19\x01", strings.Repeat("a", 11))
	v.add("the last offset again", false, "\x01\x0b\x08abc\x0a\x03\x00\x00d\x01\x00", "abcabcdbcdb")
	v.add("the last offset again, a length of a byte more", false, "\x01\x15\x04ab\x02\x02\x00\x15\x00\x0a", strings.Repeat("ab", 10)+"a")
	v.add("a literal whose length has a byte of its own", false, "\x01\x46\xf0\x45"+strings.Repeat("x", 70), strings.Repeat("x", 70))
	v.add("the offset that a dictionary begins with", true, "\x01\x04\x01\x00", `{"fr`)
	v.add("from the end of the dictionary", true, "\x01\x06\x00m\x12\x08\x00", `mtext"`)
	v.Refused = []refused{
		{"nothing at all", ""},
		{"a kind that there is not", "0301020304"},
		{"a copy from before the beginning", "0104084142430affff"},
		{"a literal that is cut", "010508414243"},
		{"less than the length says", "010508414243" + "0044"},
		{"more than the length says", "010308414243" + "0044"},
		{"a length of more than 32 bits", "01ffffffffff7f00"},
		{"a length in a longer form than it needs", "0183000841" + "4243"},
		{"a copy of offset 0 that is no repetition", "0108" + "0c61626364" + "0e0000"},
		{"the last offset again, where there is none", "0108" + "1100" + "0c61626364"},
		{"a frame without a length", "0228b52ffd0058010000"},
		{"another magic number", "0229b52ffd2000010000"},
		{"a frame that ends early", "0228b52ffd2005"},
		{"a frame behind the frame", "0228b52ffd200109000061" + "28b52ffd2000010000"},
		{"a frame to be skipped behind the frame", "0228b52ffd200109000061" + "502a4d1803000000616263"},
	}
	return v
}

func (v *vectors) add(about string, dictionary bool, b, opened string) {
	v.Opens = append(v.Opens, opens{about, dictionary, hex.EncodeToString([]byte(b)), hex.EncodeToString([]byte(opened))})
}

// write has a Compressor write what it likes.
func (v *vectors) write(t *testing.T, d *compress.Dictionary) {
	texts := []string{
		strings.Repeat("to the north gate, all of you! ", 9),
		`{"from":"the old mill","room":1,"text":"healing potion, healing potion!"}`,
		"as it is",
	}
	for i, kind := range []string{"S2", "Zstandard"} {
		c := compressor(t, compress.Config{Dictionary: d, Effort: compress.Small, MinBytes: 9, ZstdBytes: 2*i - 1})
		for _, text := range texts {
			v.add(kind, d != nil, string(c.AppendCompressed(nil, []byte(text))), text)
		}
	}
}

// addNumbers adds digits, of which few stand elsewhere in the same order: their literals are in a Huffman code.
func (v *vectors) addNumbers(t *testing.T) {
	var text []byte
	for i := range 150 {
		text = fmt.Appendf(text, "%d ", i*i*7919%10007)
	}
	text = append(text, text[100:300]...)
	c := compressor(t, compress.Config{Effort: compress.Small, ZstdBytes: 1})
	v.add("Zstandard, of digits", false, string(c.AppendCompressed(nil, text)), string(text))
}

// TestGolden opens what the vectors say, and nothing that they refuse.
func TestGolden(t *testing.T) {
	if *update {
		text, err := json.MarshalIndent(makeVectors(t), "", " ")
		if err == nil {
			err = os.WriteFile(vectorFile, append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil || len(v.Opens) < 15 || len(v.Refused) < 10 {
		t.Fatalf("%d messages, %d refused, %v", len(v.Opens), len(v.Refused), err)
	}
	d, err := compress.ParseDictionary(unhex(t, v.Dictionary))
	if err != nil || d.ID() != v.ID {
		t.Fatalf("the dictionary: %v", err)
	}
	with, without := compressor(t, compress.Config{Dictionary: d}), compressor(t, compress.Config{})
	for _, m := range v.Opens {
		c := without
		if m.Dictionary {
			c = with
		}
		if got, ok := open(c, unhex(t, m.Bytes), 1<<20); !ok || !bytes.Equal(got, unhex(t, m.Opened)) {
			t.Errorf("%s, %s: opened to %q", m.About, m.Bytes, got)
		}
	}
	for _, m := range v.Refused {
		for _, c := range []*compress.Compressor{with, without} {
			if got, ok := open(c, unhex(t, m.Bytes), 1<<20); ok {
				t.Errorf("%s, %s: opened to %q", m.About, m.Bytes, got)
			}
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
