package tickwire_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// TestSeatKept: the seat of a player who is gone is taken, as long as it is kept; then it is
// given to the next one.
func TestSeatKept(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { keeping(cfg); cfg.MaxClients = 2 })
	socket := w.socket(w.address())
	client := w.joinOver(nil, socket)
	_, ticket := w.ticketed(client, srv, 1)
	player := players(srv)[0]
	w.perish(client, socket)
	w.until("away", func() bool { return player.Away() > 0 })
	if kept := player.Away(); kept < 29*time.Second || kept > 30*time.Second {
		t.Errorf("kept for %v", kept)
	}
	must(t, srv.Reserve(7, w.nw.Now().Add(time.Minute)))
	wantSeats(t, srv.Stats(), 1, 1)
	if _, r := w.enters(srv, 2); r.Code != tickwire.CodeFull {
		t.Errorf("another player: %v", r)
	}
	if _, conn := w.resume(ticket); !conn.Open() || player.Away() != 0 {
		t.Errorf("the player: %v, away for %v", conn.Reason(), player.Away())
	}
	w.remove(w.drivers[len(w.drivers)-1].(*tickwire.Client))
	w.run(39*time.Second, nil)
	if player.Away() <= 0 || player.Away() > 2*time.Second {
		t.Errorf("away for %v more", player.Away())
	}
	w.until("given up", func() bool { return player.Reason() != tickwire.Reason{} })
	wantCode(t, player.Reason(), tickwire.CodeTimeout, false)
	if conn, r := w.enters(srv, 3); !conn.Open() {
		t.Errorf("the seat is not free: %v", r)
	}
	w.wantKinds(srv, "Connected false", "Away", "Back false", "Away", "Disconnected", "Connected false")
}

// TestReplacedWhileAway: a player comes with a new token while he is away. The older connection is
// over, whoever of the two the server keeps in general, and its ticket is of no use any more.
func TestReplacedWhileAway(t *testing.T) {
	for _, oldest := range []bool{false, true} {
		w := newWorld(t)
		srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { keeping(cfg); cfg.KeepOldest = oldest })
		socket := w.socket(w.address())
		client := w.joinOver(nil, socket)
		conn, _ := w.ticketed(client, srv, 1)
		player := players(srv)[0]
		w.cut(socket, srv, true)
		w.run(3*time.Second, nil)
		if _, r := w.enters(srv, 1); oldest != (r.Code == tickwire.CodeConnected) {
			t.Errorf("while nobody knows that he is gone: %v", r)
		}
		if oldest {
			w.until("away", func() bool { return player.Away() > 0 })
			w.enters(srv, 1)
		}
		wantCode(t, player.Reason(), tickwire.CodeReplaced, false)
		next := players(srv)
		w.until("the client knows that it is away", func() bool { return conn.Away() > 0 })
		w.cut(socket, srv, false)
		r := w.ends(client, conn)
		if r.Code != tickwire.CodeUsed && r.Code != tickwire.CodeReplaced {
			t.Errorf("the older one: %v", r)
		}
		if now := players(srv); len(now) != 1 || len(next) != 1 || now[0] != next[0] {
			t.Errorf("%d players", len(now))
		}
	}
}

