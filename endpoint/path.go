package endpoint

import (
	"math"

	"github.com/tickwire/tickwire/internal/seq"
)

// A path is one way to the peer: its packet numbers, what was received and what was sent on
// it, and what was measured. Nothing in it is shared with another path.
type path struct {
	id         uint8
	state      PathState
	route      Route
	reliable   bool
	use        PathUse
	weight     int
	silence    silence
	toldSilent bool      // its owner knows that nobody answers on the only path
	owed       uint64    // no packet below it owes an answer
	checkAt    int64     // its silence says nothing before
	told       uint64    // the event PathChanged pushed last, plus one
	counts     PathStats // the counters of it

	// Reaching the peer.
	proven    bool  // it has been active
	opening   proof // of the route that the path has
	left      Route // that the path had before it was given this one: nobody is there any more
	roam      *roam // nil: nobody claims it from elsewhere
	calm      calm
	tardy     tardy
	replies   replies
	serial    uint64 // of the newest PATH_STATUS about it
	statusDue bool   // it is to be sent
	odd       bool   // it may have to ask or to answer, or may not send
	retryWait int64

	// Its turn beside others.
	served uint64 // bytes of messages, divided by the weight; wraps
	waits  bool   // it could not take messages when it was looked at last
	busy   bool   // what carries it takes nothing
	room   int    // that its last packet had

	// Receiving.
	received    seq.Window // which numbers came, so that none is handled twice
	ranges      seq.Ranges // which of them we still acknowledge
	largest     uint64     // largest received
	largestAt   int64      // when it came
	heardAt     int64      // when anything came
	ackKnown    uint64     // largest number of an ACK that the peer is known to have
	ackSaid     uint64     // largest number of the last ACK sent
	late        []uint64   // numbers that came late and were not acknowledged yet
	toAck       int        // packets that elicit an ack since the last one
	acksUntil   int64      // until when those that went would last, two in a hold
	talkedAt    int64      // when a packet with messages went last
	talkEvery   int64      // how far they are apart
	ackAt       int64      // when the ack is due; never: nothing to acknowledge
	lastClock   int64      // when an ack last carried the clock
	ackOnly     int        // packets sent in a row that elicit nothing
	ackOnlyPing int64      // when a PING last rode along with them
	heardMore   bool       // something else than PING and ACK came since that PING
	inbound     lossMeter

	// Sending.
	next         uint64 // number of the next packet
	skipIn       int    // packets until a number is left out
	sent         seq.Ring[sentPacket]
	contents     seq.Ring[content]
	largestAcked uint64
	ackVisits    uint64 // numbers that ACKs of the peer named so far
	anyAcked     bool
	unsettled    uint64 // no packet below it is in flight
	inFlight     int    // bytes of packets in flight
	lowest       int    // of these: with nothing but messages of the lowest priority of several
	eliciting    int    // packets in flight that elicit an ack
	passed       int64  // bytes that count for congestion control, sent since the beginning
	delivered    int64  // of these: acknowledged
	deliveredAt  int64
	freshAt      int64 // what was sent until then says nothing about the path as it is
	outbound     lossMeter
	watch        lossWatch

	rtt   rtt
	loss  loss
	clock clockSamples
	cc    Controller
	pacer throttle

	steered bool // cc has heard of something
	mtu     mtu
	marks   marks
}

const never = int64(math.MaxInt64)

func newPath(id uint8, now int64, cc Controller, skipIn int) *path {
	return &path{
		id:          id,
		received:    seq.NewWindow(1024),
		ranges:      seq.NewRanges(maxRanges),
		ackAt:       never,
		left:        NoRoute,
		checkAt:     never,
		heardAt:     now,
		freshAt:     math.MinInt64,
		lastClock:   now - second,
		ackOnlyPing: now - second,
		skipIn:      skipIn,
		rtt:         newRTT(),
		loss:        loss{lossAt: never, lastSent: now},
		cc:          cc,
		pacer:       throttle{level: 1, at: now - second},
		deliveredAt: now,
	}
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
	sort        packetSort
	records     uint16
	waits       int64  // that the strait needs for it and what is before it
	firstRecord uint64 // its records in contents
	ackLargest  uint64 // largest number of the ACK in it plus one; 0: there was no ACK
	passed      int64  // path.passed, with it
	delivered   int64  // path.delivered when it was sent
	deliveredAt int64
}

// A packetSort says what a packet is to those who look at its datagram, or wait for its ack, as bits.
type packetSort uint8

const (
	packetMarked    packetSort = 1 << iota // ECT(0)
	packetLarge                            // larger than what certainly passes
	packetSizeProbe                        // nothing but the question whether its size passes
	packetPrompt                           // carries something reliable that is little, and its path had room
	packetRepaired                         // sums of what it carries go with the packets behind it
	packetOverdue                          // what it carries was sent again since its ack was overdue
	packetLowest                           // nothing but messages of the lowest priority of several
)

// A packetState is the fate of a packet.
type packetState uint8

const (
	packetUnsent packetState = iota // its number was left out
	packetInFlight
	packetAcked
	packetLost
)

// A content is one thing that a packet carried and that somebody waits for.
type content struct {
	kind    contentKind
	again   bool      // it was sent again already, as if its packet were lost
	attempt uint32    // of fragment: how often its bytes were sent, this time included
	channel *sender   // of run, fragment, skip, blocked
	inbound *receiver // of window, stored, rebuilt
	first   uint64    // first message id, of rebuilt the newest; of window the limit, of hold and status the serial, of home the token
	count   uint32    // messages; of fragment the bytes; of rebuilt the mask
	offset  uint32    // of fragment; of status and home the path; of a run 1 if Unreliable has ids in it
}

type contentKind uint8

const (
	contentRun contentKind = iota
	contentFragment
	contentSkip
	contentWindow
	contentStored
	contentRebuilt
	contentBlocked
	contentHello
	contentHold
	contentDraining
	contentStatus
	contentHome
)

// record notes that the packet which is being built carries c.
func (p *path) record(c content) { *p.contents.Push() = c }

// forget drops packets at the low end whose fate is settled. Lost ones are kept for a while,
// so that a late ack is recognised.
func (e *Endpoint) forget(now int64, p *path) {
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
			e.forgetCopy(pkt)
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
