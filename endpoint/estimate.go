package endpoint

import "time"

// An Estimate is what a controller thinks of its path.
type Estimate struct {
	BytesPerSecond int           // that it carries for us
	QueueDelay     time.Duration // that packets wait on their way, whoever's queue it is
}

// An Estimator is a Controller that knows more than the rate at which it paces. What it says is
// shown to the game; of other controllers the rate is.
type Estimator interface {
	Estimate() Estimate
}

func (p *path) estimate() Estimate {
	if e, ok := p.cc.(Estimator); ok {
		return e.Estimate()
	}
	return Estimate{BytesPerSecond: p.cc.BytesPerSecond()}
}

// A rateTold is the last event RateChanged.
type rateTold struct {
	rate  int
	at    int64
	event uint64 // its number in the queue, plus one
}

// rateInterval is the least time between two events of a rate: a game that sends less, or more,
// needs some ticks to see what comes of it.
const rateInterval = second / 4

// tellRate makes the event RateChanged when the rate has changed by a quarter since the last one;
// that it is higher is news only for who has more to send. An event that was not shown yet is
// brought up to date.
func (ps *paths) tellRate(now int64, limited bool) {
	t := &ps.rateTold
	if now-t.at < rateInterval || !ps.life.open() {
		return
	}
	rate := ps.bytesPerSecond()
	if 4*abs(int64(rate-t.rate)) < int64(t.rate) || limited && rate > t.rate {
		return
	}
	t.rate, t.at = rate, now
	ps.events.pushLatest(&t.event, Event{Kind: RateChanged, BytesPerSecond: rate})
}
