package endpoint_test

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// Any object that sends and receives datagrams can carry an endpoint: here a pair of Go
// channels, which loses what does not fit.
func Example_carrier() {
	there, back := make(chan []byte, 4), make(chan []byte, 4)
	cfg := endpoint.Config{Channels: []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.ReliableUnordered}}}
	a, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	b, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	client, server := peer{a, pipe{there, back}}, peer{b, pipe{back, there}}

	client.Send(1, make([]byte, 100_000), endpoint.SendOptions{})
	for now := time.Duration(0); now < 10*time.Second; now += time.Millisecond {
		client.Step(now)
		server.Step(now)
		if m, ok := server.Receive(1); ok {
			fmt.Println("received", m.Len(), "bytes")
		}
	}
	// Output: received 100000 bytes
}

// A carrier is anything that sends a datagram, and receives one if there is one.
type carrier interface {
	Send(b []byte)
	Receive() (b []byte, ok bool)
}

// A peer is an endpoint on a carrier.
type peer struct {
	*endpoint.Lone
	link carrier
}

// Step reads, does what is due, and writes. Call it often, or after what Deadline says.
func (p peer) Step(now time.Duration) {
	for b, ok := p.link.Receive(); ok; b, ok = p.link.Receive() {
		p.HandleDatagram(now, b)
	}
	p.HandleTimeout(now)
	for b := p.AppendDatagram(now, nil); len(b) > 0; b = p.AppendDatagram(now, nil) {
		p.link.Send(b)
	}
	p.Update()
}

// A pipe is a carrier made of two Go channels; when one is full, datagrams are lost.
type pipe struct {
	out chan<- []byte
	in  <-chan []byte
}

func (p pipe) Send(b []byte) {
	select {
	case p.out <- b:
	default:
	}
}

func (p pipe) Receive() ([]byte, bool) {
	select {
	case b := <-p.in:
		return b, true
	default:
		return nil, false
	}
}
