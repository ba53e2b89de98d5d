//go:build !js

package tickwire_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// A server for native players and browsers: two sockets of one port, and nothing else changes. Here
// the player is a client in Go, who begins on a WebSocket as a page does and climbs from there.
func ExampleListen_browsers() {
	chat := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(chat), Logger: slog.New(slog.DiscardHandler)}
	native, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	pages := http.NotFoundHandler() // http.FileServerFS, with those of the game
	browsers, err := web.New(native, web.Config{Handler: pages})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, native, browsers)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close() // both sockets, too
	token, err := hub.DevToken(7)
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ladder, err := web.Dial(ctx, browsers.URL(), web.DialConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	player, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, ladder)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer player.Close()
	for player.Conn().Transport() != transport.KindWebTransport && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("he plays by", player.Conn().Transport())
	// Output: he plays by webtransport
}
