package endpoint

import (
	"errors"

	"github.com/tickwire/tickwire/internal/wire"
)

// errProtocol and errFlow end the connection: what the peer sent was authentic and wrong. A
// packet with errLater or errNotYet is dropped and not acknowledged, so that it comes again; with
// errLeft, so that the peer takes it for no answer.
var (
	errProtocol = errors.New("endpoint: protocol error")
	errFlow     = errors.New("endpoint: peer exceeded its credit")
	errLater    = errors.New("endpoint: no room for this now")
	errNotYet   = errors.New("endpoint: data before HELLO")
	errLeft     = errors.New("endpoint: we are not there any more")
)

// An arrival is a packet of the peer that is being read, and what is known of it.
type arrival struct {
	now       int64
	path      *path
	from      Route
	ecn       ECN
	number    uint64
	frames    []byte
	bytes     int  // that it had on the wire
	newest    bool // its number is the highest of its path
	gap       bool // the one before it is missing, and its ACK
	elsewhere bool // it came from another route than the path has
	asked     bool // its path was asked then, and knows where it came from
	reliable  bool // it holds something of a reliable delivery, as far as it was read
	acks      int  // that it holds, likewise
}

// HandlePacket takes a packet that arrived. Repeated and very old ones are recognised by their number
// and dropped. Authentic frames that make no sense close the connection.
func (e *Endpoint) HandlePacket(now int64, packet Incoming) {
	e.SetNow(now)
	p := e.paths.path(packet.Path)
	if (p == nil || p.free()) && packet.From != NoRoute {
		if opened := e.paths.beginOf(now, packet.Path, packet.From, packet.Frames); opened != nil {
			p = opened
		}
	}
	switch {
	case p == nil:
		e.stats.Dropped[DropPath]++
	case e.life.state == stateDead:
		e.stats.Dropped[DropClosed]++
	case !p.received.Fresh(packet.Number):
		e.stats.Dropped[DropDuplicate]++
	default:
		var in arrival // field by field: a literal would be made elsewhere and copied
		in.now, in.path, in.from, in.ecn = now, p, packet.From, packet.ECN
		in.number, in.frames = packet.Number, packet.Frames
		in.bytes = len(packet.Frames) + e.overhead
		p.counts.PacketsReceived++
		p.counts.BytesReceived += uint64(in.bytes)
		e.paths.received.add(now, in.bytes)
		if p.opens() && in.from == p.opening.route {
			p.opening.came += in.bytes
		}
		e.read(&in)
	}
}

// read takes what a packet brings.
func (e *Endpoint) read(in *arrival) {
	now, p := in.now, in.path
	if e.life.ended() {
		e.handleClosing(now, p, in.from, in.frames)
		return
	}
	e.life.lastHeard = max(e.life.lastHeard, now) // it may have come while nobody looked
	p.heardAt = max(p.heardAt, now)
	if e.life.state == stateAway {
		e.comeBack(now)
	}
	first := !p.anyReceived()
	in.newest = first || in.number > p.largest
	in.gap = first || in.number != p.largest+1
	in.elsewhere = in.from != p.route
	if in.asked = p.stage == stageAsked; in.asked && in.elsewhere {
		p.cameFrom(now, in.from, in.bytes, in.newest) // before an answer in it opens the path
	}
	said, err := e.handleEach(in)
	switch {
	case err != nil:
		said |= elicits
		e.refuse(now, err)
	case e.life.ended():
		p.received.Mark(in.number) // a CLOSE, or a HELLO that does not match
	default:
		e.arrived(in, said)
	}
	if e.inbox.inbound != nil {
		if broken := e.inbox.inbound.judge(now, len(in.frames), said); broken != "" {
			e.Close(now, CodeTooFast, broken)
		}
	}
	if p.next-p.largestAcked > maxUnanswered && p.next > p.largestAcked && e.life.state == stateOpen {
		e.refuse(now, errProtocol)
	}
}

// arrived notes a packet whose frames were handled.
func (e *Endpoint) arrived(in *arrival, said traits) {
	p := in.path
	if !in.asked && (in.from != p.route || p.stage == stageClosed) {
		p.cameFrom(in.now, in.from, in.bytes, in.newest)
	}
	p.arrived(in.now, in.number, said&elicits != 0, e.paths.ackWait(in))
	if in.ecn != NotECT {
		p.marks.arrived(in.ecn)
	}
}

// maxUnanswered is how many packets of a path a peer may leave unacknowledged, of which nearly all
// are acks alone then: his keys would never change, and numbers would not be told apart.
const maxUnanswered = 1 << 22

// handleEach handles frame after frame, and returns what their types say. What follows the end of
// the connection means nothing.
func (e *Endpoint) handleEach(in *arrival) (said traits, err error) {
	e.inbox.rebuilders.begin()
	for rest := in.frames; len(rest) > 0 && !e.life.ended(); {
		kind := rest[0]
		n, err := e.handleFrame(in, rest)
		if err != nil {
			return said, err
		}
		said |= traitsOf[kind]
		rest = rest[n:]
	}
	in.path.heardMore = in.path.heardMore || said&isMore != 0
	if said&isHold == 0 && !e.life.ended() {
		e.heardWithoutHold(in.now, in.path, in.number, said&isData != 0)
	}
	return said, nil
}

