package tickwire_test

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
)

// A mover is a player who talks with the server on which he is, and counts on when he is handed
// over to another one. Each reliable message has a number; those of a server begin with 1.
type mover struct {
	t     testing.TB
	w     *world
	c     *tickwire.Client
	conn  *tickwire.Conn // on which he speaks
	heard int
	said  uint64
	froms []*tickwire.Conn
	got   map[*tickwire.Conn]uint64 // by his Conns: the last number
	ended []tickwire.Event
}

func (w *world) mover(srv *tickwire.Server, player uint64, change func(*tickwire.ClientConfig)) *mover {
	w.t.Helper()
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, 16, byte(player >> 8), byte(player)}), 7000)
	c := w.joinOver(change, w.socket(at))
	return &mover{t: w.t, w: w, c: c, conn: w.dial(c, srv, player), got: map[*tickwire.Conn]uint64{}}
}

// tick listens, and says the next thing.
func (m *mover) tick() {
	m.listen()
	m.said++
	must(m.t, chat.Send(m.conn, binary.LittleEndian.AppendUint64(nil, m.said)))
}

func (m *mover) listen() {
	for c := range m.c.Conns() {
		for b := range chat.Receive(c) {
			m.got[c]++
			if n := binary.LittleEndian.Uint64(b); n != m.got[c] {
				m.t.Fatalf("message %d came where %d was due", n, m.got[c])
			}
		}
	}
	for ; m.heard < len(m.w.heard[m.c]); m.heard++ {
		switch ev := m.w.heard[m.c][m.heard]; ev.Kind {
		case tickwire.Connected:
			if m.conn = ev.Conn; ev.From != nil {
				m.froms = append(m.froms, ev.From)
			}
		case tickwire.Disconnected:
			m.ended = append(m.ended, ev)
		}
	}
}

// A stage is a server that talks to all players whom it has, and knows what it heard of each.
type stage struct {
	t     testing.TB
	w     *world
	srv   *tickwire.Server
	said  map[uint64]uint64   // by player
	got   map[uint64][]uint64 // likewise
	ended []tickwire.Event
	heard int
}

func (w *world) stage(change func(*tickwire.ServerConfig)) *stage {
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		cfg.MaxClients = 1000
		if change != nil {
			change(cfg)
		}
	})
	return &stage{t: w.t, w: w, srv: srv, said: map[uint64]uint64{}, got: map[uint64][]uint64{}}
}

func (s *stage) tick(speaks bool) {
	for c := range s.srv.Conns() {
		id := c.ClientID()
		for b := range chat.Receive(c) {
			s.got[id] = append(s.got[id], binary.LittleEndian.Uint64(b))
		}
		if speaks && c.Open() {
			s.said[id]++
			must(s.t, chat.Send(c, binary.LittleEndian.AppendUint64(nil, s.said[id])))
		}
	}
	for ; s.heard < len(s.w.heard[s.srv]); s.heard++ {
		if ev := s.w.heard[s.srv][s.heard]; ev.Kind == tickwire.Disconnected {
			s.ended = append(s.ended, ev)
		}
	}
}

// tokensFor are tokens for the stage, as any server with the key can mint them.
func (s *stage) tokensFor(player uint64) []byte {
	return s.w.mint(player, func(cfg *netcode.MintConfig) {
		cfg.Random = rand.NewChaCha8([32]byte{byte(player), byte(player >> 8), 1})
	}, s.srv.PublicAddresses()...)
}

// An exodus is a crowd of movers who talk, ten times a second, with the stage on which they are.
type exodus struct {
	*world
	from, to *stage
	movers   []*mover
	steps    int
	silent   bool
}

func newExodus(t *testing.T, n int) *exodus {
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: 0.03}))
	x := &exodus{world: w, from: w.stage(nil), to: w.stage(nil)}
	for i := range n {
		x.movers = append(x.movers, w.mover(x.from.srv, uint64(i)+1, nil))
	}
	w.until("everybody is in", func() bool { return len(players(x.from.srv)) == n })
	return x
}

// play is a step, and reports whether the first stage is through with everybody.
func (x *exodus) play() bool {
	x.steps++
	speaks := !x.silent && x.steps%6 == 0
	x.from.tick(speaks)
	x.to.tick(speaks)
	for _, m := range x.movers {
		if m.listen(); speaks {
			m.tick()
		}
	}
	return len(x.from.ended) == len(x.movers)
}

