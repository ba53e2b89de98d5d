package tickwire_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/mem"
)

// A match is over: the last messages arrive before the reason does.
func ExampleConn_Drain() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	score := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(score), Logger: slog.New(slog.DiscardHandler)}
	socket := try(mem.Listen())
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token := try(hub.DevToken(42))
	mine := try(socket.Dial())
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	for ev := range hub.Events(ctx) {
		if ev.Kind == tickwire.Connected {
			for round := range 100 {
				score.Send(ev.Conn, fmt.Appendf(nil, "round %d", round+1))
			}
			ev.Conn.Drain(tickwire.CodeApplication, "the match is over", 5*time.Second)
			break
		}
	}
	last := ""
	for ev := range session.Events(ctx) {
		switch ev.Kind {
		case tickwire.Message:
			last = string(ev.Payload)
		case tickwire.Disconnected:
			fmt.Println(last)
			fmt.Println(ev.Reason.Text)
		}
	}
	// Output:
	// round 100
	// the match is over
}

// A client loads a level, and nobody looks after its connection meanwhile.
func ExampleConn_Hold() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ready := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(ready), Logger: slog.New(slog.DiscardHandler)}
	socket := try(mem.Listen())
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token := try(hub.DevToken(42))
	mine := try(socket.Dial())
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	conn := try(client.Connect(token))
	for tick := range client.Ticks(ctx, 60) {
		if client.Update(tick.Now); conn.Open() {
			break
		}
		client.Flush(tick.Now)
	}

	fmt.Println(conn.Hold(time.Hour))
	if err := conn.Hold(30 * time.Second); err != nil {
		fmt.Println(err)
	}
	for !conn.HoldKnown() && ctx.Err() == nil {
		client.Wait(time.Now().Add(time.Millisecond))
	}
	for _, player := range hub.Conns() {
		fmt.Println("the server shows that we load:", player.Held() > 0)
	}
	// Here the level is loaded, without Update, Flush or Service.
	ready.Send(conn, []byte("ready")) // ends the hold
	client.Flush(time.Now())
	for ev := range hub.Events(ctx) {
		if ev.Kind == tickwire.Message {
			fmt.Printf("%s, and it still loads: %v\n", ev.Payload, ev.Conn.Held() > 0)
			break
		}
	}
	// Output:
	// endpoint: a hold of 1h0m0s: the peer's MaxHold grants 1m0s at most
	// the server shows that we load: true
	// ready, and it still loads: false
}
