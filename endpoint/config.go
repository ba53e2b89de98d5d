package endpoint

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// A ChannelID names a channel: 1 to 16383. Numbers below 128 are a byte shorter on the wire.
type ChannelID uint16

// A Delivery is the guarantee that the messages of a channel get.
type Delivery uint8

const (
	// Unreliable messages arrive once or not at all, in any order.
	Unreliable Delivery = 0
	// UnreliableLatest messages arrive once or not at all, and never one that is older than
	// what arrived before it.
	UnreliableLatest Delivery = 1
	// ReliableUnordered messages arrive exactly once, in any order.
	ReliableUnordered Delivery = 2
	// ReliableLatest delivers the newest value for certain; values that were superseded on the
	// way may be skipped, and none is older than the one before it.
	ReliableLatest Delivery = 3
	// ReliableOrdered messages arrive exactly once, in the order in which they were sent. A
	// missing one holds up its own channel only.
	ReliableOrdered Delivery = 4
)

var deliveryNames = [...]string{
	"Unreliable", "UnreliableLatest", "ReliableUnordered", "ReliableLatest", "ReliableOrdered",
}

// String names the delivery.
func (d Delivery) String() string {
	if int(d) < len(deliveryNames) {
		return deliveryNames[d]
	}
	return fmt.Sprintf("Delivery(%d)", uint8(d))
}

// Reliable reports whether the delivery repairs losses.
func (d Delivery) Reliable() bool { return d >= ReliableUnordered }

func (d Delivery) latest() bool { return d == UnreliableLatest || d == ReliableLatest }

// A ChannelConfig describes a channel. Both ends must agree on ID, Delivery, Name,
// MaxMessageBytes and Compression; a difference is found before any message is sent.
type ChannelConfig struct {
	ID       ChannelID
	Delivery Delivery
	// Name is for people; it is part of what both ends must agree on.
	Name string
	// MaxMessageBytes is the largest message. 0: 64 KiB for the unreliable deliveries (a
	// larger one would hardly ever arrive whole), 1 MiB for the reliable ones. At most 256
	// MiB.
	MaxMessageBytes int
	// MaxQueuedBytes bounds what waits here to be sent, each message counted as its length +
	// 32. 0: the largest message, at least 256 KiB, for the unreliable deliveries, twice the
	// largest message, at least 4 MiB, for the reliable ones. As much again, or 16 MiB, may be on its way and not acknowledged.
	// A message to many counts in each queue (Draft.Share).
	MaxQueuedBytes int
	// Full says what happens when MaxQueuedBytes is reached. FullDefault: a reliable Send
	// returns ErrFull, an unreliable one drops the oldest waiting messages.
	Full FullPolicy
	// Priority is the class of the channel: as long as one of a higher class has something to
	// send that fits, one of a lower class sends nothing, not even what it lost. Classes are
	// for what must not wait and is small; within a class nothing starves.
	Priority int8
	// Weight is the channel's share of the bytes that its class may send, in proportion to
	// those of the others that have something to send and may; time in which a channel waited
	// for credit or for its own rate is not made up for. 0: 1; at most 65536.
	Weight int
	// BytesPerSecond is the most that the channel sends, with headers and what is sent again:
	// in any time what the rate gives, beside a twentieth of a second that it may save up and a
	// packet that it may begin. Frames that answer the peer (credit, receipts) count and never
	// wait. 0 or negative: no limit but that of the path; at most 1 GiB.
	BytesPerSecond int
	// Compression makes the messages smaller, each for itself, and both ends must have it, with the
	// same ID. nil: none. MaxMessageBytes and WindowBytes limit what the game sends and takes, which
	// is not compressed; queues and credit count what is. Towards plain netcode peers nothing is compressed.
	Compression Compression
	// Resend limits how often a lost message of a reliable delivery is sent again. The zero
	// value never gives up.
	Resend ResendPolicy
	// Repair says how much of the channel's small messages goes out once more before anybody
	// knows of a loss. The zero value follows the losses on the reliable deliveries and is off on
	// the others.
	Repair Repair
	// WindowBytes is how much the peer may send here, each message counted as its length + 32,
	// before the game has taken it. 0: 64 KiB. Windows grow with use and for large messages,
	// out of the WindowPool. For the unreliable deliveries it is the budget of what arrived
	// and was not taken or is not complete: the oldest is dropped. 0: 256 KiB, or room for two
	// of the largest messages: with less, one that begins to come may push out one that is
	// complete and was not taken.
	WindowBytes int
	// Inbound is what this end takes on the channel in a second at most. The peer is told, and
	// keeps to it.
	Inbound ChannelLimits
}

