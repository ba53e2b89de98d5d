package gen

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
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
	all := compressors(t, d)
	with, without := all[0], all[3]
	for i, c := range all {
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
	for range 1500 {
		b := madeBlock(r, len(d.Bytes()))
		for i, c := range []*compress.Compressor{with, without} {
			add(3*i, c, b, false)
		}
		add(3, without, madeFrame(r), false)
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
	if len(want) < 5000 || refused < len(want)/10 || refused > len(want)*3/4 {
		t.Errorf("of %d messages %d are refused; want some, of many", len(want), refused)
	}
}

// madeBlock is a block of S2 of elements that no encoder would write: lengths and offsets at their limits, and what
// they say of the opened length now and then one beside what it is.
func madeBlock(r *rand.Rand, dictionary int) []byte {
	var elements []byte
	at, offset := 0, dictionary
	for range 1 + r.IntN(6) {
		n := []int{1, 2, 3, 5, 8, 59, 60, 61, 255, 256, 257}[r.IntN(11)]
		if r.IntN(60) == 0 {
			n = 65535 + r.IntN(3)
		}
		switch kind := r.IntN(5); {
		case kind == 0 || at == 0 && kind < 3:
			elements = append(elements, literal(r, n)...)
			at += n
		case kind == 1: // once more
			l := r.IntN(8)
			elements = append(elements, byte(1|l<<2), 0)
			n = 4 + l
			if l > 4 {
				more := []byte{byte(r.Uint32()), byte(r.Uint32()), 0}[:l-4]
				elements = append(elements, more...)
				n = []int{8, 260, 65540}[l-5]
				for i, b := range more {
					n += int(b) << (8 * i)
				}
			}
			at += n
		default:
			offset = []int{0, 1, r.IntN(at + 1), at, at + 1, at + n, at + r.IntN(dictionary+1), at + dictionary, at + dictionary + 1, offset}[r.IntN(10)]
			n = 1 + r.IntN(64)
			if kind == 4 && offset < 1<<11 {
				n = 4 + n%8
				elements = append(elements, byte(1|(n-4)<<2|offset>>8<<5), byte(offset))
			} else if kind == 3 && offset < 1<<16 {
				elements = append(elements, byte(2|(n-1)<<2), byte(offset), byte(offset>>8))
			} else {
				elements = binary.LittleEndian.AppendUint32(append(elements, byte(3|(n-1)<<2)), uint32(offset)|uint32(r.IntN(40)/39)<<31)
			}
			at += n
		}
	}
	if r.IntN(8) == 0 {
		at += r.IntN(3) - 1
	}
	head := binary.AppendUvarint([]byte{1}, uint64(max(at, 0)))
	if r.IntN(16) == 0 { // in a longer form
		head[len(head)-1] |= 0x80
		head = append(head, 0)
	}
	b := append(head, elements...)
	if r.IntN(16) == 0 {
		b = b[:r.IntN(len(b))]
	}
	return b
}

// literal is one of n bytes, whose length may stand in more than it needs.
func literal(r *rand.Rand, n int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(n-1))
	least := 0
	for least < 4 && (n-1)>>(8*least) > 0 {
		least++
	}
	width := least + r.IntN(5-least)
	if n <= 60 && r.IntN(4) > 0 {
		b = []byte{byte((n - 1) << 2)}
	} else {
		width = max(width, 1)
		b = append([]byte{byte(59+width) << 2}, b[:width]...)
	}
	for i := range n {
		b = append(b, byte(i*7)^byte(n))
	}
	return b
}

// madeFrame is a frame of Zstandard whose blocks are not compressed, with headers of all kinds.
func madeFrame(r *rand.Rand) []byte {
	var blocks []byte
	at := 0
	for more := r.IntN(4); more >= 0; more-- {
		n, kind, last := []int{0, 1, 5, 300}[r.IntN(4)], r.IntN(2), 0
		if r.IntN(60) == 0 {
			n = 131072 + r.IntN(2)
		}
		if more == 0 {
			last = 1
		}
		if r.IntN(40) == 0 {
			kind = 3
		}
		head := n<<3 | kind<<1 | last
		blocks = append(blocks, byte(head), byte(head>>8), byte(head>>16))
		if kind == 1 {
			blocks = append(blocks, byte(n))
		} else {
			blocks = append(blocks, bytes.Repeat([]byte{byte(n)}, n)...)
		}
		at += n
	}
	if r.IntN(8) == 0 {
		at += r.IntN(3) - 1
	}
	width := r.IntN(4)
	flags := byte(width<<6 | 0x20)
	if r.IntN(6) == 0 {
		flags ^= []byte{4, 8, 16, 32}[r.IntN(4)]
	}
	id := r.IntN(12)
	if id > 3 {
		id = 0
	}
	frame := append([]byte{2, 0x28, 0xb5, 0x2f, 0xfd, flags | byte(id)}, make([]byte, []int{0, 1, 2, 4}[id])...)
	if id > 0 && r.IntN(2) == 0 {
		frame[len(frame)-1] = 1
	}
	size := uint64(max(at, 0))
	if width == 1 {
		size -= 256
	}
	frame = append(frame, binary.LittleEndian.AppendUint64(nil, size)[:1<<width]...)
	frame = append(frame, blocks...)
	if flags&4 != 0 {
		frame = append(frame, 1, 2, 3, 4)
	}
	if r.IntN(16) == 0 {
		frame = frame[:r.IntN(len(frame))]
	}
	return frame
}
