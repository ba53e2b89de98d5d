package simnet

import "encoding/binary"

// acknowledged takes an acknowledgement.
func (f *tcpFlow) acknowledged(now int64, b []byte) {
	expected, order := binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	arrived := f.arrived(now, binary.BigEndian.Uint64(b[tcpHeaderBytes:]), order)
	for number := f.first; number < expected; number++ {
		arrived += f.arrived(now, number, 0)
	}
	if arrived > 0 {
		f.since, f.probed = now, false
		f.grow(arrived)
	}
	f.pass(order)
	for len(f.sent) > 0 && f.sent[0].arrived {
		f.sent = f.sent[1:]
		f.first++
	}
	if f.establishes && f.first > 0 {
		f.established()
	}
	f.recovers = f.recovers && f.first < f.recover
	f.detect()
	f.resend(now)
}

// established opens the window. It is one segment where the handshake's had to be sent again (RFC 5681, section
// 3.1).
func (f *tcpFlow) established() {
	f.establishes = false
	f.window = tcpFirstWindow
	if f.resent > 0 {
		f.window = 1
	}
}

// arrived notes that a segment did, and returns 1 if that is news. A round trip is measured where it is known
// which transmission was answered (RFC 6298, section 3; order is 0 where it is not).
func (f *tcpFlow) arrived(now int64, number, order uint64) int {
	if number < f.first || number >= f.next {
		return 0
	}
	s := &f.sent[number-f.first]
	if order != 0 && s.order == order && !s.arrived {
		f.measure(now - s.at)
		f.backoff = 0
	}
	if s.arrived {
		return 0
	}
	if !s.lost {
		f.pipe--
	}
	s.arrived, s.lost, s.b = true, false, nil
	return 1
}

// measure is section 2 of RFC 6298.
func (f *tcpFlow) measure(rtt int64) {
	rtt = max(rtt, 1) // over a perfect link
	if f.srtt == 0 {
		f.srtt, f.rttvar = rtt, rtt/2
	} else {
		f.rttvar += (max(f.srtt-rtt, rtt-f.srtt) - f.rttvar) / 4
		f.srtt += (rtt - f.srtt) / 8
	}
	f.timeout = min(max(f.srtt+4*f.rttvar, tcpLeastTimeout), tcpMostTimeout)
}

// pass counts, for all that was sent before, one that has overtaken it.
func (f *tcpFlow) pass(order uint64) {
	for i := range f.sent {
		if s := &f.sent[i]; !s.arrived && s.order < order {
			s.passed++
		}
	}
}

// grow widens the window, unless a loss is being made good or the window is not used (RFC 5681, section 3.1, and
// RFC 7661).
func (f *tcpFlow) grow(arrived int) {
	if f.recovers || f.first >= f.used {
		return
	}
	if f.window < f.threshold {
		f.window += float64(arrived)
	} else {
		f.window += float64(arrived) / f.window
	}
	f.window = min(f.window, tcpMaxWindow)
}

// detect takes for lost what enough others have overtaken.
func (f *tcpFlow) detect() {
	enough := min(tcpThreshold, max(1, len(f.sent)-1)) // RFC 5827: fewer are under way
	for i := range f.sent {
		if s := &f.sent[i]; !s.arrived && !s.lost && s.passed >= enough {
			f.lose(s)
			if number := f.first + uint64(i); number >= f.recover { // the first of this window
				f.halve()
				f.window, f.recovers = f.threshold, true
			}
		}
	}
}

func (f *tcpFlow) lose(s *tcpSegment) {
	s.lost = true
	f.pipe--
}

// halve is equation 4 of RFC 5681, but for the window in place of what is under way, as Linux has it: a game would
// hardly ever fill a window, and have the smallest after each loss.
func (f *tcpFlow) halve() {
	f.threshold = max(f.window/2, 2)
	f.recover = f.next
}

// resend sends again what is lost, as far as the window goes, and one segment at least.
func (f *tcpFlow) resend(now int64) {
	for i := range f.sent {
		if f.sent[i].lost {
			if f.pipe > 0 && f.pipe >= int(f.window) {
				return
			}
			f.transmit(now, f.first+uint64(i))
		}
	}
}

// deadline is when the flow does something by itself; 0: never.
func (f *tcpFlow) deadline() int64 {
	if len(f.sent) == 0 {
		return 0
	}
	at := f.since + min(f.timeout<<f.backoff, tcpMostTimeout)
	if f.probes() {
		at = min(at, f.since+f.probeAfter())
	}
	return at
}

// probes reports whether a probe comes before the timeout: once, and not in a handshake or after a timeout.
func (f *tcpFlow) probes() bool { return !f.probed && !f.establishes && f.srtt > 0 && f.backoff == 0 }

// probeAfter is the PTO of RFC 8985, section 7.2.
func (f *tcpFlow) probeAfter() int64 {
	after := 2 * f.srtt
	if len(f.sent) == 1 {
		after += tcpAckDelay
	}
	return after
}

// act does what is due at a deadline.
func (f *tcpFlow) act(now int64) {
	if f.probes() && now < f.since+min(f.timeout, tcpMostTimeout) {
		f.probed, f.since = true, now
		f.transmit(now, f.next-1)
		return
	}
	f.timeouts++
	f.halve()
	f.window, f.recovers = 1, false
	for i := range f.sent {
		if s := &f.sent[i]; !s.arrived && !s.lost {
			f.lose(s)
		}
	}
	if f.since = now; f.timeout<<f.backoff < tcpMostTimeout {
		f.backoff++
	}
	f.resend(now)
}
