package simnet

import (
	"strings"
	"testing"
	"time"
)

func mustTrace(t testing.TB, lines string) *Trace {
	t.Helper()
	tr, err := ReadTrace(strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// checkTimes compares arrival times in milliseconds.
func checkTimes(t *testing.T, got []arrival, want ...float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d arrivals, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		if got[i].at != int64(w*1e6) {
			t.Errorf("arrival %d at %d ns, want %v ms", i, got[i].at, w)
		}
	}
}

func TestRateIsExact(t *testing.T) {
	// 972 + 28 bytes at 8 Mbit/s take one millisecond.
	l := mustLink(t, LinkConfig{BitsPerSecond: 8_000_000, Delay: 20 * time.Millisecond}, 1)
	for range 3 {
		l.Send(0, make([]byte, 972))
	}
	l.Send(10*ms, make([]byte, 472)) // finds the bottleneck idle
	checkTimes(t, drain(t, l), 21, 22, 23, 30.5)
}

// A rate that does not divide a second is still exact over a long time.
func TestRateDoesNotDrift(t *testing.T) {
	l := mustLink(t, LinkConfig{BitsPerSecond: 7_000_000, QueuePackets: -1}, 1)
	const n = 7000
	for range n {
		l.Send(0, make([]byte, 972))
	}
	got := drain(t, l)
	if last := got[n-1].at; last != n*8000*1e9/7_000_000 {
		t.Errorf("%d kB at 7 Mbit/s took %d ns, want exactly 8 s", n, last)
	}
}

func TestOverhead(t *testing.T) {
	for overhead, want := range map[int]float64{0: 1.028, 48: 1.048, -1: 1} {
		l := mustLink(t, LinkConfig{BitsPerSecond: 8_000_000, OverheadBytes: overhead}, 1)
		l.Send(0, make([]byte, 1000))
		checkTimes(t, drain(t, l), want)
	}
}

func TestDropTail(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  LinkConfig
		room int // datagrams of 1000 bytes with headers
	}{
		{"default", LinkConfig{}, 100},
		{"packets", LinkConfig{QueuePackets: 5}, 5},
		{"bytes", LinkConfig{QueueBytes: 200_999}, 200},
		{"both, packets first", LinkConfig{QueuePackets: 3, QueueBytes: 10_000}, 3},
		{"both, bytes first", LinkConfig{QueuePackets: 30, QueueBytes: 10_000}, 10},
		{"no bound", LinkConfig{QueuePackets: -1}, 1000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.BitsPerSecond = 8_000_000
			l := mustLink(t, tt.cfg, 1)
			for range 1000 {
				l.Send(0, make([]byte, 972))
			}
			if s := l.Stats(); s.Queued != tt.room || s.QueueDropped != uint64(1000-tt.room) {
				t.Fatalf("queued %d, dropped %d; want %d and %d", s.Queued, s.QueueDropped, tt.room, 1000-tt.room)
			}
			if tt.room == 1000 {
				return
			}
			// One leaves each millisecond, and so one finds room each millisecond.
			l.Send(ms-1, make([]byte, 972))
			l.Send(ms, make([]byte, 972))
			l.Send(ms, make([]byte, 972))
			got := drain(t, l)
			if len(got) != tt.room+1 {
				t.Fatalf("%d arrived, want %d", len(got), tt.room+1)
			}
			for i, a := range got {
				if a.at != int64(i+1)*ms {
					t.Fatalf("arrival %d at %d ns", i, a.at)
				}
			}
		})
	}
}

// At twice the rate of the narrow place half gets through, each after the delay
// of a full queue.
func TestOverload(t *testing.T) {
	l := mustLink(t, LinkConfig{BitsPerSecond: 12_800_000, OverheadBytes: -1, QueuePackets: 50}, 1)
	const n, each = 4000, ms / 16 // 100 bytes at 12.8 Mbit/s
	got := run(t, l, n, time.Duration(each/2))
	if want := n/2 + 49; len(got) < want-1 || len(got) > want+1 {
		t.Errorf("%d of %d arrived, want about %d", len(got), n, want)
	}
	for _, a := range got[100:] {
		if wait := a.at - int64(a.number())*each/2; wait <= 49*each-each/2 || wait > 50*each {
			t.Fatalf("number %d waited %d ns in a full queue", a.number(), wait)
		}
	}
}

func TestRateChangesUnderTheQueue(t *testing.T) {
	slow := LinkConfig{BitsPerSecond: 80_000} // 100 ms each
	fast := LinkConfig{BitsPerSecond: 8_000_000}
	l := mustLink(t, slow, 1)
	for range 4 {
		l.Send(0, make([]byte, 972))
	}
	if err := l.SetConfig(150*ms, fast); err != nil {
		t.Fatal(err)
	}
	checkTimes(t, drain(t, l), 100, 151, 152, 153)

	l = mustLink(t, fast, 1)
	for range 3 {
		l.Send(0, make([]byte, 972))
	}
	if err := l.SetConfig(ms/2, slow); err != nil { // the first is half across
		t.Fatal(err)
	}
	checkTimes(t, drain(t, l), 1, 101, 201)

	l = mustLink(t, slow, 1)
	for range 3 {
		l.Send(0, make([]byte, 972))
	}
	if err := l.SetConfig(10*ms, LinkConfig{}); err != nil { // no bottleneck any more
		t.Fatal(err)
	}
	checkTimes(t, drain(t, l), 10, 10, 10)
}

