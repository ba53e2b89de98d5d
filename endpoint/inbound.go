package endpoint

import (
	"fmt"

	"github.com/tickwire/tickwire/internal/wire"
)

// Limits are what an end takes of its peer in a second at most (SPEC.md, 7.13). 0 or negative:
// as much as comes, which is the default: what a peer can cost is bounded without them, memory
// by credit and bandwidth by the line, and what is too much for a game only the game knows. Each
// is at most 268435456.
//
// They are told to the peer, and a peer that speaks tickwire keeps to them: what is too much
// waits there. Of one that does not, unreliable and droppable messages beyond a limit are
// dropped, and at twice a limit for a second the connection ends with CodeTooFast. A peer that
// was quiet, or whose packets the network held up, may make up for up to ten seconds.
type Limits struct {
	// PacketsPerSecond counts packets, but for acknowledgements alone. At least 16.
	PacketsPerSecond int
	// BytesPerSecond counts the frames of these packets, and 48 bytes for each. At least 4096.
	BytesPerSecond int
	// MessagesPerSecond counts messages, and those that were sent again once more.
	MessagesPerSecond int
}

// ChannelLimits are Limits of one channel.
type ChannelLimits struct {
	// BytesPerSecond counts messages with their headers.
	BytesPerSecond int
	// MessagesPerSecond counts messages, and those that were sent again once more.
	MessagesPerSecond int
}

const (
	maxLimit      = 1 << 28
	leastPackets  = 16   // beside data, probes and keep-alives must go
	leastBytes    = 4096 // likewise
	packetCharge  = 48   // of a packet, beside its frames
	forgivenTimes = 10   // seconds at twice the limit that a peer may make up for
)

// A bound is one inbound limit as its receiver judges it. Once is what the limit gives, of which
// a second's worth may come at a time. Twice is what twice the limit gives: a second of that at
// first, and ten of them from a peer that was quiet. A network that holds packets up and
// delivers them at once shows what was sent in many seconds in one, and an honest sender must
// not suffer for it: sent at the limit, twenty seconds' worth may come together.
type bound struct {
	limit       int
	once, twice throttle
}

// newBound returns a bound that lets a piece of so many units pass whatever its size.
func newBound(now int64, limit, piece int) bound {
	if limit <= 0 {
		return bound{}
	}
	l, extra := int64(limit), int64(piece)
	return bound{
		limit: limit,
		once:  throttle{rate: limit, burst: l + extra, level: (l + extra) * second, at: now},
		twice: throttle{rate: 2 * limit, burst: 2*l*forgivenTimes + extra, level: (2*l + extra) * second, at: now},
	}
}

func (b *bound) spend(now int64, units int) {
	if b.limit > 0 {
		b.once.spend(now, units)
		b.twice.spend(now, units)
	}
}

// over reports whether more came than the limit gives, broken whether twice as much did.
func (b *bound) over() bool   { return b.once.level < 0 }
func (b *bound) broken() bool { return b.twice.level < 0 }

// An inbound is what an end takes of its peer. An end that has no limits, of the connection or of a
// channel, has none before it has opened a compressed message.
type inbound struct {
	packets, bytes, messages bound
	ration                   *ration // of what is opened; nil: nothing was so far
	acks                     bank    // packets of acks alone that the peer has reason to send
	broken                   string  // which limit was exceeded twice; "": none
}

// A channelInbound is what is taken on a channel that has limits.
type channelInbound struct{ bytes, messages bound }

// newChannelInbound returns the limits of a channel; nil if it has none.
func newChannelInbound(now int64, cfg *Config, of *ChannelConfig) *channelInbound {
	if !of.Inbound.limits() {
		return nil
	}
	return &channelInbound{
		newBound(now, of.Inbound.BytesPerSecond, cfg.MaxDatagramBytes),
		newBound(now, of.Inbound.MessagesPerSecond, 1),
	}
}

func (l *ChannelLimits) limits() bool { return l.BytesPerSecond > 0 || l.MessagesPerSecond > 0 }

// newInbound returns the limits of a configuration; nil if there are none.
func newInbound(now int64, cfg *Config) *inbound {
	l, largest := cfg.Inbound, cfg.MaxDatagramBytes
	any := l.PacketsPerSecond > 0 || l.BytesPerSecond > 0 || l.MessagesPerSecond > 0
	for i := range cfg.Channels {
		any = any || cfg.Channels[i].Inbound.limits()
	}
	if !any {
		return nil
	}
	return &inbound{
		packets:  newBound(now, l.PacketsPerSecond, 4),
		bytes:    newBound(now, l.BytesPerSecond, largest+packetCharge),
		messages: newBound(now, l.MessagesPerSecond, 1),
	}
}

