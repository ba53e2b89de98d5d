package simnet

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// Defaults of a [SocketConfig].
const (
	// DefaultMaxDatagram is what fits into an Ethernet frame behind the headers
	// of IPv4 and UDP.
	DefaultMaxDatagram = 1472
	// DefaultReceiveBytes is a generous receive buffer.
	DefaultReceiveBytes = 4 << 20
	// DefaultSendBytes holds the windows of many streams that do not get on.
	DefaultSendBytes = 64 << 20
)

const firstEphemeral = 49152

// A SocketConfig is what a socket is opened with. The zero value will do.
type SocketConfig struct {
	// MaxDatagram is the largest payload that the socket sends, as the MTU of a
	// host's own interface bounds it; a link further on may carry less. 0: 1472.
	MaxDatagram int
	// ReceiveBytes bounds the memory of datagrams that have arrived and were
	// not read. 0: 4 MiB.
	ReceiveBytes int
	// Reliable makes a socket stand for a stream, such as a WebSocket: what it
	// sends arrives, once and in order, and Properties says so. What a link would
	// have lost comes a round trip of that link later, and with it all that is
	// behind; a cut only stops it. Peers that shall be as reliable say so too.
	Reliable bool
	// SendBytes bounds the memory of what a Reliable socket has sent and its
	// peers have not read; Write takes no more. 0: 64 MiB.
	SendBytes int
}

// A Socket is an address on a [Network]. It implements [transport.Socket] for
// use from one goroutine, in virtual time: with Update, Flush and Service of a Server or Client. A
// Hub, a Session, Ticks, Wait and Shutdown of package tickwire wait for the system's clock, and
// end with [ErrVirtualTime]: they go with [Wrap], or behind a [Relay].
//
// Its paths are of [transport.KindUDP], so that [transport.PathTo] and code
// written for UDP work on it.
type Socket struct {
	transport.Ownership
	net      *Network
	cfg      SocketConfig
	local    netip.AddrPort // what the owner knows
	outer    netip.AddrPort // what peers see; differs after Rebind
	old      []lease        // what led here before, and still does
	inbox    ring
	buffered int           // memory in inbox
	lent     []*packet     // to the reader, until the next Read
	under    int           // memory of what a reliable socket has under way
	taken    func(*packet) // takes what arrives, in place of the inbox
	closed   bool
}

var _ transport.Socket = (*Socket)(nil)

