package tickwire_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
	"github.com/tickwire/tickwire/transport/udp"
)

// TestPathsOverOneSocket: with ids in the packets two paths may go over one socket to one
// address; without them to two addresses of a server with two sockets.
func TestPathsOverOneSocket(t *testing.T) {
	for _, bytes := range []int{0, 2} {
		w := newWorld(t)
		here, there := w.socket(w.address()), w.socket(w.address())
		cfg := tickwire.ServerConfig{Config: config(), Development: true}
		w.simulate(&cfg.Config)
		srv, err := tickwire.Listen(cfg, here, there)
		must(t, err)
		w.add(srv)
		socket := w.socket(w.address())
		client := w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.WireIDBytes = bytes }, socket)
		conn := w.open(client, srv, 1)
		player := players(srv)[0]
		talk := w.talk(conn, player)
		var paths []uint8
		open := func(cfg tickwire.PathConfig) {
			path, err := conn.OpenPath(socket, cfg)
			must(t, err)
			paths = append(paths, path)
		}
		open(tickwire.PathConfig{Server: there.LocalAddr()})
		if bytes > 0 {
			open(tickwire.PathConfig{})
		}
		talk.run(5 * time.Second)
		talk.settle()
		for _, path := range paths {
			if st := player.PathStats(path); st.State != tickwire.PathActive || st.PacketsSent < 50 || st.Remote != socket.PublicAddr() {
				t.Errorf("%d bytes: path %d: %+v", bytes, path, st)
			}
		}
		if st := player.PathStats(paths[0]); st.Local != there.LocalAddr() {
			t.Errorf("path %d comes by %v", paths[0], st.Local)
		}
		if n := client.Stats().Strangers; n > 0 {
			t.Errorf("%d bytes: %d strangers", bytes, n)
		}
	}
}

// TestTwoConnsWithPaths: two connections of one client to two servers, each with a path over
// a socket that both use. It is closed when neither needs it any more.
func TestTwoConnsWithPaths(t *testing.T) {
	w := newWorld(t)
	lobby, match := w.serve(w.address(), nil), w.serve(w.address(), nil)
	client := w.join(nil)
	shared := w.socket(w.address())
	var talks []*talk
	var conns []*tickwire.Conn
	for _, srv := range []*tickwire.Server{lobby, match} {
		conn := w.open(client, srv, 1)
		_, err := conn.OpenPath(shared, tickwire.PathConfig{})
		must(t, err)
		conns = append(conns, conn)
		talks = append(talks, w.talk(conn, players(srv)[0]))
	}
	w.run(5*time.Second, func() bool { talks[0].tick(); return talks[1].tick() })
	for i, conn := range conns {
		talks[i].settle()
		if n := sent(conn, 1); n < 50 {
			t.Errorf("%d packets over the shared socket", n)
		}
	}
	conns[0].ClosePath(1)
	w.run(time.Second, nil)
	if len(client.Stats().Sockets) != 2 {
		t.Error("the shared socket is gone, which the other connection needs")
	}
	conns[1].Close(tickwire.CodeNone, "")
	w.run(10*time.Second, nil)
	if len(client.Stats().Sockets) != 1 {
		t.Error("the shared socket is left, which nobody needs")
	}
	if conns[0].Reason() != (tickwire.Reason{}) {
		t.Errorf("the other connection ended: %v", conns[0].Reason())
	}
}

// A stream is a socket that says that it repairs losses itself.
type stream struct{ *simnet.Socket }

func (stream) Properties(transport.Path) transport.Properties {
	return transport.Properties{Reliable: true}
}

// TestPathReliable: beside an unreliable path a reliable one, on which nothing counts as lost
// however late it comes.
func TestPathReliable(t *testing.T) {
	w := newWorld(t)
	d := w.duo(tickwire.PathConfig{}, 20*time.Millisecond)
	there := stream{w.socket(w.address())}
	path, err := d.conn.OpenPath(there, tickwire.PathConfig{})
	must(t, err)
	d.run(5 * time.Second)
	w.delay(there.Socket, d.srv, 400*time.Millisecond)
	d.run(5 * time.Second)
	d.settle()
	if st := d.conn.PathStats(path); !st.Reliable || st.State != tickwire.PathActive || st.PacketsSent < 50 || st.PacketsLost > 0 {
		t.Errorf("path %d: %+v", path, st)
	}
}

// A live client talks to a Hub that echoes, over real sockets.
type live struct {
	t      *testing.T
	ctx    context.Context
	client *tickwire.Client
	conn   *tickwire.Conn
}

// goLive starts both, and connects them.
func goLive(t *testing.T, socket transport.Socket, doors ...transport.Socket) *live {
	t.Helper()
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: benchConfig(), Development: true}, doors...)
	must(t, err)
	hub := tickwire.NewHub(srv)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	go func() {
		for ev := range hub.Events(ctx) {
			if ev.Kind == tickwire.Message {
				ev.Conn.Send(2, ev.Payload)
			}
		}
	}()
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: benchConfig()}, socket)
	must(t, err)
	t.Cleanup(func() {
		client.Close()
		hub.Close()
		cancel()
	})
	token, err := hub.DevToken(1)
	must(t, err)
	conn, err := client.Connect(token)
	must(t, err)
	l := &live{t, ctx, client, conn}
	l.wait("connected", conn.Open)
	return l
}

