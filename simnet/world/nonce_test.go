package world

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

func TestNumbers(t *testing.T) {
	var s numbers
	cut := func(number int) []byte { return []byte{byte(number), byte(number >> 8)} }
	for n := range 100_000 {
		if whole := s.whole(cut(n)); whole != uint64(n) || !s.fresh(whole, cut(n)) {
			t.Fatalf("number %d is %d, or not fresh", n, whole)
		}
		s.note(uint64(n), cut(n))
	}
	if !s.fresh(99_990, cut(99_990)) {
		t.Error("a packet sent twice is a fault")
	}
	if s.fresh(99_991, cut(1)) {
		t.Error("a number that seals two contents is none")
	}
	if s.fresh(99_000, cut(99_000)) {
		t.Error("numbers may go back")
	}
}

// TestSpy: the spy opens all packets, across keys that change, and knows every key.
func TestSpy(t *testing.T) {
	for _, wireIDBytes := range []int{0, 2, 4} {
		cfg := config()
		cfg.Client.EpochPackets, cfg.Server.EpochPackets, cfg.Client.WireIDBytes = 5, 5, wireIDBytes
		w := newWorld(t, cfg)
		for id := range uint64(3) {
			join(t, w, 1+id)
		}
		w.Run(10*time.Second, func() {
			for e := range w.Ends() {
				_ = e.Send(chat.Config().ID, Message{Size: 30})
			}
		})
		wantViolations(t, w)
		if epochs := w.Report().KeyChanges; epochs < 20 || len(w.seals.keys) != 6+int(epochs) || len(w.seals.contents) < 12 {
			t.Errorf("%d keys in %d epochs, %d contents of handshakes", len(w.seals.keys), epochs, len(w.seals.contents))
		}
	}
}

// TestStubbornRandom: processes that draw the same again seal with the same keys and nonces,
// and that is found in each place where it happens.
func TestStubbornRandom(t *testing.T) {
	cfg := config()
	cfg.Plant = func(c *tickwire.Config) { c.Random = rand.NewChaCha8([32]byte{}) }
	w := newWorld(t, cfg)
	join(t, w, 1)
	w.CrashServer()
	w.Run(time.Second, nil)
	if err := w.StartServer(); err != nil {
		t.Fatal(err)
	}
	join(t, w, 1)
	found := fmt.Sprint(w.Violations())
	for _, want := range []string{"private token: key and nonce", "player 1: key and nonce 00000000", "OFFER: key and nonce", "keys of another connection"} {
		if !strings.Contains(found, want) {
			t.Errorf("no %q in %s", want, found)
		}
	}
}

// TestForeignKeys: what the keys of the specification do not open is a fault.
func TestForeignKeys(t *testing.T) {
	w := newWorld(t, config())
	p := join(t, w, 1)
	for _, c := range []struct {
		up   bool
		b    []byte
		want string
	}{
		{true, append([]byte{0x09, 0, 0, 0, 0, 0xff, 0x3f}, make([]byte, 20)...), "packet 16383 of path 0 does not open with the keys of epoch 0"},
		{false, append([]byte{0x0d, 0xff, 0x3f}, make([]byte, 20)...), "packet 16383 of path 0 does not open with the keys of epoch 1"},
		{false, []byte{0x0d, 0xff}, "DATA of 2 bytes"},
		{true, bytes.Repeat([]byte{0x14}, 40), "a standard packet that the token's key does not open"},
		{true, []byte{0x84}, "a standard packet of 1 bytes"},
		{true, append([]byte{7, 1}, make([]byte, 400)...), "an OFFER that does not open"},
		{false, append([]byte{7, 2}, make([]byte, 400)...), "an ACCEPT that does not open"},
		{false, append([]byte{7, 3}, make([]byte, 60)...), "handshake packet 3 that does not open"},
		{true, []byte{7, 2}, "handshake packet 2 that does not open"},
		{false, append([]byte{5}, make([]byte, 12)...), ""},
	} {
		if got, _ := w.overhear(p.Lines()[0], c.up, c.b); got != c.want {
			t.Errorf("%x: %q, want %q", c.b, got, c.want)
		}
	}
}

func FuzzOverhear(f *testing.F) {
	f.Add(true, []byte{0x09, 0, 0, 0, 0, 1, 2})
	f.Add(false, []byte{0x0b, 0, 0, 0, 1, 2})
	f.Add(false, []byte{7, 2, 0})
	f.Add(true, []byte{0x24, 0})
	f.Add(false, []byte{0x80})
	s := newSpy(make([]byte, tokenAt+2048), new(draws))
	s.lives = []*life{s.begin(s.handshakes[0], [32]byte{}, make([]byte, 36), nil)}
	w := &World{seals: newSeals(), scratch: make([]byte, 1<<16)}
	l := &Line{player: &Player{spy: s}}
	f.Fuzz(func(t *testing.T, up bool, b []byte) {
		if len(b) == 0 {
			return
		}
		if what, _ := w.overhear(l, up, b); b[0] > 7 && what == "" {
			t.Errorf("%x was sealed by nobody", b)
		}
	})
}
