package workload

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// TestReplay: the same cell, the same result; another seed, another one.
func TestReplay(t *testing.T) {
	for k := range kinds {
		c := alike(k, link(0.02, 2, 5_000_000), 5)
		c.For, c.Settle, c.Every = 6*time.Second, time.Second, 100*time.Millisecond
		c.Up.Jitter = 3 * time.Millisecond
		first, err := c.Run()
		if err != nil {
			t.Fatalf("%v: %v", k, err)
		}
		if again, _ := c.Run(); !reflect.DeepEqual(first, again) {
			t.Errorf("%v: the same seed gave\n%+v\nand then\n%+v", k, first, again)
		}
		c.Seed++
		if other, _ := c.Run(); reflect.DeepEqual(first, other) {
			t.Errorf("%v: another seed gave the same", k)
		}
		if len(first.Series) != 60 {
			t.Errorf("%v: %d points", k, len(first.Series))
		}
	}
}

// TestPerfectStream: without loss and queue no message is late at all, and each leaves alone, at
// its tick.
func TestPerfectStream(t *testing.T) {
	r := played(t, alike(Stream, link(0, 0, 0), 0), 1)[0]
	if r.Latency.Max != 0 || r.Messages != 3600 || r.Missing != 0 || r.Air.Lost != 0 || len(r.Latencies) != 3600 {
		t.Errorf("latency %v, %d messages, %d missing, %d lost", r.Latency, r.Messages, r.Missing, r.Air.Lost)
	}
	// 100 bytes, 28 of headers, 23 of seal, a header of six bytes or less, an ack now and then, and
	// for each fourth message a sum that would repair one.
	if b := r.BytesPerMessage(); b < 151+3+107/4 || b > 151+10+107/4 {
		t.Errorf("%.1f bytes a message", b)
	}
}

// TestBareBytes: what losses cost is seen beside what messages cost at least.
func TestBareBytes(t *testing.T) {
	least := played(t, alike(Stream, link(0, 0, 0), 0), 1)[0]
	r := played(t, alike(Stream, link(0.2, 0, 0), 0), 1)[0]
	if least.Times() < 1 || r.BareBytes != least.BareBytes || r.BareBytes < 151+3 || r.Times() < least.Times()+0.1 {
		t.Errorf("%.1f bytes at least, %.2f times as many without losses, %.2f times with them", r.BareBytes, least.Times(), r.Times())
	}
}

// TestStreamCrosses: over a bottleneck each datagram takes as long as its bytes.
func TestStreamCrosses(t *testing.T) {
	r := played(t, alike(Stream, link(0, 0, 1_000_000), 0), 1)[0]
	if r.Latency.P50 < 151*8*time.Microsecond || r.Latency.P50 > 162*8*time.Microsecond || r.Queue.Max != 0 {
		t.Errorf("latency %v, queue %v", r.Latency, r.Queue)
	}
}

// TestLongCeiling: what a link can give is known, however its rate changes.
func TestLongCeiling(t *testing.T) {
	c := alike(Step, link(0.1, 0, 10_000_000), 0)
	r := played(t, c, 1)[0]
	// From 2 s on: 18 s at 10 Mbit/s, 10 s at 2.
	want := (18*10e6 + 10*2e6) / 28 * (1200 - 31) / 1228 * 0.9
	if d := r.Ceiling/want - 1; d < -0.001 || d > 0.001 {
		t.Errorf("ceiling %.0f, want %.0f", r.Ceiling, want)
	}
	trace, err := simnet.ReadTrace(strings.NewReader("2\n2\n2\n10\n"))
	if err != nil {
		t.Fatal(err)
	}
	c = alike(Bulk, simnet.LinkConfig{Delay: time.Millisecond}, 0)
	c.Up.Trace = trace
	r = played(t, c, 1)[0]
	// 4 × 1500 bytes in each 10 ms.
	want = 4 * 1500 * 8 / 0.01 * (1200 - 31) / 1228
	if d := r.Ceiling/want - 1; d < -0.001 || d > 0.001 {
		t.Errorf("ceiling %.0f, want %.0f", r.Ceiling, want)
	}
	if r.Utilization > 1.001 || r.Utilization < 0.9 || r.Goodput > r.Ceiling*1.005 {
		t.Errorf("utilization %v, goodput %v of %v", r.Utilization, r.Goodput, r.Ceiling)
	}
}

