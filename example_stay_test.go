package tickwire_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// A player's whole program: he connects, and connects again as long as that is of use, until Ctrl-C or
// a reason that does not pass. Here the lobby is full at first, and when he comes again it is not. With
// ClientConfig.Redial a Session would also outlive its socket, and with tickwire.Resume its process.
func ExampleStay() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg := tickwire.Config{
		Channels: tickwire.Channels(Lines),
		Logger:   slog.New(slog.DiscardHandler), // to keep the example short
	}
	lobby, hub := openLobby(ctx, cfg)
	defer hub.Close()

	err := tickwire.Stay(ctx, tickwire.StayConfig{
		Client: tickwire.ClientConfig{Config: cfg},
		Login: func(context.Context) ([]byte, error) {
			return hub.DevToken(42) // later: tokenhttp.Fetch
		},
		Open: func() (transport.Socket, error) { return lobby.Dial() }, // later: udp.Open()
		Play: func(ctx context.Context, s *tickwire.Session) error {
			if err := Lines.Send(s.Conn(), Line{"Ada", "hello"}); err != nil {
				return err
			}
			for ev := range s.Events(ctx) { // until the connection ends, or ctx
				if Lines.Is(ev) {
					line, err := Lines.Decode(ev)
					fmt.Println(line.From, "says", line.Text, err)
				}
			}
			return nil
		},
		Again: func(why error, pause time.Duration) error {
			fmt.Println("again soon, since", why)
			return nil
		},
	})
	fmt.Println(err)
	// Output:
	// again soon, since tickwire: not connected: server full (by the peer); try again after 1s
	// Bob says not you <nil>
	// tickwire: connection ended: banned (by the peer)
}

// openLobby has one seat, which is kept for another player for a moment, and a landlord.
func openLobby(ctx context.Context, cfg tickwire.Config) (*mem.Server, *tickwire.Hub) {
	socket, err := mem.Listen()
	if err != nil {
		log.Fatal(err)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true, MaxClients: 1}, socket)
	if err != nil {
		log.Fatal(err)
	}
	hub := tickwire.NewHub(srv)
	if err := hub.Reserve(7, time.Now().Add(time.Second)); err != nil {
		log.Fatal(err)
	}
	go func() {
		for ev := range hub.Events(ctx) {
			if !Lines.Is(ev) {
				continue
			}
			if err := Lines.Send(ev.Conn, Line{"Bob", "not you"}); err != nil {
				fmt.Println(err)
			}
			if err := ev.Conn.Drain(tickwire.CodeBanned, "", time.Second); err != nil {
				fmt.Println(err)
			}
		}
	}()
	return socket, hub
}