func (x *exodus) playFor(d time.Duration) {
	x.run(d, func() bool { x.play(); return false })
}

// wantAll wants all that the player with this index said to have come to one of the stages, in
// order, and all that they said to him; it returns how many messages that are.
func (x *exodus) wantAll(i int) int {
	x.t.Helper()
	m, id, from, to := x.movers[i], uint64(i)+1, x.from, x.to
	all := append(slices.Clone(from.got[id]), to.got[id]...)
	if len(all) != int(m.said) || len(from.got[id]) == 0 || len(to.got[id]) == 0 {
		x.t.Fatalf("player %d said %d, the servers heard %d and %d", i, m.said, len(from.got[id]), len(to.got[id]))
	}
	for k, number := range all {
		if number != uint64(k+1) {
			x.t.Fatalf("player %d: message %d came where %d was due", i, number, k+1)
		}
	}
	if len(m.froms) != 1 || m.got[m.froms[0]] != from.said[id] || m.got[m.conn] != to.said[id] || len(m.ended) != 1 || m.ended[0].Undelivered != 0 {
		x.t.Fatalf("player %d: %d hand-overs, %d of %d and %d of %d messages",
			i, len(m.froms), m.got[m.froms[0]], from.said[id], m.got[m.conn], to.said[id])
	}
	return len(all) + int(from.said[id]+to.said[id])
}

// TestHandOverLong: a thousand players, who talk with their server in both directions over links
// that lose, are handed over to another one. Not one reliable message is lost, doubled or out of
// order, of either server, or of any player.
func TestHandOverLong(t *testing.T) {
	n := 1000
	if raced {
		n = 50
	}
	x := newExodus(t, n)
	x.playFor(time.Second)
	began := x.nw.Now()
	for _, player := range players(x.from.srv) {
		must(t, player.HandOver(x.to.tokensFor(player.ClientID()), 20*time.Second))
	}
	x.until("the first server is through with everybody", x.play)
	took := x.nw.Now().Sub(began)
	x.playFor(time.Second)
	x.silent = true
	x.playFor(2 * time.Second)
	undelivered := 0
	for _, ev := range x.from.ended {
		if undelivered += ev.Undelivered; ev.Reason.Code != tickwire.CodeGoingAway {
			t.Errorf("ended: %v", ev.Reason)
		}
	}
	total := 0
	for i := range x.movers {
		total += x.wantAll(i)
	}
	if there, here := len(players(x.to.srv)), len(players(x.from.srv)); undelivered != 0 || there != n || here != 0 {
		t.Errorf("%d undelivered; %d players on the second server, %d on the first", undelivered, there, here)
	}
	t.Logf("%d players handed over in %v; %d reliable messages, none lost", n, took, total)
}

// TestHandOverRefused: a player who does not follow, or cannot get in at the other server, is
// disconnected when all has arrived, and knows why.
func TestHandOverRefused(t *testing.T) {
	for _, stays := range []bool{true, false} {
		w := newWorld(t)
		b := w.stage(func(cfg *tickwire.ServerConfig) {
			cfg.Admit = func(tickwire.Applicant) error { return &tickwire.Refusal{Code: tickwire.CodeBanned, Text: "there"} }
		})
		a := w.stage(nil)
		m := w.mover(a.srv, 7, func(cfg *tickwire.ClientConfig) { cfg.StayPut = stays })
		w.until("in", func() bool { return len(players(a.srv)) == 1 && m.conn.Open() })
		player := players(a.srv)[0]
		w.run(time.Second, func() bool { a.tick(true); m.tick(); return false })
		must(t, player.HandOver(b.tokensFor(7), time.Minute))
		began := w.nw.Now()
		w.until("over", func() bool { m.listen(); a.tick(false); return m.conn.Reason() != tickwire.Reason{} })
		w.run(time.Second, func() bool { m.listen(); a.tick(false); return false })
		if r := m.conn.Reason(); r.Code != tickwire.CodeGoingAway || w.nw.Now().Sub(began) > 3*time.Second {
			t.Errorf("ended after %v: %v", w.nw.Now().Sub(began), r)
		}
		if len(a.got[7]) != int(m.said) || m.got[m.conn] != a.said[7] {
			t.Errorf("%d of %d and %d of %d messages came", len(a.got[7]), m.said, m.got[m.conn], a.said[7])
		}
		first := m.ended[0]
		if stays && (len(m.ended) != 1 || first.From != nil) {
			t.Errorf("told %+v", m.ended)
		}
		if !stays && (len(m.ended) != 2 || first.From != m.conn || first.Reason.Code != tickwire.CodeBanned) {
			t.Errorf("told %+v", m.ended)
		}
	}
}