// A Config configures an Endpoint. The zero value of each field is a default.
type Config struct {
	// Channels of the application.
	Channels []ChannelConfig
	// Schemas say what the messages of some channels look like. Both ends use the newest version that
	// is the same at both, Endpoint.SchemaVersion; if there is none, they do not talk. Of an end that
	// has no Schemas nothing is compared.
	Schemas []Schema
	// MinSchemaVersion is the oldest version of the Schemas that is spoken: a peer whose newest one is
	// older is refused, and told both. 0: 1, as far as HELLO has room for (SPEC.md, 6.4).
	MinSchemaVersion int
	// Seed makes the endpoint's random choices (which packet numbers it leaves out, its
	// instance number) repeatable. Give every endpoint another one.
	Seed uint64
	// Handshake says that HELLO travels outside of packets, with AppendHello and HandleHello,
	// as the handshake of package netcode has it. Otherwise the endpoint sends it as a frame.
	Handshake bool
	// Trusted says that packets are authentic because a seal guards them. Then an
	// acknowledgement of a packet that was never sent closes the connection.
	Trusted bool
	// Instance is the number by which the endpoint tells its lives apart. 0: a random one, as it
	// should be, unless this endpoint was announced by another one's HELLO.
	Instance uint64
	// Timeout ends the connection when nothing was heard for as long. 0: 10 s; negative:
	// never.
	Timeout time.Duration
	// KeepFor is how long the connection is kept after the timeout, its peer away: then it comes
	// back, or the connection ends with CodeTimeout. 0 or negative: the timeout ends it.
	KeepFor time.Duration
	// AckHold is how long an acknowledgement may wait for a packet to ride on. 0: 20 ms;
	// negative: not at all; at most 250 ms.
	AckHold time.Duration
	// MaxHold is the longest silence that the peer may announce with Hold, cut to whole
	// seconds. 0: 60 s; negative: none.
	MaxHold time.Duration
	// MaxDatagramBytes is the largest datagram that this end sends and reads, on any path; HELLO
	// states it too. 576 to 65507; 0: 1200, which every path of the Internet carries. Of more
	// each path finds out whether it is carried, if its Carrier says that it can. A carrier that
	// takes less than 576 says so in Carrier.MaxDatagramBytes, not here.
	MaxDatagramBytes int
	// DisableECN has no packet marked (Outgoing.ECN). Marks that come are told to the peer in any
	// case.
	DisableECN bool
	// PacketOverheadBytes is what the caller adds to each packet's frames, headers of IP and
	// UDP included; it is counted against the rate. At most 1024. 0: 51 (28 of IPv4 and UDP, 23
	// of a packet that package netcode seals); negative: nothing.
	PacketOverheadBytes int
	// MaxReceipts bounds receipts that are open or not yet read. 0: 16384; negative: no
	// receipts. When it is reached, a Send that wants a receipt returns ErrFull.
	MaxReceipts int
	// UnsentDraft says what happens to bytes that were written into the endpoint's Draft and not
	// sent, when another message begins a group (SendOptions.Group). DraftRefuse: that message is
	// refused.
	UnsentDraft DraftPolicy
	// Inbound is what this end takes of its peer in a second at most. The peer is told, and
	// keeps to it.
	Inbound Limits
	// OpenedBytesPerSecond is how many bytes the messages of compressed channels may open to in a
	// second, all together; those that came as they are do not count. What is more waits unopened. The
	// peer is not told: it notices by credit, or its unreliable messages give way to newer ones. 0: 16 MiB, at most 1 GiB;
	// negative: no limit.
	OpenedBytesPerSecond int
	// Path is path 0, which exists from the beginning. The zero value shares, on Route 0.
	Path PathConfig
	// MaxPaths is how many paths there may be, 8 at most. 0: 4; 1: one that follows the peer when
	// it comes from another Route; negative: one that stays where it is.
	MaxPaths int
	// Congestion says how fast paths may send. The zero value finds out by delay.
	Congestion CongestionConfig
	// Controller makes the congestion controller of a path, one of the caller's own. nil: the one
	// that Congestion names.
	Controller func() Controller
	// Pool lets windows grow beyond their first size; it may be shared by endpoints of one
	// owner. nil: one of its own with the default size.
	Pool *WindowPool
	// Buffers holds free memory; it may be shared by endpoints of one owner. nil: one of its
	// own.
	Buffers *Buffers
}

