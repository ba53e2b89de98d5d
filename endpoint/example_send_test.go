package endpoint_test

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// A game sends the places of its entities: of each the newest counts, and what nobody could
// use any more is not sent.
func ExampleSendOptions() {
	cfg := endpoint.Config{Channels: []endpoint.ChannelConfig{
		{ID: 1, Delivery: endpoint.ReliableLatest},
		{ID: 2, Delivery: endpoint.ReliableOrdered},
	}}
	server, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	player, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	for _, place := range []string{"x=1", "x=2", "x=3"} {
		_, _ = server.Send(1, []byte("ship 7 "+place), endpoint.SendOptions{Keyed: true, Key: 7})
		_, _ = server.Send(1, []byte("ship 8 "+place), endpoint.SendOptions{Keyed: true, Key: 8})
	}
	_, _ = server.Send(2, []byte("3 seconds to go"), endpoint.SendOptions{TTL: -1})
	_, _ = server.Send(2, []byte("the hare wins"), endpoint.SendOptions{})
	_, _ = server.Send(2, []byte("confetti"), endpoint.SendOptions{Droppable: true})
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

	player.Update()
	for _, channel := range []endpoint.ChannelID{1, 2} {
		for m, ok := player.Receive(channel); ok; m, ok = player.Receive(channel) {
			fmt.Printf("%s\n", m.Bytes())
		}
	}
	// Output:
	// ship 7 x=3
	// ship 8 x=3
	// the hare wins
	// confetti
}

// A message is put together in the memory that it is sent from, and goes to two players.
func ExampleDraft() {
	cfg := endpoint.Config{
		Channels: []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.ReliableOrdered}},
		Buffers:  endpoint.NewBuffers(0), // of the whole server
	}
	var servers, players [2]*endpoint.Lone
	for i := range servers {
		servers[i], _ = endpoint.NewLone(0, cfg, endpoint.Carrier{})
		players[i], _ = endpoint.NewLone(0, cfg, endpoint.Carrier{})
	}

	d := endpoint.NewDraft(cfg.Buffers, cfg.Channels)
	fmt.Fprintf(d, "%d players, ", len(players))
	_ = d.Append(func(b []byte) []byte { return strconv.AppendQuote(b, "go") })
	d.Share()
	for _, end := range servers {
		_, _ = end.SendDraft(1, d, endpoint.SendOptions{})
	}
	d.Reset()
	fmt.Println(cfg.Buffers.Stats().InUse, "buffer")

	carry := func(now time.Duration, from, to *endpoint.Lone) {
		from.HandleTimeout(now)
		for b := from.AppendDatagram(now, nil); len(b) > 0; b = from.AppendDatagram(now, nil) {
			to.HandleDatagram(now, b)
		}
	}
	for i := range players {
		for now := time.Duration(0); now < 100*time.Millisecond; now += time.Millisecond {
			carry(now, servers[i], players[i])
			carry(now, players[i], servers[i])
		}
		players[i].Update()
		m, _ := players[i].Receive(1)
		fmt.Printf("%s\n", m.Bytes())
	}
	// Output:
	// 1 buffer
	// 2 players, "go"
	// 2 players, "go"
}

// A game that has more to tell than the line takes sends what matters most until its budget is used
// up, each tick: what it sent leaves at once, and nothing grows old in a queue. Here the peer says
// that it takes 120000 bytes a second, which is 2000 in each of 60 ticks.
func ExampleLone_Budget() {
	const step = time.Second / 60
	channels := []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.UnreliableLatest}}
	server, _ := endpoint.NewLone(0, endpoint.Config{Channels: channels}, endpoint.Carrier{})
	client, _ := endpoint.NewLone(0, endpoint.Config{
		Channels: channels, Inbound: endpoint.Limits{BytesPerSecond: 120_000},
	}, endpoint.Carrier{})
	carry := func(now time.Duration, from, to *endpoint.Lone) {
		from.HandleTimeout(now)
		for b := from.AppendDatagram(now, nil); len(b) > 0; b = from.AppendDatagram(now, nil) {
			to.HandleDatagram(now, b)
		}
		to.Update()
	}

	entity := make([]byte, 40)
	old := 0
	for now := time.Duration(0); now < 5*time.Second; now += time.Millisecond {
		if now%step < time.Millisecond { // a tick
			old = max(old, server.Stats().QueuedMessages)
			for key := uint64(0); key < 1000 && server.Budget(now, now+step) >= server.Cost(now, now+step, len(entity)); key++ {
				server.Send(1, entity, endpoint.SendOptions{Keyed: true, Key: key})
			}
		}
		carry(now, server, client)
		carry(now, client, server)
	}
	st := client.Stats()
	fmt.Println("nine tenths are used:", st.BytesReceived > 5*120_000*9/10)
	fmt.Println("waits until the next tick:", old, "messages")
	fmt.Println("was too fast:", st.MessagesTooFast)
	// Output:
	// nine tenths are used: true
	// waits until the next tick: 0 messages
	// was too fast: 0
}
