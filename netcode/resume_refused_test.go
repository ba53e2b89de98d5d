package netcode

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Why a player who resumes is not let in, what he is told, and that his ticket is none the
// worse for it.

// TestResumeRefused: each refusal has its reason, concerns nobody else, and ends when what it
// was for has ended.
func TestResumeRefused(t *testing.T) {
	banned := Refusal{Code: CodeBanned, Text: "until tomorrow"}
	refuse := func(Offer) Verdict { return Verdict{Refusal: banned} }
	for _, c := range []struct {
		name   string
		change func(w *world, cfg *ServerConfig) // of the server that refuses
		drop   Drop
		code   Code
	}{
		{"banned", func(_ *world, cfg *ServerConfig) { cfg.Judge = refuse }, DropRefused, CodeBanned},
		{"no encryption", func(_ *world, cfg *ServerConfig) { cfg.LeastProtection = ForwardSecret }, DropSuite, CodeSuite},
		{"full", func(_ *world, cfg *ServerConfig) { cfg.MaxClients = 1 }, DropFull, CodeFull},
		{"a HELLO that is too long", func(_ *world, cfg *ServerConfig) {
			cfg.Judge = func(Offer) Verdict { return Verdict{Admit: true, Hello: make([]byte, 300)} }
		}, DropRefused, CodeInternal},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			p, seat := w.confirmed(w.mint(7, nil), 1)
			ticket := w.ticket(p, seat)
			cfg := w.cfg
			c.change(w, &w.cfg)
			w.restart()
			if c.name == "full" {
				w.confirmed(w.mint(8, nil), 8)
			}
			before := w.server.Admission().Clients()
			q := w.comeBack(ticket, 2, nil)
			w.step(0)
			w.wantState(q, StateDenied)
			if r := q.last().Refusal; r.Code != c.code || w.drops(c.drop) != 1 || w.server.Admission().Clients() != before {
				t.Errorf("refused with %v, drops %v", r, dropNames(w.server.Counters()))
			}
			w.waits(0)
			w.cfg = cfg
			w.restart()
			w.now += second
			q = w.comeBack(ticket, 3, nil)
			w.step(0)
			w.back(q)
		})
	}
}

// TestResumeBesideReservations: those who come back and have not confirmed it take no more places than
// reservations leave.
func TestResumeBesideReservations(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 2 })
	var tickets []*ResumeTicket
	for id := range uint64(2) {
		p, seat := w.confirmed(w.mint(id, nil), uint16(id))
		tickets = append(tickets, w.ticket(p, seat))
		w.server.Release(w.now, seat)
	}
	w.clients = nil
	w.reserve(9, 60*second)
	for i, ticket := range tickets {
		q := w.comeBack(ticket, uint16(10+i), nil)
		w.step(100 * ms)
		if want := []State{StateConnected, StateDenied}[i]; q.c.State() != want {
			t.Errorf("player %d: %v, want %v", i, q.c.State(), want)
		}
	}
	if n := w.drops(DropFull); n == 0 {
		t.Errorf("drops %v", dropNames(w.server.Counters()))
	}
}

// TestResumeWaitsTenSeconds: a seat waits no longer than that for who comes back, whatever timeout his
// token had.
func TestResumeWaitsTenSeconds(t *testing.T) {
	for timeout, wait := range map[time.Duration]int64{7 * time.Second: 7, 15 * time.Second: 10, time.Hour: 10, -1: 10} {
		w := newWorld(t, nil)
		p, seat := w.confirmed(w.mint(7, func(c *MintConfig) { c.Timeout = timeout }), 1)
		w.comeBack(w.ticket(p, seat), 2, nil)
		w.step(0)
		w.clients = nil
		w.step(wait*second - 1)
		w.waits(1)
		w.step(1)
		w.waits(0)
		if ev := w.last(); ev.Kind != EventDisconnected || ev.Why != WhyTimeout {
			t.Errorf("timeout %v: %+v", timeout, ev)
		}
	}
}

