package simnet_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// Two programs that know nothing of it talk through a bad network: the client dials the Relay in place of
// the server. In one's own process a socket is put behind links by Wrap, without a port in between.
func ExampleRelay() {
	server, err := net.ListenPacket("udp", "127.0.0.1:0") // your server: it says everything twice
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	go func() {
		b := make([]byte, 1500)
		for n, from, err := server.ReadFrom(b); err == nil; n, from, err = server.ReadFrom(b) {
			if _, err := server.WriteTo(append(b[:n:n], b[:n]...), from); err != nil {
				log.Print(err)
			}
		}
	}()

	way := simnet.LinkConfig{Delay: 30 * time.Millisecond}
	relay, err := simnet.NewRelay(simnet.RelayConfig{Target: server.LocalAddr().String(), Up: way, Down: way})
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

	client, err := net.Dial("udp", relay.Addr().String()) // your client
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	began := time.Now()
	if _, err := client.Write([]byte("ho")); err != nil {
		log.Fatal(err)
	}
	b := make([]byte, 1500)
	n, err := client.Read(b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, 60 ms later or more: %v\n", b[:n], time.Since(began) >= 60*time.Millisecond)
	fmt.Println("clients:", relay.Stats().Accepted)
	// Output:
	// hoho, 60 ms later or more: true
	// clients: 1
}
