package endpoint

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// busy is a pair in the middle of a game: both ends send 60 times a second, and what they may
// in bulk.
func busy(t *testing.T, cfg Config, seed uint64) *pair {
	p := newPair(t, cfg, 20*time.Millisecond, seed).open()
	p.play(2 * time.Second)
	return p
}

// play sends and reads at both ends that are awake.
func (p *pair) play(d time.Duration) {
	for until := p.now + int64(d); p.now < until; {
		for end := range p.ends {
			if p.asleep[end] || !p.ends[end].Open() {
				continue
			}
			for _, d := range deliveries {
				p.received(end, chanOf(d))
			}
			p.ends[end].Send(chanOf(UnreliableLatest), message(0, 100), SendOptions{})
			p.ends[end].Send(chanOf(ReliableOrdered), message(0, 1000), SendOptions{})
		}
		p.run(time.Second / 60)
	}
}

// announce puts an end on hold.
func (p *pair) announce(end int, d time.Duration) {
	p.t.Helper()
	if err := p.ends[end].Hold(p.now, d); err != nil {
		p.t.Fatal(err)
	}
}

// wantAlive fails if an end has reported its end.
func (p *pair) wantAlive(what string) {
	p.t.Helper()
	for i := range p.ends {
		for _, ev := range p.events(i) {
			if ev.Kind == Closed {
				p.t.Fatalf("%s: end %d reports %v", what, i, ev)
			}
		}
	}
}

// TestHold: a game loads a level for half a minute, three times its timeout. Nobody times out,
// nobody takes the silence for a broken path, and what waited arrives when it is over.
func TestHold(t *testing.T) {
	for name, wakes := range map[string]time.Duration{"on time": 30 * time.Second, "early": 17 * time.Second, "late": 36 * time.Second} {
		p := busy(t, channels(), 1)
		t.Log("# it wakes up", name)
		before := [2]Stats{p.ends[0].Stats(), p.ends[1].Stats()}
		p.announce(0, 30*time.Second)
		p.flush()
		p.asleep[0] = true
		p.play(time.Second)
		held := p.ends[1].Held(p.now)
		if held < 28900*time.Millisecond || held > 29100*time.Millisecond {
			t.Errorf("the peer may be silent for %v yet", held)
		}
		sent, bytes := p.links[1].sent, p.links[1].bytes
		receipt := p.send(1, chanOf(ReliableUnordered), []byte("welcome back"))
		p.run(min(wakes, 30*time.Second) - 1100*time.Millisecond)
		if n, b := p.links[1].sent-sent, p.links[1].bytes-bytes; n < int(wakes/time.Second)/6 || n > 14 || b > 40*n {
			t.Errorf("%d packets with %d bytes to a peer on hold", n, b)
		}
		if wakes > 30*time.Second {
			p.run(wakes - 30*time.Second)
		}
		p.run(100 * time.Millisecond)
		p.sleep(0, 0)
		p.play(2 * time.Second)
		p.wantAlive("it woke up " + name)
		if p.ends[1].Held(p.now) != 0 {
			t.Error("it is still on hold")
		}
		for i := range p.ends {
			st := p.ends[i].Stats()
			if st.RTT > before[i].RTT*5/4 || st.RTTVar > before[i].RTTVar+5*time.Millisecond || name != "late" && st.JitterOut > 5*time.Millisecond {
				t.Errorf("end %d: RTT %v ± %v before, %v ± %v after, jitter %v", i, before[i].RTT, before[i].RTTVar, st.RTT, st.RTTVar, st.JitterOut)
			}
			if st.BytesPerSecond < before[i].BytesPerSecond {
				t.Errorf("end %d: %d bytes a second before, %d after", i, before[i].BytesPerSecond, st.BytesPerSecond)
			}
			if n := p.ends[i].path(0).loss.probes; n != 0 {
				t.Errorf("end %d: %d probes in a row", i, n)
			}
		}
		if fates := p.fates(1); fates[receipt].Kind == Lost {
			t.Errorf("the message that waited is %v", fates[receipt])
		}
		p.run(time.Second)
		if st := p.ends[1].Stats(); st.QueuedMessages != 0 || st.BytesInFlight != 0 {
			t.Errorf("%d messages wait, %d bytes are in flight", st.QueuedMessages, st.BytesInFlight)
		}
	}
}

// TestHoldAndDie: neither end may time out within a hold, both do after it.
func TestHoldAndDie(t *testing.T) {
	p := busy(t, channels(), 1)
	began := p.now
	p.announce(0, 30*time.Second)
	p.flush()
	p.asleep[0] = true
	t.Log("# the process dies while it is held: that is found out at the end of the hold and a timeout")
	if p.runUntil(39*time.Second, func() bool { return p.ends[1].Done() }) {
		t.Fatalf("the peer gave up after %v", time.Duration(p.now-began))
	}
	if !p.runUntil(2*time.Second, func() bool { return p.ends[1].Done() }) {
		t.Fatal("the peer did not notice")
	}
	if ev := p.last(1); ev.Code != CodeTimeout {
		t.Errorf("%v", ev)
	}
	p.asleep[0] = false
	t.Log("# and the peer's death by the holder, after as long a time of listening")
	p = busy(t, channels(), 1)
	p.announce(0, 30*time.Second)
	p.run(100 * time.Millisecond)
	p.links[1].cut = true
	p.sleep(0, 33*time.Second)
	if p.ends[0].Done() {
		t.Fatal("the holder gave up as it woke up")
	}
	began = p.now
	p.run(20 * time.Second)
	if ev := p.last(0); ev.Code != CodeTimeout || p.ends[0].life.lastHeard < began {
		t.Errorf("%v", ev)
	}
}

