package endpoint

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// The ends of what is allowed: the last that is good, and the first that is not.

// TestDefaultsAreAsDocumented: what zeros in a configuration stand for.
func TestDefaultsAreAsDocumented(t *testing.T) {
	c := Config{}.withDefaults()
	if c.Timeout != 10*time.Second || c.KeepFor != 0 || c.AckHold != 20*time.Millisecond || c.MaxHold != time.Minute ||
		c.MaxDatagramBytes != 1200 || c.PacketOverheadBytes != 51 || c.MaxReceipts != 16384 || c.MaxPaths != 4 || c.Pool.limit != 64<<20 {
		t.Errorf("%+v", c)
	}
	off := Config{Timeout: -1, AckHold: -1, MaxHold: -1, MaxDatagramBytes: -1, PacketOverheadBytes: -1, MaxReceipts: -1, KeepFor: -1}.withDefaults()
	if off.Timeout < 100*365*24*time.Hour || off.AckHold != 0 || off.MaxHold != 0 || off.MaxDatagramBytes != 1200 ||
		off.PacketOverheadBytes != 0 || off.MaxReceipts != 0 || off.KeepFor != 0 {
		t.Errorf("off: %+v", off)
	}
	if c := (Config{MaxHold: 1999 * time.Millisecond}).withDefaults(); c.MaxHold != time.Second {
		t.Errorf("a hold of 1.999 s becomes %v", c.MaxHold)
	}
	for _, d := range deliveries {
		got := ChannelConfig{Delivery: d}.withDefaults()
		want := ChannelConfig{Delivery: d, MaxMessageBytes: 64 << 10, MaxQueuedBytes: 256 << 10, Full: DropOldest, Repair: RepairOff, WindowBytes: 256 << 10}
		if d.Reliable() {
			want = ChannelConfig{Delivery: d, MaxMessageBytes: 1 << 20, MaxQueuedBytes: 4 << 20, Full: Refuse, Repair: RepairAuto, WindowBytes: 64 << 10}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, want %+v", d, got, want)
		}
		large := ChannelConfig{Delivery: d, MaxMessageBytes: 3 << 20}.withDefaults()
		queued, window := 3<<20+32, 2*(3<<20+32)
		if d.Reliable() {
			queued, window = 6<<20, 64<<10
		}
		if large.MaxQueuedBytes != queued || large.WindowBytes != window {
			t.Errorf("%v, of 3 MiB: queue %d, window %d", d, large.MaxQueuedBytes, large.WindowBytes)
		}
	}
}

