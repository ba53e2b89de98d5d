package endpoint

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/compress"
)

// plainCompression has no dictionary.
func plainCompression(t testing.TB) Compression {
	t.Helper()
	c, err := compress.New(compress.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// withDictionary leans on one that begins with a word.
func withDictionary(t testing.TB, word string) (c Compression, name string) {
	t.Helper()
	d, err := compress.NewDictionary([]byte(word + ": and what messages repeat besides"))
	if err != nil {
		t.Fatal(err)
	}
	by, err := compress.New(compress.Config{Dictionary: d})
	if err != nil {
		t.Fatal(err)
	}
	return by, fmt.Sprintf("compressed with dictionary %08x", d.ID())
}

// compressing has all channels compress.
func compressing(by Compression) Config {
	cfg := channels()
	for i := range cfg.Channels {
		cfg.Channels[i].Compression = by
	}
	return cfg
}

// TestCompressionOverLossyLinks: each delivery keeps its promises, and the counters of both ends
// agree on what was saved.
func TestCompressionOverLossyLinks(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		cfg := compressing(plainCompression(t))
		p := newPair(t, cfg, 30*time.Millisecond, 5)
		for i := range p.links {
			p.links[i].loss, p.links[i].jitter, p.links[i].dup = 0.1, 20*time.Millisecond, 0.02
		}
		exerciseLossy(t, p.open(), d)
		sent, came := p.ends[0].ChannelStats(chanOf(d)), p.ends[1].ChannelStats(chanOf(d))
		if sent.CompressedFrom == 0 || sent.CompressedTo >= sent.CompressedFrom || sent.MessagesLeftAsIs == 0 {
			t.Errorf("sent: %+v", sent)
		}
		if d.Reliable() && d != ReliableLatest && (came.OpenedFrom != sent.CompressedTo || came.OpenedTo != sent.CompressedFrom) {
			t.Errorf("sent %+v\nopened %+v", sent, came)
		}
	})
}

// TestCompressionSizes: messages of all sizes come as they were sent, the largest that the channel
// allows too if it does not shrink, and a byte more is refused.
func TestCompressionSizes(t *testing.T) {
	cfg := compressing(plainCompression(t))
	for i := range cfg.Channels {
		cfg.Channels[i].MaxMessageBytes = 3000
	}
	eachDelivery(t, func(t *testing.T, d Delivery) {
		p := newPair(t, cfg, time.Millisecond).open()
		for _, size := range []int{0, 1, 31, 1000, 3000} {
			noise := make([]byte, size)
			for i, state := 0, uint32(size); i < size; i++ {
				state = state*1664525 + 1013904223
				noise[i] = byte(state >> 24)
			}
			for _, m := range [][]byte{noise, bytes.Repeat([]byte("x"), size)} {
				p.send(0, chanOf(d), m)
				p.run(time.Second)
				if got := p.received(1, chanOf(d)); len(got) != 1 || got[0] != string(m) {
					t.Errorf("%d bytes: %d messages came", size, len(got))
				}
			}
		}
		if _, err := p.ends[0].Send(chanOf(d), make([]byte, 3001), SendOptions{}); err == nil || !strings.Contains(err.Error(), "3000") {
			t.Errorf("3001 bytes: %v", err)
		}
	})
}

// A counting compression counts how often it was asked to compress.
type counting struct {
	Compression
	asked int
}

func (c *counting) AppendCompressed(dst, message []byte) []byte {
	c.asked++
	return c.Compression.AppendCompressed(dst, message)
}

// TestCompressionToMany: a message to many is compressed once and lies in memory twice at most, as it
// was written and compressed, until the last of them has it.
func TestCompressionToMany(t *testing.T) {
	by := &counting{Compression: plainCompression(t)}
	s := newStar(t, 5, compressing(by))
	for round := range 3 {
		by.asked = 0
		text := []byte(strings.Repeat("the same to all of you. ", 40+round))
		if _, err := s.draft.Write(text); err != nil {
			t.Fatal(err)
		}
		s.draft.Share()
		for _, p := range s.arms {
			if _, err := p.ends[0].SendDraft(chanOf(ReliableOrdered), s.draft, SendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		s.wantInUse(2, "while it is sent")
		if round == 1 {
			s.draft.Reset() // else the next write begins another message
			s.wantInUse(1, "when the draft is empty")
		}
		s.run(time.Second)
		for i, p := range s.arms {
			if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 1 || got[0] != string(text) {
				t.Errorf("round %d, arm %d: %q", round, i, got)
			}
		}
		if by.asked != 1 {
			t.Errorf("round %d: compressed %d times", round, by.asked)
		}
	}
	s.draft.Reset()
	s.wantInUse(0, "at the end")
}

// TestCompressionBounds: messages that take few bytes on the wire and many when they are opened do
// not come all at once: between two Updates as many as a window, or one. All of them come.
func TestCompressionBounds(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		if d.latest() {
			return // of which one waits
		}
		cfg := compressing(plainCompression(t))
		for i := range cfg.Channels {
			cfg.Channels[i].MaxMessageBytes = 50_000
			cfg.Channels[i].WindowBytes = 128 << 10
		}
		p := newPair(t, cfg, time.Millisecond).open()
		const n = 100
		for range n {
			p.send(0, chanOf(d), make([]byte, 50_000))
		}
		p.run(time.Second)
		e, left := p.ends[1].Endpoint, n
		for rounds := 0; left > 0 && rounds < n; rounds++ {
			got := len(p.received(1, chanOf(d)))
			if left -= got; got > 3 || e.Withheld() != (left > 0) {
				t.Fatalf("%d messages at once, %d are left, withheld: %v", got, left, e.Withheld())
			}
			if bytes := e.cfg.Buffers.Stats().BytesInUse; bytes > 400_000 {
				t.Fatalf("%d bytes are in use", bytes)
			}
			if left > 0 && !e.News() {
				t.Fatal("messages are withheld and are no news")
			}
			p.run(10 * time.Millisecond)
		}
		if left > 0 {
			t.Errorf("%d did not come", left)
		}
	})
}

