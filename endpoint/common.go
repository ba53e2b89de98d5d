package endpoint

// A common is what all parts of an endpoint share: its configuration, its counters, the events
// for the game, and when something that it keeps is of no use any more.
type common struct {
	cfg      Config
	plan     *Plan
	stats    Stats
	events   events
	now      int64 // the latest time that is known
	expiryAt int64 // when expire has something to do
}

// expireLater makes sure that expire runs at the time.
func (c *common) expireLater(at int64) { c.expiryAt = min(c.expiryAt, at) }
