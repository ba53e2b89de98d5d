package netcode

import (
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// The same client id connecting again: what replaces a connection, what does not, and who is told.

func TestReplaced(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 1 })
	_, old := w.confirmed(w.mint(7, nil), 1)
	p := w.join(w.mint(7, nil), 2, nil)
	w.step(0)
	w.wantState(p, StateConnected)
	ev := w.last()
	if ev.Kind != EventConnected || ev.Replaced != old || ev.Seat == old {
		t.Fatalf("event %+v", ev)
	}
	if n := w.server.Admission().Clients(); n != 1 {
		t.Fatalf("%d clients", n)
	}
	w.server.Release(w.now, old)
	if n := w.server.Admission().Clients(); n != 1 {
		t.Fatalf("%d clients after the old one was released", n)
	}
}

// TestReplacedUnconfirmed: the newest OFFER wins also if the older one was not confirmed. The
// older client still gets its ACCEPT, which it needs to read that it was replaced; its token lets
// nobody else in.
func TestReplacedUnconfirmed(t *testing.T) {
	for _, keep := range []bool{false, true} { // what is not confirmed is not kept
		w := newWorld(t, func(c *ServerConfig) { c.MaxClients, c.KeepOldest = 1, keep })
		w.onClient = func(to Source, b []byte) bool { return to != source(1) || b[0] != wire.PrefixHandshake }
		first := w.mint(7, nil)
		a := w.join(first, 1, nil)
		w.step(0)
		w.wantState(a, StateResponding) // its ACCEPT was lost
		old := w.last().Seat
		b := w.join(w.mint(7, nil), 2, nil)
		w.step(0)
		w.wantState(b, StateConnected)
		ev := w.last()
		if ev.Kind != EventConnected || ev.Replaced != old || w.server.Admission().Clients() != 1 {
			t.Fatalf("event %+v, %d clients", ev, w.server.Admission().Clients())
		}
		seat := ev.Seat
		w.toServer(b.at, b.data(0, ""))
		t.Log("# another process with the older token gets nowhere")
		c := w.join(first, 3, nil)
		w.step(0)
		w.wantState(c, StateDenied)
		if r := c.last().Refusal; r.Code != CodeUsed {
			t.Errorf("refused with %v", r)
		}
		t.Log("# the older client repeats its OFFER, and can read what is said to it")
		w.onClient = nil
		w.step(100 * ms)
		w.wantState(a, StateConnected)
		if ev := a.receive(seal(old.Sealer(), 0, 0, "replaced")); string(ev.Frames) != "replaced" {
			t.Errorf("it reads %+v", ev)
		}
		if ev := w.toServer(a.at, a.data(0, "oh")); ev.Kind != EventPacket || ev.Seat != old || !ev.First {
			t.Errorf("its answer: %+v", ev)
		}
		t.Log("# and is no threat to the newer one")
		if n := w.server.Admission().Clients(); n != 1 || w.server.Admission().clients[7] != seat {
			t.Errorf("%d clients", n)
		}
		w.server.Release(w.now, old)
		if ev := w.toServer(b.at, b.data(1, "here")); ev.Kind != EventPacket || ev.Seat != seat {
			t.Errorf("the newer one: %+v", ev)
		}
	}
}

// TestReplacedByInvalid: an OFFER that is refused, for whatever reason, replaces nobody.
func TestReplacedByInvalid(t *testing.T) {
	judged := Refusal{}
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(o Offer) Verdict {
			return Verdict{Admit: judged.Code == CodeNone && string(o.Hello) != "bad", Refusal: judged}
		}
	})
	p, seat := w.confirmed(w.mint(7, nil), 1)
	number := uint64(0)
	stays := func(what string) {
		t.Helper()
		number++
		ev := w.toServer(p.at, p.data(number, "still here"))
		if ev.Kind != EventPacket || ev.Seat != seat || w.server.Admission().clients[7] != seat {
			t.Errorf("after %s: %+v", what, ev)
		}
	}
	port := uint16(1)
	offer := func(what string, change func(*ClientConfig), spoil func(b []byte) (Source, bool)) {
		t.Helper()
		port++
		q := w.join(w.mint(7, nil), port, change)
		w.onServer = func(from Source, b []byte) bool {
			if b[0] != wire.PrefixHandshake || spoil == nil {
				return true
			}
			at, ok := spoil(b)
			if ok {
				w.server.HandleDatagram(w.now, w.unix(), at, b, nil)
			}
			return false
		}
		w.step(0)
		w.onServer, w.clients = nil, nil
		if q.c.State() == StateConnected {
			t.Errorf("%s let it in", what)
		}
		stays(what)
	}
	offer("an OFFER with a byte changed", nil, func(b []byte) (Source, bool) {
		b[len(b)/2]++
		return source(port), true
	})
	offer("an OFFER from elsewhere", nil, func([]byte) (Source, bool) { return source(99), true })
	offer("an OFFER that never came", nil, func([]byte) (Source, bool) { return Source{}, false })
	offer("a HELLO that does not match", func(c *ClientConfig) { c.Hello = []byte("bad") }, nil)
	judged = Refusal{Code: CodeBanned}
	offer("a refusal by the application", nil, nil)
}

func TestReplacedNever(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.KeepOldest = true })
	w.confirmed(w.mint(7, nil), 1)
	p := w.join(w.mint(7, nil), 2, nil)
	w.step(0)
	w.wantState(p, StateDenied)
	if r := p.last().Refusal; r.Code != CodeConnected || r.RetryAfter != 10 {
		t.Fatalf("refused with %v", r)
	}
}

// TestReplacedByNobody: a request alone, which anyone can replay, kicks nobody.
func TestReplacedByNobody(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	w.request(w.mint(7, nil), 2)
	if ev := w.toServer(p.at, p.data(1, "still here")); ev.Kind != EventPacket || ev.Seat != seat {
		t.Fatalf("event %+v", ev)
	}
}
