package workload

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// recorded is a flow over a link of 1 Mbit/s: for two seconds a datagram of 1250 bytes each 10 ms,
// which is all that it takes; in the second one each waits for another 5 ms.
func recorded() (Cell, *Record) {
	link := simnet.LinkConfig{Delay: 20 * time.Millisecond, BitsPerSecond: 1_000_000}
	c := Cell{Workload: Mixed, Up: link, Down: link, For: 2 * time.Second, Settle: -1, Every: 500 * time.Millisecond}
	rec := &Record{Messages: 100, Up: Traffic{200, 250_000}}
	for i := range 200 {
		through := time.Duration(i+1) * 10 * time.Millisecond
		p := Passage{Sent: through - 10*time.Millisecond, Through: through, Arrives: through + 20*time.Millisecond, Bytes: 1250}
		if i >= 100 {
			p.Sent -= 5 * time.Millisecond
		}
		if i%10 == 9 {
			p.Arrives = Never
		} else {
			rec.Got = append(rec.Got, Arrival{p.Arrives, 1000})
		}
		rec.Passed = append(rec.Passed, p)
	}
	for i := range 98 { // two are missing
		rec.Latency = append(rec.Latency, 20*time.Millisecond+time.Duration(98-i)*time.Millisecond)
	}
	return c, rec
}

// TestJudge: the figures of a flow that somebody else played.
func TestJudge(t *testing.T) {
	c, rec := recorded()
	r, err := c.Judge(rec)
	if err != nil {
		t.Fatal(err)
	}
	const ms = time.Millisecond
	if want := (Spread{100, 50 * ms, 95 * ms, Never, Never}); r.Latency != want || r.Missing != 2 {
		t.Errorf("latency %+v, %d missing", r.Latency, r.Missing)
	}
	if want := (Spread{200, 0, 5 * ms, 5 * ms, 5 * ms}); r.Queue != want {
		t.Errorf("queue %+v", r.Queue)
	}
	// The last two datagrams arrive when nothing counts any more, and one of them is lost anyway.
	if want := 179 * 1000 * 8 / 2.0; r.Goodput != want || r.Payload != 180_000 {
		t.Errorf("goodput %.0f, want %.0f; payload %d", r.Goodput, want, r.Payload)
	}
	if r.Utilization < 0.99 || r.Utilization > 1.01 {
		t.Errorf("utilization %v of a link that was full", r.Utilization)
	}
	if r.SelfInflicted < 17*ms || r.SelfInflicted > 19*ms { // 10 to cross, 5 of waiting, and what is lost
		t.Errorf("self-inflicted delay %v", r.SelfInflicted)
	}
	if r.Ceiling < 940_000 || r.Ceiling > 960_000 || r.Up != rec.Up {
		t.Errorf("ceiling %.0f, %+v", r.Ceiling, r.Up)
	}
	if len(r.Series) != 4 || r.Series[1].Queue != 0 || r.Series[2].Queue != 5*ms || r.Series[3].Goodput != 45*1000*8*2 {
		t.Errorf("series %+v", r.Series)
	}
}

// TestJudgeStream: a link without a bottleneck has nothing but latencies.
func TestJudgeStream(t *testing.T) {
	c, rec := recorded()
	c.Workload, c.Up.BitsPerSecond, c.Down.BitsPerSecond = Stream, 0, 0
	rec.Latency, rec.Messages = rec.Latency[:50], 50
	r, err := c.Judge(rec)
	if err != nil || r.Missing != 0 || r.Latency.Max != 98*time.Millisecond || r.Series != nil {
		t.Errorf("%+v, %v", r.Latency, err)
	}
	if want := 250_000.0 / 50 / 128; r.Times() != want { // 100 bytes and 28 of headers, at least
		t.Errorf("%.3f times the least, want %.3f", r.Times(), want)
	}
}

// TestJudgeTrace: a trace began when the links were laid, which is before the clock begins.
func TestJudgeTrace(t *testing.T) {
	trace, err := simnet.ReadTrace(strings.NewReader("1000\n" + strings.Repeat("1500\n", 100) + "3000\n"))
	if err != nil {
		t.Fatal(err)
	}
	for laid, want := range map[time.Duration]float64{0: 1, -time.Second: 100} {
		c := Cell{Workload: Bulk, Up: simnet.LinkConfig{Trace: trace}, For: time.Second, Settle: -1}
		r, err := c.Judge(&Record{Laid: laid})
		if got := r.Ceiling / 8 / 1500 / c.payloadShare(); err != nil || math.Abs(got-want) > 0.25*want {
			t.Errorf("laid at %v: room for %.2f datagrams, %v; want %.0f", laid, got, err, want)
		}
	}
}

// TestJudgeRefuses: two flows are not in one record.
func TestJudgeRefuses(t *testing.T) {
	c, rec := recorded()
	c.Workload, c.For, c.Settle = Share, 0, 0
	_, err := c.Judge(rec)
	var cell *simnet.ConfigError
	if !errors.As(err, &cell) || cell.Field != "Workload" {
		t.Errorf("%v", err)
	}
	c.For = -1
	if _, err := c.Judge(rec); !errors.As(err, &cell) || cell.Field != "For" {
		t.Errorf("%v", err)
	}
}
