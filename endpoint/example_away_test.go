package endpoint_test

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// A player's phone loses its network for longer than the timeout. The connection is kept; what
// was sent meanwhile arrives when there are new keys, which the owner of the two ends has seen to.
func ExampleLone_Continue() {
	cfg := endpoint.Config{
		Channels: []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.ReliableOrdered}},
		KeepFor:  time.Minute,
	}
	server, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	player, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	carry := func(now time.Duration, from, to *endpoint.Lone) {
		from.HandleTimeout(now)
		for b := from.AppendDatagram(now, nil); len(b) > 0; b = from.AppendDatagram(now, nil) {
			to.HandleDatagram(now, b)
		}
	}
	now := time.Duration(0)
	run := func(d time.Duration, connected bool) {
		for end := now + d; now < end; now += time.Millisecond {
			if connected {
				carry(now, server, player)
				carry(now, player, server)
			} else {
				server.HandleTimeout(now)
				player.HandleTimeout(now)
			}
		}
	}
	run(time.Second, true)
	run(15*time.Second, false)
	_, _ = server.Send(1, []byte("are you there?"), endpoint.SendOptions{})
	fmt.Println("away:", server.Away(), player.Away())

	_ = player.Continue(now)
	_ = server.Continue(now)
	run(time.Second, true)

	server.Update()
	for ev, ok := server.NextEvent(); ok; ev, ok = server.NextEvent() {
		if ev.Kind != endpoint.PathChanged {
			fmt.Println("server:", ev.Kind)
		}
	}
	player.Update()
	message, _ := player.Receive(1)
	fmt.Printf("player: %s\n", message.Bytes())
	// Output:
	// away: true true
	// server: Opened
	// server: Away
	// server: Back
	// player: are you there?
}

// The owners of two ends talk beside the games: here a server tells its addresses.
func ExampleLone_SendControl() {
	cfg := endpoint.Config{Channels: []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.ReliableOrdered}}}
	server, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	player, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	const addresses = 3                                     // a kind of CONTROL
	list := []byte{1, 0, 0, 0, 1, 192, 0, 2, 1, 0x61, 0x1e} // one of IPv4
	_ = server.SendControl(addresses, list)
	carry := func(now time.Duration, from, to *endpoint.Lone) {
		from.HandleTimeout(now)
		for b := from.AppendDatagram(now, nil); len(b) > 0; b = from.AppendDatagram(now, nil) {
			to.HandleDatagram(now, b)
		}
	}
	for now := time.Duration(0); now < 100*time.Millisecond; now += time.Millisecond {
		carry(now, server, player)
		carry(now, player, server)
	}
	kind, body, ok := player.ReceiveControl()
	fmt.Println(kind, body, ok)
	// Output:
	// 3 [1 0 0 0 1 192 0 2 1 97 30] true
}
