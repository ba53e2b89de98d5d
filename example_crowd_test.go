package tickwire_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"slices"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/mem"
)

// news is what everybody in the room hears.
var news = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Name: "news", Delivery: tickwire.ReliableOrdered})

// tell tells everybody in the room but one, and sends away who is too slow to hear it.
func tell(hub *tickwire.Hub, but *tickwire.Conn, text string) error {
	others := slices.DeleteFunc(hub.Conns(), func(c *tickwire.Conn) bool { return c == but })
	return news.Broadcast(hub, slices.Values(others), []byte(text), tickwire.SendOptions{},
		func(c *tickwire.Conn, _ tickwire.Receipt, err error) {
			if errors.Is(err, tickwire.ErrFull) {
				c.Close(tickwire.CodeApplication, "too slow")
			}
		})
}

// A room in which each player hears what the others do.
func ExampleHub_Broadcast() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cfg := tickwire.Config{Channels: tickwire.Channels(news), Logger: slog.New(slog.DiscardHandler)}
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
	go func() {
		for ev := range hub.Events(ctx) {
			if ev.Kind == tickwire.Connected {
				if err := tell(hub, ev.Conn, fmt.Sprintf("player %d comes in", ev.Conn.ClientID())); err != nil {
					log.Println(err)
				}
			}
		}
	}()
	var players []*tickwire.Session
	for id := range uint64(2) {
		token, err := hub.DevToken(id + 1)
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
		defer session.Close()
		players = append(players, session)
	}
	for ev := range players[0].Events(ctx) {
		if news.Is(ev) {
			fmt.Printf("%s\n", ev.Payload)
			break
		}
	}
	// Output:
	// player 2 comes in
}
