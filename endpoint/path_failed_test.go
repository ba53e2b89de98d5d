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
