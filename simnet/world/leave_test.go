package world

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// TestDrains: drains over bad links bring everything across, or say what they left.
func TestDrains(t *testing.T) {
	w := newWorld(t, config())
	for id := range uint64(8) {
		p := join(t, w, id+1)
		w.Run(time.Second, func() {
			for e := range w.Ends() {
				for range 5 {
					if err := e.Send(chat.Config().ID, Message{Size: 100, Tracked: true}); err != nil {
						t.Error(err)
					}
				}
			}
		})
		e := p.Client
		if id%2 == 0 {
			e = p.Server
		}
		within := time.Minute
		if id%4 < 2 {
			within = time.Millisecond
		}
		sent := e.Lanes()[1].Sent()
		e.Drain(tickwire.CodeApplication, "enough", within)
		e.Drain(tickwire.CodeApplication+1, "once more changes nothing", 0)
		if e.Open() || !e.Draining() || e.Send(chat.Config().ID, Message{Size: 9}) == nil {
			t.Error("it is open")
		}
		w.Run(3*time.Second, nil)
		if !p.Gone() || e.Draining() || e.left > int(sent) || (e.left == 0) != (within > time.Second) {
			t.Errorf("gone %v, %d left of %d after %v", p.Gone(), e.left, sent, within)
		}
		if r := e.peer.Reason(); !r.Remote || r.Text != "enough" {
			t.Errorf("the peer reads %v", r)
		}
	}
	w.Close()
	wantViolations(t, w)
}

// TestHolds: players and server load for longer than their timeout, also at the same time.
func TestHolds(t *testing.T) {
	w := newWorld(t, config())
	p, other := join(t, w, 1), join(t, w, 2)
	play := func() {
		for e := range w.Ends() {
			_ = e.Send(chat.Config().ID, Message{Size: 60}) // it may be full
		}
	}
	w.Run(time.Second, play)
	if err := p.Hold(25 * time.Second); err != nil {
		t.Fatal(err)
	}
	if p.Hold(time.Second) == nil || !p.Client.Busy() || p.Server.Busy() {
		t.Error("busy, and busier")
	}
	w.Run(2*time.Second, play)
	if held := p.Server.Conn().Held(); held < 22*time.Second || held > 24*time.Second {
		t.Errorf("held for another %v", held)
	}
	if err := w.HoldServer(15 * time.Second); err != nil {
		t.Fatal(err)
	}
	w.Run(30*time.Second, play)
	if p.Client.Busy() || !p.Client.Open() || !p.Server.Open() || !other.Client.Open() {
		t.Error("somebody is gone, or loads for ever")
	}
	if w.HoldServer(time.Hour) == nil || p.Hold(time.Hour) == nil {
		t.Error("an hour is granted")
	}
	t.Log("# whoever uses an end wakes it up")
	if err := other.Hold(20 * time.Second); err != nil {
		t.Fatal(err)
	}
	w.Run(5*time.Second, play)
	if err := other.Client.Send(chat.Config().ID, Message{Size: 60}); err != nil || other.Client.Busy() {
		t.Errorf("busy %v, %v", other.Client.Busy(), err)
	}
	w.Settle(20*time.Second, nil)
	w.Close()
	wantViolations(t, w)
}

// A liar drops what a Tap should pass on.
type liar struct {
	announces bool
	left      int // of Disconnected; negative: the truth
}

func (l *liar) Message(_ *Lane, payload []byte, pass func([]byte))                      { pass(payload) }
func (l *liar) Takes(*Lane) bool                                                        { return true }
func (l *liar) Sent(*Lane, []byte, bool)                                                {}
func (l *liar) Announces(*End) bool                                                     { return l.announces }
func (l *liar) Datagram(to netip.AddrPort, b []byte, pass func(netip.AddrPort, []byte)) { pass(to, b) }
func (l *liar) Place(_ *End, at netip.AddrPort) netip.AddrPort                          { return at }

func (l *liar) Event(_ *End, ev tickwire.Event, pass func(tickwire.Event)) {
	if ev.Kind == tickwire.Disconnected && l.left >= 0 {
		ev.Undelivered = l.left
	}
	pass(ev)
}

// TestLiesAboutLeaving: the checkers see through a drain that is not complete, and a hold of
// which nobody was told.
func TestLiesAboutLeaving(t *testing.T) {
	cfg := config()
	cfg.Tap = &liar{announces: true}
	w := newWorld(t, cfg)
	p := join(t, w, 1)
	p.Cut(true, true)
	if err := p.Client.Send(chat.Config().ID, Message{Size: 60}); err != nil {
		t.Fatal(err)
	}
	p.Client.Drain(tickwire.CodeNone, "", time.Second)
	w.Run(20*time.Second, nil)
	w.Close()
	wantViolations(t, w, Drained)

	w = newWorld(t, config())
	p = join(t, w, 1)
	if err := p.Client.Send(chat.Config().ID, Message{Size: 60}); err != nil {
		t.Fatal(err)
	}
	p.Client.Drain(tickwire.CodeNone, "", time.Second)
	p.Client.Conn().Close(tickwire.CodeNone, "") // behind the back of the checkers
	w.Run(time.Second, nil)
	w.Close()
	wantViolations(t, w, Drained)

	cfg.Tap = &liar{left: -1}
	w = newWorld(t, cfg)
	if err := join(t, w, 1).Hold(15 * time.Second); err != nil {
		t.Fatal(err)
	}
	w.Run(16*time.Second, nil)
	w.Close()
	if all := w.Violations(); len(all) == 0 || all[0].Checker != Held {
		t.Errorf("violations %v", all)
	}
}
