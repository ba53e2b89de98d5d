package world

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

var (
	inputs = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.UnreliableLatest})
	chat   = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Delivery: tickwire.ReliableOrdered})
	hits   = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 3, Delivery: tickwire.Unreliable})
)

func config() Config {
	silent := tickwire.Config{Logger: slog.New(slog.DiscardHandler)}
	return Config{
		Seed: 1, Channels: tickwire.Channels(inputs, chat, hits), Links: simnet.WiFiBad(),
		Server: tickwire.ServerConfig{Config: silent}, Client: tickwire.ClientConfig{Config: silent},
	}
}

func newWorld(t *testing.T, cfg Config) *World {
	t.Helper()
	w, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// join lets somebody in and waits for it.
func join(t *testing.T, w *World, id uint64) *Player {
	t.Helper()
	p, err := w.Join(id)
	if err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if p.Client.Open() && p.Server.Open() {
			return p
		}
		w.Step(nil)
	}
	t.Fatalf("player %d is not let in", id)
	return nil
}

func wantViolations(t *testing.T, w *World, want ...Checker) {
	t.Helper()
	var got []Checker
	for _, v := range w.Violations() {
		got = append(got, v.Checker)
	}
	if !slices.Equal(got, want) {
		t.Errorf("violations %v, want of %v", w.Violations(), want)
	}
}

// TestOwnPayloads: a game sends what it likes, and takes it itself.
func TestOwnPayloads(t *testing.T) {
	cfg := config()
	cfg.Manual = true
	w := newWorld(t, cfg)
	p := join(t, w, 7)
	words := strings.Fields("the same words come again and again and the order stays the same")
	var heard []string
	listen := func() {
		for b := range p.Server.Receive(chat.Config().ID) {
			heard = append(heard, string(b))
		}
	}
	for _, word := range words {
		if err := p.Client.Send(chat.Config().ID, Message{Payload: []byte(word), Tracked: true}); err != nil {
			t.Fatal(err)
		}
		w.Step(listen)
	}
	w.Settle(10*time.Second, listen)
	w.Close()
	if !slices.Equal(heard, words) {
		t.Errorf("heard %q", heard)
	}
	wantViolations(t, w)
}

// TestAccidents: a crash, a stop, a restart and a cut that lasts too long are the world's own
// doing, and nobody's fault.
func TestAccidents(t *testing.T) {
	cfg := config()
	cfg.Seed = 2 // with which the goodbye of the server is not lost
	w := newWorld(t, cfg)
	crashed, cut := join(t, w, 1), join(t, w, 2)
	play := func() {
		for e := range w.Ends() {
			for _, ch := range w.cfg.Channels {
				if err := e.Send(ch.Config().ID, Message{Size: 40, Tracked: true}); err != nil {
					t.Error(err)
				}
			}
		}
	}
	w.Run(time.Second, play)
	crashed.Crash()
	cut.Cut(true, true)
	w.Run(30*time.Second, play)
	cut.Heal()
	if !crashed.Gone() || !cut.Gone() || cut.Client.Reason().Code != tickwire.CodeTimeout {
		t.Errorf("after 30 seconds: %v, %v", crashed.Server.Reason(), cut.Client.Reason())
	}
	stopped := join(t, w, 3)
	w.Run(time.Second, play)
	if err := w.StopServer(); err != nil {
		t.Error(err)
	}
	w.Run(time.Second, play)
	if got := stopped.Client.Reason(); got.Code != tickwire.CodeGoingAway || !got.Remote {
		t.Errorf("the server stopped, and the player heard %v", got)
	}
	if _, err := w.Join(4); err == nil {
		t.Error("joined a server that is down")
	}
	if err := w.StartServer(); err != nil {
		t.Fatal(err)
	}
	p := join(t, w, 4)
	w.CrashServer()
	w.Run(20*time.Second, play)
	if !p.Client.Over() {
		t.Error("the server crashed, and the player plays on")
	}
	if err := w.StartServer(); err != nil {
		t.Fatal(err)
	}
	join(t, w, 5).Client.Close(tickwire.CodeApplication, "bye")
	w.Settle(30*time.Second, nil)
	w.Close()
	wantViolations(t, w)
	if r := w.Report(); r.Players != 5 || r.Datagrams == 0 {
		t.Errorf("report %+v", r)
	}
}

// TestUnexcused: a connection that ends for another reason than the world gave it
// is a violation, and so is what never arrives.
func TestUnexcused(t *testing.T) {
	w := newWorld(t, config())
	p := join(t, w, 1)
	p.Client.conn.Close(tickwire.CodeNone, "behind the back of the world")
	w.Run(2*time.Second, nil)
	wantViolations(t, w, Life)

	w = newWorld(t, config())
	p = join(t, w, 1)
	w.Network().Cut(p.Addr().Addr(), serverAddr.Addr()) // behind its back, too
	if err := p.Client.Send(chat.Config().ID, Message{Size: 10}); err != nil {
		t.Fatal(err)
	}
	w.Settle(2*time.Second, nil)
	wantViolations(t, w, Arrival)
}

