package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestReorderingKeepsTheRate: packets that overtake each other are taken for lost at first, and
// no longer when late acks have shown what the path does.
func TestReorderingKeepsTheRate(t *testing.T) {
	for _, jitter := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		cfg := channels()
		cfg.Congestion.MaxBytesPerSecond = 16 << 20
		p := newPair(t, cfg, 20*time.Millisecond).open()
		p.links[0].jitter = jitter
		t.Logf("# bulk over a link that loses nothing, where each packet comes up to %v later", jitter)
		const took = 3 * time.Second
		received := 0
		for end := p.now + int64(took); p.now < end; p.run(time.Millisecond) {
			for p.ends[0].Stats().QueuedBytes < 1<<20 {
				p.send(0, chanOf(ReliableUnordered), make([]byte, 32<<10))
			}
			for _, m := range p.received(1, chanOf(ReliableUnordered)) {
				received += len(m)
			}
			p.events(0)
		}
		st := p.ends[0].Stats()
		t.Logf("# %.1f MB/s, %d of %d packets taken for lost", float64(received)/took.Seconds()/1e6,
			st.PacketsLost, st.PacketsSent)
		if received < int(took.Seconds()*5e6) {
			t.Errorf("%d bytes in %v", received, took)
		}
		if st.PacketsLost*200 > st.PacketsSent {
			t.Errorf("%d of %d packets taken for lost, on a link that loses none", st.PacketsLost, st.PacketsSent)
		}
	}
}

func TestReorderingForgets(t *testing.T) {
	var r reordering
	if !r.tolerates(packetThreshold-1) || r.tolerates(packetThreshold) {
		t.Error("three packets behind are not a loss")
	}
	r.mistaken(5*millisecond, 20*millisecond)
	if !r.tolerates(1<<20) || r.slack != 5*millisecond {
		t.Errorf("a packet that was 5 ms late taught %+v", r)
	}
	r.mistaken(-millisecond, 20*millisecond)
	if r.slack != 5*millisecond {
		t.Errorf("one that came earlier taught %+v", r)
	}
	r.mistaken(50*millisecond, 20*millisecond)
	if r.slack != 20*millisecond {
		t.Errorf("tolerance %+v: want the most that was seen, a round trip at most", r)
	}
	t.Log("# losses that stay losses take the tolerance back: half of it with each sixteen")
	for range 4 * calmLosses {
		r.declared()
	}
	if r.slack != 20*millisecond/16 || !r.seen {
		t.Errorf("tolerance %+v after 64 losses", r)
	}
	for range 12 * calmLosses {
		r.declared()
	}
	if r != (reordering{}) {
		t.Errorf("tolerance %+v after 256 losses", r)
	}
}

// TestSpuriousLossIsTakenBack: one packet of a transfer comes a tenth of a second late. It is taken
// for lost, the window falls; its ack comes, and the window is what it was, or more.
func TestSpuriousLossIsTakenBack(t *testing.T) {
	aimd := NewAIMD(AIMDConfig{MaxBytesPerSecond: 2_000_000})
	cfg := channels()
	cfg.Controller = func() Controller { return aimd }
	p := newPair(t, cfg, 20*time.Millisecond).open()
	late := p.links[0].sent + 200
	p.links[0].drop = func(n int, b []byte) bool {
		if n == late {
			p.links[0].put(flight{at: p.now + int64(120*time.Millisecond), seq: n, b: p.links[0].copyOf(b)})
		}
		return n == late
	}
	before, fell := 0, false
	for p.ends[0].Stats().PacketsSpurious == 0 {
		for p.ends[0].Stats().QueuedBytes < 1<<20 {
			p.send(0, chanOf(ReliableUnordered), make([]byte, 32<<10))
		}
		if p.run(time.Millisecond); p.links[0].sent > late && before == 0 {
			before = aimd.window
		}
		fell = fell || before > 0 && aimd.window < before
		p.received(1, chanOf(ReliableUnordered))
		p.events(0)
		if p.now > 10*second {
			t.Fatalf("%d packets sent, the late one is number %d, and %+v", p.links[0].sent, late, p.ends[0].Stats())
		}
	}
	if !fell || aimd.window < before {
		t.Errorf("window %d, %d before the packet was late; fell: %v", aimd.window, before, fell)
	}
}

// TestAIMDSpurious: a reduction for losses that were none does not last.
func TestAIMDSpurious(t *testing.T) {
	c := NewAIMD(AIMDConfig{})
	c.window = 100 * packetBytes
	c.Lost(100, LossSample{Packets: 2, SentAt: 50})
	c.Lost(110, LossSample{Packets: 1, SentAt: 60})
	c.Spurious(120, LossSample{Packets: 2, SentAt: 50})
	if c.window != 70*packetBytes {
		t.Errorf("window %d while one packet of three is lost", c.window)
	}
	c.Spurious(130, LossSample{Packets: 1, SentAt: 60})
	if c.window != 100*packetBytes {
		t.Errorf("window %d after all came", c.window)
	}
	t.Log("# what is taken back once is not taken back again")
	c.window = 10 * packetBytes
	c.Spurious(140, LossSample{Packets: 1, SentAt: 60})
	if c.window != 10*packetBytes {
		t.Errorf("window %d", c.window)
	}
}

