package endpoint

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

func TestTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{0: 10 * time.Second, 3 * time.Second: 3 * time.Second} {
		cfg := channels()
		cfg.Timeout = timeout
		p := newPair(t, cfg, 20*time.Millisecond).open()
		t.Log("# the link dies; after the timeout, not before, both ends say so")
		receipt := p.send(0, chanOf(ReliableOrdered), []byte("x"))
		p.links[0].cut, p.links[1].cut = true, true
		p.run(want - 200*time.Millisecond)
		if len(p.events(0))+len(p.events(1)) != 0 {
			t.Error("too early")
		}
		p.run(300 * time.Millisecond)
		all := p.events(0)
		if len(all) != 2 || all[0] != (Event{Kind: Lost, Channel: chanOf(ReliableOrdered), Receipt: receipt, Why: ConnClosed}) ||
			all[1] != (Event{Kind: Closed, Code: CodeTimeout, Text: "timed out", Undelivered: 1}) {
			t.Errorf("the sender reports %v", all)
		}
		if all := p.events(1); len(all) != 1 || all[0].Code != CodeTimeout || !p.ends[1].Done() {
			t.Errorf("the receiver reports %v", all)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond)
	t.Log("# nobody is there: HELLO is repeated ever more slowly, then it times out")
	p.links[0].cut, p.links[1].cut = true, true
	p.run(11 * time.Second)
	if all := p.events(0); len(all) != 1 || all[0].Code != CodeTimeout {
		t.Errorf("%v", all)
	}
	if n := p.links[0].sent; n < 4 || n > 12 {
		t.Errorf("%d datagrams", n)
	}
}

func TestTimeoutNever(t *testing.T) {
	cfg := channels()
	cfg.Timeout = -1
	p := newPair(t, cfg, 20*time.Millisecond).open()
	t.Log("# without a timeout an outage of eight hours is survived")
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.links[0].cut, p.links[1].cut = true, true
	p.run(8 * time.Hour)
	p.links[0].cut, p.links[1].cut = false, false
	p.run(3 * time.Second)
	if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 1 {
		t.Errorf("received %q", got)
	}
}

func TestOutOfNumbers(t *testing.T) {
	cfg := channels()
	cfg.Timeout = -1
	p := newPair(t, cfg, 20*time.Millisecond).open()
	t.Log("# two bytes tell 2^15 packets apart: a lone end without answers stops there, and does not spin")
	a := p.ends[0]
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.links[0].cut, p.links[1].cut = true, true
	for a.path(0).next < 1<<16 {
		p.now = min(a.Deadline(), p.now+int64(time.Hour))
		a.HandleTimeout(p.now)
		if len(a.AppendDatagram(p.now, nil)) == 0 && a.outOfNumbers() {
			break
		}
	}
	if in := a.path(0).header().Number - a.path(0).largestAcked; in != 1<<15-1 {
		t.Errorf("%d numbers in flight", in)
	}
	if a.Deadline() != never {
		t.Errorf("the deadline is %d", a.Deadline())
	}
	t.Log("# it can still close")
	a.Close(p.now, CodeNone, "")
	if len(a.AppendDatagram(p.now, nil)) == 0 {
		t.Error("no CLOSE")
	}
}

