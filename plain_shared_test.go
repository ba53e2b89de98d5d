package tickwire_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// plainOverUDP connects a client of plain netcode to a server.
func plainOverUDP(t *testing.T, server netip.AddrPort) (*net.UDPConn, *netcode.Client) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	return conn, plainOver(t, conn, server, 8)
}

func plainOver(t *testing.T, conn *net.UDPConn, server netip.AddrPort, player uint64) *netcode.Client {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	token, err := netcode.Mint(time.Now(), netcode.MintConfig{
		ProtocolID: 7, Key: testKey, ClientID: player, Addresses: []netip.AddrPort{server}, Plain: true,
	})
	must(t, err)
	c, err := netcode.NewClient(0, time.Now().Unix(), token, netcode.ClientConfig{Plain: netcode.PlainOnly})
	must(t, err)
	b := make([]byte, 2048)
	for c.State() != netcode.StateConnected {
		sendAll(t, conn, c)
		n, from, err := conn.ReadFromUDPAddrPort(b)
		must(t, err)
		c.HandleDatagram(0, time.Now().Unix(), 0, netcode.SourceFrom(from), b[:n])
	}
	return c
}

func sendAll(t *testing.T, conn *net.UDPConn, c *netcode.Client) {
	t.Helper()
	for b, to, ok := c.NextDatagram(nil); ok; b, to, ok = c.NextDatagram(nil) {
		_, err := conn.WriteToUDPAddrPort(b, to.AddrPort())
		must(t, err)
	}
}

// TestPlainLastWords: a plain peer that says something and leaves at once has its
// words heard by a Hub, before its end.
func TestPlainLastWords(t *testing.T) {
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	cfg := tickwire.ServerConfig{Config: tickwire.Config{ProtocolID: 7}, MaxTokenLifetime: -1}
	allowPlain(&cfg)
	srv, err := tickwire.Listen(cfg, socket)
	must(t, err)
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	conn, client := plainOverUDP(t, socket.LocalAddr())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	say := func(word string) {
		b, err := client.AppendPayload(0, nil, []byte(word))
		must(t, err)
		_, err = conn.WriteToUDPAddrPort(b, socket.LocalAddr())
		must(t, err)
	}
	say(" hello") // which confirms it
	var happened []string
	for ev := range hub.Events(ctx) {
		happened = append(happened, ev.Kind.String()+string(ev.Payload))
		if ev.Kind == tickwire.Disconnected {
			break
		}
		if ev.Kind != tickwire.Message || len(happened) > 2 {
			continue
		}
		say(" one")
		say(" two")
		client.Disconnect(0)
		sendAll(t, conn, client)
		for end := time.Now().Add(patience); ev.Conn.Open() && time.Now().Before(end); {
			time.Sleep(time.Millisecond) // all of it comes to the loop at once
		}
	}
	if !slices.Equal(happened, []string{"Connected", "Message hello", "Message one", "Message two", "Disconnected"}) {
		t.Errorf("%q", happened)
	}
}