func TestHoldGranted(t *testing.T) {
	grants := channels()
	grants.MaxHold = 5500 * time.Millisecond
	p := newPairOf(t, channels(), grants, 20*time.Millisecond, 1).open()
	p.run(time.Second)
	t.Log("# what is more than the peer grants is refused, and the error says how much that is")
	err := p.ends[0].Hold(p.now, 6*time.Second)
	var h *HoldError
	if !errors.As(err, &h) || h.Asked != 6*time.Second || h.Granted != 5*time.Second || !strings.Contains(err.Error(), "5s") {
		t.Errorf("%v", err)
	}
	p.announce(0, 5*time.Second)
	p.announce(1, time.Minute)
	grants.MaxHold = -1
	p = newPairOf(t, channels(), grants, 20*time.Millisecond, 1)
	if err := p.ends[0].Hold(p.now, time.Second); err != ErrClosed {
		t.Errorf("before it is open: %v", err)
	}
	p.open()
	if err := p.ends[0].Hold(p.now, time.Millisecond); !errors.As(err, &h) || h.Granted != 0 {
		t.Errorf("nothing is granted: %v", err)
	}
	if err := p.ends[0].Hold(p.now, 0); err != nil {
		t.Errorf("the end of no hold: %v", err)
	}
	t.Log("# a peer that takes more is out")
	for millis, code := range map[uint64]Code{60_000: CodeNone, 60_001: CodeProtocol} {
		s := newScript(t, channels())
		s.hears(wire.AppendHold(nil, 1, millis))
		if s.e.Close(s.now, CodeNone, ""); s.closed() != code {
			t.Errorf("%d ms: not %v", millis, code)
		}
	}
}

// TestHoldLost: HOLD goes three times, and again until it is acknowledged if anybody is there
// to send it.
func TestHoldLost(t *testing.T) {
	for _, lost := range []int{2, 3, 8} {
		p := busy(t, channels(), 1)
		t.Logf("# the first %d are lost", lost)
		p.run(time.Second)
		holds, last := 0, 0
		p.links[0].drop = func(n int, b []byte) bool {
			for _, f := range framesOf(t, b[loneHeader:]) {
				if f[0] == wire.TypeHold {
					holds++
					last = n
				}
			}
			return holds <= lost && last == n && holds > 0
		}
		p.announce(0, 30*time.Second)
		p.flush()
		if holds != 3 {
			t.Errorf("HOLD went out %d times at once", holds)
		}
		known := lost < firstCopies
		if !known {
			known = p.runUntil(5*time.Second, p.ends[0].HoldKnown)
		}
		p.sleep(0, 25*time.Second)
		if known {
			p.wantAlive("the peer heard of it")
		} else {
			t.Error("the peer never heard of it")
		}
		p.play(time.Second)
		if p.ends[1].Held(p.now) != 0 {
			t.Error("the hold goes on")
		}
	}
}

func TestHoldBoth(t *testing.T) {
	p := busy(t, channels(), 1)
	t.Log("# both games load, one longer than the other")
	p.announce(0, 30*time.Second)
	p.announce(1, 20*time.Second)
	p.flush()
	p.asleep[1] = true
	p.run(100 * time.Millisecond)
	p.asleep[0] = true
	p.run(20 * time.Second)
	p.sleep(1, 0)
	p.play(8 * time.Second)
	p.sleep(0, 0)
	p.play(3 * time.Second)
	p.wantAlive("after both holds")
	for i := range p.ends {
		if st := p.ends[i].Stats(); st.RTT > 60*time.Millisecond || st.QueuedBytes > 4000 {
			t.Errorf("end %d: RTT %v, %d bytes wait", i, st.RTT, st.QueuedBytes)
		}
	}
}

