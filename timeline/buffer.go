package timeline

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// A BufferConfig configures a [Buffer].
type BufferConfig struct {
	// Late is the share of values that may come too late to be shown, above 0 and below 1: the less,
	// the longer all others wait. 0: one in a hundred.
	Late float64
	// MinDelay and MaxDelay bound how long values are held back. 0: nothing, and half a second. The
	// time between two values need not be in MinDelay: it is learned.
	MinDelay, MaxDelay time.Duration
	// Entries is how many values wait at most, 2 to 65536; the oldest goes. 0: 64.
	Entries int
	// Calm is how long the network must have been calmer before values are held back for less, 0
	// or more. 0: 5 s.
	Calm time.Duration
	// Slew and Jump are those of [TicksConfig]: time never stands still or runs back while the
	// delay changes.
	Slew float64
	Jump time.Duration
}

// A Buffer evens out jitter: it holds values back so that of the peer's snapshots, which come now
// early and now late, there is always a next one when it is needed. How long it holds them follows
// what came: longer as soon as too many are late, shorter only when that has been possible for a
// while, so that it does not waver (hysteresis).
//
// A Buffer is for one thing that moves, or for snapshots of all that moves, whichever has a value
// at each of its times: between two values it must make sense to draw. A game that sends each
// entity by itself, when there is room, has a Buffer for each.
//
//	peer     a     b     c     d
//	network     a   b       c  d
//	shown           a     b     c     d        everything later by Delay
type Buffer[T any] struct {
	clock   *Clock
	cfg     BufferConfig
	entries []entry[T] // by time, in a backing array that never grows
	slew    slew
	reserve reserve // how late values came, by the peer's clock, and how long they are held back

	newest time.Duration // of the values whose time was over when they came,
	paced  bool          // if there were any
	gap    time.Duration // between those, smoothed
	shows  bool          // so the next one must be there a gap before its time
	shown  time.Duration // nothing older is of use
	any    bool
	stats  BufferStats
}

type entry[T any] struct {
	at    time.Duration
	value T
}

// BufferStats counts what became of values.
type BufferStats struct {
	Taken     uint64 // values that were in time
	Unsynced  uint64 // came before the Clock knew the time
	Late      uint64 // came when their time was over
	Repeated  uint64 // had the time of one that is there
	Pushed    uint64 // out by newer ones: nobody asked for so long
	Starved   uint64 // calls of Show that had no later value
	Delay     time.Duration
	JumpsOver int // times that what is shown jumped, since the error was beyond BufferConfig.Jump
}

// NewBuffer returns an empty buffer of values that are dated by the peer's clock. A nil clock is
// that of a peer whose clock is the own one. The error is a join of *ConfigErrors.
func NewBuffer[T any](clock *Clock, cfg BufferConfig) (*Buffer[T], error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Buffer[T]{
		clock: clock, cfg: cfg, entries: make([]entry[T], 0, cfg.Entries), slew: newSlew(cfg.Slew, cfg.Jump),
		reserve: newReserve(cfg.Late, cfg.MinDelay, cfg.MaxDelay, cfg.Calm),
	}, nil
}

func (c BufferConfig) withDefaults() BufferConfig {
	c.Late = orDefault(c.Late, 0.01)
	c.MaxDelay = orDefault(c.MaxDelay, 500*time.Millisecond)
	c.Entries = orDefault(c.Entries, 64)
	c.Calm = orDefault(c.Calm, 5*time.Second)
	c.Slew = orDefault(c.Slew, DefaultSlew)
	c.Jump = orDefault(c.Jump, DefaultJump)
	return c
}

// validate finds all that is wrong, defaults in place.
func (c *BufferConfig) validate() error {
	var v config.Check
	v.That(c.Late > 0 && c.Late < 1, "Late", c.Late, "above 0 and below 1, or 0 for 0.01")
	v.That(c.MaxDelay > 0, "MaxDelay", c.MaxDelay, "above 0, or 0 for 500ms")
	v.That(c.MinDelay >= 0 && (c.MaxDelay <= 0 || c.MinDelay <= c.MaxDelay), "MinDelay", c.MinDelay, "0 to MaxDelay")
	v.That(c.Entries >= 2 && c.Entries <= 1<<16, "Entries", c.Entries, "2 to 65536, or 0 for 64")
	v.That(c.Calm > 0, "Calm", c.Calm, "above 0, or 0 for 5s")
	checkSlew(&v, c.Slew, c.Jump)
	return v.Err()
}

// Push takes a value that came now, of the own clock, and that the peer made at a time of its own.
// False: it came too late, is there already, or the Clock is not Synced yet: then nobody knows when
// that was.
func (b *Buffer[T]) Push(now, at time.Duration, v T) bool {
	if !b.clock.known() {
		b.stats.Unsynced++
		return false
	}
	return b.push(b.clock.peer(now), at, v)
}

