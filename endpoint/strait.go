package endpoint

// A strait is what acks have shown of the narrowest place of a path: how fast it lets through what left
// together. From that follows how long a packet waits behind those that were sent before it, which
// acks of small packets tell nothing of. It says when to expect an ack and no more. Congestion control
// does not know it: while a game sends little the rate that it allows tells nothing of the path.
type strait struct {
	first       straitMark // of the packets that left together
	now, before int64      // the most bytes a second, of the trains that are counted and of those before
	trains      int
	busy        int64 // until when what was sent keeps it busy
}

// A straitMark is a packet that was acknowledged.
type straitMark struct {
	sent, arrived int64 // arrived: when its ack came, without the hold
	passed        int64 // bytes sent up to it, and with it; 0: there is none
}

// straitTrains is how many trains are counted: jitter makes many look slower than they are, few faster.
const straitTrains = 16

// acked takes a packet that was acknowledged. Packets that arrived in more than twice the time in which
// they were sent waited for each other, as in a packet train.
func (s *strait) acked(m straitMark) {
	took, bytes := m.arrived-s.first.arrived, m.passed-s.first.passed
	if s.first.passed == 0 || bytes <= 0 || took <= 0 || m.sent-s.first.sent > took/2 {
		s.first = m
		return
	}
	if bytes < packetBytes {
		return
	}
	s.now = max(s.now, perSecond(bytes, took))
	if s.trains++; s.trains == straitTrains {
		s.before, s.now, s.trains = s.now, 0, 0
	}
}

// send takes a packet that is sent, and returns how long the strait needs for it and what is before it, at
// most; 0 as long as that is not known.
func (s *strait) send(now int64, bytes int, most int64) int64 {
	rate := max(s.now, s.before)
	if rate == 0 {
		return 0
	}
	s.busy = min(max(s.busy, now)+mulDiv(int64(bytes), second, rate), now+most)
	return s.busy - now
}
