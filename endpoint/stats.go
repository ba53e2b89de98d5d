package endpoint

import "time"

// A DropReason says why a packet was dropped.
type DropReason uint8

const (
	// DropDuplicate: its number was seen before, or is too old to tell.
	DropDuplicate DropReason = iota
	// DropClosed: the connection is over.
	DropClosed
	// DropPath: it came on a path that the connection does not have.
	DropPath
	// DropEarly: it held data before the peer's HELLO.
	DropEarly
	// DropFalseAck: it acknowledged what was never sent (only without Trusted).
	DropFalseAck
	// DropShort: it was too short to hold a number (only with a Lone endpoint).
	DropShort
	// DropScattered: it would have torn a message into too many pieces.
	DropScattered
	// DropLeft: it asked for us at a route that its path was taken off (SetPath).
	DropLeft
	dropReasons
)

var dropNames = [dropReasons]string{
	"duplicate", "closed", "unknown path", "before HELLO", "false ack", "short", "scattered", "left",
}

// String names the reason.
func (r DropReason) String() string { return nameOf(dropNames[:], int(r)) }

// Stats is what an endpoint has counted and measured. What is counted is so since New and never
// goes back: paths that were closed, opened again or led elsewhere are in it. What is measured is so of
// the paths as they are now: RTT, jitter, loss and MTU of the best of them with the shortest round
// trip, BytesPerSecond and BytesInFlight of all. Bytes include the overhead that the configuration
// states.
type Stats struct {
	PacketsSent, PacketsReceived uint64
	BytesSent, BytesReceived     uint64
	// Bytes of about the last second, as of the last time that the endpoint was given: those of
	// the second that runs, and a share of the one before.
	BytesSentPerSecond, BytesReceivedPerSecond int

	Dropped [dropReasons]uint64 // received packets by DropReason

	PacketsLost     uint64 // sent packets that were declared lost
	PacketsSpurious uint64 // of these: acknowledged later
	PacketsOverdue  uint64 // sent packets whose ack did not come in time: what is reliable in them went again
	PacketsHasty    uint64 // of these: acknowledged all the same

	MessagesSent       uint64              // accepted by Send
	MessagesReceived   uint64              // shown to the game, or waiting for it
	MessagesResent     uint64              // whole messages sent once more
	MessagesDoubled    uint64              // of these: because the first resend might be lost, too
	FragmentsResent    uint64              // pieces of messages sent once more
	MessagesDropped    [lossReasons]uint64 // sent messages that were given up, by LossReason
	MessagesDuplicate  uint64              // received once more
	MessagesStale      uint64              // received, but a newer value was there
	MessagesExpired    uint64              // unreliable ones whose fragments did not all come in time
	MessagesOverflowed uint64              // unreliable ones that the game did not take in time
	DraftsDropped      uint64              // written, not sent, and in the way of a group
	ControlUnknown     uint64              // messages of channel 0 of a kind that this end does not know
	MessagesTooFast    uint64              // unreliable or droppable ones, or parts of them, beyond an inbound limit

	RepairsSent      uint64 // sums of messages sent for repair (ChannelConfig.Repair)
	RepairBytesSent  uint64 // what they took
	MessagesRepaired uint64 // of ours that were lost and the peer has rebuilt
	MessagesRebuilt  uint64 // of the peer's that were lost and rebuilt here

	RTT       time.Duration // smoothed; 0 before the first sample
	RTTVar    time.Duration
	MinRTT    time.Duration
	JitterOut time.Duration // variation of the one-way delay to the peer (RFC 3550, 6.4.1)
	JitterIn  time.Duration // and from it
	LossOut   float64       // share of lost packets lately, 0 to 1
	LossIn    float64

	BytesPerSecond int           // that the paths carry for us, as congestion control estimates
	QueueDelay     time.Duration // that packets to the peer wait on the way; 0 also if not estimated
	BytesInFlight  int
	MTU            int    // the largest datagram that is sent, in bytes of UDP payload
	Probes         uint64 // packets sent to find out whether the path carries larger ones
	ProbesLost     uint64 // of these: not acknowledged in time; they are not among PacketsLost
	QueuedMessages int    // that wait to be sent for the first time
	QueuedBytes    int    // their lengths, and 32 for each
	OpenReceipts   int
}

