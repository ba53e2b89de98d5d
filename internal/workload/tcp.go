package workload

import (
	"encoding/binary"
	"slices"
	"time"
)

// A tcpFlow is a bulk transfer over a small model of TCP: CUBIC (cubic.go), an acknowledgement
// for each segment with the ranges that arrived above it (SACK), recovery by them, and the
// timeout of RFC 6298. It is not paced, has no receive window and no delayed acknowledgements, and
// begins with slow start until the first loss: a flow that takes what it gets.
type tcpFlow struct {
	sender   tcpSender
	receiver tcpReceiver
	got      meter
}

// newTCP returns a flow that begins at a time.
func newTCP(from, until int64) *tcpFlow {
	f := new(tcpFlow)
	f.sender = tcpSender{from: from, until: until, window: newCubicWindow(), timeout: never, rto: int64(time.Second)}
	f.receiver.got = &f.got
	return f
}

func (f *tcpFlow) hosts() (a, b host) { return &f.sender, &f.receiver }
func (f *tcpFlow) received() *meter   { return &f.got }
func (f *tcpFlow) err() error         { return nil }

const (
	tcpBytes    = 1448                                                          // payload of a segment
	tcpHeaders  = 52                                                            // of IPv4, TCP and its timestamps
	tcpDatagram = tcpBytes + tcpHeaders - headerBytes - sealBytes + numberBytes // what a play does not add
	tcpReorder  = 3                                                             // later ones that arrived tell of a loss
	minRTOVar   = int64(200 * time.Millisecond)                                 // as Linux has it
	maxRTO      = int64(time.Minute)
)

// A tcpSender sends segments by their numbers, which begin at 0. What was sent has an order of
// its own: a segment that was sent again is a later sending.
type tcpSender struct {
	from, until int64
	window      cubicWindow
	base        uint32       // of the oldest segment that is not acknowledged
	segments    []tcpSegment // from base on
	sendings    uint64       // so far
	delivered   uint64       // latest sending that is known to have arrived, plus one
	inFlight    int
	lost        int
	repeated    uint32 // above all that were sent again
	recovery    uint64 // until this sending arrives, losses belong to one event

	srtt, rttvar, rto int64
	timeout           int64
	payload           [tcpDatagram]byte
}

// A tcpSegment is flying, lost, or arrived.
type tcpSegment struct {
	state   tcpState
	again   bool
	sending uint64
	at      int64
}

type tcpState uint8

const (
	tcpFlying tcpState = iota
	tcpLost
	tcpArrived
)

// next implements host.
func (s *tcpSender) next(now int64, dst []byte) (number uint64, _ []byte) {
	if now < s.from || now >= s.until || int64(s.inFlight)*segment+segment > s.window.cwnd && s.inFlight > 0 {
		return 0, dst
	}
	i, again := len(s.segments), s.lost > 0
	if again {
		i = slices.IndexFunc(s.segments, func(g tcpSegment) bool { return g.state == tcpLost })
		s.repeated = max(s.repeated, s.base+uint32(i)+1)
		s.lost--
	} else {
		s.segments = append(s.segments, tcpSegment{})
	}
	g := &s.segments[i]
	*g = tcpSegment{again: again, sending: s.sendings, at: now}
	s.sendings++
	s.inFlight++
	if s.timeout == never || i == 0 {
		s.timeout = now + s.rto
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(s.base)+uint32(i))
	return g.sending, append(dst, s.payload[:tcpDatagram-len(dst)]...)
}

// arrive implements host: an acknowledgement has the segment that is expected next, and ranges
// that arrived above it.
func (s *tcpSender) arrive(now int64, _ uint64, b []byte) {
	next := binary.LittleEndian.Uint32(b)
	for n := s.base; n < next; n++ {
		s.arrived(now, n)
	}
	for b = b[4:]; len(b) >= 8; b = b[8:] {
		for n := binary.LittleEndian.Uint32(b); n < binary.LittleEndian.Uint32(b[4:]); n++ {
			s.arrived(now, n)
		}
	}
	if next > s.base {
		s.segments = s.segments[next-s.base:]
		s.base = next
		s.timeout = never
		if s.inFlight > 0 {
			s.timeout = now + s.rto
		}
	}
	s.detect()
}

// arrived is told that a segment arrived.
func (s *tcpSender) arrived(now int64, n uint32) {
	if n < s.base || s.segments[n-s.base].state == tcpArrived {
		return
	}
	g := &s.segments[n-s.base]
	if g.state == tcpLost {
		s.lost--
	} else {
		s.inFlight--
	}
	g.state = tcpArrived
	s.delivered = max(s.delivered, g.sending+1)
	if !g.again { // Karn's rule
		s.sample(now - g.at)
	}
	if g.sending >= s.recovery {
		s.window.acked(now, segment, s.srtt)
	}
}

// detect finds segments that were overtaken. Above those that were sent again it looks no further
// than the first one that was sent too late for that: all behind it were sent later still.
func (s *tcpSender) detect() {
	fresh := false
	for i := range s.segments {
		g := &s.segments[i]
		overtaken := g.sending+tcpReorder < s.delivered
		if !overtaken && s.base+uint32(i) >= s.repeated {
			break
		}
		if g.state == tcpFlying && overtaken {
			g.state = tcpLost
			s.lost++
			s.inFlight--
			fresh = fresh || g.sending >= s.recovery
		}
	}
	if fresh {
		s.window.lost()
		s.recovery = s.sendings
	}
}

// sample is RFC 6298, section 2.
func (s *tcpSender) sample(rtt int64) {
	if s.srtt == 0 {
		s.srtt, s.rttvar = rtt, rtt/2
	}
	s.rttvar += (max(s.srtt-rtt, rtt-s.srtt) - s.rttvar) / 4
	s.srtt += (rtt - s.srtt) / 8
	s.rto = s.srtt + max(4*s.rttvar, minRTOVar)
}

// wake implements host: all that is under way counts as lost after a timeout.
func (s *tcpSender) wake(now int64) {
	if now < s.timeout {
		return
	}
	for i := range s.segments {
		if g := &s.segments[i]; g.state == tcpFlying {
			g.state = tcpLost
			s.lost++
		}
	}
	s.inFlight = 0
	s.window.timedOut()
	s.recovery = s.sendings
	s.rto = min(2*s.rto, maxRTO)
	s.timeout = never
}

// deadline implements host.
func (s *tcpSender) deadline(now int64) int64 {
	if now < s.from {
		return s.from
	}
	if now >= s.until {
		return never
	}
	return s.timeout
}
