package endpoint

import (
	"errors"
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A ConfigError says which field of a configuration is wrong, and the way out.
type ConfigError struct {
	Field string // as in Channels[2].Delivery
	Value any
	Want  string
}

// Error names the field, the value, and what it should be.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("endpoint: %s is %v: want %s", e.Field, e.Value, e.Want)
}

// A validation collects what is wrong.
type validation struct {
	prefix string
	errs   []error
}

func (v *validation) check(ok bool, field string, value any, want string) {
	if !ok {
		v.errs = append(v.errs, &ConfigError{v.prefix + field, value, want})
	}
}

const maxChannels = 1024

// Validate reports everything that is wrong with the configuration, as a join of ConfigErrors.
func (c Config) Validate() error {
	var v validation
	n := c.MaxDatagramBytes
	v.check(c.AckHold <= maxAckHold, "AckHold", c.AckHold, "at most 250ms")
	v.check(c.MaxHold <= 0 || c.MaxHold >= time.Second && c.MaxHold <= maxHold, "MaxHold", c.MaxHold,
		"1s to 65535s, 0 for 1m0s, or negative for none")
	v.check(n <= 0 || n >= 576 && n <= 65507, "MaxDatagramBytes", n, "576 to 65507, or 0 for 1200")
	v.check(c.PacketOverheadBytes <= maxOverhead, "PacketOverheadBytes", c.PacketOverheadBytes, "at most 1024, or 0 for 51")
	v.check(c.UnsentDraft <= DraftJoin, "UnsentDraft", c.UnsentDraft, "DraftRefuse, DraftDrop or DraftJoin")
	v.check(c.MaxPaths <= maxPaths, "MaxPaths", c.MaxPaths, "1 to 8, 0 for 4, or negative for one that never moves")
	c.Path.validate(&v)
	c.Congestion.validate(&v)
	v.check(len(c.Channels) <= maxChannels, "Channels", len(c.Channels), "at most 1024 channels")
	v.limit("Inbound.PacketsPerSecond", c.Inbound.PacketsPerSecond, leastPackets)
	v.limit("Inbound.BytesPerSecond", c.Inbound.BytesPerSecond, leastBytes)
	v.limit("Inbound.MessagesPerSecond", c.Inbound.MessagesPerSecond, 1)
	first := make(map[ChannelID]int, len(c.Channels))
	for i, ch := range c.Channels {
		v.prefix = fmt.Sprintf("Channels[%d].", i)
		if other, twice := first[ch.ID]; twice {
			v.check(false, "ID", ch.ID, fmt.Sprintf("a number of its own (Channels[%d] has it too)", other))
		} else {
			first[ch.ID] = i
		}
		ch.validate(&v)
	}
	if len(v.errs) == 0 {
		v.prefix = ""
		c.checkHello(&v)
	}
	return errors.Join(v.errs...)
}

const (
	maxOverhead = 1024
	maxRate     = 1 << 30
)

func (v *validation) limit(field string, n, least int) {
	v.check(n <= 0 || n >= least && n <= maxLimit, field, n,
		fmt.Sprintf("%d to 268435456, or 0 for no limit", least))
}

// checkHello: what HELLO says of the channels must fit. Windows are cut to what does.
func (c Config) checkHello(v *validation) {
	c = c.withDefaults()
	h := c.hello()
	h.Capabilities = 1 << 63 // as long as it may become
	size := len(wire.AppendHello(nil, &h))
	v.check(size <= wire.MaxHelloBytes, "Channels", fmt.Sprintf("%d bytes of HELLO", size),
		"at most 256: give fewer channels Inbound limits or WindowBytes of their own, or several in a row the same Inbound limits")
}

// validate finds all fields that are wrong. Limits that depend on each other are compared if
// each of them is right.
func (c ChannelConfig) validate(v *validation) {
	full := c.withDefaults()
	reliable, message := c.Delivery.Reliable(), c.MaxMessageBytes >= 0 && c.MaxMessageBytes <= maxMessageBytesLimit
	largest := full.MaxMessageBytes + messageCharge
	window := full.WindowBytes >= 1024 && full.WindowBytes <= 1<<30
	v.check(c.ID >= 1 && c.ID <= wire.MaxChannel, "ID", c.ID, "1 to 16383 (0 is the library's own)")
	v.check(c.Delivery <= ReliableOrdered, "Delivery", c.Delivery, "one of the five deliveries")
	v.check(message, "MaxMessageBytes", c.MaxMessageBytes, "up to 256 MiB, or 0 for the default")
	v.check(full.MaxQueuedBytes >= 0 && (!message || full.MaxQueuedBytes >= largest), "MaxQueuedBytes", c.MaxQueuedBytes,
		"at least MaxMessageBytes + 32, for the largest message")
	v.check(c.Full <= DropNewest, "Full", c.Full, "Refuse, DropOldest or DropNewest")
	v.check(c.Weight >= 0 && c.Weight <= maxWeight, "Weight", c.Weight, "1 to 65536, or 0 for 1")
	v.check(c.BytesPerSecond <= maxRate, "BytesPerSecond", c.BytesPerSecond, "up to 1 GiB, or 0 for no limit")
	v.check(c.Resend.MaxAttempts >= 0, "Resend.MaxAttempts", c.Resend.MaxAttempts, "at least 1, or 0 for no limit")
	v.check(!c.Resend.limits() || reliable, "Resend", c.Delivery, "one of the reliable deliveries: the others send nothing again")
	v.check(c.Repair <= RepairThrice, "Repair", c.Repair, "RepairAuto, RepairOff, or RepairHalf to RepairThrice")
	v.check(window, "WindowBytes", c.WindowBytes, "1 KiB to 1 GiB")
	v.check(reliable || !window || !message || full.WindowBytes >= largest, "WindowBytes", c.WindowBytes,
		"at least MaxMessageBytes + 32 on an unreliable channel")
	v.limit("Inbound.BytesPerSecond", c.Inbound.BytesPerSecond, 1)
	v.limit("Inbound.MessagesPerSecond", c.Inbound.MessagesPerSecond, 1)
}
