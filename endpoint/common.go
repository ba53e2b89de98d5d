package endpoint

import "time"

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
