package endpoint

import "math/bits"

// A Header is what the header of a packet has to say.
type Header struct {
	// Number is the packet's on its path. Now and then one is left out, so that a peer who
	// acknowledges what it never received is found out (RFC 9000, 21.4).
	Number uint64
	// NumberBytes is how many bytes of the number the peer needs to know it by, the low ones:
	// two to four (SPEC.md, 5). Whoever has no use for that writes more.
	NumberBytes int
	// Path is the path that the packet belongs to.
	Path uint8
	// Route is where the path goes, and the packet too in all likelihood; NoRoute if it has none
	// at the moment.
	Route Route
}

// A Begin begins the datagram of a packet. It returns whatever goes in front of the frames, which
// are appended to it, perhaps nothing, and the Envelope of the packet.
type Begin func(h Header) (head []byte, around Envelope)

// An Envelope is what else is around the frames of a packet, and what carries it all. The endpoint
// fills the rest of the datagram.
type Envelope struct {
	// Tail is how many bytes the caller will append behind the frames, those of a seal say.
	Tail int
	// Carrier is what is known of whatever carries the datagrams of the path.
	Carrier Carrier
	// Busy says that the carrier takes nothing now. Then nothing is packed for the path, but for
	// what ends the connection, until PathBusy says otherwise.
	Busy bool
}

// An Outgoing is a packet for the peer, and where it goes.
type Outgoing struct {
	// Header is the one with which it was begun: its Route is where the usual packets of the path go.
	Header
	// Packet is what Begin returned, its first Head bytes, with the frames behind it.
	Packet []byte
	Head   int
	// To is where the datagram goes. NoRoute: nowhere, the packet is lost.
	To Route
	// Also is where the same bytes go a second time; mostly NoRoute.
	Also Route
	// ECN is the mark that the datagram shall have. Whoever cannot mark datagrams ignores it, or
	// sets Config.DisableECN: otherwise the endpoint finds out that no mark arrives.
	ECN ECN
}

// An Incoming is a packet of the peer.
type Incoming struct {
	// Path is the path that its header names.
	Path uint8
	// From is where it came from, not NoRoute.
	From Route
	// ECN is the mark that its datagram had. Whoever cannot read marks leaves it zero.
	ECN ECN
	// Number is the packet's on its path, whole again.
	Number uint64
	// Frames are its bytes without header and seal. They are only read, and not kept.
	Frames []byte
}

// NextPacket makes the next packet that is to be sent now, on whichever path has its turn, and puts
// it into out; false if there is none. Call it until then: after every Send, HandlePacket and
// HandleTimeout, as far as packets can be carried. Messages go over the best paths that there are,
// in turn by their weights; the others carry what they have to say themselves: acknowledgements,
// probes, copies.
//
// Each packet that it tries begins with begin, and may turn out to have nothing in it: only what
// NextPacket returns was sent, as far as the endpoint knows, and it is lost if the caller drops it.
// begin has no reason to call the endpoint; if it does, and another NextPacket takes the number, the
// packet is not made.
func (e *Endpoint) NextPacket(now int64, out *Outgoing, begin Begin) bool {
	e.SetNow(now)
	if e.life.state == stateDead {
		return false
	}
	if e.paths.single() {
		return e.packetOn(now, e.paths.all[0], out, begin)
	}
	for asked := uint8(0); ; {
		p := e.turn(now, asked)
		if p == nil {
			return false
		}
		if e.packetOn(now, p, out, begin) {
			return true
		}
		asked |= 1 << p.id
	}
}

// turn returns the path to ask next, of those that were not asked; nil if there is none.
func (e *Endpoint) turn(now int64, asked uint8) *path {
	if e.life.ended() {
		return e.closingTurn(asked)
	}
	return e.paths.turn(now, asked)
}

