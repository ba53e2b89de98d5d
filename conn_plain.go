package tickwire

import (
	"fmt"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/netcode"
)

// A plainConn is the raw channel of a peer that speaks plain netcode 1.02:
// each message is one payload packet, sent once.
type plainConn struct {
	peer     plainPeer
	waiting  seq.Ring[[]byte] // to be sent
	received seq.Ring[[]byte]
	visible  uint64 // payloads below it are shown to the game
	dropped  uint64
	intake   *endpoint.Intake // Config.Inbound; nil: there are no limits
}

// newPlain makes the channel of a peer who turned out to be plain.
func (k *core) newPlain(p plainPeer) *plainConn {
	return &plainConn{peer: p, intake: endpoint.NewIntake(k.now, k.cfg.Inbound, netcode.MaxPayloadBytes)}
}

// A plainPeer is the peer of a Conn that turned out to be plain.
type plainPeer interface {
	// appendPayload appends the packet of a payload.
	appendPayload(dst, payload []byte) ([]byte, error)
	// sayGoodbye says goodbye, which takes no answer.
	sayGoodbye()
}

// maxPlainQueue bounds the payloads that wait in either direction; the oldest is
// dropped.
const maxPlainQueue = 256

// handlePayload keeps a payload that came for the game, if the peer may send as much.
func (c *Conn) handlePayload(now int64, b []byte) {
	switch fits, broken := c.plain.intake.Take(now, len(b)); {
	case broken != "":
		c.close(CodeTooFast, broken)
		return
	case !fits:
		c.plain.dropped++
		return
	}
	c.plain.push(&c.plain.received, b)
	c.core.showLater(c)
}

func (p *plainConn) push(r *seq.Ring[[]byte], b []byte) {
	if r.Len() == maxPlainQueue {
		r.Pop()
		p.dropped++
	}
	*r.Push() = append([]byte(nil), b...)
}

// reveal shows what arrived.
func (p *plainConn) reveal() { p.visible = p.received.End() }

func (p *plainConn) next(channel ChannelID) ([]byte, bool) {
	if channel != PlainChannel || p.received.Base() >= p.visible {
		return nil, false
	}
	b := *p.received.At(p.received.Base())
	p.received.Pop()
	return b, true
}

// errPlainOnly and errNotPlain: the channel is one of the other kind of peers.
var (
	errPlainOnly = fmt.Errorf("%w: a plain netcode peer has PlainChannel alone", ErrNoChannel)
	errNotPlain  = fmt.Errorf("%w: PlainChannel is for plain netcode peers, others have Config.Channels", ErrNoChannel)
)

// sendPlain queues a payload.
func (c *Conn) sendPlain(channel ChannelID, b []byte, opts *SendOptions) error {
	switch {
	case channel != PlainChannel:
		return &SendError{Channel: channel, Err: errPlainOnly}
	case opts.Receipt:
		return ErrPlainReceipt
	case plainMisfit(opts) != "":
		return &SendError{Channel: channel, Err: ErrOption, Field: plainMisfit(opts)}
	case len(b) == 0 || len(b) > netcode.MaxPayloadBytes:
		return &SendError{
			Channel: channel, Err: ErrTooLarge,
			Field: "plain netcode, which carries 1 byte at least,",
			Value: len(b), Limit: netcode.MaxPayloadBytes,
		}
	}
	c.plain.push(&c.plain.waiting, b)
	c.core.markDirty(c)
	return nil
}

// flushPlain sends the payloads that wait.
func (c *Conn) flushPlain() {
	for ; c.plain.waiting.Len() > 0; c.plain.waiting.Pop() {
		payload := *c.plain.waiting.At(c.plain.waiting.Base())
		b, err := c.plain.peer.appendPayload(c.at().port.begin(), payload)
		if err == nil {
			c.at().commit(b)
		}
	}
}
