package netcode

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"math"
	"net/netip"
	"time"
)

// Defaults of minted tokens.
const (
	// DefaultLifetime is how long a token may be shown, and the longest life a
	// server expects: a shorter one is refused for the difference after each
	// start of a server.
	DefaultLifetime = 45 * time.Second
	// DefaultTimeout is how long silence may last on a connection.
	DefaultTimeout = 10 * time.Second
)

// A MintConfig says what token to make. The zero value lacks at least Key and
// Addresses.
type MintConfig struct {
	// ProtocolID tells games, and versions of a game, apart.
	ProtocolID uint64
	// Key is the secret that backend and servers share.
	Key Key
	// ClientID names the player; it is authenticated to the server.
	ClientID uint64
	// UserData is for the application on the server, at most 256 bytes.
	UserData []byte
	// Addresses are of one server: one IPv4 address, one IPv6 address, or one
	// of each. Names are resolved by the caller.
	Addresses []netip.AddrPort
	// Lifetime is how long the token may be shown to the server; 0 means
	// [DefaultLifetime]. A part of a second counts as a whole one.
	Lifetime time.Duration
	// Timeout is how long silence may last on the connection; 0 means
	// [DefaultTimeout], negative for ever.
	Timeout time.Duration
	// Plain makes a token without our pad, for clients of other netcode
	// libraries.
	Plain bool
	// Suite is how packets are protected; 0 means [SuiteChaCha20Poly1305]. No
	// client, server or anybody between them can choose another.
	Suite Suite
	// TagBytes is how many bytes of tag each packet has; 0 means 16. Only
	// SuiteSignedOnly has another choice: 8 to 32.
	TagBytes int
	// ForwardSecrecy has client and server agree on keys that the token does
	// not give away: who records their packets cannot read them although he gets
	// token and Key later. It costs both about a tenth of a millisecond.
	ForwardSecrecy bool
	// Random is where keys come from; nil means crypto/rand. Another one is
	// for tests and simulations, or whoever has the token's bytes predicted has
	// the keys.
	Random io.Reader
}

// A ConfigError says which field of a config does not work.
type ConfigError struct {
	// Field is the name of the field, with the config's type.
	Field string
	// Problem is the value, and the way out.
	Problem string
}

func (e *ConfigError) Error() string { return "netcode: " + e.Field + ": " + e.Problem }

// Mint makes a connect token at the time unix, in seconds since 1970.
func Mint(unix int64, cfg MintConfig) (*Token, error) {
	cfg.Suite, cfg.TagBytes = cmp.Or(cfg.Suite, SuiteChaCha20Poly1305), cmp.Or(cfg.TagBytes, macBytes)
	lifetime, err := cfg.check()
	if err != nil {
		return nil, err
	}
	random := cfg.Random
	if random == nil {
		random = rand.Reader
	}
	created := uint64(max(unix, 0))
	t := &Token{
		reveal:         hide(new(tokenKeys)),
		ProtocolID:     cfg.ProtocolID,
		Created:        created,
		Expires:        created + lifetime,
		TimeoutSeconds: timeoutSeconds(cfg.Timeout),
	}
	for _, a := range cfg.Addresses {
		t.Addresses = append(t.Addresses, netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
	}
	t.Pad.Present = !cfg.Plain
	t.Pad.choose(cfg.Suite, uint8(cfg.TagBytes), cfg.ForwardSecrecy)
	if !fill(random, t.nonce[:]) || !fill(random, t.keys().clientToServer[:]) || !fill(random, t.keys().serverToClient[:]) {
		return nil, &ConfigError{"MintConfig.Random", "failed; a token is made with unpredictable keys or not at all"}
	}
	t.sealPrivate(&cfg)
	return t, nil
}

func (t *Token) sealPrivate(cfg *MintConfig) {
	p := privateToken{
		clientID:       cfg.ClientID,
		timeoutSeconds: t.TimeoutSeconds,
		addresses:      t.Addresses,
		keys:           *t.keys(),
		pad:            t.Pad,
	}
	copy(p.userData[:], cfg.UserData)
	plain := p.append(make([]byte, 0, privateTokenBytes))
	xchacha(cfg.Key.raw()).Seal(t.private[:0], t.nonce[:], plain, tokenAD(t.ProtocolID, t.Expires))
}

func (cfg *MintConfig) check() (lifetime uint64, err error) {
	if cfg.Key.IsZero() {
		return 0, &ConfigError{"MintConfig.Key", "all zero; give the 32 secret bytes that the servers have"}
	}
	if len(cfg.UserData) > UserDataBytes {
		return 0, &ConfigError{"MintConfig.UserData", fmt.Sprintf("%d bytes, at most %d fit; send the rest as a message", len(cfg.UserData), UserDataBytes)}
	}
	if err := oneServer(cfg.Addresses); err != nil {
		return 0, err
	}
	if cfg.Lifetime < 0 {
		return 0, &ConfigError{"MintConfig.Lifetime", "negative; a token without end could never be forgotten by its server"}
	}
	if err := cfg.checkProtection(); err != nil {
		return 0, err
	}
	d := cfg.Lifetime
	if d == 0 {
		d = DefaultLifetime
	}
	return uint64((d + time.Second - 1) / time.Second), nil
}

func (cfg *MintConfig) checkProtection() error {
	tag := uint8(min(max(cfg.TagBytes, 0), math.MaxUint8))
	switch {
	case !cfg.Suite.takes(macBytes):
		return &ConfigError{"MintConfig.Suite", fmt.Sprintf("%d; give one of the suites 1 to 3, or 0 for the first", cfg.Suite)}
	case !cfg.Suite.takes(tag):
		return &ConfigError{"MintConfig.TagBytes", fmt.Sprintf("%d; %v has 16, and %v has 8 to 32", cfg.TagBytes, SuiteChaCha20Poly1305, SuiteSignedOnly)}
	case cfg.Plain && (cfg.Suite != SuiteChaCha20Poly1305 || cfg.ForwardSecrecy):
		return &ConfigError{"MintConfig.Plain", "true, but plain netcode has neither other suites nor forward secrecy; leave them out"}
	}
	return nil
}

// oneServer refuses what could be several servers. They would share the
// token's keys, and each of them starts its sequences at the same numbers: the
// same key and nonce would seal different packets.
func oneServer(addresses []netip.AddrPort) error {
	var v4, v6 int
	for _, a := range addresses {
		switch {
		case !a.IsValid() || a.Port() == 0:
			return &ConfigError{"MintConfig.Addresses", fmt.Sprintf("%v is not an address and port", a)}
		case a.Addr().Unmap().IsUnspecified():
			return &ConfigError{"MintConfig.Addresses", fmt.Sprintf("%v cannot be reached; name the address that clients see", a)}
		case a.Addr().Unmap().Is4():
			v4++
		default:
			v6++
		}
	}
	if v4 > 1 || v6 > 1 {
		return &ConfigError{"MintConfig.Addresses", fmt.Sprintf(
			"%d IPv4 and %d IPv6 addresses; one token names one server (one address of each kind), for several servers use MintTickets", v4, v6)}
	}
	if v4+v6 == 0 {
		return &ConfigError{"MintConfig.Addresses", "empty; name the server's address and port"}
	}
	return nil
}

func timeoutSeconds(d time.Duration) int32 {
	switch {
	case d < 0:
		return -1
	case d == 0:
		d = DefaultTimeout
	}
	return int32(min((d+time.Second-1)/time.Second, math.MaxInt32))
}
