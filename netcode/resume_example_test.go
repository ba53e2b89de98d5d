package netcode_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// A player gets a resume ticket, the server's process ends and another one begins, and the player
// comes back with the ticket, from another address and without the backend.
func ExampleServer_AppendTicket() {
	now, unix := int64(0), int64(1_700_000_000)
	server := netip.MustParseAddrPort("192.0.2.1:7777")
	key := netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}) // 32 secret bytes that backend and server share
	run := func() *netcode.Server {
		s, err := netcode.NewServer(now, unix, netcode.ServerConfig{
			PrivateKey: key, Addresses: []netip.AddrPort{server}, MaxTokenLifetime: -1,
		})
		if err != nil {
			panic(err)
		}
		return s
	}
	// handshake connects a client and sends one packet, and returns what the server made of that.
	handshake := func(s *netcode.Server, c *netcode.Client, from string) (seat *netcode.Seat) {
		at := netcode.SourceFrom(netip.MustParseAddrPort(from))
		for c.State() != netcode.StateConnected {
			b, _, ok := c.NextDatagram(nil)
			if !ok {
				return nil
			}
			ev := s.HandleDatagram(now, unix, at, b, nil)
			c.HandleDatagram(now, unix, 0, netcode.SourceFrom(server), ev.Reply)
		}
		b := c.Sealer().AppendHeader(nil, 0, 0, 2) // path 0, number 0
		ev := s.HandleDatagram(now, unix, at, c.Sealer().Seal(now, b, 0, len(b), 0, 0), nil)
		if ev.Kind == netcode.EventResumed {
			fmt.Println("client", ev.Seat.ClientID(), "is back, at", ev.Seat.Source())
		}
		return ev.Seat
	}

	token, _ := netcode.Mint(time.Unix(unix, 0), netcode.MintConfig{Key: key, ClientID: 42, Addresses: []netip.AddrPort{server}})
	s := run()
	c, _ := netcode.NewClient(now, unix, token, netcode.ClientConfig{})
	seat := handshake(s, c, "198.51.100.7:50000")
	b, err := s.AppendTicket(unix, seat, 0, nil) // which goes to the client on the connection
	if err != nil {
		fmt.Println(err)
		return
	}
	ticket, err := c.ResumeTicket(unix, b)
	if err != nil {
		fmt.Println(err)
		return
	}

	s = run()
	again, err := netcode.NewResumeClient(now, unix, ticket, netcode.ClientConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	handshake(s, again, "203.0.113.9:50001")

	// Output:
	// client 42 is back, at 203.0.113.9:50001
}
