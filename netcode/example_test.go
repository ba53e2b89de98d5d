package netcode_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// A backend mints a token, a client connects with it, and one packet travels.
// The datagrams go from hand to hand where a program would use a socket.
func Example() {
	const protocol = 0x6d79_6761_6d65_0001
	key := netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}) // 32 secret bytes that backend and server share
	server := netip.MustParseAddrPort("192.0.2.1:7777")
	player := netcode.SourceFrom(netip.MustParseAddrPort("198.51.100.7:50000"))
	now, unix := int64(0), int64(1_700_000_000)

	token, err := netcode.Mint(time.Unix(unix, 0), netcode.MintConfig{
		ProtocolID: protocol, Key: key, ClientID: 42, Addresses: []netip.AddrPort{server},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// It has run for a second: an earlier run may have seen tokens of the second of its start.
	s, err := netcode.NewServer(now, unix-1, netcode.ServerConfig{
		ProtocolID: protocol, PrivateKey: key, Addresses: []netip.AddrPort{server},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := netcode.NewClient(now, unix, token, netcode.ClientConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}

	for c.State() != netcode.StateConnected {
		b, _, ok := c.NextDatagram(nil)
		if !ok {
			break
		}
		ev := s.HandleDatagram(now, unix, player, b, nil)
		if ev.Kind == netcode.EventConnected {
			fmt.Println("server: client", ev.Seat.ClientID(), "is in")
		}
		c.HandleDatagram(now, unix, 0, netcode.SourceFrom(server), ev.Reply)
		fmt.Println("client:", c.State())
	}

	packet := c.Sealer().AppendHeader(nil, 0, 0, 2) // path 0, number 0
	frames := len(packet)
	packet = append(packet, "hello"...)
	packet = c.Sealer().Seal(0, packet, 0, frames, 0, 0)
	ev := s.HandleDatagram(now, unix, player, packet, nil)
	fmt.Printf("server: %d bytes hold %q\n", len(packet), ev.Frames)

	// Output:
	// client: sending connection response
	// server: client 42 is in
	// client: connected
	// server: 28 bytes hold "hello"
}

// Two seats are kept for a minute. A third one there is not, but one is given back.
func ExampleAdmission_Reserve() {
	now, unix, minute := int64(0), int64(1_700_000_000), int64(time.Minute)
	a, err := netcode.NewAdmission(unix, netcode.AdmissionConfig{MaxClients: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, client := range []uint64{7, 8, 9} {
		if err := a.Reserve(now, client, now+minute); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(a.Unreserve(now, 8), a.Reservations(now), a.Reservations(now+minute))
	// Output:
	// netcode: no seat left to reserve: of 2, 0 are taken and 2 reserved; raise MaxClients, or give one back with Unreserve
	// true 1 0
}

// The backend chooses how packets are protected, the server may insist.
func ExampleMintConfig_protection() {
	server := netip.MustParseAddrPort("192.0.2.1:7777")
	for _, cfg := range []netcode.MintConfig{
		{Suite: netcode.SuiteAES256GCM, ForwardSecrecy: true},
		{Suite: netcode.SuiteSignedOnly, TagBytes: 8},
	} {
		cfg.Key, cfg.ClientID, cfg.Addresses = netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}), 42, []netip.AddrPort{server}
		token, err := netcode.Mint(time.Unix(1_700_000_000, 0), cfg)
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = netcode.NewClient(0, 1_700_000_000, token, netcode.ClientConfig{LeastProtection: netcode.Encrypted})
		fmt.Printf("%v, tags of %d bytes: %v\n", token.Pad.Suite, token.Pad.TagBytes, err)
	}
	// Output:
	// AES-256-GCM, tags of 16 bytes: <nil>
	// signed only, tags of 8 bytes: netcode: connect token: pad: asks for no encryption, less than LeastProtection; ask the backend for another token
}

// Several servers get a token each, with keys of its own.
func ExampleMintTokenList() {
	eu, us := netip.MustParseAddrPort("192.0.2.1:7777"), netip.MustParseAddrPort("203.0.113.1:7777")
	tokens, err := netcode.MintTokenList(time.Unix(1_700_000_000, 0), netcode.MintConfig{
		ProtocolID: 1, Key: netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}), ClientID: 42,
	}, []netip.AddrPort{eu}, []netip.AddrPort{us})
	if err != nil {
		fmt.Println(err)
		return
	}
	sent := tokens.Append(nil)
	received, err := netcode.ParseTokenList(sent)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, token := range received {
		fmt.Println(token.Addresses[0])
	}
	// Output:
	// 192.0.2.1:7777
	// 203.0.113.1:7777
}
