package tickwire_test

import (
	"encoding/binary"
	"testing"

	"github.com/tickwire/tickwire"
)

// webChannels has one channel of each delivery.
var webChannels = []tickwire.ChannelConfig{
	{ID: 1, Delivery: tickwire.Unreliable},
	{ID: 2, Delivery: tickwire.UnreliableLatest},
	{ID: 3, Delivery: tickwire.ReliableUnordered},
	{ID: 4, Delivery: tickwire.ReliableLatest},
	{ID: 5, Delivery: tickwire.ReliableOrdered},
}

// hearAll holds what a player hears to what the channels promise. Of what may be lost much has to come, not nearly all:
// browsers drop datagrams that a busy machine is late to take.
func hearAll(t *testing.T, s *tickwire.Session, each uint64) {
	heard, next := map[tickwire.ChannelID]uint64{}, map[tickwire.ChannelID]uint64{}
	loose := map[uint64]bool{}
	for ev := range s.Events(patiently(t)) {
		if ev.Kind != tickwire.Message {
			continue
		}
		n := binary.LittleEndian.Uint64(ev.Payload)
		heard[ev.Channel]++
		switch ev.Channel {
		case 2, 4:
			if n < next[ev.Channel] {
				t.Errorf("channel %d: %d after %d", ev.Channel, n, next[ev.Channel]-1)
			}
		case 3:
			if loose[n] {
				t.Errorf("channel 3: %d twice", n)
			}
			loose[n] = true
		case 5:
			if n != next[5] {
				t.Errorf("channel 5: %d, want %d", n, next[5])
			}
		}
		next[ev.Channel] = n + 1
		if heard[3] == each && next[4] == each && heard[5] == each && heard[1] > each/4 && heard[2] > each/4 { // a busy machine drops
			return
		}
	}
	t.Errorf("heard %v, next %v", heard, next)
}
