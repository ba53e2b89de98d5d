package endpoint

import (
	"fmt"
	"testing"
	"time"
)

// TestOneHole: a full window of large datagrams that vanishes at once is one black hole; below the
// base it is two. What the least host takes always passes.
func TestOneHole(t *testing.T) {
	for carries, holes := range map[int]uint64{1400: 1, 1200: 1, 1199: 2, 548: 2} {
		t.Run(fmt.Sprint(carries), func(t *testing.T) {
			p := newSearch(t, ethernet, 25*time.Millisecond, 1).open()
			bulk := func(d time.Duration) (got int) {
				for range d / (10 * time.Millisecond) {
					for p.ends[0].Stats().QueuedBytes < 200_000 {
						p.send(0, chanOf(ReliableOrdered), message(0, 8000))
					}
					p.run(10 * time.Millisecond)
					got += len(p.received(1, chanOf(ReliableOrdered)))
				}
				return got
			}
			p.links[0].rate, p.links[0].queue = 1_000_000, 100*time.Millisecond
			if bulk(3 * time.Second); p.mtu(0) != ethernet {
				t.Fatalf("%d bytes", p.mtu(0))
			}
			p.carries(carries)
			bulk(20 * time.Second)
			st := p.ends[0].PathStats(0)
			if st.BlackHoles != holes || st.MTU > carries || st.MTU <= carries-16 {
				t.Errorf("%d black holes, then %d bytes", st.BlackHoles, st.MTU)
			}
			if got := bulk(2 * time.Second); got < 100 {
				t.Errorf("%d messages of 8000 bytes in two seconds", got)
			}
		})
	}
}

// TestProbesOfASize: three on a path that loses nothing, one more for each 4 % that it loses, and
// eight at most.
func TestProbesOfASize(t *testing.T) {
	p := newSearch(t, ethernet, time.Millisecond, 1)
	for share, want := range map[float64]int{0: 3, 0.03: 3, 0.05: 4, 0.09: 5, 0.17: 7, 0.21: 8, 0.5: 8, 1: 8} {
		p.ends[0].path(0).outbound = lossMeter{ppm: int32(share * 1e6), any: true}
		if n := p.ends[0].path(0).probesOfSize(); n != want {
			t.Errorf("a loss of %v: %d probes, want %d", share, n, want)
		}
	}
}

// TestSearchAt: each condition by itself under which no probe goes, and how long one waits beside
// messages.
func TestSearchAt(t *testing.T) {
	pair := newSearch(t, ethernet, 10*time.Millisecond, 1).carries(1300).open()
	pair.run(20 * time.Second)
	e := pair.ends[0].Endpoint
	p := e.path(0)
	p.mtu.at = pair.now
	if at := p.searchAt(); at != pair.now {
		t.Fatalf("the search goes on at %d, now is %d", at, pair.now)
	}
	for name, c := range map[string]struct {
		set, unset func()
	}{
		"closing":          {func() { e.life.state = stateClosing }, func() { e.life.state = stateOpen }},
		"away":             {func() { e.life.state = stateAway }, func() { e.life.state = stateOpen }},
		"held":             {func() { e.life.peerHold.on = true }, func() { e.life.peerHold.on = false }},
		"draining":         {func() { e.life.drain.on = true }, func() { e.life.drain.on = false }},
		"path failed":      {func() { p.stage = stageFailed }, func() { p.stage = stageWell }},
		"path opens":       {func() { p.stage = stageOpening }, func() { p.stage = stageWell }},
		"suspect":          {func() { p.stage = stageSuspect }, func() { p.stage = stageWell }},
		"no round trip":    {func() { p.rtt.sampled = false }, func() { p.rtt.sampled = true }},
		"asked":            {func() { p.inquire().replies.n = 1 }, func() { p.replies.n = 0 }},
		"repeats":          {func() { p.loss.probe = 1 }, func() { p.loss.probe = 0 }},
		"repeated":         {func() { p.loss.probes = 1 }, func() { p.loss.probes = 0 }},
		"limited":          {func() { e.outbox.flush.limit = 0 }, func() { e.outbox.flush.limit = -1 }},
		"will be limited":  {func() { e.outbox.flush.next = 0 }, func() { e.outbox.flush.next = -1 }},
		"nothing searched": {func() { p.mtu.search = false }, func() { p.mtu.search = true }},
	} {
		if c.set(); p.searchAt() != never {
			t.Errorf("%s: the search goes on", name)
		}
		if c.unset(); p.searchAt() != pair.now {
			t.Fatalf("%s: it does not go on", name)
		}
	}
	pair.send(0, chanOf(ReliableOrdered), message(0, 10))
	if at := p.searchAt(); at != pair.now+p.rtt.smooth {
		t.Errorf("beside a message it goes on %v later, want a round trip", time.Duration(at-pair.now))
	}
}

