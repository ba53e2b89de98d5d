package tickwire_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// A leaky socket loses what is written to it as long as writes are to be lost.
type leaky struct {
	*mem.Server
	loses atomic.Int32
}

func (s *leaky) Write(ds []transport.Datagram) (int, error) {
	if s.loses.Add(-1) >= 0 {
		return len(ds), nil
	}
	return s.Server.Write(ds)
}

// A parting is a server and a player, in a bubble of package synctest, who are
// about to part.
type parting struct {
	socket *leaky
	srv    *tickwire.Server
	player *tickwire.Session
	learns chan tickwire.Reason // why the player's connection ended
	stop   func()               // ends the player's loop
	mu     sync.Mutex
	lines  []string // that the player heard
}

// part has the player connected, and listening in a goroutine.
func part(t *testing.T) *parting {
	listening, err := mem.Listen()
	must(t, err)
	p := &parting{socket: &leaky{Server: listening}, learns: make(chan tickwire.Reason, 1)}
	p.srv, err = tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true}, p.socket)
	must(t, err)
	p.enter(t)
	return p
}

// enter lets the player in while the server plays.
func (p *parting) enter(t *testing.T) {
	token, err := p.srv.DevToken(1)
	must(t, err)
	mine, err := p.socket.Dial()
	must(t, err)
	dialed := make(chan error, 1)
	go func() {
		var err error
		p.player, err = tickwire.Dial(t.Context(), tickwire.ClientConfig{Config: config()}, token, mine)
		dialed <- err
	}()
	for tick := range p.srv.Ticks(within(t, 5*time.Second), 60) {
		p.srv.Update(tick.Now)
		last := tickwire.NoEvent
		for ev := range p.srv.Events() {
			if last = ev.Kind; last == tickwire.Connected {
				_, err := chat.SendWith(ev.Conn, []byte("welcome"), tickwire.SendOptions{Receipt: true}) // measures the RTT
				must(t, err)
			}
		}
		if last == tickwire.Delivered {
			break
		}
		p.srv.Flush(tick.Now)
	}
	must(t, <-dialed)
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go func() {
		for ev := range p.player.Events(ctx) {
			p.hears(ev)
		}
	}()
}

// hears takes an event of the player.
func (p *parting) hears(ev tickwire.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev.Kind {
	case tickwire.Message:
		p.lines = append(p.lines, string(ev.Payload))
	case tickwire.Disconnected:
		p.learns <- ev.Reason
	}
}

// heard returns what the player heard since the welcome.
func (p *parting) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lines[1:]
}

// took measures a call in the time of the bubble.
func took(f func() error) (time.Duration, error) {
	began := time.Now()
	err := f()
	return time.Since(began), err
}

func wantTime(t *testing.T, took, least, most time.Duration) {
	t.Helper()
	if took < least || took > most {
		t.Errorf("took %v, want %v to %v", took, least, most)
	}
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := part(t)
		defer p.player.Close()
		t.Log("# the first goodbye is lost, the next one is not")
		p.socket.loses.Store(1)
		d, err := took(func() error { return p.srv.Shutdown(t.Context()) })
		must(t, err)
		wantTime(t, d, time.Second, 2*time.Second)
		wantCode(t, <-p.learns, tickwire.CodeGoingAway, true)
		n := 0
		for ev := range p.srv.Events() {
			if n++; ev.Kind != tickwire.Disconnected || ev.Reason.Code != tickwire.CodeGoingAway {
				t.Errorf("event %v", ev)
			}
		}
		if st := p.srv.Stats(); n != 1 || st.Buffers.InUse != 0 {
			t.Errorf("%d events, %d buffers in use", n, st.Buffers.InUse)
		}
		if err := p.srv.Shutdown(t.Context()); err != tickwire.ErrClosed {
			t.Errorf("once more: %v", err)
		}
	})
}

// TestShutdownAlone: nobody waits for nobody.
func TestShutdownAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, srv *tickwire.Server) {
		d, err := took(func() error { return srv.Shutdown(t.Context()) })
		must(t, err)
		wantTime(t, d, 0, 0)
		if srv.Wait(time.Now()) != tickwire.ErrClosed {
			t.Error("is not closed")
		}
	})
}

