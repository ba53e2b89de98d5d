package netcode

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// reserve keeps a seat of a world's server for a client, so long from now.
func (w *world) reserve(clientID uint64, d int64) {
	w.t.Helper()
	if err := w.server.Admission().Reserve(w.now, clientID, w.now+d); err != nil {
		w.t.Fatal(err)
	}
}

// wantSeats checks how many seats are taken, and how many kept for others.
func (w *world) wantSeats(taken, reserved int) {
	w.t.Helper()
	a := w.server.Admission()
	if a.Clients() != taken || a.Reservations(w.now) != reserved {
		w.t.Fatalf("%d seats taken and %d reserved, want %d and %d", a.Clients(), a.Reservations(w.now), taken, reserved)
	}
}

// refusedAtOnce lets a client ask once and returns what the server said to its request.
func (w *world) refusedAtOnce(clientID uint64, port uint16) Refusal {
	w.t.Helper()
	token := w.mint(clientID, nil)
	ev := w.request(token, port)
	if ev.Drop != DropFull {
		w.t.Fatalf("client %d: %v, want a full server", clientID, ev.Drop)
	}
	return w.readReason(token, ev.Reply)
}

// TestReserveAfterReservation: a seat is free for another reservation from the moment on at which
// the one before ends, though nothing else has happened meanwhile.
func TestReserveAfterReservation(t *testing.T) {
	a, err := NewAdmission(testUnix, AdmissionConfig{MaxClients: 1, Random: newSeeded(1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Reserve(0, 7, second); err != nil {
		t.Fatal(err)
	}
	var full *SeatsError
	if err := a.Reserve(second-1, 8, 2*second); !errors.As(err, &full) {
		t.Errorf("a moment too early: %v", err)
	}
	if err := a.Reserve(second, 8, 2*second); err != nil {
		t.Error(err)
	}
}

// TestReserve: a seat that is reserved is taken to everybody but its owner, until it comes or the
// time is over.
func TestReserve(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 2 })
	w.reserve(7, 60*second)
	_, other := w.confirmed(w.mint(8, nil), 1)
	w.wantSeats(1, 1)
	t.Log("# the next one is told when the reservation ends")
	if r := w.refusedAtOnce(9, 2); r.Code != CodeFull || r.RetryAfter != 60 {
		t.Errorf("refused with %v, retry after %d", r, r.RetryAfter)
	}
	t.Log("# a request of the owner takes nothing")
	token := w.mint(7, nil)
	if ev := w.request(token, 3); ev.Drop != DropNone || len(ev.Reply) == 0 {
		t.Errorf("the owner's request: %+v", ev)
	}
	w.wantSeats(1, 1)
	t.Log("# its connection does, and when it has left nothing is reserved")
	_, mine := w.confirmed(token, 3)
	w.wantSeats(2, 0)
	if _, ok := w.server.Admission().Reserved(w.now, 7); ok {
		t.Error("still reserved")
	}
	if r := w.refusedAtOnce(9, 2); r.RetryAfter != 0 {
		t.Errorf("no reservation is in the way, but retry after %d", r.RetryAfter)
	}
	w.server.Release(w.now, mine)
	w.wantSeats(1, 0)
	w.confirmed(w.mint(9, nil), 2)
	t.Log("# to reserve what is taken is refused, with the numbers")
	err := w.server.Admission().Reserve(w.now, 7, w.now+second)
	var full *SeatsError
	if !errors.As(err, &full) || *full != (SeatsError{MaxClients: 2, Clients: 2}) {
		t.Errorf("error %v", err)
	}
	w.server.Release(w.now, other)
	w.reserve(7, second)
	if err := w.server.Admission().Reserve(w.now, 10, w.now+second); !errors.As(err, &full) || full.Reserved != 1 ||
		!strings.Contains(err.Error(), "of 2, 1 are taken and 1 reserved") {
		t.Errorf("error %v", err)
	}
}

// TestReserveEnds: at its time, not earlier, and nobody has to do anything for that.
func TestReserveEnds(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 1 })
	w.reserve(7, 3*second/2)
	w.now += 3*second/2 - 1
	if r := w.refusedAtOnce(8, 1); r.RetryAfter != 1 {
		t.Errorf("a nanosecond before: retry after %d", r.RetryAfter)
	}
	w.now++
	w.confirmed(w.mint(8, nil), 1)
	w.refusedAtOnce(7, 2)
	var late *ConfigError
	for _, until := range []int64{w.now, w.now - second, -1 << 62} {
		if err := w.server.Admission().Reserve(w.now, 7, until); !errors.As(err, &late) || late.Field != "until" {
			t.Errorf("until %d at %d: %v", until, w.now, err)
		}
	}
}

