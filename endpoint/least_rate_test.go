package endpoint

import (
	"testing"
	"time"
)

// bulk keeps a channel that waits for no credit full for a while.
func (p *pair) bulk(ch ChannelID, d time.Duration) {
	payload := make([]byte, 1000)
	for end := p.now + int64(d); p.now < end; p.run(5 * time.Millisecond) {
		for p.ends[0].ChannelStats(ch).QueuedBytes < 60_000 {
			_, _ = p.ends[0].Send(ch, payload, SendOptions{})
		}
		p.received(1, ch)
		p.events(0)
	}
}

// TestLeastRateIsSent: what the game names as the least is sent over a line that carries a fifth of it
// and loses a third, under each controller.
func TestLeastRateIsSent(t *testing.T) {
	const least = 50_000
	for _, c := range []CongestionConfig{
		{Kind: CongestionDelay, MinBytesPerSecond: least}, {Kind: CongestionAIMD, MinBytesPerSecond: least},
		{Kind: CongestionFixed, BytesPerSecond: least},
	} {
		for _, delay := range []time.Duration{2 * time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond} {
			p := newPair(t, Config{Channels: []ChannelConfig{{ID: 1}}, Congestion: c}, delay).open()
			p.bulk(1, time.Second)
			p.links[0].rate, p.links[0].queue, p.links[0].loss = least/5, 200*time.Millisecond, 0.3
			p.bulk(1, 5*time.Second)
			before := p.ends[0].Stats().BytesSent
			p.bulk(1, 10*time.Second)
			got := (p.ends[0].Stats().BytesSent - before) / 10
			t.Logf("# %v, %v: %d bytes a second", c.Kind, delay, got)
			if got < least*9/10 {
				t.Errorf("%v, %v there: %d bytes a second of the %d that it is not to go below", c.Kind, delay, got, least)
			}
		}
	}
}
