package endpoint

import (
	"testing"
	"time"
)

// TestRepairedSizes: repair by losses is for messages of at most 256 bytes, of a fixed strength of at
// most 500. One that is too long for a sum because of its key is not repaired, and harms nobody.
func TestRepairedSizes(t *testing.T) {
	for _, c := range []struct {
		kind  Repair
		bytes int
		is    bool
		key   uint64
	}{
		{RepairAuto, 256, true, 0}, {RepairAuto, 257, false, 0}, {RepairOnce, 500, true, 0}, {RepairOnce, 501, false, 0},
		{RepairAuto, 256, true, 1 << 63}, {RepairOnce, 499, true, 1 << 63}, {RepairOnce, 500, false, 1 << 63},
	} {
		for _, d := range []Delivery{ReliableOrdered, ReliableLatest, UnreliableLatest} {
			p := newPair(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Repair: c.kind}}}, 50*time.Millisecond).open()
			send := func(n uint64) {
				opts := SendOptions{}
				if d.latest() {
					opts = SendOptions{Keyed: true, Key: c.key + n}
				}
				if _, err := p.ends[0].Send(1, make([]byte, c.bytes), opts); err != nil {
					t.Fatal(err)
				}
				p.run(time.Second / 60)
				p.received(1, 1)
			}
			for n := range uint64(60) {
				send(n)
			}
			if !p.ends[1].Open() {
				t.Fatalf("%v of %d bytes, %v: the peer closed: %+v", d, c.bytes, c.kind, p.events(1))
			}
			if n := p.ends[0].Stats().RepairsSent; (n > 10) != (c.is || c.key > 0 && !d.latest()) {
				t.Errorf("%v of %d bytes, %v, keys from %d: %d sums", d, c.bytes, c.kind, c.key, n)
			}
		}
	}
}