// TestReserveClockStep: a reservation lives on the monotonic clock. Setting the other one frees
// no seat.
func TestReserveClockStep(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 1 })
	w.reserve(7, 60*second)
	w.unix0 += 1 << 30
	w.refusedAtOnce(8, 1)
	w.step(59 * second)
	w.confirmed(w.mint(7, nil), 2)
}

// TestReserveAgain: the later word counts, earlier or later; and a seat can be given back.
func TestReserveAgain(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 2 })
	a := w.server.Admission()
	w.reserve(7, 10*second)
	w.reserve(8, 20*second)
	w.reserve(7, 30*second) // although all seats are reserved: it has one
	if r := w.refusedAtOnce(9, 1); r.RetryAfter != 20 {
		t.Errorf("retry after %d", r.RetryAfter)
	}
	w.reserve(7, 5*second)
	if until, ok := a.Reserved(w.now, 7); !ok || until != w.now+5*second {
		t.Errorf("until %d, %v", until, ok)
	}
	w.now += 5 * second
	w.wantSeats(0, 1)
	if a.Unreserve(w.now, 7) || !a.Unreserve(w.now, 8) || a.Unreserve(w.now, 8) {
		t.Error("gave back what there was not, or not what there was")
	}
	w.wantSeats(0, 0)
	for _, id := range []uint64{7, 8} {
		w.reserve(id, never-1-w.now)
	}
	if r := w.refusedAtOnce(9, 1); r.RetryAfter != 1<<16-1 {
		t.Errorf("for ever: retry after %d", r.RetryAfter)
	}
}

// TestReserveAhead: for a client that is connected a seat is kept for when it comes back, and its
// own seat is nobody's loss before.
func TestReserveAhead(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 2 })
	_, seat := w.confirmed(w.mint(7, nil), 1)
	w.reserve(7, 60*second)
	w.wantSeats(1, 0)
	_, other := w.confirmed(w.mint(8, nil), 2)
	w.reserve(8, 10*second)
	t.Log("# it drops out, and nobody gets its seat")
	w.server.Leave(seat)
	w.wantSeats(1, 1)
	w.server.Release(w.now, seat)
	w.refusedAtOnce(9, 3)
	t.Log("# unless it does not come in time")
	w.server.Release(w.now, other)
	w.now += 10 * second
	w.wantSeats(0, 1)
	w.confirmed(w.mint(9, nil), 3)
	w.refusedAtOnce(8, 2)
	t.Log("# it comes back, and has had what was reserved for it")
	_, seat = w.confirmed(w.mint(7, nil), 1)
	w.server.Release(w.now, seat)
	w.wantSeats(1, 0)
}

// TestReserveUnconfirmed: a seat that its owner never confirmed was not the one that was promised:
// it is kept again.
func TestReserveUnconfirmed(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 1 })
	w.reserve(7, 60*second)
	w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	w.wantSeats(1, 0)
	if _, ok := w.server.Admission().Reserved(w.now, 7); !ok {
		t.Fatal("the reservation is over with the OFFER")
	}
	w.clients = nil // its machine fails
	w.step(11 * second)
	if w.last().Kind != EventDisconnected {
		t.Fatalf("event %+v", w.last())
	}
	w.server.Release(w.now, w.last().Seat)
	w.wantSeats(0, 1)
	w.refusedAtOnce(8, 2)
	w.confirmed(w.mint(7, nil), 1)
	w.wantSeats(1, 0)
}

