package endpoint

// A startup finds the order of magnitude of a rate: it doubles in each round trip, as slow start
// does, until packets wait or many are lost. The
// first packets leave together; how far apart they arrive tells what the narrowest place may
// carry (a packet train). That is a hint and no more, since some places let bursts pass: below
// half of it the rate grows twice as fast, above it a quarter as fast.
type startup struct {
	window int64 // bytes that may be in flight
	train  mark  // its first packet
	hint   int64 // bytes a second; 0: none
	heavy  int   // acknowledgements in a row whose packets waited too long
}

const (
	trainBytes = 5 * packetBytes
	// heavyAcks is how many acknowledgements in a row must tell of packets that waited: one
	// tells nothing on a link that jitters.
	heavyAcks = 4
)

// follow takes the arrival of a packet, and reports whether it completes a train: packets that
// were sent together, in less than a quarter of the time in which they arrived.
func (s *startup) follow(m mark) bool {
	elapsed := m.at - s.train.at
	if s.train.passed == 0 || elapsed <= 0 || m.sent-s.train.sent > elapsed/4 {
		s.train = m
		return false
	}
	if m.passed-s.train.passed < trainBytes {
		return false
	}
	s.hint = perSecond(m.passed-s.train.passed, elapsed)
	s.train = mark{}
	return true
}

// grow widens the window for bytes that were acknowledged, of a path with that round trip.
func (s *startup) grow(bytes, roundTrip int64) {
	switch rate := perSecond(s.window, roundTrip); {
	case s.hint == 0:
	case rate > s.hint:
		bytes /= 4
	case rate < s.hint/2:
		bytes *= 3
	}
	s.window = min(s.window+bytes, 1<<30)
}

// waited notes how long a packet waited, and reports whether that happens too often.
func (s *startup) waited(wait, allowed int64) bool {
	if s.heavy++; wait <= allowed {
		s.heavy = 0
	}
	return s.heavy >= heavyAcks
}
