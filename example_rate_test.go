package tickwire_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// A player's line falls from 4 Mbit/s to 1. The server hears of it, sends him less state in each
// tick, and what he sees stays as young as it was. Network and time are simulated.
func ExampleConfig_congestion() {
	nw := simnet.NewNetwork(1)
	world := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.Unreliable})
	cfg := tickwire.Config{
		Channels:   tickwire.Channels(world),
		Congestion: tickwire.CongestionConfig{MinBytesPerSecond: 20_000}, // what he needs to play at all
		Logger:     slog.New(slog.DiscardHandler), Now: nw.Now(),
	}
	theirs := try(nw.Socket(netip.MustParseAddrPort("10.0.0.1:7777"), simnet.SocketConfig{}))
	mine := try(nw.Socket(netip.MustParseAddrPort("10.0.0.2:5000"), simnet.SocketConfig{}))
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, theirs)
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, mine)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	token := try(srv.DevToken(42))
	if _, err := client.Connect(token); err != nil {
		panic(err)
	}

	line := simnet.LinkConfig{Delay: 25 * time.Millisecond, BitsPerSecond: 4_000_000}
	_ = nw.SetHost(netip.MustParseAddr("10.0.0.2"), simnet.Links{Up: line, Down: line})
	entity, rate := make([]byte, 200), 4_000_000/8
	for tick := range 10 * 60 {
		if tick == 5*60 {
			line.BitsPerSecond = 1_000_000
			_ = nw.SetHost(netip.MustParseAddr("10.0.0.2"), simnet.Links{Up: line, Down: line})
		}
		srv.Update(nw.Now())
		for ev := range srv.Events() {
			if ev.Kind == tickwire.RateChanged {
				rate = ev.BytesPerSecond
			}
		}
		for c := range srv.Conns() { // the most important entities, as many as a tick has room for
			for sent := 0; sent < rate/60 && c.Budget() >= c.Cost(len(entity)); sent += c.Cost(len(entity)) {
				_ = world.Send(c, entity)
			}
		}
		srv.Flush(nw.Now())
		client.Update(nw.Now())
		client.Flush(nw.Now())
		betweenSteps(nw, srv, client)
	}
	for c := range srv.Conns() {
		st := c.Stats()
		fmt.Println("the estimate is near 1 Mbit/s:", st.BytesPerSecond > 100_000 && st.BytesPerSecond < 150_000)
		fmt.Println("packets wait less than three ticks:", st.QueueDelay < 50*time.Millisecond)
	}
	// Output:
	// the estimate is near 1 Mbit/s: true
	// packets wait less than three ticks: true
}

// betweenSteps does for a tick what Ticks does, with a network in virtual time.
func betweenSteps(nw *simnet.Network, srv *tickwire.Server, client *tickwire.Client) {
	for range 16 {
		nw.Advance(time.Second / 60 / 16)
		srv.Service(nw.Now())
		client.Service(nw.Now())
	}
}
