package endpoint

import (
	"unicode/utf8"

	"github.com/tickwire/tickwire/internal/wire"
)

// A closing is the end of a connection under way (SPEC.md, 7.9).
// CLOSE is answered, not acknowledged, so that an end that has forgotten its channels can do it. If
// both ends close each reports its own reason: each of them decided.
type closing struct {
	code   Code
	text   string
	rows   []byte
	sendAt int64 // when CLOSE is to be sent (again); never in a tombstone
	ackAt  int64 // when a CLOSE came that was not answered yet; never: none
	ackTo  Route // that CLOSE came from there
	ackOn  *path // that CLOSE came on this path
	last   *path // the one that CLOSE went over last
	until  int64 // when the state ends
	tell   bool  // the event Closed waits for the peer's channel rows
	left   int   // Undelivered of that event
	lesser int   // Unreliable of that event
}

const (
	closeFor     = 3 * second // CLOSE is repeated no longer than this
	tombstoneFor = 1 * second // at least
	closeBytes   = 16         // of CLOSE beside its text and rows
)

// Close ends the connection: the peer is told the code and the text, which is cut after 200
// bytes. A code that is local to one end (64 to 255) reads CodeNone there. Messages that wait
// are not sent any more, those that have arrived may still be received. The endpoint must be
// driven on until Done. Closing twice changes nothing.
func (e *Endpoint) Close(now int64, code Code, text string) {
	e.closeWith(now, code, text, nil)
}

// closeWith is Close that also tells the peer our channel rows, if there are any.
func (e *Endpoint) closeWith(now int64, code Code, text string, rows []byte) {
	if e.life.ended() {
		return
	}
	text = cutText(text, wire.MaxTextBytes)
	left, unreliable := e.abandonAll()
	e.life.state = stateClosing
	e.life.closing = &closing{code: code, text: text, rows: rows, ackAt: never, sendAt: now, until: now + closeFor}
	if e.life.closing.tell = rows != nil; e.life.closing.tell {
		e.life.closing.left, e.life.closing.lesser = left, unreliable
		return
	}
	e.events.push(Event{Kind: Closed, Code: code, Text: text, Undelivered: left, Unreliable: unreliable})
}

// cutText cuts a text to so many bytes, between two characters.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	n := max(most, 0)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// tellMismatch makes the event Closed of an end that found the channels to differ. It waited
// for the peer's rows, so that it can name the difference; answer is nil if none came.
func (l *lifetime) tellMismatch(answer *wire.Close) {
	c := l.closing
	if !c.tell {
		return
	}
	c.tell = false
	text := c.text
	if answer != nil && answer.Code == CodeMismatch {
		text = l.plan.difference(answer.Rows)
	}
	l.events.push(Event{Kind: Closed, Code: c.code, Text: text, Undelivered: c.left, Unreliable: c.lesser})
}

// abandonAll ends everything that was under way, and returns how many of our messages had no
// fate yet, and how many of those were unreliable.
func (e *Endpoint) abandonAll() (left, unreliable int) {
	e.inbox.dropUnfinished()
	return e.outbox.abandon()
}

// Done reports whether the endpoint needs no more calls.
func (e *Endpoint) Done() bool { return e.life.state == stateDead }

// Over reports whether the connection has ended, be it that the goodbye is still being said.
func (e *Endpoint) Over() bool { return e.life.state >= stateClosing }

// Open reports whether messages may be sent, be it that they wait for a peer who is away.
func (e *Endpoint) Open() bool {
	return e.life.live() && !e.life.drain.on
}

// Release gives all memory back to the pools. Call it when the endpoint is Done and the game
// has taken the messages that it wants.
func (e *Endpoint) Release() {
	e.life.state = stateDead
	e.Update()
	e.abandonAll()
	e.inbox.release()
}

// handleClose: the peer ends the connection.
func (e *Endpoint) handleClose(now int64, p *path, from Route, b []byte) (n int, err error) {
	c, n := wire.ConsumeClose(b)
	if n < 0 {
		return 0, errProtocol
	}
	text := wire.CleanText(c.Text)
	if c.Code == CodeMismatch {
		text = e.plan.difference(c.Rows)
	}
	left, unreliable := e.abandonAll()
	e.events.push(Event{
		Kind: Closed, Code: c.Code, Text: text, Remote: true, Undelivered: left, Unreliable: unreliable,
	})
	e.life.becomeTombstone(now, e.paths.patience())
	e.life.oweCloseAck(now, p, from)
	return n, nil
}

