package endpoint

import (
	"testing"
	"time"
)

// TestUnusedChannels: a channel costs memory from its first message on, in its direction; whoever asks
// for messages or counters makes nothing.
func TestUnusedChannels(t *testing.T) {
	p := newPair(t, channels(), 10*time.Millisecond).open()
	made := func(end int) (senders, receivers int) {
		for i := range p.ends[end].outbox.senders {
			if p.ends[end].outbox.senders[i] != nil {
				senders++
			}
			if p.ends[end].inbox.receivers[i] != nil {
				receivers++
			}
		}
		return senders, receivers
	}
	want := func(when string, end, senders, receivers int) {
		t.Helper()
		if s, r := made(end); s != senders || r != receivers {
			t.Errorf("%s end %d has %d senders and %d receivers, want %d and %d", when, end, s, r, senders, receivers)
		}
	}
	for end := range p.ends {
		for _, cfg := range p.ends[end].cfg.Channels {
			if _, ok := p.ends[end].Receive(ChannelID(cfg.ID)); ok || p.ends[end].ChannelStats(ChannelID(cfg.ID)) != (ChannelStats{}) {
				t.Errorf("channel %d has something", cfg.ID)
			}
		}
		p.ends[end].Stats()
		want("before anything was sent", end, 0, 0)
	}
	ordered := chanOf(ReliableOrdered)
	p.send(0, ordered, message(1, 100))
	p.run(100 * time.Millisecond)
	p.ends[1].Update()
	if _, ok := p.ends[1].Receive(ordered); !ok {
		t.Error("the message did not come")
	}
	want("after a message", 0, 1, 0)
	want("after a message", 1, 0, 1)
}
