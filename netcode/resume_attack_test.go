package netcode

import (
	"bytes"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// What somebody on the way, who copies RESUMEs and sends from wherever he likes, and somebody
// who stole a ticket, can do; and what a player with many tickets can.

// sniffed begins to resume and returns the RESUME that was sent with a cookie, which never
// arrived.
func (w *world) sniffed(ticket *ResumeTicket, port uint16) (*player, []byte) {
	w.t.Helper()
	p := w.comeBack(ticket, port, nil)
	for range 2 {
		b, _, ok := p.c.NextDatagram(nil)
		if !ok || b[1] != longResume {
			w.t.Fatalf("sent %x", b)
		}
		if p.c.State() == StateResponding {
			return p, b
		}
		reply := w.server.HandleDatagram(w.now, w.unix(), p.at, b, nil).Reply
		if ev := p.c.HandleDatagram(w.now, w.unix(), 0, SourceFrom(serverAddr), reply); ev.Kind != ClientState {
			w.t.Fatalf("RETRY: %+v", ev)
		}
	}
	w.t.Fatal("no cookie")
	return nil, nil
}

// waits fails unless so many seats wait for players who resume.
func (w *world) waits(n int) {
	w.t.Helper()
	found := 0
	for _, seat := range w.server.seats.seats {
		if seat.coming != nil {
			found++
		}
	}
	if found != n || w.server.adm.returning != n {
		w.t.Fatalf("%d seats wait, %d are counted, want %d", found, w.server.adm.returning, n)
	}
}

// TestResumeCopied: whoever copies a RESUME and is faster, from wherever, gets a cookie that he
// cannot read, takes no seat, moves nobody, and is not in the way of who sent it.
func TestResumeCopied(t *testing.T) {
	asked := 0
	w := newWorld(t, func(c *ServerConfig) {
		c.MaxClients = 1
		c.Judge = func(Offer) Verdict { asked++; return Verdict{Admit: true} }
	})
	p, old := w.confirmed(w.mint(7, nil), 1)
	q, resume := w.sniffed(w.ticket(p, old), 2)
	answers := 0
	w.onClient = func(Source, []byte) bool { answers++; return true }
	for i := range 200 {
		if ev := w.toServer(source(uint16(600+i%50)), bytes.Clone(resume)); ev.Kind != EventNone {
			t.Fatalf("copy %d: %+v", i, ev)
		}
	}
	if w.waits(0); answers == 0 || asked != 1 {
		t.Errorf("%d answers, the application was asked %d times", answers, asked)
	}
	if ev := w.toServer(p.at, p.data(1, "still here")); ev.Kind != EventPacket || ev.Seat != old {
		t.Fatalf("the old connection: %+v", ev)
	}
	w.step(100 * ms)
	w.waits(1)
	first := q.data(0, "back")
	forged := bytes.Clone(first)
	forged[len(forged)-1] ^= 1
	if ev := w.toServer(source(600), forged); ev.Drop != DropForged {
		t.Errorf("his own packet: %+v", ev)
	}
	if ev := w.toServer(source(600), bytes.Clone(first)); ev.Kind != EventResumed || !ev.Moved || ev.Old != old || ev.Seat.Source() != q.at {
		t.Fatalf("a copy of the player's first packet, before that: %+v", ev)
	}
	for range 20 {
		if ev := w.toServer(source(601), bytes.Clone(resume)); ev.Drop != DropUsed {
			t.Fatalf("afterwards: %+v", ev)
		}
	}
}

// TestResumeCopiedUnderFlood: he sends a thousand copies for each of the player's own, from as
// many sources as he likes, and the player gets in all the same.
func TestResumeCopiedUnderFlood(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	q, resume := w.sniffed(w.ticket(p, old), 2)
	for i := range 5000 {
		w.server.HandleDatagram(w.now, w.unix(), source(uint16(1000+i)), bytes.Clone(resume), make([]byte, 0, 1500))
		w.now += ms / 10
	}
	w.step(0)
	w.back(q)
}

// TestResumePassedOn: he shows the player's first RESUME at addresses of his own and passes the cookies
// on, before and behind each one of the player's. The player uses each of them once, and gets in
// where he is.
func TestResumePassedOn(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	q := w.comeBack(w.ticket(p, old), 2, nil)
	first, _, _ := q.c.NextDatagram(nil)
	resumes, passed := 0, 0
	w.onServer = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake {
			resumes++
		}
		return true
	}
	passOn := func() {
		ev := w.server.HandleDatagram(w.now, w.unix(), source(uint16(600+passed%5)), bytes.Clone(first), make([]byte, 0, 1500))
		if len(ev.Reply) > 0 && q.c.State() != StateConnected {
			q.receive(ev.Reply)
			passed++
		}
	}
	w.onClient = func(_ Source, b []byte) bool {
		if b[1] != longRetry || q.c.State() == StateConnected {
			return true
		}
		passOn()
		q.receive(bytes.Clone(b))
		if ev := q.receive(bytes.Clone(b)); ev.Drop != DropRepeated {
			t.Fatalf("the same RETRY again: %+v", ev)
		}
		passOn()
		return false
	}
	for range 20 {
		w.step(10 * ms)
	}
	if w.back(q); passed < 1 || resumes > 2+passed {
		t.Errorf("%d cookies were passed on, and %d RESUMEs sent", passed, resumes)
	}
}

