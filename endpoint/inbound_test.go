package endpoint

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// limited is a configuration with one channel of each delivery and limits of all kinds.
func limited(l Limits, each ChannelLimits) Config {
	cfg := channels()
	cfg.Inbound, cfg.Timeout = l, time.Hour
	for i := range cfg.Channels {
		cfg.Channels[i].Inbound = each
	}
	return cfg
}

var eachLimit = map[string]Config{
	"packets":             limited(Limits{PacketsPerSecond: 50}, ChannelLimits{}),
	"bytes":               limited(Limits{BytesPerSecond: 30_000}, ChannelLimits{}),
	"messages":            limited(Limits{MessagesPerSecond: 100}, ChannelLimits{}),
	"bytes of channels":   limited(Limits{}, ChannelLimits{BytesPerSecond: 10_000}),
	"messages of channel": limited(Limits{}, ChannelLimits{MessagesPerSecond: 30}),
	"all":                 limited(Limits{60, 60_000, 200}, ChannelLimits{20_000, 60}),
	"very small":          limited(Limits{leastPackets, leastBytes, 1}, ChannelLimits{1, 1}),
}

// flood fills the queues of an end, with small messages and large ones.
func (p *pair) flood(end int) {
	for _, d := range deliveries {
		for i := 0; p.ends[end].ChannelStats(chanOf(d)).QueuedMessages < 20 && i < 20; i++ {
			size := 30
			if i%10 == 9 {
				size = 3000
			}
			_, _ = p.ends[end].Send(chanOf(d), make([]byte, size), SendOptions{})
		}
	}
}

// TestHonestPeerKeepsLimits floods an end that states limits, over lines that do what lines do:
// nothing is dropped for being too fast, and at least two thirds of what is allowed comes.
func TestHonestPeerKeepsLimits(t *testing.T) {
	for name, cfg := range eachLimit {
		t.Run(name, func(t *testing.T) {
			a := channels()
			a.Timeout = time.Hour
			p := newPairOf(t, a, cfg, 10*time.Millisecond, 3).open()
			p.links[0].loss, p.links[1].loss = 0.1, 0.2
			p.links[0].dup, p.links[0].jitter = 0.5, 30*time.Millisecond
			for i := range 300 {
				p.flood(0)
				p.run(100 * time.Millisecond)
				p.takeAll(1)
				if i == 100 {
					p.now += 60 * second // both clocks jump
				}
			}
			b := p.ends[1].Stats()
			if !p.ends[1].Open() || b.MessagesTooFast > 0 {
				t.Fatalf("open %v, %d messages were too fast", p.ends[1].Open(), b.MessagesTooFast)
			}
			l, seconds := cfg.Inbound, 30
			sent := p.ends[0].Stats()
			if most := uint64(l.BytesPerSecond * seconds); most > 0 && sent.BytesSent > most*11/10+10_000 {
				t.Errorf("%d bytes in %d s", sent.BytesSent, seconds)
			}
			if name == "packets" && (sent.PacketsSent < 50*30*2/3 || sent.PacketsSent > 50*30*5/4) {
				t.Errorf("%d packets", sent.PacketsSent)
			}
			if name == "messages" && b.MessagesReceived < 100*30/2 {
				t.Errorf("%d messages", b.MessagesReceived)
			}
			if name == "bytes" && b.BytesReceived < 30_000*30/2 {
				t.Errorf("%d bytes", b.BytesReceived)
			}
			p.settleLater()
		})
	}
}

// takeAll receives everything and reads all events.
func (p *pair) takeAll(end int) (messages int) {
	for _, d := range deliveries {
		messages += len(p.received(end, chanOf(d)))
	}
	p.events(end)
	return messages
}

// settleLater stops spinning: an end that waits for a limit says until when.
func (p *pair) settleLater() {
	p.t.Helper()
	p.flush()
	if at := p.ends[0].Deadline(); at <= p.now {
		p.t.Errorf("the deadline is %v ago", time.Duration(p.now-at))
	}
}

