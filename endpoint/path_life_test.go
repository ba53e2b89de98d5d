package endpoint

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestOpenPathErrors: what cannot be opened or changed, and why.
func TestOpenPathErrors(t *testing.T) {
	cfg := channels()
	cfg.MaxPaths = 2
	m := newMesh(t, cfg, 10*time.Millisecond, 1)
	e := m.ends[0]
	var path *PathError
	var field *ConfigError
	if _, err := e.OpenPath(m.now, PathConfig{Route: 1, Use: 9}); !errors.As(err, &path) || !errors.As(err, &field) || field.Field != "Use" {
		t.Errorf("a wrong use: %v", err)
	}
	if err := e.SetPath(m.now, 0, PathConfig{Weight: -1}); !errors.As(err, &path) || !errors.As(err, &field) || field.Field != "Weight" {
		t.Errorf("a wrong weight: %v", err)
	}
	if err := e.SetPath(m.now, 1, PathConfig{}); !errors.Is(err, ErrNoPath) {
		t.Errorf("SetPath of none: %v", err)
	}
	m.addWay(1, 1, 10*time.Millisecond)
	if id := m.openPath(PathConfig{Route: 1}); id != 1 {
		t.Errorf("the second path is %d", id)
	}
	if _, err := e.OpenPath(m.now, PathConfig{Route: 2}); !errors.Is(err, ErrPaths) {
		t.Errorf("a third path: %v", err)
	}
	if all := slices.Collect(e.Paths()); !slices.Equal(all, []uint8{0, 1}) {
		t.Errorf("paths %v", all)
	}
	e.ClosePath(m.now, 1)
	e.ClosePath(m.now, 0) // the last one: nothing happens
	if all := slices.Collect(e.Paths()); !slices.Equal(all, []uint8{0}) {
		t.Errorf("paths %v", all)
	}
	if st := e.PathStats(5); st.State != PathNone || st.Route != NoRoute {
		t.Errorf("path 5: %+v", st)
	}
	e.Close(m.now, CodeNone, "")
	if _, err := e.OpenPath(m.now, PathConfig{Route: 1}); err != ErrClosed {
		t.Errorf("after the end: %v", err)
	}
}

// TestOpenPathInVain: nobody is there, or the peer takes no more paths.
func TestOpenPathInVain(t *testing.T) {
	m := newMesh(t, channels(), 10*time.Millisecond, 1)
	m.addWay(1, 1, 10*time.Millisecond).dead = true
	id, err := m.ends[0].OpenPath(m.now, PathConfig{Route: 1})
	if err != nil {
		t.Fatal(err)
	}
	m.run(1700 * time.Millisecond)
	if st := m.ends[0].PathStats(id); st.State != PathOpening || st.Challenges != 3 {
		t.Errorf("%+v", st)
	}
	m.run(200 * time.Millisecond)
	if all := m.events(0); !slices.Equal(all, []Event{{Kind: PathChanged, Path: id, State: PathClosed}}) || m.ends[0].Uses(1) {
		t.Errorf("events %v", all)
	}
	t.Log("# a peer with fewer paths")
	m.ends[1].cfg.MaxPaths = 1
	m.addWay(2, 2, 10*time.Millisecond)
	if id, err = m.ends[0].OpenPath(m.now, PathConfig{Route: 2}); err != nil {
		t.Fatal(err)
	}
	m.run(3 * time.Second)
	if n := m.ends[1].Stats().Dropped[DropPath]; m.state(0, id) != PathClosed || n != 3 {
		t.Errorf("path %d is %v, %d packets dropped", id, m.state(0, id), n)
	}
}

// TestOpenedOneWay: the server hears the client on a new path, the client not the server. The
// server sends no more than three times what came, and gives it up.
func TestOpenedOneWay(t *testing.T) {
	s := newStream(newMesh(t, channels(), 10*time.Millisecond, 1))
	w := s.addWay(1, 1, 10*time.Millisecond)
	w.links[1].cut = true
	if _, err := s.ends[0].OpenPath(s.now, PathConfig{Route: 1}); err != nil {
		t.Fatal(err)
	}
	s.play(500 * time.Millisecond)
	if s.state(1, 1) != PathOpening || w.went == 0 || w.went > 3*w.came {
		t.Errorf("path 1 is %v, %d bytes came, %d went", s.state(1, 1), w.came, w.went)
	}
	s.play(5 * time.Second)
	if all := s.events(1); len(all) != 0 || s.state(0, 1) != PathClosed || s.state(1, 1) != PathClosed {
		t.Errorf("path 1 is %v and %v, the server's events %v", s.state(0, 1), s.state(1, 1), all)
	}
	s.settle(time.Second)
}

