package endpoint

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// lieIn changes how long each ACK of a datagram was held and what its clock shows, where they are there.
func lieIn(t testing.TB, b []byte, hold func(uint8) uint8, clock func(uint32) uint32) {
	for _, f := range framesOf(t, b[loneHeader:]) {
		if kindOf(f) != wire.TypeAck {
			continue
		}
		at := 3
		if f[0]&4 != 0 { // wide
			at = 5
		}
		if f[at] == 0xff || f[0]&16 != 0 {
			continue
		}
		f[at] = hold(f[at])
		if f[0]&1 != 0 {
			c := f[at+1 : at+4]
			n := clock(uint32(binary.LittleEndian.Uint16(c)) | uint32(c[2])<<16)
			c[0], c[1], c[2] = byte(n), byte(n>>8), byte(n>>16)
		}
	}
}

// TestLiarGetsNoMore: a peer that lies about its clock, or about how long it holds its acks, has not
// twice as much sent to it as the line carries, under any controller that measures.
func TestLiarGetsNoMore(t *testing.T) {
	const rate = 250_000
	honest, held := func(n uint32) uint32 { return n }, func(n uint8) uint8 { return n }
	for name, lie := range map[string]struct {
		hold  func(uint8) uint8
		clock func(uint32) uint32
	}{
		"the truth":                 {held, honest},
		"the clock stands":          {held, func(uint32) uint32 { return 12345 }},
		"the clock is slow":         {held, func(n uint32) uint32 { return n / 2 }},
		"it is a little slow":       {held, func(n uint32) uint32 { return n - n/10 }},
		"it is slow now and then":   {held, func(n uint32) uint32 { return n - n>>15%2*(n&0x7fff)/2 }},
		"the clock is fast":         {held, func(n uint32) uint32 { return 2 * n }},
		"the clock goes wild":       {held, func(n uint32) uint32 { return n * 7919 }},
		"acks were held for 32 ms":  {func(uint8) uint8 { return 254 }, honest},
		"acks were held for 20 ms":  {func(uint8) uint8 { return 156 }, honest},
		"neither held nor a clock":  {func(uint8) uint8 { return 0 }, func(uint32) uint32 { return 0 }},
		"held, and the clock is so": {func(uint8) uint8 { return 254 }, func(n uint32) uint32 { return n - 500 }},
	} {
		for _, kind := range []CongestionKind{CongestionDelay, CongestionAIMD} {
			cfg := Config{Channels: []ChannelConfig{{ID: 1}}, PacketOverheadBytes: 51}
			cfg.Congestion.Kind = kind
			p := newPair(t, cfg, 20*time.Millisecond).open()
			p.links[0].rate, p.links[0].queue = rate, 100*time.Millisecond
			p.watch = func(end int, b []byte) {
				if end == 1 {
					lieIn(t, b, lie.hold, lie.clock)
				}
			}
			sent := func(d time.Duration) uint64 {
				before := p.ends[0].Stats().BytesSent
				p.bulk(1, d)
				return p.ends[0].Stats().BytesSent - before
			}
			sent(3 * time.Second)
			got := sent(5*time.Second) / 5
			t.Logf("# %s, %v: %d bytes a second", name, kind, got)
			if !p.ends[0].Open() || got > 2*rate {
				t.Errorf("%s, %v: %d bytes a second over a line of %d", name, kind, got, rate)
			}
		}
	}
}

// TestClockIsDoubted: one that goes back by more than a round trip, and not one that shows how queues
// fill and drain, or drifts.
func TestClockIsDoubted(t *testing.T) {
	const rtt = 100 * milli
	var d clockDoubt
	for now := int64(0); now < 60*second; now += 20 * milli {
		queue := (now / 7) % (3 * second) // which fills in 21 s, and is gone at once
		drift := -now / 2000
		if !d.believes(now, 12345*second+rtt/2+queue+drift, rtt+queue) {
			t.Fatalf("after %v", time.Duration(now))
		}
	}
	now := int64(60 * second)
	if d.believes(now, 12344*second, rtt) {
		t.Error("it was set, and is believed")
	}
	for ; now < 65*second; now += 20 * milli {
		if d.believes(now, 12344*second, rtt) {
			t.Fatalf("it is believed after %v", time.Duration(now-60*second))
		}
	}
	if !d.believes(now, 12344*second, rtt) {
		t.Error("it goes well, and is not believed")
	}
}

// TestHoldIsDoubted: a peer that says that it held its acks for nearly all of the round trip makes it
// half as long at most, and one that does hold them is believed.
func TestHoldIsDoubted(t *testing.T) {
	sampled := func(roundTrip, hold func(n int64) int64) rtt {
		r := newRTT()
		for n := range int64(1000) {
			r.sample(roundTrip(n), hold(n))
		}
		return r
	}
	always := func(d int64) func(int64) int64 { return func(int64) int64 { return d } }
	if r := sampled(always(40*milli), always(40*milli-400_000)); r.smooth < 20*milli || r.min < 20*milli {
		t.Errorf("smoothed %v, least %v of 40 ms", time.Duration(r.smooth), time.Duration(r.min))
	}
	if r := sampled(always(40*milli), always(20*milli)); r.smooth != 20*milli || r.min != 20*milli {
		t.Errorf("held for 20 ms: smoothed %v, least %v of 20 ms", time.Duration(r.smooth), time.Duration(r.min))
	}
	held := func(n int64) int64 { return n % 20 * milli }
	if r := sampled(func(n int64) int64 { return milli + held(n) }, held); r.smooth > 2*milli || r.min != milli {
		t.Errorf("held for 0 to 20 ms: smoothed %v, least %v of 1 ms", time.Duration(r.smooth), time.Duration(r.min))
	}
}
