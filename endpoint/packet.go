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

// An Envelope is what the caller puts around the frames of a packet, and what carries it all. The
// endpoint fills the rest of the datagram.
type Envelope struct {
	// Head is the datagram so far: whatever goes in front of the frames, which are appended to
	// it. It may be empty.
	Head []byte
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
	Header
	// Packet is the Head of its Envelope with the frames behind it.
	Packet []byte
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

// NextPacket makes the next packet that is to be sent now, on whichever path has its turn; false if
// there is none. Call it until then: after every Send, HandlePacket and HandleTimeout, as far as
// packets can be carried. Messages go over the best paths that there are, in turn by their weights;
// the others carry what they have to say themselves: acknowledgements, probes, copies.
//
// It asks begin for the Envelope of each packet that it tries, which may turn out to have nothing in
// it: only what NextPacket returns was sent, as far as the endpoint knows, and it is lost if the
// caller drops it. begin must not call the endpoint.
func (e *Endpoint) NextPacket(now int64, begin func(h Header) Envelope) (out Outgoing, ok bool) {
	e.SetNow(now)
	if e.life.state == stateDead {
		return out, false
	}
	if len(e.paths.all) == 1 {
		return e.packetOn(now, e.paths.all[0], begin)
	}
	for asked := uint8(0); ; {
		p := e.paths.turn(now, asked)
		if p == nil {
			return out, false
		}
		if out, ok = e.packetOn(now, p, begin); ok {
			return out, true
		}
		asked |= 1 << p.id
	}
}

// packetOn makes a packet for one path; false if it has nothing to send now.
func (e *Endpoint) packetOn(now int64, p *path, begin func(h Header) Envelope) (out Outgoing, ok bool) {
	if p.stuck() {
		e.paths.copies.due &^= 1 << p.id
		return out, false
	}
	h := p.header()
	env := begin(h)
	if env.Busy {
		e.PathBusy(now, p.id, true)
	}
	size := p.datagramSize(now, env.Carrier)
	room := size.bytes - len(env.Head) - env.Tail
	if room <= 0 || p.stuck() {
		return out, false
	}
	if e.life.ownHold.on || e.life.peerHold.on {
		e.endHolds(now)
	}
	if e.life.drain.on {
		e.endDrain(now)
	}
	var b builder // field by field: a literal would be made elsewhere and copied
	b.path, b.now, b.number, b.to, b.also = p, now, h.Number, p.route, NoRoute
	b.dst, b.start, b.end, b.full, b.most, b.size = env.Head, len(env.Head), len(env.Head)+room, room, room, size.bytes
	b.pkt.at, b.pkt.state, b.pkt.firstRecord = now, packetInFlight, p.contents.End()
	b.pkt.delivered, b.pkt.deliveredAt = p.delivered, p.deliveredAt
	if size.probe {
		b.fillSizeProbe()
	} else {
		if len(e.paths.all) > 1 {
			p.room, b.copiers = room, p.copiers()
		}
		e.build(&b)
	}
	if len(b.dst) == b.start {
		return out, false
	}
	if len(b.dst)-b.start > room-size.spare {
		b.pkt.sort |= packetLarge
	}
	e.paths.commit(&b)
	return Outgoing{Header: h, Packet: b.dst, To: b.to, Also: b.also, ECN: b.ecn}, true
}

// header is what the header of the path's next packet says. Nothing changes until there is one.
func (p *path) header() Header {
	number := p.next
	if p.skipIn <= 0 {
		number++
	}
	return Header{Number: number, NumberBytes: p.numberBytes(number), Path: p.id, Route: p.route}
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

func (ps *paths) skipInterval() int { return 256 + ps.random.IntN(4096-256) }

// LargestAcked is the largest number of a path that the peer has acknowledged;
// false if it acknowledged none.
func (e *Endpoint) LargestAcked(pathID uint8) (uint64, bool) {
	p := e.paths.path(pathID)
	if p == nil {
		return 0, false
	}
	return p.largestAcked, p.anyAcked
}
