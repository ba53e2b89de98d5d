package mem_test

import (
	"fmt"
	"log"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// A game that hosts and plays opens a server socket and dials it.
func Example() {
	server, err := mem.Listen()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	player, err := server.Dial()
	if err != nil {
		panic(err)
	}
	defer player.Close()

	player.Write([]transport.Datagram{{Path: player.Peer(), Bytes: []byte("jump")}})

	if ready, err := server.Wait(time.Now().Add(time.Second)); err != nil || !ready {
		panic("nothing came")
	}
	ds := make([]transport.Datagram, 16)
	n, err := server.Read(ds)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range ds[:n] {
		fmt.Printf("player %d: %s\n", d.Path.Association, d.Bytes)
	}
	// Output: player 1: jump
}
