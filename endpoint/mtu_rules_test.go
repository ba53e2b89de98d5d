package endpoint

import (
	"bytes"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// bisect plays the search over a path that carries so much, without a network, and returns the
// sizes that were tried.
func bisect(m *mtu, carries int) (tried []int) {
	for size := m.candidate(); size > 0; size = m.candidate() {
		if tried = append(tried, size); size <= carries {
			m.size = size
		} else {
			m.fails = size
		}
	}
	return tried
}

// TestSearchOfEachSize: whatever a path carries, the search ends within 15 bytes of it, at the
// byte itself if it is a usual one, after nine sizes at most, or fourteen up to 9000; and it tries none twice.
func TestSearchOfEachSize(t *testing.T) {
	usual := map[int]bool{}
	for _, size := range likelySizes {
		usual[size] = true
	}
	for _, size := range []int{1232, 1252, 1352, 1372, 1392, 1402, 1422, 1432, 1444, 1448, 1452, 1464, 1472, 8952, 8972} {
		if !usual[size] {
			t.Errorf("%d is no usual size any more", size)
		}
	}
	for _, most := range []int{ethernet, 9000} {
		for carries := 548; carries <= most; carries++ {
			m := mtu{size: baseDatagram, most: most}
			if carries < baseDatagram {
				m.size = 548
			}
			tried := bisect(&m, carries)
			off := carries - m.size
			if off < 0 || off >= 16 || usual[carries] && off != 0 {
				t.Fatalf("up to %d: a path of %d bytes is taken for one of %d", most, carries, m.size)
			}
			seen := map[int]bool{}
			for _, size := range tried {
				if seen[size] || size > most {
					t.Fatalf("up to %d: a path of %d bytes: tried %v", most, carries, tried)
				}
				seen[size] = true
			}
			if len(tried) > 14 || most == ethernet && carries >= baseDatagram && len(tried) > 9 {
				t.Fatalf("up to %d: a path of %d bytes takes %d sizes", most, carries, len(tried))
			}
		}
	}
}

// A probing is the probes that an end sends.
type probing struct {
	at      []int64
	size    []int
	timeout []int64 // the probe timeout of the path, just before
}

// probesOf watches the probes of an end, each of which must be PING and zeros alone.
func probesOf(p *pair, end int) *probing {
	var seen probing
	p.watch = func(from int, b []byte) {
		if from != end || len(b) <= p.ends[end].path(0).mtu.smaller() || b[loneHeader] != wire.TypePing {
			return
		}
		seen.at, seen.size = append(seen.at, p.now), append(seen.size, len(b))
		seen.timeout = append(seen.timeout, p.ends[end].path(0).probeTimeout(0))
		if rest := b[loneHeader+1:]; !bytes.Equal(rest, make([]byte, len(rest))) {
			p.t.Errorf("a probe has %x", rest)
		}
	}
	return &seen
}

// TestSearchTimes: the times of RFC 8899, 5.1: each size that fails is tried three times, a probe is
// given up after two probe timeouts, and after ten minutes, no sooner, the search begins again
// from the top.
func TestSearchTimes(t *testing.T) {
	for _, rtt := range []time.Duration{time.Millisecond, 50 * time.Millisecond, 400 * time.Millisecond} {
		t.Run(rtt.String(), func(t *testing.T) {
			p := newSearch(t, ethernet, rtt/2, 1).carries(1300)
			seen := probesOf(p, 0)
			p.open().run(60 * time.Second)
			tries := map[int]int{}
			for i, size := range seen.size {
				tries[size]++
				if i == 0 {
					continue
				}
				gap, timeout := seen.at[i]-seen.at[i-1], seen.timeout[i-1]
				if gap < 50_000_000 || seen.size[i-1] > 1300 && gap < 2*timeout || gap > 3*max(timeout, 50_000_000) {
					t.Errorf("probe %d leaves %v after the one before it; a probe timeout is %v", i, time.Duration(gap), time.Duration(timeout))
				}
			}
			for size, n := range tries {
				if size > 1300 && n != 3 || size <= 1300 && n != 1 {
					t.Errorf("%d bytes were tried %d times, want three where it fails, once where not", size, n)
				}
			}
			complete, n := seen.at[len(seen.at)-1], len(seen.at)
			p.run(700 * time.Second)
			if len(seen.at) == n {
				t.Fatal("the search did not begin again")
			}
			again := seen.at[n] - complete
			if st := p.ends[0].Stats(); int(st.ProbesLost) != countAbove(seen.size, 1300) {
				t.Errorf("%d probes lost of %v", st.ProbesLost, seen.size)
			}
			if again < 600*second || again > 602*second || seen.size[n] != ethernet {
				t.Errorf("it began again after %v with %d bytes", time.Duration(again), seen.size[n])
			}
		})
	}
}

// TestSearchBegins: not before a round trip was measured, nor within the first 50 ms.
func TestSearchBegins(t *testing.T) {
	p := newSearch(t, ethernet, 2*time.Millisecond, 1)
	began := p.now
	seen := probesOf(p, 0)
	p.open().run(5 * time.Second)
	if len(seen.at) != 1 || seen.at[0] < began+50_000_000 || seen.at[0] > began+int64(200*time.Millisecond) {
		t.Errorf("probes at %v, from %v on", seen.at, began)
	}
	t.Log("# a second of silence at first")
	p = newSearch(t, ethernet, 2*time.Millisecond, 1)
	seen = probesOf(p, 0)
	p.links[1].cut = true
	if p.run(time.Second); len(seen.at) != 0 {
		t.Errorf("%d probes before anybody answered", len(seen.at))
	}
}

// TestSearchWaits: nothing is tried while something else matters more.
func TestSearchWaits(t *testing.T) {
	for name, c := range map[string]struct {
		begin, end func(p *pair)
		then       int // probes that come afterwards
	}{
		"the game limits its flushes": {
			func(p *pair) { p.ends[0].LimitBudget(3000); p.ends[0].BeginFlush() },
			func(p *pair) { p.ends[0].LimitBudget(-1); p.ends[0].BeginFlush() }, 1,
		},
		"the game limits the next flush": {
			func(p *pair) { p.ends[0].LimitBudget(3000) },
			func(p *pair) { p.ends[0].LimitBudget(-1) }, 1,
		},
		"the peer is on hold": {
			func(p *pair) { _ = p.ends[1].Hold(p.now, 5*time.Second) },
			func(p *pair) { _ = p.ends[1].Hold(p.now, 0) }, 1,
		},
		"the ends drain": {
			func(p *pair) {
				p.links[0].rate, p.links[0].queue = 20_000, 10*time.Second // so that it takes a while
				p.send(0, chanOf(ReliableOrdered), message(0, 60_000))
				p.ends[0].Drain(p.now, CodeNone, "", 20*time.Second)
			},
			func(*pair) {}, 0,
		},
		"the connection ends": {
			func(p *pair) { p.links[0].cut = true; p.ends[0].Close(p.now, CodeNone, "") },
			func(*pair) {}, 0,
		},
		"the path does not answer": {
			func(p *pair) { p.links[1].cut = true; p.send(0, chanOf(ReliableOrdered), message(0, 10)) },
			func(p *pair) { p.links[1].cut = false }, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newSearch(t, ethernet, 10*time.Millisecond, 1)
			p.carries(1200).open().run(7 * time.Second)
			m := &p.ends[0].path(0).mtu
			if m.fails != 0 || m.size != 1200 {
				t.Fatalf("the first search goes on: %+v", *m)
			}
			p.carries(0)
			c.begin(p)
			p.run(500 * time.Millisecond)
			m.at = p.now // as if ten minutes were over
			seen := probesOf(p, 0)
			if p.run(2 * time.Second); len(seen.at) != 0 {
				t.Errorf("%d probes meanwhile", len(seen.at))
			}
			c.end(p)
			if p.run(4 * time.Second); len(seen.at) != c.then {
				t.Errorf("%d probes afterwards, want %d", len(seen.at), c.then)
			}
		})
	}
}

