package simnet

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

func bindReliable(t testing.TB, n *Network, at netip.AddrPort, bytes int) *Socket {
	t.Helper()
	s, err := n.Socket(at, SocketConfig{Reliable: true, SendBytes: bytes})
	must(t, err)
	if s.Properties(transport.Path{}) != (transport.Properties{Reliable: true}) {
		t.Error("a reliable socket does not say so")
	}
	return s
}

// Over the worst of links a stream brings everything, once and in order, later.
func TestReliableSocket(t *testing.T) {
	n := NewNetwork(3)
	worst := LinkConfig{
		Delay: 20 * time.Millisecond, Jitter: 10 * time.Millisecond, JitterReorders: true, Loss: 0.5,
		Duplicate: 0.5, Reorder: 0.5, Corrupt: 0.5, BitsPerSecond: 1_000_000, QueuePackets: 1, MTU: 100,
	}
	must(t, n.SetHost(hostA, Links{Up: worst, Down: worst}))
	a, b := bindReliable(t, n, atA, 0), bindReliable(t, n, atB, 0)
	var got []string
	const all = 300
	for i := range all {
		send(t, a, atB, fmt.Sprintf("%03d%200d", i, i))
		n.Advance(10 * time.Millisecond)
		got = append(got, read(t, b)...)
	}
	n.Advance(time.Minute)
	got = append(got, read(t, b)...)
	if len(got) != all {
		t.Fatalf("%d of %d arrived", len(got), all)
	}
	for i, s := range got {
		if want := fmt.Sprintf("%v %03d%200d @", atA, i, i); s[:len(want)] != want {
			t.Fatalf("%q where %q was due", s, want)
		}
	}
	up, _ := n.HostStats(hostA)
	if up.Resent < all/4 || up.Lost+up.Duplicated+up.Corrupted+up.QueueDropped+up.TooLarge != 0 {
		t.Errorf("stats %+v", up)
	}
	checkBalance(t, up)
}

// A lossy socket beside a stream, on one line: what the stream waits for it does not.
func TestReliableBesideUnreliable(t *testing.T) {
	n := NewNetwork(1)
	must(t, n.SetHost(hostA, Links{Up: LinkConfig{Delay: 20 * time.Millisecond, Loss: 1}}))
	a, b := bindReliable(t, n, atA, 0), bindReliable(t, n, atB, 0)
	u := bind(t, n, netip.AddrPortFrom(hostA, 1001))
	send(t, a, atB, "first")
	must(t, n.SetHost(hostA, Links{Up: LinkConfig{Delay: 20 * time.Millisecond}}))
	send(t, a, atB, "second")
	send(t, u, atB, "unreliable")
	n.Advance(time.Minute)
	// Eight resends of a round trip and a pause each.
	expect(t, read(t, b), "10.0.0.1:1001 unreliable @ 20ms", "10.0.0.1:1000 first @ 420ms", "10.0.0.1:1000 second @ 420ms")
}

// A cut stops a stream and takes nothing from it, and its queue is bounded all the time.
func TestReliableCutAndQueue(t *testing.T) {
	n := NewNetwork(1)
	a, b := bindReliable(t, n, atA, 4000), bindReliable(t, n, atB, 0)
	n.Cut(hostA, hostB)
	ds := make([]transport.Datagram, 100)
	for i := range ds {
		ds[i] = transport.Datagram{Path: transport.PathTo(atB), Bytes: fmt.Append(nil, i)}
	}
	taken, err := a.Write(ds)
	must(t, err)
	if taken == 0 || taken > 20 {
		t.Fatalf("a stream that stands still took %d datagrams", taken)
	}
	if again, _ := a.Write(ds); again != 0 {
		t.Errorf("and %d more", again)
	}
	n.Advance(time.Second)
	expect(t, read(t, b))
	n.Heal(hostA, hostB)
	if got := read(t, b); len(got) != taken || got[0] != "10.0.0.1:1000 0 @ 1s" {
		t.Errorf("after the cut %q", got)
	}
	if again, _ := a.Write(ds); again != taken {
		t.Errorf("when all was read it took %d, not %d", again, taken)
	}
	if s := n.Stats(); s.Cut != 0 {
		t.Errorf("stats %+v", s)
	}
	if err := n.Rebind(atA, atC); !errors.Is(err, ErrReliable) {
		t.Errorf("rebinding a stream: %v", err)
	}
	must(t, b.Close())
	n.Advance(time.Second)
	send(t, a, atB, "nobody") // and the queue does not fill with what nobody reads
	if again, _ := a.Write(ds); again != len(ds) {
		t.Errorf("towards nobody it took %d", again)
	}
	var ce *ConfigError
	if _, err := n.Socket(atC, SocketConfig{SendBytes: -1}); !errors.As(err, &ce) {
		t.Errorf("SendBytes -1: %v", err)
	}
}
