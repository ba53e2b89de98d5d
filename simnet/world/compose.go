package world

import (
	"iter"

	"github.com/tickwire/tickwire"
)

// What is sent otherwise than by giving bytes to one Conn: messages that are built in place,
// and messages to many.

// sendInPlace writes a message into the Conn's draft. Every other one has room for all of it
// from the beginning, as of a game that knows the length: then no byte of it ever moves.
func (e *End) sendInPlace(l *Lane, payload []byte, from origin, opts tickwire.SendOptions) error {
	d, tap := e.conn.Draft(), e.world.cfg.Tap
	roomy := l.Sent()%2 == 0
	if roomy {
		d.Grow(len(payload))
	}
	for at, step := 0, len(payload)/3+1; at < len(payload); at += step {
		if _, err := d.Write(payload[at:min(at+step, len(payload))]); err != nil {
			break // SendDraft gives the same error
		}
	}
	memory := d.Bytes()
	r, err := e.conn.SendDraft(l.channel.ID, opts)
	if err != nil {
		d.Reset()
	}
	if err = e.sent(l, payload, from, opts, r, err); err == nil && roomy && tap != nil {
		tap.Sent(l, memory, false)
	}
	return err
}

// Broadcast sends one message from the server to all players who are open, and notes it in the
// ledger of each. The error is that of Server.BroadcastDraft; those of single Conns are counted
// as refused.
func (w *World) Broadcast(channel tickwire.ChannelID, m Message) error {
	if w.server == nil {
		return tickwire.ErrClosed
	}
	payload, from := m.Payload, given
	if payload == nil {
		w.buf = AppendStamp(w.buf[:0], commonKey, firstCommon+w.shared, m.Size)
		payload, from = w.buf, common
		w.shared++
	}
	opts := m.Options
	opts.Receipt = opts.Receipt || m.Tracked
	var to *End
	if _, err := w.draft.Write(payload); err != nil {
		w.draft.Reset()
		return err
	}
	memory := w.draft.Bytes()
	err := w.server.BroadcastDraft(w.audience(&to), channel, w.draft, opts,
		func(c *tickwire.Conn, r tickwire.Receipt, err error) {
			l := to.lane(channel)
			if to.sent(l, payload, from, opts, r, err) == nil && w.cfg.Tap != nil {
				w.cfg.Tap.Sent(l, memory, true)
			}
		})
	w.draft.Reset()
	return err
}

// Made up payloads for many begin with other numbers than those that one lane has.
const (
	commonKey   = 0xffffffff
	firstCommon = 1 << 31
)

// audience lists the Conns of the server's open ends, and says whose is the one under way.
func (w *World) audience(current **End) iter.Seq[*tickwire.Conn] {
	return func(yield func(*tickwire.Conn) bool) {
		for e := range w.Ends() {
			if *current = e; e.server && !yield(e.conn) {
				return
			}
		}
	}
}
