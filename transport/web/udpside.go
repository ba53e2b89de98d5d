//go:build !js

package web

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"

	"github.com/tickwire/tickwire/transport"
)

// A udpSide is what a Socket does with its UDP ports.
type udpSide struct{ ports []Port }

func newUDPSide(_ *Socket, ports []Port) (*udpSide, error) { return &udpSide{ports}, nil }

// tlsConfig is for the TCP port; nil: plain HTTP.
func (*udpSide) tlsConfig() *tls.Config { return nil }

// hello says what there is.
func (*udpSide) hello() (*webTransportOffer, bool) { return nil, false }

// offer begins a data channel.
func (*udpSide) offer(*webSocket) (*rtcPeer, string, error) { return nil, "", errUnavailable }

func (u *udpSide) close() {
	for _, p := range u.ports {
		if own, ok := p.(*ownPort); ok {
			own.UDPConn.Close()
		}
	}
}

// An rtcPeer is a data channel under way.
type rtcPeer struct{}

func (*rtcPeer) answer(string) error            { return errUnavailable }
func (*rtcPeer) candidate(string, string) error { return errUnavailable }
func (*rtcPeer) close(string)                   {}

// An ownPort is a UDP port that is not shared.
type ownPort struct{ *net.UDPConn }

func openPort(address string) (*ownPort, error) {
	c, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp", address)
	if err != nil {
		return nil, err
	}
	return &ownPort{c.(*net.UDPConn)}, nil
}

func (p *ownPort) Write(ds []transport.Datagram) (int, error) {
	return 0, errors.ErrUnsupported
}
func (p *ownPort) SetDiverter(transport.Diverter) {}
func (p *ownPort) LocalAddr() netip.AddrPort {
	return p.UDPConn.LocalAddr().(*net.UDPAddr).AddrPort()
}