// packetOn makes a packet for one path; false if it has nothing to send now.
func (e *Endpoint) packetOn(now int64, p *path, out *Outgoing, begin Begin) bool {
	switch {
	case p.stuck():
		e.paths.copies.due &^= 1 << p.id
		return false
	case e.paths.single() && e.nothingToSay(now, p):
		p.maySend(now) // pacing goes on
		return false
	}
	h := p.header()
	head, around := begin(h)
	if around.Busy {
		e.PathBusy(now, p.id, true)
	}
	size := p.datagramSize(now, around.Carrier)
	room := size.bytes - len(head) - around.Tail
	if room <= 0 || p.stuck() || h.Number != p.nextNumber() || e.Done() {
		return false
	}
	if e.life.held() {
		e.lifeTimeouts(now, lifeOwnHold, lifePeerHold+1)
	}
	if e.life.drain.on {
		e.endDrain(now)
	}
	var b builder // field by field: a literal would be made elsewhere and copied
	b.path, b.now, b.number, b.to, b.also = p, now, h.Number, p.route, NoRoute
	b.dst, b.start, b.end, b.size = head, len(head), len(head)+room, size.bytes
	b.full, b.most = room, room
	b.pkt.at, b.pkt.state, b.pkt.firstRecord = now, packetInFlight, p.contents.End()
	b.pkt.delivered, b.pkt.deliveredAt = p.delivered, p.deliveredAt
	if size.probe {
		b.fillSizeProbe()
	} else {
		if !e.paths.single() {
			p.room, b.copiers = room, p.copiers()
		}
		e.build(&b)
	}
	if len(b.dst) == b.start {
		return false
	}
	if len(b.dst)-b.start > room-size.spare {
		b.pkt.flags |= packetLarge
	}
	e.paths.commit(&b)
	out.Header, out.Packet, out.Head = h, b.dst, b.start
	out.To, out.Also, out.ECN = b.to, b.also, b.ecn
	return true
}

// nothingToSay reports whether a packet of the only path would certainly stay empty, which costs
// less than to try it: whoever carries packets asks until there is none.
func (e *Endpoint) nothingToSay(now int64, p *path) bool {
	l := &e.life
	switch {
	case l.state != stateOpen || l.ownHold.on || l.peerHold.on || l.ownHold.copies > 0 || l.drain.on:
	case e.outbox.active > 0 || e.outbox.twins.Len() > 0 || e.paths.controlDue():
	case p.odd() || p.loss.probe > 0 || p.mtu.size == 0:
	default:
		return now < min(p.ackAt, p.searchAt()) && !p.pingDue(now)
	}
	return false
}

// header is what the header of the path's next packet says. Nothing changes until there is one.
func (p *path) header() Header {
	number := p.nextNumber()
	return Header{Number: number, NumberBytes: p.numberBytes(number), Path: p.id, Route: p.route}
}

func (p *path) nextNumber() uint64 {
	if p.skipIn <= 0 {
		return p.next + uint64(p.skips)
	}
	return p.next
}

// numberBytes is how many bytes a packet number needs on the wire: n, two to four, when it is
// less than 2^(8n-2) above the largest acknowledged one (SPEC.md, 5).
func (p *path) numberBytes(number uint64) int {
	ahead := number + 1
	if p.anyAcked {
		ahead = number - p.largestAcked
	}
	return min(max(2, (bits.Len64(ahead)+2+7)/8), 4)
}

// leaveOut draws after how many packets numbers of the path are left out, and how many: one, or two in a
// row. A peer that acknowledges what it lost cannot spare every gap of one number, nor those of two.
func (p *path) leaveOut() {
	const least, most = 256, 4096
	n := p.ps.random.intN(2 * (most - least))
	p.skipIn, p.skips = least+n/2, uint8(1+n%2)
}

// LargestAcked is the largest number of a path that the peer has acknowledged;
// false if it acknowledged none.
func (e *Endpoint) LargestAcked(pathID uint8) (uint64, bool) {
	p := e.paths.path(pathID)
	if p == nil {
		return 0, false
	}
	return p.largestAcked, p.anyAcked
}
