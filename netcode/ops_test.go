package netcode

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A chaos drives a world by a string of bytes, each an operation, and watches
// what must always hold.
type chaos struct {
	*world
	tokens []*Token
	back   []*ResumeTicket // tickets of everybody, used or not
	record [][]byte        // datagrams to the server, to be replayed
	from   []Source
	next   uint16
	sealed map[string][]byte // what each key and nonce has sealed
	lose   int

	changes, resumed int // of keys; players who came back
}

func newChaos(t testing.TB) *chaos {
	c := &chaos{sealed: map[string][]byte{}}
	c.world = newWorld(t, func(cfg *ServerConfig) {
		cfg.Plain = PlainAllow
		cfg.MaxTokenLifetime = 0
		cfg.MaxTokens = 20
		cfg.EpochPackets = 2
		cfg.Judge = func(o Offer) Verdict {
			return Verdict{Admit: o.ClientID != 5, Hello: []byte("hello"), Refusal: Refusal{Code: CodeBanned}}
		}
	})
	c.onServer = func(from Source, b []byte) bool {
		if len(c.record) < 64 {
			c.record, c.from = append(c.record, bytes.Clone(b)), append(c.from, from)
		}
		return c.lucky()
	}
	c.onClient = func(to Source, b []byte) bool {
		c.checkNonce(b)
		return c.lucky()
	}
	return c
}

func (c *chaos) lucky() bool {
	if c.lose > 0 {
		c.lose--
		return false
	}
	return true
}

// checkNonce: under the keys of any token, a nonce seals one plaintext. What
// opens a packet tells whose key it is.
func (c *chaos) checkNonce(b []byte) {
	var id []byte
	switch {
	case b[0] >= minPlainPrefix:
		for _, token := range c.tokens[max(0, len(c.tokens)-24):] {
			cp := bytes.Clone(b)
			h, _ := readStandardHeader(cp, clientReads)
			if _, ok := newPacketKey(&token.keys().serverToClient, testProtocol).open(cp, h); ok {
				id = binary.LittleEndian.AppendUint64(token.nonce[:], h.sequence)
			}
		}
	case b[0] == wire.PrefixHandshake:
		id = b[2 : 2+nonceXBytes]
	}
	if id == nil {
		return
	}
	if before, ok := c.sealed[string(id)]; ok && !bytes.Equal(before, b) {
		c.t.Fatalf("a nonce sealed two packets:\n%x\n%x", before, b)
	}
	c.sealed[string(id)] = bytes.Clone(b)
}

// op plays one operation: the low half of the byte says which one, the high half how.
func (c *chaos) op(op byte) {
	arg := int(op >> 4)
	switch op & 15 {
	case 0, 1, 2, 15:
		c.comes(op&15, arg)
	case 3, 4, 5:
		c.step(int64(arg) * 50 * ms)
	case 6:
		c.step(int64(arg) * second)
	case 7:
		c.lose += arg
	case 8:
		c.replay(arg)
	case 9, 10, 11, 12:
		if len(c.clients) > 0 {
			c.does(c.clients[arg%len(c.clients)], op&15, arg)
		}
	case 13: // the server ends a connection
		if len(c.events) > 0 {
			if seat := c.events[arg%len(c.events)].Seat; seat != nil && seat.state != seatFree {
				c.server.Disconnect(c.now, seat)
				c.server.Release(c.now, seat)
				c.exchange()
			}
		}
	case 14:
		switch {
		case arg == 15:
			c.restart()
			c.events = nil
		case arg >= 12:
			c.server.Admission().Unreserve(c.now, uint64(arg-12))
		default: // refused while the server is full
			_ = c.server.Admission().Reserve(c.now, uint64(arg%6), c.now+int64(1+arg)*second)
		}
	}
	c.check()
}

// comes lets somebody come, or gives out what it takes.
func (c *chaos) comes(op byte, arg int) {
	switch {
	case op == 0 && len(c.tokens) < 100: // a new token, of one of six players
		c.tokens = append(c.tokens, c.mint(uint64(arg%6), func(m *MintConfig) {
			if m.Plain = arg&1 != 0; !m.Plain {
				protect(protections[arg/2])(m)
			}
		}))
	case (op == 1 || op == 2) && len(c.tokens) > 0: // a client, with a new token or one that was used
		token := c.tokens[len(c.tokens)-1-arg/4%len(c.tokens)]
		policy := PlainPolicy(arg % 3)
		if token.Pad.Present {
			policy = PlainRefuse
		}
		c.room()
		c.join(token, c.next%8, func(cfg *ClientConfig) { cfg.Plain, cfg.EpochPackets = policy, 1 })
	case op == 15: // a client, with a ticket that may be used or of an earlier run
		if arg == 0 {
			c.record, c.from = nil, nil
		}
		if len(c.back) > 0 {
			c.rejoin(c.back[len(c.back)-1-arg/4%len(c.back)], arg&1 != 0)
		}
	}
}

