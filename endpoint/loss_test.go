package endpoint

import (
	"testing"
	"time"
)

// TestRepairTime loses one packet in a stream and in a silence, at short and at long round
// trips: there are no fixed resend timers.
func TestRepairTime(t *testing.T) {
	for _, rtt := range []time.Duration{5 * time.Millisecond, 50 * time.Millisecond, 600 * time.Millisecond} {
		p := newPair(t, channels(), rtt/2).open()
		for i := range 60 { // the first estimates settle
			p.send(0, chanOf(ReliableOrdered), message(i, 8))
			p.run(rtt)
		}
		p.received(1, chanOf(ReliableOrdered))
		t.Logf("# round trip %v: others follow the lost packet, their acknowledgements tell", rtt)
		took := p.timeToRepair(t, rtt/20)
		if limit := rtt*3/2 + 3*rtt/20 + 2*time.Millisecond; took > limit {
			t.Errorf("round trip %v: %v to repair, want at most %v", rtt, took, limit)
		}
		p.run(20 * rtt)
		p.received(1, chanOf(ReliableOrdered))
		t.Logf("# round trip %v: nothing follows, a probe finds out", rtt)
		took = p.timeToRepair(t, 0)
		path := p.ends[0].path(0)
		limit := min(time.Duration(path.probeTimeout(0))+rtt/2+2*time.Millisecond, 2*rtt+50*time.Millisecond)
		if took > limit {
			t.Errorf("round trip %v: %v to repair, want at most %v", rtt, took, limit)
		}
		t.Logf("smoothed %v, variance %v", time.Duration(path.rtt.smooth), time.Duration(path.rtt.variance))
	}
}

// timeToRepair loses the next packet and says how long its message took to arrive; others
// follow it at the interval, unless that is 0.
func (p *pair) timeToRepair(t *testing.T, follow time.Duration) time.Duration {
	t.Helper()
	begin, lost := p.now, p.links[0].sent
	p.links[0].drop = func(n int, _ []byte) bool { return n == lost }
	p.send(0, chanOf(ReliableOrdered), []byte("lost"))
	p.flush()
	for range 10_000 {
		if follow > 0 {
			p.send(0, chanOf(ReliableOrdered), []byte("next"))
			p.run(follow)
		} else {
			p.run(time.Millisecond)
		}
		if got := p.received(1, chanOf(ReliableOrdered)); len(got) > 0 {
			return time.Duration(p.now - begin)
		}
	}
	t.Fatal("never repaired")
	return 0
}

func TestLossByPacketGap(t *testing.T) {
	s := newScript(t, channels())
	send := func() { // a packet of its own
		if _, err := s.e.Send(chanOf(Unreliable), []byte("x"), SendOptions{Receipt: true}); err != nil {
			t.Fatal(err)
		}
		s.says()
	}
	t.Log("# packets 0 to 3 go at once; an ACK of 2 does not condemn 0, one of 3 does")
	for range 4 {
		send()
	}
	s.now += int64(20 * time.Millisecond)
	s.hears(ack(1, 2))
	if n := s.e.Stats().PacketsLost; n != 0 {
		t.Fatalf("%d lost", n)
	}
	s.hears(ack(3, 3))
	if n := s.e.Stats().PacketsLost; n != 1 {
		t.Fatalf("%d lost", n)
	}
	t.Log("# its receipt reads Lost, and an ACK that comes late changes a counter only")
	s.hears(ack(0, 3))
	if st := s.e.Stats(); st.PacketsSpurious != 1 || st.PacketsLost != 1 {
		t.Errorf("%+v", st)
	}
	s.e.Update()
	fates := map[Receipt][]EventKind{}
	for ev, ok := s.e.NextEvent(); ok; ev, ok = s.e.NextEvent() {
		fates[ev.Receipt] = append(fates[ev.Receipt], ev.Kind)
	}
	if len(fates[1]) != 1 || fates[1][0] != Lost || len(fates[2]) != 1 || fates[2][0] != Delivered {
		t.Errorf("fates %v", fates)
	}
}

