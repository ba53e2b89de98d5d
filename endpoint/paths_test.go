package endpoint

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// twoPaths are a stream over ways of 20 and 80 ms there and back.
func twoPaths(t testing.TB, seed uint64, first, second PathConfig) *stream {
	t.Helper()
	cfg := channels()
	cfg.Path = first
	s := newStream(newMesh(t, cfg, 10*time.Millisecond, seed))
	s.addWay(1, 1, 40*time.Millisecond)
	second.Route = 1
	s.openPath(second)
	s.lastAt = [2]int64{s.now, s.now}
	return s
}

func median(all []int64) time.Duration {
	all = slices.Clone(all)
	slices.Sort(all)
	return time.Duration(all[len(all)/2])
}

func worst(all []int64) time.Duration { return time.Duration(slices.Max(all)) }

// TestPathsInTurn: bytes follow the weights, the round trips are those of the paths, and nothing
// counts as lost because the paths differ.
func TestPathsInTurn(t *testing.T) {
	for _, weight := range []int{1, 3} {
		s := twoPaths(t, 1, PathConfig{Weight: weight}, PathConfig{})
		s.size = 1000
		s.play(10 * time.Second)
		s.settle(time.Second)
		for end, e := range s.ends {
			a, b := e.PathStats(0), e.PathStats(1)
			if share := float64(a.BytesSent) / float64(b.BytesSent); share < 0.85*float64(weight) || share > 1.15*float64(weight) {
				t.Errorf("weight %d, end %d: %d and %d bytes", weight, end, a.BytesSent, b.BytesSent)
			}
			if a.PacketsLost+b.PacketsLost != 0 {
				t.Errorf("end %d: %d and %d packets lost", end, a.PacketsLost, b.PacketsLost)
			}
			if ms := time.Millisecond; a.RTT < 19*ms || a.RTT > 25*ms || b.RTT < 79*ms || b.RTT > 85*ms || a.MinRTT > 21*ms || b.MinRTT > 81*ms {
				t.Errorf("end %d: RTTs are %v and %v", end, a.RTT, b.RTT)
			}
		}
	}
}

// TestPathsCopied: each message has the latency of the fast path and comes once, also if each
// path loses a fifth.
func TestPathsCopied(t *testing.T) {
	for _, loss := range []float64{0, 0.2} {
		s := twoPaths(t, 1, PathConfig{}, PathConfig{Use: UseCopy})
		for _, w := range s.ways {
			w.lossy(loss, 0)
		}
		s.play(10 * time.Second)
		s.settle(2 * time.Second)
		for end := range s.ends {
			missing := s.tick - len(s.seen[end])
			t.Logf("loss %v, end %d: p50 %v, worst %v, %d of %d missing", loss, end, median(s.states[end]), worst(s.states[end]), missing, s.tick)
			if median(s.states[end]) > 12*time.Millisecond {
				t.Errorf("end %d: latency %v", end, median(s.states[end]))
			}
			if most := int(float64(s.tick)*loss*loss*2) + 1; missing > most {
				t.Errorf("end %d: %d of %d messages are missing", end, missing, s.tick)
			}
		}
		if st := s.ends[0].PathStats(1); st.Copies < 550 {
			t.Errorf("%d copies", st.Copies)
		}
	}
}

