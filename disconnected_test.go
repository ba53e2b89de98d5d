package tickwire_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

func TestServerClosesOne(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.open(client, srv, 1)
	players(srv)[0].Close(tickwire.CodeApplication+7, "kicked for idling")
	r := w.ends(client, conn)
	want := tickwire.Reason{Code: tickwire.CodeApplication + 7, Text: "kicked for idling", Remote: true}
	if r != want {
		t.Errorf("reason %+v", r)
	}
	t.Log("# a local code does not travel")
	conn = w.open(client, srv, 2)
	players(srv)[0].Close(tickwire.CodeTimeout, "")
	wantCode(t, w.ends(client, conn), tickwire.CodeNone, true)
	wantCode(t, w.last(srv).Reason, tickwire.CodeTimeout, false)
}

func TestServerCloses(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	a, b := w.join(nil), w.join(nil)
	first, second := w.open(a, srv, 1), w.open(b, srv, 2)
	must(t, chat.Send(first, []byte("unread")))
	w.run(time.Second, nil)
	must(t, srv.Close())
	n := 0
	for ev := range srv.Events() {
		if ev.Kind != tickwire.Disconnected || ev.Reason.Code != tickwire.CodeGoingAway {
			t.Errorf("event %v", ev)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d events at the server", n)
	}
	w.remove(srv)
	wantCode(t, w.ends(a, first), tickwire.CodeGoingAway, true)
	wantCode(t, w.ends(b, second), tickwire.CodeGoingAway, true)
	t.Log("# a closed server does nothing and says so")
	now := w.nw.Now()
	srv.Update(now)
	for _, err := range []error{srv.Close(), srv.Wait(now), srv.Post(func() {})} {
		if err != tickwire.ErrClosed {
			t.Errorf("a closed server says %v", err)
		}
	}
	if !srv.Flush(now).IsZero() || !srv.Service(now).IsZero() || srv.Stats().Buffers.InUse != 0 {
		t.Errorf("a closed server has plans, or %d buffers", srv.Stats().Buffers.InUse)
	}
}

func TestCloseWhileRanging(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	for player := range uint64(3) {
		w.open(w.join(nil), srv, player+1)
	}
	n := 0
	for range srv.Conns() {
		n++
		must(t, srv.Close())
	}
	if n != 1 {
		t.Errorf("ranged over %d connections of a closed server", n)
	}
}

func TestVanished(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.open(client, srv, 1)
	receipt, err := chat.SendWith(conn, []byte("into the void"), tickwire.SendOptions{Receipt: true})
	must(t, err)
	w.nw.Cut(conn.RemoteAddr().Addr(), players(srv)[0].RemoteAddr().Addr())
	w.nw.Cut(players(srv)[0].RemoteAddr().Addr(), conn.RemoteAddr().Addr())
	began := w.nw.Now()
	wantCode(t, w.ends(client, conn), tickwire.CodeTimeout, false)
	if took := w.nw.Now().Sub(began); took < 9*time.Second || took > 11*time.Second {
		t.Errorf("took %v, the token says 10 s", took)
	}
	w.run(time.Second, nil)
	wantCode(t, w.last(srv).Reason, tickwire.CodeTimeout, false)
	t.Log("# what was under way is Lost before Disconnected")
	events := w.heard[client]
	lost := events[len(events)-2]
	if lost.Kind != tickwire.Lost || lost.Receipt != receipt || lost.Why != tickwire.ConnClosed {
		t.Errorf("before the end: %v", lost)
	}
}

// TestForgotten: a client of a server that was started anew does not wait for the
// timeout, and gets in again over the same socket.
func TestForgotten(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv := w.serve(at, nil)
	client := w.join(nil)
	conn := w.open(client, srv, 1)
	t.Log("# the server's machine fails and comes back")
	w.remove(srv)
	must(t, w.nw.Rebind(at, netip.AddrPortFrom(at.Addr(), 1))) // nobody hears the old process
	srv = w.serve(at, nil)
	must(t, chat.Send(conn, []byte("are you there?")))
	began := w.nw.Now()
	wantCode(t, w.ends(client, conn), tickwire.CodeForgotten, false)
	if took := w.nw.Now().Sub(began); took < time.Second || took > 3*time.Second {
		t.Errorf("took %v", took)
	}
	w.open(client, srv, 1)
}

// TestLyingGone: GONE is not authentic. A server that is there proves it.
func TestLyingGone(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv, client := w.serve(at, nil), w.join(nil)
	conn := w.open(client, srv, 1)
	t.Log("# somebody takes a packet of the client off the wire and answers it with GONE")
	elsewhere := netip.AddrPortFrom(at.Addr(), 1)
	must(t, w.nw.Rebind(at, elsewhere))
	liar := w.socket(at)
	must(t, chat.Send(conn, []byte("hello")))
	client.Flush(w.nw.Now())
	w.nw.Advance(10 * time.Millisecond)
	ds := make([]transport.Datagram, 1)
	n, err := liar.Read(ds)
	must(t, err)
	if n != 1 {
		t.Fatal("the client sent nothing")
	}
	gone := append([]byte{5}, ds[0].Bytes[1:5]...)
	gone = append(gone, ds[0].Bytes[len(ds[0].Bytes)-8:]...)
	_, err = liar.Write([]transport.Datagram{{Path: ds[0].Path, Bytes: gone}})
	must(t, err)
	must(t, liar.Close())
	must(t, w.nw.Rebind(elsewhere, at))
	w.run(5*time.Second, nil)
	if !conn.Open() {
		t.Errorf("believed a lie: %v", conn.Reason())
	}
}

// TestGoneOfBadLine: a line that changes bytes makes the server answer ids that nobody has. That
// ends no connection, even if nothing else is heard for seconds afterwards.
func TestGoneOfBadLine(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv, client := w.serve(at, nil), w.join(nil)
	conn := w.open(client, srv, 1)
	host := players(srv)[0].RemoteAddr().Addr()
	good := simnet.LinkConfig{Delay: 10 * time.Millisecond}
	bad := good
	bad.Corrupt = 1
	must(t, w.nw.SetHost(host, simnet.Links{Up: bad, Down: good}))
	for range 120 {
		must(t, inputs.Send(conn, input{1, 2}))
		w.run(time.Second/60, nil)
	}
	must(t, w.nw.SetHost(host, simnet.Links{Up: good, Down: good}))
	w.nw.Cut(at.Addr(), host)
	w.run(5*time.Second, nil)
	w.nw.Heal(at.Addr(), host)
	w.run(5*time.Second, nil)
	gones, dropped := srv.Stats().Handshake.Gones, client.Stats().Handshake.Drops[netcode.DropUnknownID]
	if gones == 0 || dropped != gones {
		t.Errorf("%d GONEs, %d dropped: the line was not bad", gones, dropped)
	}
	if !conn.Open() {
		t.Errorf("it ended: %v", conn.Reason())
	}
}

func TestReplaced(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	a, b := w.join(nil), w.join(nil)
	first := w.open(a, srv, 9)
	t.Log("# the same player comes again from elsewhere: the newest wins")
	second := w.dial(b, srv, 9)
	wantCode(t, w.ends(a, first), tickwire.CodeReplaced, true)
	w.until("connected", second.Open)
	w.run(5*time.Second, nil)
	if open := players(srv); len(open) != 1 || !second.Open() {
		t.Errorf("%d players", len(open))
	}
	t.Log("# unless the server keeps the oldest")
	srv = w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.KeepOldest = true })
	c, d := w.join(nil), w.join(nil)
	third := w.open(c, srv, 9)
	fourth := w.dial(d, srv, 9)
	r := w.ends(d, fourth)
	wantCode(t, r, tickwire.CodeConnected, true)
	if r.RetryAfter != 10*time.Second {
		t.Errorf("retry after %v: the older one's timeout", r.RetryAfter)
	}
	if !third.Open() {
		t.Error("the oldest was closed")
	}
}

