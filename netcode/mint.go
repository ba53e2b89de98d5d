package netcode

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"math"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// Defaults of minted tokens.
const (
	// DefaultLifetime is how long a token may be shown, and the longest life a
	// server expects: a shorter one is refused for the difference after each
	// start of a server.
	DefaultLifetime = 45 * time.Second
	// MaxLifetime is the longest life of a token: what a server is shown it remembers as long, and no
	// player waits for a year. Whoever gives more has another unit in mind.
	MaxLifetime = 365 * 24 * time.Hour
	// DefaultTimeout is how long silence may last on a connection.
	DefaultTimeout = 10 * time.Second
)

// A MintConfig says what token to make. The zero value lacks at least Key, ClientID
// and Addresses.
type MintConfig struct {
	// ProtocolID tells games, and versions of a game, apart.
	ProtocolID uint64
	// Key is the secret that backend and servers share.
	Key Key
	// ClientID names the player, from 1: 0 is what nobody has set. It is authenticated to the
	// server.
	ClientID uint64
	// UserData is for the application on the server, at most 256 bytes. A token has room for 256 and
	// not for a length: the server reads all of them, see [UserData].
	UserData []byte
	// Addresses are of one server: one IPv4 address, one IPv6 address, or one
	// of each. Names are resolved by the caller.
	Addresses []netip.AddrPort
	// Lifetime is how long the token may be shown to the server; 0 means
	// [DefaultLifetime], and [MaxLifetime] is the most. A part of a second counts as a whole one.
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

// A ConfigError names what cannot be: a field of a configuration, or a parameter. It is a struct of
//
//	Field string // the way to it from what the caller gave, as in Channels[2].Delivery
//	Value any    // what it is, or words for that
//	Want  string // what would do
//
// and Error tells the three in a line. It is one type in all packages of this module, so that
// errors.As with a *ConfigError of any of them finds those of all.
type ConfigError = config.Error

// noRandom is the error of whoever is given a Random that fails.
func noRandom(why string) error {
	return config.Wrong("Random", "a source that fails", "one that works: "+why)
}

// Mint makes a connect token that is good from now on, which is [time.Now] for a backend; a token counts
// in whole seconds. The error is that of [MintConfig.Validate], or a *[ConfigError] if now is no time
// of day or there is no randomness.
func Mint(now time.Time, cfg MintConfig) (*Token, error) {
	var v config.Check
	v.That(now.Unix() >= 0 && now.Year() <= 9999, "now", now, "the time of day, as time.Now says it")
	v.Take("", cfg.Validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	return cfg.withDefaults().mint(uint64(now.Unix()))
}

// mint makes what a valid configuration says.
func (cfg MintConfig) mint(created uint64) (*Token, error) {
	random := cfg.Random
	if random == nil {
		random = rand.Reader
	}
	t := &Token{
		reveal:         hide(new(tokenKeys)),
		ProtocolID:     cfg.ProtocolID,
		Created:        created,
		Expires:        created + uint64((cfg.Lifetime+time.Second-1)/time.Second),
		TimeoutSeconds: timeoutSeconds(cfg.Timeout),
	}
	for _, a := range cfg.Addresses {
		t.Addresses = append(t.Addresses, netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
	}
	t.Pad.Present = !cfg.Plain
	t.Pad.choose(cfg.Suite, uint8(cfg.TagBytes), cfg.ForwardSecrecy)
	if !fill(random, t.nonce[:]) || !fill(random, t.keys().clientToServer[:]) || !fill(random, t.keys().serverToClient[:]) {
		return nil, noRandom("a token is made with unpredictable keys or not at all")
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
	t.private = new([privateTokenBytes]byte)
	xchacha(cfg.Key.raw()).Seal(t.private[:0], t.nonce[:], plain, tokenAD(t.ProtocolID, t.Expires))
}

func (cfg MintConfig) withDefaults() MintConfig {
	cfg.Suite = cmp.Or(cfg.Suite, SuiteChaCha20Poly1305)
	cfg.TagBytes = cmp.Or(cfg.TagBytes, macBytes)
	cfg.Lifetime = cmp.Or(cfg.Lifetime, DefaultLifetime)
	return cfg
}

// Validate reports everything that is wrong with the configuration, as a join of ConfigErrors.
func (cfg MintConfig) Validate() error {
	var v config.Check
	v.That(!cfg.Key.IsZero(), "Key", "zero", "the 32 secret bytes that the servers have")
	v.That(len(cfg.UserData) <= UserDataBytes, "UserData", fmt.Sprintf("%d bytes", len(cfg.UserData)),
		fmt.Sprintf("at most %d; send the rest as a message", UserDataBytes))
	v.That(cfg.ClientID != 0, "ClientID", cfg.ClientID, "the player's number, from 1: 0 is what nobody has set")
	v.Take("", oneServer(cfg.Addresses))
	v.That(cfg.Lifetime >= 0 && cfg.Lifetime <= MaxLifetime, "Lifetime", cfg.Lifetime,
		fmt.Sprintf("0 for %v, or up to %v: a token without end could never be forgotten by its server", DefaultLifetime, MaxLifetime))
	cfg.withDefaults().checkProtection(&v)
	return v.Err()
}

func (cfg MintConfig) checkProtection(v *config.Check) {
	known := cfg.Suite.takes(macBytes)
	tag := uint8(min(max(cfg.TagBytes, 0), math.MaxUint8))
	v.That(known, "Suite", uint8(cfg.Suite), "one of the suites 1 to 3, or 0 for the first")
	tags := fmt.Sprintf("16 with %v; %v has 8 to 32", cfg.Suite, SuiteSignedOnly)
	if cfg.Suite == SuiteSignedOnly {
		tags = "8 to 32, or 0 for 16"
	}
	v.That(!known || cfg.Suite.takes(tag), "TagBytes", cfg.TagBytes, tags)
	v.That(!cfg.Plain || cfg.Suite == SuiteChaCha20Poly1305 && !cfg.ForwardSecrecy, "Plain", true,
		"false, or neither another Suite nor ForwardSecrecy, which plain netcode does not have")
}

// oneServer refuses what could be several servers. They would share the
// token's keys, and each of them starts its sequences at the same numbers: the
// same key and nonce would seal different packets.
func oneServer(addresses []netip.AddrPort) error {
	var v config.Check
	var v4, v6 int
	for i, a := range addresses {
		field := fmt.Sprintf("Addresses[%d]", i)
		v.That(a.IsValid() && a.Port() != 0, field, a, "an address and a port")
		v.That(!a.Addr().Unmap().IsUnspecified(), field, a, "an address that can be reached: the one that clients see")
		if a.Addr().Unmap().Is4() {
			v4++
		} else {
			v6++
		}
	}
	v.That(v4 <= 1 && v6 <= 1, "Addresses", fmt.Sprintf("%d of IPv4 and %d of IPv6", v4, v6),
		"one of each at most, since a token names one server; MintTokenList makes several")
	v.That(len(addresses) > 0, "Addresses", "empty", "the server's address and port")
	return v.Err()
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