// TestConfigBounds: each number of a configuration, at its ends and one beyond.
func TestConfigBounds(t *testing.T) {
	channel := func(c ChannelConfig) Config { c.ID = max(c.ID, 1); return Config{Channels: []ChannelConfig{c}} }
	congestion := func(c CongestionConfig) Config { return Config{Congestion: c} }
	reliable := ChannelConfig{Delivery: ReliableOrdered}
	for name, c := range map[string]struct{ good, bad []Config }{
		"AckHold": {[]Config{{AckHold: 250 * time.Millisecond}}, []Config{{AckHold: 250*time.Millisecond + 1}}},
		"MaxHold": {[]Config{{MaxHold: time.Second}, {MaxHold: 65535 * time.Second}},
			[]Config{{MaxHold: time.Second - 1}, {MaxHold: 65535*time.Second + 1}}},
		"datagrams": {[]Config{{MaxDatagramBytes: 576}, {MaxDatagramBytes: 65507}}, []Config{{MaxDatagramBytes: 575}, {MaxDatagramBytes: 65508}}},
		"overhead":  {[]Config{{PacketOverheadBytes: 1024}}, []Config{{PacketOverheadBytes: 1025}}},
		"paths":     {[]Config{{MaxPaths: 8}, {MaxPaths: -1}}, []Config{{MaxPaths: 9}}},
		"weight of a path": {[]Config{{Path: PathConfig{Weight: 1}}, {Path: PathConfig{Weight: 255}}},
			[]Config{{Path: PathConfig{Weight: -1}}, {Path: PathConfig{Weight: 256}}}},
		"inbound": {[]Config{{Inbound: Limits{PacketsPerSecond: leastPackets, BytesPerSecond: leastBytes, MessagesPerSecond: 1}},
			{Inbound: Limits{PacketsPerSecond: 1 << 28, BytesPerSecond: 1 << 28, MessagesPerSecond: 1 << 28}}},
			[]Config{{Inbound: Limits{PacketsPerSecond: leastPackets - 1}}, {Inbound: Limits{BytesPerSecond: leastBytes - 1}},
				{Inbound: Limits{MessagesPerSecond: 1<<28 + 1}}}},
		"congestion": {[]Config{congestion(CongestionConfig{MaxBytesPerSecond: 1 << 30}), congestion(CongestionConfig{MinBytesPerSecond: 1 << 30}),
			congestion(CongestionConfig{MinBytesPerSecond: 5, MaxBytesPerSecond: 5}), congestion(CongestionConfig{Kind: CongestionOff}),
			congestion(CongestionConfig{Kind: CongestionFixed, BytesPerSecond: 1}), congestion(CongestionConfig{Kind: CongestionFixed, BytesPerSecond: 1 << 30})},
			[]Config{congestion(CongestionConfig{MaxBytesPerSecond: 1<<30 + 1}), congestion(CongestionConfig{MinBytesPerSecond: 1<<30 + 1}),
				congestion(CongestionConfig{MinBytesPerSecond: 6, MaxBytesPerSecond: 5}), congestion(CongestionConfig{Kind: CongestionOff + 1}),
				congestion(CongestionConfig{Kind: CongestionFixed, BytesPerSecond: 1<<30 + 1}), congestion(CongestionConfig{BytesPerSecond: 1})}},
		"id":             {[]Config{channel(ChannelConfig{ID: 1}), channel(ChannelConfig{ID: 16383})}, []Config{channel(ChannelConfig{ID: 16384})}},
		"message":        {[]Config{channel(ChannelConfig{MaxMessageBytes: 256 << 20})}, []Config{channel(ChannelConfig{MaxMessageBytes: 256<<20 + 1})}},
		"queue":          {[]Config{channel(ChannelConfig{MaxMessageBytes: 100, MaxQueuedBytes: 132})}, []Config{channel(ChannelConfig{MaxMessageBytes: 100, MaxQueuedBytes: 131})}},
		"weight":         {[]Config{channel(ChannelConfig{Weight: 65536})}, []Config{channel(ChannelConfig{Weight: 65537}), channel(ChannelConfig{Weight: -1})}},
		"bytes a second": {[]Config{channel(ChannelConfig{BytesPerSecond: 1 << 30})}, []Config{channel(ChannelConfig{BytesPerSecond: 1<<30 + 1})}},
		"window": {[]Config{channel(with(reliable, 1024)), channel(with(reliable, 1<<30)), channel(ChannelConfig{MaxMessageBytes: 2000, WindowBytes: 2032})},
			[]Config{channel(with(reliable, 1023)), channel(with(reliable, 1<<30+1)), channel(ChannelConfig{MaxMessageBytes: 2000, WindowBytes: 2031})}},
		"inbound of a channel": {[]Config{channel(ChannelConfig{Inbound: ChannelLimits{1, 1}}), channel(ChannelConfig{Inbound: ChannelLimits{1 << 28, 1 << 28}})},
			[]Config{channel(ChannelConfig{Inbound: ChannelLimits{BytesPerSecond: 1<<28 + 1}})}},
		"channels": {nil, []Config{{Channels: make([]ChannelConfig, 1025)}}},
	} {
		for i, good := range c.good {
			if err := good.Validate(); err != nil {
				t.Errorf("%s, good %d: %v", name, i, err)
			}
		}
		for i, bad := range c.bad {
			if bad.Validate() == nil {
				t.Errorf("%s, bad %d is fine", name, i)
			}
		}
	}
}

