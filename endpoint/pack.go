package endpoint

import (
	"math/bits"

	"github.com/tickwire/tickwire/internal/wire"
)

// forgetOldest gives up on the oldest packet: a peer that acknowledges nothing makes us
// remember no more.
func (p *path) forgetOldest(now int64) {
	if pkt := p.sent.At(p.sent.Base()); pkt.state == packetInFlight {
		p.packetLost(now, pkt, &LossSample{})
	}
	p.ps.forgetCopy(p.sent.First())
	p.drop()
}

// A builder is the packet under construction.
type builder struct {
	dst    []byte
	end    int // dst may grow to it
	pkt    sentPacket
	path   *path
	number uint64
	now    int64
	start  int
	begun  int // where its messages begin
	full   int // room that the packet had when it was empty
	most   int // likewise, whatever the game's budget
	size   int // of the datagram when it is full

	to, also Route // where the packet goes
	ecn      ECN   // that its datagram shall have

	copiers uint8 // paths that shall copy its messages, as bits
	talks   bool  // there is a message in it, or part of one
	above   bool  // it takes no messages of the lowest priority: it overtakes those
	data    int   // where what they copy begins, plus one; 0: there is nothing

	sum, sumEnd, sumBytes int // where the last REPAIR lies, and how long its symbol is; 0: there is none
}

func (b *builder) room() int { return b.end - len(b.dst) }

// times is how often the packet goes, with its copies.
func (b *builder) times() int { return 1 + bits.OnesCount8(b.copiers) }

// build fills the packet, or leaves it empty.
func (e *Endpoint) build(b *builder) {
	p := b.path
	if !e.life.talks() {
		if e.life.state == stateAway {
			e.paths.buildAway(b)
		} else {
			e.buildClose(b)
		}
		return
	}
	if p.odd() && e.paths.buildOdd(b) || e.paths.copies.due != 0 && e.paths.buildCopy(b) {
		return
	}
	if p.toAck > 0 {
		e.paths.buildAck(b)
	}
	ackEnd := len(b.dst)
	if e.life.drain.on {
		e.life.buildDraining(b)
	}
	more := false
	switch {
	case e.life.quiet():
		if p.loss.probe > 0 {
			b.ping()
		}
	case p.maySend(b.now), e.paths.overtake(b):
		switch {
		case !e.paths.single():
			e.buildShare(b)
		case p.active():
			e.buildContent(b)
		}
		if !b.pkt.eliciting && (p.loss.probe > 0 || p.pingDue(b.now)) {
			b.ping()
		}
		more = len(b.dst) == ackEnd && !b.above && p.sendAt() <= b.now
	}
	if len(b.dst) == ackEnd && e.life.ownHold.copies > 0 && p.carries() {
		e.life.buildHold(b) // behind all that the path takes now, and whether it takes more or not
	}
	if len(b.dst) == ackEnd && b.now < p.ackAt && !more {
		b.dst = b.dst[:b.start] // an ACK alone that is not due yet, nor in the way of what fills a packet
	}
}

// buildShare appends what goes over one of several paths, if it carries messages, and over those
// that copy it.
func (e *Endpoint) buildShare(b *builder) {
	if !b.path.carries() {
		return
	}
	before := len(b.dst)
	if b.copiers != 0 {
		b.full = e.paths.copyRoom(b.copiers, b.full)
		b.end, b.most = min(b.end, b.start+b.full), b.full
	}
	e.buildContent(b)
	if n := len(b.dst) - before; n > 0 {
		if b.copiers != 0 {
			b.data = before + 1
		}
		b.path.serve(n)
	}
}

// buildContent appends what an active path carries beside its ACK.
func (e *Endpoint) buildContent(b *builder) {
	e.buildControl(b)
	if (e.outbox.active > 0 || e.outbox.twinAt() <= b.now) && e.life.state == stateOpen && e.outbox.quota.ready(b.now) {
		e.outbox.buildMessages(b)
	}
}

// maySend reports whether congestion control and pacing let a packet go that is not an ack
// alone. Probes always go (RFC 9002, 7.5).
func (p *path) maySend(now int64) bool {
	if p.loss.probe > 0 {
		return true
	}
	if p.sent.Len() >= maxSentPackets {
		return false
	}
	p.pacer.pace(now, p.cc.BytesPerSecond())
	if p.filled() {
		p.pacer.stalled = true
		return false
	}
	return p.pacer.ready(now) && p.ps.outbox.allowed(now)
}

func (b *builder) ping() {
	if b.room() > 0 {
		b.dst = append(b.dst, wire.TypePing)
		b.pkt.eliciting = true
	}
}

// record notes that the packet carries something that somebody waits for.
func (b *builder) record(c content) {
	b.path.record(c)
	b.pkt.records++
	b.talks = b.talks || c.kind <= contentFragment
	if c.kind <= contentSkip && c.channel.repairs() {
		b.pkt.flags |= packetPrompt
	}
}

// last is what was recorded last.
func (b *builder) last() *content { return b.path.lastRecord() }

