package endpoint

import (
	"math"
	"math/rand/v2"
	"time"
)

// An Endpoint is one end of a conversation. See the package documentation for how it is
// driven. It is not safe for concurrent use.
type Endpoint struct {
	common
	inbox  inbox
	outbox outbox
	life   lifetime
	paths  paths
}

// New returns an endpoint whose life begins now. The error is a join of ConfigErrors. Who makes
// many of one configuration prepares a Plan.
func New(now int64, cfg Config) (*Endpoint, error) {
	p, err := Prepare(cfg)
	if err != nil {
		return nil, err
	}
	return p.New(now, Life{cfg.Seed, cfg.Instance, cfg.Path, cfg.Timeout}), nil
}

// New returns an endpoint of the plan whose life begins now.
func (p *Plan) New(now int64, life Life) *Endpoint {
	e := &Endpoint{
		common: common{
			cfg: &p.cfg, plan: p, begun: now, now: now, expiryAt: never, events: events{lent: &p.cfg.Buffers.events},
			timeout: orDefault(life.Timeout, defaultTimeout, math.MaxInt64),
			keepFor: p.cfg.KeepFor, overhead: p.cfg.PacketOverheadBytes,
		},
	}
	e.paths.random.seed = life.Seed
	e.life.begin(&e.common, &e.outbox, now, life.instance(&e.paths.random))
	e.keySeed = rand.NewChaCha8(chanceKey(life.Seed, "tickwire 1 keys")).Uint64()
	e.inbox.begin(&e.common)
	e.outbox.begin(&e.common, &e.paths)
	e.paths.begin(&e.common, &e.inbox, &e.outbox, &e.life, now, life.Path)
	return e
}

// Update shows the game what has arrived since the last one: messages to Receive, events to
// NextEvent. The bytes of messages received before become invalid.
func (e *Endpoint) Update() {
	e.inbox.reveal()
	e.events.reveal()
}

// NextEvent returns the next event that the last Update showed; false if there is none.
func (e *Endpoint) NextEvent() (Event, bool) { return e.events.next() }

// A common is what all parts of an endpoint share: its configuration, its counters, the events
// for the game, and when something that it keeps is of no use any more.
type common struct {
	cfg      *Config // of the plan
	plan     *Plan
	stats    counters
	events   events
	begun    int64  // when New was called
	keySeed  uint64 // of the tables of keys: no peer ever sees it
	now      int64  // the latest time that is known
	expiryAt int64  // when expire has something to do

	// Of the configuration, as it is changed in the life of the endpoint.
	timeout  time.Duration
	keepFor  time.Duration
	overhead int // Config.PacketOverheadBytes
}

// expireLater makes sure that expire runs at the time.
func (c *common) expireLater(at int64) { c.expiryAt = min(c.expiryAt, at) }
