package tickwire

import (
	"errors"
	"iter"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/endpoint"
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
// Post is the one method for other goroutines; a Hub makes the rest of it
// safe for them too.
type Server struct {
	core
	cfg   ServerConfig
	guard *netcode.Server
	table []*Conn // by Seat.Handle
	free  []int

	judged  *endpoint.Endpoint // made for the OFFER that is being judged
	judging *port
	notices notices
}

// Listen returns a Server on sockets, which it owns from now on. It closes them when it fails.
func Listen(cfg ServerConfig, sockets ...transport.Socket) (*Server, error) {
	s, err := newServer(cfg, sockets)
	if err != nil {
		for _, socket := range sockets {
			socket.Close()
		}
		return nil, err
	}
	return s, nil
}

func newServer(cfg ServerConfig, sockets []transport.Socket) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg}
	if err := s.core.init(cfg.Config, s, sockets); err != nil {
		return nil, err
	}
	if err := s.checkDevelopment(); err != nil {
		return nil, err
	}
	if err := s.findPublicAddresses(); err != nil {
		return nil, err
	}
	guard, err := netcode.NewServer(s.now, s.unix, netcode.ServerConfig{
		ProtocolID:       cfg.ProtocolID,
		PrivateKey:       s.cfg.PrivateKey,
		Addresses:        s.cfg.PublicAddresses,
		MaxClients:       cfg.MaxClients,
		MaxTokenLifetime: s.cfg.MaxTokenLifetime,
		Plain:            cfg.Config.plain(cfg.Plain),
		KeepOldest:       cfg.KeepOldest,
		Judge:            s.judge,
		Random:           cfg.Random,
	})
	s.guard = guard
	return s, err
}

// Update makes what arrived visible: events, and messages to receive. What was
// received before becomes invalid. Functions that were posted are called.
func (s *Server) Update(now time.Time) { s.update(now) }

// Flush sends what was sent since the last one, and returns when Service or
// Update should be called at the latest; the zero time if nothing is due.
func (s *Server) Flush(now time.Time) (next time.Time) { return s.flush(now) }

// Service reads, acknowledges, repairs and paces without touching anything
// that the game can see. Call it between Flush and Update, best by Ticks or Wait,
// which do so whenever there is reason. It returns when it should be called again.
func (s *Server) Service(now time.Time) (next time.Time) { return s.service(now) }

// Events takes the events that the last Update made visible.
func (s *Server) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) { s.eachEvent(yield) }
}

// Conns lists the connections in the order in which they were connected. One that ended is
// listed until the Update after its Disconnected.
func (s *Server) Conns() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) { s.eachConn(yield) }
}

// Conn returns the connection with an ID; nil if it is over.
func (s *Server) Conn(id uint64) *Conn { return s.byID(id) }

// Close ends every connection with CodeGoingAway, closes the sockets and
// makes everything else fail with ErrClosed.
func (s *Server) Close() error { return s.core.close(CodeGoingAway, "server closed") }

// PublicAddresses are the addresses that connect tokens for this server name.
func (s *Server) PublicAddresses() []netip.AddrPort { return s.cfg.PublicAddresses }

// findPublicAddresses takes the addresses of the sockets if none were given.
func (s *Server) findPublicAddresses() error {
	if len(s.cfg.PublicAddresses) > 0 {
		return nil
	}
	for _, p := range s.ports {
		a := p.socket.LocalAddr()
		switch {
		case !a.IsValid(): // a transport without addresses: a token needs one all the same
			s.cfg.PublicAddresses = append(s.cfg.PublicAddresses, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 1))
		case !a.Addr().IsUnspecified():
			s.cfg.PublicAddresses = append(s.cfg.PublicAddresses, netip.AddrPortFrom(a.Addr().Unmap(), a.Port()))
		case s.cfg.Development:
			s.cfg.PublicAddresses = append(s.cfg.PublicAddresses, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port()))
		default:
			return &ConfigError{"PublicAddresses", "empty while a socket is bound to " + a.String(), "the addresses that clients reach this server by, as the backend writes them into tokens"}
		}
	}
	return nil
}

// judge decides about a client whose token and address are proven.
func (s *Server) judge(o netcode.Offer) (hello []byte, refusal netcode.Refusal, ok bool) {
	if s.cfg.Admit != nil {
		err := s.cfg.Admit(Applicant{o.ClientID, o.UserData, o.Source.AddrPort(), o.Plain})
		if err != nil {
			return nil, refusalOf(err), false
		}
	}
	if o.Plain {
		return nil, refusal, true
	}
	end, err := s.newEndpoint(0)
	if err != nil {
		return nil, netcode.Refusal{Code: wireInternal}, false
	}
	if err := end.HandleHello(s.now, o.Hello); err != nil {
		end.Release()
		var m *endpoint.MismatchError
		errors.As(err, &m)
		return nil, netcode.Refusal{Code: m.Code, Text: m.Text, Rows: m.Rows}, false
	}
	if s.judged != nil {
		s.judged.Release()
	}
	s.judged = end
	s.reply = end.AppendHello(s.now, s.reply[:0])
	return s.reply, refusal, true
}

func refusalOf(err error) netcode.Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return netcode.Refusal{Code: r.Code, Text: r.Text, RetryAfter: uint16(min(r.RetryAfter/time.Second, 0xffff))}
	}
	return netcode.Refusal{Code: CodeRefused, Text: err.Error()}
}

// newEndpoint makes the endpoint of a connection.
func (k *core) newEndpoint(timeout time.Duration) (*endpoint.Endpoint, error) {
	cfg := k.cfg.endpoint()
	cfg.Buffers, cfg.Pool, cfg.Timeout = k.buffers, k.pool, timeout
	seed, err := k.random.next()
	if err != nil {
		return nil, err
	}
	cfg.Seed = seed
	return endpoint.New(k.now, cfg)
}

func (k *core) eachEvent(yield func(Event) bool) {
	for {
		ev, ok := k.events.next()
		if !ok || !yield(ev) {
			return
		}
	}
}

func (k *core) eachConn(yield func(*Conn) bool) {
	for _, c := range k.conns {
		if !yield(c) {
			return
		}
	}
}

func (k *core) byID(id uint64) *Conn {
	for _, c := range k.conns {
		if c.id == id {
			return c
		}
	}
	return nil
}
