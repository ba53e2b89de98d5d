package netcode

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"math"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/wire"
)

// A privateTicket is the part of a resume ticket that only the server can read, which
// sealed it for itself:
//
//	ticket  expires u64 | lifetime u32 | nonce 24 | sealed | tag 16
//	sealed  issued u64 | secret 32 | client id u64 | connection id 4 | timeout u32 | n u8, pad items
//	      | n u32, addresses | user data without the zeros at its end
//
// The secret is what the client derives from its connection and the nonce. A ticket names
// the server by its addresses, as a token does: a server that shares the key knows
// nothing of whether the ticket was used elsewhere, and must not let its player in again.
type privateTicket struct {
	issued         uint64 // later ones have more
	secret         rawKey
	clientID       uint64
	connectionID   [connectionIDBytes]byte
	timeoutSeconds int32
	pad            Pad
	addresses      []netip.AddrPort
	userData       [UserDataBytes]byte
}

const (
	ticketLifetimeAt = 8
	ticketNonceAt    = ticketLifetimeAt + 4
	ticketSealedAt   = ticketNonceAt + nonceXBytes

	maxTicketAddresses = 4 // of a server: the first ones
	minTicketBytes     = ticketSealedAt + 8 + len(rawKey{}) + 8 + connectionIDBytes + 4 + 1 + 4 + (1 + 4 + 2) + macBytes
	maxTicketBytes     = minTicketBytes + maxPadItems + UserDataBytes + maxTicketAddresses*(1+16+2) - (1 + 4 + 2)

	// DefaultTicketLifetime is how long a resume ticket may be shown.
	DefaultTicketLifetime = time.Hour
)

// A ticketSealer seals and opens tickets. What is authenticated beside the sealed part is
// label, protocol id, expiry and lifetime, which begin the ticket. It lives here, as the
// content does, so that opening allocates nothing.
type ticketSealer struct {
	aead cipher.AEAD
	ad   [len(ticketLabel) + 8 + ticketNonceAt]byte
	body [maxTicketBytes]byte
}

const ticketLabel = "tickwire 1 ticket"

func newTicketSealer(key *rawKey, protocolID uint64) *ticketSealer {
	k := &ticketSealer{aead: ticketKey(key, protocolID)}
	copy(k.ad[:], ticketLabel)
	binary.LittleEndian.PutUint64(k.ad[len(ticketLabel):], protocolID)
	return k
}

func (k *ticketSealer) adOf(ticket []byte) []byte {
	copy(k.ad[len(ticketLabel)+8:], ticket[:ticketNonceAt])
	return k.ad[:]
}

func ticketExpires(ticket []byte) uint64 { return binary.LittleEndian.Uint64(ticket) }

func ticketMAC(ticket []byte) *[macBytes]byte {
	return (*[macBytes]byte)(ticket[len(ticket)-macBytes:])
}

