package endpoint

import (
	"iter"
	"slices"

	"github.com/tickwire/tickwire/internal/wire"
)

// A reply is the answer to a challenge that is owed: to where the challenge came from, since the
// question is whether we are there.
type reply struct {
	to    Route
	token uint64
}

// replies are those that a path owes, the oldest first. They are several, since somebody who passes
// on what others send brings a challenge of his own beside the one that is meant for us, and
// neither may take the place of the other.
type replies struct {
	owed [maxReplies]reply
	n    int
}

const maxReplies = 4

// add owes another one. If there are too many the oldest is dropped: its challenge comes again.
func (q *replies) add(r reply) {
	if q.n == maxReplies {
		q.drop()
	}
	q.owed[q.n] = r
	q.n++
}

func (q *replies) drop() {
	copy(q.owed[:], q.owed[1:q.n])
	q.n--
}

// to reports whether something is owed to a route.
func (q *replies) to(r Route) bool {
	return slices.ContainsFunc(q.owed[:q.n], func(o reply) bool { return o.to == r })
}

const (
	responseBytes = 10
	statusBytes   = 14
)

// knowsPaths reports whether both ends know frames of paths.
func (ps *paths) knowsPaths() bool {
	return ps.cfg.MaxPaths > 0 && ps.life.open() && ps.life.peerReads(wire.CapabilityPaths)
}

// handlePathFrame handles the frames that ask and answer, and what the peer says of a path.
func (ps *paths) handlePathFrame(now int64, p *path, from Route, b []byte) (n int, err error) {
	var token uint64
	switch {
	case ps.cfg.MaxPaths <= 0:
		return 0, errProtocol // it was not announced
	case b[0] == wire.TypePathChallenge:
		if token, n = wire.ConsumePathChallenge(b); n > 0 && from == p.left {
			return 0, errLeft
		}
		if n > 0 && p.stage != stageClosed {
			p.inquire().replies.add(reply{to: from, token: token})
		}
	case b[0] == wire.TypePathResponse:
		if token, n = wire.ConsumePathResponse(b); n > 0 {
			p.handleResponse(now, token)
		}
	default:
		var s wire.PathStatus
		if s, n = wire.ConsumePathStatus(b); n > 0 {
			if p := ps.path(s.Path); p != nil && p.leaps(s.Serial) {
				return 0, errProtocol
			}
			ps.handleStatus(now, &s)
		}
	}
	if n < 0 {
		return 0, errProtocol
	}
	return n, nil
}

// handleResponse: somebody returned the token of a challenge. It counts for the route that was
// asked, whichever way it came (RFC 9000, 8.2.3): nobody knows it who did not get it there, and of
// somebody whose packets are copied the copies come from elsewhere, before them.
func (p *path) handleResponse(now int64, token uint64) {
	if p.questions == nil {
		return
	}
	if try, ok := p.opening.knows(token); ok && p.opening.asking {
		p.opening.answer(now, try)
		p.opened(now)
		return
	}
	p.answeredLate(now, token)
	r := p.roam
	if r == nil {
		return // too late
	}
	if try, ok := r.home.knows(token); ok {
		r.home.answer(now, try)
	}
	for i := range r.rivals {
		if q := &r.rivals[i]; q.asking {
			if try, ok := q.knows(token); ok {
				q.answer(now, try)
			}
		}
	}
	p.decide(now)
}

// leaps reports whether a serial is so far above the one before that who says it wants no more to
// follow.
func (p *path) leaps(serial uint64) bool { return serial > p.serial && serial-p.serial > 1<<32 }

// handleStatus takes what the peer wants of a path. Of two ends that say something at the same
// time both follow the same one: the one that gives it up, or else that says the higher numbers.
func (ps *paths) handleStatus(now int64, s *wire.PathStatus) {
	p := ps.path(s.Path)
	if p == nil || s.Serial < p.serial {
		return
	}
	if own := p.statusOf(); s.Serial == p.serial && !outdoes(s, &own) {
		return
	}
	p.serial, p.statusDue = s.Serial, false
	switch {
	case s.State != wire.PathAbandon && p.stage == stageClosed:
		p.oweStatus() // which the peer does not know
	case s.State != wire.PathAbandon:
	case p.onlyPath():
		p.fail(now) // the last one is kept, and tried
		return
	default:
		p.abandon(now)
		return
	}
	p.use, p.weight = useOf(s.State), int(s.Weight)
}

// outdoes reports whether of two statuses with the same serial the first one counts.
func outdoes(s, than *wire.PathStatus) bool {
	switch {
	case s.State == than.State:
		return s.Weight > than.Weight
	case s.State == wire.PathAbandon || than.State == wire.PathAbandon:
		return s.State == wire.PathAbandon
	}
	return s.State > than.State
}

// statusOf is what is to be said of a path.
func (p *path) statusOf() wire.PathStatus {
	s := wire.PathStatus{Path: p.id, Serial: p.serial, Weight: uint8(p.weight)}
	switch {
	case p.stage == stageClosed:
		s.State = wire.PathAbandon
	case p.use == UseCopy:
		s.State = wire.PathCopy
	case p.use == UseReserve:
		s.State = wire.PathReserve
	}
	return s
}

func useOf(s wire.PathState) PathUse {
	switch s {
	case wire.PathCopy:
		return UseCopy
	case wire.PathReserve:
		return UseReserve
	}
	return UseShare
}

// oweStatus has PATH_STATUS sent.
func (p *path) oweStatus() { p.statusDue, p.ps.statusOwed = true, true }

