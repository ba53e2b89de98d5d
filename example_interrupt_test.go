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
