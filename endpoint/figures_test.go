package endpoint

import (
	"encoding/binary"
	"flag"
	"fmt"
	"hash"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/figures-*.txt anew")

// Conversations over bad links, and what they cost: to the packet and the byte, and to the bit of
// every datagram. A seed gives the same conversation on each system and in each version, until
// somebody means to change what an endpoint sends, or when; who only moves code leaves all of it
// as it is, and who changes a rule sees here whom it concerns. Files are written anew by
//
//	go test ./endpoint -run Figures -update

// A record is what a conversation has cost so far.
type record struct {
	sum       hash.Hash64 // of every datagram, and when it went, and of all that was counted at times
	datagrams [2]int
	bytes     [2]int
}

func newRecord() *record { return &record{sum: fnv.New64a()} }

// datagram notes one that leaves an end.
func (r *record) datagram(now int64, end, way int, mark ECN, b []byte) {
	var head [8 + 3]byte
	binary.LittleEndian.PutUint64(head[:], uint64(now))
	head[8], head[9], head[10] = byte(end), byte(way), byte(mark)
	r.sum.Write(head[:])
	r.sum.Write(b)
	r.datagrams[end]++
	r.bytes[end] += len(b)
}

// look notes all that an end has counted and measured.
func (r *record) look(e *Endpoint) {
	fmt.Fprintln(r.sum, e.Stats(), e.PathStats(0), e.PathStats(1), e.Deadline(), e.Budget(e.now, e.now+second/60))
	for id := ChannelID(1); id <= 5; id++ {
		fmt.Fprintln(r.sum, e.ChannelStats(id))
	}
}

// row says what a conversation has cost, and what became of its messages.
func (r *record) row(name string, ends [2]*Endpoint) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-44s", name)
	for end, e := range ends {
		s := e.Stats()
		resent := s.MessagesResent + s.FragmentsResent
		fmt.Fprintf(&b, " |%6d%9d%7d%6d%6d%7d", r.datagrams[end], r.bytes[end], s.MessagesReceived, s.PacketsLost, resent, s.MessagesRebuilt)
	}
	fmt.Fprintf(&b, " | %016x\n", r.sum.Sum64())
	return b.String()
}

const figuresHead = "# of each end: datagrams, bytes, messages that came, packets lost, messages and pieces resent, messages rebuilt; " +
	"and a sum of every datagram and every figure\n"

// wantFigures compares rows with those of a file.
func wantFigures(t *testing.T, file string, rows []string) {
	t.Helper()
	name, text := "testdata/figures-"+file+".txt", figuresHead+strings.Join(rows, "")
	if *update {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	was := strings.SplitAfter(strings.TrimPrefix(string(want), figuresHead), "\n")
	for i, row := range rows {
		if i >= len(was) || was[i] != row {
			t.Errorf("now  %swas  %s", row, strings.Join(was[min(i, len(was)):min(i+1, len(was))], ""))
		}
	}
	if len(was) != len(rows)+1 {
		t.Errorf("%s has %d rows, want %d", name, len(was)-1, len(rows))
	}
}

// TestFiguresOfGames plays games in which everything happens, over links that lose, repeat and
// reorder.
func TestFiguresOfGames(t *testing.T) {
	var rows []string
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 0x66696775726573))
		variant := uint16(rnd.Uint32())
		g, r := newGame(t, variant), newRecord()
		g.watch = func(end int, b []byte) { r.datagram(g.now, end, 0, g.mark, b) }
		if g.mesh != nil {
			g.mesh.watch = func(end int, w *way, b []byte) {
				r.datagram(g.mesh.now, end, slices.Index(g.mesh.ways, w), g.mesh.marks[end], b)
			}
		}
		for i := range g.links {
			l := g.link(i, 0)
			l.loss, l.dup = float64(rnd.IntN(4))*0.1, float64(rnd.IntN(2))*0.1
			l.jitter = time.Duration(rnd.IntN(2)) * 30 * time.Millisecond
		}
		for n := range 250 {
			g.play(byte(rnd.Uint32()), byte(rnd.Uint32()))
			if n%10 == 0 {
				r.look(g.ends[0].Endpoint)
				r.look(g.ends[1].Endpoint)
			}
		}
		if g.finish(); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		rows = append(rows, r.row(fmt.Sprintf("game %d, variant %#04x", seed, variant), [2]*Endpoint{g.ends[0].Endpoint, g.ends[1].Endpoint}))
	}
	wantFigures(t, "games", rows)
}

