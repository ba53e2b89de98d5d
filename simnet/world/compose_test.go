package world

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// TestCompose: what is built in place and what goes to many is in every ledger, and arrives.
func TestCompose(t *testing.T) {
	cfg := optionsConfig()
	cfg.Links.Up.Loss, cfg.Links.Down.Loss = 0.1, 0.1
	w := newWorld(t, cfg)
	a, b := join(t, w, 1), join(t, w, 2)
	n := 0
	w.Run(3*time.Second, func() {
		n++
		for ch := tickwire.ChannelID(1); ch <= 4; ch++ {
			if err := a.Client.Send(ch, Message{Size: 10 + 40*(n%50), InPlace: true, Tracked: n%2 == 0}); err != nil {
				t.Error(err)
			}
			if err := w.Broadcast(ch, Message{Size: 4 + n%100, Tracked: n%3 == 0}); err != nil {
				t.Error(err)
			}
		}
	})
	w.Settle(20*time.Second, nil)
	for _, l := range []*Lane{a.Client.Lanes()[1], a.Server.Lanes()[1], b.Server.Lanes()[1]} {
		if l.counts.accepted != uint64(n) || l.counts.delivered != uint64(n) {
			t.Errorf("%v: %d accepted, %d delivered, want %d", l, l.counts.accepted, l.counts.delivered, n)
		}
	}
	t.Log("# what is refused is in no ledger, and leaves nothing in a draft")
	before := a.Server.Lanes()[1].Sent()
	if err := w.Broadcast(2, Message{Size: 2 << 20}); !errors.Is(err, tickwire.ErrTooLarge) {
		t.Error(err)
	}
	if err := a.Server.Send(2, Message{Size: 2 << 20, InPlace: true}); !errors.Is(err, tickwire.ErrTooLarge) {
		t.Error(err)
	}
	if now := a.Server.Lanes()[1].Sent(); now != before || a.Server.Conn().Draft().Len() != 0 {
		t.Errorf("%d are in the ledger, %d were", now, before)
	}
	w.Close()
	wantViolations(t, w)
	if err := w.Broadcast(2, Message{}); err != tickwire.ErrClosed {
		t.Errorf("without a server: %v", err)
	}
}

// A scribbler writes into what was sent.
type scribbler struct {
	many bool
	done bool
}

func (s *scribbler) Message(_ *Lane, payload []byte, pass func([]byte))         { pass(payload) }
func (s *scribbler) Event(_ *End, ev tickwire.Event, pass func(tickwire.Event)) { pass(ev) }
func (s *scribbler) Takes(*Lane) bool                                           { return true }

func (s *scribbler) Sent(l *Lane, memory []byte, many bool) {
	if many == s.many && !s.done && bytes.HasPrefix(memory, []byte("xy")) {
		s.done = true
		memory[1]++
	}
}

// TestScribble: the memory that a Tap is shown is that of the packets: what it writes is received.
func TestScribble(t *testing.T) {
	for _, many := range []bool{false, true} {
		cfg := optionsConfig()
		tap := &scribbler{many: many}
		cfg.Tap = tap
		w := newWorld(t, cfg)
		p := join(t, w, 1)
		join(t, w, 2)
		w.Step(func() {
			err := p.Server.Send(3, Message{Payload: []byte("xy in place"), InPlace: true})
			if err = errors.Join(err, w.Broadcast(3, Message{Payload: []byte("xy to all")})); err != nil {
				t.Error(err)
			}
		})
		w.Run(time.Second, nil)
		want := []Checker{Untouched}
		if many {
			want = append(want, Untouched) // both have it
		}
		wantViolations(t, w, want...)
		if !tap.done {
			t.Error("nothing was shown to the tap")
		}
	}
}