// TestComebackCopied: somebody on the way sends copies of all that a client sends, and it of his own
// accord again and again, from addresses of his own, while the player is away, and comes back.
// He moves nobody, is let in nowhere, and keeps nobody out.
func TestComebackCopied(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), keeping)
	to := transport.PathTo(srv.PublicAddresses()[0])
	thief := w.socket(w.address())
	must(t, w.nw.SetLink(thief.PublicAddr().Addr(), to.Remote.Addr(), simnet.LinkConfig{Delay: time.Millisecond}))
	var seen [][]byte
	tell := func(b []byte) {
		_, err := thief.Write([]transport.Datagram{{Path: to, Bytes: bytes.Clone(b)}})
		must(t, err)
	}
	home := &wiretap{Socket: w.socket(w.address()), see: func(b []byte) { seen = append(seen, b); tell(b) }}
	client := w.joinOver(nil, home)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	talk.run(time.Second)
	ds, answers := make([]transport.Datagram, 64), 0
	for _, gone := range []time.Duration{11, 14, 15, 18} {
		w.cut(home.Socket, srv, true)
		w.run(gone*time.Second, func() bool { // copies of RESUME arrive, and none of the answers
			for n, _ := thief.Read(ds); n > 0; n, _ = thief.Read(ds) {
				for _, d := range ds[:n] {
					answers++
					must(t, forward(thief, home.PublicAddr(), d.Bytes))
				}
			}
			return false
		})
		if conn.Away() == 0 || player.RemoteAddr() != home.PublicAddr() {
			t.Fatalf("away for %v; the player is at %v", conn.Away(), player.RemoteAddr())
		}
		w.cut(home.Socket, srv, false)
		w.until("back", func() bool { return player.Away()+conn.Away() == 0 })
		for _, b := range seen[max(0, len(seen)-500):] {
			tell(b)
		}
		seen = nil
		talk.run(2 * time.Second)
		if player.RemoteAddr() != home.PublicAddr() || len(players(srv)) != 1 {
			t.Fatalf("the player is at %v, %d players", player.RemoteAddr(), len(players(srv)))
		}
	}
	talk.settle()
	t.Logf("resumed %d times; the thief was answered %d times", srv.Stats().Resumed, answers)
	if n := srv.Stats().Resumed; n == 0 || n > 4 || srv.Stats().Seats.Taken != 1 {
		t.Errorf("resumed %d times, seats %+v", n, srv.Stats().Seats)
	}
}

func forward(s *simnet.Socket, to netip.AddrPort, b []byte) error {
	_, err := s.Write([]transport.Datagram{{Path: transport.PathTo(to), Bytes: bytes.Clone(b)}})
	return err
}

// TestResumeOff: a server that keeps no seats gives no tickets, and says nothing on the library's
// own channel; a client that does not want to come back ends with its timeout.
func TestResumeOff(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	socket := w.socket(w.address())
	client := w.joinOver(nil, socket)
	conn := w.open(client, srv, 1)
	talk := w.talk(conn, players(srv)[0])
	talk.run(5 * time.Minute)
	for _, c := range []*tickwire.Conn{conn, players(srv)[0]} {
		if st := c.ChannelStats(0); st != (tickwire.ChannelStats{}) || c.Ticket() != nil {
			t.Errorf("channel 0: %+v, ticket % x", st, c.Ticket())
		}
	}
	w.cut(socket, srv, true)
	wantCode(t, w.ends(client, conn), tickwire.CodeTimeout, false)
	for _, drv := range []driver{srv, client} {
		w.wantKinds(drv, "Connected false", "Disconnected")
	}
	t.Log("# the server keeps seats, the client does not come back")
	keeper := w.process(keeping)
	socket = w.socket(w.address())
	client = w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.ResumeFor = -1 }, socket)
	conn, ticket := w.ticketed(client, keeper.srv, 1)
	keeper.restart()
	wantCode(t, w.ends(client, conn), tickwire.CodeForgotten, false)
	w.wantKinds(client, "Connected false", "Disconnected")
	if _, again := w.resume(ticket); !again.Open() {
		t.Errorf("its game may, with the ticket: %v", again.Reason())
	}
}

// TestResumeFor: a client tries for so long, whatever the ticket would allow, and then ends with
// the reason that it had.
func TestResumeFor(t *testing.T) {
	for _, killed := range []bool{false, true} {
		w := newWorld(t)
		p := w.process(keeping)
		socket := w.socket(w.address())
		client := w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.ResumeFor = 7 * time.Second }, socket)
		conn, _ := w.ticketed(client, p.srv, 1)
		code := tickwire.CodeTimeout
		if killed { // and only somebody says so who knows the keys no more
			code = tickwire.CodeForgotten
			p.change = func(cfg *tickwire.ServerConfig) {
				keeping(cfg)
				cfg.Admit = func(tickwire.Applicant) error { return &tickwire.Refusal{Code: tickwire.CodeFull} }
			}
			p.restart()
		} else {
			w.cut(socket, p.srv, true)
		}
		w.until("away", func() bool { return conn.Away() > 0 })
		began := w.nw.Now()
		if left := conn.Away(); left > 7*time.Second || left < 6*time.Second {
			t.Errorf("kept for %v", left)
		}
		wantCode(t, w.ends(client, conn), code, false)
		if took := w.nw.Now().Sub(began); took < 6*time.Second || took > 8*time.Second {
			t.Errorf("ended after %v", took)
		}
	}
}