// A liar sends what others cannot open.
type liar struct {
	Compression
	says []byte
}

func (l liar) AppendCompressed(dst, message []byte) []byte {
	if string(message) == "lie" {
		return append(dst, l.says...)
	}
	return l.Compression.AppendCompressed(dst, message)
}

// TestCompressionBroken: a message that does not open, or would be too large, ends the connection;
// the game gets what came before it, and nothing behind it.
func TestCompressionBroken(t *testing.T) {
	honest := plainCompression(t)
	for name, says := range map[string][]byte{
		"nothing":   {},
		"a kind":    {9, 1, 2, 3},
		"damaged":   append([]byte{1, 100, 0xff, 0xff, 0xff}, make([]byte, 50)...),
		"too large": honest.AppendCompressed(nil, make([]byte, 1<<20+1)),
		"gigantic":  {1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0},
	} {
		p := newPairOf(t, compressing(liar{honest, says}), compressing(honest), time.Millisecond, 1).open()
		for _, text := range []string{"before", "lie", "behind"} {
			p.send(0, chanOf(ReliableOrdered), []byte(text))
		}
		p.run(100 * time.Millisecond)
		if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 1 || got[0] != "before" {
			t.Errorf("%s: received %q", name, got)
		}
		if !p.ends[1].Withheld() || len(p.received(1, chanOf(ReliableOrdered))) != 0 {
			t.Errorf("%s: more came, or nobody is told", name)
		}
		p.run(time.Second)
		for end := range p.ends {
			if all := p.events(end); len(all) == 0 || all[len(all)-1].Code != CodeProtocol || !strings.Contains(all[len(all)-1].Text, "does not open") {
				t.Errorf("%s, end %d: %v", name, end, all)
			}
		}
	}
}

// TestCompressionIsPartOfTheConfiguration: one without an ID is refused, by its field.
func TestCompressionIsPartOfTheConfiguration(t *testing.T) {
	_, err := Prepare(compressing((*compress.Compressor)(nil)))
	if err == nil || !strings.Contains(err.Error(), "Compression") {
		t.Errorf("a nil Compressor: %v", err)
	}
}

// TestAllocNothingWithCompression compresses and opens, in every delivery.
func TestAllocNothingWithCompression(t *testing.T) {
	if raced {
		return
	}
	by, _ := withDictionary(t, "inventory")
	eachDelivery(t, func(t *testing.T, d Delivery) {
		l := newLoop(t, compressing(by))
		small, large := bytes.Repeat([]byte("and what messages repeat "), 8), bytes.Repeat([]byte("twelve bytes"), 400)
		came := 0
		round := func() {
			for range 5 {
				_, _ = l.ends[0].Send(chanOf(d), small, SendOptions{Receipt: true})
			}
			l.exchange()
			_, _ = l.ends[0].Send(chanOf(d), large, SendOptions{Receipt: true})
			l.exchange()
			came += l.take(d)
		}
		allocatesNothing(t, 2000, 300, &came, round)
		if came < 300 {
			t.Errorf("only %d messages came", came)
		}
	})
}

// TestCompressionMismatch: two ends with different dictionaries are told which each of them has.
func TestCompressionMismatch(t *testing.T) {
	one, oneName := withDictionary(t, "one")
	two, twoName := withDictionary(t, "two")
	p := newPairOf(t, compressing(one), compressing(two), time.Millisecond, 1)
	p.run(5 * time.Second)
	for end, want := range []string{
		"channel 1 is " + oneName + " here and " + twoName + " at the peer",
		"channel 1 is " + twoName + " here and " + oneName + " at the peer",
	} {
		if all := p.events(end); len(all) != 1 || all[0].Code != CodeMismatch || all[0].Text != want {
			t.Errorf("end %d: %v, want %q", end, all, want)
		}
	}
}
