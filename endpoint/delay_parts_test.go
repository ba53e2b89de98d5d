package endpoint

import (
	"testing"
	"time"
)

// TestCubicAtAnyTime: the curve depends on the time since the loss, not on what the clock shows.
func TestCubicAtAnyTime(t *testing.T) {
	play := func(began int64) (sizes []int64) {
		var w cubicCurve
		w.begin(began, 200*packetBytes)
		w.lost(began)
		for now := began; now < began+20*second; now += second / 20 {
			w.acked(now, w.bytes, second/20, false)
			sizes = append(sizes, w.bytes)
		}
		return sizes
	}
	first, later := play(0), play(5000*second)
	for i := range first {
		if first[i] != later[i] {
			t.Fatalf("after %v: %d bytes, and %d at another time", time.Duration(i)*time.Second/20, first[i], later[i])
		}
	}
}

// TestCubicBounds: a window has two packets at least and a GiB at most.
func TestCubicBounds(t *testing.T) {
	var w cubicCurve
	for bytes, want := range map[int64]int64{0: 2 * packetBytes, 2*packetBytes + 1: 2*packetBytes + 1, 1 << 30: 1 << 30, 1 << 40: 1 << 30} {
		if w.begin(0, bytes); w.bytes != want || w.origin != want || w.reno != want {
			t.Errorf("%d bytes: %+v", bytes, w)
		}
	}
	w.begin(0, 3*packetBytes)
	for range 3 {
		w.lost(0)
	}
	if w.bytes != 2*packetBytes {
		t.Errorf("after losses %d bytes", w.bytes)
	}
	w.begin(0, 1<<30-5)
	for now := int64(0); now < 60*second; now += second / 10 {
		if w.acked(now, w.bytes, second/10, false); w.bytes > 1<<30 {
			t.Fatalf("%d bytes", w.bytes)
		}
	}
	if w.bytes != 1<<30 {
		t.Errorf("it ends at %d", w.bytes)
	}
}

// TestCubicBesideReno: where the curve is slow it grows as Reno would: with its β by 9/17 of a packet in a
// round trip until it is where it was, and by one from there on (RFC 9438, 4.3).
func TestCubicBesideReno(t *testing.T) {
	var w cubicCurve
	w.begin(0, 20*packetBytes)
	w.lost(0)
	const roundTrip = second / 100
	for n := range int64(30) {
		was := w.reno
		w.acked(n*roundTrip, w.bytes, roundTrip, false)
		want := int64(packetBytes)
		if was < 20*packetBytes {
			want = packetBytes * 9 / 17
		}
		if w.reno-was != want || w.bytes < w.reno {
			t.Errorf("round trip %d: grew by %d to %d, want %d; %d in all", n, w.reno-was, w.reno, want, w.bytes)
		}
	}
}

// TestCubeRoot: rounded down.
func TestCubeRoot(t *testing.T) {
	for _, n := range []int64{0, 1, 7, 8, 26, 27, 999, 1000, 1001, 1<<30 - 1, 1 << 30, 999_999_999_999, 1_000_000_000_000, 1 << 59, 1<<60 - 1, 1 << 60} {
		if r := cubeRoot(n); r < 0 || r*r*r > n || (r+1)*(r+1)*(r+1) <= n {
			t.Errorf("of %d: %d", n, r)
		}
	}
	for seconds, want := range map[int64]int64{0: 0, 1: packetBytes * 4 / 10, -1: -packetBytes * 4 / 10, 10: 400 * packetBytes, 100: 400_000 * packetBytes, 200: 400_000 * packetBytes, -200: -400_000 * packetBytes} {
		if got := cubed(seconds * 1000); got < want-1 || got > want+1 {
			t.Errorf("0.4 packets times %d s to the third: %d, want %d", seconds, got, want)
		}
	}
}