// TestSearchLeavesRoom: a budget leaves room for the probe that may go until then, and for none
// that may not.
func TestSearchLeavesRoom(t *testing.T) {
	cfg := channels()
	cfg.MaxDatagramBytes, cfg.PacketOverheadBytes = ethernet, 51
	m := newMesh(t, cfg, 10*time.Millisecond, 1)
	m.carrier.DontFragment = true
	m.addWay(1, 1, 10*time.Millisecond)
	id := m.openPath(PathConfig{Route: 1, Use: UseReserve})
	m.run(5 * time.Second)
	e := m.ends[0]
	probe := int64(ethernet + 51)
	p, q := e.path(0), e.paths.path(id)
	p.mtu.at, q.mtu.at = m.now+second, m.now+second
	if now, then := e.paths.probesUntil(m.now+second-1), e.paths.probesUntil(m.now+second); now != 0 || then != 2*probe {
		t.Errorf("%d bytes are kept, then %d, want 0 and %d", now, then, 2*probe)
	}
	before := e.Budget(m.now, m.now+second/60)
	p.mtu.at = m.now
	if after := e.Budget(m.now, m.now+second/60); int64(before-after) != probe {
		t.Errorf("a budget of %d becomes %d", before, after)
	}
	if q.stage = stageFailed; e.paths.probesUntil(m.now+second) != probe {
		t.Error("room is kept for a probe of a path that failed")
	}
	if p.mtu.search = false; e.paths.probesUntil(m.now+second) != 0 {
		t.Error("room is kept where nothing is searched")
	}
	q.stage, p.mtu.search = stageWell, true
}

