package netcode

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestResumeTicketStored: a ticket survives its store, tells nobody its secret, and is refused if it
// is damaged.
func TestResumeTicketStored(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, protect(forwardSecret)), 1)
	ticket := w.ticket(p, seat)
	stored, err := ticket.AppendBinary([]byte("x"))
	if err != nil || stored[0] != 'x' {
		t.Fatal(err)
	}
	stored = stored[1:]
	read, err := ParseResumeTicket(stored)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := read.AppendBinary(nil); !bytes.Equal(again, stored) || *read.secret() != *ticket.secret() {
		t.Fatalf("read %v, %v", read, err)
	}
	for _, text := range []string{ticket.String(), fmt.Sprintf("%v %+v %#v", ticket, *ticket, *ticket)} {
		if secret := ticket.secret(); strings.Contains(text, fmt.Sprintf("%x", secret[:4])) || strings.Contains(text, fmt.Sprint([]byte(secret[:4]))[1:10]) {
			t.Errorf("says its secret: %s", text)
		}
	}
	for n := range stored {
		if _, err := ParseResumeTicket(stored[:n]); err == nil && n < len(stored)-maxTicketBytes {
			t.Errorf("read %d of %d bytes", n, len(stored))
		}
	}
	damage := func(at int, to byte) []byte {
		b := bytes.Clone(stored)
		b[at] = to
		return b
	}
	for want, b := range map[string][]byte{
		"version": damage(4, 9), "pad": damage(26, 0x90), "layout": damage(32, 3), "length": append(bytes.Clone(stored), make([]byte, 500)...),
	} {
		_, err := ParseResumeTicket(b)
		if e, ok := errors.AsType[*TicketError](err); !ok || e.Field != want || !strings.Contains(err.Error(), "token") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := ParseResumeTicket(damage(4, 9)); !strings.Contains(err.Error(), `"TWRT" and 9, not with "TWRT" and 1`) {
		t.Errorf("%v", err)
	}
	q := w.comeBack(read, 2, nil)
	w.step(0)
	w.back(q)
	if q.c.Token() != nil {
		t.Error("a token, where none was used")
	}
}

// TestResumeTicketEdges: a stored ticket may have as many pad items as a pad has room for, and the server's
// part of it as many bytes as that can have; none more, and none fewer than it must have.
func TestResumeTicketEdges(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	stored, _ := w.ticket(p, seat).AppendBinary(nil)
	const padAt = 4 + 1 + 8 + 8 + 4
	if stored[padAt] != 0 {
		t.Fatalf("a pad with items %x", stored[padAt:])
	}
	for n, good := range map[int]bool{2: true, int(maxPadItems): true, int(maxPadItems) + 1: false} {
		value := min(n, int(maxPadItems)) - 2 // what is more is beside the last item
		items := append([]byte{byte(n), 0x11, byte(value)}, make([]byte, n-2)...)
		if _, err := ParseResumeTicket(slices.Concat(stored[:padAt], items, stored[padAt+1:])); (err == nil) != good {
			t.Errorf("%d bytes of items: %v", n, err)
		}
	}
	for n, good := range map[int]bool{minTicketBytes - 1: false, minTicketBytes: true, maxTicketBytes: true, maxTicketBytes + 1: false} {
		if _, err := p.c.ResumeTicket(w.unix(), make([]byte, n)); (err == nil) != good {
			t.Errorf("%d bytes from the server: %v", n, err)
		}
	}
	ticket := w.ticket(p, seat)
	for n, good := range map[int]bool{0: false, 1: true, maxAddresses: true, maxAddresses + 1: false} {
		ticket.Addresses = slices.Repeat([]netip.AddrPort{serverAddr}, n)
		if _, err := NewResumeClient(w.now, w.unix(), ticket, ClientConfig{Random: w.random}); (err == nil) != good {
			t.Errorf("%d addresses: %v", n, err)
		}
	}
}

