package endpoint

import (
	"testing"
	"time"
)

// TestFailedPathElsewhere: a path has failed at both ends, and when its way carries again the client's
// address there is another one. An end fails it when another path is well, the server one way
// later than the client, so that its own question is due when the client's comes, now and each time
// after that. To ask home does not end what it has just begun to ask the rival.
func TestFailedPathElsewhere(t *testing.T) {
	const oneWay = 40 * time.Millisecond
	for lag := time.Duration(0); lag <= 3*oneWay; lag += oneWay / 4 {
		s := twoPaths(t, 1, PathConfig{}, PathConfig{})
		s.play(time.Second)
		s.ways[1].dead = true
		s.play(2 * time.Second)
		client, server := s.ends[0].path(1), s.ends[1].path(1)
		if client.stage != stageFailed || server.stage != stageFailed {
			t.Fatalf("path 1 is in stages %d and %d", client.stage, server.stage)
		}
		server.retryAt, server.retryWait = client.retryAt+int64(lag), client.retryWait
		s.rebind(1, 2)
		s.play(time.Duration(client.retryAt-s.now) + oneWay)
		s.play(time.Second) // home has half a round trip and an answer time, of the round trip assumed at first
		for end, e := range s.ends {
			if st := e.PathStats(1); st.State != PathActive || end == 1 && st.Route != 2 {
				t.Errorf("asked %v after the client, end %d: %v on route %d", lag, end, st.State, st.Route)
			}
		}
		s.settle(time.Second)
	}
}

// TestSilenceBesideHoles: a path whose packets get lost is cut, at any moment, also when what was in
// flight at the last acknowledgement were holes alone: it is a suspect after a probe timeout all the
// same, and the messages go over the other one.
func TestSilenceBesideHoles(t *testing.T) {
	for seed := range uint64(300) {
		s := twoPaths(t, seed, PathConfig{Use: UseReserve}, PathConfig{})
		for i := range s.ways[1].links {
			s.ways[1].links[i].loss = 0.3
		}
		s.play(time.Second + time.Duration(seed)*7*time.Millisecond)
		s.ways[1].dead = true
		s.play(time.Second)
		for end, e := range s.ends {
			if p := e.path(1); p.stage == stageWell {
				t.Errorf("seed %d, end %d: nobody has answered for a second, %d packets owe it, and it is well: %d", seed, end, p.eliciting, p.checkAt)
			}
		}
	}
}

// until plays until path 1 is active at both ends, at the server on a route, and returns how long that took.
func (s *stream) until(route Route) time.Duration {
	s.t.Helper()
	began := s.now
	for s.now < began+10*second {
		s.play(time.Second / 60)
		if there := s.ends[1].PathStats(1); s.state(0, 1) == PathActive && there.State == PathActive && there.Route == route {
			return time.Duration(s.now - began)
		}
	}
	s.t.Fatalf("path 1 is %v, and %v on route %d", s.state(0, 1), s.state(1, 1), s.ends[1].Route(1))
	return 0
}

// TestFailKeepsRival: a path falls silent since the client's address there is another one soon. That it fails
// meanwhile, because another path is well, does not end what the new address was asked, and home is waited
// for as long as its round trips were.
func TestFailKeepsRival(t *testing.T) {
	for silent := 40 * time.Millisecond; silent < 230*time.Millisecond; silent += 10 * time.Millisecond {
		s := twoPaths(t, 1, PathConfig{}, PathConfig{})
		s.play(time.Second)
		s.ways[1].dead = true
		s.play(silent)
		s.rebind(1, 2)
		if took := s.until(2); took > 300*time.Millisecond {
			t.Errorf("silent for %v before: it took %v", silent, took)
		}
		s.settle(time.Second)
	}
}

// TestMovedTwice: the client's address on a path that failed changes, and once more before the server has
// decided where the path goes, or just after.
func TestMovedTwice(t *testing.T) {
	const oneWay = 40 * time.Millisecond
	for between := 2 * oneWay; between < 600*time.Millisecond; between += oneWay / 2 {
		s := twoPaths(t, 1, PathConfig{}, PathConfig{})
		s.play(time.Second)
		s.ways[1].dead = true
		s.play(2 * time.Second)
		client := s.ends[0].path(1)
		if client.stage != stageFailed || s.ends[1].path(1).stage != stageFailed {
			t.Fatalf("path 1 is in stages %d and %d", client.stage, s.ends[1].path(1).stage)
		}
		s.rebind(1, 2)
		s.play(time.Duration(client.retryAt-s.now) + oneWay)
		s.play(between)
		s.rebind(1, 3)
		if took := s.until(3); took > 400*time.Millisecond {
			t.Errorf("%v after the first time: it took %v", between, took)
		}
		s.settle(time.Second)
	}
}

