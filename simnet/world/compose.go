package world

import (
	"errors"
	"fmt"

	"github.com/tickwire/tickwire"
)

// What is sent otherwise than by giving bytes to one Conn: messages that are built in place,
// and messages to many.

// sendInPlace writes a message into the Conn's draft. Every other one has room for all of it
// from the beginning, as of a game that knows the length: then no byte of it ever moves.
func (e *End) sendInPlace(l *Lane, payload []byte, from origin, opts tickwire.SendOptions) error {
	d, tap := e.conn.Draft(), e.world.cfg.Tap
	e.dropDraft()
	roomy := l.Sent()%2 == 0
	if roomy {
		d.Grow(len(payload))
	}
	for at, step := 0, len(payload)/3+1; at < len(payload); at += step {
		if _, err := d.Write(payload[at:min(at+step, len(payload))]); err != nil {
			break // SendWith gives the same error
		}
	}
	memory := d.Bytes()
	r, err := d.SendWith(l.channel.ID, opts)
	if err != nil {
		d.Reset()
	}
	if err = e.sent(l, payload, from, opts, r, err); err == nil && roomy && tap != nil {
		tap.Sent(l, memory, false)
	}
	return err
}

// Leave writes a message that is made up into the Conn's draft and does not send it, to be found
// by a group (tickwire.Config.UnsentDraft).
func (e *End) Leave(size int) {
	if !e.Open() {
		return
	}
	e.dropDraft()
	e.unsent = e.world.appendCommon(nil, max(size, NumberBytes))
	if _, err := e.conn.Draft().Write(e.unsent); err != nil {
		e.dropDraft()
	}
}

// dropDraft drops what Leave has left.
func (e *End) dropDraft() {
	if e.unsent != nil {
		e.conn.Draft().Reset()
		e.unsent = nil
	}
}

// checkDraft looks at what a message that was given to the library has done to the draft: only
// one with a group may have done something, and that which was configured. It is called before
// the message is in the ledger: what has joined its group is in front of it.
func (e *End) checkDraft(l *Lane, opts tickwire.SendOptions, err error) {
	if e.unsent == nil || errors.Is(err, tickwire.ErrClosed) {
		return
	}
	d, policy := e.conn.Draft(), e.world.cfg.Client.UnsentDraft
	if e.server {
		policy = e.world.cfg.Server.UnsentDraft
	}
	met, left := errors.Is(err, tickwire.ErrDraft), d.Len() > 0
	refuses := policy == tickwire.DraftRefuse
	switch {
	case !met && left: // it was not in the way
	case opts.Group == 0 || met != refuses || left != refuses:
		l.fault(InOrder, "a message of group %d met a draft: %v, the draft has %d bytes", opts.Group, err, d.Len())
	case policy == tickwire.DraftJoin:
		l.accepted(e.unsent, common, tickwire.SendOptions{Group: opts.Group})
	}
	if err != nil || !left { // the next one finds none
		e.dropDraft()
	}
}

// appendCommon makes up a message that is like none of any lane.
func (w *World) appendCommon(dst []byte, size int) []byte {
	w.shared++
	return AppendStamp(dst, commonKey, firstCommon+w.shared, size)
}

// Broadcast sends one message from the server to all players who are open, and notes it in the
// ledger of each. The error is that of Draft.Broadcast; those of single Conns are counted
// as refused.
func (w *World) Broadcast(channel tickwire.ChannelID, m Message) error {
	if w.server == nil {
		return tickwire.ErrClosed
	}
	payload, from := m.Payload, given
	if payload == nil {
		w.buf = w.appendCommon(w.buf[:0], m.Size)
		payload, from = w.buf, common
	}
	opts := m.Options
	opts.Receipt = opts.Receipt || m.Tracked
	w.crowd = w.crowd[:0]
	told := 0
	before := w.server.Stats().Buffers.InUse
	if _, err := w.draft.Write(payload); err != nil {
		w.draft.Reset()
		return err
	}
	memory := w.draft.Bytes()
	err := w.draft.Broadcast(w.audience, channel, opts,
		func(c *tickwire.Conn, r tickwire.Receipt, err error) {
			to := w.crowd[told] // in the order of the audience
			told++
			l := to.lane(channel)
			if to.sent(l, payload, from, opts, r, err) == nil && w.cfg.Tap != nil {
				w.cfg.Tap.Sent(l, memory, true)
			}
		})
	w.draft.Reset()
	if n := w.server.Stats().Buffers.InUse - before; n > 1 {
		w.fault(MemoryBound, "server", fmt.Sprintf("%d buffers hold one message to many", n))
	}
	return err
}

// Made up payloads for many begin with other numbers than those that one lane has.
const (
	commonKey   = 0xffffffff
	firstCommon = 1 << 31
)

// audience lists the Conns of the server's open ends, and notes whose they are.
func (w *World) audience(yield func(*tickwire.Conn) bool) {
	for e := range w.Ends() {
		if !e.server {
			continue
		}
		if w.crowd = append(w.crowd, e); !yield(e.conn) {
			return
		}
	}
}
