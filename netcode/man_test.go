package netcode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A man in the middle sees every datagram of the players and of the server. He lets them
// all through, sooner or later, and beside them does what a seed says: he repeats, delays,
// cuts, changes, mixes and invents datagrams, in the players' names and from
// his own address, before the true ones and after them. He has a token of his own too.
type man struct {
	*world
	r        *rand.Rand
	seen     []intercepted // a few that he remembers
	held     []intercepted // in his hands
	home     Source        // where he is
	token    *Token        // his own
	passing  bool          // what passes is his own doing
	away     map[int]bool  // players who are on their way back
	received map[string]int
	sent     map[string]bool // what was said, by who to whom
	tricks   int
	port     uint16 // that was used last
}

// An intercepted datagram, and on whose way.
type intercepted struct {
	p        *player
	toServer bool
	b        []byte
}

const mansID = 666

func newMan(t testing.TB, seed uint64, plain bool) *man {
	m := &man{
		r: rand.New(rand.NewPCG(seed, 4)), home: source(6666),
		port: 200, received: map[string]int{}, sent: map[string]bool{}, away: map[int]bool{},
	}
	m.world = newWorld(t, func(c *ServerConfig) {
		c.MaxClients = 16
		c.Random = newSeeded(seed)
		c.EpochPackets = 40
		c.Plain = PlainAllow
	})
	m.random = newSeeded(seed + 1)
	m.token = m.mint(mansID, nil)
	m.onServer = func(from Source, b []byte) bool { return m.passing || m.intercept(from, b, true) }
	m.onClient = func(to Source, b []byte) bool { return m.passing || m.intercept(to, b, false) }
	for i := range uint64(6) {
		m.join(m.mint(i, func(c *MintConfig) {
			if c.Plain = plain; !plain {
				protect(protections[i%uint64(len(protections))])(c)
			}
		}), uint16(100+i), func(c *ClientConfig) {
			c.EpochPackets = 40
			if plain {
				c.Plain = PlainOnly
			}
		})
	}
	return m
}

// intercept does what comes to the man's mind about a datagram, and reports whether it
// goes on at once.
func (m *man) intercept(peer Source, b []byte, toServer bool) bool {
	i := slices.IndexFunc(m.clients, func(p *player) bool { return p.at == peer })
	if i < 0 {
		return true // his own
	}
	c := intercepted{m.clients[i], toServer, bytes.Clone(b)}
	if m.seen = append(m.seen, c); len(m.seen) > 40 {
		m.seen = slices.Delete(m.seen, 0, 1+m.r.IntN(20))
	}
	for range m.r.IntN(4) {
		m.trick(c)
	}
	if m.r.IntN(8) == 0 {
		m.held = append(m.held, c)
		return false
	}
	return true
}

// trick does one thing with a datagram that is on its way.
func (m *man) trick(c intercepted) {
	m.tricks++
	b, from := bytes.Clone(c.b), c.p.at
	if m.r.IntN(3) == 0 {
		from = m.home
	}
	switch m.r.IntN(9) {
	case 0: // the same before it is there
	case 1: // cut
		b = b[:m.r.IntN(len(b))]
	case 2: // a bit
		b[m.r.IntN(len(b))] ^= 1 << m.r.IntN(8)
	case 3: // a byte where the headers are
		b[m.r.IntN(min(len(b), 12))] = byte(m.r.Uint32())
	case 4: // longer
		b = append(b, make([]byte, 1+m.r.IntN(40))...)
	case 5: // an old one
		c = m.seen[m.r.IntN(len(m.seen))]
		b = bytes.Clone(c.b)
	case 6: // the head of one on the body of another
		other := m.seen[m.r.IntN(len(m.seen))].b
		n := min(m.r.IntN(40), len(other), len(b))
		copy(b, other[:n])
	case 7: // back where it came from
		c.toServer = !c.toServer
	case 8: // invented
		m.random.Read(b[1:])
	}
	m.deliver(c.p, from, b, c.toServer)
}

func (m *man) deliver(p *player, from Source, b []byte, toServer bool) {
	m.passing = true
	defer func() { m.passing = false }()
	switch {
	case toServer:
		m.toServer(from, b)
	case from == m.home:
		if ev := p.c.HandleDatagram(m.now, m.unix(), 0, m.home, b); ev.Kind != ClientNone || ev.Drop == DropNone {
			m.t.Fatalf("a client took a datagram that did not come from its server: %+v", ev)
		}
	default:
		p.receive(b)
	}
}

// step lets time pass; what the man holds he lets go in another order.
func (m *man) step(d int64) {
	m.world.step(d)
	for len(m.held) > 0 && m.r.IntN(8) > 0 {
		i := m.r.IntN(len(m.held))
		c := m.held[i]
		m.held = slices.Delete(m.held, i, i+1)
		m.deliver(c.p, c.p.at, c.b, c.toServer)
	}
	if m.r.IntN(4) == 0 { // his own token, shown in somebody else's name
		victim := m.clients[m.r.IntN(len(m.clients))]
		m.deliver(victim, victim.at, (&Client{token: m.token}).appendRequest(nil), true)
	}
	m.check()
}

