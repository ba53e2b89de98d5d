package netcode

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// A racer is on the way between one player and the server. He sees all their datagrams
// and cannot stop one, but he is faster than they are, and sends in the player's name
// or in anybody's, so many a second: evenly, or in one burst ahead of each datagram of the
// player. Where he sends from himself, he reads the answers.
type racer struct {
	*world
	raid    raid
	rate    int
	bursts  bool
	began   int64
	sent    int
	victim  Source
	player  *player // there, once he has come
	request []byte  // of his token
	answer  []byte  // his last OFFER, or response, once there is one
	line    []letter
	random  *seeded
	r       *rand.Rand
	buf     []byte
	reply   []byte
}

// A letter is a datagram of the player or the server on its way.
type letter struct {
	due      int64
	toServer bool
	b        []byte
}

// A raid is what a racer sends; where he has nothing to send yet, it is a forged request.
type raid struct {
	name  string
	plain bool // the player speaks plain netcode
	send  func(a *racer)
}

var raids = []raid{
	{"forged requests in his name", false, func(a *racer) { a.forgeRequest(a.victim) }},
	{"forged requests from everywhere and his network", false, func(a *racer) {
		if a.r.IntN(2) == 0 {
			a.forgeRequest(a.anybody())
			return
		}
		a.forgeRequest(v4(0x0a000000|a.r.Uint32()&0xff, uint16(a.r.Uint32())))
	}},
	{"forged OFFERs in his name", false, func(a *racer) { a.forgeAnswer(a.victim) }},
	{"forged OFFERs from everywhere", false, func(a *racer) { a.forgeAnswer(a.anybody()) }},
	{"his request from everywhere, forged OFFERs in his name", false, (*racer).mix},
	{"a plain player's request from everywhere, forged responses in his name", true, (*racer).mix},
	{"challenges that he was sent himself", false, func(a *racer) {
		if a.player == nil {
			return
		}
		a.tell(v4(0xcb007100|a.r.Uint32()&7, uint16(a.r.Uint32())), a.request)
		if len(a.reply) > 0 {
			a.player.receive(a.reply)
		}
	}},
}

func (a *racer) anybody() Source { return v4(a.r.Uint32(), uint16(a.r.Uint32())) }

// tell sends the server a datagram, and keeps the answer.
func (a *racer) tell(from Source, b []byte) {
	ev := a.server.HandleDatagram(a.now, a.unix(), from, append(a.buf[:0], b...), a.reply[:0])
	a.reply = ev.Reply
}

// forgeRequest shows a token that nobody minted.
func (a *racer) forgeRequest(from Source) {
	b := append(a.buf[:0], a.request...)
	a.random.Read(b[requestNonceAt : requestNonceAt+32])
	a.random.Read(b[requestMACAt:])
	a.tell(from, b)
}

// mix shows the player's request everywhere and forges his answers.
func (a *racer) mix() {
	if a.player == nil || a.r.IntN(4) > 0 {
		a.forgeAnswer(a.victim)
		return
	}
	a.tell(a.anybody(), a.request)
}

// forgeAnswer makes an OFFER that names the player's token and his challenge, or a plain response.
func (a *racer) forgeAnswer(from Source) {
	if a.answer == nil {
		a.forgeRequest(from)
		return
	}
	b := append(a.buf[:0], a.answer...)
	a.random.Read(b[len(b)-macBytes:])
	a.tell(from, b)
}

// attack sends what is due.
func (a *racer) attack() {
	for due := int((a.now - a.began) * int64(a.rate) / second); a.sent < due; a.sent++ {
		a.raid.send(a)
	}
}

// hold sees a datagram before it goes on its way.
func (a *racer) hold(toServer bool, b []byte) bool {
	if toServer && b[0] != wire.PrefixRequest {
		a.answer = bytes.Clone(b)
	}
	a.line = append(a.line, letter{a.now + 10*ms, toServer, bytes.Clone(b)})
	return false
}

