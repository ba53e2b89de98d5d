//go:build !js

package web

import (
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// An envoy sends datagrams for pion and quic-go by the port of the game. What the system does not
// take is lost, as anything on the way may be, and counted.
type envoy struct {
	out  carrier
	lost func() // counts
}

// letters are what Write wants a slice of.
var letters = sync.Pool{New: func() any { return new([1]transport.Datagram) }}

// send sends b, from the address at which the peer has reached us, if we know it.
func (e envoy) send(b []byte, to netip.AddrPort, local netip.Addr) error {
	l := letters.Get().(*[1]transport.Datagram)
	l[0] = transport.Datagram{Path: transport.PathTo(to), Bytes: b, Local: local}
	n, err := e.out.Write(l[:])
	*l = [1]transport.Datagram{}
	letters.Put(l)
	if err == nil && n == 0 {
		e.lost()
	}
	return err
}

// A quicAddress is a peer's, and that of ours by which he reached it. quic-go hands back to WriteTo what
// ReadFrom gave it.
type quicAddress struct {
	quicPlace
	flow atomic.Pointer[quicFlow] // of the session there; nil: none
}

// A quicPlace is what makes a quicAddress.
type quicPlace struct {
	remote netip.AddrPort
	local  netip.Addr
}

// Network implements net.Addr.
func (a *quicAddress) Network() string { return "udp" }

// String implements net.Addr.
func (a *quicAddress) String() string { return a.remote.String() }

// packetRoom is how many datagrams wait for quic-go: some 10 ms of a thousand players, and of those
// who are none yet what quic-go would itself queue.
var packetRoom = [standings]int{known: 1024, stranger: 256}

// A packetConn is the part of a game's port that QUIC has: reads come from the diverter, writes go
// out by the port, and its Close leaves that open.
type packetConn struct {
	in    intake
	envoy envoy
	local *net.UDPAddr
	seed  maphash.Seed
	// addresses keeps those that were met lately, so that reading allocates none. The reader's alone.
	addresses [1024]*quicAddress
}

var _ net.PacketConn = (*packetConn)(nil)

func newPacketConn(e envoy, local netip.AddrPort) *packetConn {
	c := &packetConn{envoy: e, local: net.UDPAddrFromAddrPort(local), seed: maphash.MakeSeed()}
	c.in.init(packetRoom)
	return c
}

// ReadFrom implements net.PacketConn.
func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	h, err := c.in.take()
	if err != nil {
		return 0, nil, err
	}
	n, a := copy(b, h.bytes[:h.n]), c.address(quicPlace{h.from, h.local})
	holds.Put(h)
	return n, a, nil
}

// address returns that of a place: the one that is in use already, if it was met lately.
func (c *packetConn) address(p quicPlace) *quicAddress {
	at := &c.addresses[maphash.Comparable(c.seed, p)%uint64(len(c.addresses))]
	if *at == nil || (*at).quicPlace != p {
		*at = &quicAddress{quicPlace: p}
	}
	return *at
}

// WriteTo implements net.PacketConn. It never blocks.
func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	switch to := to.(type) {
	case *quicAddress:
		if f := to.flow.Load(); f != nil {
			f.sent(len(b))
		}
		return len(b), c.envoy.send(b, to.remote, to.local)
	case *net.UDPAddr:
		return len(b), c.envoy.send(b, to.AddrPort(), netip.Addr{})
	}
	return 0, net.InvalidAddrError(to.String())
}

// Close implements net.PacketConn: the game keeps its port.
func (c *packetConn) Close() error { c.in.close(); return nil }

// LocalAddr implements net.PacketConn.
func (c *packetConn) LocalAddr() net.Addr { return c.local }

// SetDeadline implements net.PacketConn: that of reads, since writes do not wait.
func (c *packetConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (c *packetConn) SetReadDeadline(t time.Time) error { c.in.deadline.set(t); return nil }

// SetWriteDeadline implements net.PacketConn: writes do not wait.
func (c *packetConn) SetWriteDeadline(time.Time) error { return nil }

// SetReadBuffer and SetWriteBuffer are asked for by quic-go: the buffers of the port are the game's.
func (c *packetConn) SetReadBuffer(int) error  { return nil }
func (c *packetConn) SetWriteBuffer(int) error { return nil }
