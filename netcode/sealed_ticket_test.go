package netcode

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// What a ticket is good for, and what tickets cost the server.

// TestTicketForeign: another server's ticket, or one that was sealed under another key, is worth
// nothing here.
func TestTicketForeign(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, old)
	for _, c := range []struct {
		name   string
		change func(*ServerConfig)
		drop   Drop
		state  State
		code   Code
	}{
		{"another address", func(c *ServerConfig) { c.Addresses = []netip.AddrPort{otherAddr} }, DropWrongAddress, StateDenied, CodeWrongAddress},
		{"another shared key", func(c *ServerConfig) { c.PrivateKey = KeyFrom([KeyBytes]byte{3}) }, DropTicketForged, StateRequesting, CodeNone},
		{"a key of its own for tickets", func(c *ServerConfig) { c.TicketKey = KeyFrom([KeyBytes]byte{3}) }, DropTicketForged, StateRequesting, CodeNone},
		{"another game", func(c *ServerConfig) { c.ProtocolID++ }, DropTicketForged, StateRequesting, CodeNone},
	} {
		cfg := w.cfg
		c.change(&w.cfg)
		w.restart()
		w.cfg = cfg
		q := w.comeBack(ticket, 2, nil)
		w.step(100 * ms)
		if q.c.State() != c.state || q.last().Refusal.Code != c.code || w.drops(c.drop) == 0 || w.server.Admission().Clients() != 0 {
			t.Errorf("%s: %v, %v, server %v", c.name, q.c.State(), q.last().Refusal, dropNames(w.server.Counters()))
		}
		w.clients = nil
	}
	w.restart() // and the one that it is for takes it
	w.back(func() *player { q := w.comeBack(ticket, 2, nil); w.step(100 * ms); return q }())
}

// TestTicketOnce: a ticket lets its player in once, and none that is older after it, until long
// after they would be over.
func TestTicketOnce(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	older, ticket := w.ticket(p, old), w.ticket(p, old)
	q := w.comeBack(ticket, 2, nil)
	w.step(100 * ms)
	newer := w.ticket(q, w.back(q).Seat)
	if r := w.server.adm.resumers[7]; r.keys != nil || r.ticket.secret != (rawKey{}) {
		t.Error("the keys of a ticket that was used are kept")
	}
	for _, used := range []*ResumeTicket{ticket, older, ticket} {
		c := w.comeBack(used, 3, func(c *ClientConfig) { c.WireID = []byte{8, 1} })
		w.step(100 * ms)
		w.wantState(c, StateDenied) // before it has a cookie, by the id that its packets from the server have
		if r := c.last().Refusal; r.Code != CodeUsed {
			t.Fatalf("refused with %v", r)
		}
	}
	c := w.comeBack(newer, 4, nil)
	w.step(100 * ms)
	w.back(c)
	if n := len(w.server.adm.resumers); n != 1 {
		t.Errorf("%d players are remembered", n)
	}
	last := w.comeBack(newer, 5, nil)
	resume, _, _ := last.c.NextDatagram(nil)
	w.clients = nil
	for range 61 {
		w.step(1000 * ms)
	}
	if a := w.server.adm; len(a.resumers) != 0 || len(a.byTicket) != 0 || len(a.resumersByEnd) != 0 {
		t.Error("and for ever")
	}
	if ev := w.toServer(source(5), resume); ev.Drop != DropExpired {
		t.Errorf("and then: %+v", ev)
	}
}

