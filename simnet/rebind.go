package simnet

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// ErrReliable says that a Reliable socket cannot be rebound: a stream ends with
// its addresses. Close it and open another.
var ErrReliable = errors.New("simnet: a reliable socket keeps its address")

// A lease is an address from before a Rebind that still leads to its socket.
type lease struct {
	at    netip.AddrPort
	until int64
}

// Rebind gives a socket another address, as a NAT does that forgot the old
// mapping, or a phone that changes from Wi-Fi to cellular: peers see what it
// sends from then on come from the new address, and what they still send to the
// old one is lost. The socket itself does not notice, so its LocalAddr stays.
// Port 0 stands for a free one; PublicAddr then tells which.
//
// If SetHost was called for the new address the socket now uses that access,
// otherwise it keeps the one it had.
func (n *Network) Rebind(from, to netip.AddrPort) error { return n.RebindSlowly(from, to, 0) }

// RebindSlowly is a Rebind after which what is sent to the old address arrives
// for a while longer, as with a NAT that keeps the old mapping beside the new one.
func (n *Network) RebindSlowly(from, to netip.AddrPort, keep time.Duration) error {
	from, to = unmap(from), unmap(to)
	s := n.bound(from)
	if s == nil || s.outer != from {
		return fmt.Errorf("%w at %v", ErrNoSocket, from)
	}
	if s.cfg.Reliable {
		return fmt.Errorf("%w: %v", ErrReliable, from)
	}
	if _, err := hostAddr(to.Addr()); err != nil {
		return err
	}
	if to.Port() == 0 {
		to = n.freePort(to.Addr())
	}
	if other := n.bound(to); to.Port() == 0 || other != nil && other != s {
		return fmt.Errorf("%w: %v", ErrAddressInUse, to)
	}
	if h := n.hosts[from.Addr()]; h != nil && n.hosts[to.Addr()] == nil {
		n.hosts[to.Addr()] = h
	}
	s.move(to, keep)
	return nil
}

// move gives s another address, and a lease of the one it has.
func (s *Socket) move(to netip.AddrPort, keep time.Duration) {
	n, from := s.net, s.outer
	s.forget(to) // it may come back to one it had
	s.outer = to
	n.sockets[to] = s
	switch {
	case from == to:
	case keep > 0:
		s.old = append(s.old, lease{from, n.now + int64(keep)})
	default:
		delete(n.sockets, from)
	}
}

// forget ends the lease of an address, if there is one.
func (s *Socket) forget(at netip.AddrPort) {
	s.old = slices.DeleteFunc(s.old, func(l lease) bool { return l.at == at })
}

// bound returns the socket that an address leads to now, or nil.
func (n *Network) bound(at netip.AddrPort) *Socket {
	s := n.sockets[at]
	if s == nil || s.outer == at {
		return s
	}
	if slices.ContainsFunc(s.old, func(l lease) bool { return l.at == at && n.now < l.until }) {
		return s
	}
	delete(n.sockets, at)
	s.forget(at)
	return nil
}
