package tickwire_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/mem"
)

// A lobby is a Hub in a bubble of package synctest, to which nobody listens unless the test does.
type lobby struct {
	t      *testing.T
	hub    *tickwire.Hub
	socket *mem.Server
}

func newLobby(t *testing.T, seats int) *lobby {
	socket, err := mem.Listen()
	must(t, err)
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true, MaxClients: seats}, socket)
	must(t, err)
	return &lobby{t, tickwire.NewHub(srv), socket}
}

func (l *lobby) dial(player uint64) (*tickwire.Session, error) {
	token, err := l.hub.DevToken(player)
	must(l.t, err)
	mine, err := l.socket.Dial()
	must(l.t, err)
	return tickwire.Dial(within(l.t, 5*time.Second), tickwire.ClientConfig{Config: config()}, token, mine)
}

// enter is dial for who must get in.
func (l *lobby) enter(player uint64) *tickwire.Session {
	l.t.Helper()
	s, err := l.dial(player)
	must(l.t, err)
	l.t.Cleanup(func() { s.Close() })
	synctest.Wait() // his first packet has come
	return s
}

// TestHubDeaf: without a loop over Events seats become free and Conns is right; a loop that comes
// late hears of everything, in the order in which it was.
func TestHubDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, 1)
		defer l.hub.Close()
		for player := range uint64(10) {
			s := l.enter(player + 1)
			if all := l.hub.Conns(); len(all) != 1 || all[0].ClientID() != player+1 || !all[0].Open() {
				t.Fatalf("player %d is in, listed are %v", player+1, all)
			}
			must(t, s.Send(2, []byte("hello")))
			must(t, s.Shutdown(t.Context()))
			synctest.Wait()
			if all := l.hub.Conns(); len(all) != 0 {
				t.Fatalf("player %d has left, listed are %v", player+1, all)
			}
		}
		heard := map[uint64][]string{}
		for ev := range l.hub.Events(within(t, time.Second)) {
			id := ev.Conn.ClientID()
			heard[id] = append(heard[id], ev.Kind.String())
		}
		for player := range uint64(10) {
			if got := strings.Join(heard[player+1], " "); got != "Connected Message Disconnected" {
				t.Errorf("player %d: %s", player+1, got)
			}
		}
	})
}

// TestHubDeafIsBounded: of players who have left, and of whom nobody wants to hear, so many are kept
// and no more; a loop makes room again.
func TestHubDeafIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, 1)
		defer l.hub.Close()
		in := 0
		for ; in < 300; in++ {
			s, err := l.dial(uint64(in) + 1)
			if err != nil {
				var refused *tickwire.ConnError
				if !errors.As(err, &refused) || refused.Reason.Code != tickwire.CodeFull {
					t.Fatal(err)
				}
				break
			}
			must(t, s.Shutdown(t.Context()))
		}
		if in < 10 || in == 300 {
			t.Errorf("%d got in", in)
		}
		time.Sleep(time.Minute)
		if _, err := l.dial(1); err == nil {
			t.Error("time alone makes room")
		}
		for range l.hub.Events(within(t, 20*time.Second)) { // as long as a slot rests
		}
		l.enter(1)
	})
}

// TestHubBroadcastReentered: what a broadcast calls may use the Hub and its Conns, and close them.
func TestHubBroadcastReentered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, 4)
		defer l.hub.Close()
		var players []*tickwire.Session
		for player := range uint64(4) {
			players = append(players, l.enter(player+1))
		}
		picked := func(yield func(*tickwire.Conn) bool) {
			for _, c := range l.hub.Conns() {
				if c.ClientID() != 3 && c.Budget() > 0 && l.hub.Stats().Conns == 4 && !yield(c) {
					return
				}
			}
		}
		var told []uint64
		report := func(c *tickwire.Conn, _ tickwire.Receipt, err error) {
			must(t, err)
			if told = append(told, c.ClientID()); c.ClientID() == 2 {
				must(t, c.Close(tickwire.CodeApplication, "too slow"))
			}
			must(t, chat.Broadcast(l.hub, slices.Values([]*tickwire.Conn{c}), []byte("again"), tickwire.SendOptions{}, nil))
		}
		must(t, chat.Broadcast(l.hub, picked, []byte("news"), tickwire.SendOptions{}, report))
		if !slices.Equal(told, []uint64{1, 2, 4}) {
			t.Errorf("told of %v", told)
		}
		if got := hears(t, players[0], 2); got != "news again" {
			t.Errorf("player 1 got %q", got)
		}
		if got := hears(t, players[1], 9); !strings.HasSuffix(got, "too slow") {
			t.Errorf("player 2 got %q", got)
		}
	})
}

