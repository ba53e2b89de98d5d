package world

import (
	"fmt"

	"github.com/tickwire/tickwire"
)

// Comings are how an end's game knows its peer: as there, or as away from the event Away to the
// event Back. A peer who is away may come back, with all messages or without; then the end goes
// on, and is not over.
//
//	here → away → here
//	        └───→ over
type comings struct {
	away bool
	kept int // how often the peer came back with all messages
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
	e.comings.away = true
	e.player.roaming = roaming{} // the pause is not of a change of address
}

// cameBack judges that the peer of an end is back. All processes of this connection are those that
// were there before.
func (e *End) cameBack(ev tickwire.Event) {
	switch {
	case !e.comings.away:
		e.comeback("its peer is back, and was not away")
	case !ev.Kept:
		e.comeback(fmt.Sprintf("its peer is back without %d messages, and both had kept them", ev.Undelivered))
	case ev.Undelivered > 0:
		e.comeback(fmt.Sprintf("its peer is back with all messages, and %d are undelivered", ev.Undelivered))
	}
	e.comings.away = false
	e.comings.kept++
	e.world.report.comebacks++
	e.player.roaming = roaming{}
	e.player.settledAt = e.world.now() + int64(settled)
	e.world.progress = e.world.now()
}

// checkComings compares, after all events were read, what the game was told with what the library
// says of its peer.
func (e *End) checkComings() {
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

func (e *End) comeback(what string) { e.world.fault(Comebacks, e.String(), what) }
