package workload

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// A run is a cell that is being played.
type run struct {
	cell   Cell
	play   *play
	ends   [2]*end
	result Result

	latency []time.Duration
	settled int // bulk bytes received after Settle
	charted int // payload received as of the last point
	ramp    ramp
}

// Run plays the cell.
func (c Cell) Run() (Result, error) {
	r := &run{cell: c.withDefaults()}
	if err := r.set(); err != nil {
		return Result{}, err
	}
	if err := r.playAll(); err != nil {
		return Result{}, err
	}
	r.finish()
	return r.result, errors.Join(r.ends[0].err, r.ends[1].err)
}

// set builds the stage.
func (r *run) set() (err error) {
	c := &r.cell
	if c.Workload > Mixed {
		return fmt.Errorf("workload: %v: want one of %v", c.Workload, kindNames)
	}
	if r.ends, err = newEnds(0, c); err != nil {
		return err
	}
	up, down := sealed(c.Up), sealed(c.Down)
	r.play = &play{extra: headerBytes + sealBytes - numberBytes}
	for i, cfg := range []simnet.LinkConfig{up, down} {
		if r.play.necks[i], err = newNeck(cfg, int64(c.Settle)); err != nil {
			return err
		}
	}
	r.ends[0].streams, r.ends[0].bulks = c.Workload.streams(), c.Workload.bulks()
	r.ends[0].until = int64(c.For)
	r.ends[1].took = r.took
	r.ends[0].took = func(int64, endpoint.ChannelID, []byte) {}
	r.result.Ceiling = CeilingBitsPerSecond(c.Up)
	r.ramp = ramp{target: int(r.result.Ceiling * rampShare / 8 * rampWindow.Seconds())}
	return r.play.newFlow(r.ends[0], r.ends[1], up, down, c.Seed)
}

// sealed counts the seal that our datagrams do not have.
func sealed(l simnet.LinkConfig) simnet.LinkConfig {
	if l.OverheadBytes == 0 {
		l.OverheadBytes = headerBytes
	}
	l.OverheadBytes = max(l.OverheadBytes, 0) + sealBytes - numberBytes
	return l
}

// playAll plays to the end: as long as messages are sent, and then until all of the stream's have
// arrived.
func (r *run) playAll() error {
	until, step := int64(r.cell.For), int64(r.cell.Every)
	if step > 0 {
		for at := step; at <= until; at += step {
			if err := r.play.run(at, r.failed); err != nil {
				return err
			}
			r.point()
		}
	}
	if err := r.play.run(until, r.failed); err != nil {
		return err
	}
	r.result.Stats = r.ends[0].Stats()
	if !r.cell.Workload.streams() {
		return nil
	}
	return r.play.run(until+int64(defaultGrace), func() bool {
		return r.failed() || len(r.latency) == len(r.ends[0].sentAt)
	})
}

func (r *run) failed() bool { return r.ends[0].err != nil || r.ends[1].err != nil }

// took is called for each message that the receiver takes.
func (r *run) took(now int64, ch endpoint.ChannelID, b []byte) {
	r.result.Payload += len(b)
	if ch == StreamChannel {
		n := int(binary.LittleEndian.Uint64(b))
		if n != len(r.latency) {
			r.ends[1].err = fmt.Errorf("workload: message %d came after %d others", n, len(r.latency))
			return
		}
		r.latency = append(r.latency, time.Duration(now-r.ends[0].sentAt[n])-r.cell.Up.Delay)
		return
	}
	if now > int64(r.cell.Settle) && now <= int64(r.cell.For) {
		r.settled += len(b)
	}
	r.ramp.add(now, len(b))
}

func (r *run) finish() {
	res := &r.result
	res.Messages = len(r.ends[0].sentAt)
	res.Missing = res.Messages - len(r.latency)
	res.Latency = NewSpread(r.latency)
	res.Goodput = float64(r.settled) * 8 / (r.cell.For - r.cell.Settle).Seconds()
	res.RampUp = r.ramp.reached
	res.Queue = NewSpread(r.play.necks[0].waits)
	f := r.play.flows[0]
	res.Up, res.Down = f.sent[0], f.sent[1]
	res.Air = f.airs[0].Stats()
	if l := r.play.necks[0].link; l != nil {
		res.Neck = l.Stats()
	}
}