func (b *Buffer[T]) push(peer, at time.Duration, v T) bool {
	late := b.any && at <= b.shown
	b.learn(peer, at, late)
	if late {
		b.stats.Late++
		return false
	}
	i, there := b.find(at)
	if there {
		b.stats.Repeated++
		return false
	}
	if len(b.entries) == cap(b.entries) {
		b.stats.Pushed++
		if i == 0 {
			return false
		}
		b.drop(1)
		i--
	}
	b.entries = slices.Insert(b.entries, i, entry[T]{at, v})
	b.stats.Taken++
	return true
}

// learn takes how late a value came.
func (b *Buffer[T]) learn(peer, at time.Duration, late bool) {
	transit := peer - at
	// What is still to happen comes when it likes, and of a pause only so much is a gap.
	if transit >= 0 && (at > b.newest || !b.paced) {
		if b.paced {
			gap := min(uint64(at-b.newest), uint64(b.cfg.MaxDelay))
			b.gap += (time.Duration(gap) - b.gap) / 16
		}
		b.newest, b.paced = at, true
	}
	extra := time.Duration(0)
	if b.shows {
		extra = b.gap
	}
	b.reserve.learn(peer, transit, extra, late)
}

// drop forgets the oldest values.
func (b *Buffer[T]) drop(n int) {
	if n > 0 {
		b.entries = slices.Delete(b.entries, 0, n)
	}
}

// A View is the moment that is to be shown: between two values.
type View[T any] struct {
	At       time.Duration // the moment, by the peer's clock
	From, To T
	Fraction float64 // of the way from From to To, 0 to 1
	// Starved: there is no later value than From yet; To is the same, and the game may guess.
	Starved bool
}

// Show returns what is to be shown now, of the own clock. False: there is nothing yet, or it is all
// of later.
func (b *Buffer[T]) Show(now time.Duration) (View[T], bool) {
	if !b.clock.known() {
		return View[T]{}, false
	}
	return b.show(now, b.clock.peer(now))
}

func (b *Buffer[T]) show(now, peer time.Duration) (View[T], bool) {
	b.shows = true
	at := b.slew.advance(now, peer-b.reserve.size)
	next := b.after(at)
	if next == 0 {
		return View[T]{At: at}, false
	}
	b.drop(next - 1)
	b.shown, b.any = b.entries[0].at, true
	v := View[T]{At: at, From: b.entries[0].value}
	if len(b.entries) == 1 {
		v.To, v.Starved = v.From, true
		b.stats.Starved++
		return v, true
	}
	from, to := b.entries[0].at, b.entries[1]
	// The times are the peer's, who may say anything: without a sign no difference overflows.
	v.To, v.Fraction = to.value, float64(uint64(at-from))/float64(uint64(to.at-from))
	return v, true
}

// Take yields, in order, the values whose time has come by now, of the own clock, and forgets
// them: for events, which are not drawn between but happen.
func (b *Buffer[T]) Take(now time.Duration) iter.Seq2[time.Duration, T] {
	return b.take(now, b.clock.peer(now))
}

func (b *Buffer[T]) take(now, peer time.Duration) iter.Seq2[time.Duration, T] {
	at := b.slew.advance(now, peer-b.reserve.size)
	return func(yield func(time.Duration, T) bool) {
		for len(b.entries) > 0 && b.entries[0].at <= at {
			e := b.entries[0]
			b.drop(1)
			b.shown, b.any = e.at, true
			if !yield(e.at, e.value) {
				return
			}
		}
	}
}

// find is where the value of a time is, or would be.
func (b *Buffer[T]) find(at time.Duration) (i int, there bool) {
	return slices.BinarySearchFunc(b.entries, at, func(e entry[T], at time.Duration) int { return cmp.Compare(e.at, at) })
}

// after is the first value that lies behind a time.
func (b *Buffer[T]) after(at time.Duration) int {
	i, there := b.find(at)
	if there {
		i++
	}
	return i
}

// Reset forgets everything, as for another peer, or one whose clock began anew.
func (b *Buffer[T]) Reset() {
	clear(b.entries)
	*b = Buffer[T]{
		clock: b.clock, cfg: b.cfg, entries: b.entries[:0],
		slew:    slew{most: b.slew.most, jump: b.slew.jump},
		reserve: newReserve(b.cfg.Late, b.cfg.MinDelay, b.cfg.MaxDelay, b.cfg.Calm),
	}
}

// Delay is how long values are held back.
func (b *Buffer[T]) Delay() time.Duration { return b.reserve.size }

// Stats returns the counters.
func (b *Buffer[T]) Stats() BufferStats {
	s := b.stats
	s.Delay, s.JumpsOver = b.reserve.size, b.slew.jumps
	return s
}
