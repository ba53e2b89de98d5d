package simnet_test

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// A socket behind links, in real time: what a Session, a Client or a Server gets in place of the
// socket itself. Here it is one of package mem; udp.Open gives one for a game over UDP.
func ExampleWrap() {
	socket, far, err := mem.Pair()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer far.Close()
	line, err := simnet.Wrap(socket, simnet.Links{Up: simnet.LinkConfig{Delay: 30 * time.Millisecond}}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer line.Close() // and the socket below with it

	began := time.Now()
	hello := transport.Datagram{Path: socket.Peer(), Bytes: []byte("hello")}
	if _, err := line.Write([]transport.Datagram{hello}); err != nil {
		fmt.Println(err)
		return
	}
	if ready, err := far.Wait(began.Add(time.Minute)); !ready || err != nil {
		fmt.Println("nothing came:", err)
		return
	}
	fmt.Println("30 ms later:", time.Since(began) >= 30*time.Millisecond)

	line.Cut()
	if _, err := line.Write([]transport.Datagram{hello, hello}); err != nil {
		fmt.Println(err)
		return
	}
	up, _ := line.LinkStats()
	fmt.Println("delivered:", up.Delivered, "cut:", up.Cut)

	_, err = simnet.Wrap(socket, simnet.Links{}, 2)
	fmt.Println(err)
	// Output:
	// 30 ms later: true
	// delivered: 1 cut: 2
	// tickwire: socket is one that has an owner already: want a socket of its own: a Server, a Client, a Session and simnet.Wrap each own what they were given, until they close it
}