// TestTicketContent: a ticket whose content is cut short is malformed, though it was sealed here, and
// nothing of the ticket that was read before gets into the next one.
func TestTicketContent(t *testing.T) {
	key := testKey()
	k := newTicketSealer(key.raw(), testProtocol)
	with := privateTicket{issued: 3, clientID: 7, pad: padOf(forwardSecret), addresses: []netip.AddrPort{serverAddr, otherAddr}}
	copy(with.userData[:], "user data")
	without := privateTicket{issued: 4, clientID: 8, pad: padOf(MintConfig{}), addresses: []netip.AddrPort{otherAddr}}
	with.pad.Present, without.pad.Present = true, true // as every ticket's is
	full := privateTicket{issued: 5, clientID: 9, pad: without.pad, addresses: []netip.AddrPort{serverAddr}}
	full.pad.n = uint8(copy(full.pad.items[:], append([]byte{0x11, byte(maxPadItems - 2)}, make([]byte, maxPadItems-2)...)))
	var read privateTicket
	for _, want := range []privateTicket{with, without, full, with} {
		b := k.append(&want, make([]byte, ticketSealedAt), 0)
		if drop := k.open(&read, b); drop != DropNone || read.issued != want.issued || read.clientID != want.clientID ||
			read.pad != want.pad || read.userData != want.userData || !slices.Equal(read.addresses, want.addresses) {
			t.Fatalf("%v: read %+v, want %+v", drop, read, want)
		}
	}
	head := make([]byte, ticketSealedAt)
	sealed := k.append(&without, bytes.Clone(head), 0)
	content, err := k.aead.Open(nil, sealed[ticketNonceAt:ticketSealedAt], sealed[ticketSealedAt:], k.adOf(sealed))
	if err != nil {
		t.Fatal(err)
	}
	for n := range content {
		if drop := k.open(&read, k.aead.Seal(bytes.Clone(head), head[ticketNonceAt:], content[:n], k.adOf(head))); drop != DropTicketMalformed {
			t.Errorf("cut to %d of %d bytes: %v", n, len(content), drop)
		}
	}
	without.pad.n = uint8(copy(without.pad.items[:], []byte{0x11, 1})) // an item without its value
	if drop := k.open(&read, k.append(&without, bytes.Clone(head), 0)); drop != DropTicketMalformed {
		t.Errorf("a pad that is cut: %v", drop)
	}
	long := append(content, make([]byte, UserDataBytes+1)...)
	if drop := k.open(&read, k.aead.Seal(bytes.Clone(head), head[ticketNonceAt:], long, k.adOf(head))); drop != DropTicketMalformed {
		t.Errorf("a byte too much of user data: %v", drop)
	}
}

// TestTicketAddresses: a ticket names its server by four of its addresses at most.
func TestTicketAddresses(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) {
		c.Addresses = []netip.AddrPort{serverAddr}
		for port := range uint16(9) {
			c.Addresses = append(c.Addresses, netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), 1+port))
		}
	})
	_, seat := w.confirmed(w.mint(7, func(c *MintConfig) { c.UserData = bytes.Repeat([]byte{1}, UserDataBytes) }), 1)
	b, err := w.server.AppendTicket(w.unix(), seat, 0, nil)
	if err != nil || len(b) > maxTicketBytes {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	var read privateTicket
	if drop := w.server.tickets().open(&read, b); drop != DropNone || !slices.Equal(read.addresses, w.cfg.Addresses[:4]) {
		t.Errorf("%v: names %v", drop, read.addresses)
	}
}

// TestTicketOfAClockSetBack: a ticket lives from the latest time that the server was ever told, or those that
// were used would be forgotten before it.
func TestTicketOfAClockSetBack(t *testing.T) {
	w := newWorld(t, nil)
	_, seat := w.confirmed(w.mint(7, nil), 1)
	latest := w.unix()
	b, err := w.server.AppendTicket(latest-50, seat, time.Minute, nil)
	if err != nil || binary.LittleEndian.Uint64(b) != uint64(latest+60) {
		t.Errorf("expires %d seconds after the latest time, %v", int64(binary.LittleEndian.Uint64(b))-latest, err)
	}
}

