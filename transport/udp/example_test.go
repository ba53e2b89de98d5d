//go:build !js && !wasip1

package udp_test

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// A server answers the path that a datagram came by; a client needs no address of
// its own.
func Example() {
	server, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client, err := udp.Open()
	if err != nil {
		panic(err)
	}
	defer client.Close()

	client.Write([]transport.Datagram{{Path: transport.PathTo(server.LocalAddr()), Bytes: []byte("ping")}})
	for _, d := range receive(server) {
		fmt.Printf("server got %s\n", d.Bytes)
		server.Write([]transport.Datagram{{Path: d.Path, Bytes: []byte("pong")}})
	}
	for _, d := range receive(client) {
		fmt.Printf("client got %s\n", d.Bytes)
	}
	// Output:
	// server got ping
	// client got pong
}

// receive waits for datagrams and returns them.
func receive(s *udp.Socket) []transport.Datagram {
	ds := make([]transport.Datagram, 16)
	for deadline := time.Now().Add(5 * time.Second); ; {
		if ready, err := s.Wait(deadline); err != nil || !ready {
			panic("nothing came")
		}
		n, err := s.Read(ds)
		if err != nil {
			panic(err)
		}
		if n > 0 { // none, if what had come went to a Diverter
			return ds[:n]
		}
	}
}