// TestHandOverErrors: what cannot be handed over is said at once, and goes on.
func TestHandOverErrors(t *testing.T) {
	w := newWorld(t)
	a, b := w.stage(nil), w.stage(nil)
	m := w.mover(a.srv, 7, nil)
	w.until("in", func() bool { return len(players(a.srv)) == 1 && m.conn.Open() })
	player := players(a.srv)[0]
	good := b.tokensFor(7)
	var token *netcode.TokenError
	if err := player.HandOver(good[:100], time.Second); !errors.As(err, &token) {
		t.Errorf("cut short: %v", err)
	}
	parsed, err := netcode.ParseTokenList(good)
	must(t, err)
	many := netcode.TokenList(slices.Repeat(parsed, 8)).Append(nil)
	var field *tickwire.ConfigError
	if err := player.HandOver(many, time.Second); !errors.As(err, &field) || field.Field != "tokens" {
		t.Errorf("too many: %v", err)
	}
	if err := m.conn.HandOver(good, time.Second); err != tickwire.ErrHandOver {
		t.Errorf("a client: %v", err)
	}
	if !player.Open() || !m.conn.Open() {
		t.Fatal("an error ended the connection")
	}
	must(t, player.HandOver(good, time.Second))
	if err := player.HandOver(good, time.Second); !errors.Is(err, tickwire.ErrClosed) {
		t.Errorf("twice: %v", err)
	}
}

// TestHandOverElsewhere: tokens for another game are no reason to go anywhere; the player is
// drained where he is.
func TestHandOverElsewhere(t *testing.T) {
	w := newWorld(t)
	a, b := w.stage(nil), w.stage(nil)
	m := w.mover(a.srv, 7, nil)
	w.until("in", func() bool { return len(players(a.srv)) == 1 && m.conn.Open() })
	tokens := w.mint(7, func(cfg *netcode.MintConfig) { cfg.ProtocolID = 8 }, b.srv.PublicAddresses()...)
	must(t, players(a.srv)[0].HandOver(tokens, time.Minute))
	began := w.nw.Now()
	w.until("over", func() bool { m.listen(); a.tick(false); return m.conn.Reason() != tickwire.Reason{} })
	if r := m.conn.Reason(); r.Code != tickwire.CodeGoingAway || w.nw.Now().Sub(began) > time.Second || len(m.froms) != 0 || len(players(b.srv)) != 0 {
		t.Errorf("%d hand-overs, ended after %v: %v", len(m.froms), w.nw.Now().Sub(began), r)
	}
}

// TestHandOverSigned: where packets are signed only, no token goes over the line.
func TestHandOverSigned(t *testing.T) {
	for _, suite := range []netcode.Suite{netcode.SuiteChaCha20Poly1305, netcode.SuiteAES256GCM, netcode.SuiteSignedOnly} {
		w := newWorld(t)
		at := w.address()
		srv := w.serve(at, func(cfg *tickwire.ServerConfig) {
			cfg.DevelopmentToken = func(m *netcode.MintConfig) { m.Suite = suite }
		})
		conn := w.dial(w.join(nil), srv, 1)
		var own *tickwire.Conn
		w.until("connected", func() bool {
			for c := range srv.Conns() {
				own = c
			}
			return conn.Open() && own != nil
		})
		err := own.HandOver(w.mint(1, nil, w.address()), time.Second)
		if suite.Encrypts() {
			must(t, err)
			continue
		}
		var config *tickwire.ConfigError
		if !errors.As(err, &config) || config.Value != suite || !own.Open() {
			t.Errorf("%v: %v", suite, err)
		}
	}
}
