package netcode

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// ticket has the server give a ticket to a player, whose connection is the seat's.
func (w *world) ticket(p *player, seat *Seat) *ResumeTicket {
	w.t.Helper()
	return w.ticketFor(time.Minute, p, seat)
}

func (w *world) ticketFor(lifetime time.Duration, p *player, seat *Seat) *ResumeTicket {
	w.t.Helper()
	b, err := w.server.AppendTicket(w.unix(), seat, lifetime, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	t, err := p.c.ResumeTicket(w.unix(), b)
	if err != nil {
		w.t.Fatal(err)
	}
	clear(b) // it keeps nothing of it
	return t
}

// comeBack begins to resume at a port.
func (w *world) comeBack(ticket *ResumeTicket, port uint16, change func(*ClientConfig)) *player {
	w.t.Helper()
	cfg := ClientConfig{Random: w.random, Hello: testHello(7)}
	if change != nil {
		change(&cfg)
	}
	c, err := NewResumeClient(w.now, w.unix(), ticket, cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &player{w: w, c: c, was: c.approach, token: c.token, at: source(port)}
	w.clients = append(w.clients, p)
	return p
}

// testHello is a HELLO of an endpoint with an instance, as far as netcode looks at it.
func testHello(instance uint64) []byte {
	b := []byte("\x01\x01channels")
	return append(binary.LittleEndian.AppendUint64(b, instance), "and more"...)
}

// back has a player who resumes arrive, and returns what came of his first packet.
func (w *world) back(p *player) Event {
	w.t.Helper()
	w.wantState(p, StateConnected)
	ev := w.toServer(p.at, p.data(0, "back"))
	if ev.Kind != EventResumed || !ev.First || ev.Moved || string(w.last().Frames) != "back" || !ev.Seat.Confirmed() || ev.Seat.Source() != p.at {
		w.t.Fatalf("back: %+v", ev)
	}
	w.toClient(p.at, seal(ev.Seat.Sealer(), 0, 0, "welcome"))
	if got := p.last(); got.Kind != ClientPacket || string(got.Frames) != "welcome" {
		w.t.Fatalf("the client heard %+v", got)
	}
	return ev
}

// TestResume: a player comes back from elsewhere while his old connection is still there. It
// is untouched until the first packet under the new keys, which moves him.
func TestResume(t *testing.T) {
	for _, want := range protections {
		t.Run(nameOf(want), func(t *testing.T) {
			var judged []Offer
			w := newWorld(t, func(c *ServerConfig) {
				c.MaxClients = 1
				c.Judge = func(o Offer) Verdict {
					judged = append(judged, o)
					return Verdict{Admit: true, Hello: testHello(3)}
				}
			})
			p, old := w.confirmed(w.mint(7, protect(want)), 1)
			ticket := w.ticket(p, old)
			q := w.comeBack(ticket, 2, nil)
			w.step(0)
			w.wantState(q, StateConnected)
			ev := w.last()
			if ev.Kind != EventResuming || ev.Seat == old || !bytes.Equal(ev.Hello, testHello(7)) || ev.Seat.Confirmed() || ev.Seat.ClientID() != 7 {
				t.Fatalf("event %+v", ev)
			}
			o := judged[len(judged)-1]
			if !o.Resumed || o.Resumes != old || o.Replaces != old || o.Continues != 0 || o.Source != q.at || o.ClientID != 7 {
				t.Errorf("judged %+v", o)
			}
			if ev := q.last(); ev.Kind != ClientConnected || !bytes.Equal(ev.Hello, testHello(3)) || ev.Seen != q.at || ev.Continue {
				t.Errorf("the client: %+v", ev)
			}
			if ev := w.toServer(p.at, p.data(1, "still here")); ev.Kind != EventPacket || ev.Seat != old {
				t.Fatalf("the old connection: %+v", ev)
			}
			back := w.back(q)
			if back.Old != old || back.Replaced != nil || back.Continue || back.Seat != ev.Seat || w.server.Admission().Clients() != 1 {
				t.Errorf("back: %+v, %d clients", back, w.server.Admission().Clients())
			}
			if string(bytes.TrimRight(back.Seat.UserData(), "\x00")) != "user data" || back.Seat.Timeout() != 10*time.Second {
				t.Errorf("user data %q, timeout %v", back.Seat.UserData(), back.Seat.Timeout())
			}
			w.server.Release(w.now, old)
			if w.server.Admission().Clients() != 1 || w.server.Admission().clients[7] != back.Seat {
				t.Error("the old seat's release concerns the new one")
			}
		})
	}
}

// TestResumeAgain: with the tickets of resumed connections, again and again.
func TestResumeAgain(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, protect(forwardSecret)), 1)
	for i := range 5 {
		ticket := w.ticket(p, seat)
		p = w.comeBack(ticket, uint16(2+i), nil)
		w.step(100 * ms)
		ev := w.back(p)
		if ev.Old != seat {
			t.Fatalf("back from %v", ev.Old)
		}
		w.server.Release(w.now, seat)
		seat = ev.Seat
	}
	if n := len(w.server.adm.resumers); n != 1 || w.server.adm.returning != 0 {
		t.Errorf("%d players who resumed are remembered, %d are waiting", n, w.server.adm.returning)
	}
}

