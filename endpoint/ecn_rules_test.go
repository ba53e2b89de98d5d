package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestMarksOfATest: ten packets, each of which asks for an ack, carry ECT(0) and no other mark;
// acks alone, probes of a size, and what goes over a reliable transport carry none.
func TestMarksOfATest(t *testing.T) {
	cfg := channels()
	cfg.MaxDatagramBytes = ethernet
	p := newPair(t, cfg, 25*time.Millisecond)
	for i := range p.ends {
		p.ends[i].Carrier.DontFragment = true
	}
	p.links[0].router, p.links[1].router = asSent, asSent
	var marks []ECN
	p.watch = func(end int, b []byte) {
		mark := p.mark
		first := b[loneHeader]
		switch {
		case mark == NotECT:
			return
		case first == wire.TypePing && len(b) > baseDatagram:
			t.Errorf("a probe of %d bytes is marked", len(b))
		case p.ends[end].path(0).marks.state != marksCapable && p.ends[end].path(0).sent.At(p.ends[end].path(0).next-1).eliciting == false:
			t.Errorf("% x is marked in the test", b[:min(len(b), 8)])
		}
		if end == 0 {
			marks = append(marks, mark)
		}
	}
	p.open()
	t.Log("# nobody answers: no more than ten")
	p.links[1].cut = true
	for n := range 200 {
		p.send(0, chanOf(ReliableOrdered), message(n, 50))
		p.run(10 * time.Millisecond)
	}
	if len(marks) != 10 || p.ends[0].path(0).marks.state == marksCapable {
		t.Errorf("%d marked packets, state %d", len(marks), p.ends[0].path(0).marks.state)
	}
	t.Log("# they arrived, as the peer says now: all from here on")
	p.links[1].cut = false
	p.run(3 * time.Second)
	p.marksSent(2)
	for _, m := range marks {
		if m != ECT0 {
			t.Fatalf("mark %d", m)
		}
	}
	if len(marks) < 50 {
		t.Errorf("%d marked packets", len(marks))
	}
	t.Log("# a reliable transport drops nothing that a mark could save")
	m := newMesh(t, channels(), 10*time.Millisecond, 1)
	m.ends[0].path(0).reliable = true
	for range 30 {
		m.send(0, chanOf(ReliableOrdered), message(0, 50))
		if m.run(10 * time.Millisecond); m.marks[0] != NotECT || m.ends[0].path(0).marks.sent != 0 {
			t.Fatal("a packet is marked")
		}
	}
}

// TestMarksBesideARoam: packets that ask whether the peer is elsewhere carry no mark.
func TestMarksBesideARoam(t *testing.T) {
	m := newMesh(t, channels(), 10*time.Millisecond, 1)
	m.run(time.Second)
	asked, marked := 0, 0
	m.watch = func(end int, w *way, b []byte) {
		e := m.ends[end]
		aside := e.path(0).sent.At(e.path(0).next - 1).aside
		switch {
		case aside && m.marks[end] != NotECT:
			t.Error("a packet that asks is marked")
		case aside:
			asked++
		case m.marks[end] != NotECT:
			marked++
		}
		e.path(0).marks = marks{state: marksCapable} // whatever the peer says of marks that no way carries
	}
	m.rebind(0, 1)
	for n := range 100 {
		m.send(0, chanOf(ReliableOrdered), message(n, 100))
		m.send(1, chanOf(ReliableOrdered), message(n, 100))
		m.run(10 * time.Millisecond)
	}
	if m.ends[1].path(0).counts.Moves != 1 || asked == 0 || marked < 100 {
		t.Errorf("%d moves, %d packets that asked, %d that were marked", m.ends[1].path(0).counts.Moves, asked, marked)
	}
}

// TestMarksOfOldRoutes: what is lost of the packets of an old route does not fail the test of the
// new one; the loss of all ten of its own does.
func TestMarksOfOldRoutes(t *testing.T) {
	m := newMesh(t, channels(), 10*time.Millisecond, 1)
	m.run(time.Second)
	p := m.ends[0].path(0)
	p.marks = marks{state: marksCapable}
	old := sentPacket{at: m.now, flags: packetMarked}
	m.run(time.Second)
	p.move(m.now, 0, 0)
	for range 3 * 10 {
		p.datagramLost(m.now, &old)
	}
	if p.marks.state != marksTesting {
		t.Errorf("state %d", p.marks.state)
	}
	for range 10 - 1 {
		p.datagramLost(m.now, &sentPacket{at: m.now + 1, flags: packetMarked})
	}
	if p.marks.state != marksTesting {
		t.Errorf("state %d after nine losses", p.marks.state)
	}
	p.datagramLost(m.now, &sentPacket{at: m.now + 1, flags: packetMarked})
	if p.marks.state != marksFailed {
		t.Errorf("state %d after ten losses", p.marks.state)
	}
	p.marks.testAnew()
	if p.marks.state != marksFailed {
		t.Error("what failed once is tested again")
	}
	p.marks = marks{state: marksCapable}
	for range 3 * 10 {
		p.datagramLost(m.now, &sentPacket{at: m.now + 1, flags: packetMarked})
	}
	if p.marks.state != marksCapable {
		t.Error("losses of a path that carries marks are taken for the fault of marks")
	}
	p.marks = marks{state: marksTesting, tests: 7, lost: 7}
	if p.marks.testAnew(); p.marks.tests != 0 || p.marks.lost != 0 {
		t.Errorf("%+v", p.marks)
	}
}

