package tickwire_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A duo is a connection over two sockets of its client, and what is said over it.
type duo struct {
	*talk
	srv           *tickwire.Server
	client        *tickwire.Client
	conn, player  *tickwire.Conn
	first, second *simnet.Socket
	path          uint8 // over the second socket
}

// duo connects over one socket, opens a path over another one, and waits until that is
// active on both sides. The second line has a delay of its own.
func (w *world) duo(cfg tickwire.PathConfig, delay time.Duration) *duo {
	w.t.Helper()
	d := &duo{first: w.socket(w.address()), second: w.socket(w.address())}
	d.srv = w.serve(w.address(), nil)
	w.delay(d.second, d.srv, delay)
	d.client = w.joinOver(nil, d.first)
	d.conn = w.open(d.client, d.srv, 1)
	d.player = players(d.srv)[0]
	d.talk = w.talk(d.conn, d.player)
	d.talk.run(time.Second)
	var err error
	d.path, err = d.conn.OpenPath(d.second, cfg)
	must(w.t, err)
	w.until("both paths active", func() bool {
		d.tick()
		return d.conn.PathStats(d.path).State == tickwire.PathActive && d.player.PathStats(d.path).State == tickwire.PathActive
	})
	return d
}

// delay sets that of the line between a socket and a server.
func (w *world) delay(s *simnet.Socket, srv *tickwire.Server, d time.Duration) {
	w.t.Helper()
	at := srv.PublicAddresses()[0].Addr()
	must(w.t, w.nw.SetLink(s.PublicAddr().Addr(), at, simnet.LinkConfig{Delay: d}))
	must(w.t, w.nw.SetLink(at, s.PublicAddr().Addr(), simnet.LinkConfig{Delay: d}))
}

// sent are the packets that each path of a Conn has sent.
func sent(c *tickwire.Conn, path uint8) uint64 { return c.PathStats(path).PacketsSent }

// TestTwoPaths: messages take turns over two lines of 20 and 80 ms; nothing is lost or
// doubled, nothing counts as lost, and each has its own round trip.
func TestTwoPaths(t *testing.T) {
	w := newWorld(t)
	d := w.duo(tickwire.PathConfig{}, 80*time.Millisecond)
	d.run(20 * time.Second)
	d.settle()
	for _, c := range []*tickwire.Conn{d.conn, d.player} {
		a, b := c.PathStats(0), c.PathStats(d.path)
		if a.PacketsSent < 300 || b.PacketsSent < 300 || a.BytesReceived == 0 || b.BytesReceived == 0 {
			t.Errorf("sent %d and %d packets", a.PacketsSent, b.PacketsSent)
		}
		if a.RTT > 60*time.Millisecond || b.RTT < 160*time.Millisecond || b.RTT > 230*time.Millisecond {
			t.Errorf("round trips of %v and %v", a.RTT, b.RTT)
		}
		if a.PacketsLost+b.PacketsLost != 0 || c.Stats().PacketsLost != 0 {
			t.Errorf("%d and %d packets lost on lines that lose none", a.PacketsLost, b.PacketsLost)
		}
	}
	st := slices.Collect(d.conn.Paths())
	if len(st) != 2 || st[0].Path != 0 || st[1].Path != d.path ||
		st[0].Local != d.first.LocalAddr() || st[1].Local != d.second.LocalAddr() || st[1].Remote != d.srv.PublicAddresses()[0] {
		t.Errorf("paths %+v", st)
	}
	if got := d.player.PathStats(d.path); got.Remote != d.second.PublicAddr() || d.player.RemoteAddr() != d.first.PublicAddr() {
		t.Errorf("the server sees path %d at %v, and the player at %v", d.path, got.Remote, d.player.RemoteAddr())
	}
	for _, who := range []driver{d.srv, d.client} {
		if got := w.pathStates(who); !slices.Equal(got, []string{"1 active"}) {
			t.Errorf("%T was told %v", who, got)
		}
	}
}

