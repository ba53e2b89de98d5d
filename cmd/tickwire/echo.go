package main

import (
	"strings"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
)

// The channels of `tickwire serve` and `tickwire connect`: one for each delivery,
// numbered from 1. Plain netcode peers have channel 0 instead.
var echoDeliveries = [...]struct {
	name     string
	delivery tickwire.Delivery
}{
	{"unreliable", tickwire.Unreliable},
	{"unreliable-latest", tickwire.UnreliableLatest},
	{"reliable-unordered", tickwire.ReliableUnordered},
	{"reliable-latest", tickwire.ReliableLatest},
	{"reliable-ordered", tickwire.ReliableOrdered},
}

func echoChannels() (channels []tickwire.AnyChannel) {
	for i, d := range echoDeliveries {
		channels = append(channels, tickwire.NewRawChannel(tickwire.ChannelConfig{
			ID: tickwire.ChannelID(i + 1), Delivery: d.delivery, Name: d.name,
		}))
	}
	return channels
}

// echoNames lists the names of the channels, as kong's enum wants them.
func echoNames() string {
	var names []string
	for _, d := range echoDeliveries {
		names = append(names, d.name)
	}
	return strings.Join(names, ",")
}

// echoChannel finds a channel by its name.
func echoChannel(name string) tickwire.ChannelID {
	for i, d := range echoDeliveries {
		if d.name == name {
			return tickwire.ChannelID(i + 1)
		}
	}
	return tickwire.PlainChannel
}

// leasts are what --least can say.
var leasts = map[string]netcode.Protection{
	"any": netcode.AnyProtection, "encrypted": netcode.Encrypted, "forward-secret": netcode.ForwardSecret,
}