// marksOf are so many marks of a packet each that came every so many milliseconds, and half of which are
// known to have arrived.
func marksOf(n int, every int64) (r passage) {
	for i := range int64(n) {
		r.add(mark{at: second + i*every*millisecond, sent: i * every * millisecond, passed: i * 1000, delivered: i * 500}, 0)
	}
	return r
}

// TestPassageOver: a pace is that of the shortest time that is long enough, and of enough bytes; of the last 64
// marks, and of none before a rest.
func TestPassageOver(t *testing.T) {
	const ms = millisecond
	r := marksOf(200, 10)
	for _, c := range []struct {
		span, bytes int64
		ok          bool
	}{{100 * ms, 0, true}, {0, 1000, true}, {630 * ms, 0, true}, {631 * ms, 0, false}, {0, 63_000, true}, {0, 63_001, false}, {10 * ms, 1000, true}} {
		p, ok := r.over(c.span, c.bytes)
		if ok != c.ok || ok && (p.passed != 100_000 || p.delivered != 50_000 || p.limited) {
			t.Errorf("over %v and %d bytes: %+v, %v", time.Duration(c.span), c.bytes, p, ok)
		}
	}
	if got := r.shown(63_000); got != 100_000 {
		t.Errorf("shown: %d", got)
	}
	if got := r.shown(63_001); got != 0 {
		t.Errorf("shown of more: %d", got)
	}
	two := marksOf(2, 10)
	if p, ok := two.over(10*ms, 1000); !ok || p.passed != 100_000 {
		t.Errorf("of two marks: %+v, %v", p, ok)
	}
	one := marksOf(1, 10)
	if _, ok := one.over(0, 0); ok || one.shown(0) != 0 {
		t.Error("a pace of one mark")
	}
	last := *r.last()
	r.add(mark{at: last.at - 1, passed: last.passed + 5}, 0)
	r.add(mark{at: last.at + 1, passed: last.passed - 5}, 0)
	if *r.last() != last {
		t.Error("a mark that was overtaken counts")
	}
	r.add(mark{at: last.at + passageRest, passed: last.passed + 1000}, 0)
	if _, ok := r.over(0, 2000); !ok {
		t.Error("forgotten after a rest that is none")
	}
	r.add(mark{at: last.at + 2*passageRest + 1, passed: last.passed + 2000}, 0)
	if _, ok := r.over(0, 0); ok || r.n != 1 {
		t.Errorf("after a rest %d marks count", r.n)
	}
}

// TestPassageLimited: a sender that had too little to send has shown nothing from before, and a pace over that
// time says so.
func TestPassageLimited(t *testing.T) {
	r := marksOf(20, 10)
	last := *r.last()
	add := func(n int64, limited bool) {
		r.add(mark{at: last.at + n*10*millisecond, sent: last.sent + n*10*millisecond, passed: last.passed + n*1000, limited: limited}, 0)
	}
	add(1, true)
	if r.shown(0) != 0 {
		t.Error("shown while there was too little to send")
	}
	for n := range int64(5) {
		add(2+n, false)
	}
	if got := r.shown(4000); got != 100_000 {
		t.Errorf("shown since: %d", got)
	}
	if got := r.shown(4001); got != 0 {
		t.Errorf("shown of more than since then: %d", got)
	}
	if p, ok := r.over(40*millisecond, 0); !ok || p.limited {
		t.Errorf("since then: %+v", p)
	}
	if p, ok := r.over(50*millisecond, 0); !ok || !p.limited {
		t.Errorf("from before: %+v", p)
	}
}

// TestPassageKeepsSixteenths: of marks that come close together one for each sixteenth of a span stays, the last.
func TestPassageKeepsSixteenths(t *testing.T) {
	var r passage
	for i := range int64(1000) {
		r.add(mark{at: i * millisecond, passed: i, limited: i == 505}, 160*millisecond)
	}
	if r.n < 100 || r.n > 112 { // the newest may come a moment before its sixteenth is over
		t.Errorf("%d marks of a second", r.n)
	}
	limited := 0
	for i := uint64(1); i <= passageMarks; i++ {
		if r.before(i).limited {
			limited++
		}
	}
	if r.last().passed != 999 || limited != 1 {
		t.Errorf("the last is %+v, %d say that there was too little", *r.last(), limited)
	}
}