// TestResumeUntil: without ResumeFor, or with a long one, a client tries as long as its ticket is good, and
// no longer.
func TestResumeUntil(t *testing.T) {
	for _, most := range []time.Duration{0, time.Hour} {
		resumeUntil(t, most)
	}
}

func resumeUntil(t *testing.T, most time.Duration) {
	w := newWorld(t)
	srv := w.serve(w.address(), keeping)
	socket := w.socket(w.address())
	client := w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.ResumeFor = most }, socket)
	conn, _ := w.ticketed(client, srv, 1)
	w.run(95*time.Second, nil)
	w.cut(socket, srv, true)
	w.run(100*time.Second, nil) // of the 200 s that the ticket lives about 5 are left
	if left := conn.Away(); left < 3*time.Second || left > 7*time.Second {
		t.Errorf("kept for %v", left)
	}
	wantCode(t, w.ends(client, conn), tickwire.CodeTimeout, false)
}

// TestResumeRedial: the socket is of no use any more, and the player comes back over another one.
func TestResumeRedial(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), keeping)
	first, networks := w.socket(w.address()), 0
	var dialed []*simnet.Socket
	client := w.joinOver(func(cfg *tickwire.ClientConfig) {
		cfg.Redial = func(tickwire.Redial) (transport.Socket, error) {
			if networks++; networks < 6 {
				return nil, errors.New("no network")
			}
			dialed = append(dialed, w.socket(w.address()))
			return dialed[len(dialed)-1], nil
		}
	}, first)
	conn, _ := w.ticketed(client, srv, 1)
	d := w.talk(conn, players(srv)[0])
	d.run(time.Second)
	w.cut(first, srv, true)
	w.until("back", func() bool { d.tick(); return len(dialed) > 0 && conn.Away()+players(srv)[0].Away() == 0 })
	d.settle()
	if len(dialed) != 1 || players(srv)[0].RemoteAddr() != dialed[0].PublicAddr() || srv.Stats().Resumed != 1 {
		t.Errorf("dialed %d times, resumed %d times", len(dialed), srv.Stats().Resumed)
	}
	w.run(5*time.Second, nil)
	if n := len(client.Stats().Sockets); n != 2 {
		t.Errorf("%d sockets are left", n)
	}
}

// TestDrainWhileAway: what was sent to a player who is away arrives when he comes back while his
// connection drains.
func TestDrainWhileAway(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), keeping)
	socket := w.socket(w.address())
	client := w.joinOver(nil, socket)
	conn, _ := w.ticketed(client, srv, 1)
	player := players(srv)[0]
	w.cut(socket, srv, true)
	w.until("away", func() bool { return conn.Away() > 0 && player.Away() > 0 })
	for i := range 100 {
		must(t, chat.Send(player, fmt.Appendf(nil, "line %d", i)))
	}
	player.Drain(tickwire.CodeApplication, "the end", 20*time.Second)
	w.run(2*time.Second, nil)
	w.move(socket) // where nothing is cut
	n := 0
	w.until("over", func() bool {
		for range chat.Receive(conn) {
			n++
		}
		return conn.Reason() != tickwire.Reason{}
	})
	wantCode(t, conn.Reason(), tickwire.CodeApplication, true)
	if n != 100 || w.last(srv).Undelivered != 0 {
		t.Errorf("%d of 100 lines came, %d are undelivered", n, w.last(srv).Undelivered)
	}
}

