package endpoint

// A bandwidth is how many bytes there were in about the last second: those of the second that
// runs, and of the second before it the share that is not older than a second, as if it had been
// even. It needs no timer: a pause, or a clock that jumps, is found when somebody looks.
type bandwidth struct {
	began         int64 // the second that runs
	bytes, before uint64
}

// turn begins another second if it is time.
func (b *bandwidth) turn(now int64) {
	switch past := now - b.began; {
	case past < second:
	case past < 2*second:
		b.began, b.before, b.bytes = b.began+second, b.bytes, 0
	default:
		*b = bandwidth{began: now}
	}
}

func (b *bandwidth) add(now int64, bytes int) {
	if b.bytes+b.before == 0 {
		b.began = now
	}
	if now-b.began >= second {
		b.turn(now)
	}
	b.bytes += uint64(bytes)
}

func (b bandwidth) perSecond(now int64) int {
	b.turn(now)
	left := min(max(0, second-(now-b.began)), second)
	return int(b.bytes + b.before*uint64(left)/second)
}

// SetNow tells an endpoint the time, for what is read without one: the bytes per second of Stats
// and ChannelStats. Every other call with a time does so too, so it is needed after idle times
// only. Time never runs backwards.
func (e *Endpoint) SetNow(now int64) { e.now = max(e.now, now) }
