package world

import "time"

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
	hasty      bool // the player had hardly arrived where it was before
	roundTrip  int64
	left, said int64 // 0: not yet
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
