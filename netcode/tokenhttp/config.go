package tokenhttp

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/netcode"
)

// Defaults of a [Config].
const (
	DefaultMaxBodyBytes = 16 << 10
	DefaultMaxTime      = 10 * time.Second
	DefaultNamesFor     = 30 * time.Second
	DefaultInterval     = 5 * time.Second
)

// A Config configures a Handler. It needs Login, Token.Key, and Servers here or
// in each Grant.
type Config struct {
	// Login says who a request is from and what that player is given, or why
	// nothing: a *Refusal is told to the player, any other error is logged with its text and
	// told as "internal"; so make a *Refusal of what a player has sent wrong. It is called from many goroutines. The request's body is limited to
	// MaxBodyBytes, its context to MaxTime.
	Login func(*http.Request) (Grant, error)
	// Token is what all tokens have in common: Key, ProtocolID, and what a Grant
	// leaves open. ClientID, UserData and Addresses are not used.
	Token netcode.MintConfig
	// Servers are the game servers for grants that name none; see Grant.Servers.
	Servers []string
	// MaxBodyBytes bounds the body of a request. 0: 16 KiB; negative: it must be empty.
	MaxBodyBytes int64
	// MaxTime bounds how long a login may read, think and resolve. A Login that does
	// not look at the request's context is not cut off. 0: 10 s; negative: no bound.
	MaxTime time.Duration
	// AllowOrigins are the origins, such as "https://play.example.com", whose pages
	// may ask for tokens from a browser (CORS); "*" stands for all, and is not for logins by a
	// cookie with SameSite=None: any page could have its visitor's tokens made. Empty: pages of the
	// handler's own origin only. Beside the headers that every page may send they may
	// send Authorization and Content-Type. Programs that are no browsers are not
	// concerned.
	AllowOrigins []string
	// AllowCredentials lets pages of AllowOrigins send cookies; not with "*".
	AllowCredentials bool
	// Resolver finds the addresses of names. nil: net.DefaultResolver.
	Resolver Resolver
	// NamesFor is how long a name's addresses are kept before they are looked up
	// again. 0: 30 s; negative: only requests at the same moment share a look-up. A
	// failure is not kept.
	NamesFor time.Duration
	// Interval is how often a player, once logged in, is given tokens again; five he may have at
	// once. 0: 5 s; negative: no bound. Where more than 262144 players log in within five times as long the log
	// says so, and the first of them may have five again at once.
	Interval time.Duration
	// PlainHTTP serves requests that came without TLS, because something in front of the handler
	// has it. Those from this machine are served in any case. A token that goes over a
	// line in the clear is everybody's.
	PlainHTTP bool
	// Logger gets what an operator should know: of failures, one of a kind a second. nil: slog.Default.
	Logger *slog.Logger
	// Now is the clock that tokens are dated by. nil: time.Now.
	Now func() time.Time
}

// A Grant is what one player is given. What is zero is as Config.Token has it.
type Grant struct {
	// ClientID is the player, from 1: 0 is refused, since a Login that forgot to set
	// it would make everybody the same player.
	ClientID uint64
	// UserData is for the game server, at most 256 bytes.
	UserData []byte
	// Servers are the game servers that the player may try, in this order, as
	// host:port. A name with several addresses of a kind stands for several servers
	// (netcode.PerServer); at most 8 tokens come of them. Empty: Config.Servers.
	Servers []string
	// Lifetime and Timeout are those of netcode.MintConfig.
	Lifetime, Timeout time.Duration
	// Suite and TagBytes are the protection of packets; TagBytes is read only if
	// Suite is set.
	Suite    netcode.Suite
	TagBytes int
	// ForwardSecrecy asks for it, whatever Config.Token says.
	ForwardSecrecy bool
	// Plain is for a client of another netcode library: one token without our pad,
	// for one server. Protection that Config.Token asks for is left out, as there is
	// none in plain netcode.
	Plain bool
}

// A Refusal is an error of Login that is told to the player, and what Fetch returns there.
type Refusal struct {
	Status     int           // of HTTP, 400 to 599; 0: 403
	Code       string        // a word for programs; "": "refused"
	Text       string        // a sentence for people
	RetryAfter time.Duration // when to ask again; 0: no advice. A part of a second counts as a whole one
	Challenge  string        // for the header WWW-Authenticate of a 401, such as `Basic realm="game"`
}

// Error tells the refusal in a line.
func (r *Refusal) Error() string {
	return fmt.Sprintf("tokenhttp: %s: %s", cmp.Or(r.Code, "refused"), r.Text)
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

func (c Config) withDefaults() Config {
	c.MaxBodyBytes = max(cmp.Or(c.MaxBodyBytes, DefaultMaxBodyBytes), 0)
	c.MaxTime = cmp.Or(c.MaxTime, DefaultMaxTime)
	c.NamesFor = cmp.Or(c.NamesFor, DefaultNamesFor)
	c.Interval = cmp.Or(c.Interval, DefaultInterval)
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// validate finds all that is wrong.
func (c *Config) validate() error {
	var v config.Check
	v.That(c.Login != nil, "Login", nil, "a function that says who a request is from")
	trial := c.Token
	trial.Addresses = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1")}
	trial.ClientID = cmp.Or(trial.ClientID, 1) // each grant has its own
	_, err := netcode.Mint(time.Now(), trial)
	v.Take("Token", err)
	for i, s := range c.Servers {
		if _, err := parseServer(s); err != nil {
			v.That(false, fmt.Sprintf("Servers[%d]", i), fmt.Sprintf("%q", s), err.Error())
		}
	}
	_, err = newOrigins(c)
	v.Take("", err)
	return v.Err()
}