// TestTicketLastSecond: in the second in which a ticket expires it is of no use any more, whoever
// asks: not at the server, though it was shown before, nor at the client.
func TestTicketLastSecond(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	_, resume := w.sniffed(ticket, 2)
	w.clients = nil
	w.now += 59 * second
	if ev := w.toServer(source(3), bytes.Clone(resume)); ev.Drop != DropChallengeMoved {
		t.Fatalf("a second before: %+v", ev)
	}
	w.now += second
	if ev := w.toServer(source(3), bytes.Clone(resume)); ev.Drop != DropExpired {
		t.Errorf("the last second: %+v", ev)
	}
	if n := len(w.server.adm.resumers); n != 0 {
		t.Errorf("%d players are remembered whose tickets are over", n)
	}
	if _, err := NewResumeClient(w.now, w.unix(), ticket, ClientConfig{}); err == nil {
		t.Error("the client shows it")
	}
}

// TestTicketNewerStays: who repeats a RESUME with the older of two tickets, which was not used, does not
// have the server forget the keys of the newer one, which costs no decryption.
func TestTicketNewerStays(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	_, older := w.sniffed(w.ticket(p, seat), 2)
	_, newer := w.sniffed(w.ticket(p, seat), 3)
	before := w.server.Counters().Decryptions
	for n := range uint64(5) {
		w.toServer(source(66), bytes.Clone(older))
		w.toServer(source(67), bytes.Clone(newer))
		if opened := w.server.Counters().Decryptions - before; opened != n+1 {
			t.Fatalf("%d tickets were opened for %d of each", opened, n+1)
		}
	}
}

// TestTicketsOverRestarts: which of two tickets is newer is known over restarts of the server, also
// if its clock went back: what was given after a ticket was used is good.
func TestTicketsOverRestarts(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	earlier := w.ticketFor(time.Hour, p, seat)
	w.now += 2 * second
	w.restart()
	p, seat = w.confirmed(w.mint(7, nil), 1)
	later := w.ticketFor(time.Hour, p, seat)
	for i, ticket := range []*ResumeTicket{earlier, later} {
		q := w.comeBack(ticket, uint16(2+i), nil)
		w.step(100 * ms)
		w.back(q)
	}
	w.unix0 -= 100
	w.restart()
	w.confirmed(w.mint(7, nil), 1)
	q := w.comeBack(earlier, 5, nil) // which this run does not know to be used
	w.step(100 * ms)
	seat = w.back(q).Seat
	last := w.comeBack(w.ticket(q, seat), 6, nil)
	w.step(100 * ms)
	w.back(last)
}

// TestTicketsOfDifferentLives: what was used is remembered for as long as any ticket is good that
// its player showed.
func TestTicketsOfDifferentLives(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	short, long := w.ticketFor(10*time.Second, p, seat), w.ticketFor(time.Hour, p, seat)
	for i, ticket := range []*ResumeTicket{short, long} {
		q := w.comeBack(ticket, uint16(2+i), nil)
		w.step(100 * ms)
		w.back(q)
	}
	for range 60 {
		w.step(second)
	}
	q := w.comeBack(long, 5, nil)
	w.step(0)
	if w.wantState(q, StateDenied); q.last().Refusal.Code != CodeUsed {
		t.Errorf("refused with %v", q.last().Refusal)
	}
}

// TestTicketsForgotten: a shorter life of a later ticket makes none that was used good again; and who
// is forgotten first is whose last ticket is over first, in whatever order they were shown.
func TestTicketsForgotten(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	long, short := w.ticketFor(time.Hour, p, seat), w.ticketFor(10*time.Second, p, seat)
	for i, ticket := range []*ResumeTicket{long, short} {
		q := w.comeBack(ticket, uint16(2+i), nil)
		w.step(100 * ms)
		w.back(q)
	}
	for range 20 {
		w.step(second)
	}
	q := w.comeBack(long, 5, nil)
	w.step(0)
	if w.wantState(q, StateDenied); q.last().Refusal.Code != CodeUsed {
		t.Errorf("refused with %v", q.last().Refusal)
	}
	t.Log("# one ticket of 10 s, one of another player of 30, and the first one's of an hour")
	w = newWorld(t, nil)
	p, seat = w.confirmed(w.mint(7, nil), 1)
	short, long = w.ticketFor(10*time.Second, p, seat), w.ticketFor(time.Hour, p, seat)
	p, seat = w.confirmed(w.mint(8, nil), 2)
	w.sniffed(short, 3)
	w.sniffed(w.ticketFor(30*time.Second, p, seat), 4)
	w.sniffed(long, 5)
	w.clients = nil
	for range 40 {
		w.step(second)
	}
	if a := w.server.adm; a.resumers[7] == nil || len(a.resumers) != 1 || len(a.byTicket) != 1 {
		t.Errorf("%d players are remembered, %d tickets", len(a.resumers), len(a.byTicket))
	}
}