// TestLossesOfOurs: of what a path loses by itself three quarters at most are made up for, whatever
// looks have shown, so no rate is taken for more than four times what arrived. Until 64 packets are
// known nothing is said.
func TestLossesOfOurs(t *testing.T) {
	j := lossJudge{tolerated: 1000}
	for passed, want := range map[int64]int64{1 << 20: 4000, 3999: 3999, 900: 900} {
		if got := j.carried(pace{passed: passed, delivered: 1000}); got != want {
			t.Errorf("%d passed: carried %d, want %d", passed, got, want)
		}
	}
	for _, c := range []struct {
		tolerated, lost, packets int64
		part                     int64
		crowded                  bool
	}{
		{1000, 63, 63, 1024, false}, // too few to say
		{1000, 57, 64, 448, false},  // an eighth comes through, and counts four times
		{256, 16, 64, 1024, false},  // as many as the path loses anyway
		{256, 32, 64, 682, true},    // half comes through, of three quarters
	} {
		j := lossJudge{tolerated: c.tolerated, recent: share{c.lost * packetBytes, c.packets * packetBytes}}
		if part, crowded := j.crowded(); part != c.part || crowded != c.crowded {
			t.Errorf("%+v: %d, %v", c, part, crowded)
		}
		if c.packets == 64 && j.recent != (share{}) {
			t.Errorf("%+v: %+v are counted once more", c, j.recent)
		}
	}
}

// TestLossTakenBack: a loss that was none is taken out of the count that it went into, also of a packet
// that was sent at the very moment at which the rate was lowered.
func TestLossTakenBack(t *testing.T) {
	for _, sentAt := range []int64{second - 1, second, second + 1} {
		c := byDelay()
		c.cut = second
		s := LossSample{Bytes: packetBytes, SentAt: sentAt}
		c.Lost(2*second, s)
		if known := c.losses.recent.lost == 0; known != (sentAt < c.cut) || c.losses.usual.lost != packetBytes {
			t.Errorf("sent at %d: %+v", sentAt, c.losses)
		}
		if c.Spurious(2*second, s); c.losses.recent.lost != 0 || c.losses.usual.lost != 0 {
			t.Errorf("sent at %d, and taken back: %+v", sentAt, c.losses)
		}
	}
}

// TestMarginIsBounded: an irregular link lengthens the queue by what it does in a round trip, up to half
// of one, which counts for 20 ms at least and 60 ms at most.
func TestMarginIsBounded(t *testing.T) {
	for pipe, want := range map[int64]int64{0: 20, 40: 20, 80: 40, 120: 60, 1000: 60} {
		for _, m := range []queueMeter{{swing: second}, {rough: second}} {
			if got := m.margin(pipe * millisecond); got != want*millisecond {
				t.Errorf("a round trip of %d ms: %v, want %d ms", pipe, time.Duration(got), want)
			}
		}
	}
	for _, m := range []queueMeter{{swing: 7 * millisecond, rough: 5 * millisecond}, {swing: 5 * millisecond, rough: 7 * millisecond}} {
		if got := m.margin(second); got != 7*millisecond {
			t.Errorf("%+v: %v", m, time.Duration(got))
		}
	}
}

