package simnet

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"
)

// A tcpFlow is one direction of a TCP connection, in virtual time: a sender, whose segments cross one Link, and a
// receiver, whose acknowledgements come back by another. It is a model, and does what makes TCP feel as it
// does on a bad link: nothing gets lost, what is behind a loss waits for it, and the sender slows down.
//
//   - Segments have up to 1448 bytes. They are numbered one by one, not by bytes, and are not cut anew when they
//     are sent again.
//   - The window begins with 10 segments (RFC 6928), doubles each round trip, and from the first loss on grows by
//     one (RFC 5681, section 3.1), if it is used at all (RFC 7661). A loss halves it, once a window (RFC 5681,
//     section 3.2, and RFC 6582).
//   - A segment is lost when three that were sent after it have arrived, or fewer if so few are under way (RFC 6675
//     and RFC 5827), and is sent again at once: about one round trip after it was sent first.
//   - Nothing came back for two round trips: the last segment is sent once more, as a probe (RFC 8985, section 7).
//   - Nothing came back for the retransmission timeout: all is taken for lost, the window is one segment, and the
//     timeout doubles (RFC 6298, section 5). It is 200 ms at least, as in Linux, where the RFC says a second.
//   - It begins with a segment of the handshake: so the first data leaves after a round trip, or one second later
//     where that segment is lost.
//
// Left out are Nagle's algorithm, delayed acknowledgements (each segment has its own, which names the segment and
// what came before), a smaller window after a pause, congestion marks, CUBIC and BBR, and TLS.
type tcpFlow struct {
	data   *Link
	id     uint8  // what the flow's packets begin with
	packet []byte // scratch

	// The sender.
	sent         []tcpSegment // under way, from number first on
	first, next  uint64
	order        uint64 // of the next transmission
	pipe         int    // of sent, neither arrived nor lost
	window       float64
	threshold    float64 // of slow start
	recover      uint64  // a loss of an earlier segment has been answered
	used         uint64  // what was sent before this filled the window
	recovers     bool    // the window does not grow until recover
	srtt, rttvar int64
	timeout      int64
	backoff      uint
	since        int64 // when something arrived last, or the first of sent left
	probed       bool
	closed       bool // the last segment was sent
	resent       uint64
	timeouts     uint64
	establishes  bool // the handshake is under way

	// The receiver.
	expected uint64
	early    map[uint64][]byte
	out      []byte // arrived, in order
	over     bool   // the last segment arrived
	told     bool   // and whoever reads here knows
}

// A tcpSegment is one that the sender keeps.
type tcpSegment struct {
	b       []byte
	end     bool
	at      int64
	order   uint64 // among all transmissions
	passed  int    // how many sent later have arrived
	arrived bool
	lost    bool
}

const (
	tcpMaxSegment = 1448
	// tcpHeaderBytes is our header; with the 28 bytes that a Link adds for IPv4 and UDP it is as large as
	// those of IPv4 and TCP with timestamps. An acknowledgement has one range (RFC 2018) besides.
	tcpHeaderBytes = 24
	tcpRangeBytes  = 12

	tcpFirstWindow = 10
	tcpMaxWindow   = 1024 // segments
	tcpThreshold   = 3    // segments that arrive before an earlier one is lost

	tcpFirstTimeout = int64(time.Second)
	tcpLeastTimeout = int64(200 * time.Millisecond)
	tcpMostTimeout  = int64(time.Minute)
	// tcpAckDelay is what a probe adds for a receiver who waits before it acknowledges a single segment.
	tcpAckDelay = int64(25 * time.Millisecond)
)

// The kinds of packet, in the second byte.
const (
	tcpData = iota
	tcpEnd
	tcpAck
)

// newTCPFlow returns a flow that begins its handshake at now.
func newTCPFlow(now int64, id uint8, data *Link) *tcpFlow {
	f := &tcpFlow{
		id: id, data: data, window: tcpFirstWindow, threshold: math.Inf(1), timeout: tcpFirstTimeout,
		establishes: true, early: map[uint64][]byte{},
	}
	f.send(now, tcpSegment{})
	return f
}