func TestLossByTime(t *testing.T) {
	s := newScript(t, channels())
	t.Log("# packet 0 is lost, 1 is acknowledged after 80 ms: 0 is lost 9/8 of that after it was sent")
	begin := s.now
	for range 2 {
		if _, err := s.e.Send(chanOf(Unreliable), []byte("x"), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		s.says()
	}
	s.now += int64(80 * time.Millisecond)
	s.hears(ack(1, 1))
	s.wait(begin + int64(89*time.Millisecond))
	if n := s.e.Stats().PacketsLost; n != 0 {
		t.Errorf("%d lost too early", n)
	}
	s.wait(begin + int64(90*time.Millisecond))
	if n := s.e.Stats().PacketsLost; n != 1 {
		t.Errorf("%d lost", n)
	}
}

func TestReorderingIsLearned(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	t.Log("# packets overtake each other by far; whatever is declared lost wrongly is counted as such")
	p.links[0].jitter = 100 * time.Millisecond
	var got []string
	for i := range 2000 {
		p.send(0, chanOf(ReliableOrdered), message(i, 50))
		p.run(2 * time.Millisecond)
		p.fates(0)
		got = append(got, p.received(1, chanOf(ReliableOrdered))...)
	}
	p.run(5 * time.Second)
	st := p.ends[0].Stats()
	// Of what elicits no ack, and comes late below the ranges of an ACK, nobody tells.
	if st.PacketsLost == 0 || st.PacketsSpurious > st.PacketsLost || st.PacketsSpurious+2 < st.PacketsLost {
		t.Errorf("%d lost, %d of them not really", st.PacketsLost, st.PacketsSpurious)
	}
	checkDelivery(t, ReliableOrdered, 2000, append(got, p.received(1, chanOf(ReliableOrdered))...))
}

func TestProbesSlowDown(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(5 * time.Second)
	t.Log("# into silence a message goes three times more, just above the round trip apart;")
	t.Log("# then probes double their interval, up to two seconds; from the second on they are two")
	var times []int64
	packets := 0
	p.links[0].drop = func(int, []byte) bool {
		if packets++; len(times) == 0 || times[len(times)-1] != p.now {
			times = append(times, p.now)
		}
		return true
	}
	p.links[1].cut = true
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.run(9 * time.Second)
	const hasty = 1 + overdueRounds
	for i := 1; i < hasty; i++ {
		if d := time.Duration(times[i] - times[i-1]); d > 110*time.Millisecond || d < 40*time.Millisecond {
			t.Errorf("interval %d is %v", i, d)
		}
	}
	for i := hasty + 2; i < len(times); i++ {
		if was, is := times[i-1]-times[i-2], times[i]-times[i-1]; is < min(2*was, maxProbeTimeout)-second/100 {
			t.Errorf("interval %d is %v after %v", i, time.Duration(is), time.Duration(was))
		}
	}
	if n := len(times) - hasty; n < 6 || n > 11 || packets != hasty+2*n-1 {
		t.Errorf("%d packets at %d times", packets, len(times))
	}
}

// TestEstimates compares what Stats says with what the link does.
func TestEstimates(t *testing.T) {
	p := newPair(t, channels(), 50*time.Millisecond).open()
	p.links[0].loss, p.links[1].loss = 0.2, 0.05
	p.links[0].jitter = 16 * time.Millisecond
	for i := range 6000 {
		_, _ = p.ends[i%2].Send(chanOf(Unreliable), message(i, 50), SendOptions{})
		p.run(2500 * time.Microsecond)
	}
	st, peer := p.ends[0].Stats(), p.ends[1].Stats()
	t.Logf("# RTT %v ± %v, at least %v; jitter out %v, in %v; loss out %.3f, in %.3f",
		st.RTT, st.RTTVar, st.MinRTT, st.JitterOut, st.JitterIn, st.LossOut, st.LossIn)
	within := func(d time.Duration, least, most float64) bool {
		return d.Seconds()*1000 >= least && d.Seconds()*1000 <= most
	}
	if !within(st.RTT, 100, 120) || !within(st.MinRTT, 100, 103) {
		t.Errorf("RTT %v, at least %v", st.RTT, st.MinRTT)
	}
	if st.LossOut < 0.1 || st.LossOut > 0.3 || st.LossIn > 0.12 || peer.LossIn < 0.1 || peer.LossIn > 0.3 {
		t.Errorf("loss out %v, in %v; the peer sees %v", st.LossOut, st.LossIn, peer.LossIn)
	}
	if !within(st.JitterOut, 1, 10) || !within(st.JitterIn, 0, 1) {
		t.Errorf("jitter out %v, in %v", st.JitterOut, st.JitterIn)
	}
	t.Log("# the way becomes longer, and loses nothing any more: the estimates follow")
	p.links[0].delay, p.links[0].loss = 150*time.Millisecond, 0
	for i := range 6000 {
		_, _ = p.ends[i%2].Send(chanOf(Unreliable), message(i, 50), SendOptions{})
		p.run(2500 * time.Microsecond)
	}
	if st := p.ends[0].Stats(); !within(st.RTT, 200, 220) || !within(st.MinRTT, 100, 103) || st.LossOut > 0.02 {
		t.Errorf("RTT %v, at least %v; loss out %v", st.RTT, st.MinRTT, st.LossOut)
	}
}

// TestProbesDoubleEightTimes: on a short line, too, probes in vain come no more seldom than 256 times the first
// timeout.
func TestProbesDoubleEightTimes(t *testing.T) {
	s := newScript(t, channels())
	p := s.e.path(0)
	p.ackDelay = 0
	for range 100 {
		p.rtt.sample(millisecond, 0)
	}
	if a, b := p.probeTimeout(8), p.probeTimeout(20); a != b || a != p.probeTimeout(0)<<8 || a >= maxProbeTimeout {
		t.Errorf("after 8 probes %v, after 20 %v", time.Duration(a), time.Duration(b))
	}
}

// TestTimeoutByDefault: SetTimeout(0) is the default of Config.Timeout.
func TestTimeoutByDefault(t *testing.T) {
	cfg := channels()
	cfg.Timeout = -1
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.run(time.Second)
	p.links[0].cut, p.links[1].cut = true, true
	p.ends[0].SetTimeout(0)
	if p.run(9 * time.Second); p.ends[0].Over() {
		t.Error("it ended too early")
	}
	if p.run(3 * time.Second); !p.ends[0].Over() || p.ends[1].Over() {
		t.Errorf("after 12 s of silence: over %v, and where there is no timeout %v", p.ends[0].Over(), p.ends[1].Over())
	}
}