func TestTraceOfOneLine(t *testing.T) {
	tr := mustTrace(t, "1\n")
	if tr.BitsPerSecond() != 12_000_000 || tr.Duration() != time.Millisecond {
		t.Fatalf("a file that holds 1 is a %v", tr)
	}
	l := mustLink(t, LinkConfig{Trace: tr, QueuePackets: -1}, 1)
	for range 1000 {
		l.Send(0, make([]byte, 1472))
	}
	for i, a := range drain(t, l) {
		if a.at != int64(i+1)*ms {
			t.Fatalf("arrival %d at %d ns", i, a.at)
		}
	}
}

func TestTraceOpportunities(t *testing.T) {
	full, half, third := make([]byte, 1472), make([]byte, 722), make([]byte, 472)
	for _, tt := range []struct {
		name  string
		trace string
		sends []int64 // ms
		size  []byte
		want  []float64
	}{
		{"one each line, over the end", "2\n3\n10\n", []int64{0, 0, 0, 0, 0}, full, []float64{2, 3, 10, 12, 13}},
		{"a time repeated", "5\n5\n5\n10\n", []int64{0, 0, 0, 0, 0}, full, []float64{5, 5, 5, 10, 15}},
		{"small ones share", "4\n8\n", []int64{0, 0, 0, 0, 0}, half, []float64{4, 4, 8, 8, 12}},
		{"three share", "4\n8\n", []int64{0, 0, 0, 0}, third, []float64{4, 4, 4, 8}},
		{"one spans two", "4\n8\n", []int64{0, 0, 0}, make([]byte, 972), []float64{4, 8, 8}},
		{"larger than one", "1\n", []int64{0}, make([]byte, 4472), []float64{3}},
		{"what nobody waits for is wasted", "4\n8\n", []int64{5, 20}, full, []float64{8, 24}},
		{"the rest of one is wasted as well", "4\n8\n", []int64{0, 4}, third, []float64{4, 8}},
		{"at the instant is too late", "4\n8\n", []int64{4, 8, 16}, full, []float64{8, 12, 20}},
		{"a time of zero", "0\n5\n", []int64{0, 0, 0, 0}, full, []float64{5, 5, 10, 10}},
		{"far ahead", "7\n", []int64{7_000_000_003}, full, []float64{7_000_000_007}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := mustLink(t, LinkConfig{Trace: mustTrace(t, tt.trace)}, 1)
			var got []arrival
			for _, at := range tt.sends {
				got = runUntil(t, l, at*ms, got)
				l.Send(at*ms, tt.size)
			}
			checkTimes(t, append(got, drain(t, l)...), tt.want...)
		})
	}
}

func TestTraceBeginsWithTheLink(t *testing.T) {
	tr := mustTrace(t, "10\n100\n")
	l, err := NewLink(1000*ms, LinkConfig{Trace: tr}, 1)
	if err != nil {
		t.Fatal(err)
	}
	l.Send(1000*ms, make([]byte, 1472))
	checkTimes(t, drain(t, l), 1010)

	// Another configuration with the same trace goes on in it.
	cfg := LinkConfig{Trace: tr, Delay: time.Millisecond}
	if err := l.SetConfig(1050*ms, cfg); err != nil {
		t.Fatal(err)
	}
	l.Send(1050*ms, make([]byte, 1472))
	checkTimes(t, drain(t, l), 1101)

	cfg.TraceOffset = 95 * time.Millisecond
	if err := l.SetConfig(1200*ms, cfg); err != nil {
		t.Fatal(err)
	}
	l.Send(1200*ms, make([]byte, 1472))
	checkTimes(t, drain(t, l), 1206)
}

func TestTraceThroughputIsItsCapacity(t *testing.T) {
	tr, err := GenerateTrace(DriveConfig{Duration: 15 * time.Second}, 4)
	if err != nil {
		t.Fatal(err)
	}
	l := mustLink(t, LinkConfig{Trace: tr, QueuePackets: -1, MaxBytes: 1 << 30}, 1)
	n := 3 * tr.Opportunities()
	got := 0
	for range n {
		l.Send(0, make([]byte, 1472))
	}
	for _, ok := l.Receive(int64(2 * tr.Duration())); ok; _, ok = l.Receive(int64(2 * tr.Duration())) {
		got++
	}
	if want := 2 * tr.Opportunities(); got > want || got < want-4 {
		t.Errorf("%d datagrams crossed in two rounds of %d opportunities", got, tr.Opportunities())
	}
}