// TestResumeWayPassedOn: he copies whatever the player sends, and passes on whatever is answered, so
// that he is the way to the player. The player gets in; that his packets come from elsewhere
// than the seat is shows by the first one.
func TestResumeWayPassedOn(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, old)
	w.onServer = func(from Source, b []byte) bool {
		if from == source(2) && b[1] == longResume {
			ev := w.server.HandleDatagram(w.now, w.unix(), source(600), bytes.Clone(b), make([]byte, 0, 1500))
			w.toClient(source(2), ev.Reply)
		}
		return true
	}
	q := w.comeBack(ticket, 2, nil)
	for range 5 {
		w.step(100 * ms)
	}
	w.wantState(q, StateConnected)
	if ev := w.toServer(q.at, q.data(0, "back")); ev.Kind != EventResumed || ev.Old != old || ev.Moved != (ev.Seat.Source() != q.at) {
		t.Fatalf("back: %+v", ev)
	}
}

// TestResumeAfterRestartCopied: a server that was restarted does not know which tickets were
// used, and its cookies are others: a RESUME that was copied earlier makes no seat wait.
// Of the tickets only those count that are newer than the last one that was used.
func TestResumeAfterRestartCopied(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	first := w.ticket(p, seat)
	second := w.ticket(p, seat)
	q, resume := w.sniffed(first, 2)
	w.step(100 * ms)
	w.back(q)
	w.now += 1000 * ms
	w.restart()
	for range 3 {
		if ev := w.toServer(q.at, bytes.Clone(resume)); ev.Kind != EventNone || ev.Drop != DropChallengeMoved {
			t.Fatalf("a copy, from where it was: %+v", ev)
		}
	}
	w.waits(0)
	back := w.comeBack(second, 3, nil)
	w.step(100 * ms)
	for range 3 {
		if ev := w.toServer(q.at, bytes.Clone(resume)); ev.Drop != DropResumeOld || ev.Kind != EventNone {
			t.Fatalf("a copy of an older ticket: %+v", ev)
		}
	}
	w.back(back)
	if ev := w.toServer(q.at, bytes.Clone(resume)); ev.Drop != DropUsed {
		t.Fatalf("the older ticket: %+v", ev)
	}
	w.waits(0)
}

