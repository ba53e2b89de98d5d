package simnet

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A stroll sends messages of 100 bytes down a line in a rhythm, and notes when each has arrived.
type stroll struct {
	line    *tcpLine
	now     int64
	arrived []int64 // by message
}

func newStroll(links Links, seed uint64) *stroll {
	return &stroll{line: newTCPLine(0, links, seed, 0)}
}

// until advances to a time, looking at each event.
func (s *stroll) until(now int64) {
	for at := s.line.next(); at <= now; at = s.line.next() {
		s.line.advance(at)
		s.read(at)
	}
	s.line.advance(now)
	s.now = now
}

func (s *stroll) read(at int64) {
	down := s.line.flows[1]
	for len(down.out) >= 100 {
		down.out = down.out[100:]
		s.arrived = append(s.arrived, at)
	}
}

// send sends a message now.
func (s *stroll) send(t *testing.T) {
	t.Helper()
	down := s.line.flows[1]
	if down.room() < 100 {
		t.Fatalf("no room at %v", time.Duration(s.now))
	}
	down.write(s.now, make([]byte, 100))
	s.read(s.now)
}

// TestTCPStalls: what a loss does to messages that are sent each 27 ms over a line of 80 ms, to the
// nanosecond.
func TestTCPStalls(t *testing.T) {
	const oneWay, gap = 40 * ms, 27 * ms
	delay := LinkConfig{Delay: time.Duration(oneWay)}
	play := func(n int, lost func(i int) bool) (late []int64) {
		s := newStroll(Links{delay, delay}, 1)
		s.until(2 * oneWay) // the handshake
		for i := range n {
			s.until(2*oneWay + int64(i)*gap)
			s.line.links[1].cut = lost(i)
			s.send(t)
			s.line.links[1].cut = false
		}
		s.until(s.now + 10_000*ms)
		if len(s.arrived) != n {
			t.Fatalf("%d of %d messages arrived", len(s.arrived), n)
		}
		for i, at := range s.arrived {
			late = append(late, at-(2*oneWay+int64(i)*gap)-oneWay)
		}
		return late
	}
	want := func(what string, got []int64, want ...int64) {
		t.Helper()
		for i := range got {
			if i < len(want) && got[i] != want[i] || i >= len(want) && got[i] != 0 {
				t.Errorf("%s: message %d is %v late; all: %v", what, i, time.Duration(got[i]), got)
				return
			}
		}
	}
	want("nothing lost", play(20, func(int) bool { return false }))
	// The third after it is acknowledged 3 gaps and a round trip after it was sent; meanwhile five wait behind it.
	stall := 3*gap + 2*oneWay
	want("the sixth lost", play(30, func(i int) bool { return i == 5 }),
		0, 0, 0, 0, 0, stall, stall-gap, stall-2*gap, stall-3*gap, stall-4*gap, stall-5*gap, 0)
	// Nobody comes after the last: the probe goes two round trips and the delay of an acknowledgement after the last
	// one came back, which is that of the message before.
	want("the last lost", play(6, func(i int) bool { return i == 5 }),
		0, 0, 0, 0, 0, 2*oneWay-gap+2*2*oneWay+tcpAckDelay)
	// The probe is lost, too: the timeout.
	s := newStroll(Links{delay, delay}, 1)
	s.until(2 * oneWay)
	s.line.links[1].cut = true
	s.send(t)
	s.until(s.now + 3000*ms)
	s.line.links[1].cut = false
	s.until(s.now + 10_000*ms)
	if f := s.line.flows[1]; len(s.arrived) != 1 || f.timeouts < 3 || f.timeouts > 5 || f.window > 3 {
		t.Errorf("a cut of three seconds: %d arrived, %d timeouts, a window of %v", len(s.arrived), f.timeouts, f.window)
	}
}

// transfer moves bytes both ways at once, as fast as it goes, and returns when all had arrived.
func transfer(t *testing.T, links Links, seed uint64, size int) (line *tcpLine, took int64) {
	t.Helper()
	line = newTCPLine(0, links, seed, 0)
	random := rand.New(rand.NewPCG(seed, 9))
	var sent, got [2][]byte
	for i := range sent {
		sent[i] = make([]byte, size)
		for j := range sent[i] {
			sent[i][j] = byte(random.Uint32())
		}
	}
	left := sent
	for now := int64(0); !line.flows[0].over || !line.flows[1].over; now = line.next() {
		if now == math.MaxInt64 || now > int64(time.Hour) {
			t.Fatalf("seed %d: it stands still at %v, with %d and %d bytes of %d", seed, time.Duration(now), len(got[0]), len(got[1]), size)
		}
		line.advance(now)
		for i, f := range line.flows {
			n := min(f.room(), len(left[i]))
			f.write(now, left[i][:n])
			if left[i] = left[i][n:]; len(left[i]) == 0 && !f.establishes {
				f.end(now)
			}
			got[i] = append(got[i], f.out...)
			f.out = f.out[:0]
		}
		took = now
	}
	for i := range got {
		if !bytes.Equal(got[i], sent[i]) {
			t.Fatalf("seed %d: what came is not what was sent: %d bytes of %d", seed, len(got[i]), size)
		}
	}
	return line, took
}

