package endpoint

// A ration is how many bytes the messages of compressed channels may open to in a second, of all
// channels together (Config.OpenedBytesPerSecond): a peer pays for what goes on the wire, and what that
// opens to may be a thousand times as much. It is a bucket that holds a second's worth. What finds it
// empty waits unopened, and so holds up its sender, or gives way to what is newer, as everything does
// that the game has not taken.
type ration struct {
	bucket throttle
	until  int64 // when what waits may go on; never: nothing waits
}

const (
	defaultOpened = 16 << 20
	// portionTime is how long what waits does so at least: it comes in portions, not one by one.
	portionTime = 10 * millisecond
)

// rations reports whether nothing may be opened now. Of a connection that has ended the rest is shown.
func (in *inbox) rations() bool {
	ra := in.ration
	if ra == nil || in.final {
		return false
	}
	if ra.until != never && in.now < ra.until {
		return true
	}
	ra.until = never
	if ra.bucket.refill(in.now); ra.bucket.ready(in.now) {
		return false
	}
	ra.until = max(ra.bucket.readyAt(), in.now+portionTime)
	in.expireLater(ra.until)
	return true
}

// pauses reports whether something waits until it may be opened.
func (in *inbox) pauses() bool { return in.ration != nil && in.ration.until != never }

// opened takes a message that was opened out of the ration. One that came as it is was paid for.
func (in *inbox) opened(bytes, came int) {
	rate := in.cfg.OpenedBytesPerSecond
	if rate == 0 || bytes < came {
		return
	}
	if in.ration == nil {
		burst := int64(rate)
		in.ration = &ration{throttle{rate: rate, burst: burst, level: burst * second, at: in.now}, never}
	}
	in.ration.bucket.spend(in.now, bytes)
}

// resume has the game told of what waited, if that may go on, and says when to look again.
func (in *inbox) resume(now int64) int64 {
	ra := in.ration
	if ra == nil {
		return never
	}
	if now < ra.until {
		return ra.until
	}
	ra.until, in.withheld = never, true
	return never
}
