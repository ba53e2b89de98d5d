package timeline

import (
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// Defaults of [TicksConfig] and [BufferConfig].
const (
	DefaultTicksPerSecond = 60
	// DefaultSlew is what nobody sees or hears: a twentieth faster or slower.
	DefaultSlew = 0.05
	// DefaultJump is a quarter of a second, which takes five to be slewed away.
	DefaultJump = 250 * time.Millisecond
)

// A TicksConfig configures a [Ticks].
type TicksConfig struct {
	// TicksPerSecond of the server. 0: 60.
	TicksPerSecond int
	// Slew is by how much time may run faster or slower to make good an error, as a fraction
	// below 1. 0: a twentieth.
	Slew float64
	// Jump is the error that is jumped over, since to slew it away would take too long. 0: 250 ms.
	Jump time.Duration
}

// A ConfigError names what cannot be: a field of a configuration, or a parameter. It is a struct of
//
//	Field string // the way to it from what the caller gave, as in Channels[2].Delivery
//	Value any    // what it is, or words for that
//	Want  string // what would do
//
// and Error tells the three in a line. It is one type in all packages of this module, so that
// errors.As with a *ConfigError of any of them finds those of all.
type ConfigError = config.Error

// Ticks says which tick the peer is in, or will be in when what is sent now arrives. It follows a
// [Clock] by running a little faster or slower, so no tick is left out and none comes twice, but
// for a jump.
type Ticks struct {
	clock    *Clock
	rate     int64
	slew     slew
	anchor   time.Duration // when the tick began,
	anchored uint64        // by the peer's clock
	done     int64         // ticks that Due told of, from the anchored one on
	counting bool          // since then there was neither an anchor nor
	jumps    int           // another jump
}

// NewTicks returns Ticks that follow a clock, and of which the tick zero begins at zero of the
// peer's; Anchor says otherwise. A nil clock is that of a peer whose clock is the own one. The
// error is a join of *ConfigErrors.
func NewTicks(clock *Clock, cfg TicksConfig) (*Ticks, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Ticks{clock: clock, rate: int64(cfg.TicksPerSecond), slew: newSlew(cfg.Slew, cfg.Jump)}, nil
}

func (c TicksConfig) withDefaults() TicksConfig {
	c.TicksPerSecond = orDefault(c.TicksPerSecond, DefaultTicksPerSecond)
	c.Slew = orDefault(c.Slew, DefaultSlew)
	c.Jump = orDefault(c.Jump, DefaultJump)
	return c
}

// validate finds all that is wrong, defaults in place.
func (c *TicksConfig) validate() error {
	var v config.Check
	v.That(c.TicksPerSecond >= 1 && c.TicksPerSecond <= 100_000, "TicksPerSecond", c.TicksPerSecond, "1 to 100000, or 0 for 60")
	checkSlew(&v, c.Slew, c.Jump)
	return v.Err()
}

func orDefault[T comparable](v, zero T) T {
	var none T
	if v == none {
		return zero
	}
	return v
}

// Anchor says when a tick began by the peer's clock: the server tells it once. Another anchor than
// before is a jump.
func (t *Ticks) Anchor(tick uint64, at time.Duration) {
	if tick != t.anchored || at != t.anchor {
		t.anchor, t.anchored, t.counting = at, tick, false
	}
}

// Advance moves to now, of the own clock. Ahead is by how much the ticks shall be ahead of the
// peer's: 0 for the tick that the server is in, [Lead.Ahead] for the one in which an input that is
// sent now will be used. It returns the number of the tick that runs, and how much of it is over, 0
// to 1. Before the anchored tick, and before the Clock is Synced, it is that one, at 0.
func (t *Ticks) Advance(now, ahead time.Duration) (tick uint64, over float64) {
	if !t.clock.known() {
		return t.anchored, 0
	}
	return t.advance(now, t.clock.peer(now)+ahead)
}

func (t *Ticks) advance(now, peer time.Duration) (tick uint64, over float64) {
	return t.split(t.slew.advance(now, peer))
}

func (t *Ticks) split(at time.Duration) (tick uint64, over float64) {
	n, rest := t.count(at)
	return t.anchored + uint64(n), float64(rest) / float64(time.Second)
}

// count is how many ticks have begun after the anchored one, and what has passed of the last,
// times the rate.
func (t *Ticks) count(at time.Duration) (n int64, rest int64) {
	since := max(int64(at-t.anchor), 0)
	sec, ns := since/int64(time.Second), since%int64(time.Second)
	return sec*t.rate + ns*t.rate/int64(time.Second), ns * t.rate % int64(time.Second)
}

// since is how long ago a tick began, by the ticks' own time.
func (t *Ticks) since(tick uint64) time.Duration {
	n := int64(tick - t.anchored)
	began := t.anchor + time.Duration(n/t.rate)*time.Second + time.Duration(n%t.rate*int64(time.Second)/t.rate)
	return t.slew.at - began
}

// Due is how many ticks have begun since the last call: what a game steps after Advance. At first,
// after an anchor and after a jump it is one, and none before the Clock is Synced. A jump back is told by a number that is lower than
// the last one.
func (t *Ticks) Due() int {
	if !t.slew.running {
		return 0
	}
	n, _ := t.count(t.slew.at)
	due := n - t.done
	if !t.counting || t.jumps != t.slew.jumps {
		due = 1
	}
	t.done, t.counting, t.jumps = n, true, t.slew.jumps
	return int(due)
}

// Jumps counts how often time jumped since the error was too large to be slewed away.
func (t *Ticks) Jumps() int { return t.slew.jumps }