// TestCookie: it is of one source, one attempt and less than half a minute.
func TestCookie(t *testing.T) {
	jar, _ := newCookieJar(0, newSeeded(1))
	other, _ := newCookieJar(0, newSeeded(2))
	mac, share, at := [macBytes]byte{1}, [shareBytes]byte{2}, source(3)
	cookie := bytes.Clone(jar.make(100*second/cookieLife, &mac, &share, &at))
	good := func(j *cookieJar, now int64, mac [macBytes]byte, share [shareBytes]byte, at Source) bool {
		return j.good(now, cookie, &mac, &share, &at)
	}
	for _, c := range []struct {
		what string
		is   bool
		want bool
	}{
		{"itself", good(&jar, 100*second, mac, share, at), true},
		{"fifteen seconds later", good(&jar, 115*second, mac, share, at), true},
		{"forty seconds later", good(&jar, 140*second, mac, share, at), false},
		{"earlier", good(&jar, 60*second, mac, share, at), false},
		{"of another ticket", good(&jar, 100*second, [macBytes]byte{2}, share, at), false},
		{"of another share", good(&jar, 100*second, mac, [shareBytes]byte{3}, at), false},
		{"of another source", good(&jar, 100*second, mac, share, source(4)), false},
		{"of another run", good(&other, 100*second, mac, share, at), false},
		{"none", jar.good(0, nil, &mac, &share, &at), false},
	} {
		if c.is != c.want {
			t.Errorf("%s: good %v", c.what, c.is)
		}
	}
}

// TestResumeWaitsAndGoes: a seat that waits in vain is given back, and the ticket is as good
// as before.
func TestResumeWaitsAndGoes(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, func(c *MintConfig) { c.Timeout = time.Minute }), 1)
	q, resume := w.sniffed(w.ticket(p, old), 2)
	w.clients = w.clients[:1]
	w.toServer(q.at, bytes.Clone(resume))
	seat := w.last().Seat
	for range 99 {
		w.step(100 * ms)
		w.toServer(q.at, bytes.Clone(resume)) // which makes it no longer
	}
	w.waits(1)
	w.step(100 * ms)
	if ev := w.last(); ev.Kind != EventDisconnected || ev.Why != WhyTimeout || ev.Seat != seat {
		t.Fatalf("event %+v", ev)
	}
	w.server.Release(w.now, seat)
	w.waits(0)
	w.clients = append(w.clients, q)
	w.step(100 * ms)
	if ev := w.back(q); ev.Old != old {
		t.Errorf("back: %+v", ev)
	}
}

// TestResumeOlderAttempt: a client that was started anew has newer keys in the same seat. Who
// copied what it sent before does not bring the older ones back.
func TestResumeOlderAttempt(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, old)
	stored, _ := ticket.AppendBinary(nil)
	a, resume := w.sniffed(ticket, 2)
	w.step(100 * ms)
	w.wantState(a, StateConnected)
	seat := w.last().Seat
	again, err := ParseResumeTicket(stored) // by another process, that does not know of the first
	if err != nil {
		t.Fatal(err)
	}
	w.step(1000 * ms)
	b := w.comeBack(again, 3, func(c *ClientConfig) { c.Hello = testHello(8) })
	w.step(100 * ms)
	w.wantState(b, StateConnected)
	if ev := w.last(); ev.Kind != EventResuming || ev.Seat != seat || !bytes.Equal(ev.Hello, testHello(8)) {
		t.Fatalf("event %+v", ev)
	}
	for range 3 {
		w.step(100 * ms)
		if ev := w.toServer(a.at, bytes.Clone(resume)); ev.Drop != DropResumeOld || ev.Kind != EventNone {
			t.Fatalf("an older RESUME: %+v", ev)
		} else if ev := b.receive(ev.Reply); ev.Drop == DropNone || b.c.State() != StateConnected {
			t.Fatalf("its answer, to the newer one: %+v", ev)
		}
	}
	if ev := w.toServer(a.at, a.data(0, "old keys")); ev.Drop != DropForged {
		t.Fatalf("under the older keys: %+v", ev)
	}
	w.back(b)
}

