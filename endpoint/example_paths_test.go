package endpoint_test

import (
	"fmt"

	"github.com/tickwire/tickwire/endpoint"
)

// A player is connected by Wi-Fi and by a mobile network: what he sends goes over both, and
// arrives although one of them is dead.
func ExampleEndpoint_OpenPath() {
	const wifi, mobile = 0, 1
	cfg := endpoint.Config{
		Handshake: true, // of package netcode, say, whose HELLOs these would be
		Channels:  []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.Unreliable}},
	}
	player, _ := endpoint.New(0, cfg)
	server, _ := endpoint.New(0, cfg)
	_ = player.HandleHello(0, server.AppendHello(0, nil))
	_ = server.HandleHello(0, player.AppendHello(0, nil))

	_, _ = player.OpenPath(0, endpoint.PathConfig{Route: mobile, Use: endpoint.UseCopy})
	for now := range int64(100) { // milliseconds
		carryBy(now*1_000_000, player, server, wifi, mobile)
		carryBy(now*1_000_000, server, player, wifi, mobile)
	}
	for path := range player.Paths() {
		st := player.PathStats(path)
		fmt.Printf("path %d: %v, %v\n", path, st.State, st.Use)
	}

	_, _ = player.Send(1, []byte("jump"), endpoint.SendOptions{})
	carryBy(100_000_000, player, server, mobile)
	server.Update()
	m, _ := server.Receive(1)
	fmt.Printf("%s\n", m.Bytes())
	// Output:
	// path 0: active, share
	// path 1: active, copy
	// jump
}

// carryBy takes what one end has to send to the other, by the routes that work. Here both ends
// call them the same.
func carryBy(now int64, from, to *endpoint.Endpoint, working ...endpoint.Route) {
	from.HandleTimeout(now)
	begin := func(endpoint.Header) (head []byte, around endpoint.Envelope) {
		return nil, endpoint.Envelope{} // here path and number need no header, and nothing seals
	}
	for out := (endpoint.Outgoing{}); from.NextPacket(now, &out, begin); {
		for _, works := range working {
			if works == out.To || works == out.Also {
				to.HandlePacket(now, endpoint.Incoming{
					Path: out.Path, From: works, Number: out.Number, Frames: out.Packet,
				})
			}
		}
	}
}
