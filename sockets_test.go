package tickwire_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport/mem"
	"github.com/tickwire/tickwire/transport/udp"
)

func TestSeveralServers(t *testing.T) {
	w := newWorld(t)
	lobby, match := w.serve(w.address(), nil), w.serve(w.address(), nil)
	client := w.join(nil)
	first, second := w.open(client, lobby, 1), w.open(client, match, 1)
	if conns := slices.Collect(client.Conns()); !slices.Equal(conns, []*tickwire.Conn{first, second}) {
		t.Errorf("connections %v", conns)
	}
	must(t, chat.Send(first, []byte("to the lobby")))
	must(t, chat.Send(second, []byte("to the match")))
	w.run(time.Second, nil)
	for srv, want := range map[*tickwire.Server]string{lobby: "to the lobby", match: "to the match"} {
		if b, _ := players(srv)[0].Next(2); string(b) != want {
			t.Errorf("got %q, want %q", b, want)
		}
	}
	t.Log("# the end of one is not the end of the other")
	must(t, lobby.Close())
	w.remove(lobby)
	wantCode(t, w.ends(client, first), tickwire.CodeGoingAway, true)
	if !second.Open() {
		t.Error("both ended")
	}
}

func TestOneServerTwice(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	client := w.join(nil)
	w.open(client, srv, 1)
	t.Log("# two connections to one server over one socket could not be told apart")
	token, err := srv.DevToken(2)
	must(t, err)
	var e *tickwire.ConfigError
	if _, err := client.Connect(token); !errors.As(err, &e) || e.Field != "WireIDBytes" {
		t.Errorf("error %v", err)
	}
	t.Log("# unless their packets carry ids")
	bots := w.join(func(cfg *tickwire.ClientConfig) { cfg.WireIDBytes = 2 })
	var conns []*tickwire.Conn
	for player := range uint64(20) {
		conns = append(conns, w.dial(bots, srv, 10+player))
	}
	w.until("connected", func() bool { return len(players(srv)) == 21 })
	for _, c := range players(srv) {
		must(t, chat.Send(c, []byte{byte(c.ClientID())}))
	}
	w.run(time.Second, nil)
	for i, c := range conns {
		if b, _ := c.Next(2); len(b) != 1 || b[0] != byte(10+i) {
			t.Errorf("player %d got %v", 10+i, b)
		}
	}
	if n := bots.Stats().Strangers; n != 0 {
		t.Errorf("%d packets of strangers", n)
	}
	t.Log("# the server forgets them all")
	must(t, srv.Close())
	w.remove(srv)
	w.run(time.Second, nil)
	for _, c := range conns {
		wantCode(t, c.Reason(), tickwire.CodeGoingAway, true)
	}
}

// TestReconnectAtOnce: a connection that still says goodbye does not hinder the next one.
func TestReconnectAtOnce(t *testing.T) {
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 50 * time.Millisecond, Loss: 0.2}))
	srv, client := w.serve(w.address(), nil), w.join(nil)
	for player := range uint64(10) {
		conn := w.open(client, srv, player+1)
		must(t, chat.Send(conn, []byte("hello")))
		conn.Close(tickwire.CodeApplication, "next")
		next := w.dial(client, srv, 100+player)
		w.until("connected", next.Open)
		next.Close(tickwire.CodeNone, "")
	}
	w.run(10*time.Second, nil)
	if st := client.Stats(); st.Conns != 0 || st.Buffers.InUse != 0 {
		t.Errorf("%d connections, %d buffers", st.Conns, st.Buffers.InUse)
	}
}