func TestStall(t *testing.T) {
	w := newWorld(t, config())
	p := join(t, w, 1)
	p.Server.Stall(true)
	for range 20 {
		if err := p.Client.Send(chat.Config().ID, Message{Size: 4}); err != nil {
			t.Fatal(err)
		}
	}
	w.Run(3*time.Second, nil)
	lane := p.Client.Lanes()[1]
	if lane.counts.delivered != 0 || lane.Sent() != 20 {
		t.Errorf("%d of %d received while nobody looks", lane.counts.delivered, lane.Sent())
	}
	p.Server.Stall(false)
	w.Settle(5*time.Second, nil)
	if lane.counts.delivered != 20 {
		t.Errorf("%d received afterwards", lane.counts.delivered)
	}
	w.Close()
	wantViolations(t, w)
}

func TestStamp(t *testing.T) {
	for size := range 100 {
		b := AppendStamp([]byte("front"), 5, 77, size)[len("front"):]
		if len(b) != size {
			t.Fatalf("%d bytes, want %d", len(b), size)
		}
		n, ok := ReadStamp(5, b)
		if ok != (size >= StampBytes) || ok && n != 77 {
			t.Errorf("size %d: %d, %v", size, n, ok)
		}
		if _, ok := ReadStamp(6, b); ok {
			t.Errorf("size %d: good under another key", size)
		}
		for i := range b {
			b[i] ^= 0x10
			if _, ok := ReadStamp(5, b); ok {
				t.Errorf("size %d: byte %d was changed, and the stamp is good", size, i)
			}
			b[i] ^= 0x10
		}
	}
}

// TestHash: contents that differ in length or in one bit have different hashes.
func TestHash(t *testing.T) {
	seen := map[uint64]string{}
	for key := range uint32(2) {
		for n := range uint32(300) {
			for size := NumberBytes; size < 24; size++ {
				b := string(AppendStamp(nil, key, n, size))
				if other, ok := seen[hashOf([]byte(b))]; ok && other != b {
					t.Fatalf("%x and %x have one hash", other, b)
				}
				seen[hashOf([]byte(b))] = b
			}
		}
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	for ms := range 1000 {
		h.add(int64(ms+1) * int64(time.Millisecond))
	}
	got := h.percentiles()
	for _, c := range []struct{ got, want float64 }{{got.P50, 500}, {got.P90, 900}, {got.P99, 990}, {got.P999, 999}, {got.Max, 1000}} {
		if c.got < c.want || c.got > c.want*65/64+0.001 {
			t.Errorf("%.3f ms, want %.0f or up to a 64th more", c.got, c.want)
		}
	}
	last := -1
	for us := range int64(1 << 20) {
		b := bucket(us * 1000)
		if b < last || bucketTop(b) <= time.Duration(us)*time.Microsecond {
			t.Fatalf("%d µs is in bucket %d, which ends at %v", us, b, bucketTop(b))
		}
		last = b
	}
}

func FuzzStamp(f *testing.F) {
	f.Add(AppendStamp(nil, 1, 2, 30))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, ok := ReadStamp(1, b); ok && len(b) >= StampBytes {
			if again := AppendStamp(nil, 1, n, StampBytes); len(b) == StampBytes && string(again) != string(b) {
				t.Errorf("%x is read as message %d, which is %x", b, n, again)
			}
		}
	})
}

// TestSeats: the ledger agrees with a server that keeps its word, and notices one that does not.
func TestSeats(t *testing.T) {
	cfg := config()
	cfg.Server.MaxClients = 2
	cfg.Links = simnet.Links{}
	full := func(honest bool) *World {
		w := newWorld(t, cfg)
		join(t, w, 1)
		if err := w.Reserve(2, time.Minute); err != nil {
			t.Error(err)
		}
		if err := w.Reserve(3, time.Minute); err == nil {
			t.Error("a third seat of two")
		}
		if !honest {
			w.Server().Unreserve(2)
		}
		for _, id := range []uint64{3, 2} {
			if _, err := w.Join(id); err != nil {
				t.Error(err)
			}
			w.Run(time.Second, nil)
		}
		w.Settle(30*time.Second, nil)
		w.Close()
		return w
	}
	wantViolations(t, full(true))
	wantViolations(t, full(false), Seats)
	w := newWorld(t, cfg)
	w.CrashServer()
	w.Unreserve(1)
	if w.Reserve(1, time.Minute) == nil {
		t.Error("reserved where no server is")
	}
}