func TestKeepAlive(t *testing.T) {
	for _, c := range []struct{ timeout, every time.Duration }{
		{4 * time.Second, time.Second}, {0, 2500 * time.Millisecond}, {time.Minute, 5 * time.Second}, {-1, 5 * time.Second},
	} {
		cfg := channels()
		cfg.Timeout = c.timeout
		p := newPair(t, cfg, 20*time.Millisecond).open()
		p.run(10 * time.Second)
		t.Logf("# timeout %v: an hour of idling costs at most a PING and an ACK of each side every %v", c.timeout, c.every)
		packets, bytes := p.links[0].sent+p.links[1].sent, p.links[0].bytes+p.links[1].bytes
		p.run(time.Hour)
		if !p.ends[0].Open() || !p.ends[1].Open() {
			t.Fatal("closed")
		}
		rounds := int(time.Hour / c.every)
		packets, bytes = p.links[0].sent+p.links[1].sent-packets, p.links[0].bytes+p.links[1].bytes-bytes
		if packets < rounds || packets > 4*rounds {
			t.Errorf("%d packets in %d intervals", packets, rounds)
		}
		if bytes > 30*rounds {
			t.Errorf("%d bytes in %d intervals", bytes, rounds)
		}
		t.Logf("%d packets, %d bytes an hour", packets, bytes)
		if n := p.ends[0].path(0).sent.Len() + p.ends[1].path(0).sent.Len(); n > 50 {
			t.Errorf("%d packets are remembered", n)
		}
	}
}

func TestMeetingDoesNotSpin(t *testing.T) {
	e, _ := New(0, Config{Handshake: true, Timeout: time.Minute})
	t.Log("# an end that waits for the HELLO of its peer has nothing to do until it times out")
	if _, ok := nextPacket(e, 0, usual); ok || e.Deadline() != int64(time.Minute) {
		t.Errorf("the deadline is %d", e.Deadline())
	}
	e.HandlePacket(0, Incoming{Frames: run(1, 0, "x")})
	if _, ok := nextPacket(e, int64(time.Second), usual); ok || e.Stats().Dropped[DropEarly] != 1 {
		t.Error("data before HELLO was not dropped")
	}
}

// TestAnyClock plays games at clocks that start in odd places, run through zero, and end a day
// before time does.
func TestAnyClock(t *testing.T) {
	const day = 24 * 3600 * second
	for _, start := range []int64{0, -1 << 40, -2 * second, -20 * second, 1 << 61, math.MinInt64 + day, math.MaxInt64 - 30*day} {
		for seed := range uint64(10) {
			rnd := rand.New(rand.NewPCG(seed, uint64(start)))
			g := newGame(t, uint16(seed), start)
			for range 300 {
				if a := byte(rnd.IntN(256)); a&0x7f != 0x5e { // not a jump by hours
					g.play(a, byte(rnd.IntN(256)))
				}
			}
			g.ends[0].Close(g.now, CodeNone, "")
			g.closed = true
			if g.finish(); t.Failed() {
				t.Fatalf("from %d on, seed %d", start, seed)
			}
		}
	}
}

// TestDrops counts what an endpoint drops, by reason.
func TestDrops(t *testing.T) {
	s := newScript(t, channels())
	s.e.HandlePacket(s.now, Incoming{Number: 5, Frames: []byte{wire.TypePing}})
	s.e.HandlePacket(s.now, Incoming{Number: 5, Frames: []byte{wire.TypePing}})
	s.e.HandlePacket(s.now, Incoming{Path: 7, Number: 6, Frames: []byte{wire.TypePing}})
	s.e.HandlePacket(s.now, Incoming{Number: 7, Frames: ack(100, 100)})
	want := Stats{}.Dropped
	want[DropDuplicate], want[DropPath], want[DropFalseAck] = 1, 1, 1
	if got := s.e.Stats().Dropped; got != want {
		t.Errorf("dropped %v", got)
	}
	for r := range dropReasons {
		if r.String() == "" {
			t.Errorf("reason %d has no name", r)
		}
	}
	t.Log("# an empty packet is life, and elicits nothing")
	heard := s.e.life.lastHeard
	s.now += second
	s.e.HandlePacket(s.now, Incoming{Number: 8})
	if s.e.life.lastHeard == heard || s.e.Stats().PacketsReceived != 3 {
		t.Error("an empty packet was not heard")
	}
	p := newPair(t, channels(), 0)
	p.ends[0].HandleDatagram(0, []byte{1})
	if p.ends[0].Stats().Dropped[DropShort] != 1 {
		t.Error("a short datagram was not counted")
	}
}