// TestHostAndPlay: a game that serves others over UDP, and plays itself within the process.
func TestHostAndPlay(t *testing.T) {
	outside, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	inside, err := mem.Listen()
	must(t, err)
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true}, inside, outside)
	must(t, err)
	defer srv.Close()
	mine, err := inside.Dial()
	must(t, err)
	theirs, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	host, err := tickwire.NewClient(tickwire.ClientConfig{Config: config()}, mine)
	must(t, err)
	defer host.Close()
	guest, err := tickwire.NewClient(tickwire.ClientConfig{Config: config()}, theirs)
	must(t, err)
	defer guest.Close()
	var conns []*tickwire.Conn
	for i, c := range []*tickwire.Client{host, guest} {
		token, err := srv.DevToken(uint64(i) + 1)
		must(t, err)
		conn, err := c.Connect(token)
		must(t, err)
		conns = append(conns, conn)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	echoed := map[string]bool{}
	for tick := range srv.Ticks(ctx, 100) {
		for _, d := range []driver{srv, host, guest} {
			d.Update(tick.Now)
			for ev := range d.Events() {
				if ev.Kind == tickwire.Connected && d == srv {
					must(t, chat.Send(ev.Conn, []byte{byte(ev.Conn.ClientID())}))
				}
			}
		}
		for i, conn := range conns {
			for b := range chat.Receive(conn) {
				echoed[string(b)] = int(b[0]) == i+1
			}
		}
		for _, d := range []driver{srv, host, guest} {
			d.Flush(tick.Now)
		}
		if len(echoed) == 2 {
			break
		}
	}
	if !echoed["\x01"] || !echoed["\x02"] {
		t.Errorf("heard %v", echoed)
	}
	if a := conns[0].RemoteAddr(); a.IsValid() {
		t.Errorf("an address within the process: %v", a)
	}
}

func TestTwoSockets(t *testing.T) {
	w := newWorld(t)
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&cfg.Config)
	here, there := w.socket(w.address()), w.socket(w.address())
	srv, err := tickwire.Listen(cfg, here, there)
	must(t, err)
	w.add(srv)
	t.Log("# a client with two sockets of its own holds a connection over each, to a socket each")
	ccfg := tickwire.ClientConfig{Config: config()}
	w.simulate(&ccfg.Config)
	a, b := w.socket(w.address()), w.socket(w.address())
	client, err := tickwire.NewClient(ccfg, a, b)
	must(t, err)
	w.add(client)
	first := w.open(client, srv, 1)
	must(t, w.nw.Rebind(here.LocalAddr(), w.address())) // so that the second ticket is used
	token, err := srv.DevToken(2)
	must(t, err)
	second, err := client.ConnectOver(b, token)
	must(t, err)
	w.until("connected", second.Open)
	if first.RemoteAddr() != here.LocalAddr() || second.RemoteAddr() != there.LocalAddr() {
		t.Errorf("connected to %v and %v", first.RemoteAddr(), second.RemoteAddr())
	}
	st := srv.Stats().Sockets
	if len(st) != 2 || st[0].Received == 0 || st[1].Sent == 0 {
		t.Errorf("sockets %+v", st)
	}
	if _, err := client.ConnectOver(here, token); err == nil {
		t.Error("connected over a socket of somebody else")
	}
}

func TestMaxReadsPerCall(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxReadsPerCall = 3 })
	client := w.join(nil)
	conn := w.open(client, srv, 1)
	for range 20 {
		must(t, conn.Send(2, make([]byte, 1000)))
	}
	client.Flush(w.nw.Now())
	w.nw.Advance(time.Second)
	before := srv.Stats().Sockets[0].Received
	srv.Service(w.nw.Now())
	if n := srv.Stats().Sockets[0].Received - before; n != 3 {
		t.Errorf("read %d datagrams in a call, want 3", n)
	}
}

func TestMaxEvents(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	client := w.join(func(cfg *tickwire.ClientConfig) { cfg.MaxEvents = 10 })
	conn := w.open(client, srv, 1)
	for range 100 {
		_, err := conn.SendWith(2, []byte{1}, tickwire.SendOptions{Receipt: true})
		must(t, err)
	}
	client.Flush(w.nw.Now())
	w.service(w.nw.Now().Add(time.Second))
	client.Update(w.nw.Now())
	conn.Close(tickwire.CodeNone, "")
	client.Update(w.nw.Now())
	events := slices.Collect(client.Events())
	if n := client.Stats().EventsDropped; n != 90 || len(events) != 11 || events[10].Kind != tickwire.Disconnected {
		t.Errorf("%d dropped, %d taken", n, len(events))
	}
}