// TestShutdownUnheard: who does not answer is waited for, a second and three for the goodbye, five
// and three if something is under way to him, or as long as the context lasts.
func TestShutdownUnheard(t *testing.T) {
	for _, says := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := part(t)
			defer p.player.Close()
			p.socket.loses.Store(1 << 20)
			want := 4 * time.Second
			if says {
				want = 8 * time.Second
				for c := range p.srv.Conns() {
					must(t, chat.Send(c, []byte("are you there?")))
				}
			}
			d, err := took(func() error { return p.srv.Shutdown(t.Context()) })
			lost, ok := errors.AsType[*tickwire.UndeliveredError](err)
			if ok != says || ok && *lost != (tickwire.UndeliveredError{Messages: 1, Conns: 1}) {
				t.Errorf("error %v", err)
			}
			wantTime(t, d, want, want+100*time.Millisecond)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := part(t)
		p.socket.loses.Store(1 << 20)
		ctx := within(t, 500*time.Millisecond)
		d, err := took(func() error { return p.srv.Shutdown(ctx) })
		if !errors.Is(err, context.DeadlineExceeded) || p.srv.Wait(time.Now()) != tickwire.ErrClosed {
			t.Errorf("error %v", err)
		}
		wantTime(t, d, 500*time.Millisecond, 500*time.Millisecond)
		p.player.Close()
	})
}

// TestShutdownRefuses: who comes too late is told so, instead of waiting in vain.
func TestShutdownRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := part(t)
		defer p.player.Close()
		token, err := p.srv.DevToken(2)
		must(t, err)
		late, err := p.socket.Dial()
		must(t, err)
		refused := make(chan error, 1)
		go func() {
			time.Sleep(500 * time.Millisecond) // the wire still works
			_, err := tickwire.Dial(t.Context(), tickwire.ClientConfig{Config: config()}, token, late)
			refused <- err
		}()
		must(t, p.srv.Shutdown(t.Context()))
		var e *tickwire.ConnError
		if err := <-refused; !errors.As(err, &e) {
			t.Fatalf("error %v", err)
		}
		wantCode(t, e.Reason, tickwire.CodeGoingAway, true)
	})
}

// TestHubShutdown: goroutines share the Hub, one of them in its loop over Events.
func TestHubShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := part(t)
		defer p.player.Close()
		hub := tickwire.NewHub(p.srv)
		heard := make(chan tickwire.EventKind, 1)
		looped := make(chan bool)
		go func() {
			defer close(looped)
			for ev := range hub.Events(context.Background()) {
				heard <- ev.Kind
			}
		}()
		p.socket.loses.Store(1)
		d, err := took(func() error { return hub.Shutdown(t.Context()) })
		must(t, err)
		wantTime(t, d, time.Second, 2*time.Second)
		wantCode(t, <-p.learns, tickwire.CodeGoingAway, true)
		if kind := <-heard; kind != tickwire.Disconnected {
			t.Errorf("the Hub heard %v", kind)
		}
		<-looped
		if err := hub.Shutdown(t.Context()); err != tickwire.ErrClosed {
			t.Errorf("once more: %v", err)
		}
	})
}

// TestHubShutdownCut: a context that ends closes the Hub at once.
func TestHubShutdownCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := part(t)
		hub := tickwire.NewHub(p.srv)
		p.socket.loses.Store(1 << 20)
		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, enough)
		defer cancel()
		d, err := took(func() error { return hub.Shutdown(ctx) })
		if err != enough || hub.Close() != tickwire.ErrClosed {
			t.Errorf("error %v", err)
		}
		wantTime(t, d, 500*time.Millisecond, 500*time.Millisecond)
		p.player.Close()
	})
}

// TestHubShutdownTwice: a second Shutdown while one is under way makes that no longer.
func TestHubShutdownTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := part(t)
		defer p.player.Close()
		for c := range p.srv.Conns() {
			must(t, chat.Send(c, []byte("are you there?")))
		}
		p.socket.loses.Store(1 << 20)
		hub := tickwire.NewHub(p.srv)
		began, second := time.Now(), make(chan error, 1)
		go func() {
			time.Sleep(4 * time.Second)
			second <- hub.Shutdown(t.Context())
		}()
		for i, err := range []error{hub.Shutdown(t.Context()), <-second} {
			if _, ok := errors.AsType[*tickwire.UndeliveredError](err); !ok {
				t.Errorf("Shutdown %d: %v", i, err)
			}
		}
		wantTime(t, time.Since(began), 8*time.Second, 8100*time.Millisecond)
	})
}

// TestShutdownWithoutTokens: a player for whom there are no tokens, or some that cannot be read,
// is told that the server ends, as if nobody were handed over.
func TestShutdownWithoutTokens(t *testing.T) {
	for _, tokens := range [][]byte{nil, []byte("no tokens")} {
		synctest.Test(t, func(t *testing.T) {
			listening, err := mem.Listen()
			must(t, err)
			p := &parting{socket: &leaky{Server: listening}, learns: make(chan tickwire.Reason, 1)}
			p.srv, err = tickwire.Listen(tickwire.ServerConfig{
				Config: config(), Development: true, HandOver: func(*tickwire.Conn) []byte { return tokens },
			}, p.socket)
			must(t, err)
			p.enter(t)
			defer p.player.Close()
			d, err := took(func() error { return p.srv.Shutdown(t.Context()) })
			must(t, err)
			wantTime(t, d, time.Second, 2*time.Second)
			if r := <-p.learns; r.Code != tickwire.CodeGoingAway || r.Text != "server closed" {
				t.Errorf("the player learns %v", r)
			}
		})
	}
}

