package endpoint

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestOpenAtOneEndOnly: an end that gives up a path which it could not open says so over another one,
// so that it is no path for the peer either, that has had its answer.
func TestOpenAtOneEndOnly(t *testing.T) {
	s := newStream(newMesh(t, channels(), 10*time.Millisecond, 1))
	w := s.addWay(1, 1, 20*time.Millisecond)
	w.links[0].drop = func(n int, _ []byte) bool { return n > 0 } // the answers to the server
	id, err := s.ends[0].OpenPath(s.now, PathConfig{Route: 1, Use: UseReserve})
	if err != nil {
		t.Fatal(err)
	}
	s.play(500 * time.Millisecond)
	if s.state(0, id) != PathActive || s.state(1, id) != PathOpening {
		t.Fatalf("path %d is %v and %v", id, s.state(0, id), s.state(1, id))
	}
	s.play(1500 * time.Millisecond)
	if s.state(0, id) != PathClosed || s.state(1, id) != PathClosed || s.ends[0].Uses(1) {
		t.Errorf("path %d is %v and %v", id, s.state(0, id), s.state(1, id))
	}
	s.settle(time.Second)
}

// TestEndsAgreeOnPaths: whatever gets lost where paths are opened, moved, changed and closed, soon both
// ends have the same ones.
func TestEndsAgreeOnPaths(t *testing.T) {
	seeds(40, func(seed uint64) {
		s := newStream(newMesh(t, channels(), 10*time.Millisecond, seed))
		rnd := rand.New(rand.NewPCG(seed, 15))
		for n := range 12 {
			route := Route(1 + n)
			s.addWay(route, route, time.Duration(5+rnd.IntN(100))*time.Millisecond).lossy(0.5, 0)
			id, err := s.ends[0].OpenPath(s.now, PathConfig{Route: route, Use: PathUse(rnd.IntN(3))})
			s.play(time.Duration(rnd.IntN(2500)) * time.Millisecond)
			if err != nil {
				s.ends[n%2].ClosePath(s.now, uint8(1+rnd.IntN(3)))
				continue
			}
			if rnd.IntN(2) == 0 && s.state(0, id) != PathClosed {
				if err := s.ends[0].SetPath(s.now, id, PathConfig{Route: route, Weight: 1 + rnd.IntN(9)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, w := range s.ways {
			w.lossy(0, 0)
		}
		s.play(12 * time.Second)
		for id := range uint8(4) {
			a, b := s.ends[0].PathStats(id), s.ends[1].PathStats(id)
			none := func(st PathStats) bool { return st.State == PathNone || st.State == PathClosed }
			if none(a) != none(b) || !none(a) && (a.State != PathActive || b.State != PathActive || a.Use != b.Use || a.Weight != b.Weight) {
				t.Errorf("seed %d: path %d is %v (%v, %d) and %v (%v, %d)", seed, id, a.State, a.Use, a.Weight, b.State, b.Use, b.Weight)
			}
		}
		s.settle(2 * time.Second)
	})
}