// A fixed controller sends at a rate, whatever happens.
type fixed int

func (fixed) Sent(now int64, bytes, inFlight int)       {}
func (fixed) Acked(now int64, s endpoint.AckSample)     {}
func (fixed) Lost(now int64, s endpoint.LossSample)     {}
func (fixed) Spurious(now int64, s endpoint.LossSample) {}
func (fixed) WindowBytes() int                          { return 1 << 30 }
func (f fixed) BytesPerSecond() int                     { return int(f) }
func fixedRate(bitsPerSecond int) func() endpoint.Controller {
	return func() endpoint.Controller { return fixed(bitsPerSecond / 8) }
}

// TestLongSelfInflicted: who sends a little less than the link takes inflicts next to nothing on
// himself, who sends more inflicts the whole queue.
func TestLongSelfInflicted(t *testing.T) {
	c := alike(Bulk, link(0, 0, 10_000_000), 0)
	c.Controller = fixedRate(9_500_000)
	if r := played(t, c, 1)[0]; r.SelfInflicted > 2*time.Millisecond || r.Utilization < 0.94 || r.Utilization > 0.96 {
		t.Errorf("below the rate: %v at %.3f of the link", r.SelfInflicted, r.Utilization)
	}
	c.Controller = fixedRate(11_000_000)
	// 99 datagrams of 1228 bytes before each one.
	if r := played(t, c, 1)[0]; r.SelfInflicted < 90*time.Millisecond || r.SelfInflicted > 100*time.Millisecond || r.Queue.P50 < 90*time.Millisecond {
		t.Errorf("above the rate: %v, queue %v", r.SelfInflicted, r.Queue)
	}
}

// TestLongStepFound: a sender that is told nothing fills the queue when the rate falls, and finds the
// rate again because it never left it.
func TestLongStepFound(t *testing.T) {
	c := alike(Step, link(0, 0, 10_000_000), 0)
	c.Controller = fixedRate(9_500_000)
	r := played(t, c, 1)[0]
	if r.Shortened != Never || r.Regained > 500*time.Millisecond {
		t.Errorf("short again after %v, rate again after %v", r.Shortened, r.Regained)
	}
	c.Controller = fixedRate(1_900_000)
	if r = played(t, c, 1)[0]; r.Shortened != 0 || r.Regained != Never || r.RampUp != Never {
		t.Errorf("short again after %v, rate again after %v", r.Shortened, r.Regained)
	}
}

// TestLongRivalsMeet: two flows of one kind, and one beside TCP, use one bottleneck, and each gets
// what it asks for as long as there is enough.
func TestLongRivalsMeet(t *testing.T) {
	for _, later := range []time.Duration{10 * time.Second, -10 * time.Second} {
		c := alike(Share, link(0, 0, 10_000_000), 0)
		c.Controller, c.Later = fixedRate(4_000_000), later
		if r := played(t, c, 1)[0]; Evenness.Of(&r) < 98 || r.Utilization < 0.79 || r.Utilization > 0.81 {
			t.Errorf("%.0f and %.0f bits a second, %.3f of the link", r.Goodput, r.Other, r.Utilization)
		}
		c.Workload = Rival
		if r := played(t, c, 1)[0]; r.Part() < 0.35 || r.Part() > 0.45 || r.Utilization < 0.97 {
			t.Errorf("%.0f beside %.0f bits a second of TCP, %.3f of the link", r.Goodput, r.Other, r.Utilization)
		}
	}
}

