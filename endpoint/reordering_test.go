package endpoint

import (
	"testing"
	"time"
)

// TestReorderingKeepsTheRate: packets that overtake each other are taken for lost at first, and
// no longer when late acks have shown what the path does.
func TestReorderingKeepsTheRate(t *testing.T) {
	for _, jitter := range []time.Duration{time.Millisecond, 5 * time.Millisecond} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
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
		if st.PacketsLost*10 > st.PacketsSent {
			t.Errorf("%d of %d packets taken for lost, on a link that loses none", st.PacketsLost, st.PacketsSent)
		}
	}
}

func TestReorderingForgets(t *testing.T) {
	var r reordering
	r.mistaken(40, 5*timerUnit, 20*timerUnit)
	if r.gap() != 41 || r.slack != 5*timerUnit {
		t.Errorf("a packet 40 behind and 5 ms late taught %d packets, %d ns", r.gap(), r.slack)
	}
	r.mistaken(5, 50*timerUnit, 20*timerUnit)
	if r.gap() != 41 || r.slack != 20*timerUnit {
		t.Errorf("tolerance %d packets, %d ns: want the largest seen, a round trip at most", r.gap(), r.slack)
	}
	r.mistaken(1<<20, 0, 20*timerUnit)
	if r.gap() != packetThreshold+maxReordering {
		t.Errorf("tolerance %d packets", r.gap())
	}
	t.Log("# losses that stay losses take the tolerance back")
	for range 20 * calmLosses {
		r.declared()
	}
	if r.gap() != packetThreshold || r.slack > 1000 {
		t.Errorf("tolerance %d packets, %d ns after many losses", r.gap(), r.slack)
	}
}

// TestSpuriousLossIsTakenBack: a reduction for losses that were none does not last.
func TestSpuriousLossIsTakenBack(t *testing.T) {
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
		p := s.e.receiver(1).partial(&head{})
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
