package tickwire_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/mem"
)

// A Player stays in a lobby: he connects, and connects again as long as that is of use.
type Player struct {
	Config tickwire.ClientConfig
	Login  func(context.Context) ([]byte, error) // tokenhttp.Fetch, say
	Socket func() (*mem.Socket, error)           // udp.Open, in a program of its own
	Play   func(tickwire.Event)
}

// Stay returns why it is over: ctx, a login that failed, or a reason that does not pass.
func (p *Player) Stay(ctx context.Context) error {
	var token []byte
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		if token == nil {
			var err error
			if token, err = p.Login(ctx); err != nil {
				return err
			}
		}
		reason, err := p.once(ctx, token)
		switch {
		case err != nil:
			return err
		case !reason.Retry():
			return &tickwire.ConnError{Reason: reason}
		case reason.NeedsToken():
			token = nil
		}
		fmt.Println("again, since:", reason.Code)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(max(pause, reason.RetryAfter)):
		}
	}
}

// once plays until the connection ends, or never comes to be.
func (p *Player) once(ctx context.Context, token []byte) (tickwire.Reason, error) {
	socket, err := p.Socket() // Dial closes it if it fails, Close if not
	if err != nil {
		return tickwire.Reason{}, err
	}
	session, err := tickwire.Dial(ctx, p.Config, token, socket)
	var refused *tickwire.ConnError
	if errors.As(err, &refused) {
		return refused.Reason, nil
	}
	if err != nil {
		return tickwire.Reason{}, err
	}
	defer session.Close()
	for ev := range session.Events(ctx) {
		if p.Play(ev); ev.Kind == tickwire.Disconnected {
			return ev.Reason, nil
		}
	}
	return tickwire.Reason{}, context.Cause(ctx)
}

// The lobby is full at first, and a second later it is not. With ClientConfig.Redial a Session would
// also outlive its socket, and with tickwire.Resume its process.
func ExampleSession_reconnect() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cfg := tickwire.Config{Logger: slog.New(slog.DiscardHandler)}
	socket, err := mem.Listen()
	if err != nil {
		log.Fatal(err)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true, MaxClients: 1}, socket)
	if err != nil {
		log.Fatal(err)
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	if err := hub.Reserve(7, time.Now().Add(time.Second)); err != nil { // the only seat
		log.Fatal(err)
	}
	player := Player{
		Config: tickwire.ClientConfig{Config: cfg},
		Login:  func(context.Context) ([]byte, error) { return hub.DevToken(42) },
		Socket: socket.Dial,
		Play: func(ev tickwire.Event) {
			fmt.Println(ev.Kind, ev.Reason.Text)
		},
	}
	go func() {
		for ev := range hub.Events(ctx) {
			if ev.Kind == tickwire.Connected {
				ev.Conn.Close(tickwire.CodeBanned, "not you")
			}
		}
	}()
	fmt.Println(player.Stay(ctx))
	// Output:
	// again, since: server full
	// Disconnected not you
	// tickwire: connection ended: banned: not you (by the peer)
}
