package netcode

import (
	"bytes"
	"encoding/binary"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// An unwanted datagram is one that a server drops; prepare makes it in a world with a
// connected player and his consumed token.
type unwanted struct {
	name    string
	prepare func(w *world, p *player) []byte
	from    Source // zero: the player's
	drop    Drop   // once nobody has any allowance left
}

var strangers = []unwanted{
	{"a forged request", func(w *world, _ *player) []byte {
		b := (&Client{token: w.mint(9, nil)}).appendRequest(nil)
		b[requestTokenAt] ^= 1
		return b
	}, source(99), DropSourceLimit},
	{"a request that was sniffed", func(w *world, _ *player) []byte {
		b := (&Client{token: w.mint(9, nil)}).appendRequest(nil)
		w.server.HandleDatagram(w.now, w.unix(), source(8), bytes.Clone(b), make([]byte, 0, 1500))
		return b
	}, source(99), DropSourceLimit},
	{"a request of a used token", func(_ *world, p *player) []byte {
		return (&Client{token: p.token}).appendRequest(nil)
	}, source(99), DropUsed},
	{"a forged OFFER for a token that is known", func(w *world, _ *player) []byte {
		var offered []byte
		w.onServer = func(_ Source, b []byte) bool {
			if b[0] == wire.PrefixHandshake {
				offered = bytes.Clone(b)
				return false
			}
			return true
		}
		w.join(w.mint(9, nil), 8, nil)
		w.step(0)
		w.onServer = nil
		offered[len(offered)-1] ^= 1
		return offered
	}, source(99), DropSourceLimit},
	{"a RESUME with a forged ticket", func(w *world, p *player) []byte {
		_, b := w.sniffed(w.ticket(p, w.last().Seat), 8)
		b[resumeTicketAt+int(binary.LittleEndian.Uint16(b[2:]))-1] ^= 1
		return b
	}, source(99), DropSourceLimit},
	{"a RESUME that was sniffed", func(w *world, p *player) []byte {
		_, b := w.sniffed(w.ticket(p, w.last().Seat), 8)
		return b
	}, source(99), DropSourceLimit},
	{"a RESUME that was sniffed, of the older of two tickets", func(w *world, p *player) []byte {
		older, newer := w.ticket(p, w.last().Seat), w.ticket(p, w.last().Seat)
		_, b := w.sniffed(older, 8)
		w.sniffed(newer, 8)
		return b
	}, source(99), DropSourceLimit},
	{"an invented OFFER", func(_ *world, _ *player) []byte {
		return append([]byte{wire.PrefixHandshake, longOffer, 0, 0, 0, 5}, make([]byte, minOfferBytes)...)
	}, source(99), DropUnknownToken},
	{"a forged packet of a player, from elsewhere", func(_ *world, p *player) []byte {
		b := p.data(77, "forged")
		b[len(b)-1] ^= 1
		return b
	}, source(99), DropSourceLimit},
	{"a forged packet of a player", func(_ *world, p *player) []byte {
		b := p.data(77, "forged")
		b[len(b)-1] ^= 1
		return b
	}, Source{}, DropForged},
	{"a forged plain response", func(w *world, _ *player) []byte {
		w.server.HandleDatagram(w.now, w.unix(), source(99), (&Client{token: w.mint(9, plainToken)}).appendRequest(nil), make([]byte, 0, 1500))
		return append([]byte{0x13, 7}, make([]byte, challengeBody+macBytes)...)
	}, source(99), DropSourceLimit},
	{"noise that looks like a packet of ours", func(*world, *player) []byte {
		return bytes.Repeat([]byte{0x09, 0, 1, 2, 8}, 20)
	}, source(99), DropUnknownID},
	{"noise that looks like a plain packet", func(*world, *player) []byte {
		return bytes.Repeat([]byte{0x15}, 100)
	}, source(98), DropUnknownSource},
	{"a request of another game", func(w *world, _ *player) []byte {
		b := (&Client{token: w.mint(9, nil)}).appendRequest(nil)
		b[requestProtocolAt] ^= 1
		return b
	}, source(99), DropProtocolID},
}

// TestStrangersAllocateNothing: a datagram that is not wanted costs no memory, is not answered
// any more after a while, and is counted by its reason; the player does not notice.
func TestStrangersAllocateNothing(t *testing.T) {
	for _, u := range strangers {
		w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
		p, _ := w.confirmed(w.mint(1, nil), 1)
		datagram := u.prepare(w, p)
		if u.from == (Source{}) {
			u.from = p.at
		}
		buf, reply := make([]byte, len(datagram)), make([]byte, 0, 1500)
		var ev Event
		send := func() {
			copy(buf, datagram)
			ev = w.server.HandleDatagram(w.now, w.unix(), u.from, buf, reply)
		}
		for range 5000 {
			send()
		}
		before := w.drops(u.drop)
		if allocs := testing.AllocsPerRun(500, send); allocs != 0 {
			t.Errorf("%s: %v allocations", u.name, allocs)
		}
		if ev.Drop != u.drop || len(ev.Reply) != 0 || w.drops(u.drop) != before+501 {
			t.Errorf("%s: %v, answered with %d bytes, counted %d times", u.name, ev.Drop, len(ev.Reply), w.drops(u.drop)-before)
		}
		if ev := w.toServer(p.at, p.data(78, "still here")); ev.Kind != EventPacket {
			t.Errorf("%s: and then the player's packet: %v", u.name, ev.Drop)
		}
	}
}

// TestRequestsAllocateNothing: nor do those that are opened or answered, when nothing limits them.
func TestRequestsAllocateNothing(t *testing.T) {
	for _, u := range strangers[:2] {
		w := newWorld(t, func(c *ServerConfig) { c.FailuresPerSecond, c.HandshakesPerSecond = -1, -1 })
		p, _ := w.confirmed(w.mint(1, nil), 1)
		datagram := u.prepare(w, p)
		buf, reply := make([]byte, len(datagram)), make([]byte, 0, 1500)
		before := w.server.Counters()
		if allocs := testing.AllocsPerRun(500, func() {
			copy(buf, datagram)
			w.server.HandleDatagram(w.now, w.unix(), u.from, buf, reply)
		}); allocs != 0 {
			t.Errorf("%s: %v allocations", u.name, allocs)
		}
		if c := w.server.Counters(); c.Decryptions+c.Challenges < before.Decryptions+before.Challenges+501 {
			t.Errorf("%s: %d decryptions and %d challenges", u.name, c.Decryptions-before.Decryptions, c.Challenges-before.Challenges)
		}
	}
}

// TestNoStateForStrangers: nothing that does not authenticate is remembered, whatever it is
// and wherever it comes from, and nothing but GONE answers it.
func TestNoStateForStrangers(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	r := newSeeded(4)
	buf := make([]byte, requestBytes)
	for i := range 50_000 {
		n := int(r.Uint64() % uint64(requestBytes))
		if i%4 == 0 {
			n = requestBytes
		}
		b := buf[:n]
		r.Read(b)
		if i%4 == 0 {
			copy(b, (&Client{token: &Token{Expires: uint64(testUnix) + 40, ProtocolID: testProtocol}}).appendRequest(nil)[:requestNonceAt])
		}
		w.now += second / 20_000
		ev := w.server.HandleDatagram(w.now, w.unix(), v4(uint32(r.Uint64()), uint16(i)), b, make([]byte, 0, 64))
		if ev.Kind != EventNone || len(ev.Reply) > 0 && (ev.Reply[0] != wire.PrefixGone || len(ev.Reply) >= n) {
			t.Fatalf("%d bytes of noise: %+v", n, ev)
		}
	}
	a := w.server.adm
	if len(a.tokens)+len(a.byMAC)+len(a.tokensByEnd)+len(a.clients)+len(a.shown.rows)+len(a.reserved) != 0 {
		t.Errorf("the tables know somebody: %+v", a)
	}
	if s := w.server; len(s.plain)+len(s.watched)+len(s.seats.seats)+s.parcels.len()+s.due.len() != 0 {
		t.Errorf("the server knows somebody: %+v", s)
	}
	c := w.server.Counters()
	if c.Gones > gonesASecond || c.Challenges+c.Reasons != 0 || c.Decryptions < 10_000 {
		t.Errorf("%d GONEs, %d challenges, %d REASONs, %d decryptions", c.Gones, c.Challenges, c.Reasons, c.Decryptions)
	}
}

// TestOfferOfAnotherChallenge: whoever has two tokens shows one of them in a victim's name, and
// answers with what he read of the other one's challenge. No seat is given in
// the victim's name.
func TestOfferOfAnotherChallenge(t *testing.T) {
	w := newWorld(t, nil)
	victim := source(66)
	mine, spoofed := w.mint(1, nil), w.mint(2, nil)
	c := w.join(mine, 1, nil)
	var offered []byte
	w.onServer = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake {
			offered = bytes.Clone(b)
			return false
		}
		return true
	}
	w.step(0)
	w.onServer = nil
	var o offer
	k := newHandshakeKeys(mine.keys(), testProtocol)
	if o.open(k, bytes.Clone(offered)) != DropNone {
		t.Fatal("the OFFER does not open")
	}
	ev := w.server.HandleDatagram(w.now, w.unix(), victim, (&Client{token: spoofed}).appendRequest(nil), make([]byte, 0, 1500))
	h, _ := readStandardHeader(ev.Reply, clientReads)
	body, _ := newPacketKey(&spoofed.keys().serverToClient, testProtocol).open(ev.Reply, h) // which the victim got, not he
	guessed := binary.LittleEndian.Uint64(body)

	o.padItems, o.sequence = spoofed.Pad.raw(), guessed
	b, _ := o.append(w.random, newHandshakeKeys(spoofed.keys(), testProtocol), nil)
	if ev := w.toServer(victim, b); ev.Drop != DropChallengeForged {
		t.Errorf("the challenge of the other token, with the number guessed: %+v", ev)
	}
	if ev := w.toServer(victim, bytes.Clone(offered)); ev.Drop != DropChallengeMoved || ev.Kind != EventNone {
		t.Errorf("the right answer from the wrong place: %+v", ev)
	}
	o.sequence = offerSequence(offered) + 1<<entryBits
	b, _ = o.append(w.random, k, nil)
	if ev := w.toServer(c.at, b); ev.Kind != EventNone {
		t.Errorf("a number that is not the challenge's: %+v", ev)
	}
	if len(w.events) != 0 || w.server.Admission().Clients() != 0 {
		t.Errorf("a seat was given: %+v", w.events)
	}
}