// TestTicketStolen: a thief who has all that a client stored comes back in its place, as with
// a token; the player's next connection replaces him.
func TestTicketStolen(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	stored, _ := w.ticket(p, old).AppendBinary(nil)
	stolen, _ := ParseResumeTicket(stored)
	thief := w.comeBack(stolen, 66, nil)
	w.step(100 * ms)
	seat := w.back(thief).Seat
	q := w.join(w.mint(7, nil), 2, nil)
	w.step(100 * ms)
	w.wantState(q, StateConnected)
	if ev := w.last(); ev.Kind != EventConnected || ev.Replaced != seat {
		t.Errorf("event %+v", ev)
	}
}

// TestResumersBounded: what is remembered is one entry for each player, not for each ticket,
// and a full table refuses further players.
func TestResumersBounded(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients, c.MaxTokens = 8, 3 })
	come := func(id uint64) (*player, *Seat) {
		w.clients = nil
		w.now += 60 * second // the tokens' lives, which share the bound
		p, seat := w.confirmed(w.mint(id, nil), uint16(id))
		return p, seat
	}
	resume := func(p *player, seat *Seat, port uint16) *player {
		q := w.comeBack(w.ticketFor(24*time.Hour, p, seat), port, nil)
		w.step(100 * ms)
		return q
	}
	for id := range uint64(3) {
		p, seat := come(id)
		for i := range 20 {
			q := resume(p, seat, uint16(100+i))
			old := seat
			p, seat = q, w.back(q).Seat
			w.server.Release(w.now, old)
			w.now += slotRest
		}
		if n := len(w.server.adm.resumers); n != int(id)+1 {
			t.Fatalf("%d are remembered of %d", n, id+1)
		}
	}
	p, seat := come(3)
	q := resume(p, seat, 103)
	w.wantState(q, StateDenied)
	if r := q.last().Refusal; r.Code != CodeFull || w.drops(DropHistoryFull) != 1 {
		t.Errorf("refused with %v", r)
	}
}

// TestResumeWaitingBounded: no more seats wait than there are players, and a server full of them
// lets others in.
func TestResumeWaitingBounded(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 3 })
	var tickets []*ResumeTicket
	for id := range uint64(4) {
		p, seat := w.confirmed(w.mint(id, nil), uint16(id))
		tickets = append(tickets, w.ticket(p, seat))
		w.server.Release(w.now, seat)
	}
	w.restart()
	w.clients = nil
	for i, ticket := range tickets {
		p, resume := w.sniffed(ticket, 9)
		ev := w.toServer(p.at, resume)
		if i < 3 && ev.Kind != EventResuming || i == 3 && ev.Drop != DropFull {
			t.Fatalf("player %d: %+v", i, ev)
		}
	}
	w.clients = nil
	w.waits(3)
	for id := range uint64(3) {
		w.confirmed(w.mint(10+id, nil), uint16(20+id))
	}
	if n := w.server.Admission().Clients(); n != 3 {
		t.Errorf("%d players", n)
	}
}

