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
	"github.com/tickwire/tickwire/transport/mem"
)

// grace is how long players have to get what was sent to them.
const grace = 10 * time.Second

// serve runs a lobby until ctx ends, and then lets its players go in order.
func serve(ctx context.Context, hub *tickwire.Hub) {
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		// Not with ctx: the loop goes on while everybody leaves, and ends by itself.
		for ev := range hub.Events(context.Background()) {
			fmt.Println(ev.Kind)
		}
	}()
	<-ctx.Done()
	within, cancel := context.WithTimeout(context.Background(), grace) // nor here: ctx is over
	defer cancel()
	if err := hub.Shutdown(within); err != nil {
		fmt.Println(err)
	}
	<-heard
}

// Ctrl-C ends a server in order: newcomers are refused, what was sent arrives, everybody knows.
func ExampleHub_Shutdown() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	socket, err := mem.Listen()
	if err != nil {
		log.Fatal(err)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config: tickwire.Config{Logger: slog.New(slog.DiscardHandler)}, Development: true,
	}, socket)
	if err != nil {
		log.Fatal(err)
	}
	hub := tickwire.NewHub(srv)
	time.AfterFunc(10*time.Millisecond, stop) // somebody presses Ctrl-C
	serve(ctx, hub)
	fmt.Println("closed:", hub.Close() == tickwire.ErrClosed)
	// Output:
	// closed: true
}

// playUntil plays until ctx ends or the server ends it, and then leaves in order: what was sent arrives, and
// the server knows at once that the seat is free.
func playUntil(ctx context.Context, session *tickwire.Session) error {
	for ev := range session.Events(ctx) { // ends with ctx, or after Disconnected
		fmt.Println(ev.Kind)
	}
	within, cancel := context.WithTimeout(context.Background(), grace) // not of ctx, which is over
	defer cancel()
	return session.Shutdown(within) // nothing is left to do if the server has ended it
}

// Ctrl-C ends a player in order; Close in place of Shutdown would lose what was sent last.
func ExampleSession_Shutdown() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cfg := tickwire.Config{Channels: tickwire.Channels(Lines), Logger: slog.New(slog.DiscardHandler)}
	socket, err := mem.Listen()
	if err != nil {
		log.Fatal(err)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	if err != nil {
		log.Fatal(err)
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token, err := hub.DevToken(42)
	if err != nil {
		log.Fatal(err)
	}
	mine, err := socket.Dial()
	if err != nil {
		log.Fatal(err)
	}
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine)
	if err != nil {
		log.Fatal(err)
	}
	if err := Lines.Send(session.Conn(), Line{"Ada", "bye"}); err != nil {
		log.Fatal(err)
	}
	stop() // somebody presses Ctrl-C
	fmt.Println("left:", playUntil(ctx, session))
	for ev := range hub.Events(context.Background()) {
		if fmt.Println("the server sees:", ev.Kind); ev.Kind == tickwire.Disconnected {
			break
		}
	}
	// Output:
	// left: <nil>
	// the server sees: Connected
	// the server sees: Message
	// the server sees: Disconnected
}