// TestReserveLateWord: what an older connection says, which was replaced on its way in, does not
// use up the reservation of the newer one.
func TestReserveLateWord(t *testing.T) {
	w := newWorld(t, nil)
	w.reserve(7, 60*second)
	older := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	newer := w.join(w.mint(7, nil), 2, nil)
	w.step(0)
	for i, p := range []*player{older, newer} {
		w.wantState(p, StateConnected)
		w.toServer(p.at, p.data(0, "hello"))
		if _, ok := w.server.Admission().Reserved(w.now, 7); ok != (i == 0) {
			t.Errorf("after %d of the two: reserved %v", i+1, ok)
		}
	}
}

// TestReserveReplaced: who comes a second time takes its own seat, not the one that is kept for
// somebody else.
func TestReserveReplaced(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 2 })
	_, first := w.confirmed(w.mint(7, nil), 1)
	w.reserve(8, 60*second)
	w.reserve(7, 60*second)
	_, second := w.confirmed(w.mint(7, nil), 2)
	if first == second {
		t.Fatal("the same seat")
	}
	w.wantSeats(1, 1)
	w.server.Release(w.now, first)
	w.server.Release(w.now, second)
	w.wantSeats(0, 1)
	w.confirmed(w.mint(8, nil), 3)
	w.wantSeats(1, 0)
}

// TestReservePlain: plain clients have reservations, too, and respect those of others.
func TestReservePlain(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) {
		c.MaxClients, c.Plain = 1, PlainOnly
		c.Judge = func(o Offer) Verdict { return Verdict{Admit: o.Reserved} }
	})
	plain := func(id uint64, port uint16) *player {
		p := w.join(w.mint(id, plainToken), port, func(c *ClientConfig) { c.Plain = PlainOnly })
		w.step(0)
		w.step(100 * ms)
		return p
	}
	w.reserve(7, 60*second)
	w.wantState(plain(8, 1), StateDenied)
	w.wantState(plain(7, 2), StateConnected)
	w.wantSeats(1, 0)
	t.Log("# who has none is refused by an application that wants one")
	w.server.Release(w.now, w.last().Seat)
	w.wantState(plain(8, 3), StateDenied)
	if w.drops(DropRefused) != 1 || w.drops(DropFull) != 1 {
		t.Errorf("drops %v", dropNames(w.server.Counters()))
	}
}

// TestReserveJudged: the application is told, of ours as well.
func TestReserveJudged(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(o Offer) Verdict { return Verdict{Admit: o.Reserved, Refusal: Refusal{Code: CodeRefused}} }
	})
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	w.wantState(p, StateDenied)
	w.reserve(7, second)
	w.confirmed(w.mint(7, nil), 1)
}

// TestReserveShared: shards keep the same seats.
func TestReserveShared(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 2 })
	a := w.server
	w.cfg.Admission, w.cfg.Shard = a.Admission(), 1
	w.restart()
	w.reserve(7, 60*second)
	w.confirmed(w.mint(8, nil), 1)
	w.server = a
	w.refusedAtOnce(9, 2)
	w.confirmed(w.mint(7, nil), 3)
	w.wantSeats(2, 0)
}

// TestReserveKeepsRoom: players who come and go as fast as they like use up neither the slots nor
// the table of tokens that a reserved player needs.
func TestReserveKeepsRoom(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients, c.MaxTokens = 2, 40 })
	w.reserve(7, 60*second)
	in := 0
	for i := range uint64(60) {
		p := w.join(w.mint(100+i, nil), uint16(10+i), nil)
		w.step(0)
		if p.c.State() == StateConnected {
			in++
			w.server.Release(w.now, w.last().Seat)
		}
	}
	if in != 21 || w.server.Admission().Tokens() != 39 { // of 3*2+16 slots, and of the tokens, all but one
		t.Errorf("%d came in, %d tokens", in, w.server.Admission().Tokens())
	}
	w.confirmed(w.mint(7, nil), 1)
}