// TestPathDies: of two paths in turn one dies. What was on it goes over the other one within a
// few round trips, the path is left, and comes back when it lives again.
func TestPathDies(t *testing.T) {
	for dying := range uint8(2) {
		seeds(5, func(seed uint64) {
			s := twoPaths(t, seed, PathConfig{}, PathConfig{})
			s.play(2 * time.Second)
			for end := range s.ends {
				s.events(end)
				s.reliable[end] = nil
			}
			s.ways[dying].dead = true
			s.play(3 * time.Second)
			rtt := [2]time.Duration{20 * time.Millisecond, 80 * time.Millisecond}
			for end, e := range s.ends {
				if e.PathStats(dying).State != PathFailed || e.PathStats(1-dying).State != PathActive {
					t.Errorf("path %d dead, end %d: %+v", dying, end, e.PathStats(dying))
				}
				if most := worst(s.reliable[end]); most > 3*rtt[dying]+2*rtt[1-dying]+50*time.Millisecond {
					t.Errorf("path %d dead, end %d: a reliable message took %v", dying, end, most)
				}
				if all := s.events(end); !slices.Equal(all, []Event{{Kind: PathChanged, Path: dying, State: PathFailed}}) {
					t.Errorf("path %d dead, end %d: events %v", dying, end, all)
				}
			}
			s.ways[dying].dead = false
			s.play(6 * time.Second)
			for end, e := range s.ends {
				if e.PathStats(dying).State != PathActive {
					t.Errorf("path %d lives, end %d: %+v", dying, end, e.PathStats(dying))
				}
				if all := s.events(end); !slices.Equal(all, []Event{{Kind: PathChanged, Path: dying, State: PathActive}}) {
					t.Errorf("path %d lives, end %d: events %v", dying, end, all)
				}
			}
			sent := s.ends[0].PathStats(dying).BytesSent
			s.play(time.Second)
			if n := s.ends[0].PathStats(dying).BytesSent - sent; n < 3000 {
				t.Errorf("path %d: %d bytes in a second, of the path that came back", dying, n)
			}
			s.settle(time.Second)
		})
	}
}

// TestPathInReserve carries nothing before the other one dies, and then everything.
func TestPathInReserve(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{Use: UseReserve})
	s.play(5 * time.Second)
	before := s.ends[1].PathStats(1)
	if before.PacketsSent > 20 {
		t.Errorf("%d packets went over the reserve", before.PacketsSent)
	}
	s.ways[0].dead = true
	s.gap, s.lastAt = [2]int64{}, [2]int64{s.now, s.now}
	s.play(2 * time.Second)
	for end := range s.ends {
		if gap := time.Duration(s.gap[end]); gap > 150*time.Millisecond {
			t.Errorf("end %d: nothing came for %v", end, gap)
		}
	}
	s.ways[0].dead = false
	s.play(5 * time.Second)
	sent := s.ends[1].PathStats(1).PacketsSent
	s.play(time.Second)
	if n := s.ends[1].PathStats(1).PacketsSent - sent; n > 5 {
		t.Errorf("%d packets went over the reserve, when the path was back", n)
	}
	s.settle(time.Second)
}

// TestReliablePath: over a path that repairs losses itself, which only shows as delay, nothing
// counts as lost, however late it is, until its carrier is gone.
func TestReliablePath(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{Reliable: true})
	if err := s.ends[1].SetPath(s.now, 1, PathConfig{Route: 1, Reliable: true}); err != nil {
		t.Fatal(err)
	}
	for i := range s.ways[1].links {
		s.ways[1].links[i].ordered = true
	}
	s.play(2 * time.Second)
	t.Log("# the reliable path is held up for a second, again and again")
	for range 5 {
		for i := range s.ways[1].links {
			s.ways[1].links[i].delay = time.Second
		}
		s.play(300 * time.Millisecond)
		for i := range s.ways[1].links {
			s.ways[1].links[i].delay = 40 * time.Millisecond
		}
		s.play(2 * time.Second)
	}
	s.settle(2 * time.Second)
	for end, e := range s.ends {
		if st := e.PathStats(1); st.PacketsLost != 0 || st.State != PathActive || !st.Reliable {
			t.Errorf("end %d: %+v", end, st)
		}
	}
	t.Log("# its carrier dies with everything on it")
	s.play(100 * time.Millisecond)
	s.ways[1].dead = true
	for end, e := range s.ends {
		e.PathDied(s.now, 1)
		if st := e.PathStats(1); st.State != PathFailed || st.Route != NoRoute || st.BytesInFlight != 0 || e.Uses(1) {
			t.Errorf("end %d: %+v", end, st)
		}
	}
	s.reliable = [2][]int64{}
	s.play(time.Second)
	s.settle(time.Second)
	for end := range s.ends {
		if most := worst(s.reliable[end]); most > 150*time.Millisecond {
			t.Errorf("end %d: a reliable message took %v", end, most)
		}
	}
	t.Log("# and the client has another one")
	s.addWay(2, 2, 30*time.Millisecond)
	if err := s.ends[0].SetPath(s.now, 1, PathConfig{Route: 2, Reliable: true}); err != nil {
		t.Fatal(err)
	}
	s.play(time.Second)
	for end := range s.ends {
		if st := s.ends[end].PathStats(1); st.State != PathActive || st.Route != 2 {
			t.Errorf("end %d: %+v", end, st)
		}
	}
	s.settle(time.Second)
}

