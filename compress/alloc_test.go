package compress_test

import (
	"testing"

	"github.com/tickwire/tickwire/internal/corpus"
)

// TestAllocNothing: neither compressing nor opening allocates when the memory is there.
func TestAllocNothing(t *testing.T) {
	for i, c := range compressors(t) {
		for _, s := range corpus.Streams(1, corpus.Test) {
			m := s.Next()
			dst, opened := make([]byte, 0, 2*len(m)+1000), make([]byte, len(m), len(m)+100)
			b := c.AppendCompressed(dst, m)
			if n := testing.AllocsPerRun(20, func() { b = c.AppendCompressed(dst, m) }); n != 0 {
				t.Errorf("compressor %d, %s of %d bytes: %v allocations to compress", i, s.Name, len(m), n)
			}
			if n := testing.AllocsPerRun(20, func() { c.Open(opened, b) }); n != 0 {
				t.Errorf("compressor %d, %s of %d bytes, kind %d: %v allocations to open", i, s.Name, len(m), b[0], n)
			}
		}
	}
}

// TestAllocNothingForBombs: what says that it is large costs nothing to refuse.
func TestAllocNothingForBombs(t *testing.T) {
	huge := make([]byte, 10<<20)
	for i, c := range compressors(t) {
		for _, b := range [][]byte{c.AppendCompressed(nil, huge), {1, 0xff, 0xff, 0xff, 0xff, 0x07, 0}, {2, 0x28, 0xb5}} {
			if n := testing.AllocsPerRun(10, func() { c.OpenedLen(b); c.Open(nil, b) }); n != 0 {
				t.Errorf("compressor %d, %x…: %v allocations", i, b[:3], n)
			}
		}
	}
}
