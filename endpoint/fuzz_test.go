package endpoint

import (
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// FuzzHandlePacket gives an open endpoint, which has messages under way, the packets of a peer
// that does what it likes. Each packet is a length byte, in units of four bytes, and its
// frames.
func FuzzHandlePacket(f *testing.F) {
	add := func(packets ...[]byte) {
		var b []byte
		for _, p := range packets {
			n := (len(p) + 3) / 4
			b = append(append(append(b, byte(n)), p...), make([]byte, 4*n-len(p))...) // zeros are PADDING
		}
		f.Add(b, true)
		f.Add(b, false)
	}
	for _, d := range deliveries {
		ch := chanOf(d)
		add(run(ch, 0, "a", "b"), run(ch, 1, "b", "c"), run(ch, 1000, "far"))
		add(fragment(ch, 0, 0, 20, []byte("0123456789")), fragment(ch, 0, 10, 0, []byte("0123456789")))
		add(fragment(ch, 7, 500, 0, []byte("x")), run(ch, 7, "whole"))
		add(wire.AppendWindow(nil, uint16(ch), 1<<20), wire.AppendBlocked(nil, uint16(ch), 1<<20), ack(0, 1))
		add(wire.AppendSkip(nil, uint16(ch), 0, []int{1, 2, 3}), wire.AppendStored(nil, uint16(ch), []uint32{0, 1}))
	}
	add(ack(0, 0), ack(0, 5), ack(3, 3), []byte{wire.TypePing}, nil, []byte{wire.TypePing})
	add(wire.AppendClose(nil, &wire.Close{Code: CodeMismatch, Rows: make([]byte, 24)}), []byte{wire.TypeCloseAck})
	f.Fuzz(func(t *testing.T, b []byte, trusted bool) {
		cfg := channels()
		cfg.Trusted = trusted
		s := newScript(t, cfg)
		for _, d := range deliveries {
			for _, size := range []int{0, 30, 3000} {
				_, _ = s.e.Send(chanOf(d), make([]byte, size), SendOptions{Receipt: true})
			}
		}
		for len(b) > 0 {
			n := min(4*int(b[0]), len(b)-1)
			s.says()
			s.hears(b[1 : 1+n])
			s.now += int64(b[0]) * 100_000
			s.e.HandleTimeout(s.now)
			checkBounds(t, s.e)
			if b[0]&3 == 0 {
				s.e.Update()
				for _, d := range deliveries {
					s.e.Receive(chanOf(d))
				}
			}
			b = b[1+n:]
		}
		s.e.Close(s.now, CodeNone, "")
		s.wait(s.now + 20*second)
		if !s.e.Done() {
			t.Error("not done")
		}
	})
}

// checkBounds wants an endpoint to keep to its limits.
func checkBounds(t *testing.T, e *Endpoint) {
	t.Helper()
	for i := range e.receivers {
		r, memory := &e.receivers[i], 0
		for n := r.ready.Base(); n < r.ready.End(); n++ {
			memory += charge(len(r.ready.At(n).payload))
		}
		for n := r.slots.Base(); n < r.slots.End(); n++ {
			if sl := r.slots.At(n); sl.waiting {
				memory += charge(len(sl.payload))
			} else if sl.partial != nil {
				memory += charge(sl.partial.known)
			}
		}
		for _, p := range r.partials {
			memory += charge(p.known)
		}
		if memory > r.window && memory > r.cfg.WindowBytes && e.state == stateOpen {
			t.Fatalf("channel %d holds %d bytes in a window of %d", r.id, memory, r.window)
		}
		if !r.cfg.Delivery.Reliable() && e.state == stateOpen && memory != r.held {
			t.Fatalf("channel %d holds %d bytes and counts %d", r.id, memory, r.held)
		}
		if r.slots.Len() > maxAhead || len(r.partials) > maxPartials || len(r.stored) > maxStored {
			t.Fatalf("channel %d: %d slots, %d partials, %d to confirm", r.id, r.slots.Len(), len(r.partials), len(r.stored))
		}
	}
}

// FuzzOperations plays a game of two ends and a link: each byte or two is one thing that
// happens. At the end the link heals and everything must be as the deliveries promise.
func FuzzOperations(f *testing.F) {
	for seed := range 40 {
		ops := make([]byte, 60+10*seed)
		for i := range ops {
			ops[i] = byte(i*i*(seed+3)*7 + seed*31 + i/3)
		}
		f.Add(ops)
	}
	f.Add([]byte{0, 0, 0, 0, 8, 40, 0, 1, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		ops = ops[:min(len(ops), 2000)]
		g := newGame(t)
		for len(ops) > 1 {
			g.play(ops[0], ops[1])
			ops = ops[2:]
		}
		g.finish()
	})
}

// A game is a pair and what is known of its messages.
type game struct {
	*pair
	sent     [2][5]int // by sender and delivery: how many messages
	got      [2][5][]string
	receipts [2]map[Receipt]int // how often each was resolved
	closed   bool
	ended    [2]bool // the event Closed was read
}

func newGame(t *testing.T) *game {
	cfg := channels()
	for i := range cfg.Channels {
		cfg.Channels[i].MaxMessageBytes, cfg.Channels[i].WindowBytes, cfg.Channels[i].MaxQueuedBytes = 20_000, 24_000, 30_000
	}
	cfg.Timeout = time.Hour
	g := &game{pair: newPair(t, cfg, 10*time.Millisecond)}
	g.receipts = [2]map[Receipt]int{{}, {}}
	return g
}

// play makes one thing happen. a says what, b how much.
func (g *game) play(a, b byte) {
	end := int(a >> 7)
	l := &g.links[end]
	switch a & 15 {
	case 0, 1, 2, 3:
		g.message(end, deliveries[int(b)%5], 8+int(b))
	case 4:
		g.message(end, deliveries[int(b)%5], 1000+70*int(b))
	case 5, 6:
		g.pair.run(time.Duration(b) * 100 * time.Microsecond)
	case 7:
		g.pair.run(time.Duration(b) * 10 * time.Millisecond)
	case 8, 9:
		g.flush()
		if len(l.flight) > 0 {
			l.take()
		}
	case 10:
		g.flush()
		if len(l.flight) > 0 {
			f := l.take()
			l.put(flight{f.at, f.seq, slices.Clone(f.b)})
			f.at += int64(b) * 1_000_000
			l.put(f)
		}
	case 11:
		l.cut = b&1 != 0
	case 12, 13:
		g.drain(end)
	case 14:
		g.now += int64(b) * 20_000_000 // nobody is called for a while
	case 15:
		if b < 4 {
			g.closed = true
			g.ends[end].Close(g.now, CodeApplication, "enough")
		}
	}
}

func (g *game) message(end int, d Delivery, size int) {
	r, err := g.ends[end].Send(chanOf(d), message(g.sent[end][d], size), SendOptions{Receipt: true})
	if err == nil {
		g.sent[end][d]++
		g.receipts[end][r] = 0
	}
}

// drain takes all messages and events of an end.
func (g *game) drain(end int) {
	for _, d := range deliveries {
		g.got[end][d] = append(g.got[end][d], g.received(end, chanOf(d))...)
	}
	for _, ev := range g.events(end) {
		switch {
		case g.ended[end]:
			g.t.Fatalf("end %d: %v after Closed", end, ev)
		case ev.Kind == Closed:
			g.ended[end] = true
		case ev.Kind == Delivered || ev.Kind == Lost:
			g.receipts[end][ev.Receipt]++
		}
	}
	checkBounds(g.t.(*testing.T), g.ends[end].Endpoint)
}

// finish heals the link, waits, and judges.
func (g *game) finish() {
	for i := range g.links {
		g.links[i].cut = false
	}
	for range 40 {
		g.pair.run(500 * time.Millisecond)
		g.drain(0)
		g.drain(1)
	}
	if g.closed { // each CLOSE may have been lost: then the other end times out
		g.pair.run(2 * time.Hour)
		g.drain(0)
		g.drain(1)
	}
	for end := range g.ends {
		for _, d := range deliveries {
			g.judge(end, d)
		}
		for r, n := range g.receipts[end] {
			if n != 1 {
				g.t.Errorf("end %d: receipt %d was resolved %d times", end, r, n)
			}
		}
		if g.closed != g.ended[end] || g.closed != g.ends[end].Done() {
			g.t.Errorf("end %d: closed %v, told %v, done %v", end, g.closed, g.ended[end], g.ends[end].Done())
		}
	}
}

// judge checks what a delivery promises about the messages that an end received.
func (g *game) judge(end int, d Delivery) {
	last, seen := -1, map[int]bool{}
	for _, m := range g.got[end][d] {
		i := number(m)
		if i >= g.sent[1-end][d] || m != string(message(i, len(m))) {
			g.t.Fatalf("%v: message %d was not sent like this", d, i)
		}
		if seen[i] || d.latest() && i <= last || d == ReliableOrdered && i != last+1 {
			g.t.Fatalf("%v: message %d after %d, seen %v", d, i, last, seen[i])
		}
		seen[i], last = true, i
	}
	want := g.sent[1-end][d]
	switch {
	case g.closed || want == 0:
	case (d == ReliableOrdered || d == ReliableUnordered) && len(seen) != want:
		g.t.Errorf("%v: %d of %d messages came", d, len(seen), want)
	case d == ReliableLatest && last != want-1:
		g.t.Errorf("%v: the last value is %d of %d", d, last, want)
	}
}
