package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestLateRivalKeepsItsRoute: as long as the answer of a rival counts that was given up, the
// number of its route is not free for another way, to which the answer would lead the path.
func TestLateRivalKeepsItsRoute(t *testing.T) {
	s, tokens := newScript(t, channels()).claimed()
	refused := func() bool { return s.e.PathStats(0).RoutesRefused == 1 }
	for !refused() {
		s.asked()
		s.now = max(s.e.Deadline(), s.now)
		s.e.HandleTimeout(s.now)
	}
	s.now += tardyFor - 1
	s.e.SetNow(s.now)
	if !s.e.Uses(1) {
		t.Error("the route is free while its answer counts")
	}
	s.now++
	s.e.SetNow(s.now)
	if s.e.Uses(1) {
		t.Error("the route is used when its answer is too late")
	}
	s.hearsFrom(0, response(tokens[1]))
	if at := s.decided(); at != 0 {
		t.Errorf("the path is at %d", at)
	}
}

// TestMovedAfresh: of a path that has moved nothing is known but the answer of its new route;
// what was sent before tells nothing about it.
func TestMovedAfresh(t *testing.T) {
	s, tokens := newScript(t, channels()).claimed()
	p := s.e.path(0)
	for range 20 {
		p.rtt.sample(300_000_000, 0)
	}
	p.clock.any = true
	if _, err := s.e.Send(chanOf(ReliableOrdered), message(0, 100), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	s.asked() // and what is said goes with it
	before, cc := p.next-1, p.cc
	s.after(5, 1, response(tokens[1]))
	for s.e.Route(0) == 0 && s.now < 100*second {
		s.now = max(s.e.Deadline(), s.now)
		level := p.pacer.level
		p.pacer.level = -9
		if s.e.HandleTimeout(s.now); s.e.Route(0) == 0 {
			p.pacer.level = level
			s.asked()
			before = p.next - 1
		}
	}
	if s.e.Route(0) != 1 || p.cc == cc || p.clock.any || p.inFlight != 0 || p.pacer.level < 0 {
		t.Errorf("moved to %d: %+v", s.e.Route(0), p)
	}
	if st := s.e.PathStats(0); st.RTT != 5*time.Millisecond || p.next != before+1 {
		t.Errorf("%+v, next %d after %d", st, p.next, before)
	}
	s.now += second
	s.hearsFrom(1, ack(0, before))
	if st := s.e.PathStats(0); st.RTT != 5*time.Millisecond {
		t.Errorf("what was sent before the move counts: %+v", st)
	}
}

// TestLeftRouteIsNoRival: packets that were on their way by the route that we have left by our
// own choice ask nobody.
func TestLeftRouteIsNoRival(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.says()
	if err := s.e.SetPath(s.now, 0, PathConfig{Route: 1}); err != nil {
		t.Fatal(err)
	}
	tokens := s.asked()
	s.after(10, 1, response(tokens[1]))
	s.hearsFrom(0, []byte{wire.TypePing})
	if tokens := s.asked(); len(tokens) != 0 || s.e.Uses(0) || s.e.Route(0) != 1 {
		t.Errorf("asked %v", tokens)
	}
}

// TestRestGrows: packets from ever other routes, while home answers, have somebody asked
// four times a second at most, after the first ones.
func TestRestGrows(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.says()
	for range 20 {
		s.e.path(0).rtt.sample(10_000_000, 0)
	}
	const seconds = 5
	for n := range 100 * seconds {
		s.after(10, Route(1+n%200), []byte{wire.TypePing})
		if token, ok := s.asked()[0]; ok {
			s.hearsFrom(0, response(token))
		}
	}
	if st := s.e.PathStats(0); st.RoutesRefused < 4*seconds-2 || st.RoutesRefused > 4*seconds+8 || st.Moves != 0 {
		t.Errorf("in %d seconds %+v", seconds, st)
	}
}
