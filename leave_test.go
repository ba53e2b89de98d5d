package tickwire_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// lossy is a bad line.
func lossy(t *testing.T, w *world, conn *tickwire.Conn, srv *tickwire.Server) {
	t.Helper()
	bad := simnet.LinkConfig{Delay: 10 * time.Millisecond, Loss: 0.3}
	must(t, w.nw.SetHost(players(srv)[0].RemoteAddr().Addr(), simnet.Links{Up: bad, Down: bad}))
}

// TestDrain: the last words of a server that throws a player out arrive, and so do his.
func TestDrain(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.open(client, srv, 1)
	lossy(t, w, conn, srv)
	player := players(srv)[0]
	var said, got []string
	for n := range 100 {
		said = append(said, fmt.Sprint("line ", n))
		must(t, chat.Send(player, []byte(said[n])))
	}
	player.Drain(tickwire.CodeApplication+1, "the match is over", time.Minute)
	if player.Open() || !errors.Is(chat.Send(player, nil), tickwire.ErrClosed) || !errors.Is(player.Hold(time.Second), tickwire.ErrClosed) {
		t.Error("something is accepted")
	}
	must(t, chat.Send(conn, []byte("good game")))
	heard := ""
	w.until("disconnected", func() bool {
		for b := range chat.Receive(conn) {
			got = append(got, string(b))
		}
		for b := range chat.Receive(player) {
			heard = string(b)
		}
		return conn.Reason() != tickwire.Reason{} && player.Reason() != tickwire.Reason{}
	})
	if !slices.Equal(got, said) || heard != "good game" {
		t.Errorf("%d lines of %d came; the player said %q", len(got), len(said), heard)
	}
	wantCode(t, conn.Reason(), tickwire.CodeApplication+1, true)
	wantCode(t, player.Reason(), tickwire.CodeApplication+1, false)
	if ev := w.last(srv); ev.Undelivered != 0 || ev.Kind != tickwire.Disconnected {
		t.Errorf("%+v", ev)
	}
}

// TestDrainLeft: who does not read in time misses the rest, and the server is told how much.
func TestDrainLeft(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	for range 100 {
		must(t, chat.Send(player, make([]byte, 2000)))
	}
	began := w.nw.Now()
	player.Drain(tickwire.CodeApplication+1, "bye", 2*time.Second)
	wantCode(t, w.ends(client, conn), tickwire.CodeApplication+1, true)
	if took := w.nw.Now().Sub(began); took < 2*time.Second || took > 2200*time.Millisecond {
		t.Errorf("took %v", took)
	}
	ev := w.last(srv)
	if st := player.Stats(); ev.Undelivered < 60 || ev.Undelivered > 70 || st.MessagesDropped[tickwire.ConnClosed] != uint64(ev.Undelivered) {
		t.Errorf("%d left, %v dropped", ev.Undelivered, st.MessagesDropped)
	}
	t.Log("# a connection that is not open yet, or over, has nothing to drain")
	conn.Drain(0, "", time.Hour)
	dialing := w.dial(client, srv, 2)
	dialing.Drain(tickwire.CodeNone, "", time.Hour)
	wantCode(t, w.ends(client, dialing), tickwire.CodeNone, false)
}

// TestPlainDrain: a plain peer gets what waits, once.
func TestPlainDrain(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv := w.serve(at, allowPlain)
	peer := w.plainClient(w.mint(8, forPlain, at))
	w.until("connected", func() bool { return len(players(srv)) == 1 })
	player := players(srv)[0]
	var refused *tickwire.HoldError
	if err := player.Hold(time.Second); !errors.As(err, &refused) || refused.Granted != 0 || player.Hold(0) != nil {
		t.Errorf("Hold towards a plain peer: %v", err)
	}
	must(t, player.Send(tickwire.PlainChannel, []byte("bye")))
	player.Drain(tickwire.CodeNone, "", time.Minute)
	w.run(time.Second, nil)
	if !slices.Equal(peer.got, []string{"bye"}) || !peer.over {
		t.Errorf("the client got %q, over %v", peer.got, peer.over)
	}
}