// TestPathCopies: every message goes over both lines, and the first copy wins: the slow one
// costs nothing but bytes, and neither of them losing a third of everything loses an input.
func TestPathCopies(t *testing.T) {
	w := newWorld(t)
	d := w.duo(tickwire.PathConfig{Use: tickwire.UseCopy}, 20*time.Millisecond)
	at := d.srv.PublicAddresses()[0].Addr()
	for _, s := range []*simnet.Socket{d.first, d.second} {
		lossy := simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: 0.3}
		must(t, w.nw.SetLink(s.PublicAddr().Addr(), at, lossy))
		must(t, w.nw.SetLink(at, s.PublicAddr().Addr(), lossy))
	}
	d.run(20 * time.Second)
	d.settle()
	if d.conn.PathStats(d.path).Copies < 600 || d.player.PathStats(d.path).Copies < 600 {
		t.Errorf("%d and %d copies in 1200 ticks", d.conn.PathStats(d.path).Copies, d.player.PathStats(d.path).Copies)
	}
}

// TestPathReserve: a path in reserve carries nothing but its acknowledgements until the other
// one is dead; then everything goes there, and back when that lives again.
func TestPathReserve(t *testing.T) {
	w := newWorld(t)
	d := w.duo(tickwire.PathConfig{Use: tickwire.UseReserve}, 20*time.Millisecond)
	before := sent(d.conn, d.path) + sent(d.player, d.path)
	d.run(5 * time.Second)
	if n := sent(d.conn, d.path) + sent(d.player, d.path) - before; n > 20 {
		t.Errorf("%d packets over the path in reserve", n)
	}
	w.cut(d.first, d.srv, true)
	d.forgetGaps()
	d.run(5 * time.Second)
	if d.conn.PathStats(0).State != tickwire.PathFailed || d.player.PathStats(0).State != tickwire.PathFailed {
		t.Errorf("path 0 is %v and %v", d.conn.PathStats(0).State, d.player.PathStats(0).State)
	}
	if d.player.RemoteAddr() != d.second.PublicAddr() {
		t.Errorf("the player is at %v", d.player.RemoteAddr())
	}
	t.Logf("a dead path: nothing came for %v up, %v down", d.up.gap, d.down.gap)
	if d.up.gap > 300*time.Millisecond || d.down.gap > 300*time.Millisecond {
		t.Errorf("nothing came for %v up, %v down", d.up.gap, d.down.gap)
	}
	w.cut(d.first, d.srv, false)
	w.until("the first path lives again", func() bool {
		d.tick()
		return d.conn.PathStats(0).State == tickwire.PathActive && d.player.PathStats(0).State == tickwire.PathActive
	})
	before = sent(d.conn, d.path)
	d.run(5 * time.Second)
	d.settle()
	if n := sent(d.conn, d.path) - before; n > 40 || d.player.RemoteAddr() != d.first.PublicAddr() {
		t.Errorf("%d packets over the path in reserve, the player at %v", n, d.player.RemoteAddr())
	}
}