// TestResumeRefusedAgain: a REASON that was lost comes again; the application is asked ten times a
// second at most, however often a RESUME is repeated.
func TestResumeRefusedAgain(t *testing.T) {
	asked := 0
	w := newWorld(t, func(c *ServerConfig) { c.FailuresPerSecond = -1 })
	p, seat := w.confirmed(w.mint(7, nil), 1)
	q, resume := w.sniffed(w.ticket(p, seat), 2)
	w.server.cfg.Judge = func(Offer) Verdict { asked++; return Verdict{Refusal: Refusal{Code: CodeBanned}} }
	for range 1000 {
		w.now += ms
		w.server.HandleDatagram(w.now, w.unix(), q.at, bytes.Clone(resume), make([]byte, 0, 1500))
	}
	if asked < 5 || asked > 11 {
		t.Errorf("asked %d times in a second", asked)
	}
	w.now += 100 * ms
	w.step(0)
	w.wantState(q, StateDenied)
}

// TestResumeRefusedMeanwhile: an attempt that is refused leaves alone the seat that waits for the one
// before, and hears why as often as it asks.
func TestResumeRefusedMeanwhile(t *testing.T) {
	refused := false
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(Offer) Verdict { return Verdict{Admit: !refused, Refusal: Refusal{Code: CodeBanned}} }
	})
	p, old := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, old)
	first := w.comeBack(ticket, 2, nil)
	w.step(100 * ms)
	w.wantState(first, StateConnected)
	refused = true
	_, resume := w.sniffed(ticket, 3)
	for range 3 {
		w.now += 100 * ms
		if ev := w.server.HandleDatagram(w.now, w.unix(), source(3), bytes.Clone(resume), nil); ev.Drop != DropRefused || len(ev.Reply) == 0 {
			t.Fatalf("the second attempt: %+v", ev)
		}
	}
	w.waits(1)
	w.back(first)
}

// TestResumeKeepOldest: a connection that the player began since stays, if the server keeps the
// older one; his old one never stands in his way.
func TestResumeKeepOldest(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.KeepOldest = true })
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	q := w.comeBack(ticket, 2, nil)
	w.step(0)
	if ev := w.back(q); ev.Old != seat {
		t.Fatalf("back: %+v", ev)
	}
	ticket = w.ticket(q, w.last().Seat)
	w.server.Release(w.now, seat)
	w.server.Release(w.now, w.last().Seat)
	_, since := w.confirmed(w.mint(7, nil), 3)
	r := w.comeBack(ticket, 4, nil)
	w.step(100 * ms)
	w.wantState(r, StateDenied)
	if why := r.last().Refusal; why.Code != CodeConnected || why.RetryAfter != 10 || w.server.adm.clients[7] != since {
		t.Errorf("refused with %v", why)
	}
	since.Absent = true // nothing was heard of that one for long
	w.step(1000 * ms)
	r = w.comeBack(ticket, 4, nil)
	w.step(0)
	if ev := w.back(r); ev.Old != nil || ev.Replaced != since {
		t.Errorf("back: %+v", ev)
	}
}

// TestResumePlaceLost: what was there for him at ACCEPT is not any more at his first packet. He
// hears GONE, nobody else notices, and his ticket serves again.
func TestResumePlaceLost(t *testing.T) {
	for _, c := range []struct {
		name   string
		lose   func(w *world, old *Seat)
		regain func(w *world)
		drop   Drop
	}{
		{"the last seat", func(w *world, old *Seat) {
			w.server.Release(w.now, old)
			w.confirmed(w.mint(8, nil), 8)
		}, func(w *world) { w.server.Release(w.now, w.server.adm.clients[8]) }, DropFull},
		{"to a connection that he has begun", func(w *world, old *Seat) {
			w.server.cfg.KeepOldest = true
			w.server.Release(w.now, old)
			w.confirmed(w.mint(7, nil), 8)
		}, func(w *world) { w.server.cfg.KeepOldest = false }, DropClientConnected},
		{"the endpoint that should go on", func(w *world, old *Seat) { w.server.Release(w.now, old) }, func(*world) {}, DropResumeLate},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, func(cfg *ServerConfig) {
				cfg.MaxClients = 1
				cfg.Judge = func(o Offer) Verdict { return Verdict{Admit: true, Hello: testHello(5)} }
			})
			p, old := w.confirmed(w.mint(7, nil), 1)
			ticket := w.ticket(p, old)
			q := w.comeBack(ticket, 2, func(cfg *ClientConfig) {
				if c.drop == DropResumeLate {
					cfg.Continue = 5
				}
			})
			w.step(0)
			w.wantState(q, StateConnected)
			waiting := w.last().Seat
			c.lose(w, old)
			clients := w.server.Admission().Clients()
			ev := w.toServer(q.at, q.data(0, "back"))
			if ev.Kind != EventDisconnected || ev.Why != WhyRefused || ev.Seat != waiting || ev.Drop != c.drop || w.server.Admission().Clients() != clients {
				t.Fatalf("event %+v", ev)
			}
			if got := q.last(); got.Kind != ClientGone {
				t.Errorf("the client: %+v", got)
			}
			w.server.Release(w.now, waiting)
			w.waits(0)
			c.regain(w)
			w.step(100 * ms)
			q = w.comeBack(ticket, 3, nil)
			w.step(0)
			w.back(q)
		})
	}
}