// room is how many bytes the flow takes now.
func (f *tcpFlow) room() int {
	n := min(int(f.window), tcpMaxWindow-len(f.out)/tcpMaxSegment) - f.pipe
	if n <= 0 || f.establishes || f.closed || len(f.sent) >= tcpMaxWindow || f.losses() {
		return 0
	}
	return n * f.segmentBytes()
}

// losses reports whether something waits to be sent again.
func (f *tcpFlow) losses() bool {
	for i := range f.sent {
		if f.sent[i].lost {
			return true
		}
	}
	return false
}

// segmentBytes is what a segment may carry over the link.
func (f *tcpFlow) segmentBytes() int {
	c := &f.data.cfg
	return max(1, min(tcpMaxSegment, c.MTU-c.OverheadBytes-tcpHeaderBytes))
}

// write sends b, which is room at most. It copies b.
func (f *tcpFlow) write(now int64, b []byte) {
	for len(b) > 0 {
		n := min(len(b), f.segmentBytes())
		f.send(now, tcpSegment{b: append([]byte(nil), b[:n]...)})
		b = b[n:]
	}
}

// end says that nothing follows.
func (f *tcpFlow) end(now int64) {
	if !f.closed {
		f.send(now, tcpSegment{end: true})
		f.closed = true
	}
}

// send puts a new segment on the line.
func (f *tcpFlow) send(now int64, s tcpSegment) {
	if len(f.sent) == 0 {
		f.since, f.probed = now, false
	}
	f.sent = append(f.sent, s)
	f.next++
	f.transmit(now, f.next-1)
	if f.pipe >= int(f.window) {
		f.used = f.next
	}
}

// transmit puts a segment on the line, for the first time or again.
func (f *tcpFlow) transmit(now int64, number uint64) {
	s := &f.sent[number-f.first]
	if s.lost || s.order == 0 {
		f.pipe++
	}
	if s.order != 0 {
		f.resent++
	}
	f.order++
	s.at, s.order, s.passed, s.lost = now, f.order, 0, false
	kind := uint8(tcpData)
	if s.end {
		kind = tcpEnd
	}
	f.packet = appendTCP(f.packet[:0], f.id, kind, number, s.order, s.b)
	f.data.Send(now, f.packet)
}

// appendTCP appends a packet to an empty slice:
//
//	id | kind | 2 zero | CRC-32 of the rest | number 8 | order 8 | payload
//
// Of an acknowledgement the number is of the next segment that is expected, and the payload the segment that
// arrived, padded to the size of a range.
func appendTCP(dst []byte, id, kind uint8, number, order uint64, payload []byte) []byte {
	dst = append(dst, id, kind, 0, 0, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint64(dst, number)
	dst = binary.BigEndian.AppendUint64(dst, order)
	dst = append(dst, payload...)
	binary.BigEndian.PutUint32(dst[4:], sumTCP(dst))
	return dst
}

func sumTCP(b []byte) uint32 { return crc32.Update(crc32.ChecksumIEEE(b[:4]), crc32.IEEETable, b[8:]) }

// soundTCP reports whether a packet is as it was sent: what a link corrupts is lost to TCP.
func soundTCP(b []byte) bool {
	return len(b) >= tcpHeaderBytes && binary.BigEndian.Uint32(b[4:]) == sumTCP(b)
}

// arrive takes a segment, and acknowledges it by the link back.
func (f *tcpFlow) arrive(now int64, b []byte, back *Link) {
	number, order := binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
	if _, twice := f.early[number]; number >= f.expected && !twice {
		segment := append([]byte{b[1]}, b[tcpHeaderBytes:]...)
		f.early[number] = segment
	}
	for {
		segment, ok := f.early[f.expected]
		if !ok {
			break
		}
		delete(f.early, f.expected)
		f.expected++
		f.out = append(f.out, segment[1:]...)
		f.over = f.over || segment[0] == tcpEnd
	}
	var named [tcpRangeBytes]byte
	binary.BigEndian.PutUint64(named[:], number)
	f.packet = appendTCP(f.packet[:0], f.id, tcpAck, f.expected, order, named[:])
	back.Send(now, f.packet)
}
