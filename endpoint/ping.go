package endpoint

import "time"

// Ping has a packet sent at once that the peer acknowledges, with a PING in it if there is
// nothing else to say.
func (e *Endpoint) Ping() {
	p := e.paths[0]
	p.loss.probe = max(p.loss.probe, 1)
}

// ProbeTimeout is how long the peer is given to answer a packet before it is asked again: the
// smoothed RTT with a margin for its variation, and the time that the peer may hold its acks.
func (e *Endpoint) ProbeTimeout() time.Duration {
	return time.Duration(e.paths[0].probeTimeout(0))
}