// TestOddProbes: the ack of a probe that was given up changes nothing, and is no spurious loss;
// that of the one under way counts, whatever was lost meanwhile.
func TestOddProbes(t *testing.T) {
	p := newSearch(t, ethernet, 100*time.Millisecond, 1).open()
	m := &p.ends[0].path(0).mtu
	if !p.runUntil(5*time.Second, func() bool { return m.number > 0 }) {
		t.Fatal("no probe")
	}
	flying := p.links[0].flight
	p.links[0].flight = nil
	for _, f := range flying {
		if len(f.b) == ethernet { // the probe comes three probe timeouts late
			f.at += 3 * p.ends[0].path(0).probeTimeout(0)
		}
		p.links[0].put(f)
	}
	p.carries(1300)
	for n := range 200 { // whose acks tell that it is missing
		p.send(0, chanOf(ReliableOrdered), message(n, 10))
		p.run(20 * time.Millisecond)
	}
	if m.size > 1300 {
		t.Errorf("%d bytes after a late answer, where 1300 pass", m.size)
	}
	if st := p.ends[0].Stats(); st.PacketsSpurious != 0 || st.PacketsLost != 0 {
		t.Errorf("%d lost, %d spurious", st.PacketsLost, st.PacketsSpurious)
	}
	p.run(20 * time.Second)
	if m.size <= 1300-16 || m.size > 1300 {
		t.Errorf("%d bytes in the end", m.size)
	}
	t.Log("# in the middle of a search the carrier takes less: the answer to the probe is too large")
	p = newSearch(t, ethernet, 100*time.Millisecond, 1).open()
	m = &p.ends[0].path(0).mtu
	p.runUntil(5*time.Second, func() bool { return m.number > 0 })
	p.ends[0].Carrier.MaxDatagramBytes = 1250
	p.run(5 * time.Second)
	if m.size != 1250 {
		t.Errorf("%d bytes, of 1250", m.size)
	}
}

// TestWhatNobodySearches: where datagrams may be cut a size is the carrier's word, and the losses
// of large ones are losses like others.
func TestWhatNobodySearches(t *testing.T) {
	p := newSearch(t, ethernet, 10*time.Millisecond, 1)
	for i := range p.ends {
		p.ends[i].Carrier = Carrier{}
	}
	p.open()
	seen, large := probesOf(p, 0), 0
	p.links[0].drop = func(_ int, b []byte) bool {
		if len(b) > baseDatagram {
			large++
		}
		return len(b) > baseDatagram && large <= 20
	}
	for n := range 60 {
		p.send(0, chanOf(ReliableOrdered), message(n, 1400))
		p.send(0, chanOf(ReliableUnordered), message(n, 40))
		p.run(time.Second / 60)
	}
	if st := p.ends[0].PathStats(0); st.BlackHoles != 0 || st.MTU != ethernet || st.Probes != 0 || len(seen.at) != 0 || large < 30 {
		t.Errorf("%d large datagrams, then %d bytes, %d black holes, %d probes", large, st.MTU, st.BlackHoles, st.Probes)
	}
	t.Log("# a carrier of little")
	for _, most := range []int{200, 548, 1199} {
		for _, whole := range []bool{false, true} {
			p := newSearch(t, ethernet, time.Millisecond, 1)
			p.ends[0].Carrier = Carrier{MaxDatagramBytes: most, DontFragment: whole}
			p.watch = func(end int, b []byte) {
				if end == 0 && len(b) > most {
					t.Errorf("%d bytes of %d", len(b), most)
				}
			}
			p.run(time.Second)
			p.ends[0].Budget(p.now, p.now+second)
		}
	}
}

// TestEstimatesFollowTheSize: what the game is told it may send counts in datagrams as large as
// those that go.
func TestEstimatesFollowTheSize(t *testing.T) {
	p := newSearch(t, 8972, 10*time.Millisecond, 1).carries(1200)
	if p.open().run(20 * time.Second); p.ends[0].paths.datagramBytes() != 1200 {
		t.Errorf("estimates are made of %d bytes", p.ends[0].paths.datagramBytes())
	}
	p = newSearch(t, 8972, 10*time.Millisecond, 1)
	if p.open().run(20 * time.Second); p.ends[0].paths.datagramBytes() != 8972 {
		t.Errorf("estimates are made of %d bytes", p.ends[0].paths.datagramBytes())
	}
}

// TestSearchCosts: a search in vain, beside a game, takes less than four seconds and 25 KB over a
// round trip of 50 ms.
func TestSearchCosts(t *testing.T) {
	p := newSearch(t, ethernet, 25*time.Millisecond, 1).carries(baseDatagram)
	seen, began := probesOf(p, 0), p.now
	p.open()
	for n := range 600 {
		p.send(0, chanOf(ReliableOrdered), message(n, 100))
		p.run(time.Second / 60)
		p.received(1, chanOf(ReliableOrdered))
	}
	total := 0
	for _, size := range seen.size {
		total += size
	}
	took := time.Duration(seen.at[len(seen.at)-1] - began)
	t.Logf("%d bytes in %v", total, took)
	if total > 25_000 || took > 4*time.Second {
		t.Errorf("%d bytes in %v", total, took)
	}
}

func countAbove(sizes []int, least int) (n int) {
	for _, size := range sizes {
		if size > least {
			n++
		}
	}
	return n
}
