package world

import (
	"bytes"
	"errors"
	"net/netip"
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

// TestLeave: a group finds what was left in the draft, and the ledger knows what became of it.
func TestLeave(t *testing.T) {
	for policy, want := range map[tickwire.DraftPolicy][2]int{ // accepted, refused
		tickwire.DraftRefuse: {50, 10}, tickwire.DraftDrop: {60, 0}, tickwire.DraftJoin: {70, 0},
	} {
		cfg := optionsConfig()
		cfg.Client.UnsentDraft, cfg.Server.UnsentDraft = policy, policy
		w := newWorld(t, cfg)
		p := join(t, w, 1)
		n := 0
		w.Run(2*time.Second, func() {
			if n++; n > 60 {
				return
			}
			opts := tickwire.SendOptions{Group: uint32((n - 1) / 3 % 2)}
			if n%3 == 1 {
				p.Server.Leave(40)
			}
			err := p.Server.Send(2, Message{Size: 20, Options: opts})
			if err != nil && (policy != tickwire.DraftRefuse || !errors.Is(err, tickwire.ErrDraft)) {
				t.Error(err)
			}
			p.Client.Leave(20)
			if err := p.Client.Send(2, Message{Size: 20, InPlace: true, Options: opts}); err != nil {
				t.Error(err)
			}
		})
		w.Settle(20*time.Second, nil)
		if c := p.Server.lane(2).counts; int(c.accepted) != want[0] || int(c.refused) != want[1] || c.delivered != c.accepted {
			t.Errorf("%v: %+v", policy, c)
		}
		w.Close()
		wantViolations(t, w)
	}
}

// TestDraftFaults: what happens to a draft that must not is a violation.
func TestDraftFaults(t *testing.T) {
	group := tickwire.SendOptions{Group: 1}
	for name, c := range map[string]struct {
		policy tickwire.DraftPolicy
		opts   tickwire.SendOptions
		err    error
		gone   bool
		want   []Checker
	}{
		"dropped":             {policy: tickwire.DraftDrop, opts: group, gone: true},
		"refused":             {policy: tickwire.DraftRefuse, opts: group, err: tickwire.ErrDraft},
		"not in the way":      {policy: tickwire.DraftRefuse, opts: group},
		"without a group":     {policy: tickwire.DraftDrop, gone: true, want: []Checker{InOrder}},
		"refused, no group":   {policy: tickwire.DraftRefuse, err: tickwire.ErrDraft, want: []Checker{InOrder}},
		"refused and dropped": {policy: tickwire.DraftRefuse, opts: group, err: tickwire.ErrDraft, gone: true, want: []Checker{InOrder}},
		"not to be refused":   {policy: tickwire.DraftJoin, opts: group, err: tickwire.ErrDraft, want: []Checker{InOrder}},
		"not to be dropped":   {policy: tickwire.DraftRefuse, opts: group, gone: true, want: []Checker{InOrder}},
	} {
		cfg := optionsConfig()
		cfg.Client.UnsentDraft = c.policy
		w := newWorld(t, cfg)
		p := join(t, w, 1)
		p.Client.Leave(30)
		if c.gone {
			p.Client.conn.Draft().Reset()
		}
		p.Client.checkDraft(p.Client.lane(2), c.opts, c.err)
		t.Log("#", name)
		wantViolations(t, w, c.want...)
	}
}

// A hoarder takes a buffer for each receiver of a message to many.
type hoarder struct{ scribbler }

func (*hoarder) Sent(l *Lane, _ []byte, many bool) {
	if many {
		l.From().Conn().Draft().WriteString("a copy")
	}
}

// TestHoard: a message to many that takes more than one buffer is a violation.
func TestHoard(t *testing.T) {
	cfg := optionsConfig()
	cfg.Tap = &hoarder{}
	w := newWorld(t, cfg)
	join(t, w, 1)
	if err := w.Broadcast(2, Message{Size: 100}); err != nil {
		t.Error(err)
	}
	wantViolations(t, w, MemoryBound)
}

// A scribbler writes into what was sent.
type scribbler struct {
	many bool
	done bool
}

func (s *scribbler) Datagram(to netip.AddrPort, b []byte, pass func(netip.AddrPort, []byte)) {
	pass(to, b)
}
func (s *scribbler) Place(_ *End, at netip.AddrPort) netip.AddrPort             { return at }
func (s *scribbler) Message(_ *Lane, payload []byte, pass func([]byte))         { pass(payload) }
func (s *scribbler) Event(_ *End, ev tickwire.Event, pass func(tickwire.Event)) { pass(ev) }
func (s *scribbler) Takes(*Lane) bool                                           { return true }

func (s *scribbler) Announces(*End) bool { return true }

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
