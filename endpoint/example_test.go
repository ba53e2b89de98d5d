package endpoint_test

import (
	"fmt"
	"log"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// Two ends of a conversation: one sends a message, the other receives it, and the first one is
// told.
func Example() {
	cfg := endpoint.Config{Channels: []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.ReliableOrdered}}}
	alice, err := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	if err != nil {
		log.Fatal(err)
	}
	bob, err := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	if err != nil {
		log.Fatal(err)
	}
	receipt, err := alice.Send(1, []byte("hello"), endpoint.SendOptions{Receipt: true})
	if err != nil {
		log.Fatal(err)
	}
	for now := time.Duration(0); now < 100*time.Millisecond; now += time.Millisecond {
		carry(now, alice, bob)
		carry(now, bob, alice)
	}

	bob.Update()
	if message, ok := bob.Receive(1); ok {
		fmt.Printf("bob received %q\n", message.Bytes())
	}
	alice.Update()
	for ev, ok := alice.NextEvent(); ok; ev, ok = alice.NextEvent() {
		fmt.Println("alice:", ev.Kind, ev.Receipt == receipt)
	}
	// Output:
	// bob received "hello"
	// alice: Opened false
	// alice: Delivered true
}

// carry takes what one end has to send to the other: the place for your network.
func carry(now time.Duration, from, to *endpoint.Lone) {
	from.HandleTimeout(now)
	for b := from.AppendDatagram(now, nil); len(b) > 0; b = from.AppendDatagram(now, nil) {
		to.HandleDatagram(now, b)
	}
}
