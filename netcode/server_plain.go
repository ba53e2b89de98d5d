package netcode

import (
	"encoding/binary"
	"fmt"

	"github.com/tickwire/tickwire/internal/seq"
)

// handlePlain reads a standard packet. Before its keys are known it must come
// from a source that a plain client has shown a token from.
func (s *Server) handlePlain(from Source, b, reply []byte) Event {
	h, drop := readStandardHeader(b, serverReads)
	if drop != DropNone {
		return dropped(drop)
	}
	if seat := s.plain[from]; seat != nil {
		if h.kind == kindResponse {
			return dropped(DropSourceConnected)
		}
		return s.handlePlainPacket(seat, h, b)
	}
	sized := h.kind.bodySizeOK(len(b) - h.size - macBytes)
	if s.cfg.Plain == PlainRefuse {
		// A plain client comes with a response. All else that looks like a standard packet is of somebody else:
		// of a page that goes on speaking QUIC or DTLS with the server that had this port before, say.
		if h.kind == kindResponse && sized {
			return dropped(DropPlainRefused)
		}
		return dropped(DropUnknownSource)
	}
	tokens := s.adm.shownFrom(&from)
	if tokens[0] == nil {
		return dropped(DropUnknownSource)
	}
	if h.kind != kindResponse {
		return dropped(DropUnexpected)
	}
	if !sized {
		return dropped(DropBodySize)
	}
	return s.tryResponse(from, tokens, h, b, reply)
}

// tryResponse reads a response with the keys of each token that was shown from its source.
func (s *Server) tryResponse(from Source, tokens [shownInRow]*tokenEntry, h standardHeader, b, reply []byte) Event {
	result := DropForged
	for _, e := range tokens {
		if e == nil {
			break
		}
		if drop := s.adm.gate.passKnown(s.now, &from, &e.paid); drop != DropNone {
			result = drop
			continue
		}
		try := append(s.response[:0], b...) // what does not open is destroyed
		body, ok := e.receiveKey(s.cfg.ProtocolID).open(try, h)
		if !ok {
			s.adm.gate.chargeKnown(s.now, &from, &e.paid)
			continue
		}
		ev := s.handleResponse(from, e, body, reply)
		if len(ev.Reply) == 0 { // no seat
			s.adm.gate.chargeKnown(s.now, &from, &e.paid)
		}
		return ev
	}
	return dropped(result)
}

// handleResponse takes a seat for a plain client, or for one of ours whose
// token has no pad and whose OFFER is still on its way.
func (s *Server) handleResponse(from Source, e *tokenEntry, body, reply []byte) Event {
	sequence := binary.LittleEndian.Uint64(body)
	c, ok := s.adm.challengeKey.open(body[8:], sequence)
	if !ok || c.clientID != e.clientID || s.adm.entry(sequence) != e {
		return dropped(DropChallengeForged)
	}
	if c.source != from {
		return dropped(DropChallengeMoved)
	}
	if s.adm.clients[e.clientID] != nil || e.seat != nil {
		return dropped(DropClientConnected)
	}
	if !s.adm.hasRoom(e.clientID) {
		s.deny(from, e)
		return dropped(DropFull)
	}
	if s.cfg.Judge != nil {
		if !e.mayAsk(s.now) {
			return dropped(DropTooOften)
		}
		_, reserved := s.adm.Reserved(s.now, e.clientID)
		o := Offer{ClientID: e.clientID, UserData: e.userData.append(nil), Source: from, Plain: true, Reserved: reserved}
		if v := s.cfg.Judge(o); !v.Admit {
			s.deny(from, e)
			return dropped(DropRefused)
		}
	}
	return s.seatPlain(from, e, reply)
}

// seatPlain takes the seat and answers with the first keep-alive. It stays
// undecided until the client sends something that only one of the two
// dialects has.
func (s *Server) seatPlain(from Source, e *tokenEntry, reply []byte) Event {
	seat := s.takeSeat(e, from)
	if seat == nil {
		s.deny(from, e)
		return dropped(DropFull)
	}
	seat.state = seatUndecided
	seat.plainSeat = &plainSeat{
		in:     e.receiveKey(s.cfg.ProtocolID),
		out:    newPacketKey(&e.keys().serverToClient, s.cfg.ProtocolID),
		replay: seq.NewWindow(plainWindow),
	}
	seat.heard, seat.sent = s.now, s.now
	s.plain[from] = seat
	s.seatClient(seat)
	s.watch(seat)
	return Event{Reply: s.appendKeepAlive(seat, reply), Undecided: true}
}

