package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

func TestAckTimes(t *testing.T) {
	s := newScript(t, channels())
	s.wait(s.now + second)
	t.Log("# a lone packet is acknowledged when the hold is over, and says how long it was held")
	begin := s.now
	s.hears([]byte{wire.TypePing})
	if said := s.says(); len(said) != 0 || s.e.Deadline() != begin+int64(20*time.Millisecond) {
		t.Errorf("said %x, deadline in %v", said, time.Duration(s.e.Deadline()-begin))
	}
	said := s.wait(begin + int64(20*time.Millisecond))
	var a wire.Ack
	if len(said) != 1 || wire.ConsumeAck(said[0], &a) < 0 || a.Hold != 20_000_000/wire.HoldUnit*wire.HoldUnit || !a.HasClock {
		t.Fatalf("said %x: %+v", said, a)
	}
	t.Log("# the second of two, and one out of order, at once; the clock comes with two, else once in 100 ms")
	s.hears([]byte{wire.TypePing})
	s.hears([]byte{wire.TypePing})
	if said = s.says(); len(said) != 1 || wire.ConsumeAck(said[0], &a) != 8 || !a.HasClock {
		t.Errorf("said %x", said)
	}
	s.number++
	s.hears([]byte{wire.TypePing})
	if said = s.says(); len(said) != 1 || wire.ConsumeAck(said[0], &a) < 0 || len(a.Ranges) != 2 || a.HasClock {
		t.Errorf("said %x", said)
	}
	t.Log("# with data at once")
	s.hears([]byte{wire.TypePing})
	if _, err := s.e.Send(chanOf(Unreliable), []byte("x"), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	if said = s.says(); len(said) != 2 || kindOf(said[0]) != wire.TypeAck {
		t.Errorf("said %x", said)
	}
	t.Log("# polls in between do not eat the clock")
	s.now += clockInterval + second
	s.hears([]byte{wire.TypePing})
	for range 5 {
		s.says()
		s.now += 1_000_000
	}
	if said = s.wait(s.now + 20_000_000); len(said) == 0 || wire.ConsumeAck(said[0], &a) < 0 || !a.HasClock {
		t.Errorf("said %x", said)
	}
	t.Log("# acks, padding and empty packets elicit none")
	s.hears(ack(0, 0))
	s.hears()
	s.hears(make([]byte, 50))
	if said = s.wait(s.now + second); count(said, wire.TypeAck) != 0 {
		t.Errorf("said %x", said)
	}
}

// TestAckRates sends in one direction, from one packet in five seconds to thousands in one,
// and counts what comes back.
func TestAckRates(t *testing.T) {
	for _, c := range []struct {
		every, span time.Duration
		most        int // answers to a hundred packets
	}{
		{5 * time.Second, 500 * time.Second, 210},
		{100 * time.Millisecond, 60 * time.Second, 110},
		{200 * time.Microsecond, 5 * time.Second, 60},
	} {
		cfg := channels()
		cfg.Controller = func() Controller { return fixedRate(100 << 20) }
		p := newPair(t, cfg, 20*time.Millisecond).open()
		p.run(time.Second)
		t.Logf("# a packet each %v for %v", c.every, c.span)
		sent, back, n := p.links[0].sent, p.links[1].sent, 0
		for end := p.now + int64(c.span); p.now < end; n++ {
			p.send(0, chanOf(Unreliable), []byte("x"))
			p.run(c.every)
			p.received(1, chanOf(Unreliable))
			p.fates(0)
		}
		p.run(100 * time.Millisecond)
		sent, back = p.links[0].sent-sent, p.links[1].sent-back
		t.Logf("%d packets, %d answers", sent, back)
		if back*100 > c.most*n || back == 0 {
			t.Errorf("%d answers to %d packets", back, n)
		}
		t.Log("# both sides remember little: ranges are forgotten, packets too")
		for i := range p.ends {
			path := p.ends[i].path(0)
			if path.sent.Len() > 600 || len(path.ranges.All()) > 2 || path.contents.Len() > 600 {
				t.Errorf("end %d: %d packets, %d contents, %d ranges", i, path.sent.Len(), path.contents.Len(), len(path.ranges.All()))
			}
		}
		if lost := p.ends[0].Stats().PacketsLost; lost != 0 {
			t.Errorf("%d packets of a perfect link are called lost", lost)
		}
	}
}

func TestOneWayTrafficForMinutes(t *testing.T) {
	p := newPair(t, channels(), 40*time.Millisecond)
	p.links[0].loss, p.links[1].loss = 0.1, 0.1
	p.open()
	t.Log("# one way, with loss: only ACKs go back, and a PING now and then so that their fate is known")
	pings, packets := 0, 0
	p.links[1].drop = func(_ int, b []byte) bool {
		packets++
		pings += count(framesOf(t, b[loneHeader:]), wire.TypePing)
		return false
	}
	most := 0
	for range 3 * 60 * 30 {
		if _, err := p.ends[0].Send(chanOf(UnreliableLatest), message(1, 100), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		p.run(time.Second / 30)
		p.received(1, chanOf(UnreliableLatest))
		most = max(most, p.ends[1].path(0).sent.Len())
		if n := len(p.ends[1].path(0).ranges.All()); n > 32 {
			t.Fatalf("%d ranges", n)
		}
	}
	t.Logf("%d packets back, %d PINGs, at most %d packets remembered", packets, pings, most)
	if pings*(pingAfterAcks-2) > packets || pings == 0 || most > 100 {
		t.Errorf("%d packets back, %d PINGs, at most %d packets remembered", packets, pings, most)
	}
	p.links[1].drop = nil
}

func TestIdleSidesSleep(t *testing.T) {
	cfg := channels()
	cfg.Timeout = time.Hour
	p := newPair(t, cfg, 20*time.Millisecond)
	p.links[0].loss, p.links[1].loss = 0.3, 0.3
	p.open()
	t.Log("# much traffic in both directions, then silence: nothing but keep-alives is left")
	for i := range 500 {
		p.send(i%2, chanOf(ReliableOrdered), message(i, 500))
		p.run(3 * time.Millisecond)
		p.received(1-i%2, chanOf(ReliableOrdered))
	}
	for i := range 200 {
		p.run(100 * time.Millisecond)
		p.received(i%2, chanOf(ReliableOrdered))
	}
	before := p.links[0].sent + p.links[1].sent
	p.run(100 * time.Second)
	if n := p.links[0].sent + p.links[1].sent - before; n > 150 {
		t.Errorf("%d packets in 100 s of silence", n)
	}
}

func TestAcksLost(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	t.Log("# every datagram arrives, but nine of ten acknowledgements are lost")
	p.links[1].loss = 0.9
	receipts := map[Receipt]bool{}
	for i := range 200 {
		receipts[p.send(0, chanOf(ReliableOrdered), message(i, 20))] = true
		p.run(10 * time.Millisecond)
	}
	p.run(5 * time.Second)
	checkDelivery(t, ReliableOrdered, 200, p.received(1, chanOf(ReliableOrdered)))
	p.links[1].loss = 0
	p.run(5 * time.Second)
	if n := len(p.fates(0)); n != len(receipts) {
		t.Errorf("%d receipts", n)
	}
	t.Log("# one ACK tells all that came: not much was sent in vain")
	st := p.ends[1].Stats()
	if st.MessagesDuplicate > 400 {
		t.Errorf("%d duplicates", st.MessagesDuplicate)
	}
}

func TestFalseAck(t *testing.T) {
	t.Log("# an ACK of what was never sent closes a trusted connection; another one counts it")
	for _, trusted := range []bool{false, true} {
		cfg := channels()
		cfg.Trusted = trusted
		s := newScript(t, cfg)
		s.hears([]byte{wire.TypePing})
		s.hears([]byte{wire.TypePing})
		s.says()
		s.hears(ack(1, 1))
		if closing := s.e.life.state == stateClosing; closing != trusted {
			t.Errorf("trusted %v: closing %v", trusted, closing)
		}
		if n := s.e.Stats().Dropped[DropFalseAck]; trusted != (n == 0) {
			t.Errorf("trusted %v: counted %d", trusted, n)
		}
	}
}

func TestLeftOutNumber(t *testing.T) {
	cfg := channels()
	cfg.Trusted = true
	s := newScript(t, cfg)
	t.Log("# after 256 to 4096 packets a number is left out, or two in a row")
	out, last := uint64(0), s.nextNumber()
	for range 5000 {
		if _, err := s.e.Send(chanOf(Unreliable), []byte("x"), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		packet := s.packet()
		if len(packet.Packet) == 0 {
			t.Fatal("nothing sent")
		}
		n := packet.Number
		if n > last+1 {
			out = n - 1 // the last of them
			break
		}
		last = n
		s.hears(ack(n, n))
		s.now += 1_000_000
	}
	if out < 256 || out > 4096 {
		t.Fatalf("%d is left out", out)
	}
	t.Log("# acknowledging all that was sent is fine, though it counts as no loss")
	s.hears(ack(out+1, out+1))
	if lost := s.e.Stats().PacketsLost; lost != 0 || s.e.life.state != stateOpen {
		t.Fatalf("%d lost, state %d", lost, s.e.life.state)
	}
	t.Log("# acknowledging a number that was left out closes")
	for s.nextNumber() == s.e.path(0).sent.End() {
		_, _ = s.e.Send(chanOf(Unreliable), []byte("x"), SendOptions{})
		n := s.nextNumber()
		s.packet()
		s.hears(ack(n, n))
		s.now += 1_000_000
	}
	n := s.nextNumber()
	_, _ = s.e.Send(chanOf(Unreliable), []byte("x"), SendOptions{})
	s.packet()
	s.hears(ack(n-1, n))
	if s.closed() != CodeProtocol {
		t.Error("not closed")
	}
}

// TestLeftOutInRows: gaps of one number and of two are as many, so who spares all single ones and claims the
// rest is found out. On a path that loses nothing he acknowledges falsely what was left out alone.
func TestLeftOutInRows(t *testing.T) {
	s := newScript(t, channels())
	var rows [4]int
	last := s.nextNumber() - 1
	for range 300_000 {
		n := s.nextNumber()
		if left := n - last - 1; left > 0 {
			rows[min(left, 3)]++
		}
		last = n
		s.e.path(0).skipIn -= 7 // time goes by
		_, _ = s.e.Send(chanOf(Unreliable), []byte("x"), SendOptions{})
		s.packet()
		s.hears(ack(n, n))
		s.now += 1_000_000
	}
	if rows[3] > 0 || rows[1] < 300 || rows[2] < 300 || abs(int64(rows[1]-rows[2])) > 200 {
		t.Errorf("rows of one, two and more: %v", rows[1:])
	}
}

// fixedRate is a controller that lets bytes a second go, whatever happens.
type fixedRate int

func (r fixedRate) Sent(int64, int, int)       {}
func (r fixedRate) Acked(int64, AckSample)     {}
func (r fixedRate) Lost(int64, LossSample)     {}
func (r fixedRate) Spurious(int64, LossSample) {}
func (r fixedRate) WindowBytes() int           { return int(r) }
func (r fixedRate) BytesPerSecond() int        { return int(r) }

// A witness is a Controller that keeps what it is told.
type witness struct {
	fixedRate
	samples []AckSample
	losses  int
}

func (w *witness) Acked(_ int64, s AckSample) { w.samples = append(w.samples, s) }
func (w *witness) Lost(int64, LossSample)     { w.losses++ }

// TestWhatIsAcknowledged: packets of these frames alone are acknowledged, and of the others not (SPEC.md, 6).
func TestWhatIsAcknowledged(t *testing.T) {
	for name, c := range map[string]struct {
		frame []byte
		want  bool
	}{
		"PING":      {[]byte{wire.TypePing}, true},
		"padding":   {[]byte{wire.TypePadding}, false},
		"CLOSE_ACK": {[]byte{wire.TypeCloseAck}, false},
		"a message": {run(chanOf(ReliableOrdered), 0, "x"), true},
		"DRAINING":  {wire.AppendDraining(nil, wire.Draining), true},
		"WINDOW":    {wire.AppendWindow(nil, uint16(chanOf(ReliableOrdered)), 1<<20), true},
		"BLOCKED":   {wire.AppendBlocked(nil, uint16(chanOf(ReliableOrdered)), 5), true},
	} {
		s := newScript(t, channels())
		s.hears(c.frame)
		if got := count(s.wait(s.now+second), wire.TypeAck) > 0; got != c.want {
			t.Errorf("%s is acknowledged: %v", name, got)
		}
	}
}
