package endpoint

// A startup finds the order of magnitude of a rate. The first packets leave together; how far apart
// they arrive tells what the narrowest place may carry (a packet train). Below that hint the rate
// is four times as high in each round trip, and paced: the ten packets of the first one and what
// came in each since have not waited, and what a step does is seen before the next. So a path of
// 10 Mbit/s and 100 ms takes two steps, and of 50 Mbit/s three. When nothing waited for a round trip
// at the hint, it was one. Some places let bursts pass, and have the rate end in waiting or losses,
// as it does where there is no hint: then it doubles in each round trip, as slow start does.
type startup struct {
	window int64 // bytes that may be in flight
	train  mark  // its first packet
	hint   int64 // bytes a second; 0: none
	at     int   // in which round the rate reached the hint; 0: not yet
	heavy  int   // acknowledgements in a row whose packets waited too long
}

const (
	trainBytes = 5 * packetBytes
	// heavyAcks is how many acknowledgements in a row must tell of packets that waited: one
	// tells nothing on a link that jitters.
	heavyAcks = 4
	// hintSteps is by how much the rate grows in a round trip below the hint: with two, 10 Mbit/s
	// and 100 ms take 0.8 s to nine tenths, with four 0.44 s, and 50 Mbit/s 0.59 s.
	hintSteps = 4
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

// climb takes the next step towards the hint from a rate, in a round, if there is one.
func (s *startup) climb(rate, roundTrip int64, round int) {
	if s.hint == 0 || s.at > 0 {
		return
	}
	if rate = hintSteps * rate; rate >= s.hint {
		rate, s.at = s.hint, round
	}
	s.window = min(max(s.window, bytesIn(rate, roundTrip)), 1<<30)
}

// grow widens the window for bytes that were acknowledged, if nothing says how far.
func (s *startup) grow(bytes int64) {
	if s.hint == 0 {
		s.window = min(s.window+bytes, 1<<30)
	}
}

// waited notes how long a packet waited, and reports whether that happens too often.
func (s *startup) waited(wait, allowed int64) bool {
	if s.heavy++; wait <= allowed {
		s.heavy = 0
	}
	return s.heavy >= heavyAcks
}