// say has everybody who is connected say something, and the server answer.
func (m *man) say() {
	for id, p := range m.clients {
		if p.c.State() != StateConnected {
			continue
		}
		m.tell(fmt.Sprint("up ", id), func(text string) {
			if p.c.Plain() {
				b, _ := p.c.AppendPayload(m.now, nil, []byte(text))
				m.toServer(p.at, b)
			} else {
				m.toServer(p.at, m.seal(p.c.Sealer(), text))
			}
		})
		seat := m.server.adm.clients[uint64(id)]
		if seat == nil || !seat.Confirmed() || m.away[id] {
			continue
		}
		m.tell(fmt.Sprint("down ", id), func(text string) {
			if seat.Plain() {
				b, _ := m.server.AppendPayload(m.now, seat, nil, []byte(text))
				m.toClient(p.at, b)
			} else {
				m.toClient(p.at, m.seal(seat.Sealer(), text))
			}
		})
	}
}

func (m *man) tell(whom string, send func(text string)) {
	text := fmt.Sprint(whom, " ", len(m.sent))
	m.sent[text] = true
	send(text)
}

// seal makes the next packet, and changes keys as if everything had been acknowledged.
func (m *man) seal(s *Sealer, text string) []byte {
	if s.KeyChangeDue() {
		s.ChangeKeys(m.now, 0, s.sent-1, 1)
	}
	return sealAt(m.now, s, 0, s.sent, text)
}

// check looks at what arrived since the last time, and at who sits where.
func (m *man) check() {
	m.t.Helper()
	for _, ev := range m.events {
		if ev.Kind == EventResumed {
			delete(m.away, int(ev.Seat.ClientID()))
			m.server.Release(m.now, ev.Old)
		}
		if ev.Kind == EventPacket || ev.Kind == EventResumed || ev.Kind == EventPayload || ev.Kind == EventConnected && len(ev.Frames) > 0 {
			m.arrived(fmt.Sprint("up ", ev.Seat.ClientID()), ev.Frames)
		}
	}
	m.events = m.events[:0]
	for id, p := range m.clients {
		for _, ev := range p.events {
			switch ev.Kind {
			case ClientPacket, ClientPayload:
				m.arrived(fmt.Sprint("down ", id), ev.Frames)
			case ClientEnded:
				m.t.Fatalf("player %d: the man ended it: %v", id, ev.State)
			}
		}
		p.events = p.events[:0]
		if seat := m.server.adm.clients[uint64(id)]; seat != nil && seat.Source() != p.at && !m.away[id] {
			m.t.Fatalf("player %d sits at %v, and is at %v", id, seat.Source(), p.at)
		}
	}
	if m.server.adm.clients[mansID] != nil {
		m.t.Fatal("the man has a seat in somebody's name")
	}
}

// resume has all players come back, each from another port, with tickets that the server gave
// them. What was under way has arrived before.
func (m *man) resume() {
	m.t.Helper()
	for len(m.held) > 0 {
		m.step(0)
	}
	players := len(m.clients)
	for id, p := range m.clients {
		ticket := m.ticket(p, m.server.adm.clients[uint64(id)])
		m.away[id] = true
		m.port++
		back := m.comeBack(ticket, m.port, func(c *ClientConfig) { c.EpochPackets = 40 })
		m.clients[id] = back
	}
	m.clients = m.clients[:players]
	for range 40 {
		m.step(100 * ms)
		m.say()
	}
	if len(m.away) > 0 {
		m.t.Fatalf("players %v do not come back: server drops %v", m.away, dropNames(m.server.Counters()))
	}
}

func (m *man) arrived(whom string, text []byte) {
	m.t.Helper()
	if !m.sent[string(text)] || !bytes.HasPrefix(text, []byte(whom+" ")) {
		m.t.Fatalf("%s got %q, which was not said to it", whom, text)
	}
	if m.received[string(text)]++; m.received[string(text)] > 1 {
		m.t.Fatalf("%s got %q twice", whom, text)
	}
}

// TestManInTheMiddle: nothing is delivered twice or altered, everybody gets in and
// everything that was said arrives, and nobody sits where somebody else is.
func TestManInTheMiddle(t *testing.T) {
	tricks := 0
	for seed := range uint64(60) {
		for _, plain := range []bool{false, true} {
			m := newMan(t, seed, plain)
			for range 30 {
				m.step(100 * ms)
			}
			for id, p := range m.clients {
				if p.c.State() != StateConnected {
					t.Fatalf("seed %d, plain %v: player %d is locked out: %v; server drops %v", seed, plain, id, p.c.State(), m.server.Counters().Drops)
				}
			}
			for i := range 100 {
				if i%40 == 20 && !plain {
					m.resume()
				}
				m.say()
				m.step(20 * ms)
			}
			for len(m.held) > 0 {
				m.step(0)
			}
			for text := range m.sent {
				if m.received[text] != 1 {
					t.Fatalf("seed %d, plain %v: %q arrived %d times", seed, plain, text, m.received[text])
				}
			}
			tricks += m.tricks
		}
	}
	if tricks < 100_000 {
		t.Errorf("only %d tricks", tricks)
	}
}