// TestHoldServed: somebody goes on calling the endpoint. It is silent all the same, and goes on
// when a message is sent, or when it is told to.
func TestHoldServed(t *testing.T) {
	for _, how := range []string{"Send", "Hold(0)", "Close", "Drain"} {
		p := busy(t, channels(), 1)
		p.send(0, chanOf(ReliableOrdered), []byte("before"))
		p.announce(0, 30*time.Second)
		p.run(200 * time.Millisecond)
		if !p.ends[0].HoldKnown() || p.ends[1].Held(p.now) == 0 {
			t.Fatal("the peer does not know")
		}
		if got := p.received(1, chanOf(ReliableOrdered)); len(got) == 0 || got[len(got)-1] != "before" {
			t.Errorf("what was sent before did not come: %d messages", len(got))
		}
		sent := p.links[0].bytes
		p.run(20 * time.Second)
		if n := p.links[0].bytes - sent; n > 300 {
			t.Errorf("%d bytes in 20 s of silence", n)
		}
		t.Log("# it ends by", how)
		switch how {
		case "Send":
			p.send(0, chanOf(UnreliableLatest), []byte("again"))
		case "Hold(0)":
			p.announce(0, 0)
		case "Close":
			p.ends[0].Close(p.now, 300, "enough")
		case "Drain":
			p.send(1, chanOf(ReliableOrdered), []byte("waits"))
			p.ends[0].Drain(p.now, 300, "enough", time.Minute)
		}
		p.run(100 * time.Millisecond)
		if p.ends[1].Held(p.now) != 0 || p.ends[0].HoldKnown() {
			t.Error("the hold goes on")
		}
		if ended := how == "Close" || how == "Drain"; ended != !(p.ends[1].life.talks()) {
			t.Error("ended:", !ended)
		}
	}
}

// TestHoldAndDrain: an end drains towards a peer that is on hold.
func TestHoldAndDrain(t *testing.T) {
	for _, within := range []time.Duration{5 * time.Second, time.Minute} {
		p := busy(t, channels(), 1)
		p.run(time.Second)
		p.announce(1, 20*time.Second)
		p.run(100 * time.Millisecond)
		p.asleep[1] = true
		p.send(0, chanOf(ReliableOrdered), []byte("x"))
		p.ends[0].Drain(p.now, 300, "bye", within)
		p.run(19 * time.Second)
		p.sleep(1, 0)
		p.play(8 * time.Second)
		left := 0
		if within < 20*time.Second {
			left = 1
		}
		t.Logf("# %v to drain: %d messages are left", within, left)
		if ev := p.last(0); ev.Code != 300 || ev.Undelivered != left {
			t.Errorf("%v", ev)
		}
		if ev := p.last(1); ev.Code != 300 || !ev.Remote {
			t.Errorf("the peer reports %v", ev)
		}
	}
}

// TestHoldLosses: what was in flight when a side fell silent was lost in part, which is
// repaired afterwards and says nothing about the path.
func TestHoldLosses(t *testing.T) {
	p := busy(t, channels(), 1)
	for n := range 40 {
		p.send(1, chanOf(ReliableUnordered), message(n, 1000))
	}
	p.announce(0, 20*time.Second)
	p.flush()
	rate := p.ends[1].Stats().BytesPerSecond
	p.links[1].loss = 0.5
	p.asleep[0] = true
	p.run(19 * time.Second)
	p.links[1].loss = 0
	p.sleep(0, 0)
	p.play(3 * time.Second)
	if st := p.ends[1].Stats(); st.BytesPerSecond < rate || st.PacketsLost == 0 || st.QueuedMessages > 1 {
		t.Errorf("%d bytes a second, %d before; %d packets lost, %d messages wait", st.BytesPerSecond, rate, st.PacketsLost, st.QueuedMessages)
	}
	p.wantAlive("afterwards")
}

// TestHoldClockJumps: the machine of the holder, or of its peer, is suspended for a minute in a
// hold of half of it. The other one gives up in time; who comes back finds that out in time.
func TestHoldClockJumps(t *testing.T) {
	for end := range 2 {
		p := busy(t, channels(), 1)
		p.announce(0, 30*time.Second)
		p.run(time.Second)
		p.asleep[end] = true
		p.run(38500 * time.Millisecond)
		if p.ends[1-end].Done() {
			t.Errorf("end %d gave up before the hold and a timeout were over", 1-end)
		}
		p.run(30 * time.Second)
		if ev := p.last(1 - end); ev.Code != CodeTimeout {
			t.Errorf("end %d: %v", 1-end, ev)
		}
		p.sleep(end, 0)
		p.run(5 * time.Second)
		if p.ends[end].Done() {
			t.Errorf("end %d did not listen for a timeout", end)
		}
		p.run(10 * time.Second)
		if ev := p.last(end); ev.Code != CodeTimeout {
			t.Errorf("end %d: %v", end, ev)
		}
	}
}

// TestHoldEndsThoughLost: HOLD with no time is repeated until it is acknowledged, and a drain
// ends the silence too.
func TestHoldEndsThoughLost(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	p.announce(0, 30*time.Second)
	p.run(time.Second)
	first := p.links[0].sent
	p.links[0].drop = func(n int, _ []byte) bool { return n < first+3 }
	p.announce(0, 0)
	p.run(2 * time.Second)
	if p.ends[1].Held(p.now) != 0 {
		t.Error("the peer still waits")
	}
	p.send(0, chanOf(ReliableOrdered), message(0, 400_000))
	p.announce(0, 30*time.Second)
	p.run(time.Second)
	if p.ends[1].Held(p.now) == 0 {
		t.Fatal("the peer does not wait")
	}
	p.ends[0].Drain(p.now, 300, "bye", time.Minute)
	p.runReading(5*time.Second, 1, new([5][]string))
	if ev := p.last(0); ev.Code != 300 || ev.Undelivered != 0 {
		t.Errorf("%v", ev)
	}
}
