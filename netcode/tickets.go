package netcode

import (
	"fmt"
	"net/netip"

	"github.com/tickwire/tickwire/internal/config"
)

// MaxTickets is how many servers one player may be given at once.
const MaxTickets = 8

// Tickets are connect tokens for several servers, in the order in which a
// client shall try them. Each token names one server and has keys of its own:
// several servers behind one token would repeat nonces.
//
//	"TWTK" | version u8 = 1 | count u8 | count x token 2048
type Tickets []*Token

const (
	ticketsMagic   = "TWTK"
	ticketsVersion = 1
	ticketsHeader  = len(ticketsMagic) + 2
)

// MintTickets makes a token for each server. What Addresses says in cfg is
// not used.
func MintTickets(unix int64, cfg MintConfig, servers ...[]netip.AddrPort) (Tickets, error) {
	if len(servers) == 0 || len(servers) > MaxTickets {
		return nil, config.Wrong("servers", len(servers), fmt.Sprintf("1 to %d of them", MaxTickets))
	}
	var ts Tickets
	for _, addresses := range servers {
		cfg.Addresses = addresses
		t, err := Mint(unix, cfg)
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

// Append appends the tickets for the way to the client.
func (ts Tickets) Append(dst []byte) []byte {
	n := min(len(ts), MaxTickets)
	dst = append(dst, ticketsMagic...)
	dst = append(dst, ticketsVersion, byte(n))
	for _, t := range ts[:n] {
		dst = t.Append(dst)
	}
	return dst
}

// ParseTickets reads tickets, or a single token as one of them.
func ParseTickets(b []byte) (Tickets, error) {
	tokens, fault := splitTickets(b)
	if fault != nil {
		return nil, fault
	}
	var ts Tickets
	for _, b := range tokens {
		t, err := ParseToken(b)
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

// splitTickets returns the bytes of each token. If they are not what the header
// says, or the header is wrong, there is a fault beside the tokens that are there.
func splitTickets(b []byte) (tokens [][]byte, fault *TokenError) {
	if len(b) < ticketsHeader || string(b[:len(ticketsMagic)]) != ticketsMagic {
		return [][]byte{b}, nil
	}
	version, n := b[len(ticketsMagic)], int(b[len(ticketsMagic)+1])
	b = b[ticketsHeader:]
	if version != ticketsVersion || n < 1 || n > MaxTickets || len(b) != n*tokenBytes {
		fault = &TokenError{"tickets", fmt.Sprintf("version %d, count %d, %d bytes; want version %d and 1 to %d tokens of %d bytes",
			version, n, len(b), ticketsVersion, MaxTickets, tokenBytes)}
	}
	for len(b) > 0 && len(tokens) < MaxTickets {
		end := min(len(b), tokenBytes)
		tokens, b = append(tokens, b[:end]), b[end:]
	}
	return tokens, fault
}

// PerServer divides the addresses that a name stands for among tokens, in the
// order given, for [MintTickets]. One address, or one IPv4 and one IPv6
// address, are one server. More of them may be several servers behind one
// name, which must not share a token: each address gets its own.
func PerServer(addresses []netip.AddrPort) (servers [][]netip.AddrPort) {
	if oneServer(addresses) == nil {
		return [][]netip.AddrPort{addresses}
	}
	for _, a := range addresses {
		servers = append(servers, []netip.AddrPort{a})
	}
	return servers
}
