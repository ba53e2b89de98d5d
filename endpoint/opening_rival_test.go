package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A burglary is a client that opens a path over its second network, where somebody sees what it sends
// and is faster: from route 9, and with what is sent there he does what he likes.
type burglary struct {
	*stream
	w, own *way
	id     uint8
	sent   int // packets that the client has sent there
}

// newBurglary has those packets copied which copies says, by their numbers from 0.
func newBurglary(t *testing.T, seed uint64, relays bool, copies func(n int) bool) *burglary {
	b := &burglary{stream: newStream(newMesh(t, channels(), 30*time.Millisecond, seed))}
	b.play(time.Second)
	b.w = b.addWay(1, 1, 30*time.Millisecond)
	b.own = b.addWay(1, 9, 5*time.Millisecond)
	b.own.links[1].cut = !relays
	b.from[1] = b.w
	b.watch = func(end int, w *way, packet []byte) {
		if end == 0 && w == b.w {
			if b.sent++; copies(b.sent - 1) {
				b.own.links[0].send(b.now, packet)
			}
		}
	}
	b.open()
	return b
}

func (b *burglary) open() {
	b.t.Helper()
	var err error
	if b.id, err = b.ends[0].OpenPath(b.now, PathConfig{Route: 1}); err != nil {
		b.t.Fatal(err)
	}
}

// opened waits until the path is open at both ends, and goes to the client.
func (b *burglary) opened(within time.Duration) bool {
	b.t.Helper()
	for until := b.now + int64(within); b.now < until; b.play(time.Second / 60) {
		if b.state(0, b.id) == PathActive && b.state(1, b.id) == PathActive && b.ends[1].Route(b.id) == 1 {
			return true
		}
	}
	return false
}

// TestOpeningCopied: who copies the packets that open a path, and is faster, keeps it from being
// opened for no longer than until one comes that is news; and hardly anything goes to him.
func TestOpeningCopied(t *testing.T) {
	for first, within := range map[int]time.Duration{1: 400 * time.Millisecond, 2: 900 * time.Millisecond} {
		seeds(5, func(seed uint64) {
			b := newBurglary(t, seed, false, func(n int) bool { return n < first })
			if !b.opened(within) {
				t.Fatalf("seed %d, %d copied: path %d is %v, and %v at %d", seed, first, b.id, b.state(0, b.id), b.state(1, b.id), b.ends[1].Route(b.id))
			}
			b.play(4 * time.Second)
			if st := b.ends[1].PathStats(b.id); st.State != PathActive || st.Route != 1 || st.Moves != 0 || b.ends[1].Uses(9) {
				t.Errorf("seed %d, %d copied: %+v", seed, first, st)
			}
			if b.own.went > 3*b.own.came {
				t.Errorf("seed %d, %d copied: %d bytes came from him, %d went there", seed, first, b.own.came, b.own.went)
			}
			if all := b.events(0); len(all) != 1 || all[0].State != PathActive {
				t.Errorf("seed %d, %d copied: the client was told %v", seed, first, all)
			}
			b.settle(time.Second)
		})
	}
}

// TestOpeningForwarded: he hands the client what he gets, too. If he loses races before the path is
// open it goes to the client, who is slower, for good. If he loses none he has it lead over himself until he
// stops; if he hands on nothing, nobody can be asked but him. Path 0 is not disturbed.
func TestOpeningForwarded(t *testing.T) {
	for _, wins := range []int{0, 1} {
		b := newBurglary(t, 1, true, func(n int) bool { return n < wins || n > wins+8 })
		if !b.opened(400 * time.Millisecond) {
			t.Errorf("he wins %d races: path %d is %v, and %v at %d", wins, b.id, b.state(0, b.id), b.state(1, b.id), b.ends[1].Route(b.id))
		}
		b.play(2 * time.Second)
		if at := b.ends[1].Route(b.id); at != 1 {
			t.Errorf("he wins %d races: the path went to %d", wins, at)
		}
		b.settle(time.Second)
	}
	for _, relays := range []bool{false, true} {
		forwards := true
		b := newBurglary(t, 1, relays, func(int) bool { return forwards })
		if b.opened(3 * time.Second) {
			t.Fatalf("relays %v: path %d goes to %d", relays, b.id, b.ends[1].Route(b.id))
		}
		if b.gap[0] > int64(50*time.Millisecond) || b.gap[1] > int64(50*time.Millisecond) {
			t.Errorf("relays %v: gaps of %v and %v", relays, time.Duration(b.gap[0]), time.Duration(b.gap[1]))
		}
		if forwards = false; !relays {
			b.open()
		}
		b.own.links[1].cut = true
		if !b.opened(time.Second) {
			t.Errorf("relays %v: he has stopped, and the path goes to %d", relays, b.ends[1].Route(b.id))
		}
		b.settle(time.Second)
	}
}

