package simnet_test

import (
	"fmt"
	"log"
	"net/netip"
	"os"
	"time"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A link is driven by its next event.
func ExampleLink() {
	link, err := simnet.NewLink(0, simnet.LinkConfig{
		Delay:         20 * time.Millisecond,
		BitsPerSecond: 1_000_000,
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, word := range []string{"one", "two", "three"} {
		link.Send(0, []byte(word))
	}
	for at, ok := link.Next(); ok; at, ok = link.Next() {
		for b, ok := link.Receive(at); ok; b, ok = link.Receive(at) {
			fmt.Printf("%s after %v\n", b, time.Duration(at))
		}
	}
	// Output:
	// one after 20.248ms
	// two after 20.496ms
	// three after 20.76ms
}

// Two sockets on a network in virtual time: the loop jumps from event to event.
func ExampleNetwork() {
	nw := simnet.NewNetwork(42)
	player, server := netip.MustParseAddrPort("10.0.0.1:5000"), netip.MustParseAddrPort("10.0.0.9:7777")
	a, err := nw.Socket(player, simnet.SocketConfig{})
	if err != nil {
		log.Fatal(err)
	}
	b, err := nw.Socket(server, simnet.SocketConfig{})
	if err != nil {
		log.Fatal(err)
	}
	if err := nw.SetHost(player.Addr(), simnet.Satellite()); err != nil {
		fmt.Println(err)
		return
	}
	_, _ = a.Write([]transport.Datagram{{Path: transport.PathTo(server), Bytes: []byte("ping")}})

	ds := make([]transport.Datagram, 8)
	for at, ok := nw.Next(); ok; at, ok = nw.Next() {
		nw.AdvanceTo(at)
		if n, _ := b.Read(ds); n > 0 {
			fmt.Printf("the server got %s\n", ds[0].Bytes)
			_, _ = b.Write([]transport.Datagram{{Path: ds[0].Path, Bytes: []byte("pong")}})
		}
		if n, _ := a.Read(ds); n > 0 {
			fmt.Printf("the player got %s, more than %v later\n", ds[0].Bytes,
				nw.Now().Sub(simnet.Epoch).Truncate(100*time.Millisecond))
		}
	}
	// Output:
	// the server got ping
	// the player got pong, more than 500ms later
}

func ExamplePreset() {
	links, err := simnet.Preset("wifi-bad")
	fmt.Println(links.Down.Loss, err)
	_, err = simnet.Preset("dial-up")
	fmt.Println(err)
	// Output:
	// 0.03 <nil>
	// simnet: no preset is called "dial-up": want one of none, lan, wifi, wifi-bad, 4g, 4g-driving, satellite
}

// A generated trace goes into a file like a recorded one.
func ExampleGenerateTrace() {
	trace, err := simnet.GenerateTrace(simnet.DriveConfig{
		Duration:          time.Second,
		PeakBitsPerSecond: 200_000,
		Rungs:             2,
		OutageEvery:       -1,
	}, 7)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = trace.WriteTo(os.Stdout)
	// Output:
	// 75
	// 137
	// 194
	// 277
	// 383
	// 486
	// 584
	// 662
	// 730
	// 806
	// 866
	// 922
	// 982
	// 1000
}

func ExampleLinkConfig_Validate() {
	fmt.Println(simnet.LinkConfig{Loss: 5, Delay: -time.Second}.Validate())
	// Output:
	// tickwire: Delay is -1s: want a time from 0 to 1h
	// tickwire: Loss is 5: want a probability from 0 to 1
}

// Somebody beside the player's line is faster than the player.
func ExampleBystander() {
	nw := simnet.NewNetwork(1)
	player, server := netip.MustParseAddrPort("10.0.0.1:5000"), netip.MustParseAddrPort("10.0.0.9:7777")
	a, err := nw.Socket(player, simnet.SocketConfig{})
	if err != nil {
		log.Fatal(err)
	}
	b, err := nw.Socket(server, simnet.SocketConfig{})
	if err != nil {
		log.Fatal(err)
	}
	_ = nw.SetHost(player.Addr(), simnet.LTE4G())
	spy, err := nw.Bystander(simnet.BystanderConfig{
		Beside: []netip.Addr{player.Addr()}, Address: netip.MustParseAddrPort("203.0.113.7:6000"), Forward: 1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = a.Write([]transport.Datagram{{Path: transport.PathTo(server), Bytes: []byte("hello")}})
	nw.Advance(time.Second)
	ds := make([]transport.Datagram, 8)
	n, err := b.Read(ds)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range ds[:n] {
		fmt.Printf("%s from %v\n", d.Bytes, d.Path.Remote)
	}
	fmt.Println(spy.Stats().Forwarded, "forwarded")
	// Output:
	// hello from 203.0.113.7:6000
	// hello from 10.0.0.1:5000
	// 1 forwarded
}