func TestNewResumeClientErrors(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	for want, change := range map[string]func(t *ResumeTicket, c *ClientConfig){
		"expiry":             func(t *ResumeTicket, _ *ClientConfig) { t.Until = uint64(w.unix()) },
		"length":             func(t *ResumeTicket, _ *ClientConfig) { *t = ResumeTicket{Until: t.Until} },
		"addresses":          func(t *ResumeTicket, _ *ClientConfig) { t.Addresses = nil },
		"pad":                func(_ *ResumeTicket, c *ClientConfig) { c.LeastProtection = ForwardSecret },
		"Hello is":           func(_ *ResumeTicket, c *ClientConfig) { c.Hello = make([]byte, 300) },
		"WireID is":          func(_ *ResumeTicket, c *ClientConfig) { c.WireID = []byte{1} },
		"Plain is":           func(_ *ResumeTicket, c *ClientConfig) { c.Plain = PlainOnly },
		"Random is":          func(_ *ResumeTicket, c *ClientConfig) { c.Random = &failing{} },
		"EpochPackets is -1": func(_ *ResumeTicket, c *ClientConfig) { c.EpochPackets = -1 },
	} {
		ticket, cfg := w.ticket(p, seat), ClientConfig{}
		change(ticket, &cfg)
		if _, err := NewResumeClient(w.now, w.unix(), ticket, cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := p.c.ResumeTicket(w.unix(), make([]byte, minTicketBytes-1)); err == nil {
		t.Error("a ticket that is too short")
	}
}

// TestResumeAddresses: the address that answered last is tried first, the others after two seconds of
// silence, and the last one until the timeout.
func TestResumeAddresses(t *testing.T) {
	v6 := netip.MustParseAddrPort("[2001:db8::1]:40000")
	w := newWorld(t, func(c *ServerConfig) { c.Addresses = []netip.AddrPort{v6, serverAddr} })
	token := w.mint(7, func(c *MintConfig) { c.Addresses = []netip.AddrPort{v6, serverAddr} })
	p := w.join(token, 1, nil)
	for p.c.State() != StateConnected && w.now < 10*second {
		w.step(100 * ms) // nobody is at the first address
	}
	seat := w.last().Seat
	w.toServer(p.at, p.data(0, ""))
	ticket := w.ticket(p, seat)
	if !slices.Equal(ticket.Addresses, []netip.AddrPort{serverAddr, v6}) {
		t.Fatalf("addresses %v", ticket.Addresses)
	}
	var tried []Source
	w.onServer = func(Source, []byte) bool { return false }
	q := w.comeBack(ticket, 2, nil)
	began := w.now
	for q.c.State() > 0 {
		if to := q.c.Server(); len(tried) == 0 || tried[len(tried)-1] != to {
			tried = append(tried, to)
			if len(tried) == 2 && w.now-began != 2*second {
				t.Errorf("the next address after %v", time.Duration(w.now-began))
			}
		}
		w.step(100 * ms)
	}
	if !slices.Equal(tried, []Source{SourceFrom(serverAddr), SourceFrom(v6)}) || q.c.State() != StateRequestTimedOut || w.now-began != 12*second {
		t.Errorf("tried %v, ended with %v after %v", tried, q.c.State(), time.Duration(w.now-began))
	}
}

// TestResumeEnds: with its ticket, by the client's own clock.
func TestResumeEnds(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	w.now += 57 * second
	w.onServer = func(Source, []byte) bool { return false }
	q := w.comeBack(ticket, 2, nil)
	for range 29 {
		w.step(100 * ms)
	}
	w.wantState(q, StateRequesting)
	w.step(100 * ms)
	w.wantState(q, StateTokenExpired)
}

// TestResumeHears: a client that resumes takes what answers its own RESUME, and nothing else.
func TestResumeHears(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	first, resume := w.sniffed(ticket, 2)
	earlier := w.toServer(first.at, bytes.Clone(resume)).Reply
	w.clients = w.clients[:1]
	w.now += second
	q, b := w.sniffed(ticket, 2)
	challenge := p.was.in.append(nil, kindChallenge, 1<<63, make([]byte, challengeBody))
	for name, b := range map[string][]byte{
		"an earlier ACCEPT": earlier, "its own RESUME": b, "a challenge": challenge,
		"GONE": appendGone(nil, make([]byte, 30)), "DATA": seal(seat.Sealer(), 0, 5, "early"),
	} {
		if ev := q.receive(bytes.Clone(b)); ev.Kind != ClientNone || ev.Drop == DropNone {
			t.Errorf("%s: %+v", name, ev)
		}
	}
	earlierReason, _ := appendReason(w.random, q.was.handshake, nil, Refusal{Code: CodeBanned}, wireID{}, echo(first.was.share[:8]), 500)
	if ev := q.receive(earlierReason); ev.Drop != DropUnexpected {
		t.Errorf("an earlier REASON: %+v", ev)
	}
	unasked, _ := appendReason(w.random, q.was.handshake, nil, Refusal{Code: CodeBanned}, wireID{}, echo{}, 500)
	if ev := q.receive(unasked); ev.Drop != DropUnexpected {
		t.Errorf("a REASON that echoes nothing: %+v", ev)
	}
	flagged, _ := (&accept{flags: flagContinue}).append(w.random, q.was.handshake, nil, wireID{}, &q.was.share)
	if ev := q.receive(flagged); ev.Drop != DropMalformed {
		t.Errorf("an ACCEPT that continues what nobody asked for: %+v", ev)
	}
	w.step(100 * ms)
	w.back(q)
	if b[0] != wire.PrefixHandshake || len(b) != minResumeBytes {
		t.Errorf("RESUME of %d bytes", len(b))
	}
}

// TestRetryUnasked: a client with a token takes no cookie, whoever has sealed it.
func TestRetryUnasked(t *testing.T) {
	w := newWorld(t, nil)
	p := w.join(w.mint(7, nil), 1, nil)
	b, _ := w.server.adm.cookies.appendRetry(w.random, p.was.handshake, nil, wireID{}, &p.was.share, make([]byte, cookieBytes))
	if ev := p.receive(b); ev.Kind != ClientNone || ev.Drop != DropUnexpected {
		t.Errorf("event %+v", ev)
	}
	w.step(0)
	w.wantState(p, StateConnected)
}

// TestAcceptContinues: in a handshake with a token the flag is malformed.
func TestAcceptContinues(t *testing.T) {
	w := newWorld(t, nil)
	w.onClient = func(_ Source, b []byte) bool { return b[0] != wire.PrefixHandshake }
	p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.Continue = 5 })
	w.step(0)
	w.wantState(p, StateResponding)
	b, _ := (&accept{flags: flagContinue}).append(w.random, p.was.handshake, nil, wireID{}, &p.was.share)
	if ev := p.receive(b); ev.Drop != DropMalformed {
		t.Errorf("event %+v", ev)
	}
}