// becomeTombstone makes a tombstone: it answers a repeated CLOSE for a while.
// The answer may be lost, and again; a tombstone knows nothing else.
func (l *lifetime) becomeTombstone(now, patience int64) {
	l.state = stateTombstone
	if l.closing == nil {
		l.closing = new(closing)
	}
	l.closing.sendAt, l.closing.ackAt = never, never
	l.closing.until = now + max(tombstoneFor, 3*patience)
}

// handleClosing looks for CLOSE and CLOSE_ACK in a packet that came after the end; a packet
// with a CLOSE holds nothing else but ACK.
func (e *Endpoint) handleClosing(now int64, p *path, from Route, frames []byte) {
	for len(frames) > 0 {
		n := 1
		switch kind := frames[0]; {
		case kind == wire.TypeClose:
			var c wire.Close
			if c, n = wire.ConsumeClose(frames); n < 0 {
				return
			}
			e.closeAnswered(now, &c)
			e.life.oweCloseAck(now, p, from)
		case kind == wire.TypeCloseAck:
			e.closeAnswered(now, nil)
		case kind == wire.TypePing:
		case kind >= wire.TypeAck && kind < wire.TypeFragment:
			n = wire.ConsumeAck(frames, &e.cfg.Buffers.acks.in)
		default:
			return
		}
		if n < 0 {
			return
		}
		frames = frames[n:]
	}
}

// oweCloseAck has a CLOSE answered where it came from.
func (l *lifetime) oweCloseAck(now int64, p *path, from Route) {
	l.closing.ackAt, l.closing.ackOn, l.closing.ackTo = now, p, from
}

// closingTurn is the path that is asked next at the end: the one on which an answer is owed, then
// those that live, first that of the goodbye, and behind that the one behind the last, so that a CLOSE that nobody
// answers is repeated on another one; then the others.
func (e *Endpoint) closingTurn(asked uint8) (best *path) {
	c, all := e.life.closing, e.paths.all
	if e.life.state == stateDead {
		return nil
	}
	first := int(e.paths.goodbye().id)
	if c.last != nil {
		first = int(c.last.id) + 1
	}
	for i := range all {
		p := all[(first+i)%len(all)]
		switch {
		case asked&(1<<p.id) != 0 || !p.canSend():
		case p == c.ackOn && c.ackAt != never:
			return p
		case best == nil || p.active() && !best.active():
			best = p
		}
	}
	return best
}

// canSend reports whether a path can carry a packet to its route.
func (p *path) canSend() bool { return p.mayBeAsked() && !p.gagged(p.ps.proofBytes()) }

// closingAt is when something is to be said at the end, if there is a path for it.
func (e *Endpoint) closingAt() int64 {
	if e.closingTurn(0) == nil {
		return never
	}
	return min(e.life.closing.ackAt, e.life.closing.sendAt)
}

// overAt is when the end has been said for long enough.
func (l *lifetime) overAt() int64 {
	if l.state == stateDead {
		return never
	}
	return l.closing.until
}

// closeAnswered: the peer knows of our CLOSE, or has one of its own.
func (e *Endpoint) closeAnswered(now int64, answer *wire.Close) {
	if e.life.state == stateClosing {
		e.life.tellMismatch(answer)
		e.life.becomeTombstone(now, e.paths.patience())
	}
}

// buildClose fills a packet with CLOSE_ACK, or with CLOSE and an ACK of all.
func (e *Endpoint) buildClose(b *builder) {
	c := e.life.closing
	if !b.path.canSend() {
		return
	}
	if on := c.ackOn; c.ackAt != never {
		if on == b.path && c.ackTo != NoRoute {
			b.pkt.aside, b.to = true, c.ackTo
		} else if on != b.path && on.canSend() {
			return
		}
		c.ackAt = never
		b.dst = append(b.dst, wire.TypeCloseAck)
		return
	}
	if e.life.state != stateClosing || b.now < c.sendAt {
		return
	}
	if len(b.path.ranges.All()) > 0 {
		e.paths.buildAck(b)
	}
	text, rows := cutText(c.text, b.room()-closeBytes), c.rows
	if most := b.room() - closeBytes - len(text); len(rows) > most {
		rows = rows[:max(0, most)/wire.ChannelRowSize*wire.ChannelRowSize]
	}
	code := c.code
	if code.Local() {
		code = CodeNone
	}
	b.dst = wire.AppendClose(b.dst, &wire.Close{Code: code, Text: []byte(text), Rows: rows})
	c.sendAt, c.last = b.now+b.path.probeTimeout(0), b.path
}