// TestLooksJudge: losses that go away when less is sent are ours, and what stays is all that is tolerated;
// others are the path's own, and half as many again are. Looks too short for twenty losses say nothing.
func TestLooksJudge(t *testing.T) {
	const packets = 400
	for _, c := range []struct {
		usual, looks, packets int64 // losses of 400, and of so many in looks
		judged, ours          bool
		tolerated             int64
	}{
		{100, 20, 79, false, false, firstTolerated},
		{100, 20, 80, true, false, 384 + slackTolerated}, // a quarter everywhere
		{100, 0, packets, true, true, slackTolerated},
		{100, 12, packets, true, true, 30 + slackTolerated},   // less than an eighth of a quarter
		{100, 13, packets, true, false, 384 + slackTolerated}, // more
		{100, 200, packets, true, false, 768 + slackTolerated},
	} {
		j := lossJudge{tolerated: firstTolerated, ours: !c.ours && c.judged}
		j.usual = share{c.usual * packetBytes, packets * packetBytes}
		j.looks = share{c.looks * packetBytes, c.packets * packetBytes}
		if judged := j.judge(); judged != c.judged || j.tolerated != c.tolerated || j.ours != c.ours {
			t.Errorf("%+v: judged %v, ours %v, tolerated %d", c, judged, j.ours, j.tolerated)
		}
	}
}

// TestMarksGrowWhenFull: a ring of marks has the memory that its marks need, also when it was emptied.
func TestMarksGrowWhenFull(t *testing.T) {
	var r passage
	for n := range int64(4) {
		r.add(mark{at: n * millisecond, passed: n}, 0)
	}
	for range 10 {
		r.n = 0
		r.add(mark{}, 0)
	}
	if len(r.marks) != 4 {
		t.Errorf("room for %d marks, there were four", len(r.marks))
	}
}

// TestFastestRate: no measurement says more than a GiB a second, which all that is computed has room for.
func TestFastestRate(t *testing.T) {
	for _, elapsed := range []int64{0, 1, second} {
		if got := perSecond(1<<40, elapsed); got != maxRate {
			t.Errorf("a TiB in %v is %d a second", time.Duration(elapsed), got)
		}
	}
}

// TestClimbByFour: below the hint a round trip takes a rate to four times what it was, and no further.
func TestClimbByFour(t *testing.T) {
	s := startup{hint: 1 << 24}
	s.climb(1<<20, second, 1)
	if s.window != 4<<20 || s.at != 0 {
		t.Errorf("a window of %d, there in round %d", s.window, s.at)
	}
	s.climb(4<<20, second, 2)
	if s.window != 1<<24 || s.at != 2 {
		t.Errorf("a window of %d, there in round %d", s.window, s.at)
	}
}

// TestOneLossInARoundTrip: beside rivals what was sent before the window was reduced does not reduce it once
// more, and what was sent since does.
func TestOneLossInARoundTrip(t *testing.T) {
	r := rivals{on: true, window: new(cubicCurve)}
	r.window.begin(0, 100*packetBytes)
	before := r.window.bytes
	for _, c := range []struct {
		now, sentAt int64
		reduces     bool
	}{{10, 5, true}, {20, 9, false}, {30, 10, true}, {40, 29, false}, {50, 45, true}} {
		if r.lost(c.now, c.sentAt); (r.window.bytes < before) != c.reduces {
			t.Errorf("sent at %d, lost at %d: %d bytes after %d", c.sentAt, c.now, r.window.bytes, before)
		}
		before = r.window.bytes
	}
	r.on = false
	if r.lost(60, 55); r.window.bytes != before {
		t.Error("it is reduced without rivals")
	}
}

// TestFollowsWhatCameThrough: on a varied path more than was known is believed also of a sender who had
// too little to send, and less only of one who had enough.
func TestFollowsWhatCameThrough(t *testing.T) {
	for _, c := range []struct {
		limited    bool
		rate, want int64
	}{{true, 1000, 2_000_000}, {true, 3_000_000, 3_000_000}, {false, 3_000_000, 2_000_000}} {
		d := byDelay()
		d.smooth, d.varies.rate = 20*millisecond, c.rate
		for n := range int64(5) {
			d.flow.add(mark{at: n * 50 * millisecond, passed: n * 100_000, delivered: n * 100_000, limited: c.limited}, 0)
		}
		if d.follow(); d.varies.rate != c.want {
			t.Errorf("limited %v, %d were known: %d, want %d", c.limited, c.rate, d.varies.rate, c.want)
		}
	}
}