// TestResumeReliable: over a transport that loses nothing RESUME goes each second.
func TestResumeReliable(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	sent := 0
	w.onServer = func(Source, []byte) bool { sent++; return false }
	q := w.comeBack(w.ticket(p, seat), 2, func(c *ClientConfig) { c.Reliable = true })
	for range 20 {
		w.step(100 * ms)
	}
	if w.wantState(q, StateRequesting); sent != 3 {
		t.Errorf("%d RESUMEs", sent)
	}
}

// TestResumeAfterGone: a server that was restarted says GONE, and the player is back a
// handshake later.
func TestResumeAfterGone(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokenLifetime = -1 })
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	w.restart()
	if ev := w.toServer(p.at, p.data(1, "anybody there?")); ev.Drop != DropUnknownID {
		t.Fatalf("event %+v", ev)
	}
	if got := p.last(); got.Kind != ClientGone {
		t.Fatalf("the client: %+v", got)
	}
	w.clients = nil
	q := w.comeBack(ticket, 1, nil)
	w.step(0)
	w.back(q)
}

// TestResumeForwardSecrecy: who gets hold of the ticket, the key that tickets are sealed under and
// the secret later does not read a recording, if the token asked for that.
func TestResumeForwardSecrecy(t *testing.T) {
	for _, want := range []MintConfig{{}, forwardSecret} {
		w := newWorld(t, nil)
		p, seat := w.confirmed(w.mint(7, protect(want)), 1)
		ticket := w.ticket(p, seat)
		var resumed, accepted []byte
		w.onServer = func(_ Source, b []byte) bool { resumed = bytes.Clone(b); return true }
		w.onClient = func(_ Source, b []byte) bool { accepted = bytes.Clone(b); return true }
		q := w.comeBack(ticket, 2, nil)
		w.step(0)
		_, nonce, _ := splitResume(resumed)
		k := newResumeKeys(ticket.secret(), testProtocol)
		var r resume
		var a accept
		if r.open(k, resumed, nonce) != DropNone || a.open(k, accepted, r.wireID, &r.share) != DropNone {
			t.Fatal("the secret does not open the handshake")
		}
		keys := k.traffic(&r.share, &a.share, nil, &trafficContext{protocolID: testProtocol, pad: ticket.pad, connectionID: a.connectionID})
		in := newOpener(keys.toServer)
		_, _, drop := in.open(w.now, q.data(0, "secret"), connectionIDBytes, 0)
		if opens := drop == DropNone; opens != !want.ForwardSecrecy {
			t.Errorf("forward secrecy %v: a recording opens: %v", want.ForwardSecrecy, opens)
		}
		if q.c.private != nil || w.last().Seat.coming.answer.agreed != nil {
			t.Error("an end keeps what both shares come to, or its private key")
		}
	}
}