// TestHold: a client loads for half a minute, by a token whose timeout is ten seconds.
func TestHold(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.open(client, srv, 1)
	lossless := players(srv)[0]
	must(t, chat.Send(conn, []byte("loading")))
	var refused *tickwire.HoldError
	if err := conn.Hold(61 * time.Second); !errors.As(err, &refused) || refused.Granted != time.Minute {
		t.Errorf("more than granted: %v", err)
	}
	must(t, conn.Hold(30*time.Second))
	w.until("known", conn.HoldKnown)
	w.remove(client)
	t.Log("# the server sees that it is loading, and what it sends waits")
	must(t, chat.Send(lossless, []byte("hurry up")))
	var got []string
	w.run(29*time.Second, func() bool {
		for b := range chat.Receive(lossless) {
			got = append(got, string(b))
		}
		return !lossless.Open()
	})
	if held := lossless.Held(); held < 100*time.Millisecond || held > time.Second || !slices.Equal(got, []string{"loading"}) {
		t.Errorf("held for another %v, heard %q", held, got)
	}
	if !lossless.Open() {
		t.Fatalf("ended: %v", lossless.Reason())
	}
	t.Log("# it is back")
	w.add(client)
	must(t, chat.Send(conn, []byte("ready")))
	var heard []string
	w.run(time.Second, func() bool {
		for b := range chat.Receive(conn) {
			heard = append(heard, string(b))
		}
		return false
	})
	if lossless.Held() != 0 || !conn.Open() || conn.HoldKnown() || !slices.Equal(heard, []string{"hurry up"}) {
		t.Errorf("held %v, open %v, heard %q", lossless.Held(), conn.Open(), heard)
	}
	if rtt := lossless.Stats().RTT; rtt > 60*time.Millisecond {
		t.Errorf("RTT %v", rtt)
	}
	t.Log("# a server that grants nothing says so; a closed connection is closed")
	conn.Close(0, "")
	if err := conn.Hold(time.Second); !errors.Is(err, tickwire.ErrClosed) || conn.Held() != 0 {
		t.Errorf("closed: %v", err)
	}
	strict := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxHold = -1 })
	if err := w.open(client, strict, 1).Hold(time.Second); !errors.As(err, &refused) || refused.Granted != 0 {
		t.Errorf("nothing is granted: %v", err)
	}
}

// TestShutdownDrains: what a server says last is heard, by Server and by Hub, and what a player
// says last by Session.
func TestShutdownDrains(t *testing.T) {
	for _, hub := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := part(t)
			defer p.player.Close()
			for c := range p.srv.Conns() {
				c.LimitBudget(300)
			}
			p.srv.Flush(time.Now()) // the last one, so what it limits is limited for ever
			for n := range 200 {
				for c := range p.srv.Conns() {
					must(t, chat.Send(c, fmt.Append(nil, n)))
				}
			}
			p.socket.loses.Store(5)
			shutdown := p.srv.Shutdown
			if hub {
				shutdown = tickwire.NewHub(p.srv).Shutdown
			}
			d, err := took(func() error { return shutdown(t.Context()) })
			must(t, err)
			wantTime(t, d, time.Second, 3*time.Second)
			wantCode(t, <-p.learns, tickwire.CodeGoingAway, true)
			if got := p.heard(); len(got) != 200 || got[199] != "199" {
				t.Errorf("%d lines came: %.3q", len(got), got)
			}
		})
	}
}

// TestDrainRefusesWaiting: a message that waits for room is refused when its connection drains.
func TestDrainRefusesWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := part(t) // and its server does nothing from now on
		defer p.srv.Close()
		refused := make(chan error)
		go func() {
			for {
				if _, err := p.player.SendContext(t.Context(), 2, make([]byte, 100<<10), tickwire.SendOptions{}); err != nil {
					refused <- err
					return
				}
			}
		}()
		synctest.Wait()
		p.player.Conn().Drain(tickwire.CodeNone, "", time.Second)
		if err := <-refused; !errors.Is(err, tickwire.ErrClosed) {
			t.Errorf("error %v", err)
		}
		p.player.Close()
	})
}

// TestShutdownStalled: a player who does not read is waited for as long as the context says, or
// for five seconds.
func TestShutdownStalled(t *testing.T) {
	for by, want := range map[time.Duration]time.Duration{0: 6 * time.Second, 20 * time.Second: 18 * time.Second, 4 * time.Second: 3660 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			p := part(t)
			for c := range p.srv.Conns() {
				for range 100 {
					must(t, chat.Send(c, make([]byte, 2000)))
				}
			}
			p.stop() // the player's loop
			ctx := context.Background()
			if by > 0 {
				ctx = within(t, by)
			}
			d, err := took(func() error { return p.srv.Shutdown(ctx) })
			var lost *tickwire.UndeliveredError
			if !errors.As(err, &lost) || lost.Conns != 1 {
				t.Errorf("Shutdown: %v", err)
			}
			wantTime(t, d, want, want+200*time.Millisecond)
			for ev := range p.srv.Events() {
				if ev.Undelivered != lost.Messages {
					t.Errorf("the error says %d, the event %d", lost.Messages, ev.Undelivered)
				}
				if ev.Undelivered < 50 || ev.Reason.Code != tickwire.CodeGoingAway || ev.Reason.Remote {
					t.Errorf("%d left, %v", ev.Undelivered, ev.Reason)
				}
			}
			p.player.Close()
		})
	}
}

// TestSessionShutdownDrains: the last thing that a bot says is heard.
func TestSessionShutdownDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := part(t)
		hub := tickwire.NewHub(p.srv)
		p.socket.loses.Store(3)
		must(t, p.player.Send(2, []byte("good night")))
		go p.player.Shutdown(t.Context())
		last := ""
		for ev := range hub.Events(within(t, 10*time.Second)) {
			if ev.Kind == tickwire.Message {
				last = string(ev.Payload)
			}
			if ev.Kind == tickwire.Disconnected {
				break
			}
		}
		if last != "good night" {
			t.Errorf("the server heard %q", last)
		}
		must(t, hub.Shutdown(t.Context()))
	})
}