// TestSearchAnew: nothing of a search is left in the next one, and a path that carries all there
// is has none.
func TestSearchAnew(t *testing.T) {
	p := newSearch(t, ethernet, time.Millisecond, 1)
	path := p.ends[0].path(0)
	m := &path.mtu
	*m = mtu{size: 1200, most: 1300, fails: 1260, probe: 1252, tries: 2, number: 8, search: true}
	m.fit(p.now, 1472)
	if m.candidate() != 1472 || m.tries != 0 || m.probe != 0 || m.at != p.now+50_000_000 {
		t.Errorf("%+v, next %d", *m, m.candidate())
	}
	if m.probeAcked(p.now, path, 7); m.size != 1200 {
		t.Errorf("%d bytes after the answer to a probe of before", m.size)
	}
	*m = mtu{size: 1472, most: 1472, search: true}
	if size := path.nextProbe(p.now); size != 0 || m.at != never {
		t.Errorf("a probe of %d bytes, the next step at %d", size, m.at)
	}
}

// TestProbesAreCounted: each that was sent, and each that was lost, once, over two searches.
func TestProbesAreCounted(t *testing.T) {
	p := newSearch(t, ethernet, 10*time.Millisecond, 1).carries(1200)
	seen := probesOf(p, 0)
	p.open().run(640 * time.Second)
	if st := p.ends[0].Stats(); len(seen.at) != 36 || st.Probes != 36 || st.ProbesLost != 36 {
		t.Errorf("%d probes: %d counted, %d lost", len(seen.at), st.Probes, st.ProbesLost)
	}
}

// TestSizesMeanwhile: no probe goes when the path's pacing lets nothing go, and what goes to two
// routes, or repeats what was not answered, fits what certainly passes.
func TestSizesMeanwhile(t *testing.T) {
	pair := newSearch(t, ethernet, 10*time.Millisecond, 1).open()
	pair.run(5 * time.Second)
	e, by := pair.ends[0].Endpoint, pair.ends[0].Carrier
	p := e.path(0)
	size := func() int { return p.datagramSize(pair.now, by).bytes }
	if size() != ethernet {
		t.Fatalf("%d bytes", size())
	}
	p.inquire()
	p.roam = new(roam)
	if size() != 1200 {
		t.Errorf("%d bytes go to two routes", size())
	}
	p.roam = nil
	for probes, want := range map[int]int{1: 1200, 2: 1200, 3: 548, 9: 548} {
		if p.loss.probes = probes; size() != want {
			t.Errorf("%d bytes after %d probe timeouts, want %d", size(), probes, want)
		}
	}
	p.loss.probes = 0
	p.mtu = mtu{size: 1200, most: ethernet, search: true, at: pair.now}
	p.pacer.spend(pair.now, 1<<24)
	if size() != 1200 {
		t.Errorf("%d bytes, though nothing may go", size())
	}
	p.pacer = throttle{level: 1, at: pair.now - second}
	if size() != ethernet {
		t.Errorf("%d bytes when it may", size())
	}
}

// TestWhatIsABlackHole: three large ones that were lost, sent since the newest large one that
// arrived and since the last black hole; more of them where much is lost.
func TestWhatIsABlackHole(t *testing.T) {
	pair := newSearch(t, ethernet, 10*time.Millisecond, 1)
	p := pair.ends[0].path(0)
	m := &p.mtu
	now := pair.now
	large := func(at int64) *sentPacket { return &sentPacket{at: now + at, flags: packetLarge} }
	lost := func(at ...int64) int {
		for _, a := range at {
			m.largeLost(now+1000, p, large(a))
		}
		return m.size
	}
	begin := func() { *m = mtu{size: ethernet, most: ethernet, search: true, begun: now, at: never} }
	begin()
	if lost(1, 2) != ethernet || lost(3) != 1200 || p.counts.BlackHoles != 1 || m.at <= now {
		t.Errorf("three in a row: %+v, %d black holes", *m, p.counts.BlackHoles)
	}
	if m.size = ethernet; lost(400, 500, 600, 700) != ethernet {
		t.Error("those that were under way count once more")
	}
	if lost(1001, 1002) != ethernet || lost(1003) != 1200 {
		t.Error("later ones do not count")
	}
	begin()
	lost(1, 2)
	m.largeAcked(large(3))
	if lost(4, 5) != ethernet || lost(6) != 1200 {
		t.Error("one that arrived says nothing")
	}
	begin()
	m.largeAcked(large(10))
	if lost(1, 2, 3, 4, 5, 10) != ethernet {
		t.Error("what was overtaken by one that arrived is no black hole")
	}
	begin()
	m.largeAcked(large(10))
	m.largeAcked(large(5)) // which comes later
	if lost(6, 7, 8) != ethernet {
		t.Error("an old one that arrived hides a new one")
	}
	begin()
	if m.search = false; lost(1, 2, 3, 4, 5, 6) != ethernet {
		t.Error("where nothing is searched nothing is given up")
	}
	begin()
	p.outbound = lossMeter{ppm: 250_000, any: true}
	if lost(1, 2, 3, 4, 5, 6, 7) != ethernet || lost(8) != 1200 {
		t.Error("where a fourth is lost eight are a black hole")
	}
}
