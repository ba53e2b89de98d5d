package world

import (
	"fmt"

	"github.com/tickwire/tickwire"
)

// A player may come back without his messages: the server was started again, or has given his seat
// to nobody but not kept it, or his process is new, or the game does not want them
// (tickwire.LoseMessages). Both sides begin anew then, each when its own game hears of it: with an End
// that knows nothing of what was sent before. That is over, and so is what was under way.
type anew struct{ client, server *End }

// anew is the pair of Ends with which both sides of a player's connection begin once more, until
// both have; one side asks for it.
func (p *Player) anew(side *End) *anew {
	if c := p.coming; c != nil && side == c.client {
		c.server.state, p.coming = endGone, nil // of that time the server will never hear
	}
	if p.coming == nil {
		p.coming = &anew{}
		p.coming.client, p.coming.server = p.newEnds()
	}
	return p.coming
}

// newEnds makes both sides of a connection.
func (p *Player) newEnds() (client, server *End) {
	client, server = newEnd(p, false), newEnd(p, true)
	client.peer, server.peer = server, client
	for _, e := range [2]*End{client, server} {
		e.life = p.lives
		e.addLanes(p.world.cfg.Channels)
	}
	p.lives++
	return client, server
}

// settleComing forgets the pair when both sides have begun with it. One side that will never
// do so is gone.
func (p *Player) settleComing() {
	c := p.coming
	if c == nil {
		return
	}
	if p.Client != c.client && p.Client.Over() {
		c.client.state = endGone
	}
	if p.Client == c.client && p.Server != c.server && p.Server.state == endOpening {
		p.Server.state = endGone // the server has never heard of the time before
	}
	if p.Server != c.server && p.Server.Over() && c.server.state == endOpening {
		p.retired = append(p.retired, p.Server)
		p.Server = c.server // which is to come
	}
	if (p.Client == c.client || c.client.state == endGone) && p.Server == c.server {
		p.coming = nil
	}
}

// beginAnew has the End take the place of one side of the same connection, as its game
// has read the event Back.
func (e *End) beginAnew(ev tickwire.Event, next *End) {
	p := next.player
	e.world.report.anew++
	next.state, next.conn, next.stalled = endOpen, e.conn, e.stalled
	next.firstReceipt = e.firstReceipt + tickwire.Receipt(len(e.receipts))
	next.comings.kept = e.comings.kept
	next.born = e.world.now()
	e.retire(ev.Undelivered)
	out := e.out
	next.beginLimits()
	next.out.limit, next.out.next, next.out.told = out.limit, out.next, out.told
	if e.server {
		p.Server = next
		e.world.byConn[e.conn] = p
	} else {
		p.Client = next
	}
	if e.closing { // the Conn is one, whatever became of its messages
		next.closing, next.said, next.drains, next.drainBy = true, e.said, e.drains, e.drainBy
	}
	p.settleComing()
}

// retire ends an End whose Conn goes on without it: all receipts are told by then, and what came
// before can be taken in this step.
func (e *End) retire(undelivered int) {
	e.state, e.retired = endLast, true
	if e.closedLosses > undelivered {
		e.world.fault(Receipts, e.String(), fmt.Sprintf("%d messages are lost by the comeback, it says %d", e.closedLosses, undelivered))
	}
	for _, l := range e.lanes {
		if l.open > 0 {
			l.fault(Receipts, "%d receipts have not resolved when the peer is back without the messages", l.open)
		}
	}
	e.unsent = nil
	p := e.player
	p.retired = append(p.retired, e)
}

// bury judges the Ends of before when both sides are done with them.
func (p *Player) bury() {
	kept := p.retired[:0]
	for _, e := range p.retired {
		if e.state == endLast {
			e.drained = !p.world.cfg.Manual && e.receiveAll()
			e.state = endOver
		}
		if !e.peer.Over() || e.peer.state == endLast {
			kept = append(kept, e)
			continue
		}
		e.judge(false)
	}
	p.retired = kept
}

// returned takes the event Connected of a player who has shown a ticket for a connection that the
// server does not have any more.
func (p *Player) returned() {
	if p.Server.state == endOpening && p.Client.Away() {
		p.Server.state = endGone // of the last time the server has not heard, and he is back once more
	}
	if p.Server.Over() {
		p.anew(p.Server)
		p.settleComing()
	}
}

// mistook joins the two sides that are there: of what seemed to be a further comeback the player
// says that it was the last one, of which the server has heard late.
func (p *Player) mistook() {
	c := p.coming
	if c == nil || p.Server != c.server || p.Client == c.client {
		return
	}
	p.Client.peer, p.Server.peer = p.Server, p.Client
	for _, e := range [2]*End{p.Client, p.Server} {
		for _, l := range e.lanes {
			l.to = e.peer
		}
	}
	p.coming = nil
}
