package world

import (
	"time"

	"github.com/tickwire/tickwire"
)

// troubleFor is how long after a cut a connection may still end for want of an
// answer: the longest timeout that worlds use, and time to notice.
const troubleFor = 40 * time.Second

// lateFor is how much later than the end of a player what it sent may arrive.
const lateFor = 10 * time.Second

// troubled notes that something was done to a player after which its connection may time out.
func (w *World) troubled(p *Player) { p.trouble = w.now() + int64(troubleFor) }

// excused reports whether the world gave an end a reason to end like this.
func (w *World) excused(e *End, r tickwire.Reason) bool {
	p := e.player
	stopped := w.stopped >= p.joined && !e.server
	switch r.Code {
	case tickwire.CodeTimeout, tickwire.CodeForgotten:
		return p.severed() || p.bursts || p.shadowed.most && p.shadowed.moved || w.now() < p.trouble || e.peer.Over() || stopped || w.replaced(p)
	case tickwire.CodeUsed, tickwire.CodeExpired: // of its tickets, when the server's end is over
		return !e.server && w.cfg.Server.KeepSeats > 0 && (e.peer.Over() || w.replaced(p))
	case tickwire.CodeRefused: // his ticket is of no use for what one side has ended
		return w.cfg.Server.KeepSeats > 0 && (e.closing || e.peer.closing || p.Server.closing)
	case tickwire.CodeReplaced:
		return w.replaced(p)
	case tickwire.CodeGoingAway:
		return stopped
	case tickwire.CodeNone:
		return e.closing || e.peer.closing || e.peer.Over()
	}
	by := e
	if r.Remote {
		by = e.peer
	}
	return by.closing && r.Code == by.said.Code && r.Text == by.said.Text
}

// replaced reports whether somebody else with the same id is there, or was a
// moment ago: of two who are on their way in the one whose answer comes last is the
// newest, whoever set out first.
func (w *World) replaced(p *Player) bool {
	for _, other := range w.players {
		if other != p && other.ClientID == p.ClientID && (other.Number > p.Number || !other.Client.Over() || w.now() < other.trouble) {
			return true
		}
	}
	return false
}

// giveUp ends waiting for a server's end that never came to be, because the
// player's end was over before.
func (w *World) giveUp(p *Player) {
	if p.Server.state == endOpening && p.Client.Over() {
		if p.waitFrom == 0 {
			p.waitFrom = w.now()
		}
		if w.now()-p.waitFrom > int64(lateFor) {
			p.Server.state = endGone
		}
	}
}
