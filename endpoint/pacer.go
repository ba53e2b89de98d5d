package endpoint

// A pacer spreads packets over time: a bucket that fills at the controller's rate and may go
// into debt by one packet. A full bucket lets a burst go at once: ten packets, or what two
// milliseconds hold, so that a caller who looks every millisecond reaches the rate.
type pacer struct {
	level int64 // bytes times a billion
	at    int64
}

const second = 1_000_000_000

func (p *pacer) burst(rate int) int64 { return max(10*packetBytes, int64(rate)/500) * second }

func (p *pacer) advance(now int64, rate int) {
	if now <= p.at || rate <= 0 {
		return
	}
	elapsed, full := now-p.at, p.burst(rate)
	p.at = now
	if p.level >= full || elapsed > (full-p.level)/int64(rate) {
		p.level = full
		return
	}
	p.level += elapsed * int64(rate)
}

// ready reports whether a packet may be sent now.
func (p *pacer) ready() bool { return p.level > 0 }

func (p *pacer) sent(bytes int) { p.level -= int64(bytes) * second }

// next is when a packet may be sent.
func (p *pacer) next(rate int) int64 {
	if p.level > 0 {
		return p.at
	}
	return p.at + -p.level/int64(max(rate, 1)) + 1
}
