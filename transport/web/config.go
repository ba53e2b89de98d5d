//go:build !js

package web

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// Config sets up a Socket. The zero value is a good one for pages that come from the same host.
type Config struct {
	// Path is where browsers open the WebSocket: "" for [DefaultPath].
	Path string
	// Handler serves the rest of the port, the pages of the game say. nil: 404.
	Handler http.Handler
	// NoListen opens no TCP port: the program serves [Socket.Handler] itself.
	NoListen bool
	// Listener is what the socket listens on for TCP in place of a port of its own. The socket
	// closes it.
	Listener net.Listener
	// Origins are whose pages may play here beside those of the host itself, whatever their port:
	// "https://game.example", "game.example" for every scheme, "*.game.example" for all below, "*" for
	// everybody, and "null" for pages without an origin, such as files. Programs that are no browsers
	// send none, and may.
	Origins []string
	// TrustedProxies are the addresses whose X-Forwarded-For tells who the player is: those of a proxy
	// in front of this server. Everybody else's is ignored. A balancer that passes on bytes, and no X-Forwarded-For, makes
	// one address of all players: then set MaxPerAddress to no limit, too.
	TrustedProxies []netip.Prefix

	// CertFile and KeyFile are a certificate and its key in PEM, read again when they change: then the
	// TCP port speaks TLS, and WebTransport has the same certificate.
	CertFile, KeyFile string
	// GetCertificate picks the certificate in place of files, as that of an autocert.Manager does, which
	// can prove the name by TLS where this is port 443, and by its HTTPHandler on port 80. With neither
	// files nor this the TCP port speaks plain HTTP, and WebTransport has a certificate of its own making,
	// whose hash browsers get by the WebSocket.
	GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

	// DisableWebRTC and DisableWebTransport leave one of them out.
	DisableWebRTC, DisableWebTransport bool
	// Advertise are the addresses at which browsers reach the UDP port by WebRTC: those of a machine
	// that stands behind a NAT of one to one, or behind a proxy that has only HTTP. nil: those of its
	// interfaces.
	Advertise []netip.Addr
	// AdvertiseHost is the name, or the address, at which browsers reach the UDP port by WebTransport.
	// "": that by which they reached the WebSocket. Pages of that one are to be in Origins then.
	AdvertiseHost string
	// AdvertisePort is the number that the UDP port has for browsers. 0: its own.
	AdvertisePort uint16
	// Shards are further UDP sockets that share the port of the one given to [New].
	Shards []Port

	// MaxPlayers bounds the browser players: the associations of each kind of transport, of which a
	// player on his way to a better one has two. The next is told so and closed. 0: 1000;
	// negative: no limit.
	MaxPlayers int
	// MaxPerAddress bounds those of one address, and of one network of 64 bits by IPv6. 0: 128, for
	// behind one address may be a school; negative: no limit.
	MaxPerAddress int
	// RatePerAddress bounds how often one address, or network of 64 bits by IPv6, begins something: so many times a second,
	// and a minute's worth at once. A connection of TCP is one, the request for a WebSocket, an offer of WebRTC, a session of
	// WebTransport; a request for a page is a tenth of one. By HTTP the next is answered by 429 with Retry-After, or
	// its connection closed. Those of TrustedProxies have no limit, but whom they name. 0: 50; negative: no limit.
	RatePerAddress int
	// Queue is how many datagrams may wait to be read, 64 of each association at most. 0: 8192.
	Queue int
	// HandshakeTimeout is how long somebody may take to send a request, and its body again, and how long an association
	// lasts that the server never wrote to: nobody plays by it. One that was written to, and is no
	// player's for six times as long, is closed, too. 0: 10 s; negative: for ever.
	HandshakeTimeout time.Duration
	// IdleTimeout ends an association by which nothing went either way. 0: 5 minutes; negative: never.
	IdleTimeout time.Duration
	// WriteTimeout ends an association whose peer takes nothing, though something is to be written, and a connection
	// whose browser takes nothing of a page.
	// 0: 10 s; negative: never.
	WriteTimeout time.Duration
	// Logger is told what http.Server and the libraries complain about. nil: nobody.
	Logger *slog.Logger
}

