package tickwire_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
)

// A man is in the middle of all that a socket receives. He lets everything through and adds what a
// seed says: the same again, an old one, a part, one with a bit or a head that
// is not its own, from where it came and from where he is, before the true one and
// behind it, and the true ones in another order.
type man struct {
	transport.Socket
	r      *rand.Rand
	home   transport.Path
	seen   []transport.Datagram
	tricks int
}

func newMan(s transport.Socket, seed uint64) *man {
	return &man{Socket: s, r: rand.New(rand.NewPCG(seed, 7)), home: transport.PathTo(netip.MustParseAddrPort("10.66.6.6:666"))}
}

// Read implements transport.Socket.
func (m *man) Read(ds []transport.Datagram) (int, error) {
	n, err := m.Socket.Read(ds[:max(len(ds)/4, 1)])
	for i := range ds[:n] {
		d := ds[i]
		d.Bytes = bytes.Clone(d.Bytes)
		if m.seen = append(m.seen, d); len(m.seen) > 60 {
			m.seen = m.seen[30:]
		}
	}
	for range ds[:n] {
		for range m.r.IntN(4) {
			if n < len(ds) {
				ds[n] = m.trick()
				n++
			}
		}
	}
	m.r.Shuffle(n, func(i, j int) { ds[i], ds[j] = ds[j], ds[i] })
	return n, err
}

// trick makes a datagram out of those that were seen.
func (m *man) trick() transport.Datagram {
	m.tricks++
	d := m.seen[len(m.seen)-1-m.r.IntN(min(len(m.seen), 8))]
	if m.r.IntN(4) == 0 {
		d = m.seen[m.r.IntN(len(m.seen))]
	}
	d.Bytes = bytes.Clone(d.Bytes)
	if m.r.IntN(3) == 0 {
		d.Path = m.home
	}
	switch b := d.Bytes; m.r.IntN(6) {
	case 0:
		d.Bytes = b[:m.r.IntN(len(b))]
	case 1:
		b[m.r.IntN(len(b))] ^= 1 << m.r.IntN(8)
	case 2:
		b[m.r.IntN(min(len(b), 8))] = byte(m.r.Uint32())
	case 3:
		other := m.seen[m.r.IntN(len(m.seen))].Bytes
		copy(b[:min(len(b), 1+m.r.IntN(40))], other)
	}
	return d
}

// A gossip lets both sides of some connections talk, and knows what was said and heard. The sides
// of a player are his own, by his number, and the server's, gossipers further on.
type gossip struct {
	t          *testing.T
	said, next [2 * gossipers]int
	heard      map[string]bool
}

const gossipers, gossips = 6, 300

func (g *gossip) say(side int, c *tickwire.Conn) {
	if c.Open() && g.said[side] < gossips {
		must(g.t, chat.Send(c, fmt.Append(nil, "chat ", side, " ", g.said[side])))
		must(g.t, c.Send(unreliable, fmt.Append(nil, "state ", side, " ", g.said[side])))
		g.said[side]++
	}
}

// hear wants chat once and in order, and what is unreliable once at most.
func (g *gossip) hear(side int, c *tickwire.Conn) {
	for m := range chat.Receive(c) {
		if want := fmt.Sprint("chat ", side, " ", g.next[side]); string(m) != want {
			g.t.Fatalf("heard %q, want %q", m, want)
		}
		g.next[side]++
	}
	for m := range c.Receive(unreliable) {
		if g.heard[string(m)] || !bytes.HasPrefix(m, fmt.Append(nil, "state ", side, " ")) {
			g.t.Fatalf("heard %q twice, or what was said to somebody else", m)
		}
		g.heard[string(m)] = true
	}
}

func (g *gossip) done() bool {
	return !slices.ContainsFunc(g.next[:], func(n int) bool { return n < gossips })
}

// TestManInTheMiddle: whatever he adds, players get in, stay, and hear each message once, as
// it was said and in order; and he takes nobody's place.
func TestManInTheMiddle(t *testing.T) {
	for seed := range uint64(5) {
		w := newWorld(t)
		cfg := tickwire.ServerConfig{Config: config(), Development: true}
		cfg.Channels = append(cfg.Channels, allChannels[0])
		w.simulate(&cfg.Config)
		middle := []*man{newMan(w.socket(w.address()), seed)}
		srv, err := tickwire.Listen(cfg, middle[0])
		must(t, err)
		w.add(srv)
		var conns []*tickwire.Conn
		for player := range uint64(gossipers) {
			cfg := tickwire.ClientConfig{Config: cfg.Config}
			w.simulate(&cfg.Config)
			middle = append(middle, newMan(w.socket(w.address()), 100*seed+player+1))
			c, err := tickwire.NewClient(cfg, middle[player+1])
			must(t, err)
			w.add(c)
			conns = append(conns, w.dial(c, srv, player+1))
		}
		g := gossip{t: t, heard: make(map[string]bool)}
		talk := func() bool {
			for player, c := range conns {
				g.say(player, c)
				g.hear(gossipers+player, c)
			}
			for c := range srv.Conns() {
				player := int(c.ClientID()) - 1
				g.say(gossipers+player, c)
				g.hear(player, c)
			}
			return g.done()
		}
		if !w.run(30*time.Second, talk) {
			t.Fatalf("seed %d: said %v, heard %v; drops %v", seed, g.said, g.next, srv.Stats().Handshake.Drops)
		}
		tricks := 0
		for _, m := range middle {
			tricks += m.tricks
		}
		if tricks < 5000 || len(g.heard) < 2*gossipers*gossips*9/10 {
			t.Errorf("seed %d: %d tricks, %d unreliable messages heard", seed, tricks, len(g.heard))
		}
		for _, d := range w.drivers {
			for _, ev := range w.heard[d] {
				if ev.Kind == tickwire.Disconnected {
					t.Errorf("seed %d: the man ended a connection: %v", seed, ev.Reason)
				}
			}
		}
	}
}
