package tickwire_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// TestPathToAnotherDoor: a server listens on two sockets, of which one is as reliable as a
// stream. A path to that one is reliable for the server, and stays where it is while the other one
// moves more often than a Conn has numbers for ways.
func TestPathToAnotherDoor(t *testing.T) {
	w := newWorld(t)
	near, far := w.socket(w.address()), stream{w.socket(w.address())}
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&cfg.Config)
	srv, err := tickwire.Listen(cfg, near, far)
	must(t, err)
	w.add(srv)
	first, second := w.socket(w.address()), w.socket(w.address())
	client := w.joinOver(nil, first)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	path, err := conn.OpenPath(second, tickwire.PathConfig{Server: far.LocalAddr()})
	must(t, err)
	talk.run(time.Second)
	check := func() {
		t.Helper()
		for _, c := range []*tickwire.Conn{conn, player} {
			st, there := c.PathStats(path), far.LocalAddr()
			if c == player {
				there = second.PublicAddr()
			}
			if st.State != tickwire.PathActive || st.Remote != there || st.Reliable != (c == player) {
				t.Fatalf("%+v", st)
			}
		}
	}
	check()
	for range 90 {
		w.move(first)
		talk.run(200 * time.Millisecond)
	}
	check()
	talk.run(time.Second)
	talk.settle()
	if player.RemoteAddr() != first.PublicAddr() {
		t.Errorf("the player is at %v, not at %v", player.RemoteAddr(), first.PublicAddr())
	}
}

// A repeater is a socket of which somebody else sends what it sends, too, elsewhere and earlier.
type repeater struct {
	*simnet.Socket
	own *simnet.Socket
	to  netip.AddrPort
}

func (r *repeater) Write(ds []transport.Datagram) (int, error) {
	for _, d := range ds {
		d.Path = transport.PathTo(r.to)
		_, _ = r.own.Write([]transport.Datagram{d})
	}
	return r.Socket.Write(ds)
}

// TestPathNotByRepeater: somebody forwards what a player sends to a door of the server that is as
// reliable as a stream. The player stays where he is, and nothing is concluded from the repeater's
// way: neither that the path is reliable, nor that what comes by it has not moved.
func TestPathNotByRepeater(t *testing.T) {
	w := newWorld(t)
	near, far := w.socket(w.address()), stream{w.socket(w.address())}
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&cfg.Config)
	srv, err := tickwire.Listen(cfg, near, far)
	must(t, err)
	w.add(srv)
	nobody := netip.AddrPortFrom(w.address().Addr(), 1)
	socket := &repeater{Socket: w.socket(w.address()), own: w.socket(w.address()), to: nobody}
	quick := simnet.LinkConfig{Delay: 2 * time.Millisecond}
	must(t, w.nw.SetLink(socket.own.LocalAddr().Addr(), far.LocalAddr().Addr(), quick))
	client := w.joinOver(nil, socket)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	talk.run(time.Second)
	socket.to = far.LocalAddr()
	for range 300 {
		talk.run(time.Second / 60)
		if st := player.PathStats(0); st.Reliable || st.Moves != 0 || st.Remote != socket.PublicAddr() {
			t.Fatalf("%+v", st)
		}
	}
	talk.settle()
	if st := player.PathStats(0); st.RoutesRefused < 3 {
		t.Errorf("%d times somebody claimed the path", st.RoutesRefused)
	}
}

// TestServerAddressesAfterRestart: to whom comes back to a server that was started anew its former
// addresses are none, and those that it has now are told.
func TestServerAddressesAfterRestart(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	addresses := []netip.AddrPort{at, w.address()}
	p := &process{w: w, change: func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		cfg.PublicAddresses = addresses
	}}
	p.start(at)
	client := w.join(nil)
	conn := w.open(client, p.srv, 1)
	check := func(want []netip.AddrPort) {
		t.Helper()
		w.run(time.Second, nil)
		if got := conn.ServerAddresses(); !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	}
	check(addresses)
	for _, next := range [][]netip.AddrPort{{at, w.address(), w.address()}, {at}} {
		addresses = next
		p.restart()
		w.until("back", func() bool { return len(players(p.srv)) == 1 && conn.Away() == 0 })
		if len(next) == 1 {
			next = nil
		}
		check(next)
	}
}

// TestServerAddresses: a server with two addresses tells them, and a client opens a path to the
// other one. It does not if it has one, or no use for them; nobody is told at the server.
func TestServerAddresses(t *testing.T) {
	for _, c := range []struct {
		name   string
		doors  int
		paths  int // of the server
		client int
		told   bool
	}{
		{"two", 2, 0, 0, true},
		{"one", 1, 0, 0, false},
		{"one path at the server", 2, 1, 0, false},
		{"a server that stays where it is", 2, -1, 0, false},
		{"a client with one path", 2, 0, 1, true},
		{"as many as there may be", 40, 0, 0, true},
	} {
		w := newWorld(t)
		cfg := tickwire.ServerConfig{Config: config(), Development: true}
		w.simulate(&cfg.Config)
		cfg.MaxPaths = c.paths
		var doors []transport.Socket
		for range c.doors {
			doors = append(doors, w.socket(w.address()))
		}
		srv, err := tickwire.Listen(cfg, doors...)
		must(t, err)
		w.add(srv)
		client := w.join(func(cfg *tickwire.ClientConfig) { cfg.MaxPaths = c.client })
		conn := w.open(client, srv, 1)
		w.run(time.Second/10, nil)
		var want []netip.AddrPort
		if c.told {
			want = srv.PublicAddresses()[:min(c.doors, 32)]
		}
		got := conn.ServerAddresses()
		if !slices.Equal(got, want) || len(players(srv)[0].ServerAddresses()) > 0 {
			t.Errorf("%s: told %v, want %v", c.name, got, want)
		}
		if len(got) == 0 || c.client == 1 {
			continue
		}
		path, err := conn.OpenPath(w.socket(w.address()), tickwire.PathConfig{Server: got[1]})
		must(t, err)
		w.until("active", func() bool { return conn.PathStats(path).State == tickwire.PathActive })
		if st := players(srv)[0].PathStats(path); st.Local != doors[1].LocalAddr() {
			t.Errorf("%s: path %d comes by %v", c.name, path, st.Local)
		}
		got[0] = netip.AddrPort{} // it is the caller's
		if again := conn.ServerAddresses(); !slices.Equal(again, want) {
			t.Errorf("%s: then %v", c.name, again)
		}
	}
}
