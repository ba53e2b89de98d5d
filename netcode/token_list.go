package netcode

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// MaxListTokens is how many tokens a list has at most: one player may be given so many servers at
// once.
const MaxListTokens = 8

// A TokenList has connect tokens for several servers, in the order in which a
// client shall try them. Each token names one server and has keys of its own:
// several servers behind one token would repeat nonces.
//
//	"TWTK" | version u8 = 1 | count u8 | count x token 2048
type TokenList []*Token

const (
	listMagic   = "TWTK"
	listVersion = 1
	listHeader  = len(listMagic) + 2
)

// MintTokenList makes a token for each server, as [Mint] does. What Addresses says in cfg is
// not used.
func MintTokenList(now time.Time, cfg MintConfig, servers ...[]netip.AddrPort) (TokenList, error) {
	if len(servers) == 0 || len(servers) > MaxListTokens {
		return nil, config.Wrong("servers", len(servers), fmt.Sprintf("1 to %d of them", MaxListTokens))
	}
	var ts TokenList
	for _, addresses := range servers {
		cfg.Addresses = addresses
		t, err := Mint(now, cfg)
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

// Append appends the list for the way to the client.
func (ts TokenList) Append(dst []byte) []byte {
	n := min(len(ts), MaxListTokens)
	dst = append(dst, listMagic...)
	dst = append(dst, listVersion, byte(n))
	for _, t := range ts[:n] {
		dst = t.Append(dst)
	}
	return dst
}

// ParseTokenList reads a list, or a single token as a list of one.
func ParseTokenList(b []byte) (TokenList, error) {
	tokens, fault := splitTokenList(b)
	if fault != nil {
		return nil, fault
	}
	var ts TokenList
	for _, b := range tokens {
		t, err := ParseToken(b)
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	return ts, nil
}

// splitTokenList returns the bytes of each token. If they are not what the header
// says, or the header is wrong, there is a fault beside the tokens that are there.
func splitTokenList(b []byte) (tokens [][]byte, fault *TokenError) {
	if len(b) < listHeader || string(b[:len(listMagic)]) != listMagic {
		return [][]byte{b}, nil
	}
	version, n := b[len(listMagic)], int(b[len(listMagic)+1])
	b = b[listHeader:]
	if version != listVersion || n < 1 || n > MaxListTokens || len(b) != n*tokenBytes {
		fault = &TokenError{"token list", fmt.Sprintf("version %d, count %d, %d bytes; want version %d and 1 to %d tokens of %d bytes",
			version, n, len(b), listVersion, MaxListTokens, tokenBytes)}
	}
	for len(b) > 0 && len(tokens) < MaxListTokens {
		end := min(len(b), tokenBytes)
		tokens, b = append(tokens, b[:end]), b[end:]
	}
	return tokens, fault
}

// PerServer divides the addresses that a name stands for among tokens, in the
// order given, for [MintTokenList]. One address, or one IPv4 and one IPv6
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
