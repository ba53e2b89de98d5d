// The command hello is a server and a player in one program.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/udp"
)

func main() {
	ctx := context.Background()
	chat := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(chat)} // the same at both ends

	srv := must(tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, must(udp.Listen("127.0.0.1:0"))))
	token := must(srv.DevToken(42)) // later your login backend makes it, with package netcode
	hub := tickwire.NewHub(srv)
	go func() {
		for ev := range hub.Events(ctx) {
			if ev.Kind == tickwire.Message {
				check(chat.Send(ev.Conn, fmt.Appendf(nil, "welcome, %s", ev.Payload)))
			}
		}
	}()

	player := must(tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, must(udp.Open())))
	check(player.Send(1, []byte("Ada")))
	for ev := range player.Events(ctx) {
		if ev.Kind == tickwire.Message {
			fmt.Printf("%s\n", ev.Payload)
			player.Close()
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}
