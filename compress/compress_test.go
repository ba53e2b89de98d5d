package compress_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"github.com/tickwire/tickwire/compress"
	"github.com/tickwire/tickwire/internal/corpus"
)

// trained is a dictionary of chat and inputs as JSON.
func trained(t testing.TB) *compress.Dictionary {
	t.Helper()
	var messages [][]byte
	for _, s := range corpus.Streams(1, corpus.Train) {
		if s.JSON && (s.Name == "chat" || s.Name == "input") {
			messages = append(messages, s.Take(400)...)
		}
	}
	d, err := compress.Train(messages, compress.TrainConfig{MaxBytes: 4096})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func compressor(t testing.TB, cfg compress.Config) *compress.Compressor {
	t.Helper()
	c, err := compress.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// compressors are all that differ in how they write or read.
func compressors(t testing.TB) (all []*compress.Compressor) {
	for _, d := range []*compress.Dictionary{nil, trained(t)} {
		for _, effort := range []compress.Effort{compress.Fast, compress.Small} {
			for _, zstdBytes := range []int{1, 0, -1} {
				all = append(all, compressor(t, compress.Config{Dictionary: d, Effort: effort, ZstdBytes: zstdBytes, MinBytes: -1}))
			}
		}
	}
	return all
}

// open opens as an endpoint does: memory is found for what the message says, within a limit.
func open(c *compress.Compressor, b []byte, limit int) ([]byte, bool) {
	n := c.OpenedLen(b)
	if n < 0 || n > limit {
		return nil, false
	}
	behind := bytes.Repeat([]byte{0xa5}, n+64)
	ok := c.Open(behind[:n:n], b)
	if slices.ContainsFunc(behind[n:], func(b byte) bool { return b != 0xa5 }) {
		panic("Open wrote behind its room")
	}
	return behind[:n], ok
}

// samples are messages of all kinds and sizes.
func samples() (all [][]byte) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 15, 16, 17, 100, 1023, 1024, 1025, 65535, 65536, 65537, 300000} {
		noise := make([]byte, n)
		for i := range noise {
			noise[i] = byte(rng.Uint32())
		}
		all = append(all, noise, make([]byte, n), []byte(strings.Repeat("the north gate ", n/15+1))[:n])
	}
	for _, s := range corpus.Streams(2, corpus.Test) {
		all = append(all, s.Take(3)...)
	}
	return all
}

// TestRoundTrip: what was compressed opens to the same bytes, is one byte longer at most, and leaves
// what stood before it.
func TestRoundTrip(t *testing.T) {
	for i, c := range compressors(t) {
		for _, m := range samples() {
			b := c.AppendCompressed([]byte("before"), m)
			if string(b[:6]) != "before" || len(b)-6 > len(m)+1 {
				t.Fatalf("compressor %d: %d bytes became %d", i, len(m), len(b)-6)
			}
			if got, ok := open(c, b[6:], len(m)); !ok || !bytes.Equal(got, m) {
				t.Fatalf("compressor %d: %d bytes as %x… do not open", i, len(m), b[6:min(len(b), 20)])
			}
		}
	}
}

// TestItShrinks: text does, with a dictionary also a single line of it, and Small finds more than
// Fast.
func TestItShrinks(t *testing.T) {
	d := trained(t)
	chats := corpus.Streams(3, corpus.Test)[5].Take(200)
	sum := func(cfg compress.Config) (n int) {
		c := compressor(t, cfg)
		for _, m := range chats {
			n += len(c.AppendCompressed(nil, m))
		}
		return n
	}
	raw := 0
	for _, m := range chats {
		raw += len(m)
	}
	without, fast, small := sum(compress.Config{}), sum(compress.Config{Dictionary: d}), sum(compress.Config{Dictionary: d, Effort: compress.Small})
	if without < raw*95/100 || fast > raw*2/3 || small >= fast {
		t.Errorf("%d bytes of chat: %d without a dictionary, %d with one, %d with effort", raw, without, fast, small)
	}
}

// TestMinBytes: what is shorter goes as it is.
func TestMinBytes(t *testing.T) {
	c := compressor(t, compress.Config{MinBytes: 100})
	if b := c.AppendCompressed(nil, make([]byte, 99)); len(b) != 100 || b[0] != 0 {
		t.Errorf("%x", b)
	}
	if b := c.AppendCompressed(nil, make([]byte, 100)); len(b) > 20 {
		t.Errorf("100 zeros are %d bytes", len(b))
	}
}

