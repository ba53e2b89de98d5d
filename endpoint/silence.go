package endpoint

// Silence is how long a path owes an answer: since the first packet was sent that elicits an
// ack and is not acknowledged, nor any later one. Unlike the probe timeout (RFC 9002, 6.2), which
// each packet puts off, it shows that a path is dead while the game goes on sending.
//
//	well → suspect → dead
//
// A suspect, after one probe timeout or one and a half, gets no new messages while another path is well. After
// three, in which two probes could have been answered, it has failed if another one is well; if
// not its owner is told, who may know another way. These are stages of its life.

// suspectPackets is how many packets without an answer make a suspect. At 5 % loss and sixty packets a second one in reserve
// would carry a twelfth of a game if one did, as an ack or two are lost three times a second.
const suspectPackets = 5

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
func (p *path) silenceAt() int64 {
	if !p.active() || p.eliciting == 0 || p.ps.life.held() {
		return never
	}
	since := p.owedSince()
	if since == never {
		return never
	}
	since = max(since, p.ps.life.awakeSince())
	switch {
	case p.stage == stageWell:
		return p.suspectAt(since)
	case p.stage == stageSuspect:
		return since + 3*p.probeTimeout(0)
	case !p.anotherIsWell():
		return never
	case p.reliable:
		// It may only be slow: what repairs losses itself has failed when it was silent for as
		// long as a connection may be.
		return since + max(3*p.probeTimeout(0), min(int64(p.ps.timeout), int64(defaultTimeout)))
	}
	return since
}

// suspectAt is when a path that owes an answer since some time becomes a suspect. Of few packets, or of their acks, chance
// may take all: the fifth of those that are owed has waited for a probe timeout then, or the first for half as long again. One beside which
// none is well is suspected after one: nothing is sent elsewhere for that, but a rival may be asked at once.
func (p *path) suspectAt(since int64) int64 {
	patience, owed := p.probeTimeout(0), 0
	if !p.anotherIsWell() {
		return since + patience
	}
	for n := p.owed; n < p.sent.End(); n++ {
		pkt := p.sent.At(n)
		if pkt.owes() {
			owed++
		}
		if owed == suspectPackets {
			return min(max(since, pkt.at), since+patience/2) + patience
		}
	}
	return since + 3*patience/2
}

// checkSilence does what is due, and notes when to look again.
func (p *path) checkSilence(now int64) {
	if p.stage == stageWell && now >= p.silenceAt() {
		p.become(stageSuspect)
		p.ps.askFailed(now)
	}
	if p.stage == stageSuspect && now >= p.silenceAt() {
		p.become(stageDead)
	}
	switch {
	case p.stage != stageDead:
	case now >= p.silenceAt():
		p.fail(now)
	case p.reliable && p.anotherIsWell():
		p.repeatHeld(now)
	case !p.toldSilent && !p.anotherIsWell() && p.ps.knowsPaths():
		p.toldSilent = true
		p.tell(PathSilent)
	}
	p.checkAt = p.silenceAt()
}

// repeatHeld has what a reliable path holds back sent once more, over the others: it may only be slow, and nothing
// counts as lost, but it may be cut off as well, and what is ordered waits for it.
func (p *path) repeatHeld(now int64) {
	from := &p.loss.overdue.from // which nothing else uses on a reliable path
	for n := max(*from, p.oldestInFlight()); n < p.sent.End(); n++ {
		if pkt := p.sent.At(n); pkt.state == packetInFlight {
			p.repeatContents(now, pkt)
		}
	}
	*from = p.sent.End()
}

// lookAgain has the silence of all paths looked at anew: one of them answers, or may again.
func (ps *paths) lookAgain() {
	for _, p := range ps.all {
		if p.eliciting > 0 {
			p.checkAt = longAgo
		}
	}
}

// answers notes that the peer acknowledged something new on a path: it lives.
func (p *path) answers() {
	p.loss.probes, p.loss.overdue.rounds = 0, 0
	switch {
	case p.toldSilent || p.stage == stageSuspect || p.stage == stageDead || p.stage == stageFailed:
		p.revive()
	case p.eliciting > 0:
		p.checkAt = p.silenceAt() // later than it was: nobody need look before
	}
}

// revive: a path that was silent answers.
func (p *path) revive() {
	if p.route == NoRoute {
		return
	}
	tell := p.toldSilent || p.stage == stageFailed
	p.become(stageWell)
	p.toldSilent = false
	p.ps.lookAgain()
	if tell {
		p.catchUp(p.ps.clock)
		p.tell(PathActive)
	}
}
