package world

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire"
)

// Close ends the connection from this end.
func (e *End) Close(code tickwire.Code, text string) {
	if e.leaves(code, text) {
		e.conn.Close(code, text)
	}
}

// Drain ends the connection from this end when what was sent has arrived, or the time is over.
func (e *End) Drain(code tickwire.Code, text string, within time.Duration) {
	if e.leaves(code, text) {
		e.drains, e.drainBy = true, e.world.now()+int64(within)
		e.conn.Drain(code, text, within)
	}
}

// leaves notes that the end goes, unless it has gone.
func (e *End) leaves(code tickwire.Code, text string) bool {
	if e.state != endOpen || e.closing {
		return false
	}
	e.host().wake(e.world)
	e.closing, e.said = true, tickwire.Reason{Code: code, Text: text}
	return true
}

// Draining reports whether the end drains, and has not ended.
func (e *End) Draining() bool { return e.drains && e.state == endOpen }

// drainedItself reports whether the end is over by a drain of its own.
func (e *End) drainedItself() bool {
	return e.drains && e.state != endGone && !e.reason.Remote && e.reason.Code == e.said.Code
}

// leftBehind takes what the library says that an end left behind.
func (e *End) leftBehind(left int) {
	e.left = left
	if e.closedLosses > left {
		c := Receipts
		if e.drainedItself() {
			c = Drained
		}
		e.world.fault(c, e.String(), fmt.Sprintf("%d messages are lost because the connection ended, it says %d", e.closedLosses, left))
	}
	if early := e.drainBy - e.world.now(); e.drainedItself() && left > 0 && early > 0 {
		e.world.fault(Drained, e.String(), fmt.Sprintf("the drain ended %v early and left %d messages", time.Duration(early), left))
	}
	if late := e.world.now() - max(e.drainBy, e.host().pause.wokeAt); e.drainedItself() && late > int64(tellWithin+2*e.world.step) {
		e.world.fault(Drained, e.String(), fmt.Sprintf("the drain took %v too long", time.Duration(late)))
	}
}

// checkDrained: a drain that left nothing behind has brought everything across that must
// arrive. Whether the peer's game has it is known if it took all there was.
func (e *End) checkDrained() {
	if !e.drainedItself() || e.left > 0 || !e.peer.drained || e.peer.state != endOver {
		return
	}
	for _, l := range e.lanes {
		if l.waiting > 0 {
			l.fault(Drained, "the drain is complete, and %d messages have not been received", l.waiting)
		}
	}
}

// A pause of a process is announced by its game, and then nobody looks after it.
//
//	awake → announcing → asleep → awake
type pause struct {
	until   int64 // when it is over; 0: there is none
	sleepAt int64 // when it begins, even if not every peer is known to have heard
	asleep  bool
	wokeAt  int64 // when the last one was over
}

// announceFor is how long a game that wants to load gives its announcement to arrive.
const announceFor = int64(time.Second)

// Hold has the player's game load for a while: it announces that, waits a moment until the
// server has heard of it, and then its process does nothing until the time is over, or until
// its End is used. The error is that of Conn.Hold, or ErrClosed if it loads already.
func (p *Player) Hold(d time.Duration) error {
	if !p.Client.Open() || p.Client.Busy() {
		return tickwire.ErrClosed
	}
	if err := p.Client.hold(d); err != nil {
		return err
	}
	p.host.pauseFor(p.world, d)
	return nil
}

// HoldServer has the server's game load for a while, as Player.Hold does.
func (w *World) HoldServer(d time.Duration) error {
	if w.server == nil || w.home.pause.until != 0 {
		return tickwire.ErrClosed
	}
	for _, p := range w.players {
		if p.Server.Open() && !p.Server.Away() {
			if err := p.Server.hold(d); err != nil {
				return err
			}
		}
	}
	w.home.pauseFor(w, d)
	return nil
}

// hold announces silence, if the Tap lets it.
func (e *End) hold(d time.Duration) error {
	if tap := e.world.cfg.Tap; tap != nil && !tap.Announces(e) {
		return nil
	}
	return e.conn.Hold(d)
}

func (h *host) pauseFor(w *World, d time.Duration) {
	h.pause.until, h.pause.sleepAt = w.now()+int64(d), w.now()+announceFor
}

// Wake ends all pauses.
func (w *World) Wake() {
	for _, h := range w.hosts {
		h.wake(w)
	}
}

func (h *host) wake(w *World) {
	if h.pause.until == 0 {
		return
	}
	if h.pause.asleep {
		h.next = h.driver.Service(w.net.Now()) // it looks at the clock, and what has come
	}
	early := w.now() < h.pause.until
	h.pause = pause{wokeAt: w.now()}
	for e := range w.endsAt(h) {
		e.silentUntil = min(e.silentUntil, w.now())
		if early && e.Open() {
			_ = e.conn.Hold(0) // an open one does not refuse to end its hold
		}
	}
}

// pauses has processes fall asleep and wake up.
func (w *World) pauses() {
	for _, h := range w.hosts {
		switch p := &h.pause; {
		case p.until == 0:
		case w.now() >= p.until:
			h.wake(w)
		case !p.asleep && (w.now() >= p.sleepAt || w.announced(h)):
			p.asleep = true
			w.asleep(h)
		}
	}
}

// announced reports whether all peers of a process have heard that it will be silent.
func (w *World) announced(h *host) bool {
	for e := range w.endsAt(h) {
		if !e.knownSilent() {
			return false
		}
	}
	return true
}

func (e *End) knownSilent() bool {
	if tap := e.world.cfg.Tap; tap != nil && !tap.Announces(e) {
		return true
	}
	return e.conn.HoldKnown()
}

// asleep notes who must not give a process up that sleeps, and who may: peers that have not
// heard of it, or are on their way in.
func (w *World) asleep(h *host) {
	for _, p := range w.players {
		e := p.Client
		if h == w.home {
			e = p.Server
		}
		switch {
		case e.host() != h:
		case e.state == endOpen && e.knownSilent():
			e.silentUntil = h.pause.until
		default:
			p.trouble = max(p.trouble, h.pause.until+int64(troubleFor))
		}
	}
}

// checkSilence: nobody gives up an end whose silence it has heard of, unless that is over.
func (e *End) checkSilence(r tickwire.Reason) {
	if silent := e.peer.silentUntil; r.Code == tickwire.CodeTimeout && e.world.now() < silent && !e.peer.Over() {
		e.world.fault(Held, e.String(), fmt.Sprintf("it gave its peer up %v before the announced silence was over", time.Duration(silent-e.world.now())))
	}
}

// host is the process of an end.
func (e *End) host() *host {
	if e.server {
		return e.world.home
	}
	return e.player.host
}

// Busy reports whether the end's game loads.
func (e *End) Busy() bool { h := e.host(); return h != nil && h.pause.until != 0 }
