package netcode

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// A storm is many clients that connect to one server in virtual time, each from a
// source of its own, and an attacker who sends in between.
type storm struct {
	*world
	turns   map[int64][]*player // whose turn it is in which step
	waiting int                 // players who are not in yet
	attack  func()              // a step of it
	wish    func(*MintConfig)   // of all tokens
	resume  bool                // they have tickets in place of tokens
	// onResume sees each RESUME before the server does.
	onResume func(b []byte)
}

func newStorm(t testing.TB, change func(*ServerConfig)) *storm {
	s := &storm{turns: map[int64][]*player{}}
	s.world = newWorld(t, func(c *ServerConfig) {
		c.MaxClients = 5000
		if change != nil {
			change(c)
		}
	})
	return s
}

func (s *storm) join(id uint64, from Source) {
	var p *player
	if s.resume {
		p = s.comeBack(s.ticketOfBefore(id), 0, nil)
	} else {
		p = s.world.join(s.mint(id, s.wish), 0, nil)
	}
	s.clients = nil // turns has those that wait
	p.at = from
	s.waiting++
	s.turn(p, s.now)
}

// ticketOfBefore is a player's ticket from the server's last run.
func (s *storm) ticketOfBefore(id uint64) *ResumeTicket {
	private := privateTicket{issued: id, clientID: id, timeoutSeconds: 10, addresses: []netip.AddrPort{serverAddr}}
	s.random.Read(private.secret[:])
	head := make([]byte, ticketSealedAt)
	s.random.Read(head[ticketNonceAt:])
	binary.LittleEndian.PutUint64(head, uint64(s.unix()+3600))
	t := &ResumeTicket{
		ProtocolID: testProtocol, Until: uint64(s.unix() + 3600), TimeoutSeconds: 10, Addresses: private.addresses,
		reveal: hide(&private.secret), ticket: s.server.tickets().append(&private, head, 0),
	}
	t.pad, _ = padOfItems(nil)
	return t
}

func (s *storm) turn(p *player, due int64) {
	step := max((due+stormStep-1)/stormStep, s.now/stormStep+1)
	s.turns[step] = append(s.turns[step], p)
}

// stormStep is how finely those who send take turns.
const stormStep = ms / 20

// pass lets a step pass for those who are not in yet.
func (s *storm) pass() {
	s.now += stormStep
	first := s.random.Uint64()&1 == 0
	if s.attack != nil && first {
		s.attack()
	}
	for _, p := range s.turns[s.now/stormStep] {
		for ev := p.c.HandleTimeout(s.now, s.unix()); ev.Kind != ClientNone; ev = p.c.HandleTimeout(s.now, s.unix()) {
			p.events = append(p.events, ev)
		}
		for b, _, ok := p.c.NextDatagram(nil); ok; b, _, ok = p.c.NextDatagram(nil) {
			if s.onResume != nil {
				s.onResume(b)
			}
			s.deliver(p, b)
		}
		if p.c.State() == StateConnected {
			s.waiting--
		} else {
			s.turn(p, p.c.Deadline())
		}
	}
	delete(s.turns, s.now/stormStep)
	if s.attack != nil && !first {
		s.attack()
	}
}

// deliver hands a datagram to the server, and the answer to the client.
func (s *storm) deliver(p *player, b []byte) {
	ev := s.server.HandleDatagram(s.now, s.unix(), p.at, b, make([]byte, 0, 1500))
	if len(ev.Reply) > 0 {
		p.receive(ev.Reply)
	}
	if p.c.State() == StateConnected { // its first packet confirms
		s.server.HandleDatagram(s.now, s.unix(), p.at, p.data(0, "x"), nil)
	}
}

// flood sends garbage and forged requests, so many in each step, from sources that pick
// chooses.
func (s *storm) flood(garbage, forged int, pick func(*rand.Rand) Source) {
	r := rand.New(rand.NewPCG(3, 3))
	random := newSeeded(9)
	request := (&Client{token: s.mint(1, nil)}).appendRequest(nil)
	buf, reply := make([]byte, requestBytes), make([]byte, 0, 1500)
	s.attack = func() {
		for range garbage {
			b := buf[:1+r.IntN(100)]
			random.Read(b)
			s.server.HandleDatagram(s.now, s.unix(), pick(r), b, reply)
		}
		for range forged {
			copy(buf, request)
			random.Read(buf[requestNonceAt : requestNonceAt+32])
			random.Read(buf[requestMACAt:])
			s.server.HandleDatagram(s.now, s.unix(), pick(r), buf, reply)
		}
	}
}

