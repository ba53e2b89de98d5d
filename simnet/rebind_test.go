package simnet

import (
	"errors"
	"net/netip"
	"testing"
	"time"
)

// A NAT that keeps the old mapping beside the new one for a while.
func TestRebindSlowly(t *testing.T) {
	n := NewNetwork(1)
	a, b := bind(t, n, atA), bind(t, n, atB)
	next := netip.AddrPortFrom(hostA, 0)
	must(t, n.RebindSlowly(atA, next, time.Second))
	moved := a.PublicAddr()
	if moved == atA || moved.Addr() != hostA {
		t.Fatalf("a free port was asked for, and it is %v", moved)
	}
	send(t, b, atA, "to the old one")
	send(t, b, moved, "to the new one")
	send(t, a, atB, "hello")
	expect(t, read(t, b), moved.String()+" hello @ 0s")
	expect(t, read(t, a), "10.0.0.2:2000 to the old one @ 0s", "10.0.0.2:2000 to the new one @ 0s")
	if _, err := n.Socket(atA, SocketConfig{}); !errors.Is(err, ErrAddressInUse) {
		t.Errorf("bound to what still leads to another: %v", err)
	}
	if err := n.Rebind(atA, atC); !errors.Is(err, ErrNoSocket) {
		t.Errorf("rebinding an old address: %v", err)
	}
	n.Advance(time.Second)
	send(t, b, atA, "too late")
	expect(t, read(t, a))
	if s := n.Stats(); s.Unbound != 1 {
		t.Errorf("stats %+v", s)
	}
	bind(t, n, atA) // free again
}

// A player who walks between two networks comes back to addresses that it had.
func TestRebindThereAndBack(t *testing.T) {
	n := NewNetwork(1)
	a, b := bind(t, n, atA), bind(t, n, atB)
	must(t, n.RebindSlowly(atA, atC, time.Second))
	must(t, n.RebindSlowly(atC, atA, time.Second))
	n.Advance(2 * time.Second)
	send(t, b, atA, "home")
	send(t, b, atC, "gone")
	expect(t, read(t, a), "10.0.0.2:2000 home @ 2s")
	must(t, n.RebindSlowly(atA, atC, time.Hour))
	must(t, a.Close())
	bind(t, n, atA)
	bind(t, n, atC) // both went with the socket
}
