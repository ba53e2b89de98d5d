package tickwire_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/mem"
	"github.com/tickwire/tickwire/transport/udp"
)

// A server that greets every player, and a player, in one process. Production
// servers have a PrivateKey in place of Development, and a login backend that
// mints the tokens with package netcode.
func Example() {
	hello := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(hello), Logger: slog.New(slog.DiscardHandler)}

	socket, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	token := try(srv.DevToken(42))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan bool)
	go func() {
		defer close(served)
		defer srv.Close()
		for tick := range srv.Ticks(ctx, 60) { // between the steps the wire is served
			srv.Update(tick.Now) // what arrived becomes visible
			for ev := range srv.Events() {
				if ev.Kind == tickwire.Connected {
					hello.Send(ev.Conn, fmt.Appendf(nil, "hello, player %d", ev.Conn.ClientID()))
				}
			}
			srv.Flush(tick.Now) // what was sent leaves
		}
	}()

	mine := try(udp.Open())
	ctx2, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	session, err := tickwire.Dial(ctx2, tickwire.ClientConfig{Config: cfg}, token, mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	for ev := range session.Events(ctx2) {
		switch ev.Kind {
		case tickwire.Message:
			fmt.Printf("%s\n", ev.Payload)
			stop()
		case tickwire.Disconnected:
			fmt.Println(ev.Reason)
		}
	}
	session.Close()
	<-served
	// Output:
	// hello, player 42
	// server going away: server closed (by the peer)
}

// A login backend mints tokens for a game server that it knows by name. The two
// share a key; the player has only the token.
func Example_backend() {
	key := netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}) // in truth 32 bytes of crypto/rand, made once
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	addresses, err := udp.Resolve(ctx, "localhost:7777")
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := netcode.Mint(time.Now(), netcode.MintConfig{
		ProtocolID: 7, Key: key, ClientID: 42, Addresses: addresses,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ticket := token.Append(nil) // travels to the player, over HTTPS

	// The game server. Elsewhere its socket would be udp.Listen(":7777").
	socket := try(mem.Listen())
	cfg := tickwire.Config{ProtocolID: 7, Logger: slog.New(slog.DiscardHandler)}
	cfg.Channels = tickwire.Channels(tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1}))
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config: cfg, PrivateKey: key, PublicAddresses: addresses, MaxTokenLifetime: -1, // it has no earlier run
	}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()

	// The player.
	mine := try(socket.Dial())
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, ticket, mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	for ev := range hub.Events(ctx) {
		fmt.Println(ev.Kind, "player", ev.Conn.ClientID())
		break
	}
	// Output:
	// Connected player 42
}

// A matchmaker keeps a seat for player 7, who is still loading. Until then nobody else gets it.
func ExampleHub_Reserve() {
	cfg := tickwire.Config{ProtocolID: 7, Logger: slog.New(slog.DiscardHandler)}
	cfg.Channels = tickwire.Channels(tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1}))
	socket := try(mem.Listen())
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true, MaxClients: 1}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	if err := hub.Reserve(7, time.Now().Add(time.Minute)); err != nil {
		fmt.Println(err)
	}
	fmt.Println(hub.Reserve(8, time.Now().Add(time.Minute)))

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, player := range []uint64{8, 7} {
		token := try(hub.DevToken(player))
		mine := try(socket.Dial())
		session, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine)
		var refused *tickwire.ConnError
		if errors.As(err, &refused) {
			fmt.Printf("player %d: %v, again in %v\n", player, refused.Reason.Code, refused.Reason.RetryAfter)
			continue
		}
		defer session.Close()
		fmt.Printf("player %d is in\n", player)
	}
	// Output:
	// netcode: no seat left to reserve: of 1, 0 are taken and 1 reserved; raise MaxClients, or give one back with Unreserve
	// player 8: server full, again in 1m0s
	// player 7 is in
}

