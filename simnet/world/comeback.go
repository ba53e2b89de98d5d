package world

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire"
)

// Comings are how an end's game knows its peer: as there, or as away from the event Away to the
// event Back. A peer who is away may come back, with all messages or without; then the end goes
// on, and is not over.
//
//	here → away → here
//	        └───→ over
type comings struct {
	away  bool
	since int64 // it is
	kept  int   // how often the peer came back with all messages
}

// Away reports whether the end's game was told that its peer is away, and not that he is back.
func (e *End) Away() bool { return e.comings.away && e.state == endOpen }

// Comebacks is how often the end's peer was missed, and came back.
func (e *End) Comebacks() int { return e.comings.kept }

// wentAway judges that an end misses its peer: it may only where it might have timed out, and where
// somebody is kept.
func (e *End) wentAway() {
	w := e.world
	switch {
	case w.cfg.Server.KeepSeats <= 0 || !e.server && w.cfg.Client.ResumeFor < 0:
		e.comeback("its peer is away, and nobody is kept")
	case e.comings.away:
		e.comeback("its peer is away again, and was not back")
	case !w.excused(e, tickwire.Reason{Code: tickwire.CodeTimeout}):
		e.comeback("its peer is away for no reason of this world")
	}
	e.checkSilence(tickwire.Reason{Code: tickwire.CodeTimeout})
	e.comings.away, e.comings.since = true, w.now()
	e.player.roaming = roaming{} // the pause is not of a change of address
}

// cameBack judges that the peer of an end is back.
func (e *End) cameBack(ev tickwire.Event) {
	p := e.player
	if ev.Kept && !e.server {
		p.mistook()
	}
	next := p.comesAs(e, ev)
	switch {
	case !e.comings.away && ev.Kept:
		e.comeback("its peer is back, and was not away")
	case ev.Kept && ev.Undelivered > 0:
		e.comeback(fmt.Sprintf("its peer is back with all messages, and %d are undelivered", ev.Undelivered))
	case next == nil:
	case next.state != endOpening:
		e.comeback("its peer is back as somebody who is there")
		return
	case !e.forgets(next):
		e.comeback(fmt.Sprintf("its peer is back without %d messages, and both had kept them", ev.Undelivered))
	}
	e.comings.away = false
	e.noteSeat()
	if ev.Kept {
		e.comings.kept++
		e.world.report.comebacks++
	}
	e.player.roaming = roaming{}
	e.player.settledAt = e.world.now() + int64(settled)
	e.world.progress = e.world.now()
	if next != nil {
		e.beginAnew(ev, next)
	}
}

// comesAs is the End that takes the place of one whose peer is back without the messages; nil
// if it is back with them. At the server it may be that of another process.
func (p *Player) comesAs(e *End, ev tickwire.Event) *End {
	switch {
	case ev.Kept:
		return nil
	case !e.server:
		return p.anew(e).client
	}
	if l := p.world.lineTo(e.conn.RemoteAddr()); l != nil && l.player != p {
		return l.player.Server
	}
	return p.anew(e).server
}

// forgets reports whether a peer may come back without the messages: it, or the game of either
// side, knows nothing of them.
func (e *End) forgets(next *End) bool {
	w := e.world
	other := e.player.Server
	if e.server {
		other = e.player.Client
	}
	return w.cfg.Client.Resume == tickwire.LoseMessages || w.cfg.Server.Resume == tickwire.LoseMessages ||
		next.player != e.player || e.peer.Over() || e.peer.state == endOpening || other != e.peer
}

// checkResumed: an end says whether its connection came of a ticket. That of a server did if
// it is not the first of its player's process, or the process itself began so.
func (e *End) checkResumed(ev tickwire.Event) {
	if want := e.player.resumes || e.life > 0; ev.Resumed != want {
		e.comeback(fmt.Sprintf("it is connected, and says that it has resumed: %v", ev.Resumed))
	}
}

// checkComings compares, after all events were read, what the game was told with what the library
// says of its peer.
func (e *End) checkComings() {
	if e.server && e.Away() && !e.host().pause.asleep && e.keptFor() > e.seatSlack() {
		e.comeback(fmt.Sprintf("its peer is kept for %v longer than seats are", time.Duration(e.keptFor())))
		e.comings.since = e.world.now() // it is said
	}
	if !e.Open() || e.drains || !e.conn.Open() || e.host().pause.asleep {
		return
	}
	switch away := e.conn.Away() > 0; {
	case away && !e.comings.away:
		e.comeback("its peer is away, and no event says so")
	case !away && e.comings.away:
		e.comeback("its peer is back, and no event says so")
	default:
		return
	}
	e.comings.away = !e.comings.away // it is said
}

// keptFor is by how much longer than a seat is kept a server's end has missed its peer. What it
// slept meanwhile does not count: it gives nobody up then.
func (e *End) keptFor() int64 {
	w := e.world
	return w.now() - max(e.comings.since+int64(w.cfg.Server.KeepSeats), w.home.pause.wokeAt)
}

// seatSlack is by how much longer, or shorter, that may be.
func (e *End) seatSlack() int64 { return int64(tellWithin + 3*e.world.step) }

// checkGivenUp: a server gives nobody up who is away before his seat is kept no more.
func (e *End) checkGivenUp(r tickwire.Reason) {
	if !e.server || !e.comings.away || r.Code != tickwire.CodeTimeout || r.Remote {
		return
	}
	if early := e.comings.since + int64(e.world.cfg.Server.KeepSeats) - e.world.now(); early > e.seatSlack() {
		e.comeback(fmt.Sprintf("its peer was given up %v before its seat was kept no more", time.Duration(early)))
	}
}

func (e *End) comeback(what string) { e.world.fault(Comebacks, e.String(), what) }
