package endpoint

import "time"

// Open reports whether messages flow: the peer is there, has the same channels, and nobody has
// said goodbye. It does not wait for an Update.
func (l *Lone) Open() bool { return l.endpoint().Open() }

// Over reports whether the connection has ended; the event Closed says why.
func (l *Lone) Over() bool { return l.endpoint().Over() }

// Done reports whether nothing is left to do: the peer knows, or does not answer.
func (l *Lone) Done() bool { return l.endpoint().Done() }

// Away reports whether nothing was heard for as long as the timeout, and the connection is kept
// (Config.KeepFor).
func (l *Lone) Away() bool { return l.endpoint().Away() }

// AwayUntil is when a peer that is away is given up; the largest Duration if never. It is the
// timeout of one who is not away.
func (l *Lone) AwayUntil() time.Duration { return time.Duration(l.endpoint().AwayUntil()) }

// Continue goes on with a connection whose carrier was cut for longer than the timeout and kept; see
// [Endpoint.Continue]. Both ends must.
func (l *Lone) Continue(now time.Duration) error {
	return l.endpoint().Continue(int64(now), PathConfig{})
}

// Hold announces to the peer that nobody will drive this end for a while; see [Endpoint.Hold].
func (l *Lone) Hold(now, d time.Duration) error { return l.endpoint().Hold(int64(now), d) }

// Held is how much is left of the silence that the peer has announced.
func (l *Lone) Held(now time.Duration) time.Duration { return l.endpoint().Held(int64(now)) }

// Drain ends the connection when what was sent is through, or after a time; see [Endpoint.Drain].
// Drive it on until Done.
func (l *Lone) Drain(now time.Duration, code Code, text string, within time.Duration) {
	l.endpoint().Drain(int64(now), code, text, within)
}

// Close ends the connection now. Drive it on until Done, so that the peer hears of it.
func (l *Lone) Close(now time.Duration, code Code, text string) {
	l.endpoint().Close(int64(now), code, text)
}

// Release gives all memory back: nothing may be called afterwards.
func (l *Lone) Release() { l.endpoint().Release() }

// Stats is what was counted and measured.
func (l *Lone) Stats() Stats { return l.endpoint().Stats() }

// ChannelStats is what was counted of a channel.
func (l *Lone) ChannelStats(channel ChannelID) ChannelStats {
	return l.endpoint().ChannelStats(channel)
}

// PathStats is what was counted and measured of the carrier.
func (l *Lone) PathStats() PathStats { return l.endpoint().PathStats(0) }
