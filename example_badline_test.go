//go:build !js

package tickwire_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// A badLine is what stands in front of a server's port: a Relay for UDP, and one for TCP.
type badLine struct {
	packets *simnet.Relay
	streams *simnet.StreamRelay
}

// newBadLine puts a line before the sockets of a server. Pages come to b.streams.Addr(), by HTTP.
func newBadLine(ctx context.Context, links simnet.Links, pages http.Handler) (b badLine, native *udp.Socket, browsers *web.Socket, err error) {
	if native, err = udp.Listen("127.0.0.1:0"); err != nil {
		return b, nil, nil, err
	}
	b.packets, err = simnet.NewRelay(simnet.RelayConfig{Target: native.LocalAddr().String(), Up: links.Up, Down: links.Down, Seed: 1})
	if err != nil {
		return b, nil, nil, err
	}
	b.streams, err = simnet.NewStreamRelay(simnet.StreamRelayConfig{Up: links.Up, Down: links.Down, Seed: 1})
	if err != nil {
		return b, nil, nil, err
	}
	go func() { _ = b.packets.Run(ctx) }() // until ctx ends
	go func() { _ = b.streams.Run(ctx) }()
	browsers, err = web.New(native, web.Config{
		Handler: pages, Listener: b.streams.Listener(), AdvertisePort: b.packets.Addr().Port(),
	})
	return b, native, browsers, err
}

// Sockets that tests of a game may use as they are, or a browser that is sent there: the player begins on his WebSocket,
// climbs to WebTransport, and is back when the network drops UDP. Here he is a program in Go.
func ExampleListen_badLine() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	line, native, browsers, err := newBadLine(ctx, simnet.LTE4G(), http.NotFoundHandler())
	if err != nil {
		log.Fatal(err)
	}
	states := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.UnreliableLatest})
	cfg := tickwire.Config{Channels: tickwire.Channels(states), Logger: slog.New(slog.DiscardHandler)}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, native, browsers)
	if err != nil {
		log.Fatal(err)
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token, err := hub.DevToken(42)
	if err != nil {
		log.Fatal(err)
	}
	ladder, err := web.Dial(ctx, "http://"+line.streams.Addr().String(), web.DialConfig{})
	if err != nil {
		log.Fatal(err)
	}
	player, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, ladder)
	if err != nil {
		log.Fatal(err)
	}
	defer player.Close()

	by := func(kind transport.Kind) {
		for player.Conn().Transport() != kind && ctx.Err() == nil {
			_ = states.Send(player.Conn(), []byte("a game says something all the time")) // the next one follows
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Println("he plays by", player.Conn().Transport())
	}
	by(transport.KindWebTransport)
	fmt.Println("a round trip takes more than 54 ms:", player.Conn().Stats().MinRTT > 54*time.Millisecond)
	line.packets.Cut()
	by(transport.KindWebSocket)
	line.packets.Heal()
	by(transport.KindWebTransport)
	// Output:
	// he plays by webtransport
	// a round trip takes more than 54 ms: true
	// he plays by websocket
	// he plays by webtransport
}
