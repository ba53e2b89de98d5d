package simnet

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Epoch is the time at which every [Network] begins.
var Epoch = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// Errors of a Network, always together with the address they concern.
var (
	// ErrAddressInUse says that another socket is bound there.
	ErrAddressInUse = errors.New("simnet: another socket is bound there: close it, or give port 0")
	// ErrVirtualTime is what Wait of a Socket returns if it would have to wait.
	ErrVirtualTime = errors.New("simnet: this socket is in virtual time, in which nothing comes by waiting: " +
		"drive it with Update, Flush, Service and Network.Advance; Hub, Session, Ticks and Shutdown take Wrap or a Relay")
	// ErrNoSocket says that no socket is bound there.
	ErrNoSocket = errors.New("simnet: no socket bound")
	// ErrBadAddress says that an address is not that of one host.
	ErrBadAddress = errors.New("simnet: want the address of one host")
)

// A Network is a set of hosts with in-memory sockets, in virtual time. Nothing
// in it happens by itself: the driver advances the clock, datagrams arrive
// while it does, and whoever owns a socket reads them afterwards. One seed and
// one sequence of calls give one outcome.
//
//	for nw.Now().Before(end) {
//		server.Update(nw.Now())
//		client.Update(nw.Now())
//		nw.Advance(time.Second / 60)
//	}
//
// A datagram crosses up to three links: the sending host's up link, the link
// between the two hosts, and the receiving host's down link. SetHost makes the
// first and the last, which all peers of the host share as the players of a
// household share its line; SetLink and SetDefault make the one between. A
// link that nobody configured is perfect.
//
// A Network and its sockets belong to one goroutine. That is the one thing in
// which its sockets do less than the [transport.Socket] contract.
type Network struct {
	seed     uint64
	now      int64 // nanoseconds since Epoch
	pool     pool
	due      schedule
	links    []*between // in the order in which they were made
	hosts    map[netip.Addr]*host
	pairs    map[pair]*between
	sockets  map[netip.AddrPort]*Socket
	cuts     map[pair]struct{}
	stopped  []*packet // of reliable sockets, at a cut
	watchers []func(Sighting)
	ordinary LinkConfig // of links between hosts that have none of their own
	lastPort uint16
	stats    NetworkStats
}

// A host is what has an access of its own.
type host struct{ up, down *Link }

// A pair is one direction between two hosts.
type pair struct{ from, to netip.Addr }

// A between is the link of a pair.
type between struct {
	link     *Link
	ordinary bool // follows SetDefault
}

// NetworkStats count datagrams of a network by what became of them. What links
// drop is in the links' own counters.
type NetworkStats struct {
	Sent       uint64 // given to Write
	Delivered  uint64 // reached a socket
	Cut        uint64 // sent across a cut, and lost
	Unbound    uint64 // arrived where no socket was bound
	Overflowed uint64 // arrived at a socket whose receive buffer was full
	TooLarge   uint64 // larger than the sending socket's MaxDatagram
	Unroutable uint64 // for a path that is no address
	Spoofed    uint64 // sent by nobody's socket
}

// NewNetwork returns an empty network at [Epoch].
func NewNetwork(seed uint64) *Network {
	return &Network{
		seed:     seed,
		hosts:    make(map[netip.Addr]*host),
		pairs:    make(map[pair]*between),
		sockets:  make(map[netip.AddrPort]*Socket),
		cuts:     make(map[pair]struct{}),
		lastPort: firstEphemeral - 1,
	}
}

// Now is the virtual time.
func (n *Network) Now() time.Time { return n.time(n.now) }

func (n *Network) time(at int64) time.Time { return Epoch.Add(time.Duration(at)) }

// Next returns when something happens next by itself: a datagram arrives
// somewhere, or moves from link to link. Without any under way ok is false.
func (n *Network) Next() (at time.Time, ok bool) {
	l := n.due.front()
	if l == nil {
		return time.Time{}, false
	}
	return n.time(max(l.schedule.at, n.now)), true
}

// Advance moves the clock on by d and delivers what arrives meanwhile. The
// clock does not go back: a negative d does nothing.
func (n *Network) Advance(d time.Duration) { n.advance(n.now + int64(d)) }

// AdvanceTo moves the clock on to t.
func (n *Network) AdvanceTo(t time.Time) { n.advance(int64(t.Sub(Epoch))) }

func (n *Network) advance(to int64) {
	for {
		l := n.due.front()
		if l == nil || l.schedule.at > to {
			break
		}
		n.now = max(n.now, l.schedule.at)
		for p := l.take(n.now); p != nil; p = l.take(n.now) {
			n.forward(p)
		}
		n.due.update(l)
	}
	n.now = max(n.now, to)
}