// TestFailedIsAskedAtOnce: a path has failed for so long that it is asked every five seconds. When the last
// one that is well falls silent it is asked at once, at most once a second.
func TestFailedIsAskedAtOnce(t *testing.T) {
	for later := 1100 * time.Millisecond; later < 5*time.Second; later += 700 * time.Millisecond {
		s := twoPaths(t, 1, PathConfig{}, PathConfig{})
		s.play(time.Second)
		s.ways[1].dead = true
		s.play(20 * time.Second)
		client := s.ends[0].path(1)
		s.play(time.Duration(client.retryAt - s.now))
		s.ways[1].dead = false
		s.play(later - 100*time.Millisecond)
		if client.stage != stageFailed {
			t.Fatalf("%v after it was asked path 1 is in stage %d", later, client.stage)
		}
		s.ways[0].dead = true
		if took := s.until(1); took > 300*time.Millisecond {
			t.Errorf("%v after it was asked: it took %v", later, took)
		}
		s.settle(time.Second)
	}
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	s.play(time.Second)
	s.ways[1].dead = true
	s.play(20 * time.Second)
	before := s.ends[0].PathStats(1).PacketsSent
	for range 100 { // path 0 is a suspect now and then
		s.ways[0].dead = true
		s.play(70 * time.Millisecond)
		s.ways[0].dead = false
		s.play(30 * time.Millisecond)
	}
	if n := s.ends[0].PathStats(1).PacketsSent - before; n < 5 || n > 12 {
		t.Errorf("asked %d times in ten seconds", n)
	}
}

// TestFailedAMomentAgo: a path was left for another one, which is found to be as silent. It is asked at once though it
// failed a moment ago: its address had changed while nothing went there, say. And what it answers is measured, so that
// it is not waited for as long as where nothing is known, when it falls silent again.
func TestFailedAMomentAgo(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{Use: UseReserve}, PathConfig{})
	s.play(time.Second)
	client := s.ends[0].path(1)
	s.ways[1].dead = true
	for client.stage != stageFailed {
		s.play(time.Second / 60)
	}
	s.ways[0].dead, s.ways[1].dead = true, false
	if took := s.until(1); took > 400*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	if !client.rtt.sampled || client.probeTimeout(0) > 3*second/10 {
		t.Errorf("its probe timeout is %v, sampled %v", time.Duration(client.probeTimeout(0)), client.rtt.sampled)
	}
	s.settle(time.Second)
}

// TestFailedAnswersLate: the answer to the PING by which a path that failed was asked is lost. The next ACK comes with what
// the other end asks a second later, and was held for nearly all of that time. Half of it would be left as the round trip
// where nothing else is known; but what was the shortest before the path failed is, so all of the hold is taken off. Else
// the path would be waited for two seconds when it falls silent again.
func TestFailedAnswersLate(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{Use: UseReserve}, PathConfig{})
	s.play(time.Second)
	client, server := s.ends[0].path(1), s.ends[1].path(1)
	s.ways[1].dead = true
	s.play(900 * time.Millisecond)
	if client.stage != stageFailed || server.stage != stageFailed || client.asked || server.asked {
		t.Fatalf("path 1 is in stages %d and %d", client.stage, server.stage)
	}
	s.ways[1].dead, s.ways[1].links[1].loss = false, 1
	server.retryAt = client.retryAt + 6*second/5
	s.play(time.Duration(client.retryAt-s.now) + 200*time.Millisecond)
	if client.stage != stageFailed || !client.asked {
		t.Fatalf("path 1 is in stage %d, asked %v", client.stage, client.asked)
	}
	s.ways[1].links[1].loss = 0
	if took := s.until(1); took > 1200*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	if rtt := time.Duration(client.rtt.latest); rtt < 75*time.Millisecond || rtt > 100*time.Millisecond {
		t.Errorf("a round trip of 80 ms is measured as %v; the probe timeout is %v", rtt, time.Duration(client.probeTimeout(0)))
	}
	s.settle(time.Second)
}

// TestFailedIsAskedWhenTheSocketDies: likewise when what carries the last one is gone.
func TestFailedIsAskedWhenTheSocketDies(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	s.play(time.Second)
	s.ways[1].dead = true
	s.play(20 * time.Second)
	s.play(time.Duration(s.ends[0].path(1).retryAt-s.now) + 1500*time.Millisecond)
	s.ways[0].dead, s.ways[1].dead = true, false
	s.ends[0].PathDied(s.now, 0)
	if took := s.until(1); took > 200*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	s.settle(time.Second)
}