// offerOnly runs until a client has sent its OFFER, and takes it off the network then.
func (w *world) offerOnly(c *tickwire.Client) {
	w.t.Helper()
	w.until("answering", func() bool { return len(w.states(c)) == 2 })
	c.Flush(w.nw.Now())
	w.remove(c)
	w.run(time.Second, nil)
}

// TestReplacedUnconfirmed: two attempts of one player, neither of them confirmed.
func TestReplacedUnconfirmed(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	a, b := w.join(nil), w.join(nil)
	t.Log("# the first one's packets are lost after its OFFER")
	first := w.dial(a, srv, 9)
	w.offerOnly(a)
	second := w.dial(b, srv, 9)
	w.until("connected", second.Open)
	w.run(15*time.Second, nil)
	if first.Open() || len(players(srv)) != 1 || !second.Open() {
		t.Errorf("%d players, %v", len(players(srv)), second.Reason())
	}
	must(t, srv.Close())
	if n := srv.Stats().Buffers.InUse; n != 0 {
		t.Errorf("%d buffers in use", n)
	}
}

// TestReplacedOnTheWay: who is replaced before the server has heard a word hears why all the same,
// also over bad links and if its ACCEPT was lost. Of that one the game never hears.
func TestReplacedOnTheWay(t *testing.T) {
	for name, link := range map[string]simnet.LinkConfig{
		"good":      {Delay: 30 * time.Millisecond},
		"30 % loss": {Delay: 30 * time.Millisecond, Loss: 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			must(t, w.nw.SetDefault(link))
			srv := w.serve(w.address(), nil)
			for player := uint64(1); player <= 20; player++ {
				a, b := w.join(nil), w.join(nil)
				first := w.dial(a, srv, player)
				w.run(time.Duration(player-1)*10*time.Millisecond, nil)
				second := w.dial(b, srv, player)
				over := func(c *tickwire.Conn) bool { return c.Reason() != tickwire.Reason{} }
				w.until("one of them over", func() bool { return over(first) || over(second) })
				loser, winner := first, second
				if over(second) {
					loser, winner = second, first
				}
				wantCode(t, loser.Reason(), tickwire.CodeReplaced, true)
				w.until("the other one in", winner.Open)
				w.remove(a)
				w.remove(b)
			}
		})
	}
	t.Run("its ACCEPT was lost", func(t *testing.T) {
		w := newWorld(t)
		must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 100 * time.Millisecond}))
		at := w.address()
		srv := w.serve(at, nil)
		a, b := w.join(nil), w.join(nil)
		first := w.dial(a, srv, 9)
		host := netip.AddrFrom4([4]byte{10, 0, 0, byte(w.hosts - 1)})
		w.until("answering", func() bool { return len(w.states(a)) == 2 })
		w.nw.Cut(at.Addr(), host)
		w.run(time.Second, nil)
		second := w.dial(b, srv, 9)
		w.until("connected", second.Open)
		w.nw.Heal(at.Addr(), host)
		wantCode(t, w.ends(a, first), tickwire.CodeReplaced, true)
		w.run(5*time.Second, nil)
		if n := len(w.heard[srv]); n != 1 || !second.Open() || srv.Stats().Seats.Taken != 1 {
			t.Errorf("the game heard %v", w.heard[srv])
		}
	})
}

