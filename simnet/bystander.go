package simnet

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/tickwire/tickwire/internal/config"
)

// A Sighting is a datagram that somebody sees who stands beside its way. The bytes
// are valid until the one it is shown to returns, and not to be changed.
type Sighting struct {
	From, To netip.AddrPort
	Bytes    []byte
}

// Watch shows see each datagram that a socket sends, as it leaves. It may send
// with [Network.Spoof] at once, and must not use sockets or move the clock.
func (n *Network) Watch(see func(Sighting)) { n.watchers = append(n.watchers, see) }

// Spoof sends a datagram that claims to come from an address, whoever has it. It crosses
// the links that a datagram from there would cross, and no cut stops it.
func (n *Network) Spoof(from, to netip.AddrPort, payload []byte) {
	n.stats.Spoofed++
	p := n.pool.take(payload)
	p.from, p.to, p.at = unmap(from), unmap(to), n.now
	n.forward(p)
}

// A BystanderConfig says what a [Bystander] does with what it sees. Probabilities
// are from 0 to 1 and count per datagram that it sees.
type BystanderConfig struct {
	// Beside are the hosts beside whose lines it stands, such as the two addresses
	// of a phone: it sees what they send, and what is sent to them. Required.
	Beside []netip.Addr
	// Address is where it sends from and receives. Without an access of its own
	// (SetHost) what it sends is there at once, before what it has seen. Required.
	Address netip.AddrPort
	// Ports is how many ports it has, from that of Address on; it takes turns.
	// 0: one.
	Ports int
	// Forward is the part of what the hosts send that it sends on from its own
	// address.
	Forward float64
	// Return passes on to them what comes to its own address, as if from whom
	// sent it: together with Forward a way through it that works in both directions.
	Return bool
	// Replay is the part after which it sends again something that it has seen, to
	// whom it was sent, from its own address.
	Replay float64
	// Forge is the part after which it sends something that it has seen with some
	// bits changed, or noise behind a byte or two of it.
	Forge float64
	// Spoof has half of what is replayed and forged come from the addresses that
	// it was seen with.
	Spoof bool
}

// Validate reports everything that is wrong with c: a joined error whose parts
// are of type [*ConfigError], or nil.
func (c BystanderConfig) Validate() error {
	var v config.Check
	v.That(len(c.Beside) > 0 && !slices.ContainsFunc(c.Beside, func(a netip.Addr) bool { return !a.IsValid() }),
		"Beside", c.Beside, "the addresses of hosts")
	v.That(c.Address.IsValid() && c.Address.Port() > 0, "Address", c.Address, "an address and a port")
	v.That(c.Ports >= 0 && int(c.Address.Port())+c.Ports <= 1<<16, "Ports", c.Ports, "0 (one) up to 65536 less the port")
	probability := func(field string, p float64) {
		v.That(p >= 0 && p <= 1, field, p, "a probability from 0 to 1")
	}
	probability("Forward", c.Forward)
	probability("Replay", c.Replay)
	probability("Forge", c.Forge)
	return v.Err()
}

// BystanderStats count datagrams.
type BystanderStats struct {
	Seen      uint64 // of the hosts and to them
	Forwarded uint64
	Returned  uint64
	Replayed  uint64
	Forged    uint64

	SentBytes     uint64 // from its own addresses
	ReceivedBytes uint64 // at them
}

// A Bystander stands beside the lines of hosts. It reads along and has addresses of its
// own, but can stop nothing and knows no key: the attacker that a protocol must
// take nothing from which it is given. All that it does follows from the network's seed.
type Bystander struct {
	net    *Network
	cfg    BystanderConfig
	random stream
	odds   struct{ forward, replay, forge chance }
	posts  []*Socket
	turn   int
	seen   [256]memory // the last ones
	stats  BystanderStats
	noise  []byte
	gone   bool
}

// A memory is a datagram that a bystander has seen.
type memory struct {
	from, to netip.AddrPort
	b        []byte
}

