//go:build !js

package web

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"

	"github.com/tickwire/tickwire/transport"
)

// An iceTable knows which association of WebRTC a datagram is of: by the name that the association
// has in checks until they pass, and by the addresses that pion answered from then on, which it does
// for checks alone that prove the association's password.
type iceTable struct {
	mu        sync.RWMutex
	names     map[string]*iceMux
	addresses map[netip.AddrPort]*iceConn
}

func newICETable() *iceTable {
	return &iceTable{names: map[string]*iceMux{}, addresses: map[netip.AddrPort]*iceConn{}}
}

// at returns who has passed ICE from an address; nil if nobody has.
func (t *iceTable) at(remote netip.AddrPort) *iceConn {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.addresses[remote]
}

// forCheck returns whom a message of STUN is for: whom it names, or else who is at its address.
func (t *iceTable) forCheck(d transport.Datagram) *iceConn {
	name := stunName(d.Bytes)
	t.mu.RLock()
	defer t.mu.RUnlock()
	if name == nil {
		return t.addresses[d.Path.Remote]
	}
	if m := t.names[string(name)]; m != nil { // without an allocation
		return m.conn(d.Path.Remote.Addr())
	}
	return nil
}

const (
	stunUsername      = 0x0006
	stunAttributeHead = 4
)

// stunName returns the first half of the USERNAME in a message of STUN, which is the name of an
// association of ours in checks (RFC 8445, section 7.2.2); nil if there is none. b is as isSTUN
// wants it. Attributes are
//
//	type 2 | length 2 | value, padded to a multiple of 4
func stunName(b []byte) []byte {
	for b = b[stunHeader:]; len(b) >= stunAttributeHead; {
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if b = b[stunAttributeHead:]; n > len(b) {
			return nil
		}
		if kind == stunUsername {
			name := b[:n]
			if i := slices.Index(name, ':'); i >= 0 {
				name = name[:i]
			}
			return name
		}
		b = b[min(len(b), (n+3)&^3):]
	}
	return nil
}

const (
	// iceRoom is how many datagrams wait for one association: records of DTLS, and checks.
	iceRoomRecords, iceRoomChecks = 64, 8
	// iceAddresses is how many addresses one association may have at a time: that of the browser, and
	// what it was before its network changed.
	iceAddresses = 4
	// A browser checks 20 times a second at most while it connects, over each pair of candidates, and
	// then each few seconds.
	checksPerSecond = 200
)

// An iceMux is what pion's ICE agent of one association takes for a shared UDP port: a way over IPv4
// and one over IPv6. So an agent has one goroutine that reads, and none for each interface.
type iceMux struct {
	table  *iceTable
	listen []net.Addr // one of each family that is advertised
	name   string     // until GetConn: none
	conns  [2]*iceConn
}

var _ ice.UDPMux = (*iceMux)(nil)

func newICEMux(t *iceTable, e envoy, advertised []netip.AddrPort) *iceMux {
	m := &iceMux{table: t}
	for _, a := range advertised {
		if c := &m.conns[family(a.Addr())]; *c == nil {
			*c = &iceConn{mux: m, envoy: e, local: net.UDPAddrFromAddrPort(a)}
			(*c).in.init([standings]int{known: iceRoomRecords, stranger: iceRoomChecks})
			m.listen = append(m.listen, (*c).local)
		}
	}
	return m
}

// family is 0 for IPv4 and 1 for IPv6.
func family(a netip.Addr) int {
	if a.Unmap().Is4() {
		return 0
	}
	return 1
}

// conn is the way to an address; nil if no address of that family is advertised.
func (m *iceMux) conn(remote netip.Addr) *iceConn { return m.conns[family(remote)] }

// GetListenAddresses implements ice.UDPMux.
func (m *iceMux) GetListenAddresses() []net.Addr { return m.listen }

// GetConn implements ice.UDPMux: from now on checks for that name go to its agent.
func (m *iceMux) GetConn(name string, local net.Addr) (net.PacketConn, error) {
	u, ok := local.(*net.UDPAddr)
	if !ok {
		return nil, net.InvalidAddrError(local.String())
	}
	c := m.conn(u.AddrPort().Addr())
	if c == nil {
		return nil, net.InvalidAddrError(local.String())
	}
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	m.name = name
	m.table.names[name] = m
	return c, nil
}

// RemoveConnByUfrag implements ice.UDPMux: no check is for that name any more. pion asks for it before it
// gathers, too.
func (m *iceMux) RemoveConnByUfrag(name string) {
	m.table.mu.Lock()
	defer m.table.mu.Unlock()
	if m.table.names[name] == m {
		delete(m.table.names, name)
	}
}