// A recorder notes which kinds of packets a server sends to one host.
type recorder struct {
	transport.Socket
	to   netip.Addr
	sent []string
}

// Write implements transport.Socket.
func (r *recorder) Write(ds []transport.Datagram) (int, error) {
	for _, d := range ds {
		kind := "other"
		switch {
		case d.Path.Remote.Addr() != r.to:
			continue
		case d.Bytes[0] == wire.PrefixHandshake:
			kind = "ACCEPT"
		case d.Bytes[0]&wire.PrefixDataMask == wire.PrefixData:
			kind = "DATA"
		}
		r.sent = append(r.sent, kind)
	}
	return r.Socket.Write(ds)
}

// TestAcceptAhead: who has a seat and may have missed the ACCEPT gets it once more ahead of what is
// said to him, without asking: here, that another one has taken his place.
func TestAcceptAhead(t *testing.T) {
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 50 * time.Millisecond}))
	at := w.address()
	ear := &recorder{Socket: w.socket(at)}
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&cfg.Config)
	srv, err := tickwire.Listen(cfg, ear)
	must(t, err)
	w.add(srv)
	a, b := w.join(nil), w.join(nil)
	ear.to = netip.AddrFrom4([4]byte{10, 0, 0, byte(w.hosts - 1)})
	w.dial(a, srv, 9)
	w.until("let in", func() bool { return slices.Contains(ear.sent, "ACCEPT") })
	w.nw.Cut(ear.to, at.Addr()) // nothing more is heard of him
	w.run(time.Second, nil)
	ear.sent = nil
	second := w.dial(b, srv, 9)
	w.until("the other one is in", second.Open)
	if len(ear.sent) < 2 || ear.sent[0] != "ACCEPT" || ear.sent[1] != "DATA" {
		t.Errorf("sent %v, want an ACCEPT, and DATA", ear.sent)
	}
}

func TestCloseWhileConnecting(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.dial(client, srv, 1)
	conn.Close(tickwire.CodeApplication, "changed my mind")
	wantCode(t, w.ends(client, conn), tickwire.CodeApplication, false)
	w.run(15*time.Second, nil)
	if conn.Open() || len(w.heard[srv]) > 0 {
		t.Errorf("the server heard %v", w.heard[srv])
	}
	t.Log("# the same socket and server again, at once")
	w.open(client, srv, 1)
}

