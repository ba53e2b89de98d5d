package compress_test

import (
	"bytes"
	"testing"

	"github.com/tickwire/tickwire/compress"
	"github.com/tickwire/tickwire/internal/corpus"
)

// FuzzOpen: no bytes panic, write behind their room, or open to another length than they said.
func FuzzOpen(f *testing.F) {
	all := compressors(f)
	for i, s := range corpus.Streams(4, corpus.Test)[:12] {
		f.Add(all[i].AppendCompressed(nil, s.Next()))
	}
	for _, b := range [][]byte{{}, {0}, {1}, {2}, {3}, {1, 0}, {1, 5, 0x01, 0}, {1, 4, 0x05, 0}, {2, 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range all {
			if m, ok := open(c, b, 1<<20); ok {
				again, ok := open(c, c.AppendCompressed(nil, m), len(m))
				if !ok || !bytes.Equal(again, m) {
					t.Errorf("%x opened to %x, and that did not come back", b, m)
				}
			}
		}
	})
}

// FuzzRoundTrip: every message comes back, and is one byte longer at most.
func FuzzRoundTrip(f *testing.F) {
	all := compressors(f)
	for _, m := range samples()[:30] {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, m []byte) {
		for i, c := range all {
			b := c.AppendCompressed(nil, m)
			if got, ok := open(c, b, len(m)); !ok || !bytes.Equal(got, m) || len(b) > len(m)+1 {
				t.Errorf("compressor %d: %x became %x", i, m, b)
			}
		}
	})
}

// FuzzDictionary: no file panics, and one that is read is written as it was.
func FuzzDictionary(f *testing.F) {
	b, _ := trained(f).AppendBinary(nil)
	f.Add(b)
	f.Add(b[:40])
	f.Add([]byte("tickwire dictionary 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := compress.ParseDictionary(b)
		if err != nil {
			return
		}
		if again, _ := d.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Errorf("%x is written as %x", b, again)
		}
	})
}
