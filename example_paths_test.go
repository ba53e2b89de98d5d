package tickwire_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// A phone leaves the Wi-Fi in the middle of a match: its packets come from another
// address, and the game need not do anything. Here that happens on a simulated network.
func Example_roaming() {
	nw := simnet.NewNetwork(1)
	at := netip.MustParseAddrPort("192.0.2.1:7777")
	wifi, mobile := netip.MustParseAddrPort("198.51.100.7:4000"), netip.MustParseAddrPort("203.0.113.9:4000")
	shots := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(shots), Now: nw.Now(), Logger: slog.New(slog.DiscardHandler)}
	home := try(nw.Socket(at, simnet.SocketConfig{}))
	phone := try(nw.Socket(wifi, simnet.SocketConfig{}))
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true, DevelopmentPublic: true}, home)
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, phone)
	if err != nil {
		fmt.Println(err)
		return
	}
	token := try(srv.DevToken(42))
	conn := try(client.Connect(token))
	for tick := range 120 { // two seconds
		srv.Update(nw.Now())
		client.Update(nw.Now())
		for ev := range srv.Events() {
			switch ev.Kind {
			case tickwire.Connected:
				fmt.Println("a player from", ev.Conn.RemoteAddr())
			case tickwire.PathChanged:
				fmt.Println("path", ev.Path, ev.PathState, "to", ev.Conn.RemoteAddr())
			}
		}
		for c := range srv.Conns() {
			for b := range shots.Receive(c) {
				fmt.Printf("%s\n", b)
			}
		}
		switch tick {
		case 30:
			shots.Send(conn, []byte("a shot from the sofa"))
		case 60:
			nw.Rebind(wifi, mobile)
		case 61:
			shots.Send(conn, []byte("a shot from the street"))
		}
		client.Flush(nw.Now())
		srv.Flush(nw.Now())
		nw.Advance(time.Second / 60)
	}
	client.Close()
	srv.Close()
	// Output:
	// a player from 198.51.100.7:4000
	// a shot from the sofa
	// a shot from the street
	// path 0 moved to 203.0.113.9:4000
}

// pathPair is a lobby on loopback and a player who is connected to it over a socket.
func pathPair(ctx context.Context, cfg tickwire.ClientConfig, socket transport.Socket) (*tickwire.Hub, *tickwire.Session, error) {
	door, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg.Config, Development: true}, door)
	if err != nil {
		return nil, nil, err
	}
	hub := tickwire.NewHub(srv)
	token, err := hub.DevToken(42)
	if err != nil {
		return nil, nil, err
	}
	session, err := tickwire.Dial(ctx, cfg, token, socket)
	return hub, session, err
}

// A player has two lines at once, and every message goes over both: the first copy wins.
func ExampleConn_OpenPath() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	moves := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(moves), Logger: slog.New(slog.DiscardHandler)}
	wifi := try(udp.Listen("127.0.0.1:0")) // a real game binds each to the address of a network card
	mobile := try(udp.Listen("127.0.0.1:0"))
	hub, session, err := pathPair(ctx, tickwire.ClientConfig{Config: cfg}, wifi)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hub.Close()
	defer session.Close()

	path, err := session.Conn().OpenPath(mobile, tickwire.PathConfig{Use: tickwire.UseCopy})
	if err != nil {
		fmt.Println(err)
		return
	}
	for ev := range session.Events(ctx) {
		if ev.Kind == tickwire.PathChanged && ev.Path == path {
			fmt.Println("path", ev.Path, "is", ev.PathState)
			break
		}
	}
	moves.Send(session.Conn(), []byte("e4"))
	for ev := range hub.Events(ctx) {
		if ev.Kind == tickwire.Message {
			fmt.Printf("%s\n", ev.Payload)
			break
		}
	}
	for st := range session.Conn().Paths() {
		fmt.Println(st.Path, st.State, st.Use, "sent:", st.PacketsSent > 0)
	}
	// Output:
	// path 1 is active
	// e4
	// 0 active share sent: true
	// 1 active copy sent: true
}

// The Wi-Fi is gone, and its socket with it: Redial brings another one, and the
// connection goes on.
func ExampleClientConfig_redial() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	moves := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.ClientConfig{
		Config: tickwire.Config{Channels: tickwire.Channels(moves), Logger: slog.New(slog.DiscardHandler)},
		Redial: func(tickwire.Redial) (transport.Socket, error) {
			fmt.Println("redialing")
			return udp.Listen("127.0.0.1:0") // a real game: udp.Open()
		},
	}
	wifi := try(udp.Listen("127.0.0.1:0"))
	hub, session, err := pathPair(ctx, cfg, wifi)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hub.Close()
	defer session.Close()

	wifi.Close()
	moves.Send(session.Conn(), []byte("e4"))
	for ev := range hub.Events(ctx) {
		if ev.Kind == tickwire.Message {
			fmt.Printf("%s\n", ev.Payload)
			break
		}
	}
	// Output:
	// redialing
	// e4
}

// A server has two addresses, by two networks say, and tells them: a player who came by the one
// opens a path to the other, in reserve.
func ExampleConn_ServerAddresses() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	moves := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(moves), Logger: slog.New(slog.DiscardHandler)}
	here := try(udp.Listen("127.0.0.1:0"))
	there := try(udp.Listen("127.0.0.1:0"))
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, here, there)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token := try(hub.DevToken(42))
	first := try(udp.Open())
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, first)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()

	conn := session.Conn()
	for len(conn.ServerAddresses()) == 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond) // a game looks in one of its next ticks
	}
	second := try(udp.Open())
	for _, at := range conn.ServerAddresses() {
		if at != conn.RemoteAddr() {
			conn.OpenPath(second, tickwire.PathConfig{Server: at, Use: tickwire.UseReserve})
			break
		}
	}
	for ev := range session.Events(ctx) {
		if ev.Kind == tickwire.PathChanged {
			fmt.Println("path", ev.Path, ev.PathState, "to another address:", conn.PathStats(ev.Path).Remote != conn.RemoteAddr())
			break
		}
	}
	// Output:
	// path 1 active to another address: true
}