// run lets n players arrive evenly within a second, and returns when the last of them was in.
func (s *storm) run(n int, from func(i int) Source) (done int64) {
	s.t.Helper()
	began := s.now
	for i := 0; i < n || s.waiting > 0; {
		for ; i < n && int64(i) <= (s.now-began)*int64(n)/second; i++ {
			s.join(uint64(i+1), from(i))
		}
		s.pass()
		if s.now-began > 20*second {
			c := s.server.Counters()
			s.t.Fatalf("%d of %d are not in after 20 s; %d challenges, %d decryptions, drops %v", s.waiting, n, c.Challenges, c.Decryptions, c.Drops)
		}
	}
	if got := s.server.Admission().Clients(); got != n {
		s.t.Fatalf("%d of %d players are in", got, n)
	}
	return s.now - began
}

func v4(r uint32, port uint16) Source {
	return SourceFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{byte(r >> 24), byte(r >> 16), byte(r >> 8), byte(r)}), port))
}

func v6(r uint64, port uint16) Source {
	a := [16]byte{0: 0x20, 1: 0x01, 8: 1}
	for i := range 6 {
		a[2+i] = byte(r >> (8 * (5 - i)))
	}
	return SourceFrom(netip.AddrPortFrom(netip.AddrFrom16(a), port))
}

// TestStormLong: 5 000 players who connect within a second all get in, from one address and
// from thousands, and while somebody floods: from one port, from all ports of the
// players' own address, or from everywhere, and with more than the server may spend time on.
func TestStormLong(t *testing.T) {
	const nat = 0xc6336401 // 198.51.100.1
	players := map[string]func(i int) Source{
		"one address":            func(i int) Source { return v4(nat, uint16(1024+i)) },
		"thousands of addresses": func(i int) Source { return v4(0x0a000000+uint32(i)*37, 7) },
		"one network of IPv6":    func(i int) Source { return v6(uint64(i), 7) },
	}
	floods := []struct {
		name            string
		garbage, forged int // in each 50 µs
		within          int64
		pick            func(*rand.Rand) Source
	}{
		{"quiet", 0, 0, second, nil},
		{"one port", 10, 1, second + 300*ms, func(*rand.Rand) Source { return v4(nat, 999) }},
		{"one network", 10, 1, second + 300*ms, func(r *rand.Rand) Source { return v4(0xcb007100+r.Uint32()%256, uint16(r.Uint32())) }},
		{"everywhere", 10, 1, second + 300*ms, func(r *rand.Rand) Source { return v4(r.Uint32(), uint16(r.Uint32())) }},
		{"ten times as much from everywhere", 0, 10, 4 * second, func(r *rand.Rand) Source { return v4(r.Uint32(), uint16(r.Uint32())) }},
		{"the players' address", 10, 1, 8 * second, func(r *rand.Rand) Source { return v4(nat, uint16(r.Uint32())) }},
	}
	for _, f := range floods {
		for who, from := range players {
			t.Run(who+", "+f.name, func(t *testing.T) {
				s := newStorm(t, nil)
				if f.pick != nil {
					s.flood(f.garbage, f.forged, f.pick)
				}
				done := s.run(5000, from)
				c := s.server.Counters()
				t.Logf("all in after %d ms; %d decryptions, %d challenges, busy %d, limits %d", done/ms, c.Decryptions, c.Challenges, c.Drops[DropBusy],
					c.Drops[DropSourceLimit:DropNetworkLimit+1])
				if done > f.within {
					t.Errorf("all in after %d ms, want %d", done/ms, f.within/ms)
				}
			})
		}
	}
}