// TestResumeTooOften: who holds a ticket has ten new keys a second.
func TestResumeTooOften(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.FailuresPerSecond = -1 })
	p, old := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, old)
	renewed := 0
	for range 100 {
		w.now += 10 * ms
		_, resume := w.sniffed(ticket, 2)
		ev := w.toServer(source(2), resume)
		if ev.Kind == EventResuming {
			renewed++
		} else if ev.Drop != DropTooOften {
			t.Fatalf("event %+v", ev)
		}
	}
	w.waits(1)
	if renewed != 10 {
		t.Errorf("%d new keys in a second", renewed)
	}
}

// TestResumeSpoofed: however often somebody sends a RESUME in a victim's name, the victim gets
// less than was sent.
func TestResumeSpoofed(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	q, resume := w.sniffed(w.ticket(p, old), 2)
	victim := source(80)
	sent, received := 0, 0
	w.onClient = func(to Source, b []byte) bool {
		if to == victim {
			sent += len(b)
		}
		return true
	}
	for range 100 {
		received += len(resume)
		w.toServer(victim, bytes.Clone(resume))
		w.step(0)
	}
	if sent == 0 || sent > received {
		t.Errorf("%d bytes to a victim for %d in his name", sent, received)
	}
	w.step(100 * ms)
	if ev := w.back(q); ev.Seat.Source() != q.at {
		t.Errorf("at %v", ev.Seat.Source())
	}
}

// TestResumeWeakShare: a share that makes no secret gets no seat, and the ticket is as good as before.
func TestResumeWeakShare(t *testing.T) {
	for _, weak := range weakShares() {
		w := newWorld(t, nil)
		p, old := w.confirmed(w.mint(7, protect(forwardSecret)), 1)
		ticket := w.ticket(p, old)
		q := w.comeBack(ticket, 2, nil)
		share := q.was.share
		q.was.share = weak // RETRY names it, too
		w.step(0)
		if w.step(100 * ms); w.drops(DropShare) == 0 || q.c.State() == StateConnected {
			t.Fatalf("share %x: %v", weak, dropNames(w.server.Counters()))
		}
		w.waits(0)
		q.was.share, q.was.cookie = share, nil
		w.step(100 * ms)
		w.step(100 * ms)
		w.back(w.clients[1])
	}
}

// TestResumeFlipped: no bit of a RESUME, nor of the ticket in it, can be changed on the way.
func TestResumeFlipped(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.FailuresPerSecond, c.HandshakesPerSecond = -1, -1 })
	p, old := w.confirmed(w.mint(7, nil), 1)
	q, resume := w.sniffed(w.ticket(p, old), 2)
	w.clients = w.clients[:1]
	for at := range resume {
		for bit := range 8 {
			b := bytes.Clone(resume)
			b[at] ^= 1 << bit
			if ev := w.toServer(q.at, b); ev.Kind != EventNone || len(ev.Reply) != 0 {
				t.Fatalf("bit %d of byte %d: %+v", bit, at, ev)
			}
		}
	}
	for n := range resume {
		if ev := w.toServer(q.at, bytes.Clone(resume[:n])); ev.Kind != EventNone || len(ev.Reply) != 0 {
			t.Fatalf("cut to %d: %+v", n, ev)
		}
	}
	w.waits(0)
	if n := len(w.server.adm.resumers); n != 1 {
		t.Errorf("%d of them are remembered", n)
	}
}

// TestRetryRepeated: whoever repeats a RETRY does not make the client send more.
func TestRetryRepeated(t *testing.T) {
	w := newWorld(t, nil)
	p, old := w.confirmed(w.mint(7, nil), 1)
	q := w.comeBack(w.ticket(p, old), 2, nil)
	first, _, _ := q.c.NextDatagram(nil)
	retry := w.server.HandleDatagram(w.now, w.unix(), q.at, first, nil).Reply
	sent := 0
	for range 100 {
		q.receive(bytes.Clone(retry))
		for _, _, ok := q.c.NextDatagram(nil); ok; _, _, ok = q.c.NextDatagram(nil) {
			sent++
		}
	}
	if sent != 1 || q.c.Counters().Drops[DropRepeated] != 99 {
		t.Errorf("%d RESUMEs for one RETRY", sent)
	}
}
