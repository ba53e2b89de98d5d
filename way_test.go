package tickwire

import (
	"encoding/binary"
	"io"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// TestWaysOfStrangers: where several sockets and plain clients make a server remember by which way
// somebody is reached, strangers who are answered are not remembered; a plain client is, from
// his response on.
func TestWaysOfStrangers(t *testing.T) {
	a, err := mem.Listen()
	if err != nil {
		t.Fatal(err)
	}
	b, err := mem.Listen()
	if err != nil {
		t.Fatal(err)
	}
	key, at := netcode.KeyFrom([netcode.KeyBytes]byte{1}), netip.MustParseAddrPort("192.0.2.1:7777")
	srv, err := Listen(ServerConfig{
		Config: Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, PrivateKey: key,
		PublicAddresses: []netip.AddrPort{at}, Plain: PlainRaw, MaxTokenLifetime: -1,
	}, a, b)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	from := func(n uint32, b []byte) {
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], 0x0a000000+n*97)
		path := transport.PathTo(netip.AddrPortFrom(netip.AddrFrom4(ip), 7))
		srv.handle(reading{
			int64(time.Second), int64(time.Second), srv.ports[1], &transport.Datagram{Path: path, Bytes: append([]byte(nil), b...)},
		})
		srv.ports[1].n = 0
	}
	known := func() int {
		w := &srv.plainWays
		return len(w.connected) + len(w.answered) + len(w.before)
	}
	for n := range uint32(5000) {
		from(n, []byte{8, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, byte(n)}) // DATA of a connection that nobody has
	}
	if gone := srv.netcode.Counters().Gones; gone == 0 || known() != 0 {
		t.Errorf("%d of 5000 strangers are remembered, %d were answered", known(), gone)
	}
	token, err := netcode.Mint(time.Unix(srv.unix.Load(), 0), netcode.MintConfig{Key: key, ClientID: 7, Addresses: []netip.AddrPort{at}, Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	client, err := netcode.NewClient(0, srv.unix.Load(), token, netcode.ClientConfig{Plain: netcode.PlainOnly})
	if err != nil {
		t.Fatal(err)
	}
	for client.State() != netcode.StateConnected {
		d, _, ok := client.NextDatagram(nil)
		if !ok {
			t.Fatalf("the client has nothing to say: %v", client.State())
		}
		from(1, d)
		client.HandleDatagram(0, srv.unix.Load(), 0, client.Server(), append([]byte(nil), srv.reply...))
	}
	if known() != 1 {
		t.Errorf("%d sources are remembered, want that of the plain client", known())
	}
}

// TestWaysOfMany: however many are answered who never speak, those that are connected are found, and
// the newest of the others; what is kept of them is bounded.
func TestWaysOfMany(t *testing.T) {
	here, there := new(port), new(port)
	p := plainWays{first: here}
	source := func(n int) netcode.Source { return netcode.SourceOf(uint16(transport.KindWebSocket), uint64(n)) }
	p.remember(source(1), way{port: there}, false)
	p.remember(source(1), way{port: there}, true)
	const many = 5 * maxWays / 2
	for n := 2; n < many; n++ {
		p.remember(source(n), way{port: there}, false)
	}
	for _, n := range []int{1, many - maxWays, many - 1} {
		if p.to(source(n)).port != there {
			t.Errorf("number %d of %d is not found", n, many)
		}
	}
	if kept := len(p.answered) + len(p.before); kept > 2*maxWays {
		t.Errorf("%d are kept", kept)
	}
	p.forget(source(1))
	if w := p.to(source(1)); w.port != here || w.path.Association != 1 || w.path.Kind != transport.KindWebSocket {
		t.Errorf("who is forgotten is sought at %+v", w)
	}
}

// TestRouteOfThePeer: when all numbers of ways are given, another way gets that of one which the
// endpoint does not need; but never that of the way which leads to the peer, though its path may
// just be closed, and the endpoint need it no more.
func TestRouteOfThePeer(t *testing.T) {
	end, err := endpoint.New(0, endpoint.Config{})
	if err != nil {
		t.Fatal(err)
	}
	c := &Conn{end: end, here: 1}
	for n := range maxRoutes {
		c.routes = append(c.routes, way{port: new(port), path: transport.Path{Association: uint64(n)}})
	}
	peer := *c.at()
	for n := range 3 * maxRoutes {
		w := way{port: new(port), path: transport.Path{Association: uint64(100 + n)}}
		r := c.route(w)
		if r == endpoint.NoRoute || *c.wayBy(r) != w {
			t.Fatalf("another way has number %d", r)
		}
		if r == c.end.Route(0) || r == c.here || *c.at() != peer {
			t.Fatalf("another way has the number %d, of one that is needed", r)
		}
	}
}
