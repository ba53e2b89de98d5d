//go:build !js

package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/tickwire/tickwire/transport"
)

// ownPortBuffer is what an ownPort asks the system for in each direction: some 25 ms of a thousand
// players.
const ownPortBuffer = 1 << 20

// An ownPort is the UDP port of a server that has no native players: a goroutine reads it and offers
// everything to the diverter, and what that does not take is nobody's.
type ownPort struct {
	conn    *net.UDPConn
	local   netip.AddrPort
	places  localities
	nobodys atomic.Uint64 // datagrams
	serving sync.WaitGroup
}

var _ carrier = (*ownPort)(nil)

// openPort opens a port for a diverter of its own, which gets nothing before serve.
func openPort(address string) (*ownPort, error) {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp", at)
	if err != nil {
		return nil, err
	}
	_, _ = conn.SetReadBuffer(ownPortBuffer), conn.SetWriteBuffer(ownPortBuffer) // less is a worse port, and still one
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	p := &ownPort{conn: conn, local: netip.AddrPortFrom(local.Addr().Unmap(), local.Port())}
	if err := p.places.askFor(conn); err != nil {
		conn.Close()
		return nil, fmt.Errorf("the system does not tell where datagrams arrive: %w", err)
	}
	return p, nil
}

// LocalAddr is where it listens.
func (p *ownPort) LocalAddr() netip.AddrPort { return p.local }

// serve reads for d until close.
func (p *ownPort) serve(d transport.Diverter) {
	p.serving.Go(func() {
		b, control := make([]byte, largestPacket+1), make([]byte, controlRoom)
		for {
			n, m, _, from, err := p.conn.ReadMsgUDPAddrPort(b, control)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue // of one datagram, such as that a peer has gone
			}
			if !d.Divert(transport.Datagram{Path: transport.PathTo(from), Bytes: b[:n], Local: arrivedAt(control[:m])}) {
				p.nobodys.Add(1)
			}
		}
	})
}

// Write sends ds, up to one that the system does not take.
func (p *ownPort) Write(ds []transport.Datagram) (int, error) {
	for i := range ds {
		_, _, err := p.conn.WriteMsgUDPAddrPort(ds[i].Bytes, p.places.from(ds[i].Local), ds[i].Path.Remote)
		switch {
		case errors.Is(err, net.ErrClosed):
			return i, transport.ErrClosed
		case err != nil:
			return i, nil
		}
	}
	return len(ds), nil
}

// close ends the port. It returns when nobody reads any more.
func (p *ownPort) close() error {
	err := p.conn.Close()
	p.serving.Wait()
	return err
}