// Close implements ice.UDPMux: the association is over, and no datagram is for it.
func (m *iceMux) Close() error {
	m.RemoveConnByUfrag(m.name)
	for _, c := range m.conns {
		if c != nil {
			_ = c.Close()
		}
	}
	return nil
}

// An iceConn is what one family of addresses of an association reads and writes.
type iceConn struct {
	mux   *iceMux
	envoy envoy
	local *net.UDPAddr
	in    intake

	mu     sync.Mutex // after the table's
	peers  []iceRoute // those that pion has answered, the oldest first
	last   iceRoute   // whom pion read last
	second int64      // in which checks were counted
	checks int
}

// An iceRoute is the way to a browser: the address of ours by which it came.
type iceRoute struct {
	remote netip.AddrPort
	local  netip.Addr
	heard  time.Time // when pion read something from there; zero: never
}

var _ ice.AddrPortReaderWriter = (*iceConn)(nil)

// mayCheck counts a check, and reports whether it is within what a browser needs.
func (c *iceConn) mayCheck(now int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if second := now / int64(time.Second); second != c.second {
		c.second, c.checks = second, 0
	}
	c.checks++
	return c.checks <= checksPerSecond
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter, by which pion allocates no addresses. To pion
// a socket that is closed is at its end.
func (c *iceConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	h, err := c.in.take()
	if errors.Is(err, net.ErrClosed) {
		err = io.EOF
	}
	if err != nil {
		return 0, netip.AddrPort{}, err
	}
	defer holds.Put(h)
	c.heard(iceRoute{h.from, h.local, time.Now()})
	return copy(b, h.bytes[:h.n]), h.from, nil
}

// heard notes by which address of ours a browser comes. It is the browser's only once pion answers.
func (c *iceConn) heard(r iceRoute) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = r
	if i := c.find(r.remote); i >= 0 {
		c.peers[i] = r
	}
}

// hears reports whether something came lately from an address that pion has answered.
func (c *iceConn) hears(remote netip.AddrPort) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.find(remote)
	return i >= 0 && time.Since(c.peers[i].heard) < rtcSilent
}

// find returns the place of an address in peers; -1 if it is not there.
func (c *iceConn) find(remote netip.AddrPort) int {
	return slices.IndexFunc(c.peers, func(r iceRoute) bool { return r.remote == remote })
}

// WriteToAddrPort implements ice.AddrPortReaderWriter. pion writes to who proved that the association
// is his.
func (c *iceConn) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	return len(b), c.envoy.send(b, to, c.route(to))
}

// route returns the address of ours to send from, and makes the table know a new browser's.
func (c *iceConn) route(to netip.AddrPort) netip.Addr {
	c.mu.Lock()
	i := c.find(to)
	if i >= 0 {
		local := c.peers[i].local
		c.mu.Unlock()
		return local
	}
	r := iceRoute{remote: to}
	if c.last.remote == to {
		r = c.last
	}
	c.mu.Unlock()
	c.mux.table.add(c, r)
	return r.local
}

// add makes an address that of c. One that had another association has this one from now on, as what is
// behind a NAT may be somebody else later; but not while the other is heard from there: who has a password of his own
// proves by it nothing of the address, which he may have forged.
func (t *iceTable) add(c *iceConn, r iceRoute) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-c.in.closed:
		return
	default:
	}
	if old := t.addresses[r.remote]; old != nil {
		if old != c && old.hears(r.remote) {
			return
		}
		old.forget(r.remote)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.peers) == iceAddresses {
		delete(t.addresses, c.peers[0].remote)
		c.peers = slices.Delete(c.peers, 0, 1)
	}
	c.peers = append(c.peers, r)
	t.addresses[r.remote] = c
}

func (c *iceConn) forget(remote netip.AddrPort) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.find(remote); i >= 0 {
		c.peers = slices.Delete(c.peers, i, i+1)
	}
}

// Close implements net.PacketConn: the port stays the game's, and the addresses are free for players.
func (c *iceConn) Close() error {
	c.in.close()
	t := c.mux.table
	t.mu.Lock()
	defer t.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.peers {
		delete(t.addresses, r.remote)
	}
	c.peers = nil
	return nil
}

// ReadFrom implements net.PacketConn.
func (c *iceConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo implements net.PacketConn.
func (c *iceConn) WriteTo(b []byte, to net.Addr) (int, error) {
	u, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError(to.String())
	}
	return c.WriteToAddrPort(b, u.AddrPort())
}

// LocalAddr implements net.PacketConn.
func (c *iceConn) LocalAddr() net.Addr { return c.local }

// SetDeadline implements net.PacketConn.
func (c *iceConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (c *iceConn) SetReadDeadline(t time.Time) error { c.in.deadline.set(t); return nil }

// SetWriteDeadline implements net.PacketConn: writes do not wait.
func (c *iceConn) SetWriteDeadline(time.Time) error { return nil }