// Bystander puts one beside some hosts. The error is that of [BystanderConfig.Validate],
// or one of its addresses is in use.
func (n *Network) Bystander(cfg BystanderConfig) (*Bystander, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Beside, cfg.Address, cfg.Ports = slices.Clone(cfg.Beside), unmap(cfg.Address), max(cfg.Ports, 1)
	for i, a := range cfg.Beside {
		cfg.Beside[i] = a.Unmap()
	}
	y := &Bystander{net: n, cfg: cfg}
	y.random.pcg.Seed(mix(n.seed, hashAddr(cfg.Beside[0])), mix(n.seed, hashAddr(cfg.Address.Addr())))
	y.odds.forward, y.odds.replay, y.odds.forge = newChance(cfg.Forward), newChance(cfg.Replay), newChance(cfg.Forge)
	for i := range cfg.Ports {
		at := netip.AddrPortFrom(cfg.Address.Addr(), cfg.Address.Port()+uint16(i))
		s, err := n.Socket(at, SocketConfig{})
		if err != nil {
			y.Leave()
			return nil, fmt.Errorf("simnet: BystanderConfig.Address: %w", err)
		}
		s.taken = y.take
		y.posts = append(y.posts, s)
	}
	n.Watch(y.see)
	return y, nil
}

// Leave ends it.
func (y *Bystander) Leave() {
	y.gone = true
	for _, s := range y.posts {
		_ = s.Close()
	}
	y.posts = nil
}

// Stats returns the counters.
func (y *Bystander) Stats() BystanderStats { return y.stats }

// Owns reports whether an address is one of its own.
func (y *Bystander) Owns(at netip.AddrPort) bool {
	port, first := int(at.Port()), int(y.cfg.Address.Port())
	return at.Addr().Unmap() == y.cfg.Address.Addr() && port >= first && port < first+y.cfg.Ports
}

// see does what it does with a datagram.
func (y *Bystander) see(s Sighting) {
	out := y.beside(s.From)
	if y.gone || !out && !y.beside(s.To) {
		return
	}
	m := &y.seen[y.stats.Seen%uint64(len(y.seen))]
	m.from, m.to, m.b = s.From, s.To, append(m.b[:0], s.Bytes...)
	y.stats.Seen++
	if out && y.random.hit(y.odds.forward) {
		y.stats.Forwarded++
		y.send(s.From, s.To, s.Bytes, false)
	}
	if y.random.hit(y.odds.replay) {
		y.stats.Replayed++
		m := y.recall()
		y.send(m.from, m.to, m.b, y.cfg.Spoof)
	}
	if y.random.hit(y.odds.forge) {
		y.stats.Forged++
		m := y.recall()
		y.send(m.from, m.to, y.forge(m.b), y.cfg.Spoof)
	}
}

// beside reports whether it stands beside the line of an address.
func (y *Bystander) beside(at netip.AddrPort) bool { return slices.Contains(y.cfg.Beside, at.Addr()) }

// recall draws one of those it has seen.
func (y *Bystander) recall() *memory {
	return &y.seen[y.random.below(min(y.stats.Seen, uint64(len(y.seen))))]
}

// forge returns b with some bits changed, or noise that begins like it.
func (y *Bystander) forge(b []byte) []byte {
	y.noise = append(y.noise[:0], b...)
	from := 0
	changes := 1 + int(y.random.below(4))
	if y.random.below(2) == 0 {
		from, changes = 1+int(y.random.below(8)), len(b)
	}
	for range changes {
		if from < len(b) {
			y.noise[from+int(y.random.below(uint64(len(b)-from)))] ^= byte(1 + y.random.below(255))
		}
	}
	return y.noise
}

// send sends from the next of its addresses, or from that which was seen.
func (y *Bystander) send(from, to netip.AddrPort, b []byte, spoof bool) {
	if !spoof || y.random.below(2) == 0 {
		from = y.posts[y.turn%len(y.posts)].outer
		y.turn++
		y.stats.SentBytes += uint64(len(b))
	}
	y.net.Spoof(from, to, b)
}

// take is what comes to one of its addresses.
func (y *Bystander) take(p *packet) {
	y.stats.ReceivedBytes += uint64(len(p.b))
	if to := y.client(p.from); y.cfg.Return && to.IsValid() {
		y.stats.Returned++
		y.net.Spoof(p.from, to, p.b)
	}
}

// client is the address at one of the hosts that spoke last with a peer.
func (y *Bystander) client(peer netip.AddrPort) netip.AddrPort {
	for i := range min(y.stats.Seen, uint64(len(y.seen))) {
		m := &y.seen[(y.stats.Seen-1-i)%uint64(len(y.seen))]
		if m.to == peer && y.beside(m.from) {
			return m.from
		}
	}
	return netip.AddrPort{}
}
