package netcode

import (
	"testing"
	"time"
)

// TestRevoke: whom the server itself has sent away does not come back with a ticket that he had
// before, be it that he has his ACCEPT already; one of a later connection is good.
func TestRevoke(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	if w.server.Revoke(seat); len(w.server.adm.resumers) != 0 {
		t.Error("who was given no ticket is remembered")
	}
	waits := w.comeBack(w.ticket(p, seat), 2, nil)
	w.step(0)
	w.wantState(waits, StateConnected)
	older := w.ticket(p, seat)
	w.server.Revoke(seat)
	w.server.Leave(seat)
	if ev := w.toServer(waits.at, waits.data(0, "back")); ev.Kind != EventDisconnected || ev.Why != WhyRefused {
		t.Fatalf("who had his ACCEPT: %+v", ev)
	}
	w.server.Release(w.now, w.last().Seat)
	w.server.Release(w.now, seat)
	late := w.comeBack(older, 3, nil)
	w.step(0)
	w.step(second)
	if w.wantState(late, StateDenied); late.last().Refusal.Code != CodeUsed {
		t.Fatalf("who shows his ticket now: %+v", late.last())
	}
	p, seat = w.confirmed(w.mint(7, nil), 4)
	again := w.comeBack(w.ticket(p, seat), 5, nil)
	w.step(0)
	w.back(again)
}

// TestRevokeAfterComeback: who has come back, and was given no other ticket yet, is sent away: the one that
// he has left from before is of no use either, however long it lives.
func TestRevokeAfterComeback(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	first, second := w.ticketFor(10*time.Second, p, seat), w.ticketFor(time.Hour, p, seat)
	q := w.comeBack(first, 2, nil)
	w.step(0)
	seat = w.back(q).Seat
	w.server.Revoke(seat)
	w.server.Leave(seat)
	for range 20 {
		w.step(1000 * ms)
	}
	late := w.comeBack(second, 3, nil)
	w.step(0)
	if w.wantState(late, StateDenied); late.last().Refusal.Code != CodeUsed {
		t.Errorf("the second ticket: %+v", late.last())
	}
}

// TestRevokeForgotten: who has come back to a server that has forgotten his seat, or was started again, is sent away
// before he was given another ticket: what he has left from before is of no use.
func TestRevokeForgotten(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		w := newWorld(t, nil)
		p, seat := w.confirmed(w.mint(7, nil), 1)
		life := 10 * time.Second
		if restarted {
			life = time.Hour
		}
		first, other := w.ticketFor(life, p, seat), w.ticketFor(time.Hour, p, seat)
		if restarted {
			w.restart()
		} else {
			w.server.Leave(seat)
			w.server.Release(w.now, seat)
		}
		q := w.comeBack(first, 2, nil)
		w.step(0)
		seat = w.back(q).Seat
		if !w.server.Revoke(seat) {
			t.Error("not revoked")
		}
		w.server.Leave(seat)
		w.server.Release(w.now, seat)
		for range 20 {
			w.step(1000 * ms)
		}
		late := w.comeBack(other, 3, nil)
		w.step(0)
		if w.wantState(late, StateDenied); late.last().Refusal.Code != CodeUsed {
			t.Errorf("restarted %v: the other ticket: %+v", restarted, late.last())
		}
	}
}

// TestRevokeLives: of several tickets all are worthless, for as long as the longest of them lives.
func TestRevokeLives(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	long := w.ticketFor(time.Hour, p, seat)
	w.ticketFor(10*time.Second, p, seat)
	w.server.Revoke(seat)
	w.server.Leave(seat)
	for range 20 {
		w.step(1000 * ms)
	}
	q := w.comeBack(long, 2, nil)
	w.step(0)
	if w.wantState(q, StateDenied); q.last().Refusal.Code != CodeUsed {
		t.Errorf("the longest: %+v", q.last())
	}
}

// TestRevokeLate: a connection that another one has replaced is revoked late, when its player has come
// back with a ticket of the newer one. That one stays used.
func TestRevokeLate(t *testing.T) {
	w := newWorld(t, nil)
	p, replaced := w.confirmed(w.mint(7, nil), 1)
	w.ticket(p, replaced)
	p, seat := w.confirmed(w.mint(7, nil), 2)
	ticket := w.ticket(p, seat)
	q := w.comeBack(ticket, 3, nil)
	w.step(0)
	w.back(q)
	w.server.Revoke(replaced)
	again := w.comeBack(ticket, 4, nil)
	w.step(second)
	if w.wantState(again, StateDenied); again.last().Refusal.Code != CodeUsed {
		t.Errorf("once more: %+v", again.last())
	}
}

