package endpoint

import (
	"math"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// SendOptions say how one message is to be sent. The zero value asks for nothing special; an
// option that the channel's delivery does not have is an error that wraps ErrOption.
type SendOptions struct {
	// Receipt asks for an event Delivered or Lost about this message.
	Receipt bool
	// TTL is how long the message is of use; 0: for ever, negative: it is of none any more.
	// When the time is over it is neither sent nor sent again, and its receipt reads Lost
	// (Expired), within five milliseconds if the endpoint is called at its Deadline. It may
	// still arrive, if it was under way. A reliable channel tells its peer not to wait for it,
	// which takes a one-way trip more. A message that an unreliable delivery has sent whole
	// does not expire: its fate is that of its packet.
	//
	// It counts from the latest time that the endpoint knows: that of the last call that gave
	// one, SetNow among them. By package tickwire that is the time of the last Update, Flush or
	// Service, in a loop of ticks that of the tick; under a Hub or a Session that of the call.
	TTL time.Duration
	// Keyed gives the message of a Latest channel a Key: "latest" then means the latest of its
	// key, say of one entity. A newer value takes the place of one of its key that waits in
	// the queue. Messages without a key replace each other only.
	Keyed bool
	Key   uint64
	// Group, if not 0, is for ReliableOrdered: messages of the same number that are sent one
	// after the other are a group. They may overtake each other, but never the messages around
	// the group: what is lost of it does not hold up the rest. What was written into the
	// endpoint's Draft and not sent when a group begins is subject to Config.UnsentDraft.
	Group uint32
	// Droppable is for ReliableOrdered: the message is sent once and never again. It arrives
	// in its place or not at all; nothing waits for it.
	Droppable bool
}

// Send puts a message on a channel. The payload is copied; SendDraft saves that. It leaves with the
// packets that NextPacket makes next.
func (e *Endpoint) Send(channel ChannelID, payload []byte, opts SendOptions) (Receipt, error) {
	return e.send(channel, payload, nil, &opts)
}

// send sends a payload that lies in a draft, or, if that is nil, in memory of the caller's, from
// which it is copied.
func (e *Endpoint) send(channel ChannelID, payload []byte, from *Draft, opts *SendOptions) (Receipt, error) {
	if !e.life.accepts() {
		return 0, ErrClosed
	}
	receipt, queued, err := e.outbox.send(channel, payload, from, opts)
	if queued {
		e.life.ownHold.woken = e.life.ownHold.on
	}
	return receipt, err
}

// send reports beside the receipt whether a message waits now that did not before: not one that was
// dropped at once, but also one that was joined to another one which is refused.
func (out *outbox) send(channel ChannelID, payload []byte, from *Draft, opts *SendOptions) (r Receipt, queued bool, err error) {
	s, err := out.channelOf(channel, len(payload), opts)
	if err != nil {
		return 0, false, err
	}
	var t *terms
	if opts.asksNothing() && !s.cfg.Resend.limits() {
		s.groups.sending = 0
	} else {
		if field := misfit(s.cfg.Delivery, opts); field != "" {
			return 0, false, &SendError{Channel: channel, Err: ErrOption, Field: field}
		}
		if queued, err = out.applyDraftPolicy(s, from, opts.Group); err != nil {
			return 0, queued, err
		}
		t = s.newTerms(opts)
	}
	if s.cfg.Compression != nil {
		payload, from = s.compress(payload, from)
	}
	if s.queued+charge(len(payload)) > s.cfg.MaxQueuedBytes {
		if fits, err := s.makeQueueRoom(t, charge(len(payload))); !fits {
			out.freeTerms(t)
			r, err = s.unqueued(opts.Receipt, err)
			return r, queued, err
		}
	}
	var m *outMessage
	if s.cfg.Delivery.latest() {
		m = s.placeLatest(t)
	} else {
		m = s.queue.Push()
	}
	m.size, m.terms = uint32(len(payload)), t
	if from != nil {
		from.give(m, out.cfg.Buffers)
	} else {
		m.payload = out.cfg.Buffers.fetch(len(payload))
		copy(m.payload, payload)
	}
	if s.queued += charge(len(payload)); s.refused > 0 {
		s.tellWritable() // it may have taken the place of a larger one
	}
	s.counts.messages++
	if !s.turn.listed {
		s.activate()
	}
	if opts.Receipt {
		m.receipt = out.newReceipt()
	}
	return m.receipt, true, nil
}

// channelOf is the channel on which a message of such a length may be sent.
func (out *outbox) channelOf(channel ChannelID, length int, opts *SendOptions) (*sender, error) {
	s := out.sender(uint16(channel))
	if s == nil || s.own() {
		return nil, &SendError{Channel: channel, Err: ErrNoChannel}
	}
	if length > s.cfg.MaxMessageBytes {
		return nil, &SendError{channel, ErrTooLarge, "MaxMessageBytes", length, s.cfg.MaxMessageBytes}
	}
	if n := out.openReceipts + out.events.ring.Len(); opts.Receipt && n >= out.cfg.MaxReceipts {
		return nil, &SendError{channel, ErrFull, "MaxReceipts", n, out.cfg.MaxReceipts}
	}
	return s, nil
}

func (out *outbox) newReceipt() Receipt {
	out.lastReceipt++
	out.openReceipts++
	return out.lastReceipt
}

// asksNothing reports whether there is nothing that must be remembered with the message.
func (o *SendOptions) asksNothing() bool {
	return o.TTL == 0 && !o.Keyed && o.Group == 0 && !o.Droppable
}

// newTerms returns the terms that the options make.
func (s *sender) newTerms(opts *SendOptions) *terms {
	t := s.out.cfg.Buffers.terms.fetch()
	t.expires = never
	if opts.TTL != 0 {
		t.expires = s.out.after(opts.TTL)
		s.out.expireLater(s.expiry.note(t.expires))
	}
	if opts.Keyed {
		t.options, t.key = wire.OptionKeyed, opts.Key
	}
	if t.group = s.groups.number(opts.Group); t.group != 0 {
		t.options |= wire.OptionGroup
	}
	if opts.Droppable {
		t.options |= wire.OptionDroppable
		s.needDroppables()
	}
	return t
}

// after is when a time to live that begins now is over.
func (c *common) after(ttl time.Duration) int64 {
	switch d := int64(ttl); {
	case d > math.MaxInt64-max(0, c.now):
		return never
	case d < math.MinInt64-min(0, c.now):
		return math.MinInt64
	default:
		return c.now + d
	}
}

// misfit names the option that a delivery does not have; "" if it has all.
func misfit(d Delivery, opts *SendOptions) string {
	switch {
	case opts.Keyed && !d.latest():
		return "Keyed"
	case opts.Group != 0 && d != ReliableOrdered:
		return "Group"
	case opts.Droppable && d != ReliableOrdered:
		return "Droppable"
	}
	return ""
}

// freeTerms takes terms back. As many are kept as there were messages with terms at one time,
// like the room in the queues.
func (out *outbox) freeTerms(t *terms) {
	if t != nil {
		*t = terms{}
		out.cfg.Buffers.terms.release(t)
	}
}