// TestCutReliableReserve: the game has moved to a reserve that repairs losses itself, for a moment, when that
// is cut without a word. It may only be slow, so it has not failed; but what it carries goes again over the path that is well.
func TestCutReliableReserve(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{Reliable: true, Use: UseReserve})
	if err := s.ends[1].SetPath(s.now, 1, PathConfig{Route: 1, Reliable: true, Use: UseReserve}); err != nil {
		t.Fatal(err)
	}
	for i := range s.ways[1].links {
		s.ways[1].links[i].ordered = true
	}
	s.play(2 * time.Second)
	s.reliable = [2][]int64{}
	s.ways[0].dead = true
	s.play(80 * time.Millisecond)
	s.ways[0].dead, s.ways[1].dead = false, true
	s.play(3 * time.Second)
	for end, e := range s.ends {
		if st := e.PathStats(1); st.State == PathFailed || st.PacketsLost != 0 || st.BytesInFlight == 0 {
			t.Errorf("end %d: %+v", end, st)
		}
		if most := worst(s.reliable[end]); most > 1500*time.Millisecond || len(s.reliable[end]) < 100 {
			t.Errorf("end %d: of %d reliable messages one took %v", end, len(s.reliable[end]), most)
		}
	}
	s.ways[1].dead = false
	s.settle(2 * time.Second)
}

// besideReserve is a stream over a path that begins to lose packets, beside a reliable one in reserve.
func besideReserve(t *testing.T, delay, jitter time.Duration, loss float64, burst int) *stream {
	t.Helper()
	s := newStream(newMesh(t, channels(), delay, 1))
	s.addWay(1, 1, delay)
	reserve := PathConfig{Route: 1, Reliable: true, Use: UseReserve}
	s.openPath(reserve)
	if err := s.ends[1].SetPath(s.now, 1, reserve); err != nil {
		t.Fatal(err)
	}
	s.lastAt = [2]int64{s.now, s.now}
	s.play(2 * time.Second)
	for i := range s.ways[0].links {
		dice, lost := rand.New(rand.NewPCG(uint64(i), 7)), false
		s.ways[0].links[i].jitter = jitter
		s.ways[0].links[i].drop = func(int, []byte) bool {
			if lost && burst > 1 {
				lost = dice.Float64() >= 1/float64(burst)
			} else {
				lost = dice.Float64() < loss/(float64(burst)*(1-loss))
			}
			return lost
		}
	}
	return s
}

// TestBurstsLeaveThePath: a path that loses four packets in a row now and then is a suspect for a moment, in which a reserve
// carries the game. It has not failed, and has the game back at once.
func TestBurstsLeaveThePath(t *testing.T) {
	for _, delay := range []time.Duration{15 * time.Millisecond, 50 * time.Millisecond} {
		s := besideReserve(t, delay, 12*time.Millisecond, 0.03, 4)
		s.play(time.Minute)
		failed := 0
		for end, e := range s.ends {
			for _, ev := range s.events(end) {
				if ev.Path == 0 && ev.State == PathFailed {
					failed++
				}
			}
			if on, off := e.PathStats(0).PacketsSent, e.PathStats(1).PacketsSent; off > on/16 {
				t.Errorf("%v, end %d: %d packets over the path, %d over the reserve", delay, end, on, off)
			}
		}
		if failed > 2 {
			t.Errorf("%v: it has failed %d times in a minute", delay, failed)
		}
	}
}

