package endpoint

import (
	"encoding/binary"
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
			cfg: &p.cfg, plan: p, now: now, expiryAt: never,
			timeout: orDefault(life.Timeout, defaultTimeout, math.MaxInt64),
			keepFor: p.cfg.KeepFor, overhead: p.cfg.PacketOverheadBytes,
		},
	}
	random := life.random()
	e.life.begin(&e.common, &e.outbox, now, life.instance(random))
	keySeed := newRandom(life.Seed, "tickwire 1 keys").Uint64()
	e.inbox.begin(&e.common, now, keySeed)
	e.outbox.begin(&e.common, &e.paths, now, keySeed)
	e.paths.begin(e, random, now, life.Path)
	return e
}

// newRandom is a source for one purpose whose numbers nobody guesses who has seen others of it:
// they are in challenges, which prove something by that.
func newRandom(seed uint64, purpose string) *rand.Rand {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	copy(key[8:], purpose)
	return rand.New(rand.NewChaCha8(key))
}

// Update shows the game what has arrived since the last one: messages to Receive, events to
// NextEvent. The bytes of messages received before become invalid.
func (e *Endpoint) Update() {
	e.inbox.reveal()
	e.events.reveal()
}

// NextEvent returns the next event that the last Update showed; false if there is none.
func (e *Endpoint) NextEvent() (Event, bool) { return e.events.next() }
