package tickwire_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// A player's process is killed in the middle of a match. The next one comes back with the ticket
// that the first one had stored, to the same seat, where the game has kept what he had.
func ExampleClient_Resume() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	score := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(score), Logger: slog.New(slog.DiscardHandler)}
	socket := try(mem.Listen())
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true, KeepSeats: time.Minute}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	go func() {
		for ev := range hub.Events(ctx) {
			switch ev.Kind {
			case tickwire.Connected:
				ev.Conn.Value = 1200 // points, say
			case tickwire.Back:
				if !ev.Kept { // it may be a process that knows nothing
					score.Send(ev.Conn, fmt.Appendf(nil, "you have %d points", ev.Conn.Value))
				}
			}
		}
	}()

	token := try(hub.DevToken(42))
	mine := try(socket.Dial())
	first, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer first.Close()
	var stored []byte // in a file, as secret as a password
	for stored == nil {
		stored = first.Conn().Ticket() // it comes a moment after Connected
		time.Sleep(time.Millisecond)
	}

	// The process is gone. Here is the next one.
	mine = try(socket.Dial())
	second, err := tickwire.Resume(ctx, tickwire.ClientConfig{Config: cfg}, stored, mine)
	if err != nil {
		fmt.Println(err) // the reason, and that a connect token is needed
		return
	}
	defer second.Close()
	for ev := range second.Events(ctx) {
		if ev.Kind == tickwire.Message {
			fmt.Println(string(ev.Payload))
			break
		}
	}
	// Output:
	// you have 1200 points
}

// A server is updated while a match goes on: it shuts down and hands its players over to the
// next one, which has the same key.
func ExampleServer_Shutdown_handOver() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	lines := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(lines), Logger: slog.New(slog.DiscardHandler)}
	key := netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}) // 32 secret bytes, which the login backend has, too
	run := func(name string, handOver func(*tickwire.Conn) []byte) (*tickwire.Hub, *mem.Server) {
		socket := try(mem.Listen())
		cfg := tickwire.ServerConfig{Config: cfg, PrivateKey: key, HandOver: handOver, MaxTokenLifetime: -1} // no earlier run
		srv, err := tickwire.Listen(cfg, socket)
		if err != nil {
			panic(err)
		}
		hub := tickwire.NewHub(srv)
		go func() {
			for ev := range hub.Events(ctx) {
				if ev.Kind == tickwire.Connected {
					lines.Send(ev.Conn, fmt.Appendf(nil, "welcome to the %s, player %d", name, ev.Conn.ClientID()))
				}
			}
		}()
		return hub, socket
	}
	mint := func(player uint64, hub *tickwire.Hub) []byte {
		cfg := netcode.MintConfig{Key: key, ClientID: player, Addresses: hub.PublicAddresses()}
		token, err := netcode.Mint(time.Now(), cfg)
		if err != nil {
			panic(err)
		}
		return token.Append(nil)
	}
	next, nextSocket := run("second server", nil)
	defer next.Close()
	old, oldSocket := run("first server", func(c *tickwire.Conn) []byte { return mint(c.ClientID(), next) })

	mine := try(oldSocket.Dial())
	player, err := tickwire.Dial(ctx, tickwire.ClientConfig{
		Config: cfg,
		// Sockets of the system need none to reach another server; those of package mem do.
		Redial: func(tickwire.Redial) (transport.Socket, error) { return nextSocket.Dial() },
	}, mint(42, old), mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer player.Close()
	welcomes := 0
	for ev := range player.Events(ctx) {
		if ev.Kind == tickwire.Message {
			fmt.Println(string(ev.Payload))
			if welcomes++; welcomes == 2 {
				break
			}
			go old.Shutdown(ctx)
		}
	}
	// Output:
	// welcome to the first server, player 42
	// welcome to the second server, player 42
}
