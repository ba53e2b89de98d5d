package swarm

import (
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet/world"
)

// Terms are what is asked for the messages of a channel beyond a receipt. The zero value asks
// for nothing.
type Terms struct {
	Expiring  float64       // share with a time to live
	TTL       time.Duration // of so much at most
	Keys      int           // Latest: how many keys there are; 0: none
	Keyless   float64       // Latest: share without a key all the same
	Grouped   float64       // ReliableOrdered: share in a group
	Run       int           // and ticks until another group begins
	Droppable float64       // ReliableOrdered: share
}

// addTerms gives channels and loads what goes beyond the five deliveries: options of their
// messages, classes, shares, limits and policies. Half of the channels stay plain.
func (s *Scenario) addTerms(g generator) {
	for i := range s.Channels {
		ch, load := &s.Channels[i], &s.Loads[i]
		if g.IntN(2) == 0 {
			s.addPolicies(g, ch, load)
		}
		if g.IntN(2) == 0 {
			load.Terms = g.terms(ch.Delivery)
		}
	}
}

func (g generator) terms(d tickwire.Delivery) (t Terms) {
	if g.IntN(2) == 0 {
		t.Expiring = []float64{1, 0.3}[g.IntN(2)]
		t.TTL = []time.Duration{time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond, 5 * time.Second}[g.IntN(4)]
	}
	switch d {
	case tickwire.UnreliableLatest, tickwire.ReliableLatest:
		t.Keys = []int{1, 3, 20, 1000}[g.IntN(4)]
		t.Keyless = g.share(0.5)
	case tickwire.ReliableOrdered:
		t.Grouped = g.share(1)
		t.Run = 1 + g.IntN(30)
		t.Droppable = g.share(0.7)
	}
	return t
}

// addPolicies gives a channel a place in the schedule, and limits. A capped channel has a queue
// that drains before anybody loses patience.
func (s *Scenario) addPolicies(g generator, ch *tickwire.ChannelConfig, load *Load) {
	ch.Priority = int8(g.sometimes(2, g.IntN(5)-2))
	ch.Weight = g.sometimes(2, 1+g.IntN(20))
	ch.Full = tickwire.FullPolicy(g.sometimes(2, 1+g.IntN(3)))
	if ch.Delivery.Reliable() {
		ch.Resend.MaxAttempts = g.sometimes(3, 1+g.IntN(4))
		if g.IntN(6) == 0 {
			ch.Resend.Again = func(in tickwire.ResendInput) bool { return in.Age < 3*in.RTT+100*time.Millisecond }
		}
	}
	most := max(load.Sizes.Large, load.Sizes.Small, ch.MaxMessageBytes)
	if g.IntN(3) == 0 { // so tight that it fills
		ch.MaxMessageBytes, ch.MaxQueuedBytes = most, most+32+g.IntN(4<<10)
	}
	if g.IntN(4) == 0 {
		ch.BytesPerSecond = 50_000 << g.IntN(5)
		ch.MaxMessageBytes = most
		ch.MaxQueuedBytes = max(ch.MaxQueuedBytes, most+32+g.IntN(64<<10))
	}
}

// losesSome reports whether a channel may lose messages that its delivery would not, or brings
// them in an order that is not that of sending: then each must tell which one it is.
func losesSome(ch *tickwire.ChannelConfig, t *Terms) bool {
	return *t != Terms{} || ch.Resend.MaxAttempts != 0 || ch.Resend.Again != nil ||
		ch.Full == tickwire.DropOldest || ch.Full == tickwire.DropNewest
}

// message makes up one of a channel.
func (r *run) message(i int) world.Message {
	ch, load := &r.Channels[i], &r.Loads[i]
	m := world.Message{Size: r.size(load.Sizes), Tracked: r.g.Float64() < load.Tracked}
	switch ch.Delivery {
	case tickwire.UnreliableLatest, tickwire.ReliableLatest: // which one came must be plain to see
		m.Size = max(m.Size, world.NumberBytes)
	default:
		if losesSome(ch, &load.Terms) {
			m.Size = max(m.Size, world.NumberBytes)
		}
	}
	m.Options = r.options(&load.Terms)
	return m
}

func (r *run) options(t *Terms) (o tickwire.SendOptions) {
	if *t == (Terms{}) {
		return o
	}
	if r.terms.Float64() < t.Expiring {
		o.TTL = 1 + time.Duration(r.terms.Int64N(int64(t.TTL)))
	}
	if t.Keys > 0 && r.terms.Float64() >= t.Keyless {
		o.Keyed, o.Key = true, uint64(r.terms.IntN(t.Keys))
	}
	if r.terms.Float64() < t.Grouped {
		o.Group = 1 + uint32(r.ticks/t.Run%2)
	}
	o.Droppable = r.terms.Float64() < t.Droppable
	return o
}