func TestPingAndNews(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	t.Log("# Ping asks for a sign of life at once")
	if p.ends[0].Deadline() <= p.now {
		t.Fatal("something is due")
	}
	heard := p.ends[0].life.lastHeard
	p.ends[0].Ping()
	if p.ends[0].Deadline() > p.now {
		t.Error("nothing is due")
	}
	p.run(70 * time.Millisecond)
	if p.ends[0].life.lastHeard == heard {
		t.Error("no sign of life")
	}
	t.Log("# News tells that Update would show something, a message or an event")
	receipt := p.send(0, chanOf(ReliableOrdered), []byte("x"))
	if p.ends[0].News() || p.ends[1].News() {
		t.Error("news too early")
	}
	p.run(70 * time.Millisecond)
	if !p.ends[0].News() || !p.ends[1].News() {
		t.Error("no news")
	}
	if len(p.received(1, chanOf(ReliableOrdered))) != 1 || p.fates(0)[receipt].Kind != Delivered {
		t.Error("not received, or no receipt")
	}
	if p.ends[0].News() || p.ends[1].News() {
		t.Error("old news")
	}
	t.Log("# the timeout may change on the way")
	p.ends[0].SetTimeout(time.Second)
	p.links[0].cut, p.links[1].cut = true, true
	p.run(1100 * time.Millisecond)
	if !p.ends[0].Done() || p.ends[1].Done() {
		t.Errorf("done: %v and %v", p.ends[0].Done(), p.ends[1].Done())
	}
}

// TestSuspended stops one side for a while, as a laptop or a browser does, and
// loses the last packet of what it says afterwards.
func TestSuspended(t *testing.T) {
	cfg := channels()
	cfg.Timeout = time.Minute
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.run(time.Second)
	t.Log("# a message is under way when its sender sleeps for half a minute")
	p.send(0, chanOf(ReliableOrdered), []byte("before"))
	p.flush()
	p.now += 30 * second
	p.run(time.Second)
	t.Log("# the half minute is no round trip: one of 2 s counts, by an eighth, and ever less")
	rtt := p.ends[0].Stats().RTT
	if rtt < 200*time.Millisecond || rtt > (7*40+2000)*time.Millisecond/8 {
		t.Errorf("RTT %v after the sleep", rtt)
	}
	t.Log("# what is lost later is repaired as ever, within seconds")
	lost := p.links[0].sent + 1
	p.links[0].drop = func(n int, _ []byte) bool { return n == lost }
	for _, m := range []string{"a", "b", "c"} {
		p.send(0, chanOf(ReliableOrdered), []byte(m))
		p.flush()
	}
	p.run(3 * time.Second)
	if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 4 {
		t.Errorf("received %q", got)
	}
	if s := p.ends[0].Stats(); s.RTT >= rtt || s.MinRTT != 40*time.Millisecond {
		t.Errorf("RTT %v, the least %v", s.RTT, s.MinRTT)
	}
}

// TestSilenceCountsFromHello: the time that a handshake took before does not count as silence of the peer.
func TestSilenceCountsFromHello(t *testing.T) {
	cfg := channels()
	cfg.Handshake, cfg.Timeout = true, 10*time.Second
	began := int64(second)
	e, err := New(began, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Release()
	peer, err := New(began, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Release()
	met := began + 9*second
	s := &script{t: t, e: e, now: met}
	if err := s.e.HandleHello(met, peer.AppendHello(met, nil)); err != nil {
		t.Fatal(err)
	}
	if s.wait(met + 10*second - 1); s.e.Over() {
		t.Fatalf("it ended %v after HELLO", time.Duration(s.now-met))
	}
	if s.wait(met + 10*second); !s.e.Over() || s.closed() != CodeTimeout {
		t.Error("it goes on without a peer")
	}
}
