package endpoint

import (
	"math"

	"github.com/tickwire/tickwire/internal/seq"
)

// A sender is the outgoing half of a channel. A message waits in queue, is given an id and
// moves to open when its first byte is sent, and leaves open when its fate is known:
//
//	queued → flying ⇄ lost → done
//	             ↘ skipping ⇄ skipLost → done      (ReliableLatest, superseded)
//
// Ids are given at first transmission, so that what dies in the queue leaves no hole.
type sender struct {
	cfg      ChannelConfig
	id       uint16
	queue    seq.Ring[outMessage]
	open     seq.Ring[outMessage] // the number in the ring is the message's id
	queued   int                  // bytes in queue, each message with its charge
	underway int                  // reliable deliveries: bytes in open whose fate is unknown, likewise

	resend     int    // messages in open that want to be sent again
	resendFrom uint64 // none of them is below
	cutting    uint64 // message in open whose first transmission is under way, plus one

	started    uint64 // charges of all messages started so far
	limit      uint64 // charges that the peer allows
	blocked    bool   // the next message does not fit the credit
	blockedFor uint64 // the limit that BLOCKED asked for last
	blockedAt  int64  // when that was

	cuts    seq.Ring[uint64] // Unreliable: ids in open of fragmented messages, by their id on the wire
	arrived uint64           // newest id known to have arrived (unreliable deliveries)
	waiting int              // messages that wait for STORED
}

// An outMessage is a message on its way out.
type outMessage struct {
	payload []byte // owned; released when it will not be sent again
	length  int
	receipt Receipt
	flying  uint16 // packets in flight that carry it
	state   outState
	resend  bool // wants to be sent (again)
	cut     *cut // if it is sent in fragments
}

type outState uint8

const (
	outQueued   outState = iota
	outFlying            // sent, fate unknown
	outSkipping          // will not be sent again: SKIP tells the peer
	outDone
)

// A cut is the state of a message that is sent in fragments.
type cut struct {
	sent     int       // first byte not sent yet
	acked    seq.Spans // bytes that the peer has
	lost     seq.Spans // bytes to send again
	wireID   uint64    // of an Unreliable message, which has no other id on the wire
	storedBy int64     // when waiting for STORED ends
	awaiting bool      // all acknowledged, STORED is missing
}

func charge(length int) int { return length + messageCharge }

// next returns the message that may be started now; nil if there is none.
func (s *sender) next() *outMessage {
	s.blocked = false
	if s.queue.Len() == 0 || s.cutting != 0 {
		return nil
	}
	m := s.queue.At(s.queue.Base())
	switch {
	case s.open.Len() >= maxOpenIDs:
		return nil
	case !s.cfg.Delivery.Reliable():
		return m
	case s.cfg.Delivery == ReliableLatest && s.largeUnderway():
		return nil
	case s.underway > 0 && s.underway+charge(m.length) > max(maxWindow, s.cfg.MaxQueuedBytes):
		return nil
	case s.wanted() > s.limit:
		s.blocked = true
		return nil
	}
	return m
}

// wanted is the limit that the next message of the queue needs.
func (s *sender) wanted() uint64 {
	return s.started + uint64(charge(s.queue.At(s.queue.Base()).length))
}

// blockedDue is when BLOCKED is to be sent: at once for another message than last time, else
// each second, since the peer's pool may have been empty; never if credit holds nothing up.
func (s *sender) blockedDue() int64 {
	switch {
	case !s.cfg.Delivery.Reliable() || s.queue.Len() == 0 || s.next() != nil || !s.blocked:
		return never
	case s.wanted() != s.blockedFor:
		return math.MinInt64
	}
	return s.blockedAt + blockedInterval
}

const blockedInterval = second

// maxOpenIDs is how many ids of a channel may be unresolved.
const maxOpenIDs = 1 << 14

// largeUnderway reports whether the newest value started is a fragmented one that the peer
// does not have yet: it is finished before the next one starts, or a stream of large values
// would never complete one.
func (s *sender) largeUnderway() bool {
	if s.open.Len() == 0 {
		return false
	}
	m := s.open.At(s.open.End() - 1)
	return m.cut != nil && m.state == outFlying
}