// TestCrumbs: a peer that cuts a message into single bytes, none beside another, finds no
// memory for them; whoever cuts for packets never gets near the limit.
func TestCrumbs(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		const size = 60_000
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, MaxMessageBytes: size, WindowBytes: 1 << 20}}}
		s := newScript(t, cfg)
		t.Log("# every second byte from the top down")
		for at := size - 2; at > 0; at -= 2 {
			s.hears(fragment(1, 0, at, size, []byte("x")))
		}
		p := s.e.inbox.receiver(1).partial(&head{})
		if p == nil || p.have.Len() > 64+size/512 {
			t.Fatalf("%d ranges", p.have.Len())
		}
		if dropped := s.e.Stats().Dropped[DropScattered]; (dropped > 0) != d.Reliable() {
			t.Errorf("%d packets dropped", dropped)
		}
		t.Log("# bytes that border on others still come, and the message ends")
		for at := 0; at < size; at += 1000 {
			s.hears(fragment(1, 0, at, size, make([]byte, 1000)))
		}
		s.e.Update()
		if m, ok := s.e.Receive(1); !ok || m.Len() != size {
			t.Error("the message is not whole")
		}
	})
}

// TestLateAck: what comes late, below the 32 ranges that an ACK holds, is acknowledged all the
// same.
func TestLateAck(t *testing.T) {
	s := newScript(t, channels())
	t.Log("# every second packet of two hundred comes, then one of the first that were missing")
	for n := uint64(0); n < 200; n += 2 {
		s.number = n
		s.hears([]byte{wire.TypePing})
	}
	s.says()
	s.number = 11
	s.hears([]byte{wire.TypePing})
	acked := map[uint64]bool{}
	acks := 0
	for _, f := range s.says() {
		var a wire.Ack
		if wire.ConsumeAck(f, &a) < 0 {
			continue
		}
		acks++
		for _, r := range a.Ranges {
			for d := r.Newest; d <= r.Oldest; d++ {
				acked[a.Largest-d] = true
			}
		}
	}
	if acks != 2 || !acked[11] || !acked[10] || !acked[12] || acked[13] || !acked[198] {
		t.Errorf("%d ACKs of %v", acks, acked)
	}
	t.Log("# once is enough")
	s.number = 200
	s.hears([]byte{wire.TypePing})
	s.number = 202
	s.hears([]byte{wire.TypePing})
	if said := s.says(); len(said) != 1 {
		t.Errorf("%d frames", len(said))
	}
}

// TestReorderingBesideLosses: what a path has shown is not forgotten for a few packets that are really
// lost; nor does a loss wait for long where packets overtake each other.
func TestReorderingBesideLosses(t *testing.T) {
	cfg := channels()
	cfg.Congestion.MaxBytesPerSecond = 4 << 20
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.links[0].jitter, p.links[0].loss = 5*time.Millisecond, 0.02
	for range 3000 {
		for p.ends[0].Stats().QueuedBytes < 1<<18 {
			p.send(0, chanOf(ReliableUnordered), make([]byte, 32<<10))
		}
		p.run(time.Millisecond)
		p.received(1, chanOf(ReliableUnordered))
		p.events(0)
	}
	st, path := p.ends[0].Stats(), p.ends[0].path(0)
	t.Logf("# %d packets, %d taken for lost, %d of them were not", st.PacketsSent, st.PacketsLost, st.PacketsSpurious)
	if st.PacketsSpurious*500 > st.PacketsSent || st.PacketsLost*30 > st.PacketsSent {
		t.Errorf("%d of %d packets taken for lost, %d of them wrongly", st.PacketsLost, st.PacketsSent, st.PacketsSpurious)
	}
	if most := int64(60 * time.Millisecond); path.lossDelay() > most {
		t.Errorf("a loss is declared after %v", time.Duration(path.lossDelay()))
	}
}

// TestNumbersTellNoMore: after a packet that was taken for lost came all the same another one is not lost
// because many later ones were acknowledged, but when it is time; and the time is what would have spared
// the first.
func TestNumbersTellNoMore(t *testing.T) {
	s := settled(t, unrepaired(channels()))
	order := &s.e.path(0).loss.order
	behind := func() (n uint64, sent int64) {
		n, sent = s.speak(t, chanOf(Unreliable)), s.now
		for range 9 {
			s.speak(t, chanOf(Unreliable))
		}
		s.now += 100 * milli
		s.hears(ack(n+1, n+9))
		return n, sent
	}
	late, sent := behind()
	if n := s.e.Stats().PacketsLost; n != 1 {
		t.Fatalf("%d lost, nine behind", n)
	}
	t.Log("# it comes after 130 ms, the round trip takes 100: 112.5 were allowed")
	s.now = sent + 130*milli
	s.hears(ack(late, late))
	if !order.seen || order.slack < 17*milli || order.slack > 18*milli {
		t.Fatalf("%+v", order)
	}
	t.Log("# the next one has as long")
	late, sent = behind()
	s.wait(sent + 129*milli)
	if n := s.e.Stats().PacketsLost; n != 1 {
		t.Fatalf("%d lost before that", n-1)
	}
	s.wait(sent + 131*milli)
	if st := s.e.Stats(); st.PacketsLost != 2 || st.PacketsSpurious != 1 {
		t.Fatalf("%d lost after that", st.PacketsLost-1)
	}
	t.Log("# and if it is still later the time grows to that, not by what it was beyond")
	s.now = sent + 140*milli
	s.hears(ack(late, late))
	if order.slack < 27*milli || order.slack > 28*milli {
		t.Errorf("%+v", order)
	}
}
