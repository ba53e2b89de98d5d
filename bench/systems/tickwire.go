package systems

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/bench/peer"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// tickwireSystem is this library as it comes, sealed: a Hub, and a Session. The stream is a channel
// of a higher priority than bulk.
type tickwireSystem struct{}

func (tickwireSystem) Name() string   { return "tickwire" }
func (tickwireSystem) Module() string { return "github.com/tickwire/tickwire" }
func (tickwireSystem) Traits() peer.Traits {
	return peer.Traits{Encrypted: true}
}

// tickwireKey is known to both ends, and to everybody.
var tickwireKey = netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3})

// channelOf is the channel of a lane.
func channelOf(lane peer.Lane) tickwire.ChannelID { return tickwire.ChannelID(lane) + 1 }

func tickwireConfig() tickwire.Config {
	return tickwire.Config{
		ProtocolID: 1,
		Logger:     slog.New(slog.DiscardHandler),
		Channels: tickwire.Channels(
			tickwire.NewRawChannel(tickwire.ChannelConfig{
				ID: channelOf(peer.Stream), Delivery: tickwire.ReliableOrdered, Priority: 1,
			}),
			tickwire.NewRawChannel(tickwire.ChannelConfig{
				ID: channelOf(peer.Bulk), Delivery: tickwire.ReliableOrdered, MaxQueuedBytes: 1 << 20, MaxMessageBytes: 64 << 10,
			}),
		),
	}
}

// Listen implements peer.System.
func (tickwireSystem) Listen(site peer.Site, took func(peer.Lane, []byte)) (io.Closer, error) {
	public, err := netip.ParseAddrPort(site.Public)
	if err != nil {
		return nil, err
	}
	socket, err := udp.Listen(site.Listen)
	if err != nil {
		return nil, err
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config: tickwireConfig(), PrivateKey: tickwireKey, MaxTokenLifetime: -1, // it has no earlier run
		PublicAddresses: []netip.AddrPort{public},
	}, socket)
	if err != nil {
		return nil, err
	}
	hub := tickwire.NewHub(srv)
	go func() {
		for ev := range hub.Events(context.Background()) {
			if ev.Kind == tickwire.Message {
				took(peer.Lane(ev.Channel-channelOf(0)), ev.Payload)
			}
		}
	}()
	return hub, nil
}

// Dial implements peer.System.
func (tickwireSystem) Dial(ctx context.Context, site peer.Site) (peer.Conn, error) {
	public, err := netip.ParseAddrPort(site.Public)
	if err != nil {
		return nil, err
	}
	token, err := netcode.Mint(time.Now(), netcode.MintConfig{
		ProtocolID: 1, Key: tickwireKey, ClientID: 1, Addresses: []netip.AddrPort{public},
	})
	if err != nil {
		return nil, err
	}
	socket, err := udp.Open()
	if err != nil {
		return nil, err
	}
	s, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: tickwireConfig()}, token.Append(nil), socket)
	if err != nil {
		return nil, err
	}
	c := &tickwireConn{session: s}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.events.Go(func() {
		for range s.Events(c.ctx) { // nothing is sent to the client
		}
	})
	return c, nil
}

type tickwireConn struct {
	session *tickwire.Session
	ctx     context.Context
	stop    func()
	events  sync.WaitGroup
}

func (c *tickwireConn) Send(lane peer.Lane, msg []byte) error {
	_, err := c.session.SendContext(c.ctx, channelOf(lane), msg, tickwire.SendOptions{})
	return err
}

// Flush does nothing: of a Session messages leave by themselves.
func (c *tickwireConn) Flush(peer.Lane) error { return nil }

func (c *tickwireConn) Close() error {
	c.stop()
	c.events.Wait()
	return c.session.Close()
}
