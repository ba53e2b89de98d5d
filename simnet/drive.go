package simnet

import (
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// A DriveConfig describes the capacity of a cellular link as somebody on the
// move sees it. [GenerateTrace] makes a trace of it. The zero value is two
// minutes of a middling LTE downlink.
//
// Capacity is a walk over a ladder of rates, each step down a factor of the
// square root of two, which is about the 3 dB by which shadowing by buildings
// differs from place to place; every 200 ms the walk goes up, down or stays,
// drawn weakly to the middle. On top comes fast fading, a factor between a half
// and one and a half every 20 ms. Now and then, at a handover or under a
// bridge, there is nothing at all for a while.
type DriveConfig struct {
	// Duration is how long the trace is before it starts over. 0: two minutes.
	Duration time.Duration
	// PeakBitsPerSecond is the top of the ladder. 0: 24 Mbit/s.
	PeakBitsPerSecond int64
	// Rungs is how many steps the ladder has. 0: 12, so that the lowest is a
	// 45th of the peak.
	Rungs int
	// OutageEvery is the mean time between two outages. 0: 20 s. Negative:
	// none.
	OutageEvery time.Duration
	// Outage is the mean length of an outage. 0: 600 ms.
	Outage time.Duration
}

const (
	walkStep = 200 * time.Millisecond
	fadeStep = 20 * time.Millisecond
	maxRungs = 24
)

// Validate reports everything that is wrong with c: a joined error whose parts
// are of type [*ConfigError], or nil.
func (c DriveConfig) Validate() error {
	c = c.withDefaults()
	var v config.Check
	v.That(c.Duration >= time.Second && c.Duration <= time.Hour, "Duration", c.Duration, "a time from 1s to 1h")
	v.That(c.PeakBitsPerSecond >= 100_000 && c.PeakBitsPerSecond <= 1_000_000_000, "PeakBitsPerSecond",
		c.PeakBitsPerSecond, "100000 to 1e9")
	v.That(c.Rungs >= 1 && c.Rungs <= maxRungs, "Rungs", c.Rungs, "1 to 24")
	v.That(c.OutageEvery < 0 || c.OutageEvery >= walkStep, "OutageEvery", c.OutageEvery, "at least 200ms, or negative for none")
	v.That(c.Outage >= fadeStep && c.Outage <= time.Minute, "Outage", c.Outage, "a time from 20ms to 1m")
	return v.Err()
}

func (c DriveConfig) withDefaults() DriveConfig {
	if c.Duration == 0 {
		c.Duration = 2 * time.Minute
	}
	if c.PeakBitsPerSecond == 0 {
		c.PeakBitsPerSecond = 24_000_000
	}
	if c.Rungs == 0 {
		c.Rungs = 12
	}
	if c.OutageEvery == 0 {
		c.OutageEvery = 20 * time.Second
	}
	if c.Outage == 0 {
		c.Outage = 600 * time.Millisecond
	}
	return c
}

// GenerateTrace makes a trace. The same configuration and seed give the same
// trace everywhere; WriteTo puts it into a file. The error is that of
// [DriveConfig.Validate], or says that the trace would be too long.
func GenerateTrace(cfg DriveConfig, seed uint64) (*Trace, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	if most := cfg.PeakBitsPerSecond / (8 * opportunityBytes) * int64(cfg.Duration/time.Second) * 3 / 2; most > MaxTraceOpportunities {
		return nil, config.Wrong("Duration", cfg.Duration, "less, for the trace could exceed 6000000 lines at this peak")
	}
	d := newDrive(cfg, seed)
	end := uint32(cfg.Duration / time.Millisecond)
	t := new(Trace)
	bits := int64(0)
	for ms := range end {
		bits += d.bitsPerSecond(ms) / 1000
		for ; bits >= 8*opportunityBytes; bits -= 8 * opportunityBytes {
			t.ms = append(t.ms, ms)
		}
	}
	t.ms = append(t.ms, end) // the last line is the length
	return t, nil
}

// A drive is the state of a moving receiver: where on the ladder it is, how it
// fades, and until when it is without a link.
type drive struct {
	cfg    DriveConfig
	rng    stream
	ladder []int64
	rung   int
	fade   int64 // percent
	out    bool
}

func newDrive(cfg DriveConfig, seed uint64) *drive {
	d := &drive{cfg: cfg, ladder: make([]int64, cfg.Rungs), rung: cfg.Rungs / 2, fade: 100}
	d.rng.pcg.Seed(seed, mix(seed, 0))
	for i := range d.ladder {
		// Rung i from the top: the peak divided by the square root of 2^i.
		rate := cfg.PeakBitsPerSecond >> (i / 2)
		if i%2 == 1 {
			rate = rate * 70711 / 100000
		}
		d.ladder[cfg.Rungs-1-i] = rate
	}
	return d
}

// bitsPerSecond moves on to millisecond ms and returns the capacity there.
func (d *drive) bitsPerSecond(ms uint32) int64 {
	at := time.Duration(ms) * time.Millisecond
	if at%walkStep == 0 {
		d.walk()
	}
	if at%fadeStep == 0 {
		d.fade = 50 + int64(d.rng.below(101))
		d.lapse()
	}
	if d.out {
		return 0
	}
	return d.ladder[d.rung] * d.fade / 100
}

// walk goes up or down a rung or stays. The pull to the middle is one part in
// sixteen.
func (d *drive) walk() {
	middle, r := d.cfg.Rungs/2, d.rng.below(16)
	switch {
	case r < 4 || r == 15 && d.rung < middle:
		d.rung++
	case r < 8 || r == 15 && d.rung > middle:
		d.rung--
	}
	d.rung = min(max(d.rung, 0), d.cfg.Rungs-1)
}

// lapse begins or ends an outage: each step with the probability that makes
// the mean right.
func (d *drive) lapse() {
	mean := d.cfg.OutageEvery
	if d.out {
		mean = d.cfg.Outage
	}
	if mean > 0 && d.rng.below(uint64(mean)) < uint64(fadeStep) {
		d.out = !d.out
	}
}