// carry delivers what is due.
func (a *racer) carry() {
	for len(a.line) > 0 && a.line[0].due <= a.now {
		l := a.line[0]
		a.line = a.line[1:]
		if !l.toServer {
			a.player.receive(l.b)
			continue
		}
		if a.bursts {
			a.attack()
		}
		if a.tell(a.victim, l.b); len(a.reply) > 0 {
			a.hold(false, a.reply)
		}
	}
}

// race has a player connect, a second after the racer began, and returns how long it takes;
// false if he does not get in.
func (a *racer) race(client uint64) (took int64, in bool) {
	token := a.mint(client, func(c *MintConfig) { c.Plain = a.raid.plain })
	a.request, a.answer, a.line, a.clients = (&Client{token: token}).appendRequest(nil), nil, nil, nil
	a.victim, a.player, a.sent, a.began = source(uint16(1000+client)), nil, 0, a.now
	var joined int64
	for {
		if a.player == nil && a.now-a.began >= second {
			a.player, joined = a.join(token, uint16(1000+client), func(c *ClientConfig) {
				if a.raid.plain {
					c.Plain = PlainOnly
				}
			}), a.now
		}
		a.step(ms)
		a.carry()
		if !a.bursts || a.player == nil && a.now%(100*ms) == 0 {
			a.attack()
		}
		if a.player != nil && a.player.c.State() <= 0 || a.player != nil && a.player.c.State() == StateConnected {
			return a.now - joined, a.player.c.State() == StateConnected
		}
	}
}

func newRacer(t testing.TB, raid raid, rate int, bursts bool) *racer {
	a := &racer{
		raid: raid, rate: rate, bursts: bursts, random: newSeeded(11), r: rand.New(rand.NewPCG(11, 12)),
		buf: make([]byte, 0, 1500), reply: make([]byte, 0, 1500),
	}
	a.world = newWorld(t, func(c *ServerConfig) { c.MaxClients, c.Plain = 1000, PlainAllow })
	a.onServer = func(_ Source, b []byte) bool { return a.hold(true, b) }
	return a
}

// TestRaceLong: nobody who sees a handshake and sends faster keeps its player out, whatever he
// sends, in whose name and when.
func TestRaceLong(t *testing.T) {
	for _, raid := range raids {
		for _, rate := range []int{20_000, 200_000} {
			for _, bursts := range []bool{false, true} {
				a := newRacer(t, raid, rate, bursts)
				var times []int64
				for i := range uint64(4) {
					took, in := a.race(i)
					if !in {
						t.Errorf("%s, %d a second, bursts %v: kept out", raid.name, rate, bursts)
					}
					times = append(times, took/ms)
				}
				slices.Sort(times)
				t.Logf("%s, %d a second, bursts %v: in after %d ms", raid.name, rate, bursts, times)
			}
		}
	}
}

// TestChallengePassedOn: somebody shows a player's request at an address of his own, and passes
// the challenge on, before and behind each one of the player's. The player answers
// each of them once, and gets in.
func TestChallengePassedOn(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(1, nil)
	p := w.join(token, 1, nil)
	request := (&Client{token: token}).appendRequest(nil)
	offers, passed := 0, 0
	w.onServer = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake {
			offers++
		}
		return true
	}
	passOn := func() {
		ev := w.server.HandleDatagram(w.now, w.unix(), source(66), bytes.Clone(request), make([]byte, 0, 1500))
		if len(ev.Reply) > 0 && p.c.State() != StateConnected {
			p.receive(ev.Reply)
			passed++
		}
	}
	w.onClient = func(_ Source, b []byte) bool {
		if len(b) == 333 && p.c.State() != StateConnected {
			passOn()
			p.receive(bytes.Clone(b))
			if ev := p.receive(bytes.Clone(b)); ev.Drop != DropRepeated {
				t.Fatalf("the same challenge again: %+v", ev)
			}
			passOn()
			return false
		}
		return true
	}
	for range 20 {
		w.step(10 * ms)
	}
	w.wantState(p, StateConnected)
	if passed < 2 || offers > 1+passed {
		t.Errorf("%d challenges were passed on, and %d OFFERs sent", passed, offers)
	}
}