// Stats returns the counters and estimates.
func (e *Endpoint) Stats() Stats {
	s, lead := e.stats.stats(), e.paths.lead().stats()
	for _, p := range e.paths.all {
		s.addPath(&p.counts)
		s.BytesInFlight += p.inFlight
	}
	s.QueueDelay = lead.QueueDelay
	s.RTT, s.RTTVar, s.MinRTT = lead.RTT, lead.RTTVar, lead.MinRTT
	s.JitterOut, s.JitterIn = lead.JitterOut, lead.JitterIn
	s.LossOut, s.LossIn = lead.LossOut, lead.LossIn
	s.BytesPerSecond, s.MTU = e.paths.bytesPerSecond(), lead.MTU
	for _, half := range e.outbox.senders[1:] {
		if half != nil {
			s.addSender(half)
		}
	}
	for _, half := range e.inbox.receivers[1:] {
		if half != nil {
			s.MessagesReceived += half.counts.messages
			s.MessagesRebuilt += half.counts.rebuilt
		}
	}
	s.OpenReceipts = e.outbox.openReceipts
	s.BytesSentPerSecond, s.BytesReceivedPerSecond = e.paths.sent.perSecond(e.now), e.paths.received.perSecond(e.now)
	return s
}

// addPath adds what was counted of a path.
func (st *Stats) addPath(c *pathCounts) {
	st.PacketsSent += c.PacketsSent
	st.PacketsReceived += c.PacketsReceived
	st.BytesSent += c.BytesSent
	st.BytesReceived += c.BytesReceived
	st.PacketsLost += c.PacketsLost
	st.PacketsSpurious += c.PacketsSpurious
	st.PacketsOverdue += c.PacketsOverdue
	st.PacketsHasty += c.PacketsHasty
	st.Probes += c.Probes
	st.ProbesLost += c.ProbesLost
}

func (st *Stats) addSender(s *sender) {
	st.MessagesSent += s.counts.messages
	for why, n := range s.counts.dropped {
		st.MessagesDropped[why] += n
	}
	st.RepairsSent += s.repair.counts.sums
	st.RepairBytesSent += s.repair.counts.bytes
	st.MessagesRepaired += s.repair.counts.rebuilt
	st.QueuedMessages += s.waitingMessages()
	st.QueuedBytes += s.queued
}

// Counters are what is counted of a connection beside what its paths and channels count of
// themselves, and what was counted of paths that are over. Their names are those of Stats.
type counters struct {
	Dropped [dropReasons]uint64

	MessagesResent, MessagesDoubled                    uint64
	FragmentsResent                                    uint64
	MessagesDuplicate, MessagesStale, MessagesExpired  uint64
	MessagesOverflowed, DraftsDropped, MessagesTooFast uint64
	ControlUnknown                                     uint64

	over *Stats // of paths that are over; nil: none is
}

// addPath takes over what was counted of a path that is over.
func (c *counters) addPath(of *pathCounts) {
	if c.over == nil {
		c.over = new(Stats)
	}
	c.over.addPath(of)
}

// stats are the counters as Stats has them.
func (c *counters) stats() Stats {
	s := Stats{}
	if c.over != nil {
		s = *c.over
	}
	s.Dropped = c.Dropped
	s.MessagesResent, s.MessagesDoubled, s.FragmentsResent = c.MessagesResent, c.MessagesDoubled, c.FragmentsResent
	s.MessagesDuplicate, s.MessagesStale, s.MessagesExpired = c.MessagesDuplicate, c.MessagesStale, c.MessagesExpired
	s.MessagesOverflowed, s.MessagesTooFast = c.MessagesOverflowed, c.MessagesTooFast
	s.DraftsDropped, s.ControlUnknown = c.DraftsDropped, c.ControlUnknown
	return s
}

// A bandwidth is how many bytes there were in about the last second: those of the second that
// runs, and of the second before it the share that is not older than a second, as if it had been
// even. It needs no timer: a pause, or a clock that jumps, is found when somebody looks.
type bandwidth struct {
	began         int64 // the second that runs
	bytes, before uint64
}

// turn begins another second if it is time.
func (b *bandwidth) turn(now int64) {
	switch past := now - b.began; {
	case past < second:
	case past < 2*second:
		b.began, b.before, b.bytes = b.began+second, b.bytes, 0
	default:
		*b = bandwidth{began: now}
	}
}

func (b *bandwidth) add(now int64, bytes int) {
	if b.bytes+b.before == 0 {
		b.began = now
	}
	if now-b.began >= second {
		b.turn(now)
	}
	b.bytes += uint64(bytes)
}

func (b bandwidth) perSecond(now int64) int {
	b.turn(now)
	left := min(max(0, second-(now-b.began)), second)
	return int(b.bytes + b.before*uint64(left)/second)
}

// SetNow tells an endpoint the time, for what is read without one: the bytes per second of Stats
// and ChannelStats. Every other call with a time does so too, so it is needed after idle times
// only. Time never runs backwards.
func (e *Endpoint) SetNow(now int64) { e.now = max(e.now, now) }
