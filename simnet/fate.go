package simnet

import "github.com/tickwire/tickwire/transport"

// A fate is what the dice say about one datagram.
type fate struct {
	extra   int64 // delay beyond the link's
	held    bool  // held back
	corrupt bool
	start   uint64 // where corruption starts, if the payload has any bits
}

// draw throws the dice of one datagram.
func (l *Link) draw(p *packet, jitter, reorder, corrupt *stream) fate {
	var f fate
	if c := &l.cfg; c.Jitter > 0 {
		if c.JitterShape == Exponential {
			f.extra = jitter.exponential(c.Jitter)
		} else {
			f.extra = jitter.duration(c.Jitter)
		}
	}
	if reorder.hit(l.odds.reorder) {
		f.held = true
		f.extra += int64(l.cfg.ReorderBy)
	}
	if corrupt.hit(l.odds.corrupt) {
		f.start = corrupt.below(8 * uint64(len(p.b)))
		f.corrupt = len(p.b) > 0
	}
	return f
}

// pass has the pause before a datagram, which leaves the bottleneck at t, count as datagrams do to bursts of losses:
// what disturbs a radio begins and ends whether or not anybody sends. Without it a sender who waits longer after
// each loss would meet the same burst for minutes.
func (l *Link) pass(t int64) {
	if l.pace > 0 && l.odds.leave != 0 {
		for range min((t-l.drewAt)/l.pace-1, mostPaces) {
			l.loses()
		}
	}
	l.drewAt = t
}

// mostPaces is after how many the last burst is forgotten.
const mostPaces = 1000

// loses draws whether the next datagram is lost.
func (l *Link) loses() bool {
	if l.odds.leave == 0 {
		return l.rng.loss.hit(l.odds.lose)
	}
	if l.inBurst {
		l.inBurst = !l.rng.loss.hit(l.odds.leave)
	} else {
		l.inBurst = l.rng.loss.hit(l.odds.enter)
	}
	return l.inBurst
}

// cross takes p through everything that is behind the bottleneck, which it
// leaves at t. Lost datagrams draw like the others: so the loss does not change
// what happens to the rest.
func (l *Link) cross(t int64, p *packet) {
	f := l.draw(p, &l.rng.jitter, &l.rng.reorder, &l.rng.corrupt)
	twice := l.rng.duplicate.hit(l.odds.duplicate)
	if p.stream != nil {
		l.crossInOrder(t, p, f)
		return
	}
	l.pass(t)
	if l.loses() {
		l.stats.Lost++
		l.tell(p, t, true)
		l.held -= p.cost()
		l.pool.put(p)
		return
	}
	var twin *packet
	if twice && l.held+p.cost() <= l.cfg.MaxBytes {
		twin = l.pool.twin(p) // before p is corrupted
	}
	l.launch(t, p, f)
	l.tell(p, t, false)
	if twin != nil {
		l.stats.Duplicated++
		l.held += twin.cost()
		l.launch(t, twin, l.draw(twin, &l.rng.twin, &l.rng.twin, &l.rng.twin))
	}
}

// launch sends p, which left the bottleneck at t, on its flight.
func (l *Link) launch(t int64, p *packet, f fate) {
	if f.corrupt {
		p.flip(f.start, l.cfg.CorruptBits)
		l.stats.Corrupted++
	}
	p.at = t + int64(l.cfg.Delay) + f.extra
	stray := f.held || l.cfg.JitterReorders
	if !stray {
		p.at = max(p.at, l.latest)
		l.latest = p.at
	}
	l.air.launch(p, stray)
}

// mark sets Congestion Experienced on p if its sender understands it.
func (l *Link) mark(p *packet) bool {
	if p.ecn != transport.ECT0 && p.ecn != transport.ECT1 {
		return false
	}
	p.ecn = transport.CE
	return true
}
