package netcode

import (
	"bytes"
	"crypto/ecdh"
	"crypto/subtle"
	"encoding/binary"

	"github.com/tickwire/tickwire/internal/wire"
)

// HandleDatagram takes the datagram b, which came from the given source, and
// opens it in place. Path is that of the socket which it came by, 0 until the
// owner has opened another; if packets have a wire id, that says it.
func (c *Client) HandleDatagram(now, unix int64, path uint8, from Source, b []byte) ClientEvent {
	c.now = now
	ev := c.dispatch(path, from, b)
	if ev.Drop != DropNone {
		c.drop(ev.Drop)
	}
	return ev
}

// dispatch compares the source before anything is opened, so that nothing from
// elsewhere can move a replay window.
func (c *Client) dispatch(path uint8, from Source, b []byte) ClientEvent {
	if len(b) == 0 {
		return clientDrop(DropEmpty)
	}
	path = c.pathOf(path, b)
	if from != c.on(path) {
		return clientDrop(DropOtherSource)
	}
	prefix := b[0]
	switch {
	case prefix >= minPlainPrefix:
		return c.handleStandard(b)
	case c.plainOnly:
		return clientDrop(DropUnknownType)
	case prefix&wire.PrefixDataMask != 0:
		return c.handleData(path, b)
	case prefix == wire.PrefixHandshake:
		return c.handleLong(b)
	case prefix == wire.PrefixGone:
		return c.handleGone(b)
	case prefix >= prefixUnsealed:
		return clientDrop(DropReserved)
	}
	return clientDrop(DropWrongRole)
}

// pathOf is the path of a datagram that came by the socket of the given one.
func (c *Client) pathOf(path uint8, b []byte) uint8 {
	if b[0]&wire.PrefixDataMask == wire.PrefixData && c.wireID.n > 0 && len(b) > 1 {
		path = b[1]
	}
	return path & pathMask
}

func clientDrop(d Drop) ClientEvent { return ClientEvent{Drop: d} }

// handleData drops what overtakes ACCEPT, for want of a key: the server repeats ACCEPT in front of its
// data until it hears from us.
func (c *Client) handleData(path uint8, b []byte) ClientEvent {
	if c.state != StateConnected || c.plain {
		return clientDrop(DropUnexpected)
	}
	n := int(c.wireID.n)
	if len(b) < 1+n+1+MinTagBytes {
		return clientDrop(DropTooShort)
	}
	if n > 0 && (b[1]&^pathMask != c.wireID.b[0] || !bytes.Equal(b[2:1+n], c.wireID.b[1:n])) {
		return clientDrop(DropUnknownID)
	}
	number, frames, drop := c.opener.open(c.now, b, n, path)
	if drop != DropNone {
		return clientDrop(drop)
	}
	return ClientEvent{Kind: ClientPacket, State: c.state, Path: path, Number: number, Frames: frames}
}

func (c *Client) handleLong(b []byte) ClientEvent {
	if len(b) < 2 {
		return clientDrop(DropTooShort)
	}
	switch b[1] {
	case longAccept:
		return c.handleAccept(b)
	case longReason:
		return c.handleReason(b)
	case longRetry:
		return c.handleRetry(b)
	case longOffer, longResume:
		return clientDrop(DropWrongRole)
	}
	return clientDrop(DropReserved)
}