// Socket binds a socket to an address. A host may have many, and a program many on
// several hosts: that is what several interfaces are. Port 0 stands for a free one, counted up
// from 49152.
func (n *Network) Socket(addr netip.AddrPort, cfg SocketConfig) (*Socket, error) {
	addr = unmap(addr)
	if _, err := hostAddr(addr.Addr()); err != nil {
		return nil, err
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg.MaxDatagram = cmp.Or(cfg.MaxDatagram, DefaultMaxDatagram)
	cfg.ReceiveBytes = cmp.Or(cfg.ReceiveBytes, DefaultReceiveBytes)
	cfg.SendBytes = cmp.Or(cfg.SendBytes, DefaultSendBytes)
	if addr.Port() == 0 {
		addr = n.freePort(addr.Addr())
	}
	if n.bound(addr) != nil || addr.Port() == 0 {
		return nil, fmt.Errorf("%w: %v", ErrAddressInUse, addr)
	}
	s := &Socket{net: n, cfg: cfg, local: addr, outer: addr}
	n.sockets[addr] = s
	return s, nil
}

func (c *SocketConfig) validate() error {
	var v config.Check
	v.That(c.MaxDatagram >= 0 && c.MaxDatagram <= maxIPBytes, "MaxDatagram", c.MaxDatagram, "0 (1472) to 65535")
	v.That(c.ReceiveBytes >= 0, "ReceiveBytes", c.ReceiveBytes, "0 (4 MiB) or more")
	v.That(c.SendBytes >= 0, "SendBytes", c.SendBytes, "0 (64 MiB) or more")
	return v.Err()
}

// freePort returns host with a port that nobody has, or with 0 if all are
// taken.
func (n *Network) freePort(host netip.Addr) netip.AddrPort {
	for range 1<<16 - firstEphemeral {
		n.lastPort = max(n.lastPort+1, firstEphemeral) // wraps to 0
		if a := netip.AddrPortFrom(host, n.lastPort); n.bound(a) == nil {
			return a
		}
	}
	return netip.AddrPortFrom(host, 0)
}

// Own implements [transport.Ownable].
func (s *Socket) Own() error {
	if s.closed {
		return transport.ErrClosed
	}
	return s.Ownership.Own()
}

// Write sends datagrams at the present virtual time; over a path without delay
// they have arrived when it returns. All of them are taken, but for a Reliable
// socket that has SendBytes under way: a path that leads nowhere and a datagram
// that is too large are counted by the Network.
func (s *Socket) Write(ds []transport.Datagram) (n int, err error) {
	if s.closed {
		return 0, transport.ErrClosed
	}
	for n < len(ds) && !s.congested() {
		s.send(&ds[n])
		n++
	}
	s.net.advance(s.net.now)
	return n, nil
}

func (s *Socket) send(d *transport.Datagram) {
	n, to := s.net, unmap(d.Path.Remote)
	n.stats.Sent++
	switch {
	case d.Path.Kind != transport.KindUDP || !to.IsValid() || to.Port() == 0:
		n.stats.Unroutable++
		return
	case len(d.Bytes) > s.cfg.MaxDatagram:
		n.stats.TooLarge++
		return
	case n.isCut(s.outer.Addr(), to.Addr()) && !s.cfg.Reliable:
		n.stats.Cut++
		return
	}
	p := n.pool.take(d.Bytes)
	p.from, p.to, p.ecn, p.at = s.outer, to, d.ECN, n.now
	if s.cfg.Reliable {
		p.stream = s
		s.under += p.cost()
	}
	n.start(p)
}

// start sends p on its way, and shows it to those who stand beside it.
func (n *Network) start(p *packet) {
	if p.stream != nil && n.isCut(p.from.Addr(), p.to.Addr()) {
		n.stopped = append(n.stopped, p)
		return
	}
	for _, see := range n.watchers {
		see(Sighting{p.from, p.to, p.b})
	}
	n.forward(p)
}

func (n *Network) isCut(from, to netip.Addr) bool {
	if len(n.cuts) == 0 {
		return false
	}
	_, cut := n.cuts[pair{from, to}]
	return cut
}

// The hops of a datagram, in order.
const (
	hopUp uint8 = iota
	hopBetween
	hopDown
	hopSocket
)

// forward takes p to its next link that exists, or delivers it.
func (n *Network) forward(p *packet) {
	for p.hop < hopSocket {
		l := n.hop(p)
		p.hop++
		if l == nil {
			continue
		}
		if l.admit(n.now, len(p.b), p.stream != nil) {
			l.enter(p)
		} else {
			n.drop(p)
		}
		n.due.update(l)
		return
	}
	n.deliver(p)
}

// hop returns the link at p's present hop, nil for a perfect one.
func (n *Network) hop(p *packet) *Link {
	switch p.hop {
	case hopUp:
		if h := n.hosts[p.from.Addr()]; h != nil {
			return h.up
		}
	case hopBetween:
		key := pair{p.from.Addr(), p.to.Addr()}
		b := n.pairs[key]
		if b == nil && n.ordinary != (LinkConfig{}) {
			b = n.addPair(key, n.ordinary, true)
		}
		if b != nil {
			return b.link
		}
	case hopDown:
		if h := n.hosts[p.to.Addr()]; h != nil {
			return h.down
		}
	}
	return nil
}

func (n *Network) deliver(p *packet) {
	s := n.bound(p.to)
	switch {
	case s == nil:
		n.stats.Unbound++
	case s.taken != nil:
		n.stats.Delivered++
		s.taken(p)
	case s.buffered+p.cost() > s.cfg.ReceiveBytes && p.stream == nil:
		n.stats.Overflowed++
	default:
		n.stats.Delivered++
		p.at = n.now
		s.buffered += p.cost()
		s.inbox.push(p)
		return
	}
	n.drop(p)
}

// drop gives back a packet that goes no further.
func (n *Network) drop(p *packet) {
	if p.stream != nil {
		p.stream.under -= p.cost()
	}
	n.pool.put(p)
}

// Read implements [transport.Socket]. Received is the virtual time of
// arrival, and so has no monotonic reading.
func (s *Socket) Read(ds []transport.Datagram) (n int, err error) {
	if s.closed {
		return 0, transport.ErrClosed
	}
	for i, p := range s.lent {
		s.net.pool.put(p)
		s.lent[i] = nil
	}
	s.lent = s.lent[:0]
	for n < len(ds) && s.inbox.n > 0 {
		p := s.inbox.pop()
		s.buffered -= p.cost()
		if p.stream != nil {
			p.stream.under -= p.cost()
		}
		s.lent = append(s.lent, p)
		ds[n] = transport.Datagram{
			Path:     transport.PathTo(p.from),
			Bytes:    p.b,
			Received: s.net.time(p.at),
			Local:    s.local.Addr(),
			ECN:      p.ecn,
		}
		n++
	}
	return n, nil
}

// Wait reports whether something can be read at the present virtual time. It
// neither blocks nor moves the clock: that is the driver's to do, with the
// Network's Next and Advance. If nothing can be read, and it shall wait for a later time, the error
// is ErrVirtualTime: what waits by itself, as Hub, Session and Ticks do, ends with that instead of
// asking for ever.
func (s *Socket) Wait(until time.Time) (readable bool, err error) {
	switch {
	case s.closed:
		return false, transport.ErrClosed
	case s.inbox.n > 0:
		return true, nil
	case !until.IsZero() && !until.After(s.net.Now()):
		return false, nil
	}
	return false, ErrVirtualTime
}

// Wake does nothing, for Wait never blocks.
func (s *Socket) Wake() {}

// LocalAddr implements [transport.Socket]. It stays the same over a Rebind.
func (s *Socket) LocalAddr() netip.AddrPort { return s.local }

// PublicAddr is the address that peers see: LocalAddr, or what the last Rebind
// made of it.
func (s *Socket) PublicAddr() netip.AddrPort { return s.outer }

// MaxDatagram implements [transport.Socket].
func (s *Socket) MaxDatagram(transport.Path) int { return s.cfg.MaxDatagram }

// Properties implements [transport.Socket]: the paths are not secure, and reliable
// only if the socket is; if it is not, what is larger than a link's MTU is lost.
func (s *Socket) Properties(transport.Path) transport.Properties {
	return transport.Properties{Reliable: s.cfg.Reliable, DontFragment: !s.cfg.Reliable}
}

// Close frees the address, for instance for the server's next run. What arrives
// there from now on is lost until another socket is bound.
func (s *Socket) Close() error {
	if s.closed {
		return transport.ErrClosed
	}
	s.closed = true
	delete(s.net.sockets, s.outer)
	for _, l := range s.old {
		delete(s.net.sockets, l.at)
	}
	for s.inbox.n > 0 {
		s.net.drop(s.inbox.pop())
	}
	// What is lent may still be looked at: it goes to the garbage collector.
	s.lent, s.buffered = nil, 0
	return nil
}