// TestPathSet: what a path is for may change, and both sides follow; and it may be closed by
// either.
func TestPathSet(t *testing.T) {
	w := newWorld(t)
	d := w.duo(tickwire.PathConfig{}, 20*time.Millisecond)
	must(t, d.conn.SetPath(d.path, tickwire.PathConfig{Weight: 9}))
	d.run(time.Second)
	before := [2]uint64{sent(d.player, 0), sent(d.player, d.path)}
	d.run(10 * time.Second)
	if a, b := sent(d.player, 0)-before[0], sent(d.player, d.path)-before[1]; b < 2*a {
		t.Errorf("with the weights 1 and 9 the server sent %d and %d packets", a, b)
	}
	var e *tickwire.PathError
	if err := d.conn.SetPath(5, tickwire.PathConfig{}); !errors.As(err, &e) || !errors.Is(err, tickwire.ErrNoPath) {
		t.Errorf("of a path that there is not: %v", err)
	}
	var wrong *tickwire.ConfigError
	if err := d.conn.SetPath(d.path, tickwire.PathConfig{Weight: 256}); !errors.As(err, &wrong) || wrong.Field != "Weight" {
		t.Errorf("too much weight: %v", err)
	}
	d.player.ClosePath(d.path)
	w.until("closed", func() bool {
		d.tick()
		return d.conn.PathStats(d.path).State == tickwire.PathClosed && d.player.PathStats(d.path).State == tickwire.PathClosed
	})
	d.run(time.Second)
	d.settle()
	if n := len(d.client.Stats().Sockets); n != 1 {
		t.Errorf("%d sockets are left, of which one is needed", n)
	}
	if _, err := d.second.Write(nil); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("the socket of the path is open: %v", err)
	}
	t.Log("# the number of a path serves again, and its packet numbers go on")
	for range 10 {
		path, err := d.conn.OpenPath(w.socket(w.address()), tickwire.PathConfig{})
		must(t, err)
		w.until("active", func() bool { d.tick(); return d.player.PathStats(path).State == tickwire.PathActive })
		d.run(time.Second / 2)
		d.conn.ClosePath(path)
		w.until("closed", func() bool { d.tick(); return d.player.PathStats(path).State == tickwire.PathClosed })
		if path >= 4 {
			t.Errorf("path %d of 4", path)
		}
	}
	d.settle()
}

// TestPathLeftAlone: the last path cannot be closed, but the connection can.
func TestPathLeftAlone(t *testing.T) {
	w := newWorld(t)
	d := w.duo(tickwire.PathConfig{}, 20*time.Millisecond)
	d.conn.ClosePath(0)
	d.conn.ClosePath(d.path)
	d.run(time.Second)
	d.settle()
	if len(slices.Collect(d.conn.Paths())) != 1 || len(slices.Collect(d.player.Paths())) != 1 {
		t.Error("more or less than one path is left")
	}
	if d.player.RemoteAddr() != d.second.PublicAddr() || len(d.client.Stats().Sockets) != 2 {
		t.Errorf("the player is at %v, over %d sockets", d.player.RemoteAddr(), len(d.client.Stats().Sockets))
	}
	d.conn.Close(tickwire.CodeNone, "")
	w.until("over", func() bool { return d.player.Reason() != tickwire.Reason{} })
	wantCode(t, d.player.Reason(), tickwire.CodeNone, true)
}

// TestPathErrors: what OpenPath refuses, why, and what becomes of the socket.
func TestPathErrors(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	first, spare := w.socket(w.address()), w.socket(w.address())
	client := w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.MaxSockets, cfg.MaxPaths = 3, 3 }, first)
	conn := w.dial(client, srv, 1)
	refused := func(c *tickwire.Conn, s transport.Socket, what string) {
		t.Helper()
		var cfg *tickwire.ConfigError
		_, err := c.OpenPath(s, tickwire.PathConfig{})
		switch {
		case errors.As(err, &cfg) && cfg.Field == what:
		case err == nil || err.Error() != what:
			t.Errorf("error %v, want %s", err, what)
		}
	}
	refused(conn, spare, "tickwire: not connected yet: Connected comes first")
	if _, err := spare.Write(nil); !errors.Is(err, transport.ErrClosed) {
		t.Error("a socket that was not taken is left open")
	}
	w.until("connected", func() bool { return conn.Open() && len(players(srv)) == 1 })
	refused(conn, nil, "socket")
	refused(conn, first, "WireIDBytes")
	if _, err := first.Write(nil); err != nil {
		t.Error("a socket that is in use was closed")
	}
	if _, err := players(srv)[0].OpenPath(w.socket(w.address()), tickwire.PathConfig{}); err != tickwire.ErrServerPath {
		t.Errorf("at a server: %v", err)
	}
	for range 2 {
		path, err := conn.OpenPath(w.socket(w.address()), tickwire.PathConfig{})
		must(t, err)
		w.until("active", func() bool { return conn.PathStats(path).State == tickwire.PathActive })
	}
	refused(conn, w.socket(w.address()), "MaxSockets")
	conn.Close(tickwire.CodeNone, "")
	refused(conn, w.socket(w.address()), "tickwire: the connection has ended: Conn.Reason says why")
	t.Log("# more paths than either side has")
	small := w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.MaxPaths = 1 }, w.socket(w.address()))
	conn = w.dial(small, srv, 2)
	w.until("connected", conn.Open)
	if _, err := conn.OpenPath(w.socket(w.address()), tickwire.PathConfig{}); !errors.Is(err, tickwire.ErrPaths) {
		t.Errorf("a second path of one: %v", err)
	}
	t.Log("# as many sockets as are allowed")
	cfg := tickwire.ClientConfig{Config: config(), MaxSockets: 1}
	var e *tickwire.ConfigError
	if _, err := tickwire.NewClient(cfg, w.socket(w.address()), w.socket(w.address())); !errors.As(err, &e) || e.Field != "MaxSockets" {
		t.Errorf("two sockets of one: %v", err)
	}
}