// A bank counts what a peer may do for nothing since it has reason to. What it did not use goes
// after one to two bankLives: as long as a network may hold up what it sent at once.
type bank struct {
	free          uint64
	earned, older uint64 // in this bankLife, and in the one before
	since         int64  // when this one began
}

const bankLife = forgivenTimes * second

func (b *bank) earn(now int64) {
	b.pass(now)
	b.earned++
	b.free++
}

// spend reports whether there was something to spend.
func (b *bank) spend(now int64) bool {
	if b.pass(now); b.free == 0 {
		return false
	}
	b.free--
	return true
}

// pass forgets what is too old.
func (b *bank) pass(now int64) {
	passed := now - b.since
	if passed < bankLife {
		return
	}
	if b.older = b.earned; passed >= 2*bankLife {
		b.older = 0
	}
	b.earned, b.since = 0, now
	b.free = min(b.free, b.older)
}

// packet charges a packet that came, unless it holds acknowledgements and sums alone and the peer had
// reason to send them: one for each packet lately that elicits an ack, of either side, since an
// ack that was lost with its packet is said again.
func (in *inbound) packet(now int64, frames int, said traits) {
	if said&elicits != 0 {
		in.acks.earn(now)
	} else if said != isMore && in.acks.spend(now) {
		return
	}
	in.packets.spend(now, 1)
	in.bytes.spend(now, frames+packetCharge)
}

// charge charges messages that came on a channel, with bytes of frames.
func (in *inbound) charge(now int64, r *receiver, messages, bytes int) {
	if !r.own() {
		in.messages.spend(now, messages)
	}
	if r.inbound != nil {
		in.chargeChannel(now, r, messages, bytes)
	}
}

// chargeFragment charges a piece of a message, which counts with the first.
func (in *inbound) chargeFragment(now int64, r *receiver, first bool, bytes int) {
	messages := 0
	if first {
		messages = 1
	}
	in.charge(now, r, messages, bytes)
}

func (in *inbound) chargeChannel(now int64, r *receiver, messages, bytes int) {
	of := r.inbound
	of.messages.spend(now, messages)
	of.bytes.spend(now, bytes)
	switch {
	case of.bytes.broken():
		in.broken = fmt.Sprintf("channel %d: twice %d bytes a second", r.id, of.bytes.limit)
	case of.messages.broken():
		in.broken = fmt.Sprintf("channel %d: twice %d messages a second", r.id, of.messages.limit)
	}
}

// tooMuch reports whether unreliable and droppable messages of a channel are to be dropped.
func (in *inbound) tooMuch(r *receiver) bool {
	return in != nil && (in.packets.over() || in.bytes.over() || in.messages.over() ||
		r.inbound != nil && (r.inbound.bytes.over() || r.inbound.messages.over()))
}

// judge charges a packet that came, and names the limit that the peer exceeds twice; "": none.
func (in *inbound) judge(now int64, frames int, said traits) string {
	in.packet(now, frames, said)
	switch {
	case in.packets.broken():
		in.broken = fmt.Sprintf("twice %d packets a second", in.packets.limit)
	case in.bytes.broken():
		in.broken = fmt.Sprintf("twice %d bytes a second", in.bytes.limit)
	case in.messages.broken():
		in.broken = fmt.Sprintf("twice %d messages a second", in.messages.limit)
	}
	return in.broken
}

// helloLimits is what HELLO says of Config.Inbound and those of the channels.
func helloLimits(of Limits, channels []ChannelConfig) (wire.Limits, []wire.ChannelLimits) {
	var each []wire.ChannelLimits
	for _, ch := range channels {
		l := wire.ChannelLimits{
			Channel: uint16(ch.ID), Bytes: stated(ch.Inbound.BytesPerSecond), Messages: stated(ch.Inbound.MessagesPerSecond),
		}
		if l.Bytes > 0 || l.Messages > 0 {
			each = append(each, l)
		}
	}
	return wire.Limits{
		Packets: stated(of.PacketsPerSecond), Bytes: stated(of.BytesPerSecond), Messages: stated(of.MessagesPerSecond),
	}, each
}

func stated(limit int) uint32 { return uint32(max(limit, 0)) }
