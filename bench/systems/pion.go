package systems

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tickwire/tickwire/bench/peer"
)

// pionSystem is WebRTC data channels: SCTP over DTLS, both lanes reliable and ordered. How the
// ends find each other is in pion_signal.go.
type pionSystem struct{}

func (pionSystem) Name() string   { return "pion" }
func (pionSystem) Module() string { return "github.com/pion/webrtc/v4" }
func (pionSystem) Traits() peer.Traits {
	return peer.Traits{Encrypted: true, OneQueue: true} // one queue of chunks for all channels
}

// pionQueued is how much of a lane may wait in the library.
const pionQueued = 1 << 20

// pionConn is one end.
type pionConn struct {
	pc    *webrtc.PeerConnection
	lanes [peer.Lanes]*webrtc.DataChannel
	room  [peer.Lanes]chan struct{} // there may be some
	open  chan struct{}             // closed when all lanes are open
	done  chan struct{}             // closed by Close
	once  sync.Once
}

// newPion opens one end; took may be nil.
func newPion(api *webrtc.API, took func(peer.Lane, []byte)) (*pionConn, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	c := &pionConn{pc: pc, open: make(chan struct{}), done: make(chan struct{})}
	var opening sync.WaitGroup
	opening.Add(len(c.lanes))
	for i := range c.lanes {
		if err := c.addLane(peer.Lane(i), &opening, took); err != nil {
			return nil, errors.Join(err, pc.Close())
		}
	}
	go func() {
		opening.Wait()
		close(c.open)
	}()
	return c, nil
}

func (c *pionConn) addLane(lane peer.Lane, opening *sync.WaitGroup, took func(peer.Lane, []byte)) error {
	known, id := true, uint16(lane)
	d, err := c.pc.CreateDataChannel("", &webrtc.DataChannelInit{Negotiated: &known, ID: &id, Ordered: &known})
	if err != nil {
		return err
	}
	room := make(chan struct{}, 1)
	c.lanes[lane], c.room[lane] = d, room
	d.SetBufferedAmountLowThreshold(pionQueued / 2)
	d.OnBufferedAmountLow(func() {
		select {
		case room <- struct{}{}:
		default:
		}
	})
	d.OnOpen(sync.OnceFunc(opening.Done))
	if took != nil {
		d.OnMessage(func(m webrtc.DataChannelMessage) { took(lane, m.Data) })
	}
	return nil
}

func (c *pionConn) Send(lane peer.Lane, msg []byte) error {
	d := c.lanes[lane]
	for d.BufferedAmount() > pionQueued {
		select {
		case <-c.room[lane]:
		case <-time.After(100 * time.Millisecond): // in case the news came before we listened
		case <-c.done:
			return net.ErrClosed
		}
	}
	return d.Send(msg)
}

func (c *pionConn) Flush(peer.Lane) error { return nil }

func (c *pionConn) Close() error {
	c.once.Do(func() { close(c.done) })
	return c.pc.Close()
}

// opened waits until messages can be sent.
func (c *pionConn) opened(ctx context.Context) error {
	select {
	case <-c.open:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("the data channels did not open: %w", context.Cause(ctx)), c.Close())
	}
}

// pionAPI is the library with addresses of this machine allowed, IPv4 alone, over a socket if
// there is one.
func pionAPI(socket *net.UDPConn) *webrtc.API {
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(net.IP.IsLoopback) // the relay is there, and one address is enough to reach it
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetICEMulticastDNSMode(1) // no names in place of addresses
	s.SetSCTPMaxReceiveBufferSize(4 << 20)
	if socket != nil {
		s.SetICEUDPMux(webrtc.NewICEUDPMux(nil, socket))
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(s))
}

// Listen implements peer.System.
func (pionSystem) Listen(site peer.Site, took func(peer.Lane, []byte)) (io.Closer, error) {
	socket, err := listenUDP(site.Listen)
	if err != nil {
		return nil, err
	}
	aside, err := net.Listen("tcp4", site.Aside)
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	api := pionAPI(socket)
	go func() {
		for {
			t, err := aside.Accept()
			if err != nil {
				return
			}
			go answer(api, t, took)
		}
	}()
	return aside, nil
}

// Dial implements peer.System.
func (pionSystem) Dial(ctx context.Context, site peer.Site) (peer.Conn, error) {
	c, err := newPion(pionAPI(nil), nil)
	if err != nil {
		return nil, err
	}
	if err := c.offer(ctx, site); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, c.opened(ctx)
}