// wait drives the client until done.
func (l *live) wait(what string, done func() bool) {
	l.t.Helper()
	for l.client.Update(time.Now()); !done(); l.client.Update(time.Now()) {
		l.client.Flush(time.Now())
		must(l.t, l.client.Wait(time.Now().Add(5*time.Millisecond)))
		if l.ctx.Err() != nil {
			l.t.Fatalf("not %s: %v", what, l.conn.Reason())
		}
	}
}

// echo sends a message and waits until it comes back.
func (l *live) echo() {
	l.t.Helper()
	must(l.t, l.conn.Send(2, []byte("echo")))
	l.wait("echoed", func() bool { _, ok := l.conn.Next(2); return ok })
}

// open opens a path and waits until it is active.
func (l *live) open(socket transport.Socket, cfg tickwire.PathConfig) uint8 {
	l.t.Helper()
	path, err := l.conn.OpenPath(socket, cfg)
	must(l.t, err)
	l.wait("active", func() bool { return l.conn.PathStats(path).State == tickwire.PathActive })
	return path
}

// TestWaitOnFurtherSocket: a loop that waits on one socket waits on a second one too when
// that comes, and on that one alone when the first has failed.
func TestWaitOnFurtherSocket(t *testing.T) {
	first := loopback(t)
	l := goLive(t, first, loopback(t))
	l.echo()
	l.open(loopback(t), tickwire.PathConfig{Use: tickwire.UseReserve})
	l.echo()
	must(t, first.Close())
	for range 3 {
		l.echo()
	}
	if st := l.conn.PathStats(0); st.State != tickwire.PathFailed || len(l.client.Stats().Sockets) != 1 {
		t.Errorf("path 0 is %v, %d sockets are left", st.State, len(l.client.Stats().Sockets))
	}
}

// TestPathLadder: a connection begins on a transport that has no addresses, goes on over UDP,
// where it has to be told the server's address, and leaves the first one; and back.
func TestPathLadder(t *testing.T) {
	inside, err := mem.Listen()
	must(t, err)
	door, first := loopback(t), socketOf(inside.Dial())
	l := goLive(t, first, inside, door)
	l.echo()
	var wrong *tickwire.ConfigError
	if _, err := l.conn.OpenPath(loopback(t), tickwire.PathConfig{}); !errors.As(err, &wrong) || wrong.Field != "Server" {
		t.Errorf("to nowhere: %v", err)
	}
	path := l.open(loopback(t), tickwire.PathConfig{Server: door.LocalAddr()})
	l.conn.ClosePath(0)
	l.echo()
	if l.conn.RemoteAddr() != door.LocalAddr() || l.conn.PathStats(0).State != tickwire.PathClosed {
		t.Errorf("the server is at %v, path 0 is %v", l.conn.RemoteAddr(), l.conn.PathStats(0).State)
	}
	l.open(socketOf(inside.Dial()), tickwire.PathConfig{})
	l.conn.ClosePath(path)
	l.echo()
	if l.conn.RemoteAddr().IsValid() || len(l.client.Stats().Sockets) != 2 {
		t.Errorf("the server is at %v, %d sockets are left", l.conn.RemoteAddr(), len(l.client.Stats().Sockets))
	}
}

func socketOf(s *mem.Socket, err error) *mem.Socket {
	if err != nil {
		panic(err)
	}
	return s
}

// loopback opens a socket.
func loopback(t *testing.T) *udp.Socket {
	t.Helper()
	s, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	return s
}

// TestSessionPath: a Session waits on one socket when another goroutine brings a second one,
// and both are read from then on.
func TestSessionPath(t *testing.T) {
	srv := benchServer(t)
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token, err := srv.DevToken(1)
	must(t, err)
	session := benchSession(t, token)
	defer session.Close()
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	path, err := session.Conn().OpenPath(socket, tickwire.PathConfig{Weight: 200})
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for ev := range session.Events(ctx) {
		if ev.Kind == tickwire.PathChanged && ev.Path == path && ev.PathState == tickwire.PathActive {
			break
		}
	}
	go func() {
		for ev := range hub.Events(ctx) {
			if ev.Kind == tickwire.Message {
				ev.Conn.Send(2, ev.Payload)
			}
		}
	}()
	for range 50 {
		must(t, session.Send(2, []byte("echo")))
		for ev := range session.Events(ctx) {
			if ev.Kind == tickwire.Message {
				break
			}
		}
	}
	if st := session.Conn().PathStats(path); ctx.Err() != nil || st.PacketsReceived == 0 || st.PacketsSent == 0 {
		t.Errorf("%v: %+v", ctx.Err(), st)
	}
	if got := slices.Collect(session.Conn().Paths()); len(got) != 2 || got[1].Local != socket.LocalAddr() {
		t.Errorf("paths %+v", got)
	}
	session.Conn().ClosePath(0)
	must(t, session.Send(2, []byte("echo")))
	for ev := range session.Events(ctx) {
		if ev.Kind == tickwire.Message {
			break
		}
	}
	if ctx.Err() != nil {
		t.Error("nothing comes over the second socket alone")
	}
}
