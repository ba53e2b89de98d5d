package endpoint_test

import (
	"fmt"

	"github.com/tickwire/tickwire/endpoint"
)

// Two ends talk over something that loses datagrams of more than 1372 bytes, as a tunnel
// does, and find out how large theirs may be.
func ExampleCarrier() {
	cfg := endpoint.Config{
		Channels:         []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.ReliableOrdered}},
		MaxDatagramBytes: 1472,
	}
	alice, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{DontFragment: true})
	bob, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{DontFragment: true})

	tunnel := func(now int64, from, to endpoint.Lone) {
		from.HandleTimeout(now)
		for b := from.AppendDatagram(now, nil); len(b) > 0; b = from.AppendDatagram(now, nil) {
			if len(b) <= 1372 {
				to.HandleDatagram(now, b)
			}
		}
	}
	for now := range int64(10_000) { // milliseconds
		if now == 100 {
			fmt.Println(alice.PathStats(0).MTU, "bytes at first")
		}
		tunnel(now*1_000_000, alice, bob)
		tunnel(now*1_000_000, bob, alice)
	}
	st := alice.PathStats(0)
	fmt.Println(st.MTU, "bytes,", st.PacketsLost, "packets lost")
	// Output:
	// 1200 bytes at first
	// 1372 bytes, 0 packets lost
}
