package endpoint

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// An Endpoint is one end of a conversation. See the package documentation for how it is
// driven. It is not safe for concurrent use.
type Endpoint struct {
	common
	inbox  inbox
	outbox outbox
	life   lifetime
	random *rand.Rand

	paths      []*path // by their numbers; those that are not in use are closed
	pathClock  uint64  // how much the path had got that messages went over last
	statusOwed bool    // a path has PATH_STATUS to be sent
	copies     copies
	to, also   Route // where the packet goes that was made last

	ackGap bool // before the packet that is being read one is missing, and its ACK

	ackIn, ackOut wire.Ack
	ackLate       wire.Ack
	acksRead      [maxPaths]uint8 // of each path, in the packet that is being read
	lateRanges    []seq.Range     // of ackLate
	exchanges     exchanges
	sent          bandwidth
	received      bandwidth

	rateTold rateTold
	now      int64 // the latest time that is known

	markIn, markOut ECN // of the packet that is handled next, and of the one that was made last
}

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

// New returns an endpoint whose life begins now. The error is a join of ConfigErrors. Who makes
// many of one configuration prepares a Plan.
func New(now int64, cfg Config) (*Endpoint, error) {
	p, err := Prepare(cfg)
	if err != nil {
		return nil, err
	}
	return p.New(now, Life{cfg.Seed, cfg.Instance, cfg.Path, cfg.Timeout}), nil
}

// New returns an endpoint of the plan whose life begins now.
func (p *Plan) New(now int64, life Life) *Endpoint {
	e := &Endpoint{
		common: common{cfg: p.cfg, plan: p, expiryAt: never},
		random: newRandom(life.Seed, "tickwire 1 endpoint"),
		now:    now,
		also:   NoRoute,
	}
	e.cfg.Timeout = orDefault(life.Timeout, defaultTimeout, math.MaxInt64)
	instance := e.random.Uint64()
	if life.Instance != 0 {
		instance = life.Instance
	}
	e.life.begin(&e.common, now, instance)
	keySeed := newRandom(life.Seed, "tickwire 1 keys").Uint64()
	e.inbox.begin(&e.common, now, keySeed)
	e.outbox.begin(&e.common, e, now, keySeed)
	e.outbox.draft.owner = &e.life
	e.paths = []*path{e.firstPath(now, life.Path)}
	e.rateTold = rateTold{rate: e.bytesPerSecond(), at: now}
	return e
}

// newRandom is a source for one purpose whose numbers nobody guesses who has seen others of it:
// they are in challenges, which prove something by that.
func newRandom(seed uint64, purpose string) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	copy(key[8:], purpose)
	return rand.New(rand.NewChaCha8(key))
}

// firstPath returns path 0, which needs no challenge.
func (e *Endpoint) firstPath(now int64, cfg PathConfig) *path {
	p := newPath(0, now, e.cfg.Controller(), e.skipInterval())
	p.configure(cfg)
	p.state, p.proven = PathActive, true
	return p
}

func (e *Endpoint) path(id uint8) *path {
	if int(id) >= len(e.paths) {
		return nil
	}
	return e.paths[id]
}

// Update shows the game what has arrived since the last one: messages to Receive, events to
// NextEvent. The bytes of messages received before become invalid.
func (e *Endpoint) Update() {
	e.inbox.reveal()
	e.events.reveal()
}

// NextEvent returns the next event that the last Update showed; false if there is none.
func (e *Endpoint) NextEvent() (Event, bool) { return e.events.next() }

// HandlePacket takes the frames of one packet that arrived on a path, from a Route, which is not
// NoRoute. Repeated and very old packets are recognised by their number and dropped. Authentic
// frames that make no sense close the connection.
func (e *Endpoint) HandlePacket(now int64, pathID uint8, from Route, number uint64, frames []byte) {
	e.SetNow(now)
	p := e.path(pathID)
	if (p == nil || p.free()) && from != NoRoute {
		if opened := e.beginOf(now, pathID, from, frames); opened != nil {
			p = opened
		}
	}
	switch {
	case p == nil:
		e.stats.Dropped[DropPath]++
	case e.life.state == stateDead:
		e.stats.Dropped[DropClosed]++
	case !p.received.Fresh(number):
		e.stats.Dropped[DropDuplicate]++
	default:
		p.counts.PacketsReceived++
		p.counts.BytesReceived += uint64(len(frames) + e.cfg.PacketOverheadBytes)
		e.received.add(now, len(frames)+e.cfg.PacketOverheadBytes)
		if p.state == PathOpening && from == p.opening.route {
			p.opening.came += len(frames) + e.cfg.PacketOverheadBytes
		}
		e.handleFrames(now, p, from, number, frames)
	}
	e.markIn = NotECT
}