// TestResumeSizes: what is shorter or longer than a RESUME can be is not looked at, nor one in which a
// ticket has another length than a ticket can have.
func TestResumeSizes(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	_, b := w.sniffed(w.ticket(p, old), 2)
	sized := func(n, ticket int) []byte {
		b := append(bytes.Clone(b), make([]byte, max(n-len(b), 0))...)[:n]
		binary.LittleEndian.PutUint16(b[2:], uint16(ticket))
		return b
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	for _, c := range []struct {
		name string
		b    []byte
		drop Drop
	}{
		{"one byte too short", sized(minResumeBytes-1, n), DropResumeSize},
		{"the shortest", sized(minResumeBytes, n), DropChallengeMoved},
		{"the longest", sized(maxResumeBytes, n), DropForged},
		{"one byte too long", sized(maxResumeBytes+1, n), DropResumeSize},
		{"a ticket that is too short", sized(maxResumeBytes, minTicketBytes-1), DropResumeSize},
		{"the longest ticket", sized(maxResumeBytes, maxTicketBytes), DropExpired},
		{"a ticket that is too long", sized(maxResumeBytes, maxTicketBytes+1), DropResumeSize},
		{"a ticket and nothing else", sized(maxTicketBytes+4, maxTicketBytes), DropResumeSize},
		{"a ticket and almost enough", sized(resumeTicketAt+maxTicketBytes+nonceXBytes+resumeFixed+macBytes-1, maxTicketBytes), DropResumeSize},
	} {
		if c.drop == DropExpired { // as far as it gets is what matters: what it reads is no time
			clear(c.b[resumeTicketAt : resumeTicketAt+8])
		}
		if ev := w.toServer(source(3), c.b); ev.Drop != c.drop || ev.Kind != EventNone {
			t.Errorf("%s: %v", c.name, ev.Drop)
		}
	}
}

// TestResumeCostsNothing: copies, forgeries and tickets that were used cost no memory and, but for
// a few that are explained, no decryption of the ticket.
func TestResumeCostsNothing(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.FailuresPerSecond, c.HandshakesPerSecond = -1, -1 })
	p, old := w.confirmed(w.mint(7, nil), 1)
	q, resume := w.sniffed(w.ticket(p, old), 2)
	damaged := bytes.Clone(resume)
	damaged[resumeTicketAt+ticketSealedAt] ^= 1
	invented := append([]byte{wire.PrefixHandshake, longResume}, make([]byte, 600)...)
	w.step(100 * ms)
	w.wantState(q, StateConnected)
	buf, reply := make([]byte, 1500), make([]byte, 0, 1500)
	for _, c := range []struct {
		name string
		b    []byte
		from Source
		drop Drop
	}{
		{"a copy", resume, q.at, DropRepeated}, {"a copy from elsewhere", resume, source(66), DropChallengeMoved},
		{"a damaged ticket", damaged, q.at, DropForged}, {"an invented one", invented, q.at, DropResumeSize},
	} {
		before, challenges := w.server.Counters().Decryptions, w.server.Counters().Challenges
		allocs := testing.AllocsPerRun(300, func() {
			b := buf[:copy(buf, c.b)]
			if ev := w.server.HandleDatagram(w.now, w.unix(), c.from, b, reply); ev.Drop != c.drop || ev.Kind != EventNone {
				t.Fatalf("%s: %+v", c.name, ev)
			}
		})
		if n := w.server.Counters().Decryptions - before; allocs != 0 || n != 0 {
			t.Errorf("%s: %v allocations, %d tickets opened", c.name, allocs, n)
		}
		if n := w.server.Counters().Challenges - challenges; n > 0 != (c.drop == DropChallengeMoved) {
			t.Errorf("%s: %d cookies are counted", c.name, n)
		}
	}
	w.back(q)
	before := w.server.Counters().Decryptions
	for range 2000 {
		w.server.HandleDatagram(w.now, w.unix(), q.at, bytes.Clone(resume), reply)
	}
	if n := w.server.Counters().Decryptions - before; n == 0 || n > explainsASecond {
		t.Errorf("%d tickets opened that were used", n)
	}
}