// TestUseFollows: what one end says of a path the other one does too; if both say something at
// once they agree.
func TestUseFollows(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{Use: UseReserve, Weight: 7})
	agree := func(use PathUse, weight int) {
		t.Helper()
		for end, e := range s.ends {
			if st := e.PathStats(1); st.Use != use || st.Weight != weight {
				t.Errorf("end %d: %v, weight %d", end, st.Use, st.Weight)
			}
		}
	}
	agree(UseReserve, 7)
	for end, e := range s.ends {
		for _, use := range []PathUse{UseCopy, UseShare, UseReserve} {
			if err := e.SetPath(s.now, 1, PathConfig{Route: 1, Use: use, Weight: 3 + end}); err != nil {
				t.Fatal(err)
			}
			s.play(300 * time.Millisecond)
			agree(use, 3+end)
		}
	}
	_ = s.ends[0].SetPath(s.now, 1, PathConfig{Route: 1, Use: UseShare, Weight: 9})
	_ = s.ends[1].SetPath(s.now, 1, PathConfig{Route: 1, Use: UseCopy, Weight: 2})
	s.play(time.Second)
	agree(UseCopy, 2)
	s.settle(time.Second)
}

// TestReroute: a client that gives its only path another route moves at once; the server follows
// within two round trips, though the old route still leads to the client.
func TestReroute(t *testing.T) {
	s := newStream(newMesh(t, channels(), 30*time.Millisecond, 1))
	s.play(time.Second)
	s.addWay(1, 1, 20*time.Millisecond)
	if err := s.ends[0].SetPath(s.now, 0, PathConfig{Route: 1}); err != nil {
		t.Fatal(err)
	}
	s.gap = [2]int64{}
	s.play(200 * time.Millisecond)
	if st := s.ends[1].PathStats(0); st.Route != 1 || st.Moves != 1 {
		t.Errorf("%+v", st)
	}
	s.play(time.Second)
	for end, e := range s.ends {
		if st := e.PathStats(0); st.RTT > 45*time.Millisecond || st.RTT < 40*time.Millisecond || st.Moves > 1 {
			t.Errorf("end %d: %+v", end, st)
		}
		if gap := time.Duration(s.gap[end]); gap > 80*time.Millisecond {
			t.Errorf("end %d: a gap of %v", end, gap)
		}
	}
	s.settle(time.Second)
}

// TestSilentPath: the owner of the only path hears that nobody answers after about three probe
// timeouts, also while his game goes on sending, and once; and then that somebody does.
func TestSilentPath(t *testing.T) {
	s := newStream(newMesh(t, channels(), 30*time.Millisecond, 1))
	s.play(2 * time.Second)
	s.events(0)
	s.ways[0].dead = true
	probe := s.ends[0].ProbeTimeout()
	at := s.now
	for s.state(0, 0) != PathSilent && s.now < at+5*second {
		s.play(time.Second / 60)
	}
	if took := time.Duration(s.now - at); took > 3*probe+40*time.Millisecond || took < 2*probe {
		t.Errorf("silent after %v, the probe timeout is %v", took, probe)
	}
	s.play(3 * time.Second)
	if all := s.events(0); !slices.Equal(all, []Event{{Kind: PathChanged, State: PathSilent}}) {
		t.Errorf("events %v", all)
	}
	s.ways[0].dead = false
	s.play(3 * time.Second)
	if all := s.events(0); !slices.Equal(all, []Event{{Kind: PathChanged, State: PathActive}}) {
		t.Errorf("events %v", all)
	}
	s.settle(3 * time.Second)
}

