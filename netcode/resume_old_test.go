package netcode

import (
	"bytes"
	"testing"
	"time"
)

// TestResumeClockBack: a client's clock was ahead, and its process was killed before it stored its
// ticket again. When the clock is right its attempts are older than those: it is told so at once, and
// goes to the backend, in place of asking in vain until that time has come.
func TestResumeClockBack(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticketFor(time.Hour, p, seat)
	stored, _ := ticket.AppendBinary(nil)
	w.unix0 += 600 // the clock of the client alone: the server reads its own below
	ahead := w.comeBack(ticket, 2, nil)
	w.unix0 -= 600
	w.step(100 * ms)
	w.wantState(ahead, StateConnected)
	w.clients = nil
	w.now += 2 * second
	again, err := ParseResumeTicket(stored)
	if err != nil {
		t.Fatal(err)
	}
	b := w.comeBack(again, 3, nil)
	w.step(0)
	w.step(100 * ms)
	w.wantState(b, StateDenied)
	if r := b.last().Refusal; r.Code != CodeUsed || r.Text == "" || w.drops(DropResumeOld) == 0 {
		t.Errorf("told %+v; drops %v", r, dropNames(w.server.Counters()))
	}
	w.waits(1)
}

// TestResumeOldEcho: what tells an attempt that it is older echoes its share, so that it ends no newer
// one of the same client that still asks.
func TestResumeOldEcho(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	_, older := w.sniffed(ticket, 2)
	w.now += second
	b, newer := w.sniffed(ticket, 3)
	accept := w.server.HandleDatagram(w.now, w.unix(), b.at, bytes.Clone(newer), nil)
	if accept.Kind != EventResuming {
		t.Fatalf("the newer one: %+v", accept)
	}
	ev := w.server.HandleDatagram(w.now, w.unix(), b.at, bytes.Clone(older), nil)
	if ev.Drop != DropResumeOld || len(ev.Reply) == 0 || len(ev.Reply) > len(older) {
		t.Fatalf("the older one: %+v", ev)
	}
	if got := b.receive(ev.Reply); got.Drop == DropNone {
		t.Errorf("its answer reaches the newer one: %+v", got)
	}
	b.receive(accept.Reply)
	w.wantState(b, StateConnected)
}