// TestLossStaysOnThePath: where each packet is lost by itself, one in twenty, nobody sees another path than the one he plays by.
func TestLossStaysOnThePath(t *testing.T) {
	for _, jitter := range []time.Duration{0, 5 * time.Millisecond} {
		s := besideReserve(t, 50*time.Millisecond, jitter, 0.05, 1)
		left, was := [2]int{}, [2]stage{}
		for range 60 * 60 {
			s.play(time.Second / 60)
			for end, e := range s.ends {
				now := e.path(0).stage
				if now != stageWell && was[end] == stageWell {
					left[end]++
				}
				was[end] = now
			}
		}
		for end, e := range s.ends {
			if on, off := e.PathStats(0).PacketsSent, e.PathStats(1).PacketsSent; left[end] > 3 || off > on/64 {
				t.Errorf("jitter %v, end %d: left %d times in a minute, %d packets over the path, %d over the reserve", jitter, end, left[end], on, off)
			}
		}
	}
}

// TestGapOnReliablePath: what a reliable path carried and its peer could not take, or its socket
// refused, is known by what comes behind it, if only by a PING. It goes again, and says nothing
// about congestion; what is only late is not lost.
func TestGapOnReliablePath(t *testing.T) {
	for name, drop := range map[string]func(n int) bool{
		"one in five": func(n int) bool { return n%5 == 0 },
		"a burst":     func(n int) bool { return n >= 60 && n < 90 },
		"the last":    func(n int) bool { return n >= 100 && n < 103 },
	} {
		cfg, watch := channels(), &witness{fixedRate: 1 << 20}
		cfg.Path.Reliable = true
		cfg.Controller = func() Controller { return watch }
		s := newStream(newMesh(t, cfg, 20*time.Millisecond, 1))
		first := s.ways[0].links[0].sent
		for i := range s.ways[0].links {
			s.ways[0].links[i].ordered = true
		}
		s.ways[0].links[0].drop = func(n int, _ []byte) bool { return drop(n - first) }
		for s.ways[0].links[0].sent < first+101 {
			s.play(time.Second / 60)
		}
		s.settle(2 * time.Second)
		if st := s.ends[0].PathStats(0); st.PacketsLost == 0 || st.PacketsSpurious != 0 || st.State != PathActive {
			t.Errorf("%s: %+v", name, st)
		}
		if watch.losses > 0 {
			t.Errorf("%s: %d losses count as congestion", name, watch.losses)
		}
	}
}

// TestQueueInsideReliablePath: bulk over a stream with a deep queue keeps the queue short, and the
// stream busy.
func TestQueueInsideReliablePath(t *testing.T) {
	cfg := channels()
	cfg.Path.Reliable = true
	s := newStream(newMesh(t, cfg, 20*time.Millisecond, 1))
	for i := range s.ways[0].links {
		s.ways[0].links[i].rate, s.ways[0].links[i].queue = 1<<20, time.Hour
	}
	worst, came := time.Duration(0), 0
	for ms := range 10_000 {
		for s.ends[0].Stats().QueuedBytes < 1<<20 {
			s.send(0, chanOf(ReliableUnordered), make([]byte, 900))
		}
		s.run(time.Millisecond)
		if ms > 2000 {
			worst = max(worst, s.ends[0].PathStats(0).RTT)
			came += 900 * len(s.received(1, chanOf(ReliableUnordered)))
		} else {
			s.received(1, chanOf(ReliableUnordered))
		}
	}
	if perSecond := came / 8; perSecond < 800_000 || worst > 200*time.Millisecond {
		t.Errorf("%d bytes a second of 1048576, RTT up to %v", perSecond, worst)
	}
	if st := s.ends[0].PathStats(0); st.PacketsLost != 0 {
		t.Errorf("%d packets lost", st.PacketsLost)
	}
}

