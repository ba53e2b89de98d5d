package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A clockPair is two ends whose clocks are not one: each has been set back by so much.
type clockPair struct {
	t      *testing.T
	ends   [2]lone
	now    int64
	behind [2]int64
	way    int64 // 10 ms each way
	flying [2][]flight
}

func newClockPair(t *testing.T, began, behind int64) *clockPair {
	p := &clockPair{t: t, now: began, behind: [2]int64{0, behind}, way: 10_000_000}
	for i := range p.ends {
		cfg := channels()
		cfg.Timeout, cfg.Seed = -1, uint64(i)
		end, err := newLone(p.at(i), cfg, Carrier{})
		if err != nil {
			t.Fatal(err)
		}
		p.ends[i] = end
		t.Cleanup(end.Release)
	}
	return p
}

func (p *clockPair) at(end int) int64 { return p.now - p.behind[end] }

// run lets time pass by the millisecond, and end 0 send a message each 50.
func (p *clockPair) run(d time.Duration) (samples []ClockSample) {
	for until := p.now + int64(d); p.now < until; p.now += 1_000_000 {
		if p.now/1_000_000%50 == 0 {
			_, _ = p.ends[0].Send(chanOf(Unreliable), []byte("x"), SendOptions{})
		}
		for i, e := range p.ends {
			for len(p.flying[i]) > 0 && p.flying[i][0].at <= p.now {
				e.HandleDatagram(p.at(i), p.flying[i][0].b)
				p.flying[i] = p.flying[i][1:]
			}
			e.HandleTimeout(p.at(i))
			for b := e.AppendDatagram(p.at(i), nil); len(b) > 0; b = e.AppendDatagram(p.at(i), nil) {
				p.flying[1-i] = append(p.flying[1-i], flight{at: p.now + p.way, b: b})
			}
			e.Update()
			for m, ok := e.Receive(chanOf(Unreliable)); ok; m, ok = e.Receive(chanOf(Unreliable)) {
				_ = m
			}
		}
		for s := range p.ends[0].ClockSamples() {
			samples = append(samples, s)
		}
	}
	return samples
}

// ahead is how much further the clock of end 1 is than that of end 0, by a sample.
func (p *clockPair) ahead(s ClockSample) int64 { return s.Arrived - s.Sent - p.way }

// TestClocksThatStandStill: what samples say of the other clock stays right when one of the two
// stands still for less than half of the 18 minutes that the wire can tell, whichever it is, and
// while both go on for as long as they like.
func TestClocksThatStandStill(t *testing.T) {
	const grain = 200_000
	check := func(p *clockPair, name string, samples []ClockSample) {
		t.Helper()
		if len(samples) < 5 {
			t.Fatalf("%s: %d samples", name, len(samples))
		}
		for _, s := range samples[2:] { // the first two may be of before
			if off := p.ahead(s) - (p.behind[0] - p.behind[1]); off > grain || off < -grain {
				t.Fatalf("%s: a sample is off by %v", name, time.Duration(off))
			}
			if s.Answered < s.Arrived || s.Received < s.Sent {
				t.Fatalf("%s: %+v", name, s)
			}
		}
	}
	p := newClockPair(t, 1000*second, 300*second)
	check(p, "at first", p.run(3*time.Second))
	for end, stood := range []int64{500 * second, 530 * second} {
		p.now += stood
		p.behind[end] += stood
		p.run(3 * time.Second)
		check(p, "one stood still", p.run(3*time.Second))
	}
	p.now += 3600 * second // both slept, and both clocks went on
	p.run(3 * time.Second)
	check(p, "an hour later", p.run(3*time.Second))
	t.Log("# for longer, the low bits of the clock fit another time as well: a lap of the wire's clock nearer")
	p.now += 3600 * second
	p.behind[0] += 3600 * second
	p.run(3 * time.Second)
	samples := p.run(3 * time.Second)
	off := p.ahead(samples[len(samples)-1]) - (p.behind[0] - p.behind[1])
	const lap = wire.ClockUnit << 24
	if laps := (off - lap/2) / lap; off > -lap/2 || (off-laps*lap)%lap > grain {
		t.Errorf("off by %v, %d laps", time.Duration(off), laps)
	}
}

// TestClockOfALiar: whatever a peer says of its clock, samples are answered no earlier than they
// arrived, and there are no more of them than fit.
func TestClockOfALiar(t *testing.T) {
	p := newPair(t, channels(), 10*time.Millisecond).open()
	e := p.ends[0]
	for range e.ClockSamples() {
		t.Fatal("a sample that nobody asked for")
	}
	for n := range uint64(200) {
		p.send(0, chanOf(ReliableOrdered), message(int(n), 10))
		p.run(5 * time.Millisecond)
		q := e.path(0)
		a := wire.Ack{
			Largest: q.next - 1, HasClock: true, Clock: uint32(n*0xabcdef) & 0xffffff, Hold: int64(n*n) * 1_000_000,
			Wide: true, Ranges: []wire.AckRange{{}},
		}
		e.HandlePacket(p.now, Incoming{Number: 1000 + n, Frames: wire.AppendAck(nil, &a)})
		e.Update()
		p.events(0)
	}
	n, last := 0, int64(0)
	for s := range e.ClockSamples() {
		n++
		if s.Answered < s.Arrived || s.Received < last || s.Sent > s.Received {
			t.Errorf("%+v", s)
		}
		last = s.Received
	}
	if n != 16 {
		t.Errorf("%d samples are kept", n)
	}
	for range e.ClockSamples() {
		t.Error("a sample came twice")
	}
	if !e.Open() {
		t.Error("the connection is over")
	}
}

// TestClockSamplesForYears: more samples than an int of 32 bits counts.
func TestClockSamplesForYears(t *testing.T) {
	var x exchanges
	for range x.take {
		t.Fatal("there is one")
	}
	x.n, x.took = 1<<32-3, 1<<32-3
	for n := range int64(6) {
		x.add(ClockSample{Sent: n})
	}
	next := int64(0)
	for s := range x.take {
		if s.Sent != next {
			t.Errorf("sample %d is %d", next, s.Sent)
		}
		next++
	}
	if next != 6 {
		t.Errorf("%d samples", next)
	}
}
