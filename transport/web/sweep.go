package web

import "time"

// sweepEvery is how often the associations are looked at.
const sweepEvery = time.Second

// sweep has a look at each association now and then, until the socket is closed. There is one for
// all: a timer for each would cost more than the look.
func (b *board) sweep(look func(a *association, now int64)) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var all []*association
	for {
		select {
		case <-tick.C:
		case <-b.bell.Done():
			return
		}
		b.mu.Lock()
		for _, a := range b.open {
			all = append(all, a)
		}
		b.mu.Unlock()
		now := b.now()
		for _, a := range all {
			a.hurry(now)
			look(a, now)
		}
		clear(all)
		all = all[:0]
	}
}

// longer compares with a limit, which may be off.
func longer(took int64, limit time.Duration) bool { return limit > 0 && took > int64(limit) }

// isStuck reports whether the conduit has taken nothing for too long.
func (a *association) isStuck(now int64, limit time.Duration) bool {
	since := a.writing.Load()
	return since > 0 && longer(now-since, limit)
}

// isDeaf reports whether the peer does not answer: the owner wrote several times, and heard nothing
// for long. Who only acknowledges writes once, and is not answered.
func (a *association) isDeaf(now int64, limit time.Duration) bool {
	since := a.askedSince.Load()
	return since > 0 && a.asked.Load() >= asksOfDeaf && longer(now-since, limit)
}

// asksOfDeaf is how many datagrams make it certain that one of them wanted an answer.
const asksOfDeaf = 4