func (e *Endpoint) handleFrames(now int64, p *path, from Route, number uint64, frames []byte) {
	if e.life.ended() {
		e.handleClosing(now, p, from, frames)
		return
	}
	e.life.lastHeard = max(e.life.lastHeard, now) // it may have come while nobody looked
	p.heardAt = max(p.heardAt, now)
	if e.life.state == stateAway {
		e.comeBack(now)
	}
	p.elsewhere, e.inbox.reliable = from != p.route, false
	e.ackGap = !p.anyReceived() || number != p.largest+1
	said, err := e.handleEach(now, p, from, number, frames)
	switch {
	case err != nil:
		said |= elicits
		e.refuse(now, err)
	case e.life.ended():
		p.received.Mark(number) // a CLOSE, or a HELLO that does not match
	default:
		if from != p.route || p.state == PathClosed {
			e.cameFrom(now, p, from, len(frames)+e.cfg.PacketOverheadBytes, number > p.largest || !p.anyReceived())
		}
		p.arrived(now, number, said&elicits != 0, e.ackWait(now, p))
		if e.markIn != NotECT {
			p.marks.arrived(e.markIn)
		}
	}
	if e.inbox.inbound.any {
		if broken := e.inbox.inbound.judge(now, len(frames), said); broken != "" {
			e.Close(now, CodeTooFast, broken)
		}
	}
	if p.next-p.largestAcked > maxUnanswered && p.next > p.largestAcked && e.life.state == stateOpen {
		e.refuse(now, errProtocol)
	}
}

// maxUnanswered is how many packets of a path a peer may leave unacknowledged, of which nearly all
// are acks alone then: his keys would never change, and numbers would not be told apart.
const maxUnanswered = 1 << 22

// handleEach handles frame after frame, and returns what their types say. What follows the end of
// the connection means nothing.
func (e *Endpoint) handleEach(now int64, p *path, from Route, number uint64, frames []byte) (said traits, err error) {
	e.inbox.rebuilders.work, e.acksRead = rebuildWork, [maxPaths]uint8{}
	for rest := frames; len(rest) > 0 && !e.life.ended(); {
		kind := rest[0]
		n, err := e.handleFrame(now, p, from, number, rest)
		if err != nil {
			return said, err
		}
		said |= traitsOf[kind]
		rest = rest[n:]
	}
	p.heardMore = p.heardMore || said&isMore != 0
	if said&isHold == 0 && !e.life.ended() {
		e.heardWithoutHold(now, p, number, said&isData != 0)
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
func (e *Endpoint) handleFrame(now int64, p *path, from Route, number uint64, b []byte) (n int, err error) {
	kind := b[0]
	switch {
	case kind == wire.TypePadding:
		return consumePadding(b)
	case kind == wire.TypePing:
		return 1, nil
	case kind == wire.TypeHello:
		return e.handleHelloFrame(now, p, b)
	case kind == wire.TypeClose:
		return e.handleClose(now, p, from, b)
	case kind == wire.TypeCloseAck:
		return 1, nil // we are not closing: a late one
	case kind >= wire.TypeAck && kind < wire.TypeFragment:
		return e.handleAckFrame(now, p, b)
	case e.life.state != stateOpen:
		return 0, errNotYet
	case kind >= wire.TypeRunLong:
		return e.inbox.handleRun(now, b)
	case kind >= wire.TypeFragment:
		return e.inbox.handleFragment(now, b)
	case kind == wire.TypeRepair:
		return e.inbox.handleRepair(now, b)
	case kind == wire.TypeDraining:
		return e.handleDraining(now, p, b)
	case kind == wire.TypeHold:
		return e.handleHold(now, p, number, b)
	case kind >= wire.TypePathChallenge && kind <= wire.TypePathStatus:
		return e.handlePathFrame(now, p, from, b)
	}
	return e.handleControl(now, b)
}

// handleControl handles the frames that steer channels.
func (e *Endpoint) handleControl(now int64, b []byte) (n int, err error) {
	switch b[0] {
	case wire.TypeWindow, wire.TypeBlocked:
		channel, limit, n := wire.ConsumeLimit(b)
		if n < 0 {
			return 0, errProtocol
		}
		e.inbox.receiver(channel).count(now, n)
		if b[0] == wire.TypeWindow {
			return n, e.outbox.handleWindow(channel, limit)
		}
		return n, e.inbox.handleBlocked(now, channel, limit, e.longest((*path).roundTrip))
	case wire.TypeSkip:
		return e.inbox.handleSkip(now, b)
	case wire.TypeRebuilt:
		channel, newest, mask, n := wire.ConsumeRebuilt(b)
		if s := e.outbox.sender(channel); n >= 0 && s != nil && !s.own() {
			e.inbox.receiver(channel).count(now, n)
			s.handleRebuilt(newest, mask)
			return n, nil
		}
	case wire.TypeStored:
		channel, ids, n := wire.ConsumeStored(b)
		if s := e.outbox.sender(channel); n >= 0 && s != nil {
			e.inbox.receiver(channel).count(now, n)
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

func (e *Endpoint) handleAckFrame(now int64, p *path, b []byte) (int, error) {
	n := wire.ConsumeAck(b, &e.ackIn)
	if n < 0 {
		return 0, errProtocol
	}
	if e.ackIn.HasPath {
		if p = e.path(e.ackIn.Path); p == nil {
			return 0, errProtocol
		}
	}
	if e.acksRead[p.id]++; e.acksRead[p.id] > acksPerPacket {
		return 0, errProtocol
	}
	return n, e.handleAck(now, p, &e.ackIn)
}