// Stats returns the counters.
func (n *Network) Stats() NetworkStats { return n.stats }

// SetHost gives a host its access, or changes it: Up for everything its sockets
// send, Down for everything they receive.
func (n *Network) SetHost(addr netip.Addr, access Links) error {
	addr, err := hostAddr(addr)
	if err != nil {
		return err
	}
	if err := access.Validate(); err != nil {
		return err
	}
	if h := n.hosts[addr]; h != nil {
		n.reconfigure(h.up, access.Up)
		n.reconfigure(h.down, access.Down)
		return nil
	}
	n.hosts[addr] = &host{
		up:   n.newLink(access.Up, addr, netip.Addr{}),
		down: n.newLink(access.Down, netip.Addr{}, addr),
	}
	return nil
}

// SetLink configures the link from one host to another, in this direction.
func (n *Network) SetLink(from, to netip.Addr, cfg LinkConfig) error {
	p, err := pairOf(from, to)
	if err != nil {
		return err
	}
	if err := cfg.Validate(); err != nil {
		return err
	}
	if b := n.pairs[p]; b != nil {
		b.ordinary = false
		n.reconfigure(b.link, cfg)
		return nil
	}
	n.addPair(p, cfg, false)
	return nil
}

// SetDefault configures the links between hosts for which SetLink was not
// called, those that carry something already included.
func (n *Network) SetDefault(cfg LinkConfig) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	n.ordinary = cfg
	for _, b := range n.links {
		if b.ordinary {
			n.reconfigure(b.link, cfg)
		}
	}
	return nil
}

// HostStats returns the counters of a host's access, zeros if it has none.
func (n *Network) HostStats(addr netip.Addr) (up, down LinkStats) {
	if h := n.hosts[addr.Unmap()]; h != nil {
		up, down = h.up.Stats(), h.down.Stats()
	}
	return up, down
}

// PairStats returns the counters of the link from one host to another, zeros
// if it has none.
func (n *Network) PairStats(from, to netip.Addr) LinkStats {
	if b := n.pairs[pair{from.Unmap(), to.Unmap()}]; b != nil {
		return b.link.Stats()
	}
	return LinkStats{}
}

// Cut drops everything that one host sends to another from now on, in this
// direction; what is under way arrives. What a Reliable socket sends waits for the
// cut to end.
func (n *Network) Cut(from, to netip.Addr) { n.cuts[pair{from.Unmap(), to.Unmap()}] = struct{}{} }

// Heal ends the Cut from one host to another.
func (n *Network) Heal(from, to netip.Addr) {
	delete(n.cuts, pair{from.Unmap(), to.Unmap()})
	n.release()
}

// Partition cuts every host of a off from every host of b, in both directions.
func (n *Network) Partition(a, b []netip.Addr) {
	for _, x := range a {
		for _, y := range b {
			n.Cut(x, y)
			n.Cut(y, x)
		}
	}
}

// HealAll ends every cut and partition.
func (n *Network) HealAll() {
	clear(n.cuts)
	n.release()
}

func (n *Network) newLink(cfg LinkConfig, from, to netip.Addr) *Link {
	// The seed comes from the addresses: so a further host changes nothing for
	// the others.
	l := newLink(n.now, cfg, mix(mix(n.seed, hashAddr(from)), hashAddr(to)), &n.pool)
	n.due.adopt(l)
	return l
}

func (n *Network) addPair(p pair, cfg LinkConfig, ordinary bool) *between {
	b := &between{n.newLink(cfg, p.from, p.to), ordinary}
	n.pairs[p] = b
	n.links = append(n.links, b)
	return b
}

// reconfigure changes a link to a valid configuration, and delivers what no
// longer has to wait.
func (n *Network) reconfigure(l *Link, cfg LinkConfig) {
	l.reconfigure(n.now, cfg)
	n.due.update(l)
	n.advance(n.now)
}

// hashAddr is FNV-1a.
func hashAddr(a netip.Addr) uint64 {
	h := uint64(14695981039346656037)
	if !a.IsValid() {
		return h
	}
	for _, b := range a.As16() {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

func hostAddr(a netip.Addr) (netip.Addr, error) {
	a = a.Unmap()
	if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() {
		return a, fmt.Errorf("%w, not %v", ErrBadAddress, a)
	}
	return a, nil
}

func pairOf(from, to netip.Addr) (pair, error) {
	from, err1 := hostAddr(from)
	to, err2 := hostAddr(to)
	return pair{from, to}, errors.Join(err1, err2)
}
