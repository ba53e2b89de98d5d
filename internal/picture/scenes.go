package picture

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

const ms = time.Millisecond

// The link of most scenes, and the seed at which it does what they are about: of the packets
// of seven turns the third is lost, and the fifth is held back so that the sixth overtakes it.
// All other packets arrive, 40 ms after they were sent.
var usual = simnet.LinkConfig{Delay: 40 * ms, Loss: 0.12, Reorder: 0.12, ReorderBy: 30 * ms}

const usualSeed = 73

// calm is a link that loses nothing; it is the way back in all scenes.
var calm = simnet.LinkConfig{Delay: usual.Delay}

// Scenes returns all scenes, in the order of the page that shows them.
func Scenes() []Scene {
	scenes := deliveries()
	return append(scenes, repair(), group(), droppable(), key(), replaced(), dropOldest(), refuse(), timeToLive(), givingUp(), fragments(), largeValues(), credit(), shares(), drain(), hold())
}

// counted is a script: one message each turn, with the labels 1, 2, 3….
func counted(n int, change ...func(i int, c *Cue)) []Cue {
	var script []Cue
	for i := range n {
		c := Cue{At: time.Duration(i) * turn, Label: fmt.Sprint(i + 1), Channel: 1}
		for _, f := range change {
			f(i+1, &c)
		}
		script = append(script, c)
	}
	return script
}

// usualScene is one over the usual link, with one channel.
func usualScene(name, title, note string, channel endpoint.ChannelConfig, script []Cue) Scene {
	channel.ID = 1
	return Scene{
		Name: name, Title: title, Note: note, Seed: usualSeed, Length: 300 * ms,
		channels: []endpoint.ChannelConfig{channel},
		there:    usual, back: calm, script: script,
	}
}

func deliveries() []Scene {
	plain := func(name string, d endpoint.Delivery, note string) Scene {
		return usualScene(name, d.String(), note, endpoint.ChannelConfig{Delivery: d}, counted(7))
	}
	return []Scene{
		plain("unreliable", endpoint.Unreliable, "3 is lost and stays lost; 5 comes late and is shown all the same"),
		plain("unreliable-latest", endpoint.UnreliableLatest, "3 is lost; 5 comes after 6 and is too old"),
		plain("reliable-unordered", endpoint.ReliableUnordered, "3 is sent again; nothing waits for it"),
		plain("reliable-latest", endpoint.ReliableLatest, "3 is lost and nobody needs it: newer values are under way"),
		plain("reliable-ordered", endpoint.ReliableOrdered, "3 is sent again; 4 to 7 are there and wait for it"),
	}
}

func repair() Scene {
	return usualScene("repair", "Repair", "3 is lost; the sum that rides with 4 brings it back",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableOrdered, Repair: endpoint.RepairOnce}, counted(7))
}

func group() Scene {
	return usualScene("group", "A group in ReliableOrdered", "3, 4 and 5 are a group: 4 and 5 do not wait for 3, 6 and 7 do",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableOrdered},
		counted(7, func(i int, c *Cue) {
			if i >= 3 && i <= 5 {
				c.Options.Group = 1
			}
		}))
}

func droppable() Scene {
	return usualScene("droppable", "Droppable messages in ReliableOrdered", "3 and 5 are droppable: nothing waits for them",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableOrdered},
		counted(7, func(i int, c *Cue) { c.Options.Droppable = i == 3 || i == 5 }))
}

func key() Scene {
	labels := []string{"A1", "B1", "A2", "B2", "B3", "B4", "B5"}
	return usualScene("key", "Keys in ReliableLatest", "two entities, A and B: the newest of each counts",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableLatest},
		counted(7, func(i int, c *Cue) {
			c.Label = labels[i-1]
			c.Options.Keyed, c.Options.Key = true, uint64(c.Label[0])
		}))
}

// queueScene is one over a link that loses nothing. A cap makes messages of 200 bytes wait.
func queueScene(name, title, note string, d endpoint.Delivery, queueBytes int) Scene {
	s := usualScene(name, title, note, endpoint.ChannelConfig{
		Delivery: d, BytesPerSecond: 4000, MaxMessageBytes: 200, MaxQueuedBytes: queueBytes,
	}, counted(9, func(i int, c *Cue) { c.Bytes = 200 }))
	s.there, s.Length = calm, 350*ms
	return s
}