// TestHubShutdownAlone: nobody waits for nobody in a Hub either.
func TestHubShutdownAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket, err := mem.Listen()
		must(t, err)
		srv, err := tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true}, socket)
		must(t, err)
		hub := tickwire.NewHub(srv)
		synctest.Wait() // it sleeps
		d, err := took(func() error { return hub.Shutdown(t.Context()) })
		must(t, err)
		wantTime(t, d, 0, 0)
	})
}

// TestSessionShutdown: the server learns that the player left, whatever is lost.
func TestSessionShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := part(t)
		defer p.srv.Close()
		p.socket.loses.Store(1) // the answer
		left := make(chan error, 1)
		go func() { left <- p.player.Shutdown(t.Context()) }()
		var last tickwire.Event
		for tick := range p.srv.Ticks(within(t, time.Second), 60) {
			p.srv.Update(tick.Now)
			for ev := range p.srv.Events() {
				last = ev
			}
			p.srv.Flush(tick.Now)
		}
		if last.Kind != tickwire.Disconnected {
			t.Fatalf("the server heard %v", last.Kind)
		}
		wantCode(t, last.Reason, tickwire.CodeNone, true)
		must(t, p.srv.Shutdown(t.Context()))
		must(t, <-left)
	})
}

// TestServerDrain: a loop goes on while its players leave, in virtual time. What was sent arrives,
// who comes too late is told so, who is gone is not waited for longer than the goodbye takes.
func TestServerDrain(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	alive, gone, late := w.join(nil), w.join(nil), w.join(nil)
	conn := w.open(alive, srv, 1)
	w.open(gone, srv, 2)
	w.remove(gone)
	for _, c := range players(srv) {
		if c.ClientID() == 1 {
			must(t, chat.Send(c, make([]byte, 100<<10)))
		}
	}
	if srv.Drained() {
		t.Error("two players are there, and it is drained")
	}
	must(t, srv.Drain(tickwire.CodeApplication, "back in a minute", 5*time.Second))
	began := w.nw.Now()
	latecomer := w.dial(late, srv, 3)
	got := 0
	w.until("drained", func() bool {
		for b := range chat.Receive(conn) {
			got = len(b)
		}
		return srv.Drained()
	})
	if took := w.nw.Now().Sub(began); got != 100<<10 || took > 5*time.Second {
		t.Errorf("%d bytes arrived, it took %v", got, took)
	}
	wantCode(t, conn.Reason(), tickwire.CodeApplication, true)
	wantCode(t, w.ends(late, latecomer), tickwire.CodeGoingAway, true)
	for _, code := range []tickwire.Code{tickwire.CodeFull, 200} {
		var bad *tickwire.ConfigError
		if err := srv.Drain(code, "", 0); errors.As(err, &bad) != (code == tickwire.CodeFull) {
			t.Errorf("code %d: %v", uint64(code), err)
		}
	}
	must(t, srv.Close())
	if err := srv.Drain(tickwire.CodeNone, "", 0); err != tickwire.ErrClosed || !srv.Drained() {
		t.Errorf("of a closed server: %v", err)
	}
}

// TestCloseCodes: a game cannot say what is the library's to say, and ends the connection all the
// same.
func TestCloseCodes(t *testing.T) {
	for code, want := range map[tickwire.Code]tickwire.Code{
		5: tickwire.CodeNone, 20: tickwire.CodeNone, 63: tickwire.CodeNone, tickwire.CodeReplaced: tickwire.CodeNone,
		0: 0, 1: 1, tickwire.CodeBanned: tickwire.CodeBanned, tickwire.CodeGoingAway: tickwire.CodeGoingAway, 64: tickwire.CodeNone, 256: 256, 1 << 30: 1 << 30,
	} {
		w := newWorld(t)
		srv, client := w.serve(w.address(), nil), w.join(nil)
		conn := w.open(client, srv, 1)
		var bad *tickwire.ConfigError
		if err := players(srv)[0].Close(code, "five"); errors.As(err, &bad) != (code > 0 && code < 64 && want == 0) {
			t.Errorf("code %d: %v", uint64(code), err)
		}
		if r := w.ends(client, conn); r.Code != want || r.Text != "five" {
			t.Errorf("code %d reads %+v", uint64(code), r)
		}
	}
}