// TestStormExchangesLong: with forward secrecy each player costs as much as many others, so that
// two thousand take longer than a second; all get in, and so do those beside them.
func TestStormExchangesLong(t *testing.T) {
	s := newStorm(t, nil)
	s.wish = func(c *MintConfig) { c.ForwardSecrecy = c.ClientID%2 == 0 }
	done := s.run(4000, func(i int) Source { return v4(0xc6336401, uint16(1024+i)) })
	if c := s.server.Counters(); done > 2*second || c.Drops[DropBusy] == 0 {
		t.Errorf("all in after %d ms; %d were put off", done/ms, c.Drops[DropBusy])
	}
}

// TestStormResumeLong: a server has started again, and its 5 000 players come back within a second:
// all get in, from one address and from thousands, also while somebody sends ten copies of
// each of their datagrams from everywhere.
func TestStormResumeLong(t *testing.T) {
	for name, from := range map[string]func(i int) Source{
		"one address":            func(i int) Source { return v4(0xc6336401, uint16(1024+i)) },
		"thousands of addresses": func(i int) Source { return v4(0x0a000000+uint32(i)*37, 7) },
	} {
		for copies, within := range map[int]int64{0: second + 100*ms, 10: 4 * second} {
			s := newStorm(t, nil)
			s.resume = true
			r := rand.New(rand.NewPCG(3, 3))
			s.onResume = func(b []byte) {
				for range copies {
					ev := s.server.HandleDatagram(s.now, s.unix(), v4(r.Uint32(), uint16(r.Uint32())), bytes.Clone(b), make([]byte, 0, 1500))
					if ev.Kind != EventNone {
						t.Fatalf("a copy: %+v", ev)
					}
				}
			}
			done := s.run(5000, from)
			c := s.server.Counters()
			t.Logf("%s, %d copies: all are back after %d ms; %d decryptions, busy %d", name, copies, done/ms, c.Decryptions, c.Drops[DropBusy])
			if done > within || s.server.adm.returning != 0 {
				t.Errorf("%s, %d copies: all are back after %d ms, %d wait", name, copies, done/ms, s.server.adm.returning)
			}
		}
	}
}

// TestMovedUnderFlood: somebody forges packets of a connection of his own from all over a /24, at
// 16384 a second. Of the packets of a player who moves there half are heard all the same, or more, and
// one in eight while four times as many are forged.
func TestMovedUnderFlood(t *testing.T) {
	for rate, least := range map[int]int{16384: 300, 65536: 75} {
		w := newWorld(t, nil)
		cheat, _ := w.confirmed(w.mint(1, nil), 1)
		victim, _ := w.confirmed(w.mint(2, nil), 2)
		at := func(host byte, port int) Source {
			return SourceFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, host}), uint16(port)))
		}
		forged, n := cheat.data(1, ""), 0
		forged[len(forged)-1] ^= 1
		flood := func(datagrams int) {
			for range datagrams {
				n++
				w.server.HandleDatagram(w.now, w.unix(), at(byte(n), n), bytes.Clone(forged), nil)
			}
		}
		flood(20000)
		heard := 0
		for i := range 600 {
			w.now += second / 60
			flood(rate / 60)
			if ev := w.toServer(at(77, 7777), victim.data(uint64(1+i), "moved")); ev.Kind == EventPacket && ev.Moved {
				heard++
			}
		}
		if heard < least {
			t.Errorf("%d a second: %d of 600 packets are heard, want %d", rate, heard, least)
		}
	}
}

// TestSilentStorm: half of the seats that wait fall silent at once. Each is looked at once.
func TestSilentStorm(t *testing.T) {
	const n = 4096
	w := newWorld(t, nil)
	s := w.server
	s.seats = newSeatTable(0, n)
	for i := range n {
		seat := s.seats.take(0, 0)
		seat.home, seat.state, seat.clientID, seat.timeout = s, seatOurs, uint64(i), 5*second
		if i < n/2 {
			seat.heard = 4 * second
		}
		s.watch(seat)
	}
	before, over := s.timeVisits, 0
	for s.HandleTimeout(6*second, 0).Kind != EventNone {
		over++
	}
	if visits := s.timeVisits - before; over != n/2 || visits != n/2 || s.Deadline() != 9*second {
		t.Errorf("%d are over, %d visits; the next is due at %d", over, visits, s.Deadline())
	}
}