// TestAbsent: a seat whose player is absent does not keep another connection of his away.
func TestAbsent(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.KeepOldest = true })
	_, seat := w.confirmed(w.mint(7, nil), 1)
	refused := w.join(w.mint(7, nil), 2, nil)
	w.step(0)
	w.step(second)
	w.wantState(refused, StateDenied)
	seat.Absent = true
	w.confirmed(w.mint(7, nil), 3)
}

// TestResumeTwice: a player has resumed, and his connection is dead again before he heard anything
// there. With the other ticket that he has from before he comes back to what the first one
// made; the first one is of no use any more.
func TestResumeTwice(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	first, second, third := w.ticket(p, seat), w.ticket(p, seat), w.ticket(p, seat)
	for i, ticket := range []*ResumeTicket{first, second} {
		q := w.comeBack(ticket, uint16(2+i), nil)
		w.step(0)
		w.wantState(q, StateConnected)
		ev := w.toServer(q.at, q.data(0, "back"))
		if ev.Kind != EventResumed || ev.Old != seat || ev.Replaced != nil {
			t.Fatalf("ticket %d: %+v", i, ev)
		}
		w.server.Release(w.now, seat)
		seat = ev.Seat
		w.now += 1_000_000_000
	}
	q := w.comeBack(first, 9, nil)
	w.step(0)
	if w.wantState(q, StateDenied); q.last().Refusal.Code != CodeUsed {
		t.Errorf("the first ticket: %+v", q.last())
	}
	t.Log("# a connection further on it is a connection like any other's")
	q = w.comeBack(third, 10, nil)
	w.step(0)
	w.wantState(q, StateConnected)
	if ev := w.toServer(q.at, q.data(0, "back")); ev.Kind != EventResumed || ev.Old != nil || ev.Replaced != seat {
		t.Errorf("the third ticket: %+v", ev)
	}
}

// TestRevokeFull: who is sent away while the table of those who resume is full of others stays
// away, whether or not they have used their tickets.
func TestRevokeFull(t *testing.T) {
	for _, used := range []bool{false, true} {
		w := newWorld(t, func(c *ServerConfig) { c.MaxTokens = 8 })
		for i := range uint64(8) {
			other := w.server.adm.resumer(100+i, uint64(w.unix())+30)
			if used {
				other.use(1)
			}
		}
		p, seat := w.confirmed(w.mint(7, nil), 1)
		ticket := w.ticketFor(10*time.Minute, p, seat)
		if !w.server.Revoke(seat) {
			t.Fatal("no room")
		}
		w.server.Leave(seat)
		w.server.Release(w.now, seat)
		w.clients = nil
		w.now += 31 * second // the others' tickets are over
		back := w.comeBack(ticket, 3, nil)
		w.step(0)
		w.step(second)
		if back.c.State() == StateConnected || w.drops(DropUsed) == 0 {
			t.Errorf("used %v: who was sent away is %v", used, back.c.State())
		}
	}
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokens = 2 })
	for i := range uint64(4) {
		if r := w.server.adm.revoked(i, uint64(w.unix())+30); r == nil {
			t.Fatalf("no room for number %d", i)
		} else {
			r.use(1)
		}
	}
	if w.server.adm.revoked(4, uint64(w.unix())+30) != nil {
		t.Error("the table grows without end")
	}
}

// TestReserveLeavesResumers: for whom a seat is kept there is room among those who resume, too.
func TestReserveLeavesResumers(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokens = 8 })
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticketFor(10*time.Minute, p, seat)
	w.server.Leave(seat)
	w.server.Release(w.now, seat)
	w.clients = nil
	a := w.server.Admission()
	if err := a.Reserve(w.now, 7, w.now+600*second); err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range uint64(8) {
		if a.resumer(100+i, uint64(w.unix())+600) != nil {
			n++
		}
	}
	if n != 7 {
		t.Errorf("%d of 8 places were given to others", n)
	}
	a.returning = a.maxClients - 1 // seats that wait for others
	back := w.comeBack(ticket, 3, nil)
	w.step(0)
	w.step(second)
	w.wantState(back, StateConnected)
}
