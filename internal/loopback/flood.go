package loopback

import (
	"context"
	"errors"
	"time"

	"github.com/tickwire/tickwire"
)

// floodBytes is the size of a message of a flood.
const floodBytes = 32

// Flood is small reliable messages as fast as both ends go.
func Flood(more ...Contestant) *Bench {
	return &Bench{
		Name: "flood",
		What: "reliable messages of 32 bytes one way, as fast as both ends go; bare UDP has a datagram for each",
		Contestants: append([]Contestant{
			{Bare, bareStream(floodBytes)}, {Stepped, steppedStream(floods, floodBytes)}, {Shared, sharedStream(floods, floodBytes)},
		}, more...),
		columns: []column{
			{"CPU", "ns a message", func(s *Sample) float64 { return s.each(float64(s.CPU)) }, true},
			{"wall", "ns a message", func(s *Sample) float64 { return s.each(float64(s.Wall)) }, false},
			allocsColumn,
		},
		floors: func(r *Report) []Floor {
			return []Floor{
				{Name: Stepped + ": CPU of both ends, ns a message", Value: r.Figure(Stepped, "CPU"), Bound: 350},
				{Name: Shared + ": CPU of both ends, ns a message", Value: r.Figure(Shared, "CPU"), Bound: 350},
				allocsFloor(r, Stepped), allocsFloor(r, Shared),
			}
		},
	}
}

const (
	bulkBytes     = 16 << 10 // a message of a transfer
	bareBulkBytes = 1472     // a datagram that an Ethernet frame holds
)

// Bulk is one transfer, without help of the system but what [Trial].Offloads says.
func Bulk(more ...Contestant) *Bench {
	return &Bench{
		Name: "bulk",
		What: "reliable messages of 16 KiB one way, as fast as both ends go; bare UDP has datagrams of 1472 bytes",
		Contestants: append([]Contestant{
			{Bare, bareStream(bareBulkBytes)}, {Stepped, steppedStream(bulks, bulkBytes)}, {Shared, sharedStream(bulks, bulkBytes)},
		}, more...),
		columns: []column{
			{"per CPU second", "MB", func(s *Sample) float64 { return over(float64(s.Bytes)/1e6, s.CPU.Seconds()) }, true},
			{"rate", "MB/s", func(s *Sample) float64 { return over(float64(s.Bytes)/1e6, s.Wall.Seconds()) }, false},
			allocsColumn,
		},
		floors: func(r *Report) []Floor {
			floors := []Floor{allocsFloor(r, Stepped), allocsFloor(r, Shared)}
			for _, c := range more {
				for _, face := range []string{Stepped, Shared} {
					floors = append(floors, Floor{
						Name:  face + ": MB per CPU second, against " + c.Name,
						Value: r.Figure(face, "per CPU second"), Bound: r.Figure(c.Name, "per CPU second"), Least: true,
					})
				}
			}
			return floors
		},
	}
}

// mostUnderWay bounds the messages that were sent and have not come, where nothing else does: so
// that a slow receiver fills no queue.
const mostUnderWay = 1000

// steppedStream returns a Runner that sends messages one way, from a Client to a Server that one
// loop steps.
func steppedStream(channel tickwire.ChannelID, size int) Runner {
	return func(_ context.Context, t Trial) (Sample, error) {
		p, err := openStepped(t)
		if err != nil {
			return Sample{}, err
		}
		defer p.close()
		message, sent, got, bytes := make([]byte, size), 0, 0, int64(0)
		turn := func() error {
			for sent-got < mostUnderWay && p.conn.Send(channel, message) == nil {
				sent++
			}
			p.step()
			for b, ok := p.player.Next(channel); ok; b, ok = p.player.Next(channel) {
				got, bytes = got+1, bytes+int64(len(b))
			}
			if !p.conn.Open() {
				return errEnded
			}
			return nil
		}
		return measureTurns(t, turn, func() (int, int64) { return got, bytes })
	}
}

// measureTurns calls turn until the trial is over; told says what has arrived so far.
func measureTurns(t Trial, turn func() error, told func() (messages int, bytes int64)) (s Sample, err error) {
	for messages, began := 0, time.Now(); !t.warm(messages, began); messages, _ = told() {
		if err := turn(); err != nil {
			return s, err
		}
	}
	before, bytesBefore := told()
	messages, bytes := before, bytesBefore
	m := StartMeter()
	for !t.over(messages-before, m.began) {
		if err := turn(); err != nil {
			return s, err
		}
		messages, bytes = told()
	}
	s = m.Stop()
	s.Messages, s.Bytes = messages-before, bytes-bytesBefore
	return s, nil
}

// A counter counts what arrives at a Hub, for another goroutine.
type counter struct {
	trial    Trial
	meter    Meter
	warm     int
	began    time.Time   // to warm up
	sample   chan Sample // gets the one when the trial is over
	messages int
	bytes    int64
}

func (c *counter) take(n int) {
	switch {
	case c.sample == nil:
		return
	case c.meter.began.IsZero():
		if c.warm++; c.trial.warm(c.warm, c.began) {
			c.meter = StartMeter()
		}
		return
	}
	c.messages, c.bytes = c.messages+1, c.bytes+int64(n)
	if c.messages%16 != 0 || !c.trial.over(c.messages, c.meter.began) {
		return
	}
	s := c.meter.Stop()
	s.Messages, s.Bytes = c.messages, c.bytes
	c.sample <- s
	c.sample = nil
}

// sharedStream returns a Runner that sends messages one way, from a Session to a Hub.
func sharedStream(channel tickwire.ChannelID, size int) Runner {
	return func(ctx context.Context, t Trial) (Sample, error) {
		result := make(chan Sample, 1)
		count := counter{trial: t, sample: result, began: time.Now()}
		p, err := openShared(ctx, t, func(ev tickwire.Event) {
			if ev.Kind == tickwire.Message {
				count.take(len(ev.Payload))
			}
		})
		if err != nil {
			return Sample{}, err
		}
		defer p.close()
		for message := make([]byte, size); ; {
			select {
			case s := <-result:
				return s, nil
			default:
			}
			if _, err := p.session.SendContext(ctx, channel, message, tickwire.SendOptions{}); err != nil {
				return Sample{}, errors.Join(err, context.Cause(ctx))
			}
		}
	}
}