// commit notes the packet as sent under its number.
func (ps *paths) commit(b *builder) {
	p := b.path
	if b.pkt.onlyAcks() && ps.life.open() {
		if p.ackOnly++; p.wantsAckPing(b.now) {
			b.ping()
			p.ackOnlyPing, p.heardMore = b.now, false
		}
	}
	if b.pkt.eliciting {
		p.ackOnly = 0
	}
	b.pkt.bytes = int32(len(b.dst) - b.start + ps.overhead)
	if b.data > 0 {
		ps.keepCopy(b)
	}
	ps.charge(b)
	if p.marks.state != marksFailed {
		ps.mark(b)
	}
	for p.sent.End() < b.number {
		p.sent.Push().firstRecord = b.pkt.firstRecord // it was left out
	}
	*p.sent.Push() = b.pkt
	if p.sent.Len() > 2*maxSentPackets || !b.pkt.eliciting && p.mostlyAcks() {
		p.forgetOldest(b.now)
	}
	if p.skipIn <= 0 {
		p.leaveOut()
	}
	p.next = b.number + 1
	p.skipIn--
	if b.pkt.flags&packetSizeProbe != 0 {
		p.mtu.probeSent(b)
	} else {
		p.outbound.add(1, 0)
		p.watch.sent()
	}
	if b.pkt.ackLargest > 0 {
		p.ackSent(b.now, &ps.cfg.Buffers.acks.out, int64(ps.cfg.AckHold))
	}
	if b.pkt.eliciting {
		ps.await(b)
	}
	p.counts.PacketsSent++
	p.counts.BytesSent += uint64(b.pkt.bytes)
	if p.odd() || b.pkt.aside {
		ps.direct(b)
	}
	ps.sent.add(b.now, int(b.pkt.bytes))
}

// onlyAcks reports whether the packet holds acknowledgements alone.
func (pkt *sentPacket) onlyAcks() bool {
	return !pkt.eliciting && !pkt.aside && pkt.flags&packetSizeProbe == 0
}

// charge takes the packet off what pacing and other limits let go.
func (ps *paths) charge(b *builder) {
	p := b.path
	if b.pkt.inFlight = b.pkt.eliciting; b.pkt.inFlight {
		p.passed += int64(b.pkt.bytes)
		b.pkt.passed = p.passed
		b.pkt.waits = p.loss.overdue.strait.send(b.now, int(b.pkt.bytes), p.rtt.smooth)
	}
	if !b.pkt.onlyAcks() {
		p.pacer.spend(b.now, int(b.pkt.bytes))
		p.pacer.stalled = false
		ps.outbox.spend(b)
		ps.inbox.earnAck(b.now) // for the one that it will bring
	}
	b.pkt.limited = ps.life.quiet() || ps.appLimited(b.now)
	if !b.pkt.limited || p.full() {
		b.pkt.flags &^= packetPrompt
	}
}

// await notes that the peer has to acknowledge the packet.
func (ps *paths) await(b *builder) {
	p := b.path
	// Beside it there may be some in flight that owe no answer: a later one was acknowledged.
	if p.eliciting++; p.eliciting == 1 {
		p.checkAt = b.now + p.probeTimeout(0)
	} else if p.stage == stageWell { // it may be the fifth that is owed
		p.checkAt = min(p.checkAt, b.now+p.probeTimeout(0))
	}
	p.loss.lastSent = b.now
	if b.talks {
		p.noteTalk(b.now, int64(ps.cfg.AckHold))
	}
	p.loss.probe = max(0, p.loss.probe-1)
	p.inFlight += int(b.pkt.bytes)
	if b.pkt.flags&packetLowest != 0 {
		p.lowest += int(b.pkt.bytes)
	}
	p.steered = true
	p.cc.Sent(b.now, int(b.pkt.bytes), p.inFlight)
}

// appLimited reports whether a packet leaves nothing behind that other limits than the path's let
// go now, so that its fate says little about what the path could carry.
func (ps *paths) appLimited(now int64) bool {
	return ps.sendableAt() > now || !ps.outbox.allowed(now)
}

// buildControl appends frames that are not messages.
func (e *Endpoint) buildControl(b *builder) {
	if b.path.helloWanted(b.now) {
		e.life.buildHello(b)
	}
	if e.life.state != stateOpen {
		return
	}
	if e.inbox.owing {
		e.buildAnswers(b)
	}
	if e.paths.statusOwed {
		e.paths.buildStatus(b)
	}
	e.outbox.buildBlocked(b)
}

// buildAnswers appends WINDOW, STORED and REBUILT as far as there is room.
func (e *Endpoint) buildAnswers(b *builder) {
	e.inbox.owing = false
	for i, r := range e.inbox.receivers {
		if r == nil {
			continue
		}
		before := len(b.dst)
		if r.limitDue && b.room() >= 8 {
			r.buildWindow(b, e.paths.longest((*path).roundTrip))
		}
		for len(r.stored) > 0 && b.room() >= 16 {
			r.buildStored(b)
		}
		for len(r.rebuilt) > 0 && b.room() >= 16 {
			r.buildRebuilt(b)
		}
		e.inbox.owing = e.inbox.owing || r.limitDue || len(r.stored) > 0 || len(r.rebuilt) > 0
		if n := len(b.dst) - before; n > 0 {
			e.outbox.senderAt(i).serve(b, n)
		}
	}
}
