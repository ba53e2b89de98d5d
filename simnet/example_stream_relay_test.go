package simnet_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// A bad line between two programs that speak TCP: a server that echoes, and whoever dials it. The first answer takes
// two round trips, one for the handshake; after a switch to a satellite even one takes half a second.
func ExampleStreamRelay() {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	go func() {
		if c, err := server.Accept(); err == nil {
			_, _ = io.Copy(c, c)
		}
	}()

	wifi := simnet.WiFi()
	relay, err := simnet.NewStreamRelay(simnet.StreamRelayConfig{Target: server.Addr().String(), Up: wifi.Up, Down: wifi.Down, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		if err := relay.Run(ctx); err != nil { // until ctx ends
			log.Print(err)
		}
	}()

	client, err := net.Dial("tcp", relay.Addr().String()) // as if that were the server
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	echo := func() time.Duration {
		start := time.Now()
		if _, err := client.Write([]byte("hello")); err != nil {
			log.Fatal(err)
		}
		if _, err := io.ReadFull(client, make([]byte, 5)); err != nil {
			log.Fatal(err)
		}
		return time.Since(start)
	}
	fmt.Println("more than 48 ms:", echo() > 48*time.Millisecond)
	satellite := simnet.Satellite()
	if err := relay.SetLinks(satellite.Up, satellite.Down); err != nil {
		log.Fatal(err)
	}
	fmt.Println("more than 560 ms:", echo() > 560*time.Millisecond)
	// Output:
	// more than 48 ms: true
	// more than 560 ms: true
}
