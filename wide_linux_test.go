package tickwire_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/netns"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// A wideServer listens on all addresses of a host that has several on one card, and sends back
// what it gets.
type wideServer struct {
	t     *testing.T
	phone *netns.Host
	at    []netip.AddrPort
	hub   *tickwire.Hub
	next  uint64 // player

	sockets map[*tickwire.Session]*udp.Socket
}

// wide plays inside namespaces; every address but the first of a family is one that the system
// would not answer from by itself.
func wide(t *testing.T, n *netns.Net) *wideServer {
	s := &wideServer{t: t, phone: n.Host("phone"), sockets: map[*tickwire.Session]*udp.Socket{}}
	host := n.Host("server")
	n.Pair(host, "eth0", "10.1.0.1/24", s.phone, "wlan0", "10.1.0.9/24")
	host.Give("eth0", "10.1.0.2/24")
	for _, a := range []string{"fd01::1/64", "fd01::2/64"} {
		host.IP("address", "add", a, "dev", "eth0", "nodad")
	}
	s.phone.IP("address", "add", "fd01::9/64", "dev", "wlan0", "nodad")
	for _, a := range []string{"10.1.0.1", "10.1.0.2", "fd01::1", "fd01::2"} {
		s.at = append(s.at, netip.AddrPortFrom(netip.MustParseAddr(a), 7777))
	}
	socket := netns.Open(host, func() (*udp.Socket, error) { return udp.Listen(":7777") })
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config: config(), PrivateKey: testKey, PublicAddresses: s.at, MaxTokenLifetime: -1, Plain: tickwire.PlainRaw,
	}, socket)
	must(t, err)
	s.hub = tickwire.NewHub(srv)
	t.Cleanup(func() { _ = s.hub.Close() })
	go func() {
		for ev := range s.hub.Events(context.Background()) {
			if ev.Kind == tickwire.Message {
				_ = ev.Conn.Send(ev.Channel, ev.Payload)
			}
		}
	}()
	return s
}

// dial connects to one of the addresses.
func (s *wideServer) dial(to netip.AddrPort) *tickwire.Session {
	s.t.Helper()
	s.next++
	token, err := netcode.Mint(time.Now(), netcode.MintConfig{
		ProtocolID: 7, Key: testKey, Addresses: []netip.AddrPort{to}, ClientID: s.next,
	})
	must(s.t, err)
	cfg := tickwire.ClientConfig{Config: config(), WireIDBytes: 2}
	socket := netns.Open(s.phone, func() (*udp.Socket, error) { return udp.Open() })
	session, err := tickwire.Dial(patiently(s.t), cfg, token.Append(nil), socket)
	if err != nil {
		s.t.Fatalf("nobody answers from %v: %v", to, err)
	}
	s.t.Cleanup(func() { _ = session.Close() })
	s.sockets[session] = socket
	return session
}

// echoes has a message come back.
func (s *wideServer) echoes(session *tickwire.Session, what string) {
	s.t.Helper()
	must(s.t, session.Send(2, []byte(what)))
	for ev := range session.Events(patiently(s.t)) {
		if ev.Kind == tickwire.Message {
			if string(ev.Payload) != what {
				s.t.Errorf("heard %q, not %q", ev.Payload, what)
			}
			return
		}
	}
	s.t.Fatalf("%q does not come back from %v: %v", what, session.Conn().RemoteAddr(), session.Conn().Reason())
}

// local is where the server's side of a path begins.
func (s *wideServer) local(player uint64, path uint8) (at netip.AddrPort) {
	for _, c := range s.hub.Conns() {
		if c.ClientID() == player {
			at = c.PathStats(path).Local
		}
	}
	return at
}

// TestLongWide: a server that listens on all addresses of a host with several answers each player
// from the address that he asked, also one that the system would not choose: in the handshake and
// afterwards, on every path, and a plain client whom it tells by itself that it lives.
func TestLongWide(t *testing.T) {
	netns.Run(t, func(n *netns.Net) {
		s := wide(t, n)
		for i, to := range s.at {
			session := s.dial(to)
			s.echoes(session, "hello")
			if at := s.local(s.next, 0); at != to {
				t.Errorf("the server's side of the path to %v is %v", to, at)
			}
			s.opens(session, s.at[(i+1)%len(s.at)])
		}
		s.keepsAlive(s.at[1], s.at[0])
	})
}

// opens has a path to another address of the server opened over the same socket, and the first
// one closed.
func (s *wideServer) opens(session *tickwire.Session, to netip.AddrPort) {
	s.t.Helper()
	path, err := session.Conn().OpenPath(s.sockets[session], tickwire.PathConfig{Server: to})
	must(s.t, err)
	for ev := range session.Events(patiently(s.t)) {
		if ev.Kind == tickwire.PathChanged && ev.Path == path {
			if ev.PathState != tickwire.PathActive {
				s.t.Errorf("the path to %v: %v", to, ev.PathState)
			}
			break
		}
	}
	s.echoes(session, "on two paths")
	session.Conn().ClosePath(0)
	s.echoes(session, "on the second path")
	if at := s.local(s.next, path); at != to {
		s.t.Errorf("the server's side of the second path to %v is %v", to, at)
	}
}

// keepsAlive has plain clients connect to some of the addresses, who say nothing then.
func (s *wideServer) keepsAlive(to ...netip.AddrPort) {
	s.t.Helper()
	var conns []*net.UDPConn
	for i, at := range to {
		conns = append(conns, netns.Open(s.phone, func() (*net.UDPConn, error) { return net.ListenUDP("udp4", nil) }))
		plainOver(s.t, conns[i], at, uint64(100+i))
	}
	b := make([]byte, 2048)
	for i, conn := range conns {
		for range 5 {
			_, from, err := conn.ReadFromUDPAddrPort(b)
			must(s.t, err)
			if from != to[i] {
				s.t.Fatalf("a sign of life of %v came from %v", to[i], from)
			}
		}
	}
}