// twoWait is a queue for two of these messages.
const twoWait = 2 * (200 + 32)

func replaced() Scene {
	return queueScene("replaced", "A value replaced in the queue", "4000 bytes a second may be sent; a newer value takes the place of one that waits",
		endpoint.UnreliableLatest, 0)
}

func dropOldest() Scene {
	return queueScene("drop-oldest", "A full queue that drops the oldest", "4000 bytes a second may be sent, and two messages may wait",
		endpoint.Unreliable, twoWait)
}

func refuse() Scene {
	return queueScene("refuse", "A full queue that refuses", "4000 bytes a second may be sent, and two messages may wait",
		endpoint.ReliableOrdered, twoWait)
}

func timeToLive() Scene {
	return usualScene("time-to-live", "Time to live in ReliableOrdered", "3 is of use for 70 ms; then the others are told not to wait",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableOrdered},
		counted(7, func(i int, c *Cue) {
			if i == 3 {
				c.Options.TTL = 70 * ms
			}
		}))
}

func givingUp() Scene {
	s := usualScene("giving-up", "Giving up in ReliableOrdered", "3 is sent twice at most, and both packets are lost",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableOrdered, Resend: endpoint.ResendPolicy{MaxAttempts: 2}}, counted(10))
	s.Seed, s.Length = 4305, 450*ms
	return s
}

func fragments() Scene {
	s := usualScene("fragments", "Fragments of a large message", "1 is cut into four; only the fragment that was lost is sent again",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableUnordered},
		counted(4, func(i int, c *Cue) {
			if i == 1 {
				c.Bytes = 4400
			}
		}))
	s.there.BitsPerSecond, s.there.Reorder = 2_000_000, 0
	return s
}

func largeValues() Scene {
	s := usualScene("large-values", "Large values in ReliableLatest", "a value that was begun is finished; of those that wait only the newest is sent",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableLatest},
		counted(7, func(i int, c *Cue) { c.Bytes = 5500 }))
	s.there.BitsPerSecond, s.there.Reorder, s.rate = 2_000_000, 0, 100_000
	return s
}

func credit() Scene {
	s := usualScene("credit", "Credit: a game that does not read", "the receiver's window holds four messages",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableOrdered, WindowBytes: 4 * (224 + 32)},
		counted(9, func(i int, c *Cue) { c.Bytes = 224 }))
	s.there, s.Length = calm, 450*ms
	s.away = [2]time.Duration{60 * ms, 200 * ms}
	return s
}

func shares() Scene {
	s := usualScene("shares", "Priority and weights", "weights 3 and 1 share what the link carries; what has priority comes first, for as long as it needs", endpoint.ChannelConfig{}, nil)
	s.shares = true
	s.channels = []endpoint.ChannelConfig{
		{ID: 1, Name: "shots", Delivery: endpoint.Unreliable, Priority: 1},
		{ID: 2, Name: "world", Delivery: endpoint.ReliableUnordered, Weight: 3},
		{ID: 3, Name: "files", Delivery: endpoint.ReliableOrdered, Weight: 1},
	}
	s.there = simnet.LinkConfig{Delay: usual.Delay, Loss: 0.01, BitsPerSecond: 1_000_000}
	s.Length = 3 * time.Second
	s.rate = 100_000
	for range 300 {
		s.script = append(s.script, Cue{Channel: 2, Bytes: 1000}, Cue{Channel: 3, Bytes: 1000})
	}
	for at := time.Second; at < 2*time.Second; at += turn {
		s.script = append(s.script, Cue{At: at, Channel: 1, Bytes: 800})
	}
	return s
}

func drain() Scene {
	s := usualScene("drain", "Drain: an end that waits", "8 is refused; 3 is sent again; when all is through, CLOSE",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableOrdered},
		counted(8, func(i int, c *Cue) {
			if i == 8 {
				c.At += 2 * turn
			}
		}))
	s.Length, s.drain = 400*ms, 140*ms
	return s
}

func hold() Scene {
	s := usualScene("hold", "Hold: a game that loads a level", "the receiver says that it will be silent; what is sent waits",
		endpoint.ChannelConfig{Delivery: endpoint.ReliableOrdered}, counted(8))
	s.Length, s.hold = 450*ms, true
	s.away = [2]time.Duration{54 * ms, 254 * ms}
	return s
}