// TestHeldUpPeerIsForgiven holds all packets up for a long time, as a line does whose radio is
// gone, and delivers them together.
func TestHeldUpPeerIsForgiven(t *testing.T) {
	for name, cfg := range eachLimit {
		for _, held := range []time.Duration{time.Second, 5 * time.Second, 15 * time.Second} {
			a := channels()
			a.Timeout = time.Hour
			a.Controller = func() Controller { return fixedRate(1 << 20) } // which sends on without acks
			p := newPairOf(t, a, cfg, 10*time.Millisecond, 4).open()
			for range 10 {
				p.links[0].delay = held
				for range int(held/(100*time.Millisecond)) + 1 {
					p.flood(0)
					p.run(100 * time.Millisecond)
				}
				p.links[0].delay = 10 * time.Millisecond
				for i := range p.links[0].flight {
					p.links[0].flight[i].at = p.now // in their order
				}
				for range 20 {
					p.flood(0)
					p.run(100 * time.Millisecond)
					p.takeAll(1)
				}
			}
			if !p.ends[1].Open() {
				t.Errorf("%s, held up for %v: the connection is closed", name, held)
			}
		}
	}
}

// A cheat is a message of an unreliable and one of a reliable channel in frames, n of each.
func cheat(first uint64, n, size int) []byte {
	messages := make([]string, n)
	for i := range messages {
		messages[i] = strings.Repeat("x", size)
	}
	free := wire.Run{Channel: uint16(chanOf(Unreliable)), Count: n}
	b := wire.AppendRun(nil, &free)
	for _, m := range messages {
		b = wire.AppendBytes(b, []byte(m))
	}
	return append(b, run(chanOf(ReliableUnordered), first, messages...)...)
}

// TestTooFast has a peer send a multiple of a limit. Up to twice of it only unreliable messages
// are dropped; far beyond, the connection ends after about a second.
func TestTooFast(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  Config
		rate int // packets a second at the limit
		n    int // messages of each kind in a packet
		size int
	}{
		{"packets", limited(Limits{PacketsPerSecond: 50}, ChannelLimits{}), 50, 1, 10},
		{"bytes", limited(Limits{BytesPerSecond: 30_000}, ChannelLimits{}), 50, 1, 270},
		{"messages", limited(Limits{MessagesPerSecond: 200}, ChannelLimits{}), 50, 2, 10},
		{"bytes of a channel", limited(Limits{}, ChannelLimits{BytesPerSecond: 10_000}), 50, 1, 195},
		{"messages of a channel", limited(Limits{}, ChannelLimits{MessagesPerSecond: 100}), 50, 2, 10},
	} {
		for _, times := range []float64{0.9, 1.7, 4} {
			t.Run(fmt.Sprintf("%s×%v", c.name, times), func(t *testing.T) {
				s := newScript(t, c.cfg)
				first, came, sent := uint64(0), 0, 0
				began := s.now
				for s.e.Open() && s.now < began+8*second {
					s.hears(cheat(first, c.n, c.size))
					first, sent = first+uint64(c.n), sent+c.n
					s.wait(s.now + int64(second/(float64(c.rate)*times)))
					s.e.Update()
					for _, ok := s.e.Receive(chanOf(ReliableUnordered)); ok; _, ok = s.e.Receive(chanOf(ReliableUnordered)) {
						came++
					}
				}
				dropped, took := s.e.Stats().MessagesTooFast, time.Duration(s.now-began)
				switch {
				case times < 1 && (dropped > 0 || !s.e.Open()):
					t.Errorf("open %v, %d messages dropped", s.e.Open(), dropped)
				case times > 1 && times < 2 && (dropped == 0 || !s.e.Open() || came != sent):
					t.Errorf("open %v, %d messages dropped, %d of %d reliable ones came", s.e.Open(), dropped, came, sent)
				case times > 2 && (s.e.Open() || took < 500*time.Millisecond || took > 2*time.Second):
					t.Errorf("open %v after %v", s.e.Open(), took)
				case times > 2:
					if code := s.closed(); code != CodeTooFast {
						t.Errorf("closed with %v", code)
					}
				}
			})
		}
	}
}

