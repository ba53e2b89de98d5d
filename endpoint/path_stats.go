package endpoint

import "time"

// PathStats is what was counted of one path since it was opened, and what was measured of the
// network that it goes over now: a path whose number is opened again begins at zero, and one that
// goes another way, or has failed, goes on counting and measures anew. Bytes include the overhead
// that the configuration states.
type PathStats struct {
	State    PathState
	Route    Route
	Reliable bool
	Use      PathUse
	Weight   int

	PacketsSent, PacketsReceived uint64
	BytesSent, BytesReceived     uint64
	PacketsLost                  uint64 // sent packets that were declared lost
	PacketsSpurious              uint64 // of these: acknowledged later
	PacketsOverdue               uint64 // sent packets whose ack did not come in time: what is reliable in them went again
	PacketsHasty                 uint64 // of these: acknowledged all the same
	Copies                       uint64 // packets sent that were copies of another path's
	Challenges                   uint64 // sent, to ask whether the peer is at a route
	Moves                        uint64 // to another Route, after the peer
	RoutesRefused                uint64 // packets came from there, and the path stayed
	RoutesBarred                 uint64 // packets from a Route that was refused a moment ago

	RTT       time.Duration // smoothed; 0 before the first sample
	RTTVar    time.Duration
	MinRTT    time.Duration
	JitterOut time.Duration // variation of the one-way delay to the peer (RFC 3550, 6.4.1)
	JitterIn  time.Duration // and from it
	LossOut   float64       // share of lost packets lately, 0 to 1
	LossIn    float64

	BytesPerSecond int           // that the path carries for us, as congestion control estimates
	QueueDelay     time.Duration // that packets to the peer wait on the way; 0 also if not estimated
	BytesInFlight  int

	MTU        int    // the largest datagram that is sent, in bytes of UDP payload
	Probes     uint64 // packets sent to find out whether the path carries larger ones
	ProbesLost uint64 // of these: not acknowledged in time; they count as sent packets, and not as lost ones
	BlackHoles uint64 // times that the path stopped carrying large datagrams
}

// PathStats returns what is known of a path; its State is PathNone if there never was one of
// that number.
func (e *Endpoint) PathStats(id uint8) PathStats {
	p := e.paths.path(id)
	if p == nil {
		return PathStats{Route: NoRoute}
	}
	return p.stats()
}

// PathState is the State of PathStats alone, for who looks often.
func (e *Endpoint) PathState(id uint8) PathState {
	if p := e.paths.path(id); p != nil {
		return p.state()
	}
	return PathNone
}

// Answers reports whether the peer owes no answer on a path for longer than a probe timeout, as far
// as anything was asked there: such a path is active, and no suspect.
func (e *Endpoint) Answers(id uint8) bool {
	p := e.paths.path(id)
	return p != nil && p.stage == stageWell
}

func (p *path) stats() PathStats {
	c := &p.counts
	s := PathStats{
		State: p.state(), Route: p.route, Reliable: p.reliable, Use: p.use, Weight: p.weight,
		PacketsSent: c.PacketsSent, PacketsReceived: c.PacketsReceived, BytesSent: c.BytesSent, BytesReceived: c.BytesReceived,
		PacketsLost: c.PacketsLost, PacketsSpurious: c.PacketsSpurious, PacketsOverdue: c.PacketsOverdue, PacketsHasty: c.PacketsHasty,
		Copies: c.Copies, Challenges: c.Challenges, Moves: c.Moves, RoutesRefused: c.RoutesRefused, RoutesBarred: c.RoutesBarred,
		Probes: c.Probes, ProbesLost: c.ProbesLost, BlackHoles: c.BlackHoles,
	}
	if p.rtt.sampled {
		s.RTT, s.RTTVar = time.Duration(p.rtt.smooth), time.Duration(p.rtt.variance)
		s.MinRTT = time.Duration(p.rtt.min)
	}
	s.JitterOut, s.JitterIn = time.Duration(p.clock.outJitter), time.Duration(p.clock.inJitter)
	s.LossOut, s.LossIn = p.outbound.share(), p.inbound.share()
	estimate := p.estimate()
	s.BytesPerSecond, s.QueueDelay, s.BytesInFlight = estimate.BytesPerSecond, estimate.QueueDelay, p.inFlight
	if s.MTU = p.mtu.size; s.MTU == 0 {
		s.MTU = p.ps.life.maxDatagramBytes()
	}
	return s
}

// pathCounts are the counters of PathStats.
type pathCounts struct {
	PacketsSent, PacketsReceived                               uint64
	BytesSent, BytesReceived                                   uint64
	PacketsLost, PacketsSpurious, PacketsOverdue, PacketsHasty uint64
	Copies, Challenges, Moves, RoutesRefused, RoutesBarred     uint64
	Probes, ProbesLost, BlackHoles                             uint64
}