// does lets a client say something, leave, or move.
func (c *chaos) does(p *player, op byte, arg int) {
	switch op {
	case 9, 10:
		c.say(p)
	case 11:
		p.c.Disconnect(c.now)
		c.exchange()
	case 12:
		p.at = source(uint16(arg))
	}
}

// replay shows the server a datagram once more, as it was, damaged, and from elsewhere.
func (c *chaos) replay(arg int) {
	if len(c.record) == 0 {
		return
	}
	i := arg % len(c.record)
	c.toServer(c.from[i], bytes.Clone(c.record[i]))
	b := bytes.Clone(c.record[i])
	b[arg*len(b)/16] ^= 0x10
	c.toServer(c.from[i], b)
	c.toServer(source(uint16(arg)), bytes.Clone(c.record[i]))
}

// room makes room for one more client.
func (c *chaos) room() {
	c.next++
	if len(c.clients) == 20 {
		c.clients = c.clients[1:]
	}
}

// rejoin begins to resume, unless the ticket is over, and may say something at once.
func (c *chaos) rejoin(ticket *ResumeTicket, say bool) {
	if ticket.Until <= uint64(c.unix()) {
		return
	}
	c.room()
	p := c.comeBack(ticket, c.next%8, func(cfg *ClientConfig) { cfg.EpochPackets = 1 })
	if c.exchange(); say {
		c.say(p)
	}
}

// give has the server give a player a ticket.
func (c *chaos) give(p *player, seat *Seat) {
	if len(c.back) == 30 {
		c.back = c.back[:copy(c.back, c.back[1:])]
	}
	c.back = append(c.back, c.ticketFor(10*time.Minute, p, seat))
}

func (c *chaos) say(p *player) {
	switch {
	case p.c.State() != StateConnected:
	case p.c.Plain():
		b, err := p.c.AppendPayload(c.now, nil, []byte("payload"))
		if err != nil {
			c.t.Fatal(err)
		}
		c.toServer(p.at, b)
	default:
		for range 4 {
			c.now += ms
			paths := uint64(1)
			if p.at == source(7) {
				paths = 3
			}
			ev := c.toServer(p.at, c.seal(p.c.Sealer(), paths))
			switch ev.Kind {
			case EventResumed:
				c.resumed++
				if ev.Old != nil {
					c.server.Release(c.now, ev.Old)
				}
			case EventDisconnected:
				c.server.Release(c.now, ev.Seat)
				return
			case EventPacket:
			default:
				return
			}
			if ev.First || p.c.Sealer().sent%4 == 0 {
				c.give(p, ev.Seat)
			}
			c.toClient(p.at, c.seal(ev.Seat.Sealer(), 1))
		}
	}
}

// seal makes the next packet of a connection, on so many paths in turn, changes its keys as if all had
// been acknowledged, and checks that no key and nonce come together twice, however often
// keys changed and connections were made.
func (c *chaos) seal(s *Sealer, paths uint64) []byte {
	path := func(number uint64) uint8 { return uint8(number % paths) }
	if s.KeyChangeDue() && s.ChangeKeys(c.now, path(s.sent-1), s.sent-1, time.Millisecond) {
		c.changes++
	}
	b := sealAt(c.now, s, path(s.sent), s.sent, "frames of "+string(rune('0'+s.sent%10)))
	id := string(s.epoch.keys().secret[:]) + string(s.nonce[:])
	if before, ok := c.sealed[id]; ok {
		c.t.Fatalf("a key and nonce sealed two packets:\n%x\n%x", before, b)
	}
	c.sealed[id] = bytes.Clone(b)
	return b
}

