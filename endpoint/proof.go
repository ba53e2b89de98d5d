package endpoint

// A proof asks whether the peer can be reached at a route (SPEC.md, 7.15): PATH_CHALLENGE goes
// there some times, with fresh bytes each time, which nobody returns who did not get them.
//
//	idle → asking → answered
//	          └───→ idle        nobody answered
//
// Until it is answered no more than three times what came from the route is sent there, so that
// nobody can have us flood somebody else (RFC 9000, 8). A route of our own choice is free of
// that.
type proof struct {
	route    Route
	free     bool
	asking   bool
	answered bool
	tries    uint8
	most     uint8 // of them
	growth   uint8 // of wait, as a shift
	tokens   [homeTries]uint64
	times    [homeTries]int64 // when they were sent
	next     int64            // when the next one is due; after the last, when nobody waits any more
	wait     int64            // from one to the next
	came     int              // bytes from the route
	went     int              // and to it
	rtt      int64            // from asking to the answer
}

const (
	proofTries  = 3
	homeTries   = 5 // of the route that a path has: it must not lose it for a datagram that is lost
	proofFactor = 3 // bytes to a route for each byte from there (RFC 9000, 8.1)
	proofBytes  = 32
)

// ask begins to ask at a route, at once.
func (q *proof) ask(now int64, route Route, wait int64) {
	*q = proof{route: route, asking: true, most: proofTries, next: now, wait: max(wait, millisecond)}
}

func (q *proof) stop() { q.asking = false }

// allows reports whether so many bytes may go to the route.
func (q *proof) allows(bytes int) bool {
	return q.free || q.answered || q.went+bytes <= proofFactor*q.came
}

// readyAt is when something is to be done: to ask, or to end it.
func (q *proof) readyAt(bytes int) int64 {
	switch {
	case !q.asking:
		return never
	case q.blocked(bytes):
		return q.next + q.wait // unless more comes
	}
	return q.next
}

// due reports whether a challenge is to be sent.
func (q *proof) due(now int64, bytes int) bool {
	return q.asking && q.tries < q.most && now >= q.next && q.allows(bytes)
}

// blocked reports whether too little came from the route to ask there again.
func (q *proof) blocked(bytes int) bool { return q.tries < q.most && !q.allows(bytes) }

// ended reports whether all was tried in vain that might be. Who may not ask again waits as if he
// had.
func (q *proof) ended(now int64, bytes int) bool {
	if q.blocked(bytes) {
		return q.asking && now >= q.next+q.wait
	}
	return q.asking && q.tries == q.most && now >= q.next
}

// sent notes a challenge.
func (q *proof) sent(now int64, token uint64) {
	q.tokens[q.tries], q.times[q.tries] = token, now
	q.tries++
	q.next = now + q.wait
	q.wait <<= q.growth
}

// knows finds one of the challenges by its token. The last one may be answered when all have
// been sent.
func (q *proof) knows(token uint64) (try int, ok bool) {
	for i := range int(q.tries) {
		if q.tokens[i] == token {
			return i, true
		}
	}
	return 0, false
}

// answer notes that somebody returned the token of a challenge.
func (q *proof) answer(now int64, try int) {
	q.asking, q.answered, q.rtt = false, true, max(now-q.times[try], 1)
}
