package gen

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/compress"
	"github.com/tickwire/tickwire/internal/corpus"
)

// compressors returns all that write differently, the first three with a dictionary.
func compressors(t *testing.T, d *compress.Dictionary) (all []*compress.Compressor) {
	t.Helper()
	for _, dictionary := range []*compress.Dictionary{d, nil} {
		for _, cfg := range []compress.Config{
			{MinBytes: -1, ZstdBytes: -1}, {MinBytes: -1, ZstdBytes: 1}, {MinBytes: -1, ZstdBytes: 1, Effort: compress.Small},
		} {
			cfg.Dictionary = dictionary
			c, err := compress.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
	}
	return all
}

// compressible returns messages of each kind, and long ones, which take several blocks.
func compressible(r *rand.Rand) (all [][]byte) {
	var text, mixed []byte
	for _, s := range corpus.Streams(r.Uint64(), corpus.Test) {
		all = append(all, s.Take(8)...)
		text = append(text, bytes.Join(s.Take(20), nil)...)
	}
	for len(mixed) < 300_000 {
		n, from := 1+r.IntN(3000), r.IntN(len(text)-3000)
		mixed = append(mixed, text[from:from+n]...)
		for range r.IntN(600) {
			mixed = append(mixed, byte(r.Uint32()))
		}
	}
	return append(all, nil, bytes.Repeat([]byte("a"), 200_000), bytes.Repeat(text[:40], 9000), text[:min(len(text), 1<<20)], mixed)
}

// opened is what Go makes of a compressed message, in the words of opener.mjs.
func opened(c *compress.Compressor, b []byte) string {
	n := c.OpenedLen(b)
	if n < 0 || n > 1<<20 {
		return "refused"
	}
	dst := make([]byte, n)
	if !c.Open(dst, b) {
		return "refused"
	}
	sum := sha256.Sum256(dst)
	return hex.EncodeToString(sum[:])
}

// TestTypeScriptOpensCompressed: what Go compressed opens in TypeScript, and of what was damaged then the
// two make the same. A stream of weights may end within a number by RFC 8878, 4.2.1.2, and may not by the library
// of Go; no encoder writes that, and damage seldom.
func TestTypeScriptOpensCompressed(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 2))
	d, err := compress.Train(corpus.Streams(1, corpus.Train)[3].Take(300), compress.TrainConfig{MaxBytes: 8192})
	if err != nil {
		t.Fatal(err)
	}
	file, _ := d.AppendBinary(nil)
	jobs, want, damaged := []string{hex.EncodeToString(file)}, []string(nil), []bool(nil)
	add := func(i int, c *compress.Compressor, b []byte, broken bool) {
		jobs = append(jobs, fmt.Sprintf("%s %x", []string{"with", "without"}[i/3], b))
		want, damaged = append(want, opened(c, b)), append(damaged, broken)
	}
	for i, c := range compressors(t, d) {
		for _, m := range compressible(r) {
			b := c.AppendCompressed(nil, m)
			add(i, c, b, false)
			if len(b) > 5000 {
				continue
			}
			for range 4 {
				b := slices.Clone(b)
				b[r.IntN(len(b))] ^= 1 << r.IntN(8)
				add(i, c, b, true)
			}
			add(i, c, b[:r.IntN(len(b))], true)
		}
	}
	dir := t.TempDir()
	install(t, dir)
	copyFile(t, "testdata/ts/opener.mjs", dir+"/opener.mjs")
	refused, differ := 0, 0
	for i, got := range ask(t, dir+"/opener.mjs", strings.Join(jobs, "\n"), len(want)) {
		word, reason, _ := strings.Cut(got, " ")
		switch {
		case word == want[i]:
		case damaged[i] && want[i] == "refused":
			differ++
		default:
			t.Errorf("%.200s: %s in TypeScript, %s in Go", jobs[i+1], got, want[i])
		}
		if reason != "" {
			refused++
		}
	}
	if differ > len(want)/1000 {
		t.Errorf("of %d messages %d open in TypeScript that Go refuses", len(want), differ)
	}
	if len(want) < 1000 || refused < len(want)/10 || refused > len(want)/2 {
		t.Errorf("of %d messages %d are refused; want some, of many", len(want), refused)
	}
}
