package timeline

import (
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// A LeadConfig configures a [Lead].
type LeadConfig struct {
	// Late is the share of inputs that may come when their tick is over, above 0 and below 1: the
	// less, the further ahead a client has to be. 0: one in fifty. It is of those that arrive: no lead
	// brings back what the network loses. For that each message says the inputs of the last ticks once
	// more: two of them where one packet in a hundred is lost, three at one in twenty, more where losses
	// come in bursts.
	Late float64
	// MinAhead and MaxAhead bound how far ahead it is. 0: nothing, and half a second: who is
	// further away than that plays better with late inputs than with an old picture.
	MinAhead, MaxAhead time.Duration
	// Calm is how long less must have been enough before it is less, 0 or more. 0: 5 s.
	Calm time.Duration
}

// A Lead is how far ahead of the server a client simulates, so that its inputs are there when the
// server comes to their tick. It learns that from what the server says of them:
//
//	client   Sent(tick, now) ─ input ─▶ server: shown by Update at its time at
//	         Arrived(tick, at) ◀─ the next snapshot says both ─┘
//
// The server says, with each snapshot, the first tick whose input an Update showed since the last
// snapshot, and when that Update was by its own clock (Server.Clock of package tickwire). Of a
// message with the inputs of several ticks that is the newest, which no message before had. What lies between the beginning
// of the tick at the client and that Update includes all that stands in the way: the wait for the
// client's frame, the queues, the network, and the wait for the Update.
//
//	tick, over := ticks.Advance(now, lead.Ahead())
//	for n := tick + 1 - uint64(ticks.Due()); n <= tick; n++ {
//		… // send the input of tick n
//		lead.Sent(n, now)
//	}
//
// It grows as soon as too many inputs are late, and shrinks after a calm; Ticks turns both
// into a clock that runs a little faster or slower. Inputs that were held up together, as by an
// outage, and came at once, count as one, and as many may be late of the first few as of all that
// are remembered: no lead makes up for an outage, and a client that took one for the normal state
// would be far ahead for seconds afterwards.
type Lead struct {
	ticks   *Ticks
	reserve reserve
	sent    [leadTicks]departure // a ring, by tick
	last    time.Duration        // when the newest one came that was told of
	any     bool
	stats   LeadStats
}

// A departure is when a tick began whose input was sent.
type departure struct {
	tick  uint64
	began time.Duration // here, by the peer's clock
	used  bool
}

// leadTicks is how many inputs are remembered until the server speaks of them: four seconds at 60 a
// second.
const leadTicks = 256

// LeadStats counts what the server said.
type LeadStats struct {
	Told    uint64 // inputs whose way is known
	Late    uint64 // of them: were under way for longer than Ahead was then; what was lost is not told of
	Unknown uint64 // of ticks that were not sent, or too long ago
	Ahead   time.Duration
}

// NewLead returns a Lead for the Ticks that its Ahead is given to, which must be there. The error is
// a join of *ConfigErrors.
func NewLead(ticks *Ticks, cfg LeadConfig) (*Lead, error) {
	cfg = cfg.withDefaults()
	var v config.Check
	v.That(ticks != nil, "ticks", nil, "what NewTicks made")
	v.Take("", cfg.validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	l := &Lead{ticks: ticks, reserve: newReserve(cfg.Late, cfg.MinAhead, cfg.MaxAhead, cfg.Calm)}
	l.reserve.forgive = int(cfg.Late * reserveTransits)
	return l, nil
}

func (c LeadConfig) withDefaults() LeadConfig {
	c.Late = orDefault(c.Late, 0.02)
	c.MaxAhead = orDefault(c.MaxAhead, 500*time.Millisecond)
	c.Calm = orDefault(c.Calm, 5*time.Second)
	return c
}

// validate finds all that is wrong, defaults in place.
func (c *LeadConfig) validate() error {
	var v config.Check
	v.That(c.Late > 0 && c.Late < 1, "Late", c.Late, "above 0 and below 1, or 0 for 0.02")
	v.That(c.MaxAhead > 0, "MaxAhead", c.MaxAhead, "above 0, or 0 for 500ms")
	v.That(c.MinAhead >= 0 && (c.MaxAhead <= 0 || c.MinAhead <= c.MaxAhead), "MinAhead", c.MinAhead, "0 to MaxAhead")
	v.That(c.Calm > 0, "Calm", c.Calm, "above 0, or 0 for 5s")
	return v.Err()
}

// followed is the Ticks that the Lead is for. A Lead without any is a mistake in the program.
func (l *Lead) followed() *Ticks {
	if l == nil || l.ticks == nil {
		panic("timeline: this Lead is nil or zero: make it by NewLead")
	}
	return l.ticks
}

// Ahead is how far ahead of the server's clock an input has to be. Until the server has spoken of
// one it is what the clocks have measured: one way, and half as much again.
func (l *Lead) Ahead() time.Duration {
	clock := l.followed().clock
	if l.any || clock == nil {
		return l.reserve.size
	}
	return min(max(clock.Delay()*3/4, l.reserve.least), l.reserve.most)
}

// Sent notes that the input of a tick is sent now, of the own clock, after Advance. Of one that is
// sent several times the first counts.
func (l *Lead) Sent(tick uint64, now time.Duration) {
	ticks := l.followed()
	d := &l.sent[tick%leadTicks]
	if d.used && d.tick == tick || !ticks.clock.known() {
		return
	}
	*d = departure{tick, ticks.clock.peer(now) - ticks.since(tick), true}
}

// Arrived takes the server's word for when the input of a tick was there, by its clock. Nothing is
// learned of a tick that was not Sent, or so long ago that it is forgotten, or of one that is said
// to have come before it was sent.
func (l *Lead) Arrived(tick uint64, at time.Duration) {
	l.followed()
	d := &l.sent[tick%leadTicks]
	if !d.used || d.tick != tick {
		l.stats.Unknown++
		return
	}
	took := at - d.began
	late := took > l.Ahead()
	l.stats.Told++
	if late {
		l.stats.Late++
	}
	if took < 0 || l.any && at <= l.last { // with one that is known already
		return
	}
	l.last, l.any = at, true
	l.reserve.learn(at, took, 0, late)
}

// Reset forgets everything, as for another peer, or one whose clock began anew.
func (l *Lead) Reset() {
	r := newReserve(l.reserve.late, l.reserve.least, l.reserve.most, l.reserve.calm)
	r.forgive = l.reserve.forgive
	*l = Lead{ticks: l.ticks, reserve: r}
}

// Stats returns the counters.
func (l *Lead) Stats() LeadStats {
	s := l.stats
	s.Ahead = l.Ahead()
	return s
}
