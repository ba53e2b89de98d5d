package endpoint_test

import (
	"fmt"
	"time"

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

	tunnel := func(now time.Duration, from, to *endpoint.Lone) {
		from.HandleTimeout(now)
		for b := from.AppendDatagram(now, nil); len(b) > 0; b = from.AppendDatagram(now, nil) {
			if len(b) <= 1372 {
				to.HandleDatagram(now, b)
			}
		}
	}
	for now := time.Duration(0); now < 10*time.Second; now += time.Millisecond {
		if now == 100*time.Millisecond {
			fmt.Println(alice.PathStats().MTU, "bytes at first")
		}
		tunnel(now, alice, bob)
		tunnel(now, bob, alice)
	}
	st := alice.PathStats()
	fmt.Println(st.MTU, "bytes,", st.PacketsLost, "packets lost")
	// Output:
	// 1200 bytes at first
	// 1372 bytes, 0 packets lost
}