// TestUnconfirmedSeat: whoever offers and never says a word does not keep a seat.
func TestUnconfirmedSeat(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxClients = 1 })
	mute := w.join(nil)
	w.dial(mute, srv, 1)
	w.offerOnly(mute)
	token, err := srv.DevToken(2)
	must(t, err)
	wantCode(t, w.refused(token, nil), tickwire.CodeFull, true)
	w.run(11*time.Second, nil)
	w.open(w.join(nil), srv, 3)
	if len(w.heard[srv]) != 1 {
		t.Errorf("the game heard of who never came: %v", w.heard[srv])
	}
}

func TestBadLinks(t *testing.T) {
	for name, link := range map[string]simnet.LinkConfig{
		"30 % loss":  {Delay: 30 * time.Millisecond, Loss: 0.3},
		"duplicates": {Delay: 30 * time.Millisecond, Duplicate: 0.5},
		"disorder":   {Delay: 30 * time.Millisecond, Reorder: 0.3, ReorderBy: 150 * time.Millisecond},
		"all of it":  {Delay: 60 * time.Millisecond, Loss: 0.2, Duplicate: 0.2, Reorder: 0.2, Corrupt: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			must(t, w.nw.SetDefault(link))
			srv := w.serve(w.address(), nil)
			for player := range uint64(10) {
				client := w.join(nil)
				conn := w.open(client, srv, player+1)
				must(t, chat.Send(conn, []byte("hello")))
				w.until("heard", func() bool {
					_, ok := players(srv)[player].Next(2)
					return ok
				})
			}
			silent := func(ev tickwire.Event) bool { return ev.Kind == tickwire.PathChanged }
			if events := slices.DeleteFunc(w.heard[srv], silent); len(events) != 10 {
				t.Errorf("%d events at the server, want ten times Connected", len(events))
			}
		})
	}
}

// TestBuffersReturn: after everybody has left, whatever was under way, no
// buffer is missing.
func TestBuffersReturn(t *testing.T) {
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 30 * time.Millisecond, Loss: 0.1}))
	srv := w.serve(w.address(), nil)
	var clients []*tickwire.Client
	for player := range uint64(4) {
		client := w.join(nil)
		clients = append(clients, client)
		conn := w.open(client, srv, player+1)
		for range 40 {
			must(t, chat.Send(conn, make([]byte, 3000)))
			must(t, inputs.Send(conn, input{}))
		}
	}
	w.run(300*time.Millisecond, nil)
	for c := range srv.Conns() {
		must(t, chat.Send(c, make([]byte, 3000)))
		c.Close(tickwire.CodeNone, "")
	}
	w.run(20*time.Second, nil)
	for _, client := range clients {
		if st := client.Stats(); st.Conns != 0 || st.Buffers.InUse != 0 || st.WindowBytes != 0 {
			t.Errorf("client: %d connections, %d buffers, windows %d", st.Conns, st.Buffers.InUse, st.WindowBytes)
		}
	}
	if st := srv.Stats(); st.Conns != 0 || st.Buffers.InUse != 0 || st.WindowBytes != 0 {
		t.Errorf("server: %d connections, %d buffers, windows %d", st.Conns, st.Buffers.InUse, st.WindowBytes)
	}
}

// TestTextOfPeers: what a peer says when it closes or refuses goes to logs and terminals, so it
// cannot command those: neither a player's words at the server, nor a server's at a player.
func TestTextOfPeers(t *testing.T) {
	const evil, harmless = "\x1b[2J\x1b]0;x\a\nclient 7 ended\xff", "?[2J?]0;x??client 7 ended?"
	w := newWorld(t)
	refuse := false
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
		cfg.Admit = func(tickwire.Applicant) error {
			if refuse {
				return &tickwire.Refusal{Code: tickwire.CodeBanned, Text: evil}
			}
			return nil
		}
	})
	client := w.join(nil)
	conn := w.open(client, srv, 1)
	own := players(srv)[0]
	conn.Close(tickwire.CodeApplication, evil)
	w.until("over", func() bool { return own.Reason() != tickwire.Reason{} })
	if r := own.Reason(); r.Text != harmless || !r.Remote {
		t.Errorf("a server reads %q", r.Text)
	}
	conn = w.open(client, srv, 2)
	players(srv)[0].Close(tickwire.CodeBanned, evil)
	if r := w.ends(client, conn); r.Text != harmless {
		t.Errorf("a player reads %q", r.Text)
	}
	refuse = true
	if r := w.ends(client, w.dial(client, srv, 3)); r.Text != harmless {
		t.Errorf("a player who is refused reads %q", r.Text)
	}
}
