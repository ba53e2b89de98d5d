package world

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire"
)

// Roam changes the address at which others see the player's first line; see Line.Roam.
func (p *Player) Roam(elsewhere bool, keep time.Duration) error {
	return p.lines[0].Roam(elsewhere, keep)
}

// Roamed reports whether the player's address has changed and it is not yet known how long that
// kept the messages to it.
func (p *Player) Roamed() bool { return p.roaming.under }

// A roaming is a change of address, as the checker of gaps follows it: when the first packet left
// from the new address, when the server's game said something unreliable after that, and
// when that, or something later, was heard.
type roaming struct {
	line       *Line
	under      bool
	hasty      bool // the server can hardly have known where the player was before
	roundTrip  int64
	left, said int64 // 0: not yet
}

// followed reports whether both ends have the line's path active, and the server where the line is. The
// promise of two round trips is for who leaves such a place: a path that has failed, while the line was
// cut or had another address, is asked seldom.
func (l *Line) followed() bool {
	p := l.player
	if !p.Client.Open() || !p.Server.Open() {
		return false
	}
	here, there := p.Client.conn.PathStats(l.path), p.Server.conn.PathStats(l.path)
	return here.State == tickwire.PathActive && there.State == tickwire.PathActive && there.Remote == l.addr
}

// backWithin is how long a line has to carry, at one address, until its path must be back: one that has
// failed is asked each five seconds, and who answers from elsewhere is followed a second later.
const backWithin = 10 * time.Second

// unsettle says that the line does not carry as it did before, until a time.
func (l *Line) unsettle(until int64) { l.calmFrom = max(l.calmFrom, until) }

// checkBack looks whether the path of a line that has carried for long is at both ends where the line is.
func (l *Line) checkBack() {
	p, w := l.player, l.player.world
	calm := l.Whole() && !p.shadowed.forwards && w.now() >= max(p.trouble, l.calmFrom+int64(backWithin))
	if !calm || !w.cfg.JudgeGaps || !p.Client.Open() || p.Client.Away() || p.Server.Away() || l.followed() {
		return
	}
	here := p.Client.conn.PathStats(l.path)
	if here.Local != l.socket.LocalAddr() || here.State == tickwire.PathOpening {
		return // it has none
	}
	there := p.Server.conn.PathStats(l.path)
	w.fault(Gap, p.Client.String(), fmt.Sprintf("path %d is %v here, and %v at %v there, for %v after its line carries again, at %v",
		l.path, here.State, there.State, there.Remote, backWithin, l.addr))
}

// noteSaid notes that an unreliable message was accepted.
func (l *Lane) noteSaid(now int64) {
	if r := &l.from.player.roaming; r.under && r.left > 0 && r.said == 0 && l.from.server && l.flows() {
		r.said = now
	}
}

// flows reports whether the lane is one whose pauses count.
func (l *Lane) flows() bool { return !l.channel.Delivery.Reliable() }

// gapSlack is what processes take beside round trips and ticks: an acknowledgement waits, pacing.
const gapSlack = 30 * time.Millisecond

// noteGap notes that a message was received: the first that was sent after its player had roamed
// ends the gap.
func (l *Lane) noteGap(m *message) {
	p, w := l.from.player, l.from.world
	r := &p.roaming
	if !r.under || r.said == 0 || m.at < r.said || !l.from.server || !l.flows() {
		return
	}
	gap := w.now() - max(r.left, r.said-int64(2*w.step)) // a game that speaks now and then is not silent before
	most := 2*r.roundTrip + int64(gapSlack+2*w.step)
	judged := !p.Client.Away() && !p.Server.Away() && w.cfg.JudgeGaps && !r.hasty && !p.shadowed.forwards && !p.Client.stalled && !p.Client.Busy() && !p.Server.Busy()
	*r = roaming{}
	w.report.gaps.add(gap)
	if judged && gap > most {
		l.fault(Gap, "silent for %v after the player's first packet from another address, two round trips are %v",
			time.Duration(gap), time.Duration(most))
	}
}
