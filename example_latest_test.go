package tickwire_test

import (
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// A player says sixty times a second where he is; a server that looks ten times a second wants the
// newest place alone. Network and time are simulated.
func ExampleChannel_Latest() {
	nw := simnet.NewNetwork(1)
	places := tickwire.NewChannel[input](tickwire.ChannelConfig{ID: 1, Delivery: tickwire.UnreliableLatest})
	cfg := tickwire.Config{Channels: tickwire.Channels(places), Logger: slog.New(slog.DiscardHandler), Now: nw.Now()}
	theirs := try(nw.Socket(netip.MustParseAddrPort("10.0.0.1:7777"), simnet.SocketConfig{}))
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, theirs)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	mine := try(nw.Socket(netip.MustParseAddrPort("10.0.0.2:5000"), simnet.SocketConfig{}))
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, mine)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	token, err := srv.DevToken(42)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := client.Connect(token); err != nil {
		fmt.Println(err)
		return
	}
	for tick := range 60 {
		client.Update(nw.Now())
		for c := range client.Conns() {
			_ = places.Send(c, input{X: int16(tick)})
		}
		client.Flush(nw.Now())
		betweenSteps(nw, srv, client)
		if tick%6 > 0 {
			continue
		}
		srv.Update(nw.Now())
		for c := range srv.Conns() {
			at, ok, err := places.Latest(c)
			switch {
			case err != nil:
				c.Close(tickwire.CodeApplication, "cannot be read") // from another version, or a cheat
			case ok && tick > 40:
				fmt.Println("the player is at", at.X)
			}
		}
		srv.Flush(nw.Now())
	}
	// Output:
	// the player is at 42
	// the player is at 48
	// the player is at 54
}
