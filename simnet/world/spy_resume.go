package world

import (
	"encoding/binary"
	"slices"
)

// Offsets in a RESUME and in the ticket that it shows (SPEC.md, section 3.6).
const (
	resumeTicketAt = 2 + 2
	ticketNonceAt  = 8 + 4
)

// again is a spy of the next process of the same player, who has what this one knew.
func (s *spy) again(d *draws) *spy {
	next := *s
	next.draws, next.handshakes, next.lives = d, slices.Clone(s.handshakes), slices.Clone(s.lives)
	return &next
}

// openResume opens a RESUME. Its ticket is opaque but for its nonce, from which, and from what the
// keys of the connection come of on which it was given, the keys come by which it is shown. It
// returns the handshake and where the nonce of the packet is; nil if it does not open.
func (s *spy) openResume(b []byte) (h *handshake, nonce int) {
	if len(b) < resumeTicketAt {
		return nil, 0
	}
	nonce = resumeTicketAt + int(binary.LittleEndian.Uint16(b[2:]))
	if len(b) < nonce || nonce < resumeTicketAt+ticketNonceAt+24 {
		return nil, 0
	}
	ticket := b[resumeTicketAt+ticketNonceAt:][:24]
	for _, l := range s.lives {
		h := s.shown(l, ticket)
		if body := openLong(h.offer, b, nonce, b[:nonce]); body != nil {
			h.offered([32]byte(body[1:]))
			return h, nonce
		}
	}
	return nil, 0
}

// shown is the handshake with a ticket that was given in a life, if it was given there. Only
// those are kept of which a RESUME has opened.
func (s *spy) shown(in *life, ticketNonce []byte) *handshake {
	secret := extract("tickwire 1 resume", expand(in.tickets, "tickwire 1 ticket"+string(ticketNonce), 32))
	i := slices.IndexFunc(s.handshakes, func(h *handshake) bool { return slices.Equal(h.secret, secret) })
	if i >= 0 {
		return s.handshakes[i]
	}
	return newHandshake(secret)
}

// keep has the spy remember a handshake, and forget those of long ago.
func (s *spy) keep(h *handshake) {
	if slices.Contains(s.handshakes, h) {
		return
	}
	if s.handshakes = append(s.handshakes, h); len(s.handshakes) > handshakesKept {
		s.handshakes = slices.Delete(s.handshakes, 1, 2) // the token's stays
	}
}

// openRetry reports which handshake a RETRY belongs to; nil if it does not open.
func (s *spy) openRetry(b []byte, wireIDBytes int) *handshake {
	head := b[:min(2+wireIDBytes, len(b))]
	for _, h := range slices.Backward(s.handshakes) {
		for _, share := range slices.Backward(h.shares) {
			if openLong(h.accept, b, 2+wireIDBytes, slices.Concat(head, share[:])) != nil {
				return h
			}
		}
	}
	return nil
}

const (
	// handshakesKept and livesKept are more than somebody begins who comes back once.
	handshakesKept = 16
	livesKept      = 32
)
