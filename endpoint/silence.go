package endpoint

import "math"

// Silence is how long a path owes an answer: since the first packet was sent that elicits an
// ack and is not acknowledged, nor any later one. Unlike the probe timeout (RFC 9002, 6.2), which
// each packet puts off, it shows that a path is dead while the game goes on sending.
//
//	well → suspect → dead
//
// A suspect, after one probe timeout, gets no new messages while another path is well. After
// three, in which two probes could have been answered, it has failed if another one is well; if
// not its owner is told, who may know another way. These are stages of its life.

// owedSince is when the oldest packet was sent whose answer is owed.
func (p *path) owedSince() int64 {
	n := max(p.owed, p.sent.Base())
	if p.anyAcked {
		n = max(n, p.largestAcked+1)
	}
	for n < p.sent.End() && !p.sent.At(n).owes() {
		n++
	}
	if p.owed = n; n == p.sent.End() {
		return never
	}
	return p.sent.At(n).at
}

// owes reports whether the peer has yet to answer a packet.
func (pkt *sentPacket) owes() bool {
	return pkt.state == packetInFlight && pkt.eliciting
}

// silenceAt is when a path becomes a suspect, or is dead.
func (e *Endpoint) silenceAt(p *path) int64 {
	if !p.active() || p.eliciting == 0 || e.life.held.on || e.life.holding.on {
		return never
	}
	since := p.owedSince()
	if since == never {
		return never
	}
	since = max(since, e.life.awakeAt)
	switch {
	case p.stage == stageWell:
		return since + p.probeTimeout(0)
	case p.stage == stageSuspect:
		return since + 3*p.probeTimeout(0)
	case !e.anotherIsWell(p):
		return never
	case p.reliable:
		// It may only be slow: what repairs losses itself has failed when it was silent for as
		// long as a connection may be.
		return since + max(3*p.probeTimeout(0), min(int64(e.cfg.Timeout), int64(defaultTimeout)))
	}
	return since
}

// checkSilence does what is due, and notes when to look again.
func (e *Endpoint) checkSilence(now int64, p *path) {
	if p.stage == stageWell && now >= e.silenceAt(p) {
		p.become(stageSuspect)
	}
	if p.stage == stageSuspect && now >= e.silenceAt(p) {
		p.become(stageDead)
	}
	switch {
	case p.stage != stageDead:
	case now >= e.silenceAt(p):
		e.fail(now, p)
	case !p.toldSilent && !e.anotherIsWell(p) && e.knowsPaths():
		p.toldSilent = true
		e.tellPath(p, PathSilent)
	}
	p.checkAt = e.silenceAt(p)
}

// lookAgain has the silence of all paths looked at anew: one of them answers, or may again.
func (e *Endpoint) lookAgain() {
	for _, p := range e.paths {
		if p.eliciting > 0 {
			p.checkAt = math.MinInt64
		}
	}
}

// answers notes that the peer acknowledged something new on a path: it lives.
func (e *Endpoint) answers(p *path) {
	p.loss.probes, p.loss.overdue.rounds = 0, 0
	switch {
	case p.toldSilent || p.stage == stageSuspect || p.stage == stageDead || p.stage == stageFailed:
		e.revive(p)
	case p.eliciting > 0:
		p.checkAt = e.silenceAt(p) // later than it was: nobody need look before
	}
}

// revive: a path that was silent answers.
func (e *Endpoint) revive(p *path) {
	if p.route == NoRoute {
		return
	}
	tell := p.toldSilent || p.stage == stageFailed
	p.become(stageWell)
	p.toldSilent = false
	e.lookAgain()
	if tell {
		p.catchUp(e.pathClock)
		e.tellPath(p, PathActive)
	}
}