// TestResumeKeepsRoom: who resumes does not get the last slot, if a seat is kept for somebody else.
func TestResumeKeepsRoom(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients, c.MaxTokens = 2, 40 })
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	w.reserve(8, 60*second)
	for len(w.server.seats.seats) < w.server.seats.maxSlots-1 {
		w.server.Release(w.now, w.server.seats.take(w.now, 0))
	}
	q := w.comeBack(ticket, 2, nil)
	w.step(100 * ms)
	if w.wantState(q, StateDenied); q.last().Refusal.Code != CodeFull || q.last().Refusal.RetryAfter == 0 {
		t.Errorf("refused with %v", q.last().Refusal)
	}
	w.waits(0)
	w.confirmed(w.mint(8, nil), 8)
}

// TestResumeSeatTakenAgain: the seat of the connection that a player resumes was given up, and is that of a
// connection of his own again before his first packet comes, late. He replaces that one, as any other.
func TestResumeSeatTakenAgain(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	q := w.comeBack(w.ticket(p, old), 2, nil)
	w.step(0)
	w.wantState(q, StateConnected)
	w.server.Release(w.now, old)
	w.now += slotRest // and nobody has looked at the time since
	w.join(w.mint(7, nil), 3, nil)
	w.exchange()
	if w.last().Seat != old {
		t.Fatal("another seat was given")
	}
	if ev := w.toServer(q.at, q.data(0, "back")); ev.Kind != EventResumed || ev.Old != nil || ev.Replaced != old {
		t.Errorf("back: %+v", ev)
	}
}

// TestResumeReserved: a seat that is kept for a player is there when he resumes, also after a
// restart, and to nobody else.
func TestResumeReserved(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 1 })
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	w.restart()
	w.reserve(7, 60*second)
	w.refusedAtOnce(8, 8)
	q := w.comeBack(ticket, 2, nil)
	w.step(0)
	w.wantSeats(0, 1)
	w.back(q)
	w.wantSeats(1, 0)
}

// TestResumeShared: shards share who has resumed; a RESUME that reaches another one than before
// gets the ACCEPT of the first, and the player moves from one to the other.
func TestResumeShared(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 2 })
	a := w.server
	w.cfg.Admission, w.cfg.Shard = a.Admission(), 1
	w.restart()
	b := w.server
	w.server = a
	p, old := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, old)
	q, resume := w.sniffed(ticket, 2)
	w.server = b
	w.step(100 * ms)
	w.wantState(q, StateConnected)
	if ev := a.HandleDatagram(w.now, w.unix(), q.at, resume, nil); ev.Drop != DropRepeated || len(ev.Reply) == 0 {
		t.Errorf("at the other shard: %+v", ev)
	}
	ev := w.back(q)
	if ev.Old != old || ev.Seat.ID()>>24 != 1 || a.adm.connected != 1 {
		t.Errorf("back: %+v", ev)
	}
	a.Release(w.now, old)
	w.step(100 * ms)
	w.server = a
	r := w.comeBack(w.ticket(q, ev.Seat), 3, nil)
	w.step(0)
	if ev := w.back(r); ev.Seat.ID()>>24 != 0 || a.adm.connected != 1 || a.adm.returning != 0 {
		t.Errorf("and back: %+v", ev)
	}
}