// hears returns the first n messages of a player, and why his connection ended if it did.
func hears(t *testing.T, s *tickwire.Session, n int) string {
	var got []string
	for ev := range s.Events(within(t, time.Second)) {
		switch ev.Kind {
		case tickwire.Message:
			got = append(got, string(ev.Payload))
		case tickwire.Disconnected:
			got = append(got, ev.Reason.Text)
		}
		if len(got) == n {
			break
		}
	}
	return strings.Join(got, " ")
}

// TestHubMisuse: what would be a race is a clear word instead.
func TestHubMisuse(t *testing.T) {
	srv := benchServer(t)
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	s := dialHub(t, hub, 1)
	wantPanic := func(what, text string, f func()) {
		t.Helper()
		defer func() {
			if got := fmt.Sprint(recover()); !strings.Contains(got, text) {
				t.Errorf("%s: %v", what, got)
			}
		}()
		f()
	}
	for range hub.Events(t.Context()) { // Connected
		wantPanic("a second loop", "two loops over Events", func() {
			for range hub.Events(t.Context()) {
				t.Error("an event")
			}
		})
		break
	}
	must(t, s.Send(2, []byte("the next loop is the only one")))
	for ev := range hub.Events(patiently(t)) {
		if ev.Kind == tickwire.Message {
			break
		}
	}
	wantPanic("Update", "given to a Hub", func() { srv.Update(time.Now()) })
	wantPanic("Flush", "given to a Hub", func() { srv.Flush(time.Now()) })
	wantPanic("Service", "given to a Hub", func() { srv.Service(time.Now()) })
	wantPanic("Close", "given to a Hub", func() { srv.Close() })
	wantPanic("Shutdown", "given to a Hub", func() { srv.Shutdown(t.Context()) })
	wantPanic("Wait", "given to a Hub", func() { srv.Wait(time.Now()) })
	wantPanic("WaitNews", "given to a Hub", func() { srv.WaitNews(time.Now()) })
	wantPanic("another Hub", "given to a Hub", func() { tickwire.NewHub(srv) })
	wantPanic("Events", "given to a Hub", func() {
		for range srv.Events() {
		}
	})
	wantPanic("Conns", "given to a Hub", func() {
		for range srv.Conns() {
		}
	})
	wantPanic("Ticks", "given to a Hub", func() { srv.Ticks(context.Background(), 60) })
}

// TestHubShutdownIdle: a player to whom nothing was ever sent, and who is gone, is waited for as long
// as any other one: a second, and three for the goodbye.
func TestHubShutdownIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listening, err := mem.Listen()
		must(t, err)
		socket := &leaky{Server: listening}
		srv, err := tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true}, socket)
		must(t, err)
		l := &lobby{t, tickwire.NewHub(srv), listening}
		s := l.enter(1)
		if st := l.hub.Conns()[0].Stats(); st.RTT != 0 {
			t.Fatalf("the server knows the RTT, %v: this tests nothing", st.RTT)
		}
		socket.loses.Store(1 << 20)
		d, err := took(func() error { return l.hub.Shutdown(t.Context()) })
		must(t, err)
		wantTime(t, d, 4*time.Second, 5*time.Second)
		must(t, s.Close())
	})
}