// A bulk is a conversation of messages as fast as they go, beside sixty states a second each way.
type bulk struct {
	name   string
	kind   CongestionKind
	delay  time.Duration
	rate   int // of the line up, bytes a second
	queue  time.Duration
	loss   float64
	jitter time.Duration
	marks  func(n int, m ECN) ECN
	each   func(tick int, l *link) // what becomes of the line, a hundred times a second
	pauses bool                    // half of each second nothing is sent
	ticks  int
}

func (c bulk) play(t *testing.T) string {
	cfg := channels()
	cfg.Congestion.Kind = c.kind
	if c.kind == CongestionFixed {
		cfg.Congestion.BytesPerSecond = c.rate * 9 / 10
	}
	p, r := newPair(t, cfg, c.delay), newRecord()
	p.watch = func(end int, b []byte) { r.datagram(p.now, end, 0, p.mark, b) }
	p.links[0].rate, p.links[0].queue, p.links[0].router = c.rate, c.queue, c.marks
	for i := range p.links {
		p.links[i].loss, p.links[i].jitter = c.loss, c.jitter
	}
	p.open()
	for tick := range c.ticks {
		if c.each != nil {
			c.each(tick, &p.links[0])
		}
		for end := range p.ends {
			_, _ = p.ends[end].Send(chanOf(UnreliableLatest), message(tick, 50), SendOptions{})
			p.received(end, chanOf(UnreliableLatest))
		}
		for n := 0; n < 20 && !(c.pauses && tick%100 < 50); n++ {
			_, err := p.ends[0].Send(chanOf(ReliableOrdered), message(tick*20+n, 200+(tick*n)%5000), SendOptions{})
			if err != nil {
				break
			}
		}
		p.run(10 * time.Millisecond)
		p.received(1, chanOf(ReliableOrdered))
		if tick%10 == 0 {
			r.look(p.ends[0].Endpoint)
		}
		p.events(0)
	}
	return r.row(c.name, [2]*Endpoint{p.ends[0].Endpoint, p.ends[1].Endpoint})
}

// markLate marks one in so many datagrams as a router with a queue does.
func markLate(every int) func(n int, m ECN) ECN {
	return func(n int, m ECN) ECN {
		if m != NotECT && n%every == every-1 {
			return CE
		}
		return m
	}
}

// crowd is somebody else on the line, who takes what he gets: so many milliseconds of it in each ten,
// while the queue is not full.
func crowd(from, to int, ms int64) func(tick int, l *link) {
	return func(tick int, l *link) {
		now := second + int64(tick)*10*millisecond // about
		if tick >= from && tick < to && l.busy < now+int64(l.queue)*9/10 {
			l.busy = max(l.busy, now) + ms*millisecond
		}
	}
}