// start gives the message at the head of the queue its id.
func (s *sender) start() (uint64, *outMessage) {
	head := s.queue.At(s.queue.Base())
	id := s.open.End()
	m := s.open.Push()
	*m = *head
	m.state = outFlying
	s.queue.Pop()
	s.queued -= charge(m.length)
	if s.cfg.Delivery.Reliable() {
		s.started += uint64(charge(m.length))
		s.underway += charge(m.length)
	}
	return id, m
}

// wantResend marks a message in open to be sent again.
func (s *sender) wantResend(id uint64, m *outMessage) {
	if m.resend {
		return
	}
	m.resend = true
	if s.resend == 0 || id < s.resendFrom {
		s.resendFrom = id
	}
	s.resend++
}

// nextResend returns the lowest message that wants to be sent again.
func (s *sender) nextResend() (uint64, *outMessage) {
	if s.resend == 0 {
		return 0, nil
	}
	for id := max(s.resendFrom, s.open.Base()); id < s.open.End(); id++ {
		if m := s.open.At(id); m.resend {
			s.resendFrom = id
			return id, m
		}
	}
	s.resend = 0
	return 0, nil
}

func (s *sender) resent(m *outMessage) {
	m.resend = false
	s.resend--
}

// wide reports whether an id must go in four bytes.
func (s *sender) wide(id uint64) bool {
	if s.cfg.Delivery.Reliable() {
		return id-s.open.Base() >= 1<<14
	}
	return id-s.arrived >= 1<<14
}

// Send puts a message on a channel. The payload is copied. It leaves with the next packets
// that AppendPacket makes.
func (e *Endpoint) Send(channel ChannelID, payload []byte, opts SendOptions) (Receipt, error) {
	if e.state > stateOpen {
		return 0, ErrClosed
	}
	s := e.sender(uint16(channel))
	if s == nil {
		return 0, &SendError{Channel: channel, Err: ErrNoChannel}
	}
	if len(payload) > s.cfg.MaxMessageBytes {
		return 0, &SendError{channel, ErrTooLarge, "MaxMessageBytes", len(payload), s.cfg.MaxMessageBytes}
	}
	if n := e.openReceipts + e.events.ring.Len(); opts.Receipt && n >= e.cfg.MaxReceipts {
		return 0, &SendError{channel, ErrFull, "MaxReceipts", n, e.cfg.MaxReceipts}
	}
	if s.cfg.Delivery.latest() {
		e.dropQueued(s, Replaced)
	}
	for cost := charge(len(payload)); s.queued+cost > s.cfg.MaxQueuedBytes; e.dropOldest(s, Dropped) {
		if s.cfg.Delivery.Reliable() {
			return 0, &SendError{channel, ErrFull, "MaxQueuedBytes", s.queued + cost, s.cfg.MaxQueuedBytes}
		}
	}
	m := s.queue.Push()
	*m = outMessage{payload: e.cfg.Buffers.fetch(len(payload)), length: len(payload)}
	copy(m.payload, payload)
	s.queued += charge(len(payload))
	e.queuedMessages++
	e.stats.MessagesSent++
	if opts.Receipt {
		e.lastReceipt++
		e.openReceipts++
		m.receipt = e.lastReceipt
	}
	return m.receipt, nil
}

// SendOptions say how one message is to be sent.
type SendOptions struct {
	// Receipt asks for an event Delivered or Lost about this message.
	Receipt bool
}

// dropQueued empties a queue of superseded values.
func (e *Endpoint) dropQueued(s *sender, why LossReason) {
	for s.queue.Len() > 0 {
		e.dropOldest(s, why)
	}
}

func (e *Endpoint) dropOldest(s *sender, why LossReason) {
	m := s.queue.At(s.queue.Base())
	s.queued -= charge(m.length)
	e.stats.MessagesDropped[why]++
	e.resolve(s, m, Lost, why)
	e.cfg.Buffers.release(m.payload)
	s.queue.Pop()
	e.queuedMessages--
}

// resolve tells the game what became of a message, if it asked.
func (e *Endpoint) resolve(s *sender, m *outMessage, kind EventKind, why LossReason) {
	if m.receipt == 0 {
		return
	}
	e.openReceipts--
	e.events.push(Event{Kind: kind, Channel: s.cfg.ID, Receipt: m.receipt, Why: why})
	m.receipt = 0
}