// TestResumeOtherShard: attempts of one player that wait at two shards; the newest counts.
func TestResumeOtherShard(t *testing.T) {
	w := newWorld(t, nil)
	a := w.server
	w.cfg.Admission, w.cfg.Shard = a.Admission(), 1
	p, old := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, old)
	first := w.comeBack(ticket, 2, nil)
	w.step(0)
	w.wantState(first, StateConnected)
	w.restart()
	w.now += 100 * ms
	second := w.comeBack(ticket, 3, nil)
	w.step(0)
	w.wantState(second, StateConnected)
	if ev := a.HandleDatagram(w.now, w.unix(), first.at, first.data(0, "back"), nil); ev.Drop != DropResumeOld || ev.Kind != EventDisconnected {
		t.Errorf("the older attempt: %+v", ev)
	}
	w.back(second)
	if a.adm.returning != 0 || a.adm.connected != 1 {
		t.Errorf("%d wait, %d are connected", a.adm.returning, a.adm.connected)
	}
}

// TestResumeNoRandomness: no keys and no tickets without randomness, and with it again as ever.
func TestResumeNoRandomness(t *testing.T) {
	for _, room := range []int{0, 31, 55, 79} { // a nonce takes 24, a share 32, a nonce 24
		w := newWorld(t, nil)
		p, old := w.confirmed(w.mint(7, nil), 1)
		ticket := w.ticket(p, old)
		w.server.random = &failing{}
		if b, err := w.server.AppendTicket(w.unix(), old, 0, []byte("x")); err == nil || string(b) != "x" {
			t.Errorf("a ticket of %x", b)
		}
		w.server.random = &failing{after: room}
		q := w.comeBack(ticket, 2, nil)
		w.step(0)
		if q.c.State() == StateConnected || w.drops(DropNoRandom) == 0 {
			t.Error("no drop, or connected")
		}
		w.server.random = w.random
		w.step(100 * ms)
		w.step(100 * ms)
		w.back(q)
	}
}

func TestAppendTicketErrors(t *testing.T) {
	w, p, plain := plainPair(t, nil)
	if _, err := w.server.AppendTicket(w.unix(), plain, 0, nil); err == nil || !strings.Contains(err.Error(), "dialect") {
		t.Errorf("of a plain client: %v", err)
	}
	if _, err := p.c.ResumeTicket(w.unix(), make([]byte, 200)); err == nil {
		t.Error("a plain client took a ticket")
	}
	w = newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	if _, err := w.server.AppendTicket(w.unix(), seat, -1, nil); err == nil || !strings.Contains(err.Error(), "-1ns") {
		t.Errorf("without end: %v", err)
	}
	for lifetime, want := range map[time.Duration]uint64{0: 3600, time.Second: 1, time.Second + 1: 2, 1 << 62: 1<<32 - 1} {
		b, err := w.server.AppendTicket(w.unix(), seat, lifetime, nil)
		if err != nil || ticketExpires(b) != uint64(w.unix())+want || ticketLifetime(b) != want {
			t.Errorf("lifetime %v: %v, %d", lifetime, err, ticketLifetime(b))
		}
		if ticket, err := p.c.ResumeTicket(100, b); err != nil || ticket.Until != 100+want {
			t.Errorf("by another clock: %v, %v", ticket, err)
		}
	}
	waiting := w.comeBack(w.ticket(p, seat), 2, nil)
	w.step(0)
	w.wantState(waiting, StateConnected)
	if _, err := w.server.AppendTicket(w.unix(), w.last().Seat, 0, nil); err == nil {
		t.Error("a ticket for a seat that waits")
	}
	w.server.Release(w.now, seat)
	if _, err := w.server.AppendTicket(w.unix(), seat, 0, nil); err == nil {
		t.Error("a ticket for a seat that is free")
	}
}

// TestResumeOwnSeatWhenFull: whose seat waits for him takes it by a newer attempt, also when all the others
// wait for somebody or are withheld.
func TestResumeOwnSeatWhenFull(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 1 })
	p, old := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, old)
	w.server.Release(w.now, old)
	w.clients = nil
	first := w.comeBack(ticket, 2, nil)
	w.step(0)
	w.wantState(first, StateConnected)
	w.waits(1)
	w.clients = nil // and is gone before he says anything
	w.step(200 * ms)
	second := w.comeBack(ticket, 3, nil)
	w.step(0)
	w.wantState(second, StateConnected)
	w.back(second)
}
