package tickwire_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// keepingHub serves on a socket, and keeps seats.
func keepingHub(t *testing.T, socket transport.Socket) *tickwire.Hub {
	t.Helper()
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	keeping(&cfg)
	srv, err := tickwire.Listen(cfg, socket)
	must(t, err)
	return tickwire.NewHub(srv)
}

// sessionWith lets player 1 in.
func sessionWith(t *testing.T, hub *tickwire.Hub, mine transport.Socket) *tickwire.Session {
	t.Helper()
	token, err := hub.DevToken(1)
	must(t, err)
	s, err := tickwire.Dial(t.Context(), tickwire.ClientConfig{Config: config()}, token, mine)
	must(t, err)
	return s
}

// TestSessionComesBack: a Session and a Hub whose wire is cut for longer than the timeout, while
// both send on: the loops over Events hear of it, and of each message once and in order.
func TestSessionComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listening, err := mem.Listen()
		must(t, err)
		socket := &leaky{Server: listening}
		hub := keepingHub(t, socket)
		mine, err := socket.Dial()
		must(t, err)
		s := sessionWith(t, hub, mine)
		var wg sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		wg.Go(func() { // an echo
			for ev := range hub.Events(ctx) {
				if ev.Kind == tickwire.Message {
					must(t, only(ev.Conn.SendContext(ctx, ev.Channel, ev.Payload, tickwire.SendOptions{})))
				}
			}
		})
		var kinds, lines []string
		wg.Go(func() {
			for ev := range s.Events(ctx) {
				switch ev.Kind {
				case tickwire.Message:
					lines = append(lines, string(ev.Payload))
				case tickwire.Away:
					kinds = append(kinds, "Away")
				case tickwire.Back:
					kinds = append(kinds, fmt.Sprintf("Back %v", ev.Kept))
				}
			}
		})
		want := saysThroughALeak(t, s, socket)
		time.Sleep(5 * time.Second)
		stats := hub.Stats()
		stop()
		wg.Wait()
		must(t, s.Close())
		must(t, hub.Close())
		if !slices.Equal(kinds, []string{"Away", "Back true"}) || !slices.Equal(lines, want) {
			t.Errorf("told %q, resumed %d times, %d of %d lines came back", kinds, stats.Resumed, len(lines), len(want))
		}
	})
}

// saysThroughALeak says a line each tenth of a second for half a minute, and the wire is cut for
// fifteen seconds of them.
func saysThroughALeak(t *testing.T, s *tickwire.Session, socket *leaky) (lines []string) {
	t.Helper()
	for i := range 300 {
		switch i {
		case 50:
			socket.loses.Store(1 << 30)
		case 200:
			socket.loses.Store(0)
		}
		lines = append(lines, fmt.Sprint("line ", i))
		must(t, only(s.SendContext(t.Context(), 2, []byte(lines[i]), tickwire.SendOptions{})))
		time.Sleep(100 * time.Millisecond)
	}
	return lines
}

// TestSessionResumes: Resume is to Client.Resume what Dial is to Client.Connect.
func TestSessionResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket, err := mem.Listen()
		must(t, err)
		hub := keepingHub(t, socket)
		dial := func() *mem.Socket {
			s, err := socket.Dial()
			must(t, err)
			return s
		}
		s := sessionWith(t, hub, dial())
		time.Sleep(time.Second)
		ticket := s.Conn().Ticket()
		again, err := tickwire.Resume(t.Context(), tickwire.ClientConfig{Config: config()}, ticket, dial())
		must(t, err)
		time.Sleep(time.Second)
		if len(hub.Conns()) != 1 || hub.Stats().Resumed != 1 {
			t.Errorf("%d players, resumed %d times", len(hub.Conns()), hub.Stats().Resumed)
		}
		_, err = tickwire.Resume(t.Context(), tickwire.ClientConfig{Config: config()}, ticket, dial())
		if ce, ok := err.(*tickwire.ConnError); !ok || ce.Reason.Code != tickwire.CodeUsed {
			t.Errorf("with a ticket that was used: %v", err)
		}
		_, err = tickwire.Resume(t.Context(), tickwire.ClientConfig{Config: config()}, nil, dial())
		if err == nil {
			t.Error("without a ticket")
		}
		must(t, again.Close())
		must(t, s.Close())
		must(t, hub.Close())
	})
}

// successors are two Hubs, of which the first hands its players over to the second.
func successors(t *testing.T) (hubs [2]*tickwire.Hub, sockets [2]*mem.Server) {
	t.Helper()
	next := new(*tickwire.Hub)
	for i := range hubs {
		var err error
		sockets[i], err = mem.Listen()
		must(t, err)
		cfg := tickwire.ServerConfig{Config: config(), Development: true, PrivateKey: testKey, MaxTokenLifetime: -1}
		cfg.HandOver = func(c *tickwire.Conn) []byte {
			token, err := (*next).DevToken(c.ClientID())
			must(t, err)
			return token
		}
		srv, err := tickwire.Listen(cfg, sockets[i])
		must(t, err)
		hubs[i] = tickwire.NewHub(srv)
	}
	*next = hubs[1]
	return hubs, sockets
}

// TestShutdownHandsOver: a server that shuts down hands its players over to another one. A Session
// goes on with the other one, nothing that was sent is lost, and whoever reads its events hears
// of both.
func TestShutdownHandsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hubs, sockets := successors(t)
		token, err := hubs[0].DevToken(5)
		must(t, err)
		mine, err := sockets[0].Dial()
		must(t, err)
		cfg := tickwire.ClientConfig{Config: config(), Redial: func(tickwire.Redial) (transport.Socket, error) { return sockets[1].Dial() }}
		s, err := tickwire.Dial(t.Context(), cfg, token, mine)
		must(t, err)
		first := s.Conn()
		var wg sync.WaitGroup
		heard := [2][]string{}
		for i, hub := range hubs {
			wg.Go(func() {
				for ev := range hub.Events(t.Context()) {
					if ev.Kind == tickwire.Message {
						heard[i] = append(heard[i], string(ev.Payload))
					}
				}
			})
		}
		var kinds []string
		wg.Go(func() {
			for ev := range s.Events(t.Context()) {
				if ev.From != nil && ev.From != first {
					t.Errorf("from %v", ev.From)
				}
				if ev.Kind == tickwire.Connected || ev.Kind == tickwire.Disconnected {
					kinds = append(kinds, fmt.Sprintf("%v %v", ev.Kind, ev.Conn == first))
				}
			}
		})
		must(t, s.Send(2, []byte("before")))
		time.Sleep(time.Second)
		must(t, s.Send(2, []byte("just before")))
		must(t, hubs[0].Shutdown(t.Context()))
		time.Sleep(time.Second)
		must(t, s.Send(2, []byte("after")))
		must(t, s.Shutdown(t.Context()))
		must(t, hubs[1].Close())
		wg.Wait()
		if !slices.Equal(heard[0], []string{"before", "just before"}) || !slices.Equal(heard[1], []string{"after"}) {
			t.Errorf("the servers heard %q", heard)
		}
		if !slices.Equal(kinds, []string{"Connected false", "Disconnected true", "Disconnected false"}) || s.Conn() == first {
			t.Errorf("the player was told %q", kinds)
		}
	})
}