// Positions are worth sending for a while only, and of each ship only the newest one.
func ExampleConn_SendWith() {
	ships := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableLatest})
	cfg := tickwire.Config{Channels: tickwire.Channels(ships), Logger: slog.New(slog.DiscardHandler)}
	socket := try(mem.Listen())
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token := try(hub.DevToken(42))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	mine := try(socket.Dial())
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	ship := tickwire.SendOptions{Keyed: true, Key: 7, TTL: 5 * time.Second}
	if _, err := session.Conn().SendWith(1, []byte("ship 7 is at 3,4"), ship); err != nil {
		fmt.Println(err)
	}
	_, err = session.Conn().SendWith(1, nil, tickwire.SendOptions{Group: 1})
	fmt.Println(err)
	for ev := range hub.Events(ctx) {
		if ev.Kind == tickwire.Message {
			fmt.Printf("%s\n", ev.Payload)
			break
		}
	}
	// Output:
	// endpoint: option does not fit the delivery: Group on channel 1
	// ship 7 is at 3,4
}

// A message is written piece by piece where it will be sent from.
func ExampleConn_Draft() {
	story := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(story), Logger: slog.New(slog.DiscardHandler)}
	socket := try(mem.Listen())
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token := try(hub.DevToken(42))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	mine := try(socket.Dial())
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	c := session.Conn()
	d := c.Draft()
	for _, name := range []string{"Ann", "Bob", "Eve"} {
		fmt.Fprintf(d, "%s leaves. ", name)
	}
	d.WriteString("The door closes.")
	if _, err := d.SendWith(1, tickwire.SendOptions{}); err != nil {
		fmt.Println(err) // the draft is as it was: try again, or another channel
	}
	for ev := range hub.Events(ctx) {
		if ev.Kind == tickwire.Message {
			fmt.Printf("%s\n", ev.Payload)
			break
		}
	}
	// Output:
	// Ann leaves. Bob leaves. Eve leaves. The door closes.
}

// A server tells everybody, then those who are alive.
func ExampleServer_Broadcast() {
	news := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(news), Logger: slog.New(slog.DiscardHandler)}
	socket := try(mem.Listen())
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	var players []*tickwire.Client
	for id := range uint64(3) {
		mine := try(socket.Dial())
		player := try(tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, mine))
		defer player.Close()
		token := try(srv.DevToken(id + 1))
		player.Connect(token)
		players = append(players, player)
	}
	// step lets a tick pass for all.
	step := func() {
		for _, player := range players {
			printNews(player, news)
		}
		srv.Update(time.Now())
		for ev := range srv.Events() {
			if ev.Kind == tickwire.Connected {
				ev.Conn.Value = ev.Conn.ClientID() != 2 // alive
			}
		}
		srv.Flush(time.Now())
	}
	for srv.Stats().Conns < 3 {
		step()
	}

	srv.Broadcast(nil, 1, []byte("the boss is here"), tickwire.SendOptions{}, nil)
	alive := func(yield func(*tickwire.Conn) bool) {
		for c := range srv.Conns() {
			if c.Value == true && !yield(c) {
				return
			}
		}
	}
	report := func(c *tickwire.Conn, _ tickwire.Receipt, err error) {
		if err != nil {
			c.Close(tickwire.CodeApplication, "too slow")
		}
	}
	srv.Broadcast(alive, 1, []byte("the boss is gone"), tickwire.SendOptions{}, report)
	for range 10 {
		step()
	}
	// Unordered output:
	// the boss is here
	// the boss is here
	// the boss is here
	// the boss is gone
	// the boss is gone
}

// printNews is a tick of a player who prints what he hears.
func printNews(player *tickwire.Client, news *tickwire.RawChannel) {
	player.Update(time.Now())
	for c := range player.Conns() {
		for b := range news.Receive(c) {
			fmt.Printf("%s\n", b)
		}
	}
	player.Flush(time.Now())
}