// A query is a scripted endpoint that is asked for path 1 from several routes, by a packet of its own
// from each. Its peer acknowledges all.
type query struct {
	*script
	number uint64
	tokens map[Route]uint64 // of the first challenge that went there
}

func newQuery(t *testing.T, gap int64, routes ...Route) *query {
	q := &query{script: newScript(t, channels()), tokens: map[Route]uint64{}}
	q.hears([]byte{wire.TypePing})
	q.opensFrom(routes[0], 1, 1, 0)
	for _, r := range routes[1:] {
		q.lets(gap)
		q.from(r, append([]byte{wire.TypePing}, make([]byte, 30)...))
	}
	return q
}

// from has a packet of path 1 come from a route.
func (q *query) from(r Route, frame []byte) {
	q.number++
	q.e.HandlePacket(q.now, Incoming{Path: 1, From: r, Number: q.number, Frames: frame})
}

// lets milliseconds pass.
func (q *query) lets(ms int64) {
	for until := q.now + ms*milli; q.now < until; {
		for r, token := range q.asked() {
			if q.tokens[r] == 0 {
				q.tokens[r] = token
			}
		}
		if n := q.nextNumber(); n > 0 {
			q.hears(ack(n-1, n-1))
		}
		if p := q.e.paths.path(1); p.sent.Len() > 0 && p.route != NoRoute {
			last := p.sent.End() - 1
			q.from(p.route, wire.AppendAck(nil, &wire.Ack{HasPath: true, Path: 1, Largest: last, Ranges: []wire.AckRange{{}}}))
		}
		q.now = min(max(q.e.Deadline(), q.now+milli), until)
		q.e.HandleTimeout(q.now)
	}
}

// TestAskedBeside: of the routes from which something new of a path came that the peer opens, those that
// answer open it, and the slowest of them gets it, whatever the order.
func TestAskedBeside(t *testing.T) {
	type answer struct {
		ms   int64 // after the last one
		from Route
	}
	for name, c := range map[string]struct {
		gap     int64 // between their first packets
		routes  []Route
		answers []answer
		at      Route
		moves   uint64
	}{
		"only the first one":           {1, []Route{1, 2}, []answer{{20, 1}}, 1, 0},
		"only the second one":          {1, []Route{1, 2}, []answer{{20, 2}}, 2, 0},
		"the second one is slower":     {1, []Route{1, 2}, []answer{{20, 1}, {20, 2}}, 2, 1},
		"the second one is faster":     {100, []Route{1, 2}, []answer{{20, 1}, {20, 2}}, 1, 0},
		"the first one is slower":      {1, []Route{1, 2}, []answer{{20, 2}, {20, 1}}, 1, 1},
		"only the third one":           {260, []Route{1, 2, 3}, []answer{{300, 3}}, 3, 0},
		"the slowest of three":         {260, []Route{1, 2, 3}, []answer{{20, 2}, {20, 1}, {900, 3}}, 3, 1},
		"after the first was given up": {300, []Route{1, 2}, []answer{{1600, 2}}, 2, 0},
		"nobody":                       {260, []Route{1, 2, 3}, nil, NoRoute, 0},
	} {
		q := newQuery(t, c.gap, c.routes...)
		for _, said := range c.answers {
			q.lets(said.ms)
			q.from(said.from, response(q.tokens[said.from]))
		}
		q.lets(3000)
		st := q.e.PathStats(1)
		if open := c.at != NoRoute; st.Route != c.at && open || st.Moves != c.moves || (st.State == PathActive) != open {
			t.Errorf("%s: %+v", name, st)
		}
		for _, r := range c.routes {
			if q.e.Uses(r) != (r == c.at) {
				t.Errorf("%s: route %d is used %v", name, r, q.e.Uses(r))
			}
		}
	}
}
