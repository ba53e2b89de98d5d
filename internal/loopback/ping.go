package loopback

import (
	"context"
	"errors"
	"time"

	"github.com/tickwire/tickwire"
)

// PingBytes is the size of a message that goes there and back.
const PingBytes = 32

// warmUp is how many messages go before anything is measured.
const warmUp = 512

// Ping is the round trip of one small reliable message, there and back through the game at the
// other end. Both ends block while there is nothing to do.
func Ping(more ...Contestant) *Bench {
	return &Bench{
		Name:        "ping",
		What:        "a reliable message of 32 bytes, there and back; both ends block in between",
		Contestants: append([]Contestant{{Bare, barePing}, {Stepped, steppedPing}, {Shared, sharedPing}}, more...),
		columns: []column{
			{"p50", "µs", func(s *Sample) float64 { return s.percentile(50) }, true},
			{"p99", "µs", func(s *Sample) float64 { return s.percentile(99) }, false},
			{"CPU", "µs", func(s *Sample) float64 { return s.each(float64(s.CPU)) / 1e3 }, true},
			allocsColumn,
		},
		floors: func(r *Report) []Floor {
			return []Floor{
				{Name: Stepped + ": p50 of a round trip, as a multiple of bare UDP's", Value: r.Figure(Stepped, "p50 "+timesBare), Bound: 1.4},
				{Name: Shared + ": p50 of a round trip, as a multiple of bare UDP's", Value: r.Figure(Shared, "p50 "+timesBare), Bound: 1.4},
				allocsFloor(r, Stepped), allocsFloor(r, Shared),
			}
		},
	}
}

var allocsColumn = column{"allocations", "a message", func(s *Sample) float64 { return s.each(float64(s.Allocs)) }, false}

// allocsFloor asks for no allocations. What the runtime does now and then by itself, say when it
// collects garbage of the other contestants, is a few in all.
func allocsFloor(r *Report, row string) Floor {
	return Floor{Name: row + ": allocations a message", Value: r.Figure(row, allocsColumn.name), Bound: 0.01}
}

// A pinger keeps count of round trips.
type pinger struct {
	trial  Trial
	warm   int // how many went before anything was measured
	meter  Meter
	last   time.Time // when the last one came, or the first
	sample Sample
}

// back notes that a message is back, and reports whether another one shall go.
func (p *pinger) back() bool {
	if p.sample.RoundTrips == nil {
		if p.warm == 0 {
			p.last = time.Now()
		}
		if p.warm++; p.trial.warm(p.warm, p.last) {
			p.sample.RoundTrips = make([]time.Duration, 0, mostRoundTrips)
			p.meter, p.last = StartMeter(), time.Now()
		}
		return true
	}
	now := time.Now()
	p.sample.RoundTrips = append(p.sample.RoundTrips, now.Sub(p.last))
	p.last = now
	n := len(p.sample.RoundTrips)
	if n < mostRoundTrips && !p.trial.over(n, p.meter.began) {
		return true
	}
	times := p.sample.RoundTrips
	p.sample = p.meter.Stop()
	p.sample.Messages, p.sample.Bytes, p.sample.RoundTrips = n, int64(n)*PingBytes, times
	return false
}

// MeasurePings calls once for one round trip after the other.
func MeasurePings(t Trial, once func() error) (Sample, error) {
	for round := (pinger{trial: t}); ; {
		if err := once(); err != nil {
			return Sample{}, err
		}
		if !round.back() {
			return round.sample, nil
		}
	}
}

// mostRoundTrips bounds what is kept of one round.
const mostRoundTrips = 1 << 20

// steppedPing plays ping between a Client and a Server, each with a loop that waits for news.
func steppedPing(_ context.Context, t Trial) (Sample, error) {
	p, err := openStepped(t)
	if err != nil {
		return Sample{}, err
	}
	over := make(chan struct{})
	go p.echo(over)
	defer func() {
		p.srv.Post(func() { p.srv.Close() }) // which ends the echo
		<-over
		p.client.Close()
	}()
	message := make([]byte, PingBytes)
	return MeasurePings(t, func() error {
		if err := p.conn.Send(pings, message); err != nil {
			return err
		}
		p.client.Flush(time.Now())
		for {
			if err := p.client.WaitNews(time.Time{}); err != nil {
				return err
			}
			p.client.Update(time.Now())
			if _, ok := p.conn.Next(pings); ok {
				return nil
			}
		}
	})
}

// echo is a server that sends back what comes, until it is closed.
func (p *stepped) echo(over chan<- struct{}) {
	defer close(over)
	for p.srv.WaitNews(time.Time{}) == nil {
		now := time.Now() // of the step, as that of a Tick is
		p.srv.Update(now)
		for b, ok := p.player.Next(pings); ok; b, ok = p.player.Next(pings) {
			p.player.Send(pings, b) // fails when the round is over
		}
		p.srv.Flush(now)
	}
}

// sharedPing plays ping between a Session and a Hub.
func sharedPing(ctx context.Context, t Trial) (Sample, error) {
	p, err := openShared(ctx, t, func(ev tickwire.Event) {
		if ev.Kind == tickwire.Message {
			ev.Conn.Send(pings, ev.Payload) // fails when the round is over
		}
	})
	if err != nil {
		return Sample{}, err
	}
	defer p.close()
	message, round := make([]byte, PingBytes), pinger{trial: t}
	if err := p.session.Send(pings, message); err != nil {
		return Sample{}, err
	}
	for ev := range p.session.Events(ctx) {
		if ev.Kind != tickwire.Message {
			continue
		}
		if !round.back() {
			return round.sample, nil
		}
		if err := p.session.Send(pings, message); err != nil {
			return Sample{}, err
		}
	}
	return Sample{}, errors.Join(context.Cause(ctx), errEnded)
}

// errEnded says that a connection did not last for the trial.
var errEnded = errors.New("the connection ended")
