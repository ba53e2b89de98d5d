package endpoint

import (
	"math"
	"math/rand/v2"
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
