package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestSizesAroundAPacket sends every length near the borders of one and two packets, and empty
// messages, whole and mixed with others.
func TestSizesAroundAPacket(t *testing.T) {
	for _, datagram := range []int{576, 1200} {
		eachDelivery(t, func(t *testing.T, d Delivery) {
			cfg := channels()
			cfg.MaxDatagramBytes = datagram
			p := newPair(t, cfg, time.Millisecond).open()
			p.links[0].drop = func(_ int, b []byte) bool {
				if len(b) > datagram {
					t.Errorf("a datagram of %d bytes", len(b))
				}
				return false
			}
			t.Logf("# datagrams of %d bytes", datagram)
			for _, around := range []int{20, 127, datagram, 2 * datagram, 3 * datagram} {
				for size := around - 20; size <= around+4; size++ {
					r := p.send(0, chanOf(d), message(size, max(size, 8))[:size])
					p.run(30 * time.Millisecond)
					got := p.received(1, chanOf(d))
					if len(got) != 1 || got[0] != string(message(size, max(size, 8))[:size]) {
						t.Fatalf("%d bytes: received %d messages", size, len(got))
					}
					if ev := p.fates(0)[r]; ev.Kind != Delivered {
						t.Fatalf("%d bytes: %v", size, ev.Kind)
					}
				}
			}
			t.Log("# the same with a small message in front, in one flush")
			for size := datagram - 60; !d.latest() && size <= datagram+4; size++ {
				p.send(0, chanOf(d), []byte("small"))
				p.send(0, chanOf(d), message(size, size))
				p.run(30 * time.Millisecond)
				got := p.received(1, chanOf(d))
				if len(got) != 2 || len(got[0])+len(got[1]) != size+5 {
					t.Fatalf("%d bytes: received %d messages", size, len(got))
				}
				p.fates(0)
			}
		})
	}
}

func TestEmptyMessages(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		p := newPair(t, channels(), time.Millisecond)
		p.links[0].loss = 0.2
		p.open()
		t.Log("# empty messages are messages: charged, received, receipted")
		came, fates := 0, 0
		for range 200 {
			p.send(0, chanOf(d), nil)
			p.run(20 * time.Millisecond)
			came += len(p.received(1, chanOf(d)))
			fates += len(p.fates(0))
		}
		p.run(5 * time.Second)
		came += len(p.received(1, chanOf(d)))
		fates += len(p.fates(0))
		if fates != 200 || came < 120 || d.Reliable() && d != ReliableLatest && came != 200 {
			t.Errorf("%d came, %d fates", came, fates)
		}
		r := p.ends[1].inbox.receiver(uint16(chanOf(d)))
		if d.Reliable() && (r.started != r.returned || r.started%messageCharge != 0 || r.started == 0) {
			t.Errorf("started %d, returned %d", r.started, r.returned)
		}
	})
}

func TestManyChannels(t *testing.T) {
	cfg := Config{}
	for id := 1; id <= 16383; id += 127 { // one and two bytes on the wire, with gaps
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(id), Delivery: Delivery(id % 5)})
	}
	cfg.Channels = append(cfg.Channels, ChannelConfig{ID: 127}, ChannelConfig{ID: 16382},
		ChannelConfig{ID: 16383, Delivery: ReliableOrdered, Name: "last"})
	p := newPair(t, cfg, 5*time.Millisecond).open()
	t.Logf("# %d channels with numbers up to 16383, a small and a large message on each", len(cfg.Channels))
	for _, size := range []int{10, 4000} {
		for i, ch := range cfg.Channels {
			p.send(0, ch.ID, message(i, size))
		}
		p.run(20 * time.Second)
		for i, ch := range cfg.Channels {
			if got := p.received(1, ch.ID); len(got) != 1 || number(got[0]) != i || len(got[0]) != size {
				t.Errorf("channel %d: %d messages", ch.ID, len(got))
			}
		}
	}
	if _, ok := p.ends[1].Receive(3); ok || p.ends[1].inbox.receiver(3) != nil {
		t.Error("a channel that is not there")
	}
}

