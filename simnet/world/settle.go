package world

import (
	"fmt"
	"time"
)

// Settle steps without sending until everything is through that was accepted: each
// reliable message received, each receipt resolved, each connection
// that lost its peer ended. It fails what has made no progress for as long as
// patience, and then checks that all buffers came back. Heal the links first, and
// stall nobody. What Leave has left in drafts is dropped.
func (w *World) Settle(patience time.Duration, play func()) {
	w.progress = w.now()
	for e := range w.Ends() {
		e.dropDraft()
	}
	for !w.quiet() && w.now()-w.progress < int64(patience) {
		w.Step(play)
		if w.anyWaits() {
			w.progress = w.now()
		}
	}
	for _, p := range w.players {
		w.checkArrival(p)
	}
	if w.quiet() {
		w.checkReturned(patience, play)
	}
}

// anyWaits reports whether somebody bears with a peer that is over: it announced a silence that
// lasts, and its goodbye was lost.
func (w *World) anyWaits() bool {
	for e := range w.Ends() {
		if e.Open() && e.peer.Over() && e.conn.Held() > 0 {
			return true
		}
	}
	return false
}

func (w *World) quiet() bool {
	for _, p := range w.players {
		if p.done {
			continue
		}
		if p.Client.state != endOpen || p.Server.state != endOpen || p.coming != nil {
			return false
		}
		for _, e := range [2]*End{p.Client, p.Server} {
			for _, l := range e.lanes {
				if !l.arrived() || l.open > 0 {
					return false
				}
			}
		}
	}
	return true
}

func (w *World) checkArrival(p *Player) {
	if p.done || p.Client.Away() && w.keepsOut(p) {
		return
	}
	for _, e := range [2]*End{p.Client, p.Server} {
		switch {
		case e.state == endOpening && !e.peer.Over():
			w.fault(Arrival, e.String(), "it has not connected")
		case e.Open() && e.peer.Over():
			w.fault(Arrival, e.String(), fmt.Sprintf("it does not notice that its peer is over: %v", e.peer.reason))
		}
		if e.state != endOpen || e.peer.state != endOpen {
			continue
		}
		for _, l := range e.lanes {
			if !l.arrived() {
				l.fault(Arrival, "%d messages accepted, %d received", l.Sent(), l.counts.delivered)
			}
			if l.open > 0 {
				l.fault(Receipts, "%d receipts have not resolved", l.open)
			}
		}
	}
}

// Close closes players and server, judges what is left, and checks that they held
// nothing back.
func (w *World) Close() {
	w.checkMemory()
	calm := !w.buffersInUse(nil)
	for _, p := range w.players {
		if p.done {
			continue
		}
		for _, e := range [2]*End{p.Client, p.Server} {
			if e.state == endOpen {
				e.overflowed = droppedByLimit(e.conn)
				e.drained = !e.stalled && !w.cfg.Manual
				e.state = endOver
			}
		}
	}
	for _, p := range w.players {
		if !p.done {
			w.finish(p, calm)
		}
		for _, e := range p.retired {
			e.judge(false)
		}
	}
	if w.server != nil {
		w.StopServer()
	}
}

// finish judges a player who is gone, or with whom the world ends: calm says that nothing was
// under way then.
func (w *World) finish(p *Player, calm bool) {
	if p.Client.state == endLast || p.Server.state == endLast {
		return
	}
	p.done = true
	p.Client.judge(calm)
	p.Server.judge(calm)
	if p.Client.state != endGone {
		p.host.driver.Close()
		w.checkEmpty(p.host)
		w.dropHost(p.host)
	}
	p.leave()
}

// judge looks at what is left of an End that is over, and its peer with it.
func (e *End) judge(calm bool) {
	if e.judged {
		return
	}
	e.judged = true
	e.checkDrained()
	// A process that crashed took what it had with it, and what waits for an
	// earlier message when a connection ends is never shown.
	whole := e.peer.drained && e.peer.state == endOver
	for _, l := range e.lanes {
		// What a Conn that goes on had dropped until it began anew is not known.
		known := !e.peer.retired || l.channel.Delivery.Reliable() && !e.world.droppables
		l.finish(whole && known && (calm || !l.ordered()), e.peer.overflowed)
		e.world.report.addLane(l)
	}
	e.receipts = nil
	if !e.retired {
		e.world.report.countConn(e)
	}
}
