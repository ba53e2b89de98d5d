package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// opensFrom hands a scripted endpoint the shortest packet that opens a path.
func (s *script) opensFrom(from Route, path uint8, serial, number uint64) {
	b := wire.AppendPathStatus(nil, &wire.PathStatus{Path: path, Serial: serial, Weight: 1})
	s.e.HandlePacket(s.now, path, from, number, wire.AppendPathChallenge(b, 7))
}

// TestOpeningIsBounded: who sends one packet that opens a path, in the name of somebody else, has
// three times its bytes sent there at most, and the path does not wait for more.
func TestOpeningIsBounded(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.says()
	before := s.e.Stats().BytesReceived
	s.opensFrom(1, 1, 1, 0)
	came := s.e.Stats().BytesReceived - before
	s.waitAnywhere(s.now + 5*second)
	st := s.e.PathStats(1)
	if st.State != PathClosed || st.BytesSent == 0 || st.BytesSent > 3*came {
		t.Errorf("%d bytes came, %+v", came, st)
	}
}

// TestOpenedAgain: a client that was not answered on a new path opens another one under the same
// number, before the server has given the first one up, or when it may not ask any more. It is
// opened at both ends.
func TestOpenedAgain(t *testing.T) {
	for _, arrive := range []int{1, 3} { // of the packets that open the first one
		s := newStream(newMesh(t, channels(), 10*time.Millisecond, 1))
		w := s.addWay(1, 1, 200*time.Millisecond)
		w.links[1].cut = true
		s.addWay(2, 2, 10*time.Millisecond)
		id, err := s.ends[0].OpenPath(s.now, PathConfig{Route: 1})
		if err != nil {
			t.Fatal(err)
		}
		if arrive == 1 {
			s.run(100 * time.Millisecond)
			w.links[0].cut = true
		}
		if !s.runUntil(3*time.Second, func() bool { return s.state(0, id) == PathClosed }) || arrive > 1 && s.state(1, id) != PathOpening {
			t.Fatalf("path %d is %v and %v", id, s.state(0, id), s.state(1, id))
		}
		again, err := s.ends[0].OpenPath(s.now, PathConfig{Route: 2})
		if err != nil || again != id {
			t.Fatalf("path %d: %v", again, err)
		}
		s.run(100 * time.Millisecond)
		if s.state(0, id) != PathActive || s.state(1, id) != PathActive || s.ends[1].Route(id) != 2 || s.ends[1].Uses(1) {
			t.Errorf("path %d is %v, and %v at route %d", id, s.state(0, id), s.state(1, id), s.ends[1].Route(id))
		}
		s.play(time.Second)
		s.settle(time.Second)
	}
}