// with is a channel with another window.
func with(c ChannelConfig, window int) ChannelConfig {
	c.WindowBytes = window
	return c
}

// TestAcksGoWide: the largest number of an ACK has two bytes until it is 2^14 above the largest that the
// peer knows to be acknowledged, and four from there on (SPEC.md, 6.1).
func TestAcksGoWide(t *testing.T) {
	for _, known := range []uint64{0, 9000} {
		for distance, want := range map[uint64]bool{3: false, 1<<14 - 1: false, 1 << 14: true, 1 << 20: true} {
			s := newScript(t, channels())
			if s.number = known; known > 0 {
				s.hears([]byte{wire.TypePing})
				s.wait(s.now + second/10)
				for n := range uint64(9) { // an answer that acknowledges the ACK
					s.number = known + 1 + n
					s.hears(run(chanOf(ReliableOrdered), n, "x"), ack(0, s.nextNumber()-1))
					s.wait(s.now + second)
				}
				known = s.e.path(0).ackKnown
			}
			s.number = known + distance
			s.hears([]byte{wire.TypePing})
			var a wire.Ack
			for _, f := range s.wait(s.now + second/10) {
				if kindOf(f) == wire.TypeAck {
					wire.ConsumeAck(f, &a)
				}
			}
			if a.Wide != want || uint16(a.Largest) != uint16(known+distance) {
				t.Errorf("%d above %d: wide %v, largest %d", distance, known, a.Wide, a.Largest)
			}
		}
	}
}

// TestCloseTextsAreCut: what CLOSE says has 200 bytes at most, and whole characters.
func TestCloseTextsAreCut(t *testing.T) {
	for text, want := range map[string]int{
		strings.Repeat("x", 200): 200, strings.Repeat("x", 201): 200, strings.Repeat("ü", 100): 200,
		"x" + strings.Repeat("ü", 100): 199, strings.Repeat("€", 80): 198, "": 0,
	} {
		s := newScript(t, channels())
		s.e.Close(s.now, CodeApplication, text)
		said := ""
		for _, f := range s.says() {
			if c, n := wire.ConsumeClose(f); f[0] == wire.TypeClose && n > 0 {
				said = string(c.Text)
			}
		}
		if len(said) != want || !strings.HasPrefix(text, said) {
			t.Errorf("%d bytes of %d", len(said), len(text))
		}
	}
}

// TestBuffersAreKept: what is given back is used again, by its size, up to the limit; what others made is
// not kept.
func TestBuffersAreKept(t *testing.T) {
	p := NewBuffers(4096)
	var all [][]byte
	for range 6 {
		all = append(all, p.fetch(1000))
	}
	for _, b := range all {
		p.release(b)
	}
	if p.held != 4096 || out(p) != [2]int{} {
		t.Errorf("%d bytes are kept of 4096, in use %v", p.held, out(p))
	}
	made := p.made
	again := [][]byte{p.fetch(513), p.fetch(1024), p.fetch(1000), p.fetch(700)}
	if p.made != made || p.held != 0 {
		t.Errorf("%d made, %d bytes kept", p.made-made, p.held)
	}
	if b := p.fetch(1025); cap(b) != 2048 || p.made != made+1 {
		t.Errorf("for 1025 bytes one of %d", cap(b))
	}
	for _, b := range again {
		p.release(b)
	}
	held := p.held
	p.inUse, p.used = p.inUse+1, p.used+1000
	if p.release(make([]byte, 1000)); p.held != held {
		t.Error("a buffer of an odd size is kept")
	}
	if p.fetch(0) != nil {
		t.Error("nothing takes a buffer")
	}
	p.release(nil)
}

