//go:build !js

package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// A Socket is a [transport.Socket] whose peers are in browsers. Each WebSocket, data channel and
// WebTransport session is an association, and a [transport.Path] of its own.
type Socket struct {
	board
	cfg     Config
	origins []origin
	local   netip.AddrPort
	udp     *udpSide
	server  *http.Server // nil: the program serves Handler
	serving sync.WaitGroup
	idle    atomic.Uint64
	stuck   atomic.Uint64
	slow    atomic.Uint64
}

var _ transport.Socket = (*Socket)(nil)

// New opens a socket for browsers beside a UDP socket for native players: WebRTC and WebTransport
// share its UDP port, and WebSockets come by the TCP port of the same number. The two
// sockets go to one Server, which closes both.
func New(u Port, cfg Config) (*Socket, error) {
	if err := cfg.resolve(); err != nil {
		return nil, err
	}
	if u == nil {
		return nil, config.Wrong("u", nil, "a UDP socket, such as udp.Listen opens; without native players Listen opens a port of its own")
	}
	l := cfg.Listener
	if l == nil && !cfg.NoListen {
		var err error
		if l, err = listenTCP(u.LocalAddr().String()); err != nil {
			return nil, fmt.Errorf("web: the TCP port beside UDP %v: %w; stop the program that has it, or set Listener or NoListen", u.LocalAddr(), err)
		}
	}
	return open(cfg, l, append([]Port{u}, cfg.Shards...), nil)
}

// Listen opens a socket for browsers alone, on a TCP port and the UDP port of the same number: ":7777"
// for all addresses of the machine, and port 0 for any that is free for both.
func Listen(address string, cfg Config) (*Socket, error) {
	if err := cfg.resolve(); err != nil {
		return nil, err
	}
	for tries := 0; ; tries++ {
		l, u, err := listenBoth(address, &cfg)
		if err == nil {
			return open(cfg, l, nil, u)
		}
		if _, port, _ := net.SplitHostPort(address); port != "0" || tries == 10 {
			return nil, fmt.Errorf("web: listen %q: %w; give an address of this machine such as \":7777\", whose port is free for both UDP and TCP, or port 0", address, err)
		}
	}
}

// listenBoth opens a TCP port and the UDP port of that number.
func listenBoth(address string, cfg *Config) (net.Listener, *ownPort, error) {
	l := cfg.Listener
	if l == nil && !cfg.NoListen {
		var err error
		if l, err = listenTCP(address); err != nil {
			return nil, nil, err
		}
		address = l.Addr().String()
	}
	u, err := openPort(address)
	if err != nil && l != nil && l != cfg.Listener {
		l.Close()
	}
	return l, u, err
}

func listenTCP(address string) (net.Listener, error) { return net.Listen("tcp", address) }

// open makes a Socket of its ports, which it takes over.
func open(cfg Config, l net.Listener, ports []Port, own *ownPort) (_ *Socket, err error) {
	s := &Socket{cfg: cfg}
	if own != nil {
		s.local = own.LocalAddr()
	} else {
		s.local = ports[0].LocalAddr()
	}
	for _, o := range cfg.Origins {
		parsed, _ := parseOrigin(o)
		s.origins = append(s.origins, parsed)
	}
	s.board.init(cfg.Queue, limits{players: cfg.MaxPlayers, perAddress: cfg.MaxPerAddress})
	s.rate.init(cfg.RatePerAddress, cfg.TrustedProxies)
	if s.udp, err = newUDPSide(s, ports, own); err != nil {
		if l != nil {
			l.Close()
		}
		return nil, err
	}
	if l != nil {
		s.serve(l)
	}
	s.serving.Go(func() { s.sweep(s.look) })
	return s, nil
}

// LocalAddr is the address of the UDP port, and of TCP where that has the same.
func (s *Socket) LocalAddr() netip.AddrPort { return s.local }

// URL is where a client on this machine, or on the network of an address that the socket is bound
// to, dials the WebSocket.
func (s *Socket) URL() string {
	scheme, host := "ws", s.local.Addr()
	if s.udp.tlsConfig() != nil {
		scheme = "wss"
	}
	name := host.String()
	if host.IsUnspecified() {
		name = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(name, strconv.Itoa(int(s.local.Port()))) + s.cfg.Path
}

// Stats returns the counts so far. It may be called from any goroutine.
func (s *Socket) Stats() Stats {
	st := s.board.stats()
	st.Idle, st.Stuck, st.Slow = s.idle.Load(), s.stuck.Load(), s.slow.Load()
	st.UDP = s.udp.stats()
	return st
}

// strangersLast is how many times Config.HandshakeTimeout an association lasts by which the server wrote, and nobody plays:
// anybody is told that nobody has an id. Who has a token is in by then, or his token has expired.
const strangersLast = 6

// look ends one association if it is time, and tells a page what is new.
func (s *Socket) look(a *association, now int64) {
	if ws, ok := a.conduit.(*webSocket); ok {
		ws.signal.renew()
	}
	spoken, heard := a.spoken.Load(), a.heard.Load()
	switch {
	case a.isStuck(now, s.cfg.WriteTimeout):
		s.stuck.Add(1)
		a.finish(CodeIdle, "nothing was taken for too long", errStuck)
	case spoken == 0 && longer(now-a.began, s.cfg.HandshakeTimeout):
		s.idle.Add(1)
		a.leave(CodeIdle, "nobody plays by this")
	case longer(now-a.began, strangersLast*s.cfg.HandshakeTimeout) && !s.isKept(a):
		s.idle.Add(1)
		a.leave(CodeIdle, "nobody plays by this")
	case longer(now-max(a.began, spoken, heard), s.cfg.IdleTimeout):
		s.idle.Add(1)
		a.leave(CodeIdle, "nothing was heard for too long")
	}
}

// Close implements [transport.Socket]. What was written still goes out, and players are told that
// the server goes away; who does not take that within a second is cut off. No goroutine is left
// behind then, but those of handlers of the program.
func (s *Socket) Close() error {
	if s.server != nil {
		s.server.Close()
	}
	if err := s.board.shut(CodeGoingAway, "the server ends"); err != nil {
		return err
	}
	s.udp.close()
	s.serving.Wait()
	return nil
}
