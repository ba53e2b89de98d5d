package netcode

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/tickwire/tickwire/internal/wire"
)

// A ResumeTicket is what a client needs to come back to a server without its backend: the
// server's ticket, which only that can read, a secret of the connection on which it was
// given, and where the server is. Whoever has it can come back as the player, once; keep it
// as one keeps a token. A process that may end can store it:
//
//	"TWRT" | version u8 = 1 | protocol id u64 | until u64 | timeout u32 | n u8, pad items | n u32, addresses | secret 32
//	| attempt u64 | ticket, to the end
type ResumeTicket struct {
	// ProtocolID tells games, and versions of a game, apart.
	ProtocolID uint64
	// Until is when the ticket is over, in seconds since 1970 by this client's clock.
	Until uint64
	// TimeoutSeconds is how long silence may last; zero or less: for ever.
	TimeoutSeconds int32
	// Addresses are the server's, that which answered last first.
	Addresses []netip.AddrPort

	reveal  hidden[*rawKey] // its secret; nil in one that nobody made or read
	pad     Pad
	attempt uint64 // of the last RESUME
	ticket  []byte
}

const (
	resumeTicketMagic   = "TWRT"
	resumeTicketVersion = 1
)

// A TicketError says what is wrong with a resume ticket.
type TicketError struct {
	// Field is the part of the ticket.
	Field string
	// Problem is its value and what should be there.
	Problem string
}

func (e *TicketError) Error() string {
	return "netcode: resume ticket: " + e.Field + ": " + e.Problem + "; connect with a token instead"
}

func ticketLength(n int) *TicketError {
	return &TicketError{"length", fmt.Sprintf("%d bytes, a ticket has %d to %d", n, minTicketBytes, maxTicketBytes)}
}

func ticketLifetime(b []byte) uint64 { return uint64(binary.LittleEndian.Uint32(b[ticketLifetimeAt:])) }

// check says why the ticket cannot be shown at the time unix.
func (t *ResumeTicket) check(unix int64) error {
	switch {
	case len(t.ticket) < minTicketBytes || len(t.ticket) > maxTicketBytes:
		return ticketLength(len(t.ticket))
	case len(t.Addresses) < 1 || len(t.Addresses) > maxAddresses:
		return &TicketError{"addresses", fmt.Sprintf("%d of them, not 1 to %d", len(t.Addresses), maxAddresses)}
	case t.Until <= seconds(unix):
		return &TicketError{"expiry", fmt.Sprintf("expired at %d, %d seconds ago", t.Until, seconds(unix)-t.Until)}
	}
	return nil
}

// AppendBinary appends the ticket for a store. The error is nil.
func (t *ResumeTicket) AppendBinary(dst []byte) ([]byte, error) {
	dst = append(dst, resumeTicketMagic...)
	dst = append(dst, resumeTicketVersion)
	dst = binary.LittleEndian.AppendUint64(dst, t.ProtocolID)
	dst = binary.LittleEndian.AppendUint64(dst, t.Until)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(t.TimeoutSeconds))
	dst = append(dst, t.pad.n)
	dst = append(dst, t.pad.raw()...)
	dst = appendAddresses(dst, t.Addresses)
	dst = append(dst, t.secret()[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, t.attempt)
	return append(dst, t.ticket...), nil
}

// ParseResumeTicket reads what AppendBinary has written. It keeps nothing of b. The error
// is a *[TicketError].
func ParseResumeTicket(b []byte) (*ResumeTicket, error) {
	r := wire.NewReader(b)
	if magic, version := r.Take(len(resumeTicketMagic)), r.U8(); string(magic) != resumeTicketMagic || version != resumeTicketVersion {
		return nil, &TicketError{"version", fmt.Sprintf("begins with %q and %d, not with %q and %d",
			magic, version, resumeTicketMagic, resumeTicketVersion)}
	}
	t := &ResumeTicket{reveal: hide(new(rawKey)), ProtocolID: r.U64(), Until: r.U64(), TimeoutSeconds: int32(r.U32())}
	items := r.Short(maxPadItems)
	t.Addresses = readAddresses(&r, nil)
	copy(t.secret()[:], r.Take(len(rawKey{})))
	t.attempt = r.U64()
	t.ticket = slices.Clone(r.Rest())
	if r.Bad() {
		return nil, &TicketError{"layout", "cut short, or an address that is none"}
	}
	var ok bool
	if t.pad, ok = padOfItems(items); !ok {
		return nil, &TicketError{"pad", "malformed, or of a later version of tickwire"}
	}
	if n := len(t.ticket); n < minTicketBytes || n > maxTicketBytes {
		return nil, ticketLength(n)
	}
	return t, nil
}

func (t *ResumeTicket) secret() *rawKey {
	if t.reveal == nil {
		return new(rawKey)
	}
	return t.reveal()
}

// String names the ticket without its secrets, also where a copy is printed.
func (t ResumeTicket) String() string {
	return fmt.Sprintf("resume ticket of protocol %#x for %v, expires at %d", t.ProtocolID, t.Addresses, t.Until)
}

// GoString keeps the secret out of %#v too.
func (t ResumeTicket) GoString() string { return t.String() }
