package endpoint_test

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// A command is lost on a link of 100 ms each way. The next one, a tick later, brings a sum of
// those before it, and both are here at once: nobody waits for a round trip.
func ExampleRepair() {
	cfg := endpoint.Config{Channels: []endpoint.ChannelConfig{
		{ID: 1, Delivery: endpoint.ReliableOrdered, Repair: endpoint.RepairOnce},
	}}
	player, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	server, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	type datagram struct {
		at    time.Duration
		to    *endpoint.Lone
		bytes []byte
	}
	var air []datagram
	var now time.Duration
	run := func(d time.Duration, lose bool) { // in steps of a millisecond
		for end := now + d; now < end; now += time.Millisecond {
			for len(air) > 0 && air[0].at <= now {
				air[0].to.HandleDatagram(now, air[0].bytes)
				air = air[1:]
			}
			for _, way := range [][2]*endpoint.Lone{{player, server}, {server, player}} {
				from, to := way[0], way[1]
				from.HandleTimeout(now)
				for b := from.AppendDatagram(now, nil); len(b) > 0; b = from.AppendDatagram(now, nil) {
					if !lose {
						air = append(air, datagram{now + 100*time.Millisecond, to, b})
					}
				}
			}
		}
	}
	run(time.Second, false)
	for _, command := range []string{"run", "jump", "duck", "fire", "reload"} {
		_, _ = player.Send(1, []byte(command), endpoint.SendOptions{})
		run(16*time.Millisecond, command == "fire")
	}
	run(86*time.Millisecond, false) // until "reload" is here

	server.Update()
	for m, ok := server.Receive(1); ok; m, ok = server.Receive(1) {
		fmt.Printf("%s\n", m.Bytes())
	}
	fmt.Println("rebuilt:", server.Stats().MessagesRebuilt)
	// Output:
	// run
	// jump
	// duck
	// fire
	// reload
	// rebuilt: 1
}
