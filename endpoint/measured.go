package endpoint

// Measured is what a path has found out about the network that it goes over, and what follows from
// that: when something is lost, how fast to send, how large datagrams may be. On another route
// a path knows nothing of that (RFC 9000, 9.4), so all of it is replaced at once; and so it is when the path
// has failed, but for how much is lost there. What was sent or heard before says nothing then, whenever
// its fate is known.
type measured struct {
	freshAt int64 // what was sent until then says nothing

	rtt      rtt
	clock    clockSamples
	loss     loss
	outbound lossMeter
	inbound  arrivals
	watch    lossWatch
	mtu      mtu

	cc          Controller
	steered     bool   // cc has heard of something
	prompt      uint32 // when the newest packet was sent that did not wait in what repairs losses itself; in milliseconds, and wraps
	pacer       throttle
	inFlight    int   // bytes of packets in flight
	lowest      int   // of these: with nothing but messages of the lowest priority of several
	delivered   int64 // bytes that count for congestion control and were acknowledged
	deliveredAt int64
}

func newMeasured(freshAt, now int64, cc Controller) measured {
	return measured{
		freshAt:     freshAt,
		rtt:         newRTT(),
		clock:       clockSamples{doubt: clockDoubt{until: longAgo}},
		loss:        loss{lossAt: never, lastSent: now, overdue: overdue{strait: strait{busy: longAgo}}},
		mtu:         mtu{begun: freshAt, passed: longAgo},
		cc:          cc,
		pacer:       throttle{level: 1, at: now - second},
		deliveredAt: now,
	}
}

// renew begins the measurements of a path afresh. What is in flight is forgotten by congestion
// control. A controller that has heard of nothing is as it was made: who opens a path again and
// again has us make none.
func (p *path) renew(now int64) {
	for n := p.oldestInFlight(); n < p.sent.End(); n++ {
		p.sent.At(n).inFlight = false
	}
	cc, lastSent := p.cc, max(p.loss.lastSent, now)
	if p.steered {
		cc = p.ps.cfg.Controller()
	}
	p.measured = newMeasured(now, now, cc)
	p.loss.lastSent, p.loss.overdue.from = lastSent, p.sent.End()
	p.marks.testAnew()
}

// Arrivals is the share of packets that did not come, of those from the first one on that came over
// the network: before it nobody knows which way they went.
type arrivals struct {
	lossMeter
	first uint64 // its number
	began bool
}

// came counts a packet, and if it is the newest those between it and the largest before as missing.
func (a *arrivals) came(number, largest uint64, newest bool) {
	missing := 0
	switch {
	case !newest && a.began && number > a.first:
		a.add(0, -1) // it was counted as missing
		return
	case !newest:
		return
	case !a.began:
		a.first, a.began = number, true
	case number-largest < 1<<12:
		missing = int(number - largest - 1)
	}
	a.add(missing+1, missing)
}

// What follows is all that the outbox knows of the path that its messages go over.

// sampled reports whether the path has measured a round trip.
func (p *path) sampled() bool { return p.rtt.sampled }

// roundTrip is how long one takes, smoothed.
func (p *path) roundTrip() int64 { return p.rtt.smooth }

// roundTripVaries is by how much it varies.
func (p *path) roundTripVaries() int64 { return p.rtt.variance }

// lossShare is how much of what we send is lost.
func (p *path) lossShare() float64 { return p.outbound.share() }

// lossy reports whether that is worth an effort.
func (p *path) lossy() bool { return p.outbound.lossy() }

// lossless reports whether what carries the path repairs all losses itself.
func (p *path) lossless() bool { return p.reliable }

// probes reports whether the next packet is a probe.
func (p *path) probes() bool { return p.loss.probe > 0 }

// silent reports whether probes went since anything was acknowledged.
func (p *path) silent() bool { return p.loss.probes > 0 }

// windowBytes is how much may be in flight.
func (p *path) windowBytes() int { return p.cc.WindowBytes() }

// talksEvery is how far packets with messages are apart.
func (p *path) talksEvery() int64 { return p.talkEvery }
