package endpoint

import "github.com/tickwire/tickwire/internal/seq"

// A path is one way to the peer. What it holds lives for three spans of time, and each part is
// replaced whole when its own is over, so that nothing of what was before is left:
//
//	numbers   the life of the connection: a number that is used again goes on (SPEC.md, 7.15)
//	claims    from one opening of the path to the next
//	measured  as long as it goes over one network
//
// Nothing in it is shared with another path.
//
// Its numbers are its own: with one space over paths of different delays every ack would be a list
// of holes, and nobody would see the round trip of the slow one.
type path struct {
	ps       *paths
	id       uint8
	ackDelay int64 // the longest that the peer says it holds an ack
	numbers
	claims
	measured
}

// Numbers are what two ends know of each other's packets on the path.
type numbers struct {
	serial uint64 // of the newest PATH_STATUS about it
	told   uint64 // the event PathChanged pushed last, plus one

	// Receiving.
	received  seq.Window // which numbers came, so that none is handled twice
	ranges    seq.Ranges // which of them we still acknowledge
	largest   uint64     // largest received
	largestAt int64      // when it came
	ackKnown  uint64     // largest number of an ACK that the peer is known to have
	ackSaid   uint64     // largest number of the last ACK sent
	late      []uint64   // numbers that came late and were not acknowledged yet

	// Sending.
	next         uint64 // number of the next packet
	skipIn       int    // packets until numbers are left out
	sent         seq.Ring[sentPacket]
	contents     seq.Ring[content]
	largestAcked uint64
	ackVisits    uint64 // numbers that ACKs of the peer named so far
	anyAcked     bool
	skips        uint8  // how many numbers are left out next
	unsettled    uint64 // no packet below it is in flight
	owed         uint64 // no packet below it owes an answer
	eliciting    int    // packets in flight that elicit an ack
	passed       int64  // bytes that count for congestion control, sent since the beginning
	marks        marks
}

// Claims are what a path is for, who asks for it, and what it owes, from one opening to the next.
type claims struct {
	stage      stage
	toldSilent bool // its owner knows that nobody answers on the only path, and not yet that somebody does
	route      Route
	reliable   bool
	use        PathUse
	weight     int
	counts     pathCounts

	// Reaching the peer.
	left       Route // that the path had before it was given this one: nobody is there any more
	roam       *roam // nil: nobody claims it from elsewhere
	*questions       // nil: there never were any

	// Its turn beside others.
	served uint64 // bytes of messages, divided by the weight; wraps
	waits  bool   // it could not take messages when it was looked at last
	busy   bool   // what carries it takes nothing
	room   int    // that its last packet had

	// What it owes, and when.
	heardAt     int64 // when anything came
	toAck       int   // packets that elicit an ack since the last one
	ackAt       int64 // when the ack is due; never: nothing to acknowledge
	acksUntil   int64 // until when those that went would last, two in a hold
	lastClock   int64 // when an ack last carried the clock
	talkedAt    int64 // when a packet with messages went last
	talkEvery   int64 // how far packets with messages are apart
	ackOnly     int   // packets sent in a row that elicit nothing
	ackOnlyPing int64 // when a PING last rode along with them
	heardMore   bool  // something else than PING and ACK came since that PING
	statusDue   bool  // PATH_STATUS is to be sent
	asked       bool  // by a PING, since it failed
	checkAt     int64 // its silence says nothing before
	retryAt     int64 // of one that failed: when it is asked by a PING; never: it is not
	retryWait   int64 // between the last such PING and the next one
}

// Questions are what a path asks and answers about where its peer is. Most paths stay where they
// are and have none.
type questions struct {
	opening proof // of the route that the path has
	calm    calm
	tardy   tardy
	replies replies
	before  rtt // of a path that failed: what its round trips were
}

// inquire returns the questions of a path that has some now.
func (c *claims) inquire() *questions {
	if c.questions == nil {
		c.questions = &questions{calm: newCalm()}
	}
	return c.questions
}

// newPath returns a path that nobody has opened.
func (ps *paths) newPath(id uint8, now int64) *path {
	p := &path{
		ps: ps,
		id: id,
		numbers: numbers{
			received: seq.NewWindow(1024),
			ranges:   seq.NewRanges(maxRanges),
		},
		claims:   newClaims(now, stageClosed, PathConfig{Route: NoRoute}),
		measured: newMeasured(longAgo, now, ps.cfg.Controller()),
	}
	p.leaveOut()
	return p
}

func newClaims(now int64, s stage, cfg PathConfig) claims {
	c := claims{
		stage:       s,
		left:        NoRoute,
		heardAt:     now,
		ackAt:       never,
		acksUntil:   now,
		talkedAt:    now - second,
		lastClock:   now - second,
		ackOnlyPing: now - second,
		checkAt:     never,
		retryAt:     never,
	}
	c.configure(cfg)
	return c
}

