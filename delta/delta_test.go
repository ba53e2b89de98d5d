package delta_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/endpoint"
)

// A link carries messages in virtual ticks, loses and reorders them, and says later what arrived.
type link struct {
	rng      *rand.Rand
	loss     float64
	delay    int // ticks, and up to jitter more
	jitter   int
	now      int
	receipts endpoint.Receipt
	mail     []mail
}

type mail struct {
	at      int
	receipt endpoint.Receipt
	bytes   []byte // nil: it is the receipt on its way back
	lost    bool
}

func (l *link) send(b []byte) endpoint.Receipt {
	l.receipts++
	m := mail{at: l.now + l.delay + l.rng.IntN(l.jitter+1), receipt: l.receipts, bytes: slices.Clone(b)}
	if l.rng.Float64() < l.loss {
		m.at, m.bytes, m.lost = l.now+4*(l.delay+l.jitter+1), nil, true
	}
	l.mail = append(l.mail, m)
	return l.receipts
}

// A match is two ends over a link, and what the values should be.
type match struct {
	t        *testing.T
	link     *link
	from     *delta.Sender[uint16, state, *state]
	to       *delta.Receiver[uint16, state, *state]
	truth    map[uint16]*state
	order    []uint16
	room     int
	bytes    int
	messages int
}

func newMatch(t *testing.T, l *link) *match {
	from, err := delta.NewSender[uint16, state](delta.Config{})
	if err != nil {
		t.Fatal(err)
	}
	to, err := delta.NewReceiver[uint16, state](delta.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &match{t: t, link: l, from: from, to: to, truth: map[uint16]*state{}, room: 1000}
}

func (g *match) tick() {
	g.t.Helper()
	l := g.link
	l.now++
	for i := 0; i < len(l.mail); {
		m := l.mail[i]
		if m.at > l.now {
			i++
			continue
		}
		l.mail = slices.Delete(l.mail, i, i+1)
		switch {
		case m.lost:
			g.from.Lost(m.receipt)
		case m.bytes == nil:
			g.from.Delivered(m.receipt)
		default:
			for c, err := range g.to.Read(m.bytes) {
				if err != nil {
					g.t.Fatalf("tick %d: key %d: %v", l.now, c.Key, err)
				}
			}
			clear(m.bytes) // the library's again
			l.mail = append(l.mail, mail{at: l.now + l.delay + 1, receipt: m.receipt})
		}
	}
	g.put()
}

// put sends what there is, the keys in turn.
func (g *match) put() {
	g.from.Begin(nil, g.room)
	for i := range g.order {
		k := g.order[(i+g.link.now)%len(g.order)]
		fits, err := g.from.Put(k, g.truth[k])
		if err != nil {
			g.t.Fatal(err)
		}
		if !fits {
			break
		}
	}
	b, err := g.from.End()
	if err != nil {
		g.t.Fatal(err)
	}
	if len(b) > g.room {
		g.t.Fatalf("%d bytes, there is room for %d", len(b), g.room)
	}
	if len(b) > 0 {
		g.bytes += len(b)
		g.messages++
		g.from.Sent(g.link.send(b))
	}
}

// change changes the world a little.
func (g *match) change() {
	rng := g.link.rng
	if rng.IntN(20) == 0 && len(g.order) < 60 {
		if k := uint16(rng.IntN(80)); g.truth[k] == nil {
			g.truth[k], g.order = &state{HP: 100}, append(g.order, k)
		}
	}
	if rng.IntN(40) == 0 && len(g.order) > 1 {
		i := rng.IntN(len(g.order))
		g.from.Drop(g.order[i])
		delete(g.truth, g.order[i])
		g.order = slices.Delete(g.order, i, i+1)
	}
	for range len(g.order) / 3 {
		s := g.truth[g.order[rng.IntN(len(g.order))]]
		switch rng.IntN(4) {
		case 0:
			s.X += uint16(rng.IntN(9))
		case 1:
			s.Y -= uint16(rng.IntN(9))
		case 2:
			s.HP = uint8(rng.IntN(101))
		case 3:
			s.Items = s.Items[:rng.IntN(len(s.Items)+1)]
			s.Items = append(s.Items, uint8(rng.IntN(256)))
			s.Items = s.Items[:min(len(s.Items), 15)]
		}
	}
}

func (g *match) same() {
	g.t.Helper()
	if g.to.Len() != len(g.truth) {
		g.t.Errorf("%d values, want %d", g.to.Len(), len(g.truth))
	}
	for k, v := range g.to.All() {
		want := g.truth[k]
		if want == nil || v.X != want.X || v.Y != want.Y || v.HP != want.HP || !slices.Equal(v.Items, want.Items) {
			g.t.Errorf("key %d is %+v, want %+v", k, v, want)
		}
	}
}

// TestConverges: whatever is lost and however it is reordered, no baseline is ever missing; and what
// rests is the same at both ends, and costs nothing.
func TestConverges(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			g := newMatch(t, &link{rng: rng, loss: rng.Float64() * 0.9 * rng.Float64(), delay: rng.IntN(20), jitter: rng.IntN(30)})
			g.room = 60 + rng.IntN(1000)
			g.order, g.truth[7] = []uint16{7}, &state{}
			for range 1500 {
				g.change()
				g.tick()
			}
			g.link.loss = min(g.link.loss, 0.5)
			for range 2000 {
				g.tick()
			}
			g.same()
			before := g.bytes
			for range 50 {
				g.tick()
			}
			if g.bytes != before {
				t.Errorf("%d bytes of what rests", g.bytes-before)
			}
			if t.Failed() {
				t.Logf("replay: go test ./delta -run 'TestConverges/%d$'", seed)
			}
		})
	}
}

