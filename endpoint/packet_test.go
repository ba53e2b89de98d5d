package endpoint

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestNothingInIt: an end that has nothing to say needs no envelopes. One that may not say what it
// has asks for them, and nothing comes of it, however often: no number is used up, or left out.
func TestNothingInIt(t *testing.T) {
	for name, waits := range map[string]int{"nothing waits": 0, "the window is full": 1000} {
		s := newScript(t, channels())
		s.says()
		for n := range waits {
			_, _ = s.e.Send(chanOf(ReliableUnordered), message(n, 1000), SendOptions{})
		}
		for _, ok := nextPacket(s.e, s.now, usual); ok; _, ok = nextPacket(s.e, s.now, usual) {
		}
		p := s.e.path(0)
		for p.skipIn = 0; p.skipIn > -3; p.skipIn-- {
			before, asked := p.header(), 0
			for range 1000 {
				_, ok := nextPacket(s.e, s.now, func(h Header) ([]byte, Envelope) {
					if asked++; h != before {
						t.Fatalf("%s: asked for %+v, before for %+v", name, h, before)
					}
					return usual(h)
				})
				if ok {
					t.Fatalf("%s: there is a packet", name)
				}
			}
			if want := min(waits, 1000); asked != want || p.next != before.Number-uint64(p.skips) || p.sent.End() != p.next {
				t.Fatalf("%s: asked %d times, the next number is %d, %d are remembered", name, asked, p.next, p.sent.End())
			}
		}
	}
}

// TestNotBuilt: what does not fit its envelope, or finds its carrier busy, was not sent: the next
// packet has its number and all that it had.
func TestNotBuilt(t *testing.T) {
	for name, refuse := range map[string]struct {
		head   []byte
		around Envelope
	}{
		"no room":          {nil, Envelope{Tail: 1200}},
		"less than none":   {make([]byte, 700), Envelope{Tail: 700}},
		"a carrier of one": {make([]byte, 9), Envelope{Carrier: Carrier{MaxDatagramBytes: 1}}},
		"busy":             {nil, Envelope{Busy: true}},
	} {
		s := newScript(t, channels())
		s.says()
		for _, d := range deliveries {
			_, _ = s.e.Send(chanOf(d), message(int(d), 50), SendOptions{})
		}
		want := s.e.path(0).header()
		for range 3 {
			if out, ok := nextPacket(s.e, s.now, func(Header) ([]byte, Envelope) { return refuse.head, refuse.around }); ok || out.Packet != nil {
				t.Fatalf("%s: % x is sent", name, out.Packet)
			}
		}
		if st := s.e.Stats(); st.PacketsSent != want.Number || st.QueuedMessages != len(deliveries) {
			t.Errorf("%s: %d packets sent, %d messages wait", name, st.PacketsSent, st.QueuedMessages)
		}
		s.e.PathBusy(s.now, 0, false)
		out := s.packet()
		runs := 0
		for _, f := range framesOf(t, out.Packet) {
			if f[0] >= wire.TypeRunLong {
				runs++
			}
		}
		if out.Number != want.Number || runs != len(deliveries) {
			t.Errorf("%s: then number %d with %d runs, want %+v", name, out.Number, runs, want)
		}
	}
}

// TestNotSent: a packet that was made and never sent is lost, and repaired like any other.
func TestNotSent(t *testing.T) {
	p := newPair(t, unrepaired(channels()), 10*time.Millisecond).open()
	ch := chanOf(ReliableOrdered)
	p.send(0, ch, []byte("forgotten"))
	if b := p.ends[0].AppendDatagram(p.now, nil); len(b) == 0 {
		t.Fatal("no packet")
	}
	p.send(0, ch, []byte("sent"))
	p.run(2 * time.Second)
	if got := p.received(1, ch); len(got) != 2 || got[0] != "forgotten" {
		t.Errorf("received %q", got)
	}
	if lost := p.ends[0].Stats().PacketsLost; lost != 1 {
		t.Errorf("%d packets lost", lost)
	}
}