// TestTicketCost: what tickets cost in bytes, in the first minute and per hour; and nothing else
// than tickets is sent because of them.
func TestTicketCost(t *testing.T) {
	sent := func(change func(*tickwire.ServerConfig)) (minute, hour uint64, tickets int, size int) {
		w := newWorld(t)
		srv := w.serve(w.address(), change)
		client := w.join(nil)
		conn := w.open(client, srv, 1)
		player, last := players(srv)[0], ""
		both := func() uint64 { return player.Stats().BytesSent + player.Stats().BytesReceived }
		look := func() bool {
			if b := string(conn.Ticket()); b != last {
				last, size = b, len(b)
				tickets++
			}
			must(t, inputs.Send(conn, input{1, 2}))
			must(t, inputs.Send(player, input{1, 2}))
			return false
		}
		w.run(10*time.Second, look)
		minute = both()
		w.run(10*time.Minute, look)
		return minute, both() - minute, tickets, size
	}
	first0, later0, none, _ := sent(nil)
	first, later, tickets, size := sent(keeping)
	t.Logf("the first ticket costs %d bytes on the wire, %d more in ten minutes %d bytes; a client stores %d bytes",
		first-first0, tickets-1, int64(later)-int64(later0), size)
	if none != 0 || tickets != 1+6 || first-first0 > 600 || int64(later)-int64(later0) > 10*600 {
		t.Errorf("%d tickets, %d bytes and %d", tickets, first-first0, int64(later)-int64(later0))
	}
}

// TestLineDiesAgain: the line dies again and again, each time a little after it came back: while
// the player is let in, and before or after he has heard of it. He is always back in the
// end, with everything that was said.
func TestLineDiesAgain(t *testing.T) {
	var resumed uint64
	for seed := range 40 {
		w := newWorld(t)
		must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond}))
		srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { keeping(cfg); cfg.KeepSeats = 3 * time.Minute })
		socket := w.socket(w.address())
		client := w.joinOver(nil, socket)
		conn, _ := w.ticketed(client, srv, 1)
		player := players(srv)[0]
		talk := w.talk(conn, player)
		talk.run(time.Second)
		for round := range 3 {
			w.cut(socket, srv, true)
			w.run(12*time.Second, nil)
			w.cut(socket, srv, false)
			w.service(w.nw.Now().Add(time.Duration(20*(seed%10)+5+round*3+seed) * time.Millisecond))
		}
		if r := conn.Reason(); r != (tickwire.Reason{}) || player.Reason() != r {
			t.Fatalf("seed %d: %v and %v, after %d comebacks, told %v", seed, r, player.Reason(), srv.Stats().Resumed, w.kinds(client))
		}
		w.cut(socket, srv, true)
		talk.run(12 * time.Second)
		w.cut(socket, srv, false)
		w.until("back", func() bool {
			if conn.Reason() != (tickwire.Reason{}) {
				t.Fatalf("seed %d: %v, after %d comebacks", seed, conn.Reason(), srv.Stats().Resumed)
			}
			return conn.Away()+player.Away() == 0
		})
		talk.settle()
		resumed += srv.Stats().Resumed
		must(t, srv.Close())
	}
	t.Logf("%d comebacks", resumed)
}

// TestResumePaths: a Conn over two sockets that is away comes back over one, goes on with
// everything that was said, and can open another path again.
func TestResumePaths(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), keeping)
	sockets := []*simnet.Socket{w.socket(w.address()), w.socket(w.address())}
	client := w.joinOver(nil, sockets[0])
	conn, _ := w.ticketed(client, srv, 1)
	player := players(srv)[0]
	path, err := conn.OpenPath(sockets[1], tickwire.PathConfig{})
	must(t, err)
	talk := w.talk(conn, player)
	talk.run(2 * time.Second)
	if st := conn.PathStats(path); st.State != tickwire.PathActive {
		t.Fatalf("the second path is %v", st.State)
	}
	for _, s := range sockets {
		w.cut(s, srv, true)
	}
	w.until("away", func() bool { talk.tick(); return conn.Away() > 0 && player.Away() > 0 })
	if _, err := conn.OpenPath(w.socket(w.address()), tickwire.PathConfig{}); !errors.Is(err, tickwire.ErrAway) {
		t.Errorf("opened a path to nobody: %v", err)
	}
	for _, s := range sockets {
		w.move(s)
	}
	w.until("back", func() bool { talk.tick(); return conn.Away()+player.Away() == 0 })
	talk.run(time.Second)
	talk.settle()
	if srv.Stats().Resumed == 1 {
		n := 0
		for range conn.Paths() {
			n++
		}
		if n != 1 {
			t.Errorf("%d paths after a comeback with a ticket", n)
		}
	}
	_, err = conn.OpenPath(w.socket(w.address()), tickwire.PathConfig{})
	must(t, err)
	talk.run(2 * time.Second)
	talk.settle()
}