// TestOutageLong: nothing arrives for longer than any table is, then all does again.
func TestOutageLong(t *testing.T) {
	g := newMatch(t, &link{rng: rand.New(rand.NewPCG(1, 2)), delay: 3})
	g.order, g.truth[7] = []uint16{7}, &state{}
	for range 300 {
		g.change()
		g.tick()
	}
	g.link.loss = 1
	for range 70_000 { // as many messages as a baseline may be behind
		g.change()
		g.tick()
	}
	g.link.loss = 0
	for range 30 {
		g.tick()
	}
	g.same()
}

// TestSmall: in the steady state a delta of one changed field of many keys is a fraction of the values.
func TestSmall(t *testing.T) {
	g := newMatch(t, &link{rng: rand.New(rand.NewPCG(1, 2)), delay: 3})
	for k := range uint16(40) {
		g.order, g.truth[k] = append(g.order, k), &state{Items: []uint8{1, 2, 3, 4, 5, 6, 7, 8}}
	}
	for range 50 {
		g.tick()
	}
	before := g.bytes
	for range 100 {
		for _, k := range g.order {
			g.truth[k].X++
		}
		g.tick()
	}
	// 24 bits, and for each key 10 of the head, 4 that say what changed, 16 of X; once 6 of the baseline,
	// 6 of the first key and where they begin anew, and 1 behind the last.
	if got, want := g.bytes-before, 100*((24+40*30+6+2*6+1+7)/8); got > want {
		t.Errorf("%d bytes in 100 messages, want %d", got, want)
	}
}

// TestErrors: what the game may do wrong, and what a limit says.
func TestErrors(t *testing.T) {
	if _, err := delta.NewSender[int, state](delta.Config{MaxKeys: -1}); err == nil || err.Error() !=
		"tickwire: MaxKeys is -1: want at least 1, or 0 for 4096" {
		t.Error(err)
	}
	s, _ := delta.NewSender[int, state](delta.Config{MaxKeys: 2})
	r, _ := delta.NewReceiver[int, state](delta.Config{MaxKeys: 1})
	s.Begin([]byte("head"), 100)
	for _, c := range []struct {
		key  int
		v    state
		want string
	}{
		{1, state{HP: 101}, "delta: key 1: codec: state.HP (101): out of range, want 0..100"},
		{1, state{X: 5}, ""},
		{1, state{X: 6}, "delta: key 1: put twice into one message"},
		{-2, state{X: 7}, ""},
		{3, state{}, "delta: key 3: no more keys than Config.MaxKeys"},
	} {
		fits, err := s.Put(c.key, &c.v)
		if got := fmt.Sprint(err); c.want != "" && got != c.want || (c.want == "") != fits {
			t.Errorf("%d: %v, %q, want %q", c.key, fits, got, c.want)
		}
	}
	b, err := s.End()
	if err != nil || string(b[:4]) != "head" {
		t.Fatalf("%q, %v", b, err)
	}
	var said []string
	for c, err := range r.Read(b[4:]) {
		said = append(said, fmt.Sprint(c.Key, c.Value != nil, err))
	}
	want := []string{"1 true <nil>", "-2 false delta: key -2: no more keys than Config.MaxKeys"}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
}