const (
	// LeastDatagramBytes and MostDatagramBytes bound Config.MaxDatagramBytes: what each host takes
	// in one piece (RFC 791, section 3.1), and what UDP over IPv4 can say.
	LeastDatagramBytes = 576
	MostDatagramBytes  = 65507
	// DatagramHeaderBytes is what IPv4 and UDP put around a datagram, 20 and 8 bytes.
	DatagramHeaderBytes = 28
	// SealedPacketBytes is what package netcode puts around the frames of a packet to a server: a
	// prefix, 4 bytes of an id, 2 of the packet's number and a tag of 16.
	SealedPacketBytes = 23
)

const (
	messageCharge        = 32 // what a message costs beside its length, also an empty one: bookkeeping is memory, too
	defaultWindow        = 64 << 10
	defaultUnreliable    = 256 << 10
	maxMessageBytesLimit = 256 << 20
	maxWeight            = 1 << 16
	maxAckHold           = 250 * time.Millisecond
	defaultHold          = time.Minute
	maxHold              = 65535 * time.Second
)

func (c ChannelConfig) withDefaults() ChannelConfig {
	if c.MaxMessageBytes == 0 {
		c.MaxMessageBytes = 64 << 10
		if c.Delivery.Reliable() {
			c.MaxMessageBytes = 1 << 20
		}
	}
	if c.MaxQueuedBytes == 0 {
		c.MaxQueuedBytes = max(defaultUnreliable, charge(c.largest()))
		if c.Delivery.Reliable() {
			c.MaxQueuedBytes = max(4<<20, 2*c.MaxMessageBytes)
		}
	}
	if c.Full == FullDefault {
		c.Full = DropOldest
		if c.Delivery.Reliable() {
			c.Full = Refuse
		}
	}
	if c.Repair == RepairDefault {
		c.Repair = RepairOff
		if c.Delivery.Reliable() {
			c.Repair = RepairAuto
		}
	}
	if c.WindowBytes == 0 {
		c.WindowBytes = defaultWindow
		if !c.Delivery.Reliable() {
			c.WindowBytes = max(defaultUnreliable, 2*charge(c.largest()))
		}
	}
	return c
}

func (c Config) withDefaults() Config {
	c.Timeout = orDefault(c.Timeout, defaultTimeout, math.MaxInt64)
	c.KeepFor = max(c.KeepFor, 0)
	c.AckHold = orDefault(c.AckHold, 20*time.Millisecond, 0)
	c.MaxHold = orDefault(c.MaxHold, defaultHold, 0).Truncate(time.Second)
	c.MaxDatagramBytes = orDefault(c.MaxDatagramBytes, 1200, 1200)
	c.PacketOverheadBytes = orDefault(c.PacketOverheadBytes, DatagramHeaderBytes+SealedPacketBytes, 0)
	c.MaxReceipts = orDefault(c.MaxReceipts, 16384, 0)
	c.OpenedBytesPerSecond = orDefault(c.OpenedBytesPerSecond, defaultOpened, 0)
	c.Channels = c.allChannels()
	c.MaxPaths = orDefault(c.MaxPaths, defaultPaths, 0)
	if c.Controller == nil {
		kind := c.Congestion
		c.Controller = func() Controller { return kind.controller() }
	}
	if c.Pool == nil {
		c.Pool = NewWindowPool(0, 1)
	}
	if c.Buffers == nil {
		c.Buffers = NewBuffers(0)
	}
	return c
}

// allChannels are the channels with their defaults in ascending order, the library's own first.
func (c *Config) allChannels() []ChannelConfig {
	all := append([]ChannelConfig{ownChannel}, c.Channels...)
	for i := range all {
		all[i] = all[i].withDefaults()
	}
	slices.SortStableFunc(all, func(a, b ChannelConfig) int { return int(a.ID) - int(b.ID) })
	return all
}

// orDefault resolves a field: zero is the default, negative means off.
func orDefault[T ~int | ~int64](v, zero, off T) T {
	switch {
	case v == 0:
		return zero
	case v < 0:
		return off
	}
	return v
}