// TestBombs: what says that it is large is refused before memory is found for it, and what says that
// it is smaller than it is does not open.
func TestBombs(t *testing.T) {
	huge := make([]byte, 10<<20)
	encoder, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true))
	streamed, err2 := zstd.NewWriter(nil)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	frame := encoder.EncodeAll(huge, []byte{2})
	small := encoder.EncodeAll([]byte("hello, this is a message"), []byte{2})
	lying := bytes.Clone(frame)
	copy(lying[5:], []byte{0xa0, 100, 0, 0, 0}) // its header says 100 bytes
	for _, c := range compressors(t) {
		for name, b := range map[string][]byte{
			"empty":                nil,
			"unknown kind":         {3, 1, 2, 3},
			"s2 of 10 MiB":         append([]byte{1}, s2.Encode(nil, huge)...),
			"s2 that says 4 GiB":   {1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0},
			"s2 that says nothing": {1, 0x80},
			"s2 that is short":     {1, 100, 0},
			"s2 of nothing, more":  {1, 0, 0, 0},
			"zstd of 10 MiB":       frame,
			"zstd without a head":  {2, 0x28, 0xb5, 0x2f},
			"zstd, no length":      append([]byte{2}, streamed.EncodeAll(nil, nil)[:4]...),
			"zstd that lies":       lying,
			"two frames":           append(bytes.Clone(small), small[1:]...),
			"a frame and more":     append(bytes.Clone(small), 1, 2, 3),
			"a skippable frame":    {2, 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4},
			"zstd cut":             small[:len(small)-1],
		} {
			if got, ok := open(c, b, 1<<20); ok {
				t.Errorf("%s opened, to %d bytes", name, len(got))
			}
		}
	}
}

// TestOtherDictionary: what was made with another dictionary does not open to what it was, and
// nobody has to find out in this way: the IDs differ.
func TestOtherDictionary(t *testing.T) {
	d := trained(t)
	content := bytes.Clone(d.Bytes())
	slices.Reverse(content)
	other, err := compress.NewDictionary(content)
	if err != nil {
		t.Fatal(err)
	}
	a, b, none := compressor(t, compress.Config{Dictionary: d}), compressor(t, compress.Config{Dictionary: other}), compressor(t, compress.Config{})
	if a.ID() == b.ID() || a.ID() != d.ID() || none.ID() != 1 || a.ID() < 2 || b.ID() < 2 {
		t.Errorf("IDs %x, %x, %x", a.ID(), b.ID(), none.ID())
	}
	same := compressor(t, compress.Config{Dictionary: d, Effort: compress.Small, ZstdBytes: -1, MinBytes: 50})
	if same.ID() != a.ID() {
		t.Error("what one end does alone is part of the ID")
	}
	m := corpus.Streams(3, corpus.Test)[5].Next()
	for _, c := range []*compress.Compressor{b, none} {
		if got, ok := open(c, a.AppendCompressed(nil, m), 1<<20); ok && bytes.Equal(got, m) {
			t.Error("opened with another dictionary")
		}
	}
}

// TestConfig: what cannot be is refused by name.
func TestConfig(t *testing.T) {
	for field, cfg := range map[string]compress.Config{
		"Effort": {Effort: 2}, "ZstdBytes": {ZstdBytes: 65537},
	} {
		var wrong *compress.ConfigError
		if _, err := compress.New(cfg); !errors.As(err, &wrong) || wrong.Field != field || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestGoroutines: one Compressor serves several.
func TestGoroutines(t *testing.T) {
	c := compressor(t, compress.Config{Dictionary: trained(t), ZstdBytes: 200})
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for _, s := range corpus.Streams(uint64(i), corpus.Test)[:10] {
				for _, m := range s.Take(5) {
					if got, ok := open(c, c.AppendCompressed(nil, m), len(m)); !ok || !bytes.Equal(got, m) {
						t.Errorf("%s: %d bytes did not come back", s.Name, len(m))
					}
				}
			}
		})
	}
	all.Wait()
}
