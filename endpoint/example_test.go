package endpoint_test

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// Two ends of a conversation: one sends a message, the other receives it, and the first one is
// told.
func Example() {
	cfg := endpoint.Config{Channels: []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.ReliableOrdered}}}
	alice, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	bob, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})

	receipt, _ := alice.Send(1, []byte("hello"), endpoint.SendOptions{Receipt: true})
	for now := range int64(100) { // milliseconds
		carry(now*1_000_000, alice, bob)
		carry(now*1_000_000, bob, alice)
	}

	bob.Update()
	message, _ := bob.Receive(1)
	fmt.Printf("bob received %q\n", message.Bytes())
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
func carry(now int64, from, to endpoint.Lone) {
	from.HandleTimeout(now)
	for b := from.AppendDatagram(now, nil); len(b) > 0; b = from.AppendDatagram(now, nil) {
		to.HandleDatagram(now, b)
	}
}

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
	_, _ = server.Send(2, []byte("3 seconds to go"), endpoint.SendOptions{ExpiresAt: -1})
	_, _ = server.Send(2, []byte("the hare wins"), endpoint.SendOptions{})
	_, _ = server.Send(2, []byte("confetti"), endpoint.SendOptions{Droppable: true})
	for now := range int64(100) { // milliseconds
		carry(now*1_000_000, server, player)
		carry(now*1_000_000, player, server)
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
	var servers, players [2]endpoint.Lone
	for i := range servers {
		servers[i], _ = endpoint.NewLone(0, cfg, endpoint.Carrier{})
		players[i], _ = endpoint.NewLone(0, cfg, endpoint.Carrier{})
	}

	d := endpoint.NewDraft(cfg.Buffers, cfg.Channels)
	fmt.Fprintf(d, "%d players, ", len(players))
	_ = d.Append(func(b []byte) []byte { return strconv.AppendQuote(b, "go") })
	for _, end := range servers {
		_, _ = end.SendShared(1, d, endpoint.SendOptions{})
	}
	d.Reset()
	fmt.Println(cfg.Buffers.Stats().InUse, "buffer")

	for i := range players {
		for now := range int64(100) { // milliseconds
			carry(now*1_000_000, servers[i], players[i])
			carry(now*1_000_000, players[i], servers[i])
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

// A carrier is anything that sends a datagram, and receives one if there is one.
type carrier interface {
	Send(b []byte)
	Receive() (b []byte, ok bool)
}

// A peer is an endpoint on a carrier.
type peer struct {
	endpoint.Lone
	link carrier
}

// Step reads, does what is due, and writes. Call it often, or after what Deadline says.
func (p peer) Step(now int64) {
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

// A game that has more to tell than the line takes sends what matters most until its budget is used
// up, each tick: what it sent leaves at once, and nothing grows old in a queue. Here the peer says
// that it takes 120000 bytes a second, which is 2000 in each of 60 ticks.
func ExampleEndpoint_Budget() {
	const step = int64(time.Second / 60)
	channels := []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.UnreliableLatest}}
	there, back := make(chan []byte, 64), make(chan []byte, 64)
	a, _ := endpoint.NewLone(0, endpoint.Config{Channels: channels}, endpoint.Carrier{})
	b, _ := endpoint.NewLone(0, endpoint.Config{Channels: channels, Inbound: endpoint.Limits{BytesPerSecond: 120_000}}, endpoint.Carrier{})
	server, client := peer{a, pipe{there, back}}, peer{b, pipe{back, there}}

	entity := make([]byte, 40)
	old := 0
	for now := int64(0); now < int64(5*time.Second); now += int64(time.Millisecond) {
		if now%step < int64(time.Millisecond) { // a tick
			old = max(old, server.Stats().QueuedMessages)
			for key := uint64(0); key < 1000 && server.Budget(now, now+step) > len(entity); key++ {
				server.Send(1, entity, endpoint.SendOptions{Keyed: true, Key: key})
			}
		}
		server.Step(now)
		client.Step(now)
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

// Any object that sends and receives datagrams can carry an endpoint: here a pair of Go
// channels, which loses what does not fit.
func Example_carrier() {
	there, back := make(chan []byte, 4), make(chan []byte, 4)
	cfg := endpoint.Config{Channels: []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.ReliableUnordered}}}
	a, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	b, _ := endpoint.NewLone(0, cfg, endpoint.Carrier{})
	client, server := peer{a, pipe{there, back}}, peer{b, pipe{back, there}}

	client.Send(1, make([]byte, 100_000), endpoint.SendOptions{})
	for now := int64(0); now < int64(10*time.Second); now += int64(time.Millisecond) {
		client.Step(now)
		server.Step(now)
		if m, ok := server.Receive(1); ok {
			fmt.Println("received", m.Len(), "bytes")
		}
	}
	// Output: received 100000 bytes
}