// Traits are what the type of a frame says about its packet.
type traits uint8

const (
	elicits traits = 1 << iota // an ack
	isMore                     // neither PING nor ACK
	isData                     // ends a hold of the peer
	isHold
)

var traitsOf = func() (of [256]traits) {
	for kind := range of {
		switch of[kind] = elicits | isMore | isData; {
		case kind == wire.TypePadding, kind == wire.TypeCloseAck:
			of[kind] = isMore
		case kind == wire.TypeRepair:
			of[kind] = isMore | isData
		case kind == wire.TypePing:
			of[kind] = elicits
		case kind == wire.TypeHello, kind >= wire.TypePathChallenge && kind <= wire.TypePathStatus:
			of[kind] = elicits | isMore
		case kind == wire.TypeHold:
			of[kind] = elicits | isMore | isHold
		case kind >= wire.TypeAck && kind < wire.TypeFragment:
			of[kind] = 0
		}
	}
	return of
}()

// refuse answers frames that could not be handled.
func (e *Endpoint) refuse(now int64, err error) {
	switch err {
	case errNotYet:
		e.stats.Dropped[DropEarly]++
	case errLeft:
		e.stats.Dropped[DropLeft]++
	case errLater:
		e.stats.Dropped[DropScattered]++
	case errFlow:
		e.Close(now, CodeFlow, "credit exceeded")
	default:
		e.Close(now, CodeProtocol, "malformed packet")
	}
}

// handleFrame handles the frame at the beginning of b and returns its length.
func (e *Endpoint) handleFrame(in *arrival, b []byte) (n int, err error) {
	kind := b[0]
	switch {
	case kind == wire.TypePadding:
		return consumePadding(b)
	case kind == wire.TypePing:
		return 1, nil
	case kind == wire.TypeHello:
		return e.handleHelloFrame(in.now, in.path, b)
	case kind == wire.TypeClose:
		return e.handleClose(in.now, in.path, in.from, b)
	case kind == wire.TypeCloseAck:
		return 1, nil // we are not closing: a late one
	case kind >= wire.TypeAck && kind < wire.TypeFragment:
		return e.paths.handleAckFrame(in, b)
	case e.life.state != stateOpen:
		return 0, errNotYet
	case kind >= wire.TypeRunLong:
		n, reliable, err := e.inbox.handleRun(in.now, b)
		in.reliable = in.reliable || reliable
		return n, err
	case kind >= wire.TypeFragment:
		n, reliable, err := e.inbox.handleFragment(in.now, b)
		in.reliable = in.reliable || reliable
		return n, err
	case kind == wire.TypeRepair:
		return e.inbox.handleRepair(in.now, b)
	case kind == wire.TypeDraining:
		return e.life.handleDraining(in.now, in.path, b)
	case kind == wire.TypeHold:
		return e.handleHold(in.now, in.path, in.number, b)
	case kind >= wire.TypePathChallenge && kind <= wire.TypePathStatus:
		return e.paths.handlePathFrame(in.now, in.path, in.from, b)
	}
	return e.handleControl(in.now, b)
}

// handleControl handles the frames that steer channels.
func (e *Endpoint) handleControl(now int64, b []byte) (n int, err error) {
	switch b[0] {
	case wire.TypeWindow, wire.TypeBlocked:
		channel, limit, n := wire.ConsumeLimit(b)
		if n < 0 {
			return 0, errProtocol
		}
		e.inbox.count(now, channel, n)
		if b[0] == wire.TypeWindow {
			return n, e.outbox.handleWindow(channel, limit)
		}
		return n, e.inbox.handleBlocked(now, channel, limit, e.paths.longest((*path).roundTrip))
	case wire.TypeSkip:
		return e.inbox.handleSkip(now, b)
	case wire.TypeRebuilt:
		channel, newest, mask, n := wire.ConsumeRebuilt(b)
		if s := e.outbox.sender(channel); n >= 0 && s != nil && !s.own() {
			e.inbox.count(now, channel, n)
			s.handleRebuilt(newest, mask)
			return n, nil
		}
	case wire.TypeStored:
		channel, ids, n := wire.ConsumeStored(b)
		if s := e.outbox.sender(channel); n >= 0 && s != nil {
			e.inbox.count(now, channel, n)
			return n, s.handleStored(ids)
		}
	}
	return 0, errProtocol
}

func consumePadding(b []byte) (int, error) {
	for _, c := range b {
		if c != 0 {
			return 0, errProtocol
		}
	}
	return len(b), nil
}

func (ps *paths) handleAckFrame(in *arrival, b []byte) (int, error) {
	a := &ps.cfg.Buffers.acks.in
	n, p := wire.ConsumeAck(b, a), in.path
	if n < 0 {
		return 0, errProtocol
	}
	if a.HasPath {
		if p = ps.path(a.Path); p == nil {
			return 0, errProtocol
		}
	}
	if in.acks++; in.acks > acksPerPacket {
		return 0, errProtocol
	}
	return n, p.handleAck(in, a)
}