// TestFiguresOfBulk plays conversations over narrow lines, which end and begin, waver, lose and mark,
// and on which somebody else is.
func TestFiguresOfBulk(t *testing.T) {
	const ms = time.Millisecond
	line := func(kind CongestionKind, name string, change func(c *bulk)) bulk {
		c := bulk{name: fmt.Sprintf("%v, %s", kind, name), kind: kind, delay: 20 * ms, rate: megabit, queue: 100 * ms, ticks: 3000}
		change(&c)
		return c
	}
	var rows []string
	for _, kind := range []CongestionKind{CongestionDelay, CongestionAIMD} {
		for _, l := range []struct {
			name   string
			change func(c *bulk)
		}{
			{"1 Mbit/s", func(*bulk) {}},
			{"8 Mbit/s, six seconds", func(c *bulk) { c.rate, c.ticks = 8*megabit, 600 }},
			{"short queue", func(c *bulk) { c.queue = 15 * ms }},
			{"long round trip", func(c *bulk) { c.delay, c.queue = 150*ms, 300*ms }},
			{"2 % lost", func(c *bulk) { c.loss = 0.02 }},
			{"jitter", func(c *bulk) { c.jitter = 15 * ms }},
			{"marked", func(c *bulk) { c.marks = markLate(40) }},
			{"pauses", func(c *bulk) { c.pauses = true }},
			{"a step down and up", func(c *bulk) {
				c.each = func(tick int, l *link) { l.rate = []int{4, 1, 4}[tick/1000] * megabit / 4 }
			}},
			{"a rate that wavers", func(c *bulk) {
				c.each = func(tick int, l *link) { l.rate = (1 + tick*tick/7%5) * megabit / 3 }
			}},
			{"somebody else for a while", func(c *bulk) { c.each = crowd(500, 2000, 8) }},
			{"somebody else now and then", func(c *bulk) {
				c.each = func(tick int, l *link) { crowd(tick&^255, tick&^255+100, 5)(tick, l) }
			}},
			{"a line that dies for a second", func(c *bulk) {
				c.each = func(tick int, l *link) { l.cut = tick/100 == 10 }
			}},
		} {
			rows = append(rows, line(kind, l.name, l.change).play(t))
		}
	}
	rows = append(rows, line(CongestionFixed, "2 % lost", func(c *bulk) { c.loss = 0.02 }).play(t))
	wantFigures(t, "bulk", rows)
}

// TestFiguresOfPaths plays a game over two ways: in turn, copied and in reserve, while they lose, die and
// come back, and while the client moves and somebody forwards what he sees.
func TestFiguresOfPaths(t *testing.T) {
	var rows []string
	for _, c := range []struct {
		name          string
		first, second PathConfig
		happens       func(s *stream, second int)
	}{
		{"in turn", PathConfig{Weight: 3}, PathConfig{}, func(*stream, int) {}},
		{"copied", PathConfig{}, PathConfig{Use: UseCopy}, func(s *stream, n int) { s.ways[n%2].lossy(0.05*float64(n), 0) }},
		{"in reserve, the first dies", PathConfig{}, PathConfig{Use: UseReserve}, func(s *stream, n int) { s.ways[0].dead = n == 1 || n == 2 }},
		{"in turn, one dies and then the other", PathConfig{}, PathConfig{}, func(s *stream, n int) { s.ways[0].dead, s.ways[1].dead = n == 1, n == 3 }},
		{"in turn, and lossy", PathConfig{}, PathConfig{}, func(s *stream, n int) { s.ways[n%2].lossy(0.1, 5*time.Millisecond) }},
		{"the client moves", PathConfig{}, PathConfig{Use: UseReserve}, func(s *stream, n int) { s.rebind(0, Route(10+n)) }},
		{"somebody forwards", PathConfig{}, PathConfig{Use: UseReserve}, func(s *stream, n int) {
			if n == 1 {
				s.forward(9, true)
			}
		}},
		{"the second is set elsewhere, and closed", PathConfig{}, PathConfig{}, func(s *stream, n int) {
			switch n {
			case 1:
				s.addWay(2, 2, 5*time.Millisecond)
				_ = s.ends[0].SetPath(s.now, 1, PathConfig{Route: 2, Use: UseCopy})
			case 3:
				s.ends[0].ClosePath(s.now, 1)
			}
		}},
	} {
		s, r := twoPaths(t, 3, c.first, c.second), newRecord()
		for n := range 5 {
			s.watch = nil
			c.happens(s, n)
			forward := s.watch
			s.watch = func(end int, w *way, b []byte) {
				if r.datagram(s.now, end, slices.Index(s.ways, w), s.marks[end], b); forward != nil {
					forward(end, w, b)
				}
			}
			for range 5 {
				s.play(200 * time.Millisecond)
				r.look(s.ends[0])
				r.look(s.ends[1])
			}
		}
		rows = append(rows, r.row(c.name, s.ends))
	}
	wantFigures(t, "paths", rows)
}
