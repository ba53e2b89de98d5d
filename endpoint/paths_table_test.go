package endpoint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A drive is one row of the table: half a minute of a game over one way or two.
type drive struct {
	name   string
	first  time.Duration // one way
	second time.Duration // of a second path; 0: there is none
	use    PathUse
	loss   [2]float64
	// reliable says that the second path repairs losses itself: they show as delay.
	reliable bool
	dies     bool // the first one, after ten seconds, for ten seconds
}

var drives = []drive{
	{name: "20 ms", first: 10 * time.Millisecond, loss: [2]float64{0.02}},
	{name: "80 ms", first: 40 * time.Millisecond, loss: [2]float64{0.02}},
	{name: "alternating", first: 10 * time.Millisecond, second: 40 * time.Millisecond, loss: [2]float64{0.02, 0.02}},
	{name: "copied", first: 10 * time.Millisecond, second: 40 * time.Millisecond, use: UseCopy, loss: [2]float64{0.02, 0.02}},
	{name: "alternating, 20 ms dies for 10 s", first: 10 * time.Millisecond, second: 40 * time.Millisecond, loss: [2]float64{0.02, 0.02}, dies: true},
	{name: "copied, 20 ms dies for 10 s", first: 10 * time.Millisecond, second: 40 * time.Millisecond, use: UseCopy, loss: [2]float64{0.02, 0.02}, dies: true},
	{name: "reserve, 20 ms dies for 10 s", first: 10 * time.Millisecond, second: 40 * time.Millisecond, use: UseReserve, loss: [2]float64{0.02, 0.02}, dies: true},
	{name: "20 ms beside a reliable 80 ms", first: 10 * time.Millisecond, second: 40 * time.Millisecond, loss: [2]float64{0.02, 0.02}, reliable: true},
	{name: "20 ms, a reliable 80 ms copies", first: 10 * time.Millisecond, second: 40 * time.Millisecond, use: UseCopy, loss: [2]float64{0.02, 0.02}, reliable: true},
	{name: "20 ms, a reliable 80 ms in reserve", first: 10 * time.Millisecond, second: 40 * time.Millisecond, use: UseReserve, loss: [2]float64{0.02, 0.02}, reliable: true},
}

// run plays it and returns a stream with what came.
func (d *drive) run(t testing.TB, seed uint64) *stream {
	s := newStream(newMesh(t, channels(), d.first, seed))
	s.ways[0].lossy(d.loss[0], 0)
	if d.second > 0 {
		w := s.addWay(1, 1, d.second).lossy(d.loss[1], 0)
		if d.reliable {
			w.repairs()
		}
		s.openPath(PathConfig{Route: 1, Use: d.use, Reliable: d.reliable})
		if err := s.ends[1].SetPath(s.now, 1, PathConfig{Route: 1, Use: d.use, Reliable: d.reliable}); err != nil {
			t.Fatal(err)
		}
	}
	s.lastAt = [2]int64{s.now, s.now}
	s.play(10 * time.Second)
	s.ways[0].dead = d.dies
	s.play(10 * time.Second)
	s.ways[0].dead = false
	s.play(10 * time.Second)
	s.settle(3 * time.Second)
	return s
}

// repairs makes a way like a stream: what it would lose comes a round trip later, and holds up what
// is behind it.
func (w *way) repairs() {
	for i := range w.links {
		l := &w.links[i]
		l.stalls, l.loss = l.loss, 0
	}
}

// quantile of times that are not sorted.
func quantile(all []int64, q float64) time.Duration {
	all = slices.Clone(all)
	slices.Sort(all)
	return time.Duration(all[int(q*float64(len(all)-1))]).Round(100 * time.Microsecond)
}

// TestPathsTable prints what two paths are worth against one: bytes that the client sends, how long
// its messages take, and what is missing.
func TestPathsTable(t *testing.T) {
	var table strings.Builder
	table.WriteString("| path | KB sent: first, second | reliable p50 | p99 | worst | unreliable p50 | p99 | missing | longest gap |\n")
	table.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	rows := map[string]*stream{}
	for _, d := range drives {
		s := d.run(t, 1)
		rows[d.name] = s
		first, second := s.ends[0].PathStats(0).BytesSent, s.ends[0].PathStats(1).BytesSent
		missing := float64(s.tick-len(s.seen[1])) / float64(s.tick) * 100
		fmt.Fprintf(&table, "| %s | %d, %d | %v | %v | %v | %v | %v | %.1f %% | %v |\n", d.name, first/1000, second/1000,
			quantile(s.reliable[1], 0.5), quantile(s.reliable[1], 0.99), quantile(s.reliable[1], 1),
			quantile(s.states[1], 0.5), quantile(s.states[1], 0.99), missing, time.Duration(s.gap[1]).Round(time.Millisecond))
	}
	t.Log("a game of sixty ticks a second, each with a reliable and an unreliable message; losses of 2 %\n" + table.String())
	fast, copied := rows["20 ms"], rows["copied"]
	if q := quantile(copied.reliable[1], 0.99); q > quantile(fast.reliable[1], 0.99) || len(copied.seen[1]) < len(fast.seen[1]) {
		t.Errorf("copies are no better than the fast path alone: p99 %v", q)
	}
	shared := quantile(rows["20 ms beside a reliable 80 ms"].reliable[1], 0.99)
	for _, name := range []string{"20 ms, a reliable 80 ms copies", "20 ms, a reliable 80 ms in reserve"} {
		if q := quantile(rows[name].reliable[1], 0.99); 2*q > shared {
			t.Errorf("%s: p99 %v, taking turns %v", name, q, shared)
		}
	}
	for _, name := range []string{"alternating, 20 ms dies for 10 s", "copied, 20 ms dies for 10 s", "reserve, 20 ms dies for 10 s"} {
		if q := quantile(rows[name].reliable[1], 1); q > 500*time.Millisecond {
			t.Errorf("%s: a reliable message took %v", name, q)
		}
	}
}