var (
	// secret are the names of what must be compared in constant time.
	secret = regexp.MustCompile(`(?i)key|secret|share|tail|\btag|private`)
	// open is what only looks like it: the zero key, lengths, pointers and policies.
	open = regexp.MustCompile(`Key\{\}|nil|len\(|Bytes|KeyChange|\.open\(`)
)

// TestSecretsComparedInConstantTime looks at every comparison of this package: those whose
// names speak of secrets are done by crypto/subtle or crypto/hmac.
func TestSecretsComparedInConstantTime(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen, careful := 0, 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		careful += bytes.Count(text, []byte("subtle.ConstantTimeCompare(")) + bytes.Count(text, []byte("hmac.Equal("))
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op != token.EQL && n.Op != token.NEQ {
					return true
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Equal" || hasName(f.X, "hmac") {
					return true
				}
			default:
				return true
			}
			var b strings.Builder
			printer.Fprint(&b, set, n)
			seen++
			if s := b.String(); secret.MatchString(s) && !open.MatchString(s) && !strings.Contains(s, "subtle.ConstantTimeCompare(") {
				t.Errorf("%s: %s takes a time that depends on a secret", set.Position(n.Pos()), s)
			}
			return true
		})
	}
	if seen < 200 || careful < 3 {
		t.Errorf("looked at %d comparisons and found %d careful ones: fewer than there are", seen, careful)
	}
}

func hasName(x ast.Expr, name string) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == name
}
