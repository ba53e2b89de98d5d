package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// A closing is the end of a connection under way (SPEC.md, section 7).
type closing struct {
	code   Code
	text   string
	rows   []byte
	sendAt int64 // when CLOSE is to be sent (again); never in a tombstone
	tries  int
	ackDue bool  // a CLOSE came that was not answered yet
	until  int64 // when the state ends
}

const (
	closeFor     = 3 * second // CLOSE is repeated no longer than this
	tombstoneFor = 1 * second // at least
)

func (c *closing) deadline() int64 {
	if c.ackDue {
		return 0
	}
	return min(c.sendAt, c.until)
}

// Close ends the connection: the peer is told the code and the text, which is
// cut after 200 bytes. Messages that wait are not sent any more, those that
// have arrived may still be received. The endpoint must be driven on until
// Done. Closing twice changes nothing.
func (e *Endpoint) Close(now int64, code Code, text string) {
	e.closeWith(now, code, text, nil)
}

func (e *Endpoint) closeWith(now int64, code Code, text string, rows []byte) {
	if e.state >= stateClosing {
		return
	}
	text = text[:min(len(text), wire.MaxTextBytes)]
	e.end(now, Event{Kind: Closed, Code: code, Text: text})
	e.state = stateClosing
	e.closing = closing{code: code, text: text, rows: rows, sendAt: now, until: now + closeFor}
}

// end settles everything that was under way and says why: the last event.
func (e *Endpoint) end(now int64, ev Event) {
	for i := range e.senders {
		e.dropSender(&e.senders[i])
	}
	for i := range e.receivers {
		e.dropUnfinished(&e.receivers[i])
	}
	e.queuedMessages = 0
	e.events.push(ev)
}

func (e *Endpoint) dropSender(s *sender) {
	for ; s.open.Len() > 0; s.open.Pop() {
		m := s.open.At(s.open.Base())
		e.resolve(s, m, Lost, ConnClosed)
		e.done(s, m)
	}
	for ; s.queue.Len() > 0; s.queue.Pop() {
		m := s.queue.At(s.queue.Base())
		e.resolve(s, m, Lost, ConnClosed)
		e.cfg.Buffers.release(m.payload)
	}
	s.queued, s.resend, s.cutting, s.blocked = 0, 0, 0, false
}

// dropUnfinished drops what the game will never see: partials, and messages
// that wait for an earlier one.
func (e *Endpoint) dropUnfinished(r *receiver) {
	for len(r.partials) > 0 {
		e.dropPartial(r, r.partials[0])
	}
	for id := r.slots.Base(); id < r.slots.End(); id++ {
		sl := r.slots.At(id)
		if sl.partial != nil {
			e.dropPartial(r, sl.partial)
		}
		if sl.waiting {
			e.cfg.Buffers.release(sl.message.payload)
			sl.waiting = false
		}
	}
	r.limitDue, r.stored = false, nil
}

// Done reports whether the endpoint needs no more calls.
func (e *Endpoint) Done() bool { return e.state == stateDead }

// Open reports whether messages may be sent.
func (e *Endpoint) Open() bool { return e.state == stateOpen }

// Release gives all memory back to the pools. Call it when the endpoint is
// Done and the game has taken the messages that it wants.
func (e *Endpoint) Release() {
	e.state = stateDead
	e.Update()
	for i := range e.senders {
		e.dropSender(&e.senders[i])
	}
	for i := range e.receivers {
		r := &e.receivers[i]
		e.dropUnfinished(r)
		for ; r.ready.Len() > 0; r.ready.Pop() {
			e.cfg.Buffers.release(r.ready.At(r.ready.Base()).payload)
		}
		e.cfg.Pool.give(r.pooled)
		r.pooled = 0
	}
}

// handleClose: the peer ends the connection.
func (e *Endpoint) handleClose(now int64, b []byte) (n int, err error) {
	c, n := wire.ConsumeClose(b)
	if n < 0 || c.Code.Local() {
		return 0, errProtocol
	}
	text := string(c.Text)
	if c.Code == CodeMismatch {
		text = e.Difference(c.Rows)
	}
	e.end(now, Event{Kind: Closed, Code: c.Code, Text: text, Remote: true})
	e.bury(now)
	e.closing.ackDue = true
	return n, nil
}

// bury makes a tombstone: it answers a repeated CLOSE for a while.
func (e *Endpoint) bury(now int64) {
	e.state = stateTombstone
	e.closing.sendAt = never
	e.closing.until = now + max(tombstoneFor, 3*e.paths[0].probeTimeout(0))
}

// handleClosing looks for CLOSE and CLOSE_ACK in a packet that came after the
// end; a packet with a CLOSE holds nothing else but ACK.
func (e *Endpoint) handleClosing(now int64, frames []byte) {
	for len(frames) > 0 {
		n := 1
		switch kind := frames[0]; {
		case kind == wire.TypeClose:
			_, n = wire.ConsumeClose(frames)
			if n < 0 {
				return
			}
			e.closing.ackDue = true
			if e.state == stateClosing {
				e.bury(now)
			}
		case kind == wire.TypeCloseAck:
			if e.state == stateClosing {
				e.bury(now)
			}
		case kind == wire.TypePing:
		case kind >= wire.TypeAck && kind < wire.TypeFragment:
			n = wire.ConsumeAck(frames, &e.ackIn)
		default:
			return
		}
		if n < 0 {
			return
		}
		frames = frames[n:]
	}
}

// buildClose fills a packet with CLOSE_ACK, or with CLOSE and an ACK of all.
func (e *Endpoint) buildClose(b *builder) {
	c := &e.closing
	if c.ackDue {
		c.ackDue = false
		b.dst = append(b.dst, wire.TypeCloseAck)
		return
	}
	if e.state != stateClosing || b.now < c.sendAt {
		return
	}
	if len(b.path.ranges.All()) > 0 {
		b.dst = e.appendAck(b.now, b.path, b.dst, &b.pkt)
	}
	rows := c.rows
	if most := b.room() - len(c.text) - 16; len(rows) > most {
		rows = rows[:max(0, most)/wire.ChannelRowSize*wire.ChannelRowSize]
	}
	b.dst = wire.AppendClose(b.dst, &wire.Close{Code: c.code, Text: []byte(c.text), Rows: rows})
	c.sendAt = b.now + b.path.probeTimeout(c.tries)
	c.tries++
}

func (e *Endpoint) closingTimeout(now int64) {
	if now >= e.closing.until {
		e.state = stateDead
	}
}