// The defaults of [Config].
const (
	DefaultMaxPlayers       = 1000
	DefaultMaxPerAddress    = 128
	DefaultRatePerAddress   = 50
	DefaultQueue            = 8192
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultIdleTimeout      = 5 * time.Minute
	DefaultWriteTimeout     = 10 * time.Second
)

// A ConfigError names what cannot be: a field of a configuration, or a parameter. It is a struct of
//
//	Field string // the way to it from what the caller gave, as in Origins[2]
//	Value any    // what it is, or words for that
//	Want  string // what would do
//
// and Error tells the three in a line. It is one type in all packages of this module, so that
// errors.As with a *ConfigError of any of them finds those of all.
type ConfigError = config.Error

// resolve fills the defaults in.
func (c *Config) resolve() error {
	if err := c.validate(); err != nil {
		return err
	}
	orDefault(&c.Path, DefaultPath)
	orDefault(&c.MaxPlayers, DefaultMaxPlayers)
	orDefault(&c.MaxPerAddress, DefaultMaxPerAddress)
	orDefault(&c.RatePerAddress, DefaultRatePerAddress)
	orDefault(&c.Queue, DefaultQueue)
	orDefault(&c.HandshakeTimeout, DefaultHandshakeTimeout)
	orDefault(&c.IdleTimeout, DefaultIdleTimeout)
	orDefault(&c.WriteTimeout, DefaultWriteTimeout)
	return nil
}

// validate finds all that is wrong.
func (c *Config) validate() error {
	var v config.Check
	v.That(c.Path == "" || isPath(c.Path), "Path", c.Path, `one such as "/play": from "/" on, clean, without a query or escapes, or "" for `+DefaultPath)
	for i, s := range c.Origins {
		_, ok := parseOrigin(s)
		v.That(ok, fmt.Sprintf("Origins[%d]", i), s,
			`an origin such as "https://game.example" or "game.example:8080", "*.game.example", "*" or "null"`)
	}
	for i, p := range c.TrustedProxies {
		v.That(p.IsValid(), fmt.Sprintf("TrustedProxies[%d]", i), p, `a prefix such as netip.MustParsePrefix("10.0.0.0/8")`)
	}
	for i, p := range c.Shards {
		v.That(p != nil, fmt.Sprintf("Shards[%d]", i), "nil", "a UDP socket that has its ReusePort set")
	}
	for i, a := range c.Advertise {
		v.That(a.IsValid() && !a.IsUnspecified(), fmt.Sprintf("Advertise[%d]", i), a, "an address at which browsers reach this machine")
	}
	v.That(c.AdvertiseHost == "" || isHost(c.AdvertiseHost), "AdvertiseHost", c.AdvertiseHost,
		`a name such as "udp.game.example" or an address such as "203.0.113.7", without scheme and port`)
	v.That(c.RatePerAddress <= mostRate, "RatePerAddress", c.RatePerAddress,
		fmt.Sprintf("at most %d, 0 for %d, or a negative number for no limit", mostRate, DefaultRatePerAddress))
	v.That(c.Queue >= 0, "Queue", c.Queue, fmt.Sprintf("1 or more, or 0 for %d", DefaultQueue))
	v.That((c.CertFile == "") == (c.KeyFile == ""), "KeyFile", c.KeyFile, "a file for each of CertFile and KeyFile, or for none")
	v.That(c.CertFile == "" || c.GetCertificate == nil, "GetCertificate", "set beside CertFile", "one of them")
	v.That(!c.NoListen || c.Listener == nil, "Listener", "set beside NoListen", "one of them")
	return v.Err()
}

// isPath reports whether requests come by that path as it is written: net/http leads those elsewhere whose path is not clean.
func isPath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.ContainsAny(s, " ?#{}%\\") && (s == "/" || path.Clean(s) == strings.TrimSuffix(s, "/"))
}

// A Port is a UDP socket that is shared with native players: a *udp.Socket.
type Port interface {
	// Write sends datagrams. It may be called from several goroutines at once.
	Write(ds []transport.Datagram) (int, error)
	// SetDiverter has what arrives offered to d first.
	SetDiverter(d transport.Diverter)
	LocalAddr() netip.AddrPort
}
