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

// A record is what conversations have cost so far.
type record struct {
	sum                             hash.Hash64 // of every datagram, and when it went, and of all that was counted at times
	datagrams, bytes                [2]int
	received, lost, resent, rebuilt [2]uint64
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

// end adds what became of the messages of a conversation that is over.
func (r *record) end(ends [2]*Endpoint) {
	for end, e := range ends {
		s := e.Stats()
		r.received[end] += s.MessagesReceived
		r.lost[end] += s.PacketsLost
		r.resent[end] += s.MessagesResent + s.FragmentsResent
		r.rebuilt[end] += s.MessagesRebuilt
		r.look(e)
	}
}

// row says what it has cost.
func (r *record) row(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-40s", name)
	for end := range 2 {
		fmt.Fprintf(&b, " |%6d%9d%7d%6d%6d%7d", r.datagrams[end], r.bytes[end], r.received[end], r.lost[end], r.resent[end], r.rebuilt[end])
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

// TestFiguresOfGamesLong plays games in which everything happens, over links that lose, repeat and
// reorder, ten of them for a row.
func TestFiguresOfGamesLong(t *testing.T) {
	var rows []string
	for first := 0; first < 300; first += 10 {
		r := newRecord()
		for seed := first; seed < first+10; seed++ {
			r.game(t, uint64(seed))
		}
		rows = append(rows, r.row(fmt.Sprintf("games %d to %d", first, first+9)))
	}
	wantFigures(t, "games", rows)
}

// game plays one.
func (r *record) game(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 0x66696775726573))
	g := newGame(t, uint16(rnd.Uint32()), second)
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
	for n := range 300 {
		g.play(byte(rnd.Uint32()), byte(rnd.Uint32()))
		if n%10 == 0 {
			r.look(g.ends[0].Endpoint)
			r.look(g.ends[1].Endpoint)
		}
	}
	if g.finish(); t.Failed() {
		t.Fatalf("seed %d", seed)
	}
	r.end([2]*Endpoint{g.ends[0].Endpoint, g.ends[1].Endpoint})
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
	r.end([2]*Endpoint{p.ends[0].Endpoint, p.ends[1].Endpoint})
	return r.row(c.name)
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

// TestFiguresOfBulkLong plays conversations over narrow lines, which end and begin, waver, lose and mark,
// and on which somebody else is.
func TestFiguresOfBulkLong(t *testing.T) {
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

// wholeEvents are events that print with all that they have, whatever their kind.
func wholeEvents(all []Event) (bare []bareEvent) {
	for _, ev := range all {
		bare = append(bare, bareEvent(ev))
	}
	return bare
}

type bareEvent Event

// TestFiguresOfMessagesLong plays twenty seconds of messages of all deliveries, sizes and options both ways, over
// links that lose, repeat and reorder.
func TestFiguresOfMessagesLong(t *testing.T) {
	var rows []string
	for i, loss := range []float64{0, 0.01, 0.05, 0.1, 0.2, 0.3} {
		for _, jitter := range []time.Duration{0, 40 * time.Millisecond} {
			cfg, r := channels(), newRecord()
			for c := range cfg.Channels {
				ch := &cfg.Channels[c]
				ch.Priority, ch.Weight, ch.Repair = int8(c%2), 1+c, Repair((c+i)%int(RepairThrice+1))
				ch.MaxMessageBytes, ch.MaxQueuedBytes, ch.WindowBytes = 20_000, 60_000, 50_000
			}
			p := newPair(t, cfg, 25*time.Millisecond, uint64(i))
			p.watch = func(end int, b []byte) { r.datagram(p.now, end, 0, p.mark, b) }
			for l := range p.links {
				p.links[l].loss, p.links[l].jitter, p.links[l].dup = loss, jitter, loss/2
			}
			rnd := rand.New(rand.NewPCG(uint64(i), uint64(jitter)))
			for tick := range 1200 {
				for end := range p.ends {
					r.talk(p.ends[end].Endpoint, p.now, rnd, tick)
				}
				p.run(time.Second / 60)
				for end := range p.ends {
					for _, d := range deliveries[tick%3:] {
						fmt.Fprintln(r.sum, p.received(end, chanOf(d)))
					}
					fmt.Fprintln(r.sum, wholeEvents(p.events(end)))
					r.look(p.ends[end].Endpoint)
				}
			}
			r.end([2]*Endpoint{p.ends[0].Endpoint, p.ends[1].Endpoint})
			rows = append(rows, r.row(fmt.Sprintf("%.3g %% lost, jitter %v", 100*loss, jitter)))
		}
	}
	wantFigures(t, "messages", rows)
}

// talk has an end send some messages, with options by chance; what became of Send is noted.
func (r *record) talk(e *Endpoint, now int64, rnd *rand.Rand, tick int) {
	for _, d := range deliveries {
		if rnd.IntN(3) > 0 {
			continue
		}
		size := 8 + rnd.IntN(200)
		if rnd.IntN(40) == 0 {
			size = 1000 + rnd.IntN(8000)
		}
		opts := SendOptions{Receipt: rnd.IntN(2) == 0}
		if rnd.IntN(8) == 0 {
			e.SetNow(now)
			opts.TTL = max(time.Duration(rnd.Int64N(second/5)), 1)
		}
		if d.latest() && rnd.IntN(2) == 0 {
			opts.Keyed, opts.Key = true, rnd.Uint64N(6)
		}
		if d == ReliableOrdered {
			if opts.Droppable = rnd.IntN(3) == 0; !opts.Droppable || rnd.IntN(3) == 0 {
				opts.Group = uint32(rnd.IntN(4))
			}
		}
		receipt, err := e.Send(chanOf(d), message(tick, size), opts)
		fmt.Fprintln(r.sum, receipt, err)
	}
}

// TestFiguresOfPathsLong plays a game over two ways: in turn, copied and in reserve, while they lose, die and
// come back, and while the client moves and somebody forwards what he sees.
func TestFiguresOfPathsLong(t *testing.T) {
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
		r := newRecord()
		for seed := range uint64(3) {
			s := twoPaths(t, seed, c.first, c.second)
			for n := range 5 {
				s.watch = nil
				c.happens(s, n)
				r.second(s)
			}
			r.end(s.ends)
		}
		rows = append(rows, r.row(c.name))
	}
	wantFigures(t, "paths", rows)
}

// second lets a second of a stream pass. Somebody may forward it.
func (r *record) second(s *stream) {
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
