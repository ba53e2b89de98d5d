package endpoint

// Counters are what is counted of a connection beside what its paths and channels count of
// themselves, and what was counted of paths that are over. Their names are those of Stats.
type counters struct {
	Dropped [dropReasons]uint64

	MessagesResent, MessagesDoubled                    uint64
	FragmentsResent                                    uint64
	MessagesDuplicate, MessagesStale, MessagesExpired  uint64
	MessagesOverflowed, DraftsDropped, MessagesTooFast uint64
	ControlUnknown                                     uint64

	over *Stats // of paths that are over; nil: none is
}

// addPath takes over what was counted of a path that is over.
func (c *counters) addPath(of *pathCounts) {
	if c.over == nil {
		c.over = new(Stats)
	}
	c.over.addPath(of)
}

// stats are the counters as Stats has them.
func (c *counters) stats() Stats {
	s := Stats{}
	if c.over != nil {
		s = *c.over
	}
	s.Dropped = c.Dropped
	s.MessagesResent, s.MessagesDoubled, s.FragmentsResent = c.MessagesResent, c.MessagesDoubled, c.FragmentsResent
	s.MessagesDuplicate, s.MessagesStale, s.MessagesExpired = c.MessagesDuplicate, c.MessagesStale, c.MessagesExpired
	s.MessagesOverflowed, s.MessagesTooFast = c.MessagesOverflowed, c.MessagesTooFast
	s.DraftsDropped, s.ControlUnknown = c.DraftsDropped, c.ControlUnknown
	return s
}