// check compares the tables of the server with each other.
func (c *chaos) check() {
	s := c.server
	counted, waiting := 0, 0
	for _, seat := range s.seats.seats {
		if seat.counted {
			counted++
			if s.adm.clients[seat.clientID] != seat {
				c.t.Fatalf("seat %d counts for client %d, who sits elsewhere", seat.slot, seat.clientID)
			}
		}
		if seat.token != nil && (seat.token.seat != seat || seat.token.state != tokenAccepted || seat.confirmed) {
			c.t.Fatalf("seat %d and its token disagree: %+v", seat.slot, seat.token)
		}
		if seat.coming != nil {
			waiting++
			if seat.counted || seat.confirmed || seat.state != seatOurs {
				c.t.Fatalf("seat %d waits, and is taken: %+v", seat.slot, seat)
			}
		}
		if seat.watched && s.watched[seat.watchedAt] != seat {
			c.t.Fatalf("seat %d is not on the list", seat.slot)
		}
		if seat.Plain() && s.plain[seat.Source()] != seat {
			c.t.Fatalf("plain seat %d is not found by its source", seat.slot)
		}
	}
	if counted != s.adm.connected || counted != len(s.adm.clients) || counted > s.adm.maxClients {
		c.t.Fatalf("%d seats, %d connected, %d client ids", counted, s.adm.connected, len(s.adm.clients))
	}
	if counted+len(s.adm.waiting) > s.adm.maxClients {
		c.t.Fatalf("%d connected and %d reserved, of %d", counted, len(s.adm.waiting), s.adm.maxClients)
	}
	for i, r := range s.adm.waiting {
		if r.at != i || s.adm.reserved[r.clientID] != r || s.adm.clients[r.clientID] != nil {
			c.t.Fatalf("reservation %d of %d waits wrongly: %+v", i, len(s.adm.waiting), r)
		}
	}
	for id, r := range s.adm.reserved {
		if r.at < 0 && s.adm.clients[id] == nil {
			c.t.Fatalf("the reservation of client %d is idle, who is not here", id)
		}
	}
	if len(s.adm.byMAC) > s.adm.maxTokens || len(s.adm.byMAC) != len(s.adm.tokensByEnd) {
		c.t.Fatalf("%d tokens, %d to expire", len(s.adm.byMAC), len(s.adm.tokensByEnd))
	}
	c.checkResumers(waiting)
}

// checkResumers compares what is known of players who resume, of whom so many wait.
func (c *chaos) checkResumers(waiting int) {
	a := c.server.adm
	if waiting != a.returning || waiting > a.maxClients {
		c.t.Fatalf("%d seats wait, %d are counted", waiting, a.returning)
	}
	if len(a.resumers) > a.maxTokens || len(a.resumers) != len(a.byTicket) || len(a.resumers) != len(a.resumersByEnd) {
		c.t.Fatalf("%d players, %d tickets, %d to be forgotten", len(a.resumers), len(a.byTicket), len(a.resumersByEnd))
	}
	for i, r := range a.resumersByEnd {
		if r.at != i || a.resumers[r.clientID] != r || a.byTicket[r.mac] != r {
			c.t.Fatalf("player %d of %d is not found: %+v", i, len(a.resumersByEnd), r)
		}
		if r.seat != nil && (r.seat.coming == nil || r.seat.coming.who != r || r.issued <= r.used) {
			c.t.Fatalf("player %d and the seat that waits for him disagree: %+v", i, r)
		}
		if (r.keys == nil) != r.spent() {
			c.t.Fatalf("player %d keeps the keys of a ticket that was used, or has none: %+v", i, r)
		}
	}
}

func FuzzOperations(f *testing.F) {
	f.Add([]byte("\x00\x01\x03\x09\x10\x11\x03\x19\x13\x0b"))
	for seed := range uint64(8) {
		f.Add(randomOps(seed, 60))
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 400 {
			return
		}
		c := newChaos(t)
		for _, op := range ops {
			c.op(op)
		}
	})
}

func randomOps(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	ops := make([]byte, n)
	for i := range ops {
		ops[i] = byte(r.Uint32())
	}
	return ops
}

// TestOperations runs many random strings in virtual time, and the same string
// twice to the same end.
func TestOperations(t *testing.T) {
	connected, changes, resumed := 0, 0, 0
	for seed := range uint64(600) {
		ops := randomOps(seed, 300)
		run := func() Counters {
			c := newChaos(t)
			for _, op := range ops {
				c.op(op)
			}
			for _, ev := range c.events {
				if ev.Kind == EventConnected {
					connected++
				}
			}
			changes += c.changes
			resumed += c.resumed
			return c.server.Counters()
		}
		a := run()
		if seed < 10 {
			if b := run(); a != b {
				t.Fatalf("seed %d: two runs differ: %v, %v", seed, dropNames(a), dropNames(b))
			}
		}
	}
	if connected < 1500 || changes < 800 || resumed < 150 {
		t.Fatalf("only %d connections, %d changes of keys, %d resumed: the operations do not reach far", connected, changes, resumed)
	}
}