// TestQuestionsBetweenPackets: of two like ends one is asked all that there is to ask between a
// packet and the next, and inside of begin the other nothing: both make the same packets.
func TestQuestionsBetweenPackets(t *testing.T) {
	var ends [2]*script
	for i := range ends {
		cfg := channels()
		cfg.MaxDatagramBytes = ethernet
		ends[i] = newScript(t, cfg)
	}
	ask := func(e *Endpoint, now int64) {
		e.Deadline()
		e.Stats()
		e.PathStats(0)
		e.ChannelStats(1)
		e.LargestAcked(0)
		e.Uses(e.Route(0))
		e.ProbeTimeout()
		e.MaxDatagramBytes()
		e.SetNow(now)
	}
	carrier := Carrier{DontFragment: true}
	made := 0
	for n := range 400 {
		var said [2][]Outgoing
		for i, s := range ends {
			_, _ = s.e.Send(chanOf(deliveries[n%5]), message(n, n*7%3000), SendOptions{})
			begin := func(Header) ([]byte, Envelope) { return nil, Envelope{Carrier: carrier} }
			for out, ok := nextPacket(s.e, s.now, begin); ok; out, ok = nextPacket(s.e, s.now, begin) {
				if said[i] = append(said[i], out); i == 0 {
					ask(s.e, s.now)
				}
			}
			s.hears([]byte{wire.TypePing}, ack(0, max(s.e.path(0).next, 1)-1))
			s.now += 10 * millisecond
			s.e.HandleTimeout(s.now)
		}
		if len(said[0]) != len(said[1]) {
			t.Fatalf("step %d: %d packets and %d", n, len(said[0]), len(said[1]))
		}
		for k, a := range said[0] {
			b := said[1][k]
			if made++; a.Path != b.Path || a.Number != b.Number || a.To != b.To || a.ECN != b.ECN || !bytes.Equal(a.Packet, b.Packet) {
				t.Fatalf("step %d: %+v and %+v", n, a, b)
			}
		}
	}
	if made < 400 || ends[0].e.PathStats(0).MTU != ethernet {
		t.Errorf("%d packets of %d bytes", made, ends[0].e.PathStats(0).MTU)
	}
}

// TestProbesAreAsLargeAsBuilt: whatever the envelopes take, and however the carrier changes between
// two packets, a path is never taken to carry more than a datagram that was acknowledged had.
func TestProbesAreAsLargeAsBuilt(t *testing.T) {
	cfg := channels()
	cfg.MaxDatagramBytes = ethernet
	s := newScript(t, cfg)
	p, largest, probes := s.e.path(0), baseDatagram, 0
	rnd, carrier := rand.New(rand.NewPCG(1, 2)), Carrier{DontFragment: true}
	for range 5000 {
		if rnd.IntN(40) == 0 {
			carrier.MaxDatagramBytes = 500 + rnd.IntN(1000)
		}
		head, env := make([]byte, rnd.IntN(400)), Envelope{Tail: rnd.IntN(100), Carrier: carrier}
		number := p.header().Number
		out, ok := nextPacket(s.e, s.now, func(Header) ([]byte, Envelope) { return head, env })
		if most := carrier.MaxDatagramBytes; ok {
			size := len(out.Packet) + env.Tail
			if most > 0 && size > most || size > ethernet {
				t.Fatalf("a datagram of %d bytes, the carrier takes %d", size, most)
			}
			if p.sent.At(number).flags&packetSizeProbe != 0 {
				if probes++; p.mtu.probe != size {
					t.Fatalf("a probe of %d bytes is booked as one of %d", size, p.mtu.probe)
				}
			}
			largest = max(largest, size)
			s.hears(ack(number, number))
		}
		if _, err := s.e.Send(chanOf(Unreliable), nil, SendOptions{}); err != nil {
			t.Fatal(err)
		}
		if s.now += 20 * millisecond; s.e.Deadline() <= s.now {
			s.e.HandleTimeout(s.now)
		}
		if p.mtu.size > largest {
			t.Fatalf("datagrams of %d bytes, the largest that was acknowledged had %d", p.mtu.size, largest)
		}
	}
	if probes < 20 || p.mtu.size <= baseDatagram && largest <= baseDatagram {
		t.Errorf("%d probes, datagrams of %d bytes", probes, p.mtu.size)
	}
}