// append appends the content and seals it behind the head dst[start:].
func (k *ticketSealer) append(t *privateTicket, dst []byte, start int) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, t.issued)
	dst = append(dst, t.secret[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, t.clientID)
	dst = append(dst, t.connectionID[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(t.timeoutSeconds))
	dst = append(dst, t.pad.n)
	dst = append(dst, t.pad.raw()...)
	dst = appendAddresses(dst, t.addresses)
	dst = append(dst, bytes.TrimRight(t.userData[:], "\x00")...)
	b := dst[start:]
	sealed := k.aead.Seal(b[:ticketSealedAt], b[ticketNonceAt:ticketSealedAt], b[ticketSealedAt:], k.adOf(b))
	return append(dst[:start], sealed...)
}

// open opens a ticket and leaves it as it is.
func (k *ticketSealer) open(t *privateTicket, ticket []byte) Drop {
	b, err := k.aead.Open(k.body[:0], ticket[ticketNonceAt:ticketSealedAt], ticket[ticketSealedAt:], k.adOf(ticket))
	if err != nil {
		return DropTicketForged
	}
	return t.read(b)
}

// read parses the opened content. The addresses reuse t's slice.
func (t *privateTicket) read(b []byte) Drop {
	r := wire.NewReader(b)
	t.issued = r.U64()
	copy(t.secret[:], r.Take(len(t.secret)))
	t.clientID = r.U64()
	copy(t.connectionID[:], r.Take(connectionIDBytes))
	t.timeoutSeconds = int32(r.U32())
	items := r.Short(maxPadItems)
	t.addresses = readAddresses(&r, t.addresses[:0])
	data := r.Rest()
	var ok bool
	if t.pad, ok = padOfItems(items); r.Bad() || !ok || len(data) > UserDataBytes {
		return DropTicketMalformed
	}
	clear(t.userData[copy(t.userData[:], data):])
	return DropNone
}

// AppendTicket appends a ticket with which the client of a seat may come back without
// its backend, at any time before unix, in seconds since 1970, and a lifetime later; 0 means
// [DefaultTicketLifetime]. It goes to the client over the connection itself, whose keys
// are a part of it: see [Client.ResumeTicket]. It lets him in once, and the tickets that
// he was given earlier not at all after that; so give him another when he has resumed.
//
// A ticket outlives a restart of the server, as long as PrivateKey (or TicketKey) and
// Addresses stay. The error is a *[StateError] for a seat that has no keys, and a
// *[ConfigError] for a negative lifetime, or if there is no randomness.
func (s *Server) AppendTicket(unix int64, seat *Seat, lifetime time.Duration, dst []byte) ([]byte, error) {
	if seat.state != seatOurs || seat.coming != nil {
		return dst, &StateError{"AppendTicket", "the seat is not of a client who speaks our dialect"}
	}
	if lifetime < 0 {
		return dst, config.Wrong("lifetime", lifetime, "0 or more: a ticket without end could never be forgotten by its server")
	}
	if lifetime == 0 {
		lifetime = DefaultTicketLifetime
	}
	unix = s.adm.newest(unix)
	valid := min(uint64((lifetime+time.Second-1)/time.Second), math.MaxUint32)
	start := len(dst)
	out := binary.LittleEndian.AppendUint64(dst, seconds(unix)+valid)
	out = binary.LittleEndian.AppendUint32(out, uint32(valid))
	var nonce [nonceXBytes]byte
	if !fill(s.random, nonce[:]) {
		return dst, noRandom("a ticket is sealed with an unpredictable nonce or not at all")
	}
	t := privateTicket{
		issued:         s.adm.issue(unix),
		secret:         ticketSecret(seat.resumption(), nonce[:]),
		clientID:       seat.clientID,
		connectionID:   seat.id,
		timeoutSeconds: int32(seat.timeout / int64(time.Second)),
		pad:            seat.pad,
		addresses:      s.addresses[:min(len(s.addresses), maxTicketAddresses)],
	}
	copy(t.userData[:], seat.userData)
	seat.issued, seat.ticketEnds = t.issued, max(seat.ticketEnds, seconds(unix)+valid)
	s.adm.ticketsEnd = max(s.adm.ticketsEnd, seat.ticketEnds)
	return s.tickets().append(&t, append(out, nonce[:]...), start), nil
}

// Revoke makes the tickets worthless that were given to a seat, and if its player came there with a
// ticket all that he was given before, for a player whose connection the
// server itself has ended. A restart of the server forgets that, as it forgets all that were
// used: whoever bans a player says so when he is judged, too. A table of those who resumed that
// is full (AdmissionConfig.MaxTokens) forgets a player who has not used his ticket, or grows to twice
// its size; it is false if that is full as well, and the tickets stay good.
func (s *Server) Revoke(seat *Seat) bool {
	if seat.issued == 0 {
		return true
	}
	who := s.adm.revoked(seat.clientID, seat.ticketEnds)
	if who != nil {
		who.use(seat.issued)
	}
	return who != nil
}