// A crossing is a socket that sends what goes to one address to another one.
type crossing struct {
	*simnet.Socket
	from, to netip.AddrPort
}

func (s *crossing) Write(ds []transport.Datagram) (int, error) {
	ds = slices.Clone(ds)
	for i := range ds {
		if ds[i].Path.Remote == s.from {
			ds[i].Path.Remote = s.to
		}
	}
	return s.Socket.Write(ds)
}

// TestPathAstray: packets of a path whose socket is gone come by the socket of another one.
// Nobody answers where there is no way, and the connection goes on.
func TestPathAstray(t *testing.T) {
	w := newWorld(t)
	first, second := w.socket(w.address()), w.socket(w.address())
	door := &crossing{Socket: w.socket(w.address()), from: second.PublicAddr(), to: first.PublicAddr()}
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&cfg.Config)
	srv, err := tickwire.Listen(cfg, door)
	must(t, err)
	w.add(srv)
	client := w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.WireIDBytes = 2 }, first)
	conn := w.open(client, srv, 1)
	talk := w.talk(conn, players(srv)[0])
	path, err := conn.OpenPath(second, tickwire.PathConfig{})
	must(t, err)
	talk.run(2 * time.Second)
	if st := conn.PathStats(path); st.State != tickwire.PathActive {
		t.Fatalf("the path is %v", st.State)
	}
	second.Close()
	talk.run(20 * time.Second)
	talk.settle()
	if st := conn.PathStats(path); st.State != tickwire.PathFailed || st.Remote.IsValid() {
		t.Errorf("the path is %v, to %v", st.State, st.Remote)
	}
}

// TestPathNowhere: a path where nobody answers is closed, and its socket too.
func TestPathNowhere(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.open(client, srv, 1)
	talk := w.talk(conn, players(srv)[0])
	deaf := w.socket(w.address())
	w.cut(deaf, srv, true)
	path, err := conn.OpenPath(deaf, tickwire.PathConfig{})
	must(t, err)
	w.until("given up", func() bool { talk.tick(); return conn.PathStats(path).State == tickwire.PathClosed })
	talk.run(time.Second / 10)
	talk.settle()
	if _, err := deaf.Write(nil); !errors.Is(err, transport.ErrClosed) || len(client.Stats().Sockets) != 1 {
		t.Errorf("the socket is left open: %v", err)
	}
	if got := w.pathStates(client); !slices.Equal(got, []string{"1 closed"}) || len(w.pathStates(srv)) > 0 {
		t.Errorf("told %v and %v", got, w.pathStates(srv))
	}
}
