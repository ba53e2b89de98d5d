package endpoint

import (
	"slices"
	"testing"
	"time"
)

// kill ends or mends all ways.
func (m *mesh) kill(dead bool) {
	for _, w := range m.ways {
		w.dead = dead
	}
}

// TestAwayOverPaths: with all its paths dead an end is away once, not each path; each path is
// knocked on, and the first that works again brings both ends back, whichever it is.
func TestAwayOverPaths(t *testing.T) {
	for _, use := range []PathUse{UseShare, UseCopy, UseReserve} {
		for alive := range 2 {
			cfg := kept(time.Hour)
			m := newMesh(t, cfg, 10*time.Millisecond, 1)
			m.addWay(1, 1, 40*time.Millisecond)
			m.openPath(PathConfig{Route: 1, Use: use})
			m.send(0, chanOf(ReliableOrdered), message(0, 9000))
			m.flush()
			m.ways[alive].dead = true
			m.run(2 * time.Second) // this one has failed before the other one dies
			m.kill(true)
			m.run(time.Minute)
			for end, e := range m.ends {
				all := m.events(end)
				if n := len(slices.DeleteFunc(all, func(ev Event) bool { return ev.Kind == PathChanged })); n != 1 || !e.Away() {
					t.Errorf("%v, end %d: away %v, %d events", use, end, e.Away(), n)
				}
				m.send(end, chanOf(ReliableUnordered), message(1, 3000))
			}
			packets := m.ends[0].Stats().PacketsSent
			m.run(time.Minute)
			if n := m.ends[0].Stats().PacketsSent - packets; n < 22 || n > 26 {
				t.Errorf("%v: %d packets in a minute on two paths", use, n)
			}
			m.ways[alive].dead = false
			m.run(8 * time.Second)
			for end, e := range m.ends {
				if e.Away() || len(m.received(end, chanOf(ReliableUnordered))) != 1 {
					t.Errorf("%v, end %d: away %v", use, end, e.Away())
				}
			}
			if len(m.received(1, chanOf(ReliableOrdered))) != 1 {
				t.Errorf("%v: what was on its way did not come", use)
			}
			m.kill(false)
			m.run(10 * time.Second)
			if a, b := m.state(0, 0), m.state(0, 1); a != PathActive || b != PathActive {
				t.Errorf("%v: paths are %v and %v", use, a, b)
			}
		}
	}
}

// TestAwayElsewhere: while the peer is away its path can be led another way, where it is found.
func TestAwayElsewhere(t *testing.T) {
	m := newMesh(t, kept(time.Hour), 10*time.Millisecond, 1)
	m.kill(true)
	m.run(time.Minute)
	if _, err := m.ends[0].OpenPath(m.now, PathConfig{Route: 1}); err != ErrAway {
		t.Errorf("OpenPath: %v", err)
	}
	m.addWay(1, 1, 10*time.Millisecond)
	if err := m.ends[0].SetPath(m.now, 0, PathConfig{Route: 1}); err != nil {
		t.Fatal(err)
	}
	m.ends[0].Ping()
	m.run(time.Second)
	for end, e := range m.ends {
		if e.Away() || e.PathStats(0).Route != 1 {
			t.Errorf("end %d: away %v, on route %d", end, e.Away(), e.PathStats(0).Route)
		}
	}
}

// TestContinueOverPaths: with several paths and copies under way an end goes on with one path, and
// may open others with numbers from zero.
func TestContinueOverPaths(t *testing.T) {
	for _, use := range []PathUse{UseShare, UseCopy, UseReserve} {
		m := newMesh(t, channels(), 10*time.Millisecond, 1)
		m.addWay(1, 1, 40*time.Millisecond)
		m.openPath(PathConfig{Route: 1, Use: use})
		sent, got := 0, []string{}
		for epoch := 1; epoch < 5; epoch++ {
			for range 30 {
				m.send(0, chanOf(ReliableOrdered), message(sent, 900))
				m.send(0, chanOf(Unreliable), message(sent, 100))
				sent++
			}
			m.run(15 * time.Millisecond)
			lost := m.ends[0].Stats().PacketsLost
			m.goOn(0, epoch)
			if st := m.ends[0].Stats(); st.PacketsLost == lost || st.BytesInFlight != 0 || slices.Collect(m.ends[0].Paths())[0] != 0 {
				t.Errorf("%v: %d packets lost, %d bytes in flight", use, st.PacketsLost-lost, st.BytesInFlight)
			}
			m.run(time.Duration(epoch) * 30 * time.Millisecond)
			m.goOn(1, epoch)
			m.run(100 * time.Millisecond)
			for end, e := range m.ends {
				if n := len(slices.Collect(e.Paths())); n != 1 || e.paths.copySets() > 0 {
					t.Errorf("%v, end %d: %d paths", use, end, n)
				}
			}
			got = append(got, m.received(1, chanOf(ReliableOrdered))...)
			if id := m.openPath(PathConfig{Route: 1, Use: use}); id != 1 {
				t.Errorf("%v: path %d", use, id)
			}
		}
		for range 5 {
			m.run(time.Second)
			got = append(got, m.received(1, chanOf(ReliableOrdered))...)
		}
		if len(got) != sent || !slices.IsSorted(got) {
			t.Errorf("%v: %d of %d messages came", use, len(got), sent)
		}
		if got := m.received(1, chanOf(Unreliable)); len(slices.Compact(sorted(slices.Clone(got)))) != len(got) || len(got) == 0 {
			t.Errorf("%v: of %d unreliable messages some came twice", use, len(got))
		}
	}
}

// TestDrainOverPaths: two ends that drain over several paths, with copies, that lose.
func TestDrainOverPaths(t *testing.T) {
	for seed := range uint64(300) {
		use := []PathUse{UseShare, UseCopy, UseReserve}[seed%3]
		m := newMesh(t, channels(), 10*time.Millisecond, seed)
		m.addWay(1, 1, 30*time.Millisecond)
		m.openPath(PathConfig{Route: 1, Use: use})
		for _, w := range m.ways {
			w.lossy(0.4, 5*time.Millisecond)
		}
		for n := range 20 {
			m.send(1, chanOf(ReliableOrdered), message(n, 2000))
			if seed%2 == 0 {
				m.send(0, chanOf(ReliableOrdered), message(n, 100))
			}
		}
		if seed%5 > 0 {
			m.run(30 * time.Millisecond)
		}
		m.ends[0].Drain(m.now, 300, "", time.Minute)
		m.run(time.Duration(seed%4) * 5 * time.Millisecond)
		early := m.ends[1].life.drain.peer < 2
		m.ends[1].Drain(m.now, 301, "", time.Minute)
		m.run(20 * time.Second)
		for end, e := range m.ends {
			all := m.events(end)
			if ev := all[len(all)-1]; early && (ev.Kind != Closed || ev.Undelivered != 0) || !e.Done() {
				t.Errorf("seed %d, %v, end %d: %+v", seed, use, end, ev)
			}
		}
		if n := len(m.received(0, chanOf(ReliableOrdered))); early && n != 20 {
			t.Errorf("seed %d, %v: %d messages came", seed, use, n)
		}
	}
}