// TestNoChannelStarves fills all channels at once, all of one weight: those with bulk share what
// the Latest ones, which have little to say, leave, and of these each value but the last ones comes.
func TestNoChannelStarves(t *testing.T) {
	cfg := channels()
	cfg.Congestion.MaxBytesPerSecond = 1_000_000
	p := newPair(t, cfg, 20*time.Millisecond).open()
	t.Log("# ten seconds of 1 MB/s: bulk on every channel, a new value of each Latest one every 10 ms")
	came := map[Delivery]int{}
	for range 1000 {
		for _, d := range deliveries {
			for p.ends[0].outbox.sender(uint16(chanOf(d))).queue.Len() < 20 {
				before := p.ends[0].outbox.sender(uint16(chanOf(d))).queue.Len()
				_, _ = p.ends[0].Send(chanOf(d), make([]byte, 1000), SendOptions{})
				if p.ends[0].outbox.sender(uint16(chanOf(d))).queue.Len() == before {
					break
				}
			}
		}
		p.run(10 * time.Millisecond)
		for _, d := range deliveries {
			came[d] += len(p.received(1, chanOf(d)))
		}
	}
	bulk := came[Unreliable] + came[ReliableUnordered] + came[ReliableOrdered]
	for _, d := range deliveries {
		want, slack := bulk/3, bulk/100
		if d.latest() {
			want, slack = 1000, 10 // of which some are under way at the end
		}
		if off := came[d] - want; off < -slack || off > slack {
			t.Errorf("%v: %d of %d", d, came[d], want)
		}
	}
}

// TestPacketsBecomeSmaller loses a message that went whole, and has smaller
// packets from then on: it goes on in fragments.
func TestPacketsBecomeSmaller(t *testing.T) {
	reliables(t, func(t *testing.T, d Delivery) {
		s := newScript(t, channels())
		want := message(3, 1000)
		if _, err := s.e.Send(chanOf(d), want, SendOptions{Receipt: true}); err != nil {
			t.Fatal(err)
		}
		if said := s.says(); count(said, wire.TypeRunLong) != 1 {
			t.Fatalf("%d frames", len(said))
		}
		t.Log("# nobody answers; the probe has room for 600 bytes only")
		peer := newScript(t, channels())
		for range 10 {
			s.now = max(s.now, s.e.Deadline())
			s.e.HandleTimeout(s.now)
			for {
				packet := s.packetIn(600)
				if len(packet) == 0 {
					break
				}
				peer.hears(packet)
			}
			s.hears(ack(1, s.nextNumber()-1))
		}
		peer.e.Update()
		if m, ok := peer.e.Receive(chanOf(d)); !ok || string(m.Bytes()) != string(want) {
			t.Fatal("it did not arrive")
		}
		s.e.Update()
		if ev, _ := s.e.NextEvent(); ev.Kind != Opened {
			t.Fatalf("%v", ev)
		}
		if ev, _ := s.e.NextEvent(); ev.Kind != Delivered {
			t.Errorf("its receipt reads %v", ev.Kind)
		}
	})
}

func TestPeerReadsSmallDatagrams(t *testing.T) {
	small := channels()
	small.MaxDatagramBytes = 600
	p := newPairOf(t, channels(), small, time.Millisecond, 1).open()
	t.Log("# the smaller of the two largest datagrams counts for both")
	for i := range p.links {
		p.links[i].drop = func(_ int, b []byte) bool {
			if len(b) > 600 {
				t.Errorf("end %d sends %d bytes", i, len(b))
			}
			return false
		}
		p.send(i, chanOf(ReliableOrdered), message(i, 5000))
	}
	p.run(time.Second)
	if len(p.received(0, chanOf(ReliableOrdered)))+len(p.received(1, chanOf(ReliableOrdered))) != 2 {
		t.Error("not received")
	}
}

// TestUnknownLengthGrowsByAQuarter: a message larger than any class of buffers, of which the beginning is
// missing, has no more memory than a quarter beyond what came, and is seldom copied.
func TestUnknownLengthGrowsByAQuarter(t *testing.T) {
	const most, piece = 4 << 20, 1000
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered, MaxMessageBytes: most, WindowBytes: most + 100}}})
	for at := piece; at+piece <= 3<<20; at += piece {
		s.hears(fragment(1, 0, at, 0, make([]byte, piece)))
		if st := s.e.cfg.Buffers.Stats(); at > 2<<20 && st.BytesInUse > (at+piece)*5/4 {
			t.Fatalf("%d bytes came, %d are in use", at+piece, st.BytesInUse)
		}
	}
	if n := s.e.cfg.Buffers.Stats().Fetched; n > 40 || !s.e.Open() {
		t.Errorf("%d buffers, one after the other; open %v", n, s.e.Open())
	}
}