// TestCountsOfMarks: what an ACK may say, and what it may not.
func TestCountsOfMarks(t *testing.T) {
	capable := marks{state: marksCapable, sent: 100, acked: 50, told: 50, toldCE: 5}
	testing := marks{state: marksUnknown, sent: 10, acked: 4}
	for name, c := range map[string]struct {
		m     marks
		ack   wire.Ack
		want  markState
		fresh int
	}{
		"as many as arrived":                {capable, wire.Ack{HasECN: true, ECT: 45, CE: 5}, marksCapable, 0},
		"more, since acks were lost":        {capable, wire.Ack{HasECN: true, ECT: 90, CE: 10}, marksCapable, 5},
		"more than were sent":               {capable, wire.Ack{HasECN: true, ECT: 96, CE: 5}, marksFailed, 0},
		"all of them are CE":                {capable, wire.Ack{HasECN: true, ECT: 45, CE: 55}, marksCapable, 50},
		"a lie of 65535 CE":                 {capable, wire.Ack{HasECN: true, ECT: 51, CE: 65535}, marksFailed, 0},
		"fewer than arrived":                {capable, wire.Ack{HasECN: true, ECT: 44, CE: 5}, marksFailed, 0},
		"fewer CE than before":              {capable, wire.Ack{HasECN: true, ECT: 60, CE: 4}, marksFailed, 0},
		"no counts where they would be due": {capable, wire.Ack{HasClock: true}, marksFailed, 0},
		"no counts where none is due":       {capable, wire.Ack{}, marksCapable, 0},
		"of a test, no counts":              {testing, wire.Ack{HasClock: true}, marksFailed, 0},
		"of a test, nothing yet":            {testing, wire.Ack{}, marksUnknown, 0},
		"of a test, too few":                {testing, wire.Ack{HasECN: true, ECT: 3}, marksFailed, 0},
		"of a test":                         {testing, wire.Ack{HasECN: true, ECT: 3, CE: 1}, marksCapable, 1},
		"of a test none of which is acked":  {marks{state: marksTesting, sent: 3}, wire.Ack{HasClock: true}, marksTesting, 0},
		"counts of nothing":                 {marks{state: marksTesting}, wire.Ack{HasECN: true}, marksTesting, 0},
		"fewer in all than before":          {marks{state: marksCapable, sent: 100, acked: 40, told: 60}, wire.Ack{HasECN: true, ECT: 50}, marksFailed, 0},
	} {
		m := c.m
		if m.judge(&c.ack, true); m.state != c.want || m.fresh != c.fresh {
			t.Errorf("%s: state %d, %d fresh, want %d and %d", name, m.state, m.fresh, c.want, c.fresh)
		}
		m = c.m
		if m.judge(&c.ack, false); m != c.m {
			t.Errorf("%s: an old ACK says something", name)
		}
	}
}

// TestMarksThatCome: of a packet each mark counts once; what has none, or ECT(1), does not count.
func TestMarksThatCome(t *testing.T) {
	var m marks
	m.arrived(NotECT)
	m.arrived(ECT1)
	if m != (marks{}) {
		t.Errorf("%+v", m)
	}
	m.arrived(ECT0)
	m.arrived(CE)
	if m.ect != 1 || m.ce != 1 || !m.any {
		t.Errorf("%+v", m)
	}
	for i := range 5 { // three ACKs tell of it, whether or not they have a clock
		a := wire.Ack{}
		if m.report(&a); a.HasECN != (i < 3) {
			t.Errorf("ACK %d: %+v", i, a)
		}
		m.reported()
	}
	a := wire.Ack{HasClock: true}
	if m.report(&a); !a.HasECN || a.ECT != 1 || a.CE != 1 {
		t.Errorf("%+v", a)
	}
	t.Log("# repeated by the network, each datagram counts once, and a mark is of one datagram")
	p := newPair(t, channels(), 10*time.Millisecond)
	p.links[0].router, p.links[0].dup = asSent, 1
	p.open()
	p.marksSent(3)
	in := p.ends[1].path(0).marks
	if out := p.ends[0].path(0).marks; in.ect != out.sent || out.state != marksCapable {
		t.Errorf("%d marks came of %d, state %d", in.ect, out.sent, out.state)
	}
	e := p.ends[1]
	e.handle(p.now, []byte{0}, CE)
	e.HandlePacket(p.now, Incoming{ECN: CE, Number: p.ends[0].path(0).next + 10, Frames: []byte{wire.TypePing}})
	e.HandlePacket(p.now, Incoming{Number: p.ends[0].path(0).next + 11, Frames: []byte{wire.TypePing}})
	if got := e.path(0).marks.ce - in.ce; got != 1 {
		t.Errorf("one mark counts %d times", got)
	}
}

// TestCongestionIsToldOnce: each CE reaches the controller once.
func TestCongestionIsToldOnce(t *testing.T) {
	p := newPair(t, channels(), 25*time.Millisecond)
	ce := 0
	p.links[0].router = func(n int, m ECN) ECN {
		if m != NotECT && n%10 == 0 {
			ce++
			return CE
		}
		return m
	}
	p.open()
	spy := &congestionSpy{Controller: p.ends[0].path(0).cc}
	p.ends[0].path(0).cc = spy
	p.marksSent(10)
	p.run(time.Second)
	if spy.congested != ce || ce < 30 {
		t.Errorf("%d marks, %d told", ce, spy.congested)
	}
}

type congestionSpy struct {
	Controller
	congested int
}

func (s *congestionSpy) Acked(now int64, a AckSample) {
	s.congested += a.Congested
	s.Controller.Acked(now, a)
}