// buildStatus appends PATH_STATUS of the paths of which something is to be said.
func (ps *paths) buildStatus(b *builder) {
	ps.statusOwed = false
	for _, p := range ps.all {
		if !p.statusDue || p.stage == stageOpening { // whose challenges tell it, and nothing may come before
			continue
		}
		if b.room() < statusBytes {
			ps.statusOwed = true
			return
		}
		s := p.statusOf()
		b.dst = wire.AppendPathStatus(b.dst, &s)
		b.pkt.eliciting = true
		b.record(ofStatus(p.id, p.serial))
		p.statusDue = false
	}
}

// statusLost: a packet with PATH_STATUS was lost.
func (ps *paths) statusLost(c *content) {
	if p := ps.path(c.path()); p != nil && p.serial == c.serial() {
		p.oweStatus()
	}
}

// asks reports whether a path has to ask or to answer.
func (p *path) asks() bool {
	return p.roam != nil || p.questions != nil && (p.replies.n > 0 || p.opening.asking)
}

// odd reports whether a path may have to ask or to answer, or may not send.
func (p *path) odd() bool {
	return settledStages>>p.stage&1 == 0 || p.route == NoRoute || p.asks()
}

// askAt is when a path has to ask or to answer, or to draw a conclusion.
func (p *path) askAt() int64 {
	if p.questions != nil && p.replies.n > 0 && p.stage != stageClosed {
		return p.loss.lastSent // at once
	}
	return p.questionAt()
}

// questionAt is when a challenge is to be sent, or was to be answered.
func (p *path) questionAt() int64 {
	if p.roam == nil && p.questions == nil {
		return never
	}
	return p.proofsAt()
}

func (p *path) proofsAt() int64 {
	if !p.asks() {
		return never
	}
	at, bytes := never, p.ps.proofBytes()
	for q := range p.proofs() {
		at = min(at, q.readyAt(bytes))
	}
	if r := p.roam; r != nil {
		at = min(at, r.decidesAt())
	}
	return at
}

// proofBytes is about what a packet that asks or answers takes.
func (ps *paths) proofBytes() int { return proofBytes + ps.overhead }

// buildOdd looks whether a path has to ask or to answer, and does so. It reports whether that is
// all that goes into the packet.
func (ps *paths) buildOdd(b *builder) bool {
	p := b.path
	return p.asks() && ps.buildProof(b) || !p.mayBeAsked() || p.gagged(ps.proofBytes())
}

// buildProof fills a packet that asks or answers, if one is due. It goes to one route only, and
// holds nothing that anybody waits for.
func (ps *paths) buildProof(b *builder) bool {
	p, bytes := b.path, ps.proofBytes()
	for p.replies.n > 0 && !p.mayAnswer(p.replies.owed[0].to, bytes) {
		p.replies.drop() // its challenge comes again
	}
	to := p.asksAt(b.now, bytes)
	if to == NoRoute || b.room() < proofBytes {
		return false
	}
	b.pkt.aside, b.to = true, to
	for q := range p.proofs() {
		if q.route == b.to && q.due(b.now, bytes) {
			ps.buildChallenge(b, q)
		}
	}
	for p.replies.n > 0 && p.replies.owed[0].to == b.to && b.room() >= responseBytes {
		b.dst = wire.AppendPathResponse(b.dst, p.replies.owed[0].token)
		p.replies.drop()
	}
	return true
}

// asksAt is the route where the path has to answer, or to ask first; NoRoute if there is none.
func (p *path) asksAt(now int64, bytes int) Route {
	if p.replies.n > 0 {
		return p.replies.owed[0].to
	}
	for q := range p.proofs() {
		if q.due(now, bytes) {
			return q.route
		}
	}
	return NoRoute
}

// proofs are all that ask for the path.
func (p *path) proofs() iter.Seq[*proof] {
	return func(yield func(q *proof) bool) {
		if r := p.roam; yield(&p.opening) && r != nil {
			_ = yield(&r.home) && yield(&r.rivals[0]) && yield(&r.rivals[1])
		}
	}
}

// mayAnswer reports whether an answer may go to a route.
func (p *path) mayAnswer(to Route, bytes int) bool {
	if q := p.roam.rival(to); q != nil && !q.allows(bytes) {
		return false
	}
	return !p.opens() || to != p.opening.route || p.opening.allows(bytes)
}

// buildChallenge appends PATH_CHALLENGE. The one that opens a path tells what the path is for.
func (ps *paths) buildChallenge(b *builder, q *proof) {
	p := b.path
	if q == &p.opening && q.free {
		s := p.statusOf()
		b.dst = wire.AppendPathStatus(b.dst, &s)
	}
	token := ps.random.Uint64()
	q.sent(b.now, token)
	b.dst = wire.AppendPathChallenge(b.dst, token)
	p.counts.Challenges++
	if p.roam != nil && q == &p.roam.home {
		b.record(ofHome(p.id, token))
	}
}

// endQuestions ends what was asked in vain.
func (p *path) endQuestions(now int64) {
	bytes := p.ps.proofBytes()
	if p.opening.ended(now, bytes) {
		if p.opening.stop(); p.opens() && !p.askInstead() {
			p.notOpened(now)
		}
	}
	if r := p.roam; r != nil && r.home.ended(now, bytes) {
		r.home.stop() // an answer still counts
	}
	p.decide(now)
}

// gagged reports whether a path has no route, or so little came from that of one that is being
// opened that no packet may go there.
func (p *path) gagged(bytes int) bool {
	return p.opens() && !p.opening.allows(bytes) || p.route == NoRoute
}

// homeAcked: a packet that asked home was acknowledged, which answers it as well.
func (p *path) homeAcked(now int64, token uint64) {
	if p.roam == nil {
		return
	}
	if try, ok := p.roam.home.knows(token); ok {
		p.roam.home.answer(now, try)
		p.decide(now)
	}
}
