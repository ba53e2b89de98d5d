package udp

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// sizes are how large the datagrams of a socket may be. The interfaces of a machine differ: a
// tunnel takes less than the Ethernet beside it, and the system says so only when it refuses a
// datagram.
type sizes struct {
	most  int  // Config.MaxDatagram
	whole bool // what is too large is lost, and not cut

	any atomic.Bool // a peer has less
	mu  sync.Mutex
	by  map[netip.Addr]narrow
}

// A narrow is what an interface takes by which a peer is reached.
type narrow struct {
	bytes int
	until time.Time
}

const (
	// The payloads of an Ethernet frame of 1500 bytes.
	ethernet4 = 1500 - transport.HeaderBytes4
	ethernet6 = 1500 - transport.HeaderBytes6
	// narrowFor is how long it is remembered what an interface takes.
	narrowFor = 10 * time.Minute
	// mostNarrow bounds the peers that are remembered; beyond it the table starts afresh.
	mostNarrow = 1024
)

// of is the largest datagram for a peer.
func (z *sizes) of(to netip.AddrPort) int {
	most := z.most
	switch {
	case most > 0:
	case !z.whole:
		most = DefaultMaxDatagram
	case to.Addr().Is4() || to.Addr().Is4In6():
		most = ethernet4
	default:
		most = ethernet6
	}
	if z.any.Load() {
		most = min(most, z.narrow(to.Addr(), time.Now()))
	}
	return most
}

// narrow is what is known of the interface to a peer.
func (z *sizes) narrow(to netip.Addr, now time.Time) int {
	z.mu.Lock()
	defer z.mu.Unlock()
	n, ok := z.by[to]
	switch {
	case !ok:
		return largestPayload
	case now.Before(n.until):
		return n.bytes
	}
	delete(z.by, to)
	z.any.Store(len(z.by) > 0)
	return largestPayload
}

// learn notes that this machine refused a datagram for a peer as too large.
func (z *sizes) learn(to netip.AddrPort, refused int) {
	bytes := refused - 1
	if mtu := interfaceMTU(to); mtu > 0 {
		bytes = min(bytes, mtu)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.by == nil || len(z.by) >= mostNarrow {
		z.by = make(map[netip.Addr]narrow)
	}
	z.by[to.Addr()] = narrow{max(bytes, 1), time.Now().Add(narrowFor)}
	z.any.Store(true)
}