// TestBeginThatCalls: whatever a begin does with its endpoint, numbers are used once, nothing
// panics, and what was sent arrives.
func TestBeginThatCalls(t *testing.T) {
	p := newPair(t, channels(), 10*time.Millisecond).open()
	e, ch := p.ends[0].Endpoint, chanOf(ReliableOrdered)
	rnd, seen := rand.New(rand.NewPCG(3, 4)), map[uint64]bool{}
	var begin Begin
	pump := func() {
		for out, ok := nextPacket(e, p.now, begin); ok; out, ok = nextPacket(e, p.now, begin) {
			if seen[out.Number] {
				t.Fatalf("number %d is sent twice", out.Number)
			}
			seen[out.Number] = true
			p.ends[1].HandlePacket(p.now, Incoming{Number: out.Number, Frames: out.Packet})
		}
	}
	depth, sent, came := 0, 0, 0
	begin = func(Header) ([]byte, Envelope) {
		depth++
		switch rnd.IntN(8) {
		case 0:
			if depth < 4 {
				pump()
			}
		case 1:
			p.send(0, ch, message(sent, 300))
			sent++
		case 2:
			for b := p.ends[1].AppendDatagram(p.now, nil); len(b) > 0; b = p.ends[1].AppendDatagram(p.now, nil) {
				p.ends[0].HandleDatagram(p.now, b)
			}
		case 3:
			e.PathBusy(p.now, 0, false)
			e.Ping()
		}
		depth--
		return nil, Envelope{Busy: rnd.IntN(16) == 0}
	}
	for range 2000 {
		p.now += millisecond
		e.PathBusy(p.now, 0, false)
		e.HandleTimeout(p.now)
		e.Ping() // or begin is not asked
		pump()
		came += len(p.received(1, ch))
	}
	p.run(2 * time.Second)
	if came += len(p.received(1, ch)); came != sent || sent < 100 || !e.Open() {
		t.Errorf("%d of %d messages came", came, sent)
	}
	for _, end := range []func(){e.Release, func() { e.Close(p.now, CodeNone, "") }} {
		begin := func(Header) ([]byte, Envelope) { end(); return nil, Envelope{} }
		if out, ok := nextPacket(e, p.now, begin); ok && e.Done() {
			t.Errorf("an end that is over sends % x", out.Packet)
		}
	}
}

// TestEnvelopeOnTop: frames are appended to the head, which is left as it is, and packet, head and
// tail fill the datagram to the byte when there is more to say.
func TestEnvelopeOnTop(t *testing.T) {
	s := newScript(t, channels())
	if _, err := s.e.Send(chanOf(ReliableOrdered), make([]byte, 5000), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	head := bytes.Repeat([]byte{0xaa}, 33)
	out, ok := nextPacket(s.e, s.now, func(h Header) ([]byte, Envelope) {
		if h != (Header{NumberBytes: 2}) {
			t.Errorf("asked for %+v", h)
		}
		return head, Envelope{Tail: 17}
	})
	if !ok || len(out.Packet)+17 != 1200 || !bytes.Equal(out.Packet[:33], head) {
		t.Errorf("%d bytes of a datagram of 1200, with % x in front", len(out.Packet), out.Packet[:33])
	}
	framesOf(t, out.Packet[33:])
	if out.Path != 0 || out.To != 0 || out.Also != NoRoute {
		t.Errorf("path %d, to %d and %d", out.Path, out.To, out.Also)
	}
}