// TestPathNumbersAgain: a path is closed and opened again, many times; its numbers go on.
func TestPathNumbersAgain(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	for n := range 20 {
		s.play(500 * time.Millisecond)
		number := s.ends[0].path(1).header().Number
		s.ends[n%2].ClosePath(s.now, 1)
		s.play(time.Duration(n*10) * time.Millisecond)
		if n > 10 && (s.state(0, 1) != PathClosed || s.state(1, 1) != PathClosed) {
			t.Fatalf("path 1 is %v and %v", s.state(0, 1), s.state(1, 1))
		}
		route := Route(2 + n)
		s.addWay(route, route, 40*time.Millisecond)
		id, err := s.ends[0].OpenPath(s.now, PathConfig{Route: route})
		if err != nil && n > 10 {
			t.Fatal(err)
		}
		s.play(500 * time.Millisecond)
		if err == nil && (id != 1 || s.state(0, id) != PathActive || s.state(1, id) != PathActive) {
			t.Errorf("path %d is %v and %v", id, s.state(0, id), s.state(1, id))
		}
		if next := s.ends[0].path(1).header().Number; next < number {
			t.Errorf("the next number is %d after %d", next, number)
		}
	}
	s.settle(time.Second)
}

// TestBusyCopierAlone: a path whose carrier takes nothing carries no copies, and keeps none from the others.
func TestBusyCopierAlone(t *testing.T) {
	s := newStream(newMesh(t, channels(), 10*time.Millisecond, 1))
	for route := range Route(2) {
		s.addWay(1+route, 1+route, 20*time.Millisecond)
		s.openPath(PathConfig{Route: 1 + route, Use: UseCopy})
	}
	s.play(time.Second)
	s.ends[0].PathBusy(s.now, 1, true)
	busy, other := s.ends[0].PathStats(1).Copies, s.ends[0].PathStats(2).Copies
	s.play(time.Second)
	if n := s.ends[0].PathStats(1).Copies - busy; n != 0 {
		t.Errorf("%d copies on a path that is busy", n)
	}
	if n := s.ends[0].PathStats(2).Copies - other; n < 50 {
		t.Errorf("%d copies on the other one", n)
	}
	s.ends[0].PathBusy(s.now, 1, false)
	s.settle(time.Second)
}

// TestCopiesAreManyAndOn: the name of a set of copies is no name when the numbers come round.
func TestCopiesAreManyAndOn(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{Use: UseCopy})
	for _, e := range s.ends {
		e.paths.copies.copied = new(copied)
		e.paths.copies.sets.Restart(1<<32 - 100)
	}
	s.play(5 * time.Second)
	s.settle(time.Second)
	for end, e := range s.ends {
		if sets := &e.paths.copies.sets; sets.End() < 1<<32+100 || sets.Len() > 100 || e.Stats().PacketsLost != 0 {
			t.Errorf("end %d: at set %d, %d are remembered", end, sets.End(), sets.Len())
		}
	}
}

// TestCopyLossIsNoLoss: while another copy of a packet is under way nothing in it is lost, nor sent
// again; what neither copy brings is.
func TestCopyLossIsNoLoss(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{Use: UseCopy})
	s.ways[0].links[0].loss = 0.5
	fates := map[EventKind]int{}
	for n := range 600 {
		if _, err := s.ends[0].Send(chanOf(Unreliable), message(n, 100), SendOptions{Receipt: true}); err != nil {
			t.Fatal(err)
		}
		s.run(time.Second / 60)
		if n == 300 {
			s.ways[1].links[0].loss = 0.5
		}
		if n == 299 {
			s.run(time.Second)
			for _, ev := range s.events(0) {
				fates[ev.Kind]++
			}
			if fates[Lost] != 0 || fates[Delivered] != 300 {
				t.Errorf("one of two paths loses: %v", fates)
			}
		}
	}
	s.run(2 * time.Second)
	for _, ev := range s.events(0) {
		fates[ev.Kind]++
	}
	came := len(s.received(1, chanOf(Unreliable)))
	if fates[Lost] < 40 || fates[Lost]+fates[Delivered] != 600 || fates[Delivered] != came {
		t.Errorf("both paths lose: %v, and %d came", fates, came)
	}
}
