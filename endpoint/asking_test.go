package endpoint

import (
	"errors"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestFits asks before each message whether there is room for it: Send finds the same.
func TestFits(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Full: Refuse, MaxMessageBytes: 900, MaxQueuedBytes: 2000}}}
		p := newPair(t, cfg, 5*time.Millisecond).open()
		p.hold(0, 1)
		e, refused, full := p.ends[0], 0, 0
		for i := range 30 {
			length := 11 * i
			fits, key := e.Fits(1, length), SendOptions{Keyed: d.latest(), Key: uint64(i)}
			_, err := e.Send(1, make([]byte, length), key)
			if fits != (err == nil) || err != nil && !errors.Is(err, ErrFull) {
				t.Fatalf("of %d bytes Fits says %v, and Send %v", length, fits, err)
			}
			if queued := e.ChannelStats(1).QueuedBytes; e.HalfEmpty(1) != (queued <= 1000) {
				t.Fatalf("with %d bytes of 2000 HalfEmpty says %v", queued, e.HalfEmpty(1))
			}
			if full++; !fits {
				refused++
			}
		}
		if refused == 0 || refused == full {
			t.Errorf("%d of %d were refused", refused, full)
		}
		if e.Fits(9, 0) || e.HalfEmpty(9) {
			t.Error("a channel that does not exist has room")
		}
	})
}

// TestAskingChangesNothing asks for the deadline again and again while messages wait for credit,
// for a place among droppables, and for leave to go again.
func TestAskingChangesNothing(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{
		ID: 1, Delivery: ReliableOrdered, WindowBytes: 4096, Resend: ResendPolicy{MaxAttempts: 3},
	}}}
	p := newPair(t, cfg, 5*time.Millisecond).open()
	p.links[0].loss = 0.2
	s, waits := p.ends[0].outbox.sender(1), 0
	for i := range 400 {
		p.sendWith(0, 1, message(i, 600), SendOptions{Droppable: i%3 == 0})
		s.groups.precedes, s.groups.next = s.open.End(), wire.MaxIndex-2+uint64(i%5) // few places are left
		var queued []byte
		for n := s.queue.Base(); n < s.queue.End(); n++ {
			queued = append(queued, s.queue.At(n).terms.options)
		}
		attempts, groups, at := attemptsIn(s), s.groups, p.ends[0].Deadline()
		for range 3 {
			if again := p.ends[0].Deadline(); again != at {
				t.Fatalf("message %d: the deadline was %d and is %d", i, at, again)
			}
		}
		if s.blocked() {
			waits++
		}
		for n := s.queue.Base(); n < s.queue.End(); n++ {
			if options := s.queue.At(n).terms.options; options != queued[n-s.queue.Base()] {
				t.Fatalf("message %d: the options of one that waits became %#x", i, options)
			}
		}
		if now := attemptsIn(s); now != attempts || s.groups != groups {
			t.Fatalf("message %d: %d attempts became %d, %+v became %+v", i, attempts, now, groups, s.groups)
		}
		p.run(time.Millisecond)
		p.received(1, 1)
	}
	if waits == 0 {
		t.Error("none waited for credit")
	}
}

// attemptsIn is how often the messages that a sender has open were sent.
func attemptsIn(s *sender) (n int) {
	for id := s.open.Base(); id < s.open.End(); id++ {
		n += attemptsOf(s.open.At(id))
	}
	return n
}

// TestPushLatest pushes events of which the last one matters: it is one as long as none is shown.
func TestPushLatest(t *testing.T) {
	q := events{lent: new(eventMemory)}
	var rate, path uint64
	push := func(last *uint64, kind EventKind, n int) { q.pushLatest(last, Event{Kind: kind, BytesPerSecond: n}) }
	take := func(want ...Event) {
		t.Helper()
		q.reveal()
		for _, ev := range want {
			if got, ok := q.next(); !ok || got != ev {
				t.Errorf("the next event is %+v, not %+v", got, ev)
			}
		}
		if ev, ok := q.next(); ok {
			t.Errorf("there is also %+v", ev)
		}
	}
	push(&rate, RateChanged, 1)
	push(&path, PathChanged, 2)
	push(&rate, RateChanged, 3)
	take(Event{Kind: RateChanged, BytesPerSecond: 3}, Event{Kind: PathChanged, BytesPerSecond: 2})
	push(&rate, RateChanged, 4)
	q.reveal()
	push(&rate, RateChanged, 5) // the other one is shown, be it taken or not
	if !q.unread(rate) || q.unread(path) {
		t.Errorf("unread: the rate %v, the path %v", q.unread(rate), q.unread(path))
	}
	take(Event{Kind: RateChanged, BytesPerSecond: 4}, Event{Kind: RateChanged, BytesPerSecond: 5})
}

// TestStatesByName goes through all states: what is asked of them does not hang on their order.
func TestStatesByName(t *testing.T) {
	for s, want := range map[state][3]bool{ // live, talks, ended
		stateMeeting:   {false, true, false},
		stateOpen:      {true, true, false},
		stateAway:      {true, false, false},
		stateClosing:   {false, false, true},
		stateTombstone: {false, false, true},
		stateDead:      {false, false, true},
	} {
		if got := [3]bool{s.live(), s.talks(), s.ended()}; got != want {
			t.Errorf("state %d: %v, want %v", s, got, want)
		}
	}
}
