package tickwire

import (
	"errors"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// SendOptions say how one message is to be sent. The zero value asks for
// nothing special; an option that the channel's delivery does not have is an
// error that wraps ErrOption.
type SendOptions struct {
	// Receipt asks for an event Delivered or Lost about this message.
	Receipt bool
	// TTL is how long the message is of use; 0: for ever, negative: it is of none
	// any more. When the time is over the message is neither sent nor sent again,
	// and its receipt reads Lost with Expired, a few milliseconds later at most. It
	// may still arrive, if it was under way. A reliable channel moves on: the peer
	// is told not to wait for it. A message that an unreliable channel has sent
	// whole does not expire.
	//
	// It counts by the owner's clock, from the time that the last Update, Flush or
	// Service was given, which in a loop of ticks is that of the tick. Under a Hub
	// or a Session it counts from the call. By that clock it is never early.
	TTL time.Duration
	// Keyed gives the message of a Latest channel a Key: "latest" then means the
	// latest of its key, say of one entity. A newer value takes the place of one of
	// its key that waits in the queue. Messages without a key replace each other
	// only.
	Keyed bool
	Key   uint64
	// Group, if not 0, is for ReliableOrdered: messages of the same number that are
	// sent one after the other are a group. They may overtake each other, but never
	// the messages around the group: what is lost of it does not hold up the rest.
	// What was written into the Conn's Draft and not sent when a group begins is
	// subject to Config.UnsentDraft.
	Group uint32
	// Droppable is for ReliableOrdered: the message is sent once and never again. It
	// arrives in its place or not at all; nothing waits for it.
	Droppable bool
}

// Send sends a message on a channel. The bytes are copied. It leaves with the
// next Flush. The error is ErrClosed, or a *SendError that wraps ErrFull,
// ErrTooLarge or ErrNoChannel.
func (c *Conn) Send(channel ChannelID, b []byte) error {
	_, err := c.SendWith(channel, b, SendOptions{})
	return err
}

// SendTracked sends a message as Send does and returns a receipt, which an event
// will report as Delivered or Lost. Towards a plain peer it fails with
// ErrPlainReceipt.
func (c *Conn) SendTracked(channel ChannelID, b []byte) (Receipt, error) {
	return c.SendWith(channel, b, SendOptions{Receipt: true})
}

// SendWith sends a message as Send does, with options. The receipt is 0 unless
// they ask for one. Options that do not fit the channel are a *SendError that
// names the first and wraps ErrOption; towards a plain peer no option fits. One that
// wraps ErrDraft says that the Conn's Draft is in the way of a group.
func (c *Conn) SendWith(channel ChannelID, b []byte, opts SendOptions) (Receipt, error) {
	c.lock()
	defer c.unlock()
	return c.send(channel, payload{bytes: b}, &opts)
}

// SendDraft sends what was written into the Conn's Draft as SendWith does, but
// copies nothing; then the draft is empty. After an error it is as it was, so that
// the game may try again, or another channel.
func (c *Conn) SendDraft(channel ChannelID, opts SendOptions) (Receipt, error) {
	c.lock()
	defer c.unlock()
	d, err := c.draft.open()
	if err != nil {
		return 0, err
	}
	return c.send(channel, payload{draft: d}, &opts)
}

// A payload is where a message comes from: a draft, or if that is nil bytes of the
// caller's.
type payload struct {
	bytes []byte
	draft *endpoint.Draft
	keep  bool // others get it too
}

func (c *Conn) send(channel ChannelID, from payload, opts *SendOptions) (Receipt, error) {
	return c.sendUntil(channel, from, opts, c.core.expiry(opts.TTL))
}

// sendUntil sends with a TTL that began some time ago.
func (c *Conn) sendUntil(
	channel ChannelID, from payload, opts *SendOptions, expires int64,
) (r Receipt, err error) {
	switch {
	case c.state != connOpen:
		return 0, c.shut()
	case c.plain != nil:
		return 0, c.sendPlain(channel, from, opts)
	case opts.Receipt && c.core.cfg.MaxReceipts < 0:
		return 0, &SendError{Channel: channel, Err: ErrOption, Field: "Receipt, which Config.MaxReceipts forbids,"}
	case channel == PlainChannel: // the endpoint has one of this number, for itself
		return 0, &SendError{Channel: channel, Err: ErrNoChannel}
	case from.draft == nil:
		r, err = c.end.Send(channel, from.bytes, opts.endpoint(expires))
	case from.keep:
		r, err = c.end.SendShared(channel, from.draft, opts.endpoint(expires))
	default:
		r, err = c.end.SendDraft(channel, from.draft, opts.endpoint(expires))
	}
	if err != nil && errors.Is(err, endpoint.ErrClosed) {
		return 0, c.shut()
	}
	c.core.markDirty(c)
	return r, err
}

// endpoint is what the options are to an endpoint.
func (o *SendOptions) endpoint(expires int64) endpoint.SendOptions {
	return endpoint.SendOptions{
		Receipt: o.Receipt, ExpiresAt: expires,
		Keyed: o.Keyed, Key: o.Key, Group: o.Group, Droppable: o.Droppable,
	}
}

// nowOfCall is the time of a call. That of a shared core may have stood still for long:
// nobody ticks it.
func (k *core) nowOfCall() int64 {
	if k.shared != nil {
		return max(k.now, int64(time.Since(k.base)))
	}
	return k.now
}

// expiry is when a message that is sent now has lived for so long; 0: never.
func (k *core) expiry(ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	now := k.nowOfCall()
	if int64(ttl) > never-now {
		return 0
	}
	return max(1, now+int64(ttl))
}

// plainMisfit names the option that plain netcode does not have; "" if none is
// asked for.
func (o *SendOptions) plainMisfit() string {
	switch {
	case o.TTL != 0:
		return "TTL"
	case o.Keyed:
		return "Keyed"
	case o.Group != 0:
		return "Group"
	case o.Droppable:
		return "Droppable"
	}
	return ""
}