func (c *Client) handleAccept(b []byte) ClientEvent {
	if c.state == StateConnected && !c.plain {
		return clientDrop(DropRepeated)
	}
	if c.state != StateResponding {
		return clientDrop(DropUnexpected)
	}
	var a accept
	if drop := a.open(c.handshake, b, c.wireID, &c.share); drop != DropNone {
		return clientDrop(drop)
	}
	if a.flags&^c.mayAccept() != 0 {
		return clientDrop(DropMalformed)
	}
	if !bytes.Equal(a.padItems, c.token.Pad.raw()) {
		c.refusal = Refusal{Code: CodePad}
		return c.fail(StateDenied)
	}
	var private *ecdh.PrivateKey
	if c.private != nil {
		private = c.private()
	}
	agreed, ok := agree(private, &a.share)
	if !ok {
		return clientDrop(DropShare)
	}
	c.id, c.index, c.maxClients, c.private = a.connectionID, a.index, a.max, nil
	t := c.handshake.traffic(&c.share, &a.share, agreed, &trafficContext{
		protocolID: c.token.ProtocolID, pad: c.token.Pad, connectionID: c.id, wireID: c.wireID,
	})
	c.sealer = newSealer(t.toServer, c.id[:], connectionIDBytes-1, c.cfg.EpochPackets)
	c.sealer.tails = new([rememberedTails][goneTailBytes]byte)
	c.opener = newOpener(t.toClient)
	c.resumption = t.resumption
	c.token, c.approach = c.token.opened(), nil
	c.state, c.dueMask = StateConnected, 0
	return ClientEvent{
		Kind: ClientConnected, State: c.state, Hello: a.hello, Seen: a.source, Continue: a.flags&flagContinue != 0,
	}
}

// handleReason reads why the server refuses. Towards a request nothing in it
// is fresh, so it counts only if no challenge comes within one more interval;
// towards an OFFER or a RESUME it echoes our share and counts at once.
func (c *Client) handleReason(b []byte) ClientEvent {
	if c.state != StateRequesting && c.state != StateResponding {
		return clientDrop(DropUnexpected)
	}
	id := wireID{}
	if c.state == StateResponding || c.resumes {
		id = c.wireID
	}
	r, e, drop := openReason(c.handshake, b, id)
	if drop != DropNone {
		return clientDrop(drop)
	}
	c.unheard = false
	r.Rows = bytes.Clone(r.Rows)
	switch {
	case c.state == StateRequesting && !c.resumes && e == (echo{}):
		c.refused(r)
		return ClientEvent{}
	case (c.state == StateResponding || c.resumes) && subtle.ConstantTimeCompare(e[:], c.share[:len(e)]) == 1:
		c.refusal = r
		return c.fail(StateDenied)
	}
	return clientDrop(DropUnexpected)
}

// refused notes a refusal that still waits for a challenge, or for its reason.
func (c *Client) refused(r Refusal) {
	if c.refusedAt == never {
		c.refusedAt = c.now
	}
	if r.Code != CodeNone || c.refusal.Code == CodeNone {
		c.refusal = r
	}
}

// handleGone believes the hint only if it names our id, with whatever path, and one
// of our newest packets.
// A restarted server has no key to seal it with: so it ends nothing, but shortens our patience, and
// whatever authentic comes in time disproves it.
func (c *Client) handleGone(b []byte) ClientEvent {
	if len(b) != goneBytes {
		return clientDrop(DropMalformed)
	}
	if c.state != StateConnected || c.plain {
		return clientDrop(DropUnexpected)
	}
	id, tail := [connectionIDBytes]byte(b[1:]), b[1+connectionIDBytes:]
	id[connectionIDBytes-1] &^= pathMask
	if id != c.id || !c.sealer.sentTail(tail) {
		return clientDrop(DropUnknownID)
	}
	return ClientEvent{Kind: ClientGone, State: c.state}
}

// handleStandard reads types 1, 2, 4, 5 and 6.
func (c *Client) handleStandard(b []byte) ClientEvent {
	if c.resumes {
		return clientDrop(DropNotPlain)
	}
	h, drop := readStandardHeader(b, clientReads)
	if drop != DropNone {
		return clientDrop(drop)
	}
	if h.kind.replayProtected() {
		if c.token.Pad.Present || c.approach == nil {
			return clientDrop(DropNotPlain)
		}
		if !c.replay.Fresh(h.sequence) {
			return clientDrop(DropReplay)
		}
	}
	if c.approach == nil {
		return clientDrop(DropUnexpected)
	}
	body, ok := c.in.open(b, h)
	if !ok {
		return clientDrop(DropForged)
	}
	c.unheard = false
	if h.kind.replayProtected() {
		c.replay.Mark(h.sequence)
	}
	if !h.kind.bodySizeOK(len(body)) {
		return clientDrop(DropBodySize)
	}
	switch h.kind {
	case kindDenied:
		return c.handleDenied()
	case kindChallenge:
		return c.handleChallenge(body)
	case kindKeepAlive:
		return c.handleKeepAlive(body)
	}
	return c.handlePlain(h, body)
}

