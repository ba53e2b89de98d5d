package endpoint

import "math"

// A flush is what is sent from one BeginFlush to the next.
type flush struct {
	limit int  // bytes of datagrams; negative: none
	used  int  // likewise
	over  bool // messages wait for the next one
	next  int  // the limit of the coming flushes
}

var noLimit = flush{limit: -1, next: -1}

func (f *flush) limited() bool { return f.limit >= 0 }

// left is how many bytes may still go, if there is a limit.
func (f *flush) left() int { return f.limit - f.used }

// limited reports whether the game has a budget for the flush.
func (out *outbox) limited() bool { return out.flush.limited() }

// budgeted reports whether it has one for this flush or the coming ones.
func (out *outbox) budgeted() bool { return out.limited() || out.flush.next >= 0 }

// flushRoom is the least room in a packet for which a message is tried.
const flushRoom = 128

// spent reports whether no message fits any more.
func (f *flush) spent(overhead int) bool {
	return f.over || f.limited() && f.left() < overhead+flushRoom
}

// LimitBudget limits the flushes that begin from now on: messages make at most so many bytes leave
// in each, with all headers; negative: as many as the path takes, as at first. Acknowledgements,
// probes and what steers the connection are never held up, but are counted, except packets of
// acknowledgements alone. A message that does not fit waits, or goes in pieces if it is larger
// than the whole limit. Less than 200 bytes let no message leave.
func (e *Endpoint) LimitBudget(bytes int) { e.outbox.flush.next = max(bytes, -1) }

// BeginFlush begins a flush, with the limit that LimitBudget gave last. Whoever limits the budget
// calls it once a tick.
func (e *Endpoint) BeginFlush() {
	e.outbox.flush = flush{limit: e.outbox.flush.next, next: e.outbox.flush.next}
}

// Budget is about how many bytes of messages sent now would leave until a time, ten seconds ahead
// at most, with all headers: as much as congestion control, pacing, the limits of the peer and
// that of LimitBudget allow, less what waits already, of capped channels as much as their cap
// lets go. A game that stops sending when it is less than the Cost of the next message keeps its
// queues near empty.
func (e *Endpoint) Budget(now, until int64) int { return e.budget(now, until, nil) }

// Cost is by how much a message of so many bytes makes Budget smaller, if it is sent now: its
// length, two bytes of a header, and what a packet costs beside its frames if it takes one more. Many
// small messages share a packet, so that most cost little more than their length.
func (e *Endpoint) Cost(now, until int64, bytes int) int {
	out, datagram := &e.outbox, e.paths.datagramBytes()
	waits := out.waitingBytes(now, soon(now, until), nil)
	return int(out.withPackets(waits+int64(max(0, bytes))+perMessage, datagram) - out.withPackets(waits, datagram))
}

// ChannelBudget is Budget for one channel: of the others only counts what goes before its messages
// or beside them, not what waits for credit or has a lower Priority; and its own cap counts. 0 if
// there is no such channel.
func (e *Endpoint) ChannelBudget(channel ChannelID, now, until int64) int {
	s := e.outbox.sender(uint16(channel))
	if s == nil {
		return 0
	}
	until = soon(now, until)
	if s.turn.count.until(now, until) <= int64(s.waitingMessages()) {
		return 0
	}
	own := s.turn.cap.until(now, until) - s.backlog()
	return int(max(0, min(own, int64(e.budget(now, until, s)))))
}

// soon is a time, ten seconds ahead at most.
func soon(now, until int64) int64 { return now + min(max(0, until-now), 10*second) }

func (e *Endpoint) budget(now, until int64, of *sender) int {
	if e.life.state != stateOpen {
		return 0
	}
	until = soon(now, until)
	room := min(e.paths.roomUntil(now, until), e.outbox.quota.bytes.until(now, until))
	largest := int64(e.paths.datagramBytes())
	if packets := e.outbox.quota.packets.until(now, until); packets < math.MaxInt64/largest {
		room = min(room, packets*largest)
	}
	if e.outbox.quota.messages.until(now, until) <= e.outbox.waitingMessages(of) {
		return 0 // what waits is as many messages as the peer takes
	}
	if e.outbox.flush.next >= 0 {
		room = min(room, int64(e.outbox.flush.next))
	} else {
		room -= e.paths.probesUntil(until)
	}
	return int(max(0, min(room, math.MaxInt32)-e.outbox.backlog(now, until, of, e.paths.datagramBytes())))
}

// roomUntil is how many bytes the paths will take until a time.
func (ps *paths) roomUntil(now, until int64) (room int64) {
	for _, p := range ps.all {
		if p.carries() {
			room += p.roomUntil(now, until)
		}
	}
	return room
}

// roomUntil is how many bytes the path will take until a time: what its window and its pacing
// leave now, and what acknowledgements and time will add.
func (p *path) roomUntil(now, until int64) int64 {
	window := int64(p.cc.WindowBytes())
	room := max(0, window-int64(p.inFlight)) + mulDiv(window, until-now, p.rtt.smooth)
	pacer := p.pacer
	pacer.pace(now, p.cc.BytesPerSecond())
	return min(room, pacer.until(now, until))
}

// perMessage is what a message costs beside its length, about: its length, and a share of the
// header of a run.
const perMessage = 2

// backlog is how many bytes wait that go until a time if the path lets them, with all headers,
// about; if of is not nil only those that may go before its messages.
func (out *outbox) backlog(now, until int64, of *sender, datagram int) int64 {
	return out.withPackets(out.waitingBytes(now, until, of), datagram)
}

// withPackets is how many bytes of messages are with all headers, about.
func (out *outbox) withPackets(bytes int64, datagram int) int64 {
	room := int64(max(datagram, 100))
	return bytes + (bytes+room-1)/room*int64(out.overhead)
}

// waitingBytes is backlog without what packets cost.
func (out *outbox) waitingBytes(now, until int64, of *sender) (bytes int64) {
	busy := out.busy()
	for i := range busy {
		for _, s := range busy[i].active {
			if s.inWayOf(of) {
				bytes += min(s.backlog(), s.turn.cap.until(now, until))
			}
		}
	}
	return bytes
}

// waitingMessages is how many messages wait that the peer counts before those of a channel.
func (out *outbox) waitingMessages(of *sender) (n int64) {
	if out.quota.messages.rate <= 0 {
		return 0
	}
	busy := out.busy()
	for i := range busy {
		for _, s := range busy[i].active {
			if s.inWayOf(of) && !s.own() {
				n += int64(s.waitingMessages())
			}
		}
	}
	return n
}

// inWayOf reports whether what waits in a channel may go before the messages of another one, or is its
// own; nil: of any.
func (s *sender) inWayOf(of *sender) bool {
	return of == nil || s == of || s.priority() >= of.priority() && s.ready()
}

func (s *sender) waitingMessages() int { return s.queue.Len() - s.dead }

// backlog is how many bytes of a channel wait.
func (s *sender) backlog() int64 {
	bytes := s.queued - s.waitingMessages()*(messageCharge-perMessage) + s.resendBytes
	if c := s.cutter(); c != nil {
		bytes += c.open.At(c.cutting-1).len() - c.open.At(c.cutting-1).cut.sent
	}
	return int64(bytes)
}
