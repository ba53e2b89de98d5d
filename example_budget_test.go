package tickwire_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport/mem"
)

// A server has more to tell than its player takes. In each tick it sends what matters most until
// the budget is used up, so that what it sent leaves at once and nothing grows old in a queue.
// Network and time are simulated.
func ExampleConn_Budget() {
	nw := simnet.NewNetwork(1)
	entities := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.UnreliableLatest})
	cfg := tickwire.Config{Channels: tickwire.Channels(entities), Logger: slog.New(slog.DiscardHandler), Now: nw.Now()}
	theirs := try(nw.Socket(netip.MustParseAddrPort("10.0.0.1:7777"), simnet.SocketConfig{}))
	srv := try(tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, theirs))
	defer srv.Close()
	cfg.Inbound.BytesPerSecond = 120_000 // what the player takes, which its server is told
	mine := try(nw.Socket(netip.MustParseAddrPort("10.0.0.2:5000"), simnet.SocketConfig{}))
	client := try(tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, mine))
	defer client.Close()
	token := try(srv.DevToken(42))
	conn := try(client.Connect(token))

	entity, waits := make([]byte, 40), 0
	for range 5 * 60 {
		srv.Update(nw.Now())
		for c := range srv.Conns() {
			waits = max(waits, c.Stats().QueuedMessages)
			for key := uint64(0); key < 1000 && c.Budget() >= c.Cost(len(entity)); key++ { // by importance
				entities.SendWith(c, entity, tickwire.SendOptions{Keyed: true, Key: key})
			}
		}
		srv.Flush(nw.Now())
		client.Update(nw.Now())
		client.Flush(nw.Now())
		for range 16 { // what Ticks does between the steps
			nw.Advance(time.Second / 60 / 16)
			srv.Service(nw.Now())
			client.Service(nw.Now())
		}
	}
	fmt.Println("nine tenths of what it takes are used:", conn.Stats().BytesReceivedPerSecond > 108_000)
	fmt.Println("left over from the tick before:", waits, "messages")
	// Output:
	// nine tenths of what it takes are used: true
	// left over from the tick before: 0 messages
}

// A level of 8 MB, in pieces, through a queue of 256 KiB: whoever sends waits for room.
func ExampleConn_SendContext() {
	level := tickwire.NewRawChannel(tickwire.ChannelConfig{
		ID: 1, Delivery: tickwire.ReliableOrdered, Priority: -1, // behind all other channels
		MaxMessageBytes: 64 << 10, MaxQueuedBytes: 256 << 10,
	})
	cfg := tickwire.Config{Channels: tickwire.Channels(level), Logger: slog.New(slog.DiscardHandler)}
	socket := try(mem.Listen())
	srv := try(tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket))
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token := try(hub.DevToken(42))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	mine := try(socket.Dial())
	session := try(tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine))
	defer session.Close()

	const size, pieces = 64 << 10, 128
	go func() {
		for range pieces {
			if _, err := session.SendContext(ctx, 1, make([]byte, size), tickwire.SendOptions{}); err != nil {
				fmt.Println(err) // the time was over, or the connection
				return
			}
		}
	}()
	came := 0
	for ev := range hub.Events(ctx) {
		if came += len(ev.Payload); came == pieces*size {
			break
		}
	}
	fmt.Println(came>>20, "MB came")
	// Output:
	// 8 MB came
}