// TestPiecesCount: messages in pieces count as messages once, and with all bytes of all pieces.
func TestPiecesCount(t *testing.T) {
	for limit, most := range map[ChannelLimits]uint64{
		{BytesPerSecond: 10_000}: 25, // 500 bytes each, with frames, for a second and what may come at once
		{MessagesPerSecond: 100}: 130,
	} {
		s := newScript(t, limited(Limits{}, limit))
		for id := range uint64(200) {
			s.hears(fragment(chanOf(Unreliable), id, 0, 500, make([]byte, 250)), fragment(chanOf(Unreliable), id, 250, 0, make([]byte, 250)))
		}
		s.e.Update()
		came := uint64(0)
		for _, ok := s.e.Receive(chanOf(Unreliable)); ok; _, ok = s.e.Receive(chanOf(Unreliable)) {
			came++
		}
		if st := s.e.Stats(); st.MessagesTooFast == 0 || came > most || came < most/2 {
			t.Errorf("%+v: %d messages came, %d pieces were dropped", limit, came, st.MessagesTooFast)
		}
	}
}

// TestRepeatedPacketsCostNothing: the network may repeat what it likes.
func TestRepeatedPacketsCostNothing(t *testing.T) {
	s := newScript(t, limited(Limits{leastPackets, leastBytes, 1}, ChannelLimits{1, 1}))
	packet := run(chanOf(ReliableUnordered), 0, "once")
	for range 10_000 {
		s.e.HandlePacket(s.now, Incoming{Frames: packet})
	}
	if st := s.e.Stats(); !s.e.Open() || st.Dropped[DropDuplicate] != 9999 {
		t.Errorf("open %v, %+v", s.e.Open(), st)
	}
}

// TestAcksAlone: acknowledgements are free for who has something to acknowledge, and a flood of
// packets that mean nothing is a flood.
func TestAcksAlone(t *testing.T) {
	cfg := limited(Limits{PacketsPerSecond: leastPackets, BytesPerSecond: leastBytes}, ChannelLimits{})
	p := newPairOf(t, cfg, channels(), 5*time.Millisecond, 5).open()
	t.Log("# one side sends in bulk, the other one acknowledges, far more often than it may send")
	for range 500 {
		p.flood(0)
		p.run(10 * time.Millisecond)
		p.takeAll(1)
	}
	if n := p.ends[1].Stats().PacketsSent; !p.ends[0].Open() || n < 500 {
		t.Errorf("open %v after %d packets of acks", p.ends[0].Open(), n)
	}
	t.Log("# a peer that sends empty packets without end is too fast")
	s := newScript(t, cfg)
	for range 1000 {
		s.hears()
	}
	if code := s.closed(); code != CodeTooFast {
		t.Errorf("closed with %v", code)
	}
}

// TestAcksAreNotSavedUp: who plays honestly for an hour has as many packets for nothing as the last
// twenty seconds gave reason for, and none of padding.
func TestAcksAreNotSavedUp(t *testing.T) {
	limits := Limits{PacketsPerSecond: 100, BytesPerSecond: 100 << 10}
	flood := func(packet []byte) (came int) {
		s := newScript(t, limited(limits, ChannelLimits{}))
		for range 3600 * 60 {
			s.now += second / 60
			s.hears([]byte{wire.TypePing})
		}
		for ; s.e.Open() && came < 100_000; came++ {
			s.hears(packet)
		}
		if code := s.closed(); code != CodeTooFast {
			t.Errorf("closed with %v", code)
		}
		return came
	}
	if n := flood(nil); n > 3*bankLife/second*60+2*forgivenTimes*limits.PacketsPerSecond {
		t.Errorf("%d packets of nothing came at once", n)
	}
	if n := flood(make([]byte, 1150)); n*1150 > 3*forgivenTimes*limits.BytesPerSecond {
		t.Errorf("%d packets of padding came at once", n)
	}
}