// TestTCPArrives: over all that links do, every byte arrives once and in order.
func TestTCPArrives(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		link := func() LinkConfig {
			c := LinkConfig{
				Delay: time.Duration(random.IntN(300)) * time.Millisecond, Jitter: time.Duration(random.IntN(30)) * time.Millisecond,
				JitterShape: JitterShape(random.IntN(2)), JitterReorders: random.IntN(2) == 0,
				Loss: 0.2 * random.Float64(), Duplicate: 0.1 * random.Float64(), Reorder: 0.1 * random.Float64(), Corrupt: 0.1 * random.Float64(),
			}
			if random.IntN(2) == 0 {
				c.LossBurst = 1 + 4*random.Float64()
			}
			if random.IntN(2) == 0 {
				c.BitsPerSecond, c.QueuePackets = int64(100_000+random.IntN(1e7)), 1+random.IntN(100)
			}
			if random.IntN(4) == 0 {
				c.MTU = 600
			}
			return c
		}
		transfer(t, Links{link(), link()}, seed, random.IntN(100_000))
	}
}

// TestTCPRate: with losses the rate is that of the formula by which TCP is judged, and without them that of the
// line.
func TestTCPRate(t *testing.T) {
	const size = 4 << 20
	delay := LinkConfig{Delay: 50 * time.Millisecond}
	for _, loss := range []float64{0.005, 0.01, 0.02, 0.05} {
		lossy := delay
		lossy.Loss = loss
		_, took := transfer(t, Links{delay, lossy}, 3, size)
		// Mathis, Semke, Mahdavi, Ott: The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm (1997),
		// with an acknowledgement for each segment.
		formula := tcpMaxSegment / 0.1 * math.Sqrt(1.5/loss)
		got := size / time.Duration(took).Seconds()
		t.Logf("loss %v: %.0f kB/s, the formula says %.0f", loss, got/1e3, formula/1e3)
		if got < formula/2 || got > formula*1.5 {
			t.Errorf("loss %v: %.0f kB/s, the formula says %.0f", loss, got/1e3, formula/1e3)
		}
	}
	narrow := delay.at(4_000_000, 200*time.Millisecond)
	line, took := transfer(t, Links{delay, narrow}, 4, size)
	if got := size * 8 / time.Duration(took).Seconds(); got < 2.8e6 || got > 4e6 {
		t.Errorf("over a line of 4 Mbit/s: %.0f kbit/s", got/1e3)
	}
	if s := line.links[1].Stats(); s.QueueDropped == 0 || line.flows[1].resent > line.flows[1].order/20 {
		t.Errorf("%d dropped, %d of %d sent again", s.QueueDropped, line.flows[1].resent, line.flows[1].order)
	}
}

// TestTCPBursts: a burst of losses ends though TCP says little in it, and less each time; so what is sent each 16 ms
// over bad Wi-Fi stands still for a second or two at worst, of ten in each of 100 matches.
func TestTCPBursts(t *testing.T) {
	worst, total := int64(0), int64(0)
	for seed := range uint64(100) {
		s := newStroll(WiFiBad(), seed)
		s.until(2000 * ms)
		for i := range int64(600) {
			s.until(2000*ms + i*16*ms)
			if s.line.flows[1].room() >= 100 {
				s.send(t)
			}
		}
		s.until(s.now + 60_000*ms)
		for i := 1; i < len(s.arrived); i++ {
			gap := s.arrived[i] - s.arrived[i-1]
			worst = max(worst, gap)
			if gap > 300*ms {
				total += gap
			}
		}
	}
	t.Logf("%v at worst, %v of 1000 s in pauses of more than 300 ms", time.Duration(worst), time.Duration(total))
	if worst > 4000*ms || worst < 300*ms || total > 100_000*ms {
		t.Errorf("%v at worst, %v of 1000 s in pauses of more than 300 ms", time.Duration(worst), time.Duration(total))
	}
}

// TestBurstsPass: after a pause what happens to a datagram depends no more on the one before it.
func TestBurstsPass(t *testing.T) {
	again := func(pause int64) float64 {
		l := newLink(0, LinkConfig{Loss: 0.1, LossBurst: 20}, 1, new(pool))
		l.pace = relayPace
		lost, twice, before := 0, 0, false
		for i := range int64(50_000) {
			sum := l.stats.Lost
			l.Send(i*pause, []byte{1})
			l.Receive(i * pause)
			now := l.stats.Lost > sum
			if before {
				lost++
				if now {
					twice++
				}
			}
			before = now
		}
		return float64(twice) / float64(lost)
	}
	if got := again(relayPace); got < 0.94 || got > 0.96 {
		t.Errorf("at the pace of a game %.3f of the losses are followed by one, want 0.95", got)
	}
	if got := again(100 * relayPace); got < 0.09 || got > 0.11 {
		t.Errorf("after long pauses %.3f of the losses are followed by one, want 0.1, as of all", got)
	}
}

// TestTCPBySeed: the same seed gives the same times.
func TestTCPBySeed(t *testing.T) {
	play := func(seed uint64) []int64 {
		s := newStroll(WiFiBad(), seed)
		s.until(2000 * ms)
		for i := range 200 {
			s.until(2000*ms + int64(i)*16*ms)
			if s.line.flows[1].room() >= 100 {
				s.send(t)
			}
		}
		s.until(s.now + 60_000*ms)
		return s.arrived
	}
	if a, b, c := play(1), play(1), play(2); !slices.Equal(a, b) || slices.Equal(a, c) || len(a) < 100 {
		t.Errorf("%d, %d and %d messages", len(a), len(b), len(c))
	}
}
