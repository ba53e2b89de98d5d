package tickwire

import (
	"cmp"
	"fmt"
	"iter"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// A Server admits players by their connect tokens and exchanges messages with
// them over any number of sockets. One goroutine owns it, and drives it:
//
//	for tick := range srv.Ticks(ctx, 60) {
//		srv.Update(tick.Now)                  // what arrived becomes visible
//		for ev := range srv.Events() { … }
//		for c := range srv.Conns() { … }      // receive, simulate, send
//		srv.Flush(tick.Now)                   // what was sent leaves
//	}
//
// Post and DevToken are the methods for other goroutines; a Hub makes the rest
// safe for them too. Shutdown ends it in order, Close at once.
type Server struct {
	core
	cfg       ServerConfig
	netcode   *netcode.Server // who may talk; the Owner of each seat is a *player, or an *expected
	reply     []byte          // memory for what netcode says by itself
	hello     []byte          // for the HELLO of a Verdict, until netcode has answered with it
	body      []byte          // for a message on the library's own channel
	plainWays plainWays
	notices   notices
	simulated bool // Config.Now was given: DevToken goes by the clock of the last call
}

// Listen returns a Server on sockets, which it owns from now on. What comes over a
// socket that is bound to all addresses of its host is answered from the address that
// was asked, if the socket knows it (transport.Datagram.Local). It closes the sockets
// when it fails: with a join of *ConfigErrors that names every wrong field, or
// because the source of randomness failed. A socket that is closed, or has an owner
// already, is a wrong one, and stays as it is.
func Listen(cfg ServerConfig, sockets ...transport.Socket) (*Server, error) {
	var v config.Check
	v.Take("", cfg.Validate())
	mine, err := takeSockets(sockets)
	v.Take("", err)
	var s *Server
	if err = v.Err(); err == nil {
		s, err = newServer(cfg, mine)
	}
	if err != nil {
		closeAll(mine)
		return nil, err
	}
	return s, nil
}

// newServer makes a Server of what was checked.
func newServer(cfg ServerConfig, sockets []transport.Socket) (*Server, error) {
	s := &Server{cfg: cfg, simulated: !cfg.Now.IsZero()}
	s.cfg.Config = cfg.Config.withDefaults()
	if cfg.Development && cfg.Random != nil {
		s.cfg.Random = &sharedReader{r: cfg.Random} // DevToken mints in any goroutine
	}
	if err := s.core.init(&s.cfg.Config, s, sockets, cmp.Or(cfg.MaxClients, netcode.DefaultMaxClients)); err != nil {
		return nil, err
	}
	var v config.Check
	v.Take("", s.checkDevelopment())
	v.Take("", s.checkPublicAddresses())
	if err := v.Err(); err != nil {
		return nil, err
	}
	s.takePublicAddresses()
	if err := s.develop(); err != nil {
		return nil, err
	}
	plain := s.cfg.plain(s.cfg.Plain)
	s.plainWays = plainWays{refused: plain == netcode.PlainRefuse, alone: len(s.ports) == 1, first: s.ports[0]}
	var err error
	s.netcode, err = netcode.NewServer(s.now, s.unix.Load(), netcode.ServerConfig{
		ProtocolID:          s.cfg.ProtocolID,
		PrivateKey:          s.cfg.PrivateKey,
		TicketKey:           s.cfg.TicketKey,
		Addresses:           s.cfg.PublicAddresses,
		MaxClients:          s.cfg.MaxClients,
		MaxTokenLifetime:    s.cfg.MaxTokenLifetime,
		FailuresPerSecond:   s.cfg.FailuresPerSecond,
		HandshakesPerSecond: s.cfg.HandshakesPerSecond,
		Plain:               plain,
		KeepOldest:          s.cfg.KeepOldest,
		Judge:               s.judge,
		LeastProtection:     s.cfg.LeastProtection,
		EpochPackets:        s.cfg.EpochPackets,
		Random:              s.cfg.Random,
	})
	return s, err
}

// Update makes what arrived visible: events, and messages to receive. What was
// received before becomes invalid. Functions that were posted are called.
func (s *Server) Update(now time.Time) { s.unshared().update(now) }

// Flush sends what was sent since the last one, and returns when Service or
// Update should be called at the latest; the zero time if nothing is due.
func (s *Server) Flush(now time.Time) (next time.Time) { return s.unshared().gameFlush(now) }

// Service reads, acknowledges, repairs and paces without touching anything that
// the game can see. Call it between Flush and Update, best by Ticks or Wait,
// which do so whenever there is reason. It returns when it should be called
// again; the zero time if nothing is due.
func (s *Server) Service(now time.Time) (next time.Time) { return s.unshared().service(now, readAll) }

// Events takes the events that the last Update made visible. What is not taken stays, and the next
// call begins with it.
func (s *Server) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) { s.unshared().eachEvent(yield) }
}

// Conns lists the connections in the order in which they were connected. One
// that ended is listed until the Update after its Disconnected.
func (s *Server) Conns() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) { s.unshared().eachConn(yield) }
}

// Conn returns the connection with an ID; nil if it is over.
func (s *Server) Conn(id uint64) *Conn { return s.unshared().byID[id] }

// Close ends every connection with CodeGoingAway, closes the sockets and
// makes everything else fail with ErrClosed. It does not wait: each peer is told
// once, and one whom that does not reach finds out by its timeout; Shutdown drains
// first, and makes sure. Events still has what was queued, a Disconnected for each connection at its
// end.
func (s *Server) Close() error { return s.unshared().close(CodeGoingAway, serverClosed) }

// PublicAddresses are the addresses that connect tokens for this server name.
func (s *Server) PublicAddresses() []netip.AddrPort { return slices.Clone(s.cfg.PublicAddresses) }

// checkPublicAddresses wants addresses to be given if those of a socket are not what clients reach.
func (s *Server) checkPublicAddresses() error {
	for _, p := range s.ports {
		a := p.socket.LocalAddr()
		if len(s.cfg.PublicAddresses) == 0 && a.IsValid() && a.Addr().IsUnspecified() && !s.cfg.Development {
			return config.Wrong("PublicAddresses", "empty while a socket is bound to "+a.String(),
				"the addresses that clients reach this server by, as the backend writes them into tokens")
		}
	}
	return nil
}

// takePublicAddresses takes the addresses of the sockets if none were given.
func (s *Server) takePublicAddresses() {
	if len(s.cfg.PublicAddresses) > 0 {
		return
	}
	var found []netip.AddrPort
	for _, p := range s.ports {
		a := p.socket.LocalAddr()
		if !a.IsValid() {
			continue
		}
		at := netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
		if a.Addr().IsUnspecified() { // in Development
			at = netip.AddrPortFrom(loopback, a.Port())
		}
		if !slices.Contains(found, at) { // several sockets may share a port
			found = append(found, at)
		}
	}
	if len(found) == 0 { // only transports without addresses: a token needs one all the same
		found = append(found, netip.AddrPortFrom(loopback, 1))
	}
	s.cfg.PublicAddresses = found
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// String names the server by its addresses, and keeps its key out of what is printed.
func (s *Server) String() string { return fmt.Sprintf("tickwire server at %v", s.cfg.PublicAddresses) }

// GoString does so for %#v.
func (s *Server) GoString() string { return s.String() }

// LogValue does so for handlers of slog.
func (s *Server) LogValue() slog.Value { return slog.StringValue(s.String()) }