// TestLongMixedOvertakes: the stream does not wait behind the bulk transfer in our own queue.
func TestLongMixedOvertakes(t *testing.T) {
	c := alike(Mixed, link(0, 0, 10_000_000), 0)
	c.Controller = fixedRate(9_000_000)
	if r := played(t, c, 1)[0]; r.Latency.P99 > 5*time.Millisecond || r.Efficiency() < 0.88 || r.Missing > 0 {
		t.Errorf("latency %v, %.2f of the ceiling", r.Latency, r.Efficiency())
	}
}

// TestLongWake: Bulk begins when it is to, and not before.
func TestLongWake(t *testing.T) {
	c := alike(Wake, link(0, 0, 10_000_000), 0)
	c.Controller, c.Every = fixedRate(9_500_000), time.Second
	r := played(t, c, 1)[0]
	if r.RampUp > 800*time.Millisecond || r.Efficiency() < 0.93 || r.Utilization > 0.96 || r.Latency.P99 > 5*time.Millisecond {
		t.Errorf("after %v, %.3f of the ceiling, utilization %.3f, latency %v", r.RampUp, r.Efficiency(), r.Utilization, r.Latency)
	}
	for _, p := range r.Series {
		if bulk := p.At > 10*time.Second; (p.Goodput > 100_000) != bulk {
			t.Errorf("%.0f bits a second at %v", p.Goodput, p.At)
		}
	}
}

// TestLongDuplex: both directions carry as much as they are asked to.
func TestLongDuplex(t *testing.T) {
	c := alike(Duplex, link(0, 0, 10_000_000), 0)
	c.Controller, c.Down.BitsPerSecond = fixedRate(3_800_000), 4_000_000
	if r := played(t, c, 1)[0]; r.Goodput < 3.4e6 || r.Goodput > 3.8e6 || r.Other < 3.4e6 || r.Other > 3.8e6 || r.Queue.P95 > 5*time.Millisecond {
		t.Errorf("%.0f and %.0f bits a second, queue %v", r.Goodput, r.Other, r.Queue)
	}
}

func TestValidate(t *testing.T) {
	narrow := link(0, 0, 1_000_000)
	for want, c := range map[string]Cell{
		"Workload is Kind(9)":          {Workload: 9},
		"For is -1s":                   {For: -time.Second},
		"For is 1s: want more than 2s": {For: time.Second, Settle: 2 * time.Second},
		"Every is -1ns":                {Every: -1},
		"Rate is -1":                   {Rate: -1},
		"Bytes is 7":                   {Bytes: 7},
		"TCP is true":                  {TCP: true},
		"Up.BitsPerSecond is 0":        {Workload: Mixed},
		"Steps[1].At is 1s":            {Up: narrow, Steps: []RateStep{{2 * time.Second, 1}, {time.Second, 1}}},
		"Steps[0].BitsPerSecond is 0":  {Up: narrow, Steps: []RateStep{{time.Second, 0}}},
		"Up.Corrupt is 0.1":            {Up: simnet.LinkConfig{Corrupt: 0.1}},
		"Down.Corrupt is 0.1":          {Down: simnet.LinkConfig{Corrupt: 0.1}},
		"Up.Loss is 2":                 {Up: simnet.LinkConfig{Loss: 2}},
		"Down.Delay is -1ns":           {Down: simnet.LinkConfig{Delay: -1}},
		"Channels[0].Name":             {Endpoint: func(c *endpoint.Config) { c.Channels[0].ID = 0 }},
	} {
		_, err := c.Run()
		if want == "Channels[0].Name" {
			if _, ok := errors.AsType[*endpoint.ConfigError](err); !ok {
				t.Errorf("a channel without a number: %v", err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestEndTells: a connection that ends while it is measured is an error, not a figure.
func TestEndTells(t *testing.T) {
	c := alike(Stream, link(0, 0, 0), 0)
	c.Up.Loss = 1
	c.Endpoint = func(cfg *endpoint.Config) { cfg.Timeout = 5 * time.Second }
	if _, err := c.Run(); err == nil || !strings.Contains(err.Error(), "ended with") {
		t.Errorf("a link that loses all gave %v", err)
	}
}