// TestReserveModel compares many random reservations with the obvious bookkeeping.
func TestReserveModel(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		m := reserveModel{w: newWorld(t, func(c *ServerConfig) { c.MaxClients = 3 }), until: map[uint64]int64{}, seats: map[uint64]*Seat{}}
		for range 200 {
			m.step(r)
			m.check()
		}
	}
}

// A reserveModel knows for whom a seat is kept, by scanning everybody.
type reserveModel struct {
	w     *world
	until map[uint64]int64
	seats map[uint64]*Seat
	port  uint16
}

// ids of the clients that a model plays with.
const modelClients = 6

// waiting counts those who are not connected and for whom a seat is kept.
func (m *reserveModel) waiting() (n int) {
	for id := range uint64(modelClients) {
		if m.seats[id] == nil && m.until[id] > m.w.now {
			n++
		}
	}
	return n
}

func (m *reserveModel) free() int { return 3 - len(m.seats) - m.waiting() }

func (m *reserveModel) step(r *rand.Rand) {
	w, id := m.w, r.Uint64N(modelClients)
	held := m.until[id] > w.now
	switch r.IntN(6) {
	case 0:
		w.now += r.Int64N(3 * second)
	case 1, 2:
		until := w.now + 1 + r.Int64N(10*second)
		err := w.server.Admission().Reserve(w.now, id, until)
		ok := held || m.seats[id] != nil || m.free() > 0
		if (err == nil) != ok {
			w.t.Fatalf("reserve: %v, want %v", err, ok)
		}
		if ok {
			m.until[id] = until
		}
	case 3:
		if got := w.server.Admission().Unreserve(w.now, id); got != held {
			w.t.Fatalf("unreserve: %v, want %v", got, held)
		}
		delete(m.until, id)
	case 4:
		if m.seats[id] == nil {
			m.connect(id, held || m.free() > 0)
		}
	case 5:
		if seat := m.seats[id]; seat != nil {
			w.server.Release(w.now, seat)
			delete(m.seats, id)
			w.now += slotRest / 8 // slots are another matter
		}
	}
}

func (m *reserveModel) connect(id uint64, ok bool) {
	w := m.w
	m.port++
	p := w.join(w.mint(id, nil), m.port, nil)
	w.step(0)
	if in := p.c.State() == StateConnected; in != ok {
		w.t.Fatalf("client %d got in: %v, want %v", id, in, ok)
	}
	if ok {
		m.seats[id] = w.last().Seat
		w.toServer(p.at, p.data(0, ""))
		delete(m.until, id)
	}
	w.clients = nil
}

func (m *reserveModel) check() {
	m.w.wantSeats(len(m.seats), m.waiting())
	for id := range uint64(modelClients) {
		until, ok := m.w.server.Admission().Reserved(m.w.now, id)
		if want := m.until[id]; ok != (want > m.w.now) || ok && until != want {
			m.w.t.Fatalf("client %d: reserved until %d (%v), want %d", id, until, ok, want)
		}
	}
}

// TestReserveAlloc: reservations cost packets nothing.
func TestReserveAlloc(t *testing.T) {
	w := newWorld(t, nil)
	p, _ := w.confirmed(w.mint(7, nil), 1)
	w.reserve(8, int64(time.Hour))
	number := uint64(1)
	var packet, reply []byte
	n := testing.AllocsPerRun(1000, func() {
		packet = p.c.Sealer().AppendHeader(packet[:0], 0, number, 2)
		frames := len(packet)
		packet = p.c.Sealer().Seal(0, append(packet, "steady"...), 0, frames, 0, number)
		number++
		if ev := w.server.HandleDatagram(w.now, w.unix(), p.at, packet, reply); ev.Kind != EventPacket {
			t.Fatalf("event %+v", ev)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}