// TestHoldOverPaths: data that was sent before a HOLD and comes later, on a slower path, does not
// end it.
func TestHoldOverPaths(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	s.play(time.Second)
	for n := range 20 {
		s.send(0, chanOf(ReliableUnordered), message(n, 900))
	}
	if err := s.ends[0].Hold(s.now, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	s.run(time.Second)
	if left := s.ends[1].Held(s.now); left < 18*time.Second {
		t.Errorf("it is held for %v", left)
	}
	if got := len(s.received(1, chanOf(ReliableUnordered))); got != 20 {
		t.Errorf("%d messages came", got)
	}
	s.run(18 * time.Second)
	for end, e := range s.ends {
		for id := range uint8(2) {
			if st := e.PathStats(id); !e.Open() || st.State != PathActive || st.PacketsLost != 0 {
				t.Errorf("end %d, path %d: %+v", end, id, st)
			}
		}
	}
	_ = s.ends[0].Hold(s.now, 0)
	s.play(time.Second)
	s.settle(time.Second)
}

// TestCloseOverPaths: CLOSE goes over each of the paths, so that it arrives if one of them works,
// and its answer goes where it came from.
func TestCloseOverPaths(t *testing.T) {
	for dead := range 2 {
		for end := range 2 {
			s := twoPaths(t, 1, PathConfig{}, PathConfig{Use: UseReserve})
			s.play(time.Second)
			s.settle(time.Second)
			s.ways[dead].dead = true
			s.ends[end].Close(s.now, CodeApplication, "enough")
			s.run(1200 * time.Millisecond)
			all := s.events(1 - end)
			if len(all) == 0 || all[len(all)-1].Kind != Closed || all[len(all)-1].Code != CodeApplication {
				t.Errorf("way %d is dead, end %d closes: %v", dead, end, all)
			}
			s.run(time.Second)
			for i, e := range s.ends {
				if !e.Done() {
					t.Errorf("way %d is dead, end %d closes: end %d is not done", dead, end, i)
				}
			}
		}
	}
}

// TestCloseGoesByTheBest: CLOSE begins where nothing is lost, else where messages go, on the path with the shortest round trip of those,
// whatever its number, and is answered there before anything is said on another one.
func TestCloseGoesByTheBest(t *testing.T) {
	const slower = 100 * time.Millisecond // than the way of path 1
	for _, c := range []struct {
		use      [2]PathUse
		reliable bool // path 0
		slow     bool // its way
		best     int
	}{
		{[2]PathUse{UseReserve, UseShare}, false, false, 1},
		{[2]PathUse{UseReserve, UseShare}, true, false, 0},
		{[2]PathUse{UseShare, UseReserve}, false, true, 0},
		{[2]PathUse{UseShare, UseShare}, false, false, 0},
		{[2]PathUse{UseShare, UseShare}, false, true, 1},
	} {
		for end := range 2 {
			s := twoPaths(t, 1, PathConfig{Use: c.use[0], Reliable: c.reliable}, PathConfig{Use: c.use[1]})
			for i := range s.ways[0].links {
				if c.slow {
					s.ways[0].links[i].delay = slower
				}
			}
			s.play(20 * time.Second)
			s.settle(time.Second)
			var sent [2]uint64
			for id := range sent {
				sent[id] = s.ends[end].PathStats(uint8(id)).PacketsSent
			}
			s.ends[end].Close(s.now, CodeApplication, "enough")
			s.run(time.Millisecond)
			for id, before := range sent {
				if n := s.ends[end].PathStats(uint8(id)).PacketsSent - before; (n == 1) != (id == c.best) {
					t.Errorf("%v, slow: %v, end %d: path %d sent %d packets", c.use, c.slow, end, id, n)
				}
			}
			s.run(3 * time.Second)
			if !s.ends[0].Done() || !s.ends[1].Done() {
				t.Errorf("%v, slow: %v, end %d: not done", c.use, c.slow, end)
			}
		}
	}
}

// TestCopiesHaveIDs: Unreliable messages have an id on the wire exactly while they are copied.
func TestCopiesHaveIDs(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{Use: UseCopy})
	with, without := 0, 0
	s.watch = func(end int, w *way, b []byte) {
		for _, f := range framesOf(t, b[meshHeader:]) {
			if f[0] < wire.TypeRunLong {
				continue
			}
			if run, _ := wire.ConsumeRun(f); run.Channel == uint16(chanOf(Unreliable)) {
				if run.HasIDs {
					with++
				} else {
					without++
				}
			}
		}
	}
	s.play(time.Second)
	if without != 0 || with < 200 {
		t.Errorf("%d runs with ids, %d without", with, without)
	}
	s.ends[0].ClosePath(s.now, 1)
	s.play(500 * time.Millisecond)
	with, without = 0, 0
	s.play(time.Second)
	if with != 0 || without < 110 {
		t.Errorf("%d runs with ids, %d without", with, without)
	}
	s.settle(time.Second)
}

// TestCopiesAfterManyWithout: ids count all messages, also those that went without; a receiver
// that was not told any for long still tells copies apart.
func TestCopiesAfterManyWithout(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(1 << 26) }
	m := newMesh(t, cfg, 5*time.Millisecond, 1)
	for round := range 3 {
		for range 1000 {
			for range 40 {
				m.send(0, chanOf(Unreliable), []byte("without"))
			}
			m.run(time.Millisecond)
			m.received(1, chanOf(Unreliable))
		}
		m.run(100 * time.Millisecond)
		m.received(1, chanOf(Unreliable))
		m.addWay(1, Route(1+round), 20*time.Millisecond)
		m.openPath(PathConfig{Route: 1, Use: UseCopy})
		got := 0
		for n := range 200 {
			m.send(0, chanOf(Unreliable), message(n, 20))
			m.run(5 * time.Millisecond)
			got += len(m.received(1, chanOf(Unreliable)))
		}
		m.run(100 * time.Millisecond)
		if got += len(m.received(1, chanOf(Unreliable))); got != 200 {
			t.Errorf("round %d: %d of 200 messages came", round, got)
		}
		m.ends[0].ClosePath(m.now, 1)
		m.run(200 * time.Millisecond)
	}
}

// TestBothGaveUpAnother: each end gives up the path that the other one keeps, at the same moment.
// Neither has a path then on which anybody answers, until one takes up again what he gave up.
func TestBothGaveUpAnother(t *testing.T) {
	seeds(5, func(seed uint64) {
		s := twoPaths(t, seed, PathConfig{}, PathConfig{})
		s.play(time.Second)
		s.ends[0].ClosePath(s.now, 0)
		s.ends[1].ClosePath(s.now, 1)
		s.play(4 * time.Second)
		s.settle(2 * time.Second)
		for end, e := range s.ends {
			live := 0
			for id := range e.Paths() {
				if e.PathStats(id).State == PathActive {
					live++
				}
			}
			if live == 0 || !e.Open() {
				t.Errorf("seed %d, end %d: paths %v and %v", seed, end, e.PathStats(0), e.PathStats(1))
			}
		}
	})
}
