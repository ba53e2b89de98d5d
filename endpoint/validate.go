package endpoint

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/wire"
)

// A ConfigError names what cannot be: a field of a configuration, or a parameter. It is a struct of
//
//	Field string // the way to it from what the caller gave, as in Channels[2].Delivery
//	Value any    // what it is, or words for that
//	Want  string // what would do
//
// and Error tells the three in a line. It is one type in all packages of this module, so that
// errors.As with a *ConfigError of any of them finds those of all.
type ConfigError = config.Error

const maxChannels = 1024

// Validate reports everything that is wrong with the configuration, as a join of ConfigErrors.
func (c Config) Validate() error {
	var v config.Check
	n := c.MaxDatagramBytes
	v.That(c.AckHold <= maxAckHold, "AckHold", c.AckHold, "at most 250ms")
	v.That(c.MaxHold <= 0 || c.MaxHold >= time.Second && c.MaxHold <= maxHold, "MaxHold", c.MaxHold,
		"1s to 65535s, 0 for 1m0s, or negative for none")
	v.That(n <= 0 || n >= LeastDatagramBytes && n <= MostDatagramBytes, "MaxDatagramBytes", n, "576 to 65507, or 0 for 1200")
	v.That(c.PacketOverheadBytes <= maxOverhead, "PacketOverheadBytes", c.PacketOverheadBytes, "at most 1024, or 0 for 51")
	v.That(c.UnsentDraft <= DraftJoin, "UnsentDraft", c.UnsentDraft, "DraftRefuse, DraftDrop or DraftJoin")
	v.That(c.MaxPaths <= maxPaths, "MaxPaths", c.MaxPaths,
		"1 to 8, 0 for 4, or negative for one that never moves")
	v.Take("Path", c.Path.Validate())
	v.Take("Congestion", c.Congestion.validate())
	v.That(len(c.Channels) <= maxChannels, "Channels", len(c.Channels), "at most 1024 channels")
	limit(&v, "Inbound.PacketsPerSecond", c.Inbound.PacketsPerSecond, leastPackets)
	limit(&v, "Inbound.BytesPerSecond", c.Inbound.BytesPerSecond, leastBytes)
	limit(&v, "Inbound.MessagesPerSecond", c.Inbound.MessagesPerSecond, 1)
	v.That(c.OpenedBytesPerSecond <= maxRate, "OpenedBytesPerSecond", c.OpenedBytesPerSecond,
		"up to 1 GiB, 0 for 16 MiB, or negative for no limit")
	first := make(map[ChannelID]int, len(c.Channels))
	for i, ch := range c.Channels {
		name := fmt.Sprintf("Channels[%d]", i)
		other, twice := first[ch.ID]
		if !twice {
			first[ch.ID] = i
		}
		v.That(!twice, name+".ID", ch.ID, fmt.Sprintf("a number of its own (Channels[%d] has it too)", other))
		v.Take(name, ch.validate())
	}
	c.checkSchemas(&v)
	if err := v.Err(); err != nil {
		return err
	}
	c.checkHello(&v)
	return v.Err()
}

const (
	maxOverhead = 1024
	maxRate     = 1 << 30
)

// limit wants a limit by the second of a field, or none.
func limit(v *config.Check, field string, n, least int) {
	v.That(n <= 0 || n >= least && n <= maxLimit, field, n,
		fmt.Sprintf("%d to 268435456, or 0 for no limit", least))
}

// checkHello: what HELLO says of the channels must fit, and one version of typed messages. Windows are
// cut to what does, and older versions left out.
func (c Config) checkHello(v *config.Check) {
	c = c.withDefaults()
	size := c.longestHello()
	if len(c.Schemas) > 0 {
		one := wire.Schemas{{Version: wire.MaxSchemaVersion}}
		size += one.ItemLen()
	}
	v.That(size <= wire.MaxHelloBytes, "Channels", fmt.Sprintf("%d bytes of HELLO", size),
		"at most 256: give fewer channels Inbound limits or WindowBytes of their own, or several in a row the same Inbound limits")
}

// longestHello is how long HELLO may become, but for the versions of typed messages. Defaults are
// filled in.
func (c *Config) longestHello() int {
	h := c.hello()
	h.Capabilities = 1 << 63
	return len(wire.AppendHello(nil, &h))
}

// validate finds all fields that are wrong. Limits that depend on each other are compared if
// each of them is right.
func (c ChannelConfig) validate() error {
	var v config.Check
	full := c.withDefaults()
	reliable, message := c.Delivery.Reliable(), c.MaxMessageBytes >= 0 && c.MaxMessageBytes <= maxMessageBytesLimit
	largest := charge(full.largest())
	window := full.WindowBytes >= 1024 && full.WindowBytes <= 1<<30
	v.That(c.ID >= 1 && c.ID <= wire.MaxChannel, "ID", c.ID, "1 to 16383 (0 is the library's own)")
	v.That(c.Delivery <= ReliableOrdered, "Delivery", c.Delivery, "one of the five deliveries")
	v.That(message, "MaxMessageBytes", c.MaxMessageBytes, "up to 256 MiB, or 0 for the default")
	v.That(full.MaxQueuedBytes >= 0 && (!message || full.MaxQueuedBytes >= largest), "MaxQueuedBytes", c.MaxQueuedBytes,
		"at least MaxMessageBytes + 32, for the largest message")
	v.That(c.Full <= DropNewest, "Full", c.Full, "Refuse, DropOldest or DropNewest")
	v.That(c.Weight >= 0 && c.Weight <= maxWeight, "Weight", c.Weight, "1 to 65536, or 0 for 1")
	v.That(c.BytesPerSecond <= maxRate, "BytesPerSecond", c.BytesPerSecond, "up to 1 GiB, or 0 for no limit")
	v.That(c.Compression == nil || c.Compression.ID() != 0, "Compression", c.Compression, "one with an ID other than 0, as compress.New returns, or nil for none")
	v.That(c.Resend.MaxAttempts >= 0, "Resend.MaxAttempts", c.Resend.MaxAttempts, "at least 1, or 0 for no limit")
	v.That(!c.Resend.limits() || reliable, "Resend", c.Delivery, "one of the reliable deliveries: the others send nothing again")
	v.That(c.Repair <= RepairThrice, "Repair", c.Repair, "RepairAuto, RepairOff, or RepairHalf to RepairThrice")
	v.That(window, "WindowBytes", c.WindowBytes, "1 KiB to 1 GiB")
	v.That(reliable || !window || !message || full.WindowBytes >= largest, "WindowBytes", c.WindowBytes,
		"at least MaxMessageBytes + 32 on an unreliable channel")
	limit(&v, "Inbound.BytesPerSecond", c.Inbound.BytesPerSecond, 1)
	limit(&v, "Inbound.MessagesPerSecond", c.Inbound.MessagesPerSecond, 1)
	return v.Err()
}