// TestProbesKeepLimits: what is lost is asked for again, and a limit far below that is no reason
// to fall silent, or to be too fast.
func TestProbesKeepLimits(t *testing.T) {
	for _, cfg := range []Config{
		limited(Limits{leastPackets, leastBytes, 1}, ChannelLimits{200, 1}),
		limited(Limits{BytesPerSecond: leastBytes}, ChannelLimits{}),
		limited(Limits{}, ChannelLimits{BytesPerSecond: 200}),
	} {
		a := channels()
		a.Timeout = time.Hour
		p := newPairOf(t, a, cfg, time.Millisecond, 6).open()
		p.run(100 * time.Millisecond)
		p.links[1].cut = true // acks are lost, what is sent arrives
		before := p.ends[0].Stats().BytesSent
		for i := range 100 {
			if cfg.Inbound == (Limits{}) { // all probes are of one channel
				_, _ = p.ends[0].Send(chanOf(ReliableUnordered), make([]byte, 1000), SendOptions{})
			} else {
				p.flood(0)
			}
			p.run(200 * time.Millisecond)
			if sent := p.ends[0].Stats().BytesSent - before; i == 4 && sent > 5*(1250+200)+1000 {
				t.Errorf("%d bytes in the first second", sent)
			}
		}
		p.links[1].cut = false
		r := p.send(0, chanOf(ReliableUnordered), []byte("x"))
		if !p.runUntil(10*time.Minute, func() bool { p.takeAll(1); return p.fates(0)[r].Kind == Delivered }) || !p.ends[1].Open() {
			t.Errorf("open %v", p.ends[1].Open())
		}
	}
}

// TestLimitsMustFitHello states as many limits as there is room for, and one more.
func TestLimitsMustFitHello(t *testing.T) {
	cfg := Config{}
	for i := range 200 {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(i + 1), Inbound: ChannelLimits{MessagesPerSecond: 100 + i/100}})
	}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "of HELLO") {
		t.Errorf("200 channels with limits: %v", err)
	}
	cfg.Channels = cfg.Channels[:110]
	e, err := New(0, cfg)
	if err != nil {
		t.Fatal(err)
	}
	peer, _ := New(0, cfg)
	if err := peer.HandleHello(0, e.AppendHello(0, nil)); err != nil {
		t.Fatal(err)
	}
	for i := range cfg.Channels {
		if got, want := peer.outbox.sender(uint16(i+1)).turn.count.rate, 100+i/100; got != want {
			t.Errorf("channel %d: the peer keeps to %d, not %d", i+1, got, want)
		}
	}
}

// TestOptionsArePartOfVersion1: who cannot read them is told before it has to.
func TestOptionsArePartOfVersion1(t *testing.T) {
	e, _ := New(0, Config{Handshake: true})
	h, _ := wire.ConsumeHello(e.AppendHello(0, nil))
	h.Capabilities = 0
	err := e.HandleHello(0, wire.AppendHello(nil, &h))
	if err == nil || !strings.Contains(err.Error(), "options") || err.(*MismatchError).Code != CodeVersion {
		t.Errorf("a peer without options: %v", err)
	}
}

// TestBankForgets: what a peer may do for nothing is his for one to two lives of the bank, and what he earns
// since counts anew.
func TestBankForgets(t *testing.T) {
	var b bank
	took := func(now int64) (n int) {
		for b.spend(now) {
			n++
		}
		return n
	}
	for range 3 {
		b.earn(0)
	}
	if b.pass(2*bankLife - 1); b.free != 3 {
		t.Errorf("%d are left of three within two lives", b.free)
	}
	if n := took(3*bankLife - 2); n != 3 { // the second one began late
		t.Errorf("%d are left of three", n)
	}
	b = bank{}
	b.earn(0)
	b.pass(bankLife)
	if n := took(2 * bankLife); n != 0 {
		t.Errorf("%d are left after two lives", n)
	}
	for range 2 {
		b.earn(4 * bankLife)
	}
	if n := took(4*bankLife + 1); n != 2 {
		t.Errorf("%d of two that were just earned", n)
	}
}

// TestLeastLimitIsOne: one a second of anything is a limit.
func TestLeastLimitIsOne(t *testing.T) {
	for _, l := range []Limits{{PacketsPerSecond: 1}, {BytesPerSecond: 1}, {MessagesPerSecond: 1}} {
		if newInbound(0, &Config{Inbound: l}) == nil {
			t.Errorf("%+v limits nothing", l)
		}
	}
	if newInbound(0, &Config{}) != nil {
		t.Error("nothing is a limit")
	}
}
