package tickwire

import (
	"errors"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// SendOptions say how one message is to be sent. The zero value asks for nothing
// special; an option that the channel's delivery does not have is an error that wraps
// ErrOption. [endpoint.SendOptions] has each field at length:
//
//	Receipt   bool          // an event Delivered or Lost will tell about this message
//	TTL       time.Duration // how long it is of use; 0: for ever, negative: no more
//	Keyed     bool          // on a Latest channel: "latest" means the latest of
//	Key       uint64        // this key, such as the number of an entity
//	Group     uint32        // if not 0, on ReliableOrdered: it may overtake its group's others
//	Droppable bool          // on ReliableOrdered: sent once; comes in its place or not at all
//
// A TTL counts from the call under a Hub or a Session, and elsewhere from the time that the
// last Update, Flush or Service was given, which in a loop of ticks is that of the tick.
type SendOptions = endpoint.SendOptions

// Send sends a message on a channel. The bytes are copied. It leaves with the next
// Flush, or by itself under a Hub or a Session. After an error it is not sent: the error wraps ErrClosed,
// or is a *SendError that wraps ErrFull, ErrTooLarge or ErrNoChannel.
func (c *Conn) Send(channel ChannelID, b []byte) error {
	_, err := c.SendWith(channel, b, SendOptions{})
	return err
}

// SendWith sends a message as Send does, with options. The receipt is 0 unless they ask
// for one. If an option does not fit the channel the error is a *SendError that names it and
// wraps ErrOption; if it wraps ErrDraft, unsent bytes in the Conn's Draft are in the way of a
// group. A plain peer supports no option; asking for a receipt there gives ErrPlainReceipt.
func (c *Conn) SendWith(channel ChannelID, b []byte, opts SendOptions) (Receipt, error) {
	c.lock()
	defer c.unlock()
	return c.send(channel, b, nil, &opts)
}

// send sends what lies in a draft, or, if that is nil, bytes of the caller's. It leaves the draft
// empty, or as it was if it is shared, or the peer plain. The lock is held.
func (c *Conn) send(
	channel ChannelID, b []byte, from *endpoint.Draft, opts *SendOptions,
) (r Receipt, err error) {
	switch {
	case c.state != connOpen:
		return 0, c.shut()
	case c.plain != nil:
		if from != nil {
			b = from.Bytes()
		}
		return 0, c.sendPlain(channel, b, opts)
	case opts.Receipt && c.core.cfg.MaxReceipts < 0:
		return 0, &SendError{Channel: channel, Err: ErrOption, Field: "Receipt, which Config.MaxReceipts forbids,"}
	case channel == PlainChannel: // the endpoint has one of this number, for itself
		return 0, &SendError{Channel: channel, Err: errNotPlain}
	}
	if opts.TTL != 0 {
		c.end.SetNow(c.core.nowOfCall())
	}
	if from == nil {
		r, err = c.end.Send(channel, b, *opts)
	} else {
		r, err = c.end.SendDraft(channel, from, *opts)
	}
	if err != nil && errors.Is(err, endpoint.ErrClosed) {
		return 0, c.shut()
	}
	c.core.markDirty(c)
	return r, err
}

// nowOfCall is the time of a call. That of a shared core may have stood still for long:
// nobody ticks it.
func (k *core) nowOfCall() int64 {
	if k.shared != nil {
		return max(k.now, int64(time.Since(k.base)))
	}
	return k.now
}

// plainMisfit names the option that plain netcode does not have; "" if none is
// asked for.
func plainMisfit(o *SendOptions) string {
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