// handlePlainPacket reads types 4 to 6 of a plain client.
func (s *Server) handlePlainPacket(seat *Seat, h standardHeader, b []byte) Event {
	if !seat.replay.Fresh(h.sequence) {
		return dropped(DropReplay)
	}
	body, ok := seat.in.open(b, h)
	if !ok {
		return dropped(DropForged)
	}
	seat.replay.Mark(h.sequence)
	if !h.kind.bodySizeOK(len(body)) {
		return dropped(DropBodySize)
	}
	ev := Event{Seat: seat}
	if h.kind == kindDisconnect {
		if seat.state == seatUndecided { // nobody has heard of this seat
			s.Release(s.now, seat)
			return Event{}
		}
		s.leave(seat)
		ev.Kind, ev.Why = EventDisconnected, WhyPeer
		return ev
	}
	seat.heard = s.now
	if h.kind == kindPayload {
		ev.Kind, ev.Frames, ev.Number = EventPayload, body, h.sequence
	}
	if !seat.confirmed {
		s.confirm(seat)
		seat.state = seatPlain
		ev.Kind, ev.First = EventConnected, true
	}
	if ev.Kind == EventNone {
		ev.Seat = nil
	}
	return ev
}

// maxPlainClients is the largest number of clients that the reference believes in.
const maxPlainClients = 256

// appendKeepAlive names an index below the most clients, and no more of those than
// the reference has, which ignores all else. So plain clients of a larger server, and
// those who came while others are still closing, may share an index.
func (s *Server) appendKeepAlive(seat *Seat, dst []byte) []byte {
	most := min(s.adm.maxClients, maxPlainClients)
	var body [keepAliveBody]byte
	binary.LittleEndian.PutUint32(body[:], uint32(seat.index%most))
	binary.LittleEndian.PutUint32(body[4:], uint32(most))
	return s.appendPlain(seat, dst, kindKeepAlive, body[:])
}

func (s *Server) appendPlain(seat *Seat, dst []byte, kind packetKind, body []byte) []byte {
	dst = seat.out.append(dst, kind, seat.sequence, body)
	seat.sequence++
	seat.sent = s.now
	return dst
}

// AppendPayload appends a standard payload packet of 1 to 1200 bytes to a
// plain client.
func (s *Server) AppendPayload(now int64, seat *Seat, dst, payload []byte) ([]byte, error) {
	if err := checkPayload(payload); err != nil {
		return dst, err
	}
	if seat.state != seatPlain {
		return dst, &StateError{"AppendPayload", "the seat is not of a connected plain client"}
	}
	s.now = now
	return s.appendPlain(seat, dst, kindPayload, payload), nil
}

// Disconnect tells a plain client that it is out: ten redundant packets come
// out of NextDatagram. The owner calls Release, which may be at once.
func (s *Server) Disconnect(now int64, seat *Seat) {
	if seat.state != seatPlain && seat.state != seatUndecided {
		return
	}
	s.now = now
	for range redundantDisconnects {
		s.post(seat.Source(), seat.out, kindDisconnect, seat.sequence)
		seat.sequence++
	}
	s.leave(seat)
}

// Dismiss tells one of the plain clients that were answered and have not spoken since
// that it is out, as Disconnect does, and releases its seat; false if there is none. It
// is for an owner that ends, and has not heard of them: call it until there is none,
// and drain NextDatagram each time.
func (s *Server) Dismiss(now int64) bool {
	for _, seat := range s.watched {
		if seat.state == seatUndecided {
			s.Disconnect(now, seat)
			s.Release(now, seat)
			return true
		}
	}
	return false
}

const redundantDisconnects = 10

// A PayloadError says that a payload does not fit a plain netcode packet.
type PayloadError struct {
	// Bytes is the length that was asked for.
	Bytes int
}

func (e *PayloadError) Error() string {
	return fmt.Sprintf("netcode: payload of %d bytes: plain netcode carries 1 to %d; split it", e.Bytes, MaxPayloadBytes)
}

func checkPayload(payload []byte) error {
	if n := len(payload); n < 1 || n > MaxPayloadBytes {
		return &PayloadError{n}
	}
	return nil
}

// A StateError says that a call does not fit the state of the connection.
type StateError struct {
	// Call is the method, Problem why it does not fit.
	Call, Problem string
}

func (e *StateError) Error() string { return "netcode: " + e.Call + ": " + e.Problem }