func (c *Client) handleDenied() ClientEvent {
	if c.state != StateRequesting && c.state != StateResponding {
		return clientDrop(DropUnexpected)
	}
	if c.cfg.Plain == PlainOnly {
		return c.fail(StateDenied)
	}
	c.refused(Refusal{})
	return ClientEvent{}
}

// handleChallenge stores what is to be echoed. A second challenge comes when our address
// changed on the way, or when somebody shows our request at an address of his own and passes
// the answer on to us, which he can do again and again. We cannot tell them apart, so each is
// answered at once, and of several that wait for that one is drawn by lot. Those of a plain
// server count in the bits where ours have the entry: the first one is kept, as
// netcode's own clients do.
func (c *Client) handleChallenge(body []byte) ClientEvent {
	if c.state != StateRequesting && (c.state != StateResponding || c.cfg.Plain == PlainOnly) {
		return clientDrop(DropUnexpected)
	}
	sequence := binary.LittleEndian.Uint64(body)
	counter := sequence >> entryBits
	if !c.challenges.Fresh(counter) {
		return clientDrop(DropRepeated)
	}
	c.challenges.Mark(counter)
	if c.unanswered++; c.unanswered == 1 || c.lot(c.unanswered) {
		c.challenge = sequence
		copy(c.challengeBy[:], body[8:])
	}
	if c.state == StateResponding {
		c.owe(c.dueNow())
		return ClientEvent{}
	}
	c.state = StateResponding
	c.attempt, c.refusedAt, c.refusal = c.now, never, Refusal{}
	c.owe(c.dueNow())
	return ClientEvent{Kind: ClientState, State: c.state}
}

// lot is true once in n times.
func (c *Client) lot(n uint64) bool {
	var b [8]byte
	return fill(c.random, b[:]) && binary.LittleEndian.Uint64(b[:])%n == 0
}

// handleKeepAlive: the server took our response. Whether it is a plain one
// shows when no ACCEPT follows. An index that no client can have is not believed;
// more clients than the reference takes are.
func (c *Client) handleKeepAlive(body []byte) ClientEvent {
	switch {
	case c.state == StateResponding:
		index, most := binary.LittleEndian.Uint32(body), binary.LittleEndian.Uint32(body[4:])
		if index >= most {
			return clientDrop(DropMalformed)
		}
		c.index, c.maxClients, c.refusedAt = index, most, never
		if c.plainWait() == 0 && c.cfg.Plain != PlainRefuse {
			return c.connectPlain()
		}
		if c.plainAt == never {
			c.plainAt = c.now
		}
		return ClientEvent{}
	case c.state == StateConnected && c.plain:
		c.heard = c.now
		return ClientEvent{}
	}
	return clientDrop(DropUnexpected)
}

// handlePlain takes payload and disconnect of a plain server. One that took our response may
// end before it is known which dialect it speaks.
func (c *Client) handlePlain(h standardHeader, body []byte) ClientEvent {
	if h.kind == kindDisconnect && c.state == StateResponding && c.plainAt != never {
		return c.fail(StateDisconnected)
	}
	if c.state != StateConnected || !c.plain {
		return clientDrop(DropUnexpected)
	}
	if h.kind == kindDisconnect {
		return c.end(StateDisconnected)
	}
	c.heard = c.now
	return ClientEvent{Kind: ClientPayload, State: c.state, Number: h.sequence, Frames: body}
}
