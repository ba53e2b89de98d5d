package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// ECN is the congestion mark of a datagram's IP header (RFC 3168, 5): a router whose queue grows
// marks what says that its ends understand, instead of dropping it.
type ECN uint8

// The four marks.
const (
	NotECT ECN = 0
	ECT1   ECN = 1
	ECT0   ECN = 2
	CE     ECN = 3
)

// Marks are what is known of the marks of a path: those that came on it, which the peer is told
// in ACK, and whether ours arrive as they left (RFC 9000, 13.4.2).
//
//	testing → unknown → capable
//	    ↘________↓_________↓
//	           failed
//
// The first ten packets carry ECT(0), and then none until one of them was acknowledged together
// with a count that has it: a path may change marks, clear them, or drop what has one; a peer
// may not see any. From then on all do. Counts that do not add up end it.
type marks struct {
	state markState

	// Receiving.
	ect, ce uint16 // that came on the path; wrap
	any     bool
	tell    int // ACKs that shall have the counts for the sake of a new CE

	// Sending.
	tests  int    // packets of the test that left
	lost   int    // of these: were lost
	sent   uint16 // marked packets; wraps, like all that it is held against
	acked  uint16 // marked packets that were acknowledged
	told   uint16 // ECT and CE that the peer has counted
	toldCE uint16
	fresh  int // CE that the controller was not told of
}

type markState uint8

const (
	marksTesting markState = iota
	marksUnknown
	marksCapable
	marksFailed
)

const (
	markTests = 10 // RFC 9000, A.4
	// tellAgain is how many ACKs in a row have the counts when another CE came, since each of them
	// may be lost. Otherwise they go with the clock, ten times a second.
	tellAgain = 3
)

// arrived counts the mark of a packet that was handled.
func (m *marks) arrived(mark ECN) {
	switch mark {
	case ECT0:
		m.ect++
	case CE:
		m.ce++
		m.tell = tellAgain
	default:
		return
	}
	m.any = true
}

// report puts the counts into an ACK that is to have them.
func (m *marks) report(a *wire.Ack) {
	if a.HasECN = a.HasClock || m.tell > 0; a.HasECN {
		a.ECT, a.CE = m.ect, m.ce
	}
}

// reported notes that an ACK went out.
func (m *marks) reported() { m.tell = max(0, m.tell-1) }

// mark decides whether the packet carries a mark, and notes that it leaves.
func (ps *paths) mark(b *builder) {
	m := &b.path.marks
	switch {
	case ps.cfg.DisableECN || !ps.life.open() || b.path.reliable || b.pkt.aside || b.pkt.flags&packetSizeProbe != 0:
		return
	case m.state != marksCapable && (m.state != marksTesting || !b.pkt.eliciting):
		return
	}
	b.pkt.flags |= packetMarked
	b.ecn = ECT0
	m.sent++
	if m.state == marksTesting {
		if m.tests++; m.tests == markTests {
			m.state = marksUnknown
		}
	}
}

// testAnew: the path goes another way. What was counted goes on.
func (m *marks) testAnew() {
	if m.state != marksFailed {
		m.state, m.tests, m.lost = marksTesting, 0, 0
	}
}

// lostMarked: a marked packet was lost. If that is so of the whole test it is the mark's fault.
func (m *marks) lostMarked() {
	if m.state <= marksUnknown {
		if m.lost++; m.lost == markTests {
			m.state = marksFailed
		}
	}
}

// judge takes what an ACK says of marks, after its packets were acknowledged; newest says
// that it acknowledges more than all before it. An older one says nothing: its counts are old.
func (m *marks) judge(a *wire.Ack, newest bool) {
	if !newest {
		return
	}
	if !a.HasECN {
		if a.HasClock && m.acked != 0 {
			m.state = marksFailed // counts come with each clock, once the peer has seen a mark
		}
		return
	}
	told := a.ECT + a.CE
	switch {
	case told-m.acked > 1<<15, m.sent-told > 1<<15, told-m.told > 1<<15, a.CE-m.toldCE > 1<<15:
		m.state = marksFailed // fewer than arrived, more than left, or fewer than before
		return
	case told != m.told:
		m.state = marksCapable
	}
	m.fresh += int(a.CE - m.toldCE)
	m.told, m.toldCE = told, a.CE
}