// TestRetryDrawnByLot: of the cookies that come before the client has sent again each is as likely as
// the others to be used, and one that comes after that is used for sure.
func TestRetryDrawnByLot(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	q := w.comeBack(w.ticket(p, seat), 2, nil)
	jar := &w.server.adm.cookies
	give := func(n byte) {
		cookie := bytes.Repeat([]byte{n}, cookieBytes)
		b, _ := jar.appendRetry(w.random, q.was.handshake, nil, wireID{}, &q.was.share, cookie)
		q.receive(b)
	}
	var used [4]int
	for range 400 {
		q.c.NextDatagram(nil)
		for n := range byte(4) {
			give(n)
			if n == 0 && q.was.cookie[0] != 0 {
				t.Fatal("the first one was not used")
			}
		}
		used[q.was.cookie[0]]++
	}
	for n, times := range used {
		if times < 60 || times > 140 {
			t.Errorf("cookie %d was used %d times of 400", n, times)
		}
	}
}

// TestResumeNextAddress: an address that gave a cookie has two seconds more; at the next one there is
// none yet.
func TestResumeNextAddress(t *testing.T) {
	w := newWorld(t, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	ticket.Addresses = append(ticket.Addresses, otherAddr)
	arrived := 0
	w.onServer = func(Source, []byte) bool {
		if w.now >= 2*second {
			arrived++
		}
		return arrived == 1
	}
	q := w.comeBack(ticket, 2, nil)
	for w.now < 4*second-100*ms {
		w.step(100 * ms)
	}
	if w.wantState(q, StateResponding); q.c.Server() != SourceFrom(serverAddr) || q.was.cookie == nil {
		t.Fatalf("at %v, with cookie %x", q.c.Server(), q.was.cookie)
	}
	w.step(100 * ms)
	if w.wantState(q, StateRequesting); q.c.Server() != SourceFrom(otherAddr) || q.was.cookie != nil {
		t.Fatalf("at %v, with cookie %x", q.c.Server(), q.was.cookie)
	}
}