// TestResumeAfterRestart: a new run knows nothing of the connection, and lets the
// player in as one who is new, within the second.
func TestResumeAfterRestart(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokenLifetime = 0 })
	w.now += 46 * second
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket, spare := w.ticket(p, seat), w.ticket(p, seat)
	w.restart()
	q := w.comeBack(ticket, 1, func(c *ClientConfig) { c.Continue = 99 })
	w.step(0)
	ev := w.back(q)
	if ev.Old != nil || ev.Replaced != nil || ev.Continue || q.last().Continue {
		t.Errorf("back: %+v", ev)
	}
	t.Log("# his line dies before he gets another ticket: the second one leads to where the first one has led")
	w.step(second)
	r := w.comeBack(spare, 2, nil)
	w.step(100 * ms)
	if again := w.back(r); again.Old != ev.Seat || again.Replaced != nil {
		t.Errorf("back again: %+v", again)
	}
}

// TestResumeContinue: the endpoint goes on if the application answers with its HELLO.
func TestResumeContinue(t *testing.T) {
	for _, c := range []struct {
		wants, answers uint64
		want           bool
	}{{5, 5, true}, {5, 6, false}, {0, 5, false}, {0, 0, false}} {
		var judged Offer
		w := newWorld(t, func(s *ServerConfig) {
			s.Judge = func(o Offer) Verdict {
				judged = o
				return Verdict{Admit: true, Hello: testHello(c.answers)}
			}
		})
		p, seat := w.confirmed(w.mint(7, nil), 1)
		q := w.comeBack(w.ticket(p, seat), 1, func(cfg *ClientConfig) { cfg.Continue = c.wants })
		w.step(0)
		w.wantState(q, StateConnected)
		if judged.Continues != c.wants || w.last().Continue != c.want || q.last().Continue != c.want {
			t.Errorf("%+v: judged %+v, event %+v, client %+v", c, judged, w.last(), q.last())
		}
		if ev := w.back(q); ev.Continue != c.want || ev.Old != seat {
			t.Errorf("%+v: back: %+v", c, ev)
		}
	}
	t.Log("# the application answers with no HELLO, or has an endpoint of that instance and no connection")
	for _, hello := range [][]byte{nil, testHello(5)[:helloInstance+7], testHello(5)} {
		var judged Offer
		w := newWorld(t, func(s *ServerConfig) {
			s.Judge = func(o Offer) Verdict { judged = o; return Verdict{Admit: true, Hello: hello} }
		})
		p, seat := w.confirmed(w.mint(7, nil), 1)
		ticket := w.ticket(p, seat)
		if len(hello) > helloInstance+8 {
			w.restart()
		}
		q := w.comeBack(ticket, 1, func(cfg *ClientConfig) { cfg.Continue = 5 })
		w.step(0)
		w.wantState(q, StateConnected)
		if ev := w.back(q); ev.Continue || q.last().Continue || judged.Continues == 5 != (ev.Old != nil) {
			t.Errorf("HELLO of %d bytes: judged %+v, back: %+v", len(hello), judged, ev)
		}
	}
}

// TestResumeAcceptLost: the client repeats RESUME and gets the same ACCEPT, and where it is
// meanwhile a cookie, and then one that says so.
func TestResumeAcceptLost(t *testing.T) {
	hello := make([]byte, 64) // the application uses its memory again
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(o Offer) Verdict {
			return Verdict{Admit: true, Hello: append(hello[:0], testHello(o.ClientID)...)}
		}
	})
	p, seat := w.confirmed(w.mint(7, nil), 1)
	var accepts [][]byte
	w.onClient = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake && b[1] == longAccept {
			accepts = append(accepts, bytes.Clone(b))
			return len(accepts) > 3
		}
		return true
	}
	q := w.comeBack(w.ticket(p, seat), 2, nil)
	w.step(0)
	waiting := w.last().Seat
	clear(hello)
	w.step(100 * ms)
	q.at = source(3) // a NAT forgot its binding
	w.step(100 * ms)
	if len(accepts) != 3 || !bytes.Equal(accepts[0], accepts[1]) || bytes.Equal(accepts[1], accepts[2]) || w.drops(DropChallengeMoved) != 1 {
		t.Fatalf("%d ACCEPTs, or other ones", len(accepts))
	}
	if ev := w.last(); ev.Kind != EventMoved || ev.Seat != waiting || waiting.Source() != q.at {
		t.Fatalf("event %+v", ev)
	}
	w.step(100 * ms)
	if ev := q.last(); ev.Kind != ClientConnected || ev.Seen != q.at || !bytes.Equal(ev.Hello, testHello(7)) {
		t.Fatalf("the client: %+v", ev)
	}
	w.back(q)
}

// TestResumeSameID: after a restart the player's new connection may have the id of his old one. A
// ticket of that is not taken for one of this.
func TestResumeSameID(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket, id := w.ticket(p, seat), seat.ID()
	w.restart()
	_, seat = w.confirmed(w.mint(7, nil), 1)
	if seat.ID() != id {
		t.Fatalf("ids %#x and %#x", id, seat.ID())
	}
	q := w.comeBack(ticket, 2, func(c *ClientConfig) { c.Continue = 5 })
	w.step(100 * ms)
	if ev := w.back(q); ev.Old != nil || ev.Replaced != seat || ev.Continue {
		t.Errorf("back: %+v", ev)
	}
}

// TestResumeSameAttempt: two processes that begin in the same second with the same stored ticket. The
// first one gets in, the other hears nothing.
func TestResumeSameAttempt(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	stored, _ := w.ticket(p, seat).AppendBinary(nil)
	var players []*player
	for port := range uint16(2) {
		ticket, err := ParseResumeTicket(stored)
		if err != nil {
			t.Fatal(err)
		}
		players = append(players, w.comeBack(ticket, 2+port, nil))
	}
	for range 5 {
		w.step(100 * ms)
	}
	w.wantState(players[1], StateResponding)
	if n := w.drops(DropResumeOld); n == 0 {
		t.Errorf("the second is told apart as %v", dropNames(w.server.Counters()))
	}
	w.back(players[0])
}