// out is how many buffers, and how many of their bytes, are in use.
func out(p *Buffers) [2]int { return [2]int{p.inUse, p.used} }

// TestPoolByNumbers: a pool of 1600 for four: each has 200 for itself, and of the 800 for all at most 200, and
// no more than half of what is left.
func TestPoolByNumbers(t *testing.T) {
	p := NewWindowPool(1600, 4)
	if p.fair != 200 || p.ready != 800 || p.spare != 800 || p.most != 200 || p.InUse() != 0 {
		t.Fatalf("%+v", p)
	}
	if p := NewWindowPool(1600, 1); p.fair != 0 || p.spare != 1600 || p.most != 1600 {
		t.Errorf("for one: %+v", p)
	}
	if p := NewWindowPool(16000, 100); p.most != 1000 || p.fair != 80 || p.ready != 8000 {
		t.Errorf("for a hundred: %+v", p)
	}
	var s poolShare
	for _, c := range []struct{ least, want, got int }{
		{50, 100, 100}, {200, 250, 250}, {60, 100, 0}, {1, 100, 50}, {1, 2, 0},
	} {
		if got := p.take(&s, c.least, c.want); got != c.got {
			t.Errorf("%d, or at least %d: got %d, want %d (%+v)", c.want, c.least, got, c.got, s)
		}
	}
	if s != (poolShare{200, 200, 0}) || p.InUse() != 400 {
		t.Errorf("holds %+v, %d in use", s, p.InUse())
	}
	var large poolShare
	if got := p.take(&large, 700, 700); got != 700 || large != (poolShare{200, 500, 300}) {
		t.Errorf("one message of 700 gets %d, %+v", got, large)
	}
	if got := p.take(&poolShare{}, 400, 400); got != 0 {
		t.Errorf("a message for which there is no room gets %d", got)
	}
	p.give(&large, 600)
	p.give(&s, 400)
	p.give(&large, 100)
	if p.InUse() != 0 || p.ready != 800 || p.spare != 800 || s != (poolShare{}) || large != (poolShare{}) {
		t.Errorf("everything is given back: %+v, %+v, %+v", p, s, large)
	}
}

// TestWindowOpensAtHalf: a window is told anew when half of it has come back, not before.
func TestWindowOpensAtHalf(t *testing.T) {
	cfg := channels()
	ch := chanOf(ReliableUnordered)
	for i := range cfg.Channels {
		cfg.Channels[i].WindowBytes, cfg.Channels[i].MaxMessageBytes = 4096, 2000
	}
	cfg.Pool = NewWindowPool(-1, 1)
	for size, want := range map[int]int{1024 - 33: 0, 1024 - 32: 1} {
		s := newScript(t, cfg)
		s.hears(run(ch, 0, string(make([]byte, size))), run(ch, 1, string(make([]byte, 1024-32))))
		s.wait(s.now + second/10)
		s.e.Update()
		for m, ok := s.e.Receive(ch); ok; m, ok = s.e.Receive(ch) {
			_ = m
		}
		s.e.Update()
		if got := count(s.wait(s.now+second/10), wire.TypeWindow); got != want {
			t.Errorf("%d of 4096 bytes have come back: %d times WINDOW", size+32+1024, got)
		}
	}
}

// TestUnknownFramesEndIt: a frame of a kind that does not exist, or that is cut behind its kind, ends the
// connection.
func TestUnknownFramesEndIt(t *testing.T) {
	known := 0
	for kind := range 256 {
		s := newScript(t, channels())
		s.hears(slices.Repeat([]byte{byte(kind)}, 1))
		if s.e.life.state == stateOpen {
			known++
			continue
		}
		if code := s.closed(); code != CodeProtocol {
			t.Errorf("frame %#x: %v", kind, code)
		}
	}
	if known == 0 || known > 20 {
		t.Errorf("%d kinds of one byte are known", known)
	}
}