// A sentPacket is what is known of a packet that was sent.
type sentPacket struct {
	at          int64
	bytes       int32  // on the wire with headers; 0: the number was left out
	set         uint32 // low bits of the number of its copies' set, plus one; 0: there are none
	state       packetState
	eliciting   bool
	inFlight    bool // counts for congestion control
	late        bool // just acknowledged, after it was declared lost
	limited     bool
	aside       bool // to a route that is asked: it measures nothing
	flags       packetFlags
	records     uint16
	waits       int64  // that the strait needs for it and what is before it
	firstRecord uint64 // its records in contents
	ackLargest  uint64 // largest number of the ACK in it plus one; 0: there was no ACK
	passed      int64  // path.passed, with it
	delivered   int64  // path.delivered when it was sent
	deliveredAt int64
}

// PacketFlags say what a packet is to those who look at its datagram, or wait for its ack, as bits.
type packetFlags uint8

const (
	packetMarked    packetFlags = 1 << iota // ECT(0)
	packetLarge                             // larger than what certainly passes
	packetSizeProbe                         // nothing but the question whether its size passes
	packetPrompt                            // carries something reliable that is little, and its path had room
	packetRepaired                          // sums of what it carries go with the packets behind it
	packetOverdue                           // what it carries was sent again since its ack was overdue
	packetLowest                            // nothing but messages of the lowest priority of several
)

// A packetState is the fate of a packet.
type packetState uint8

const (
	packetUnsent packetState = iota // its number was left out
	packetInFlight
	packetAcked
	packetLost
)

// record notes that the packet which is being built carries c.
func (p *path) record(c content) { *p.contents.Push() = c }

// lastRecord is what was noted last.
func (p *path) lastRecord() *content { return p.contents.At(p.contents.End() - 1) }

// forget drops packets at the low end whose fate is settled. Lost ones are kept for a while,
// so that a late ack is recognised.
// Such an ack changes a counter and no receipt: a game that acted on Lost is not told the opposite.
func (p *path) forget(now int64) {
	keep := 3 * p.probeTimeout(0)
	for p.sent.Len() > 0 {
		pkt := p.sent.At(p.sent.Base())
		switch pkt.state {
		case packetInFlight:
			return
		case packetUnsent:
			if !p.anyAcked || p.sent.Base() >= p.largestAcked {
				return
			}
		case packetLost:
			if now-pkt.at <= keep && p.sent.Len() <= maxSentPackets {
				return
			}
		}
		if pkt.set != 0 {
			p.ps.forgetCopy(pkt)
		}
		p.drop()
	}
}

// oldestInFlight returns the lowest packet whose fate is not known yet; sent.End() if there is
// none.
func (p *path) oldestInFlight() uint64 {
	n := max(p.unsettled, p.sent.Base())
	for n < p.sent.End() && p.sent.At(n).state != packetInFlight {
		n++
	}
	p.unsettled = n
	return n
}

// drop removes the oldest packet and its records.
func (p *path) drop() {
	pkt := p.sent.At(p.sent.Base())
	for p.contents.Len() > 0 && p.contents.Base() < pkt.firstRecord+uint64(pkt.records) {
		p.contents.Pop()
	}
	p.sent.Pop()
}

// maxSentAcks is how many packets are remembered if hardly any of them elicits an ack: of a peer
// that acknowledges nothing, and makes us acknowledge, no more than of one on the longest line.
const maxSentAcks = 1 << 12

func (p *path) mostlyAcks() bool {
	return p.sent.Len() >= maxSentAcks && p.eliciting < maxSentAcks/8
}

// maxSentPackets bounds how many packets are remembered: beyond it nothing new is sent until
// some are settled.
const maxSentPackets = 1 << 14

// datagramAcked tells those who look at datagrams, for marks and for the size, that a packet was
// acknowledged.
func (p *path) datagramAcked(now int64, number uint64, pkt *sentPacket) {
	if pkt.flags&packetMarked != 0 {
		p.marks.acked++
	}
	switch {
	case pkt.flags&packetSizeProbe != 0:
		p.mtu.probeAcked(now, p, number)
	case pkt.flags&packetLarge != 0:
		p.mtu.largeAcked(pkt)
	}
}

// datagramLost tells them that it was lost.
func (p *path) datagramLost(now int64, pkt *sentPacket) {
	if pkt.flags&packetMarked != 0 && pkt.at > p.freshAt {
		p.marks.lostMarked()
	}
	if pkt.flags&packetLarge != 0 {
		p.mtu.largeLost(now, p, pkt)
	}
}
