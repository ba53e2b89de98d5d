package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/simnet"
)

// A Wire connects two hosts by a link each way that does to IP packets what a [simnet.Link] does to
// datagrams: whatever goes over it, TCP, QUIC or a data channel, meets the same losses by the same
// seed, and repairs them by its own means. All methods may be called from any goroutine.
//
// It is a network card in each host behind which this process reads and writes (TUN). So a packet
// comes up to a millisecond or so later than it should on a machine that is not busy, and what the
// process does not read in time the card drops beyond 500 packets, as cards do. What is inside is
// bounded as [simnet.LinkConfig] says. IPv4 alone crosses: what hosts say by themselves over IPv6
// would shift who draws which loss.
type Wire struct {
	t        *testing.T
	up, down lane
	mu       sync.Mutex
	cuts     map[int]func(Packet) bool
	next     int // of cuts
}

// WireStats count the packets of a wire. Those that are cut off never come to the links.
type WireStats struct {
	Up, Down simnet.LinkStats
	Cut      uint64 // taken by a Cut
	Foreign  uint64 // not IPv4
	Unsent   uint64 // refused by a card, as one that is down
}

// wireMTU is that of both cards.
const wireMTU = 1500

// Wire connects two hosts by an impaired wire. links.Up carries what b sends: b is the player, and a
// the server, or what stands before it.
func (n *Net) Wire(a *Host, cardA, addressA string, b *Host, cardB, addressB string, links simnet.Links, seed uint64) *Wire {
	n.t.Helper()
	w := &Wire{t: n.t, cuts: make(map[int]func(Packet) bool)}
	fileA, fileB := n.card(a, cardA, addressA), n.card(b, cardB, addressB)
	w.up.open(n.t, w, fileB, fileA, links.Up, 2*seed)
	w.down.open(n.t, w, fileA, fileB, links.Down, 2*seed+1)
	w.up.isUp = true
	var work sync.WaitGroup
	for _, l := range []*lane{&w.up, &w.down} {
		work.Go(l.read)
		work.Go(l.write)
	}
	n.t.Cleanup(func() {
		_ = fileA.Close()
		_ = fileB.Close()
		close(w.up.over)
		close(w.down.over)
		work.Wait()
	})
	return w
}

// card makes a TUN device on a host, up and with an address, and returns what is behind it.
func (n *Net) card(h *Host, name, address string) *os.File {
	n.t.Helper()
	file := Open(h, func() (*os.File, error) { return openTUN(name) })
	h.Give(name, address)
	h.IP("link", "set", "dev", name, "mtu", fmt.Sprint(wireMTU), "up")
	return file
}

// openTUN makes the device in the namespace of its thread. Packets come and go without a header of the
// device's own, and so whole, with their checksums: nothing is left to a card that could do it.
func openTUN(name string) (*os.File, error) {
	const clone = "/dev/net/tun"
	fd, err := unix.Open(clone, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; modprobe tun, or let this user open it", clone, err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("a card %s by %s: %w", name, clone, err)
	}
	return os.NewFile(uintptr(fd), clone), nil // after TUNSETIFF: before it there is nothing to poll
}

// Set changes the links from now on; what is inside arrives.
func (w *Wire) Set(links simnet.Links) {
	w.t.Helper()
	if err := errors.Join(w.up.set(links.Up), w.down.set(links.Down)); err != nil {
		w.t.Fatal(err)
	}
}

// Cut has the wire swallow packets without a word, both ways, as a firewall that changes its mind;
// [Packet.UDP] and [Packet.TCP] choose all of a kind. What is inside arrives. Heal, which may be called
// twice, ends it.
func (w *Wire) Cut(which func(Packet) bool) (heal func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.next
	w.next++
	w.cuts[n] = which
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.cuts, n)
	}
}

func (w *Wire) isCut(p Packet) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, which := range w.cuts {
		if which(p) {
			return true
		}
	}
	return false
}

// Stats returns the counters.
func (w *Wire) Stats() (s WireStats) {
	for l, to := range map[*lane]*simnet.LinkStats{&w.up: &s.Up, &w.down: &s.Down} {
		l.mu.Lock()
		*to = l.link.Stats()
		s.Cut, s.Foreign, s.Unsent = s.Cut+l.cut, s.Foreign+l.foreign, s.Unsent+l.unsent
		l.mu.Unlock()
	}
	return s
}

// A Packet is what can be told of one on a wire.
type Packet struct {
	Protocol uint8 // as IPv4 has it: 6, 17
	From, To netip.AddrPort
	Up       bool // from the player
}

// UDP reports whether it is one of UDP: of a native player, WebRTC or WebTransport.
func (p Packet) UDP() bool { return p.Protocol == unix.IPPROTO_UDP }

// TCP reports whether it is one of TCP.
func (p Packet) TCP() bool { return p.Protocol == unix.IPPROTO_TCP }

// packetOf reads the head of an IP packet (RFC 791, section 3.1). Later fragments have no ports, and get none.
func packetOf(b []byte) (p Packet, ok bool) {
	if len(b) < 20 || b[0]>>4 != 4 {
		return p, false
	}
	p.Protocol = b[9]
	from, to := netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	var ports [4]byte
	first := (b[6]&0x1f) == 0 && b[7] == 0
	if head := 4 * int(b[0]&15); first && (p.UDP() || p.TCP()) && len(b) >= head+4 {
		copy(ports[:], b[head:])
	}
	p.From = netip.AddrPortFrom(from, uint16(ports[0])<<8|uint16(ports[1]))
	p.To = netip.AddrPortFrom(to, uint16(ports[2])<<8|uint16(ports[3]))
	return p, true
}
