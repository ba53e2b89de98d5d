package endpoint

// A ration is how many bytes the messages of compressed channels may open to in a second, of all
// channels together (Config.OpenedBytesPerSecond): a peer pays for what goes on the wire, and what that
// opens to may be a thousand times as much. It is a bucket that holds a second's worth. What finds it
// empty waits unopened, and so holds up its sender, or gives way to what is newer, as everything does
// that the game has not taken.
type ration struct {
	bucket throttle
	until  int64 // when what waits may go on; longAgo: nothing waits
}

const (
	defaultOpened = 16 << 20
	// portionTime is how long what waits does so at least: it comes in portions, not one by one.
	portionTime = 10 * millisecond
)

// mayNotOpen reports whether the next message has to wait, for an Update or until the ration has
// something again. Of a connection that has ended what there is is shown.
func (r *receiver) mayNotOpen() bool {
	in := r.in
	switch {
	case r.withholds():
		in.withheld = true
		return true
	case in.inbound == nil || in.inbound.ration == nil || in.final:
		return false
	}
	ra := in.inbound.ration
	if in.now < ra.until {
		return true
	}
	if ra.bucket.refill(in.now); ra.bucket.ready(in.now) {
		return false
	}
	ra.until = max(ra.bucket.readyAt(), in.now+portionTime)
	in.expireLater(ra.until)
	r.counts.paused++
	return true
}

// pauses reports whether something waits until it may be opened.
func (in *inbox) pauses() bool {
	return in.inbound != nil && in.inbound.ration != nil && in.inbound.ration.until != longAgo
}

// opened takes a message that was opened out of the ration. One that came as it is was paid for.
func (in *inbox) opened(bytes, came int) {
	if bytes < came {
		return
	}
	if in.inbound == nil {
		in.inbound = new(inbound)
	}
	if in.inbound.ration == nil {
		rate := in.cfg.OpenedBytesPerSecond // 0: the bucket has no bound
		burst := int64(rate)
		in.inbound.ration = &ration{throttle{rate: rate, burst: burst, level: burst * second, at: in.now}, longAgo}
	}
	in.inbound.ration.bucket.spend(in.now, bytes)
}

// resume has the game told of what waited, if that may go on, and says when to look again.
func (in *inbox) resume(now int64) int64 {
	if in.pauses() && now >= in.inbound.ration.until {
		in.inbound.ration.until, in.withheld = longAgo, true
	}
	if in.pauses() {
		return in.inbound.ration.until
	}
	return never
}
