package systems

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/tickwire/tickwire/bench/peer"
)

// udpSystem is bare datagrams, one a message: what the link itself does to them, and the floor for
// everybody else.
type udpSystem struct{}

func (udpSystem) Name() string   { return "udp" }
func (udpSystem) Module() string { return "" }
func (udpSystem) Traits() peer.Traits {
	return peer.Traits{Unreliable: true, NoBulk: true}
}

// Listen implements peer.System.
func (udpSystem) Listen(site peer.Site, took func(peer.Lane, []byte)) (io.Closer, error) {
	c, err := listenUDP(site.Listen)
	if err != nil {
		return nil, err
	}
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, err := c.Read(b)
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err == nil:
				took(peer.Stream, b[:n])
			}
		}
	}()
	return c, nil
}

// Dial implements peer.System.
func (udpSystem) Dial(_ context.Context, site peer.Site) (peer.Conn, error) {
	a, err := net.ResolveUDPAddr("udp4", site.Public)
	if err != nil {
		return nil, err
	}
	c, err := net.DialUDP("udp4", nil, a)
	if err != nil {
		return nil, err
	}
	return udpConn{c}, enlarge(c)
}

type udpConn struct{ *net.UDPConn }

func (c udpConn) Send(_ peer.Lane, msg []byte) error {
	_, err := c.Write(msg)
	return err
}

func (c udpConn) Flush(peer.Lane) error { return nil }
