package endpoint

// A window that is full of what a game holds for less important should not hold up the rest: a
// transfer that begins, or goes on after a pause, fills it at once, and then nothing would go until
// the first acknowledgement, a round trip later. So messages above the lowest priority may overtake
// it: of the packets in flight that have nothing else, up to half a window does not count for them.
// What is overtaken waits for as much longer, so that the window is kept on average; and pacing
// holds as always.

// filled reports whether the window is full, but for messages above the lowest priority.
func (p *path) filled() bool { return p.inFlight >= p.cc.WindowBytes() }

// filledAbove reports whether it is full for those, too.
func (p *path) filledAbove() bool {
	window := p.cc.WindowBytes()
	return p.inFlight-min(p.lowest, window/2) >= window
}

// overtakes reports whether messages above the lowest priority may go although the window is full.
func (p *path) overtakes() bool {
	return p.lowest > 0 && !p.busy && p.sent.Len() < maxSentPackets && !p.filledAbove()
}

// overtake has the packet that is being built take nothing but such messages, if there are any.
func (ps *paths) overtake(b *builder) bool {
	p := b.path
	b.above = p.overtakes() && p.pacer.ready(b.now) && ps.outbox.allowed(b.now) && ps.overtakeAt() <= b.now
	return b.above
}

// overtakeAt is when such a message could go if the path allowed it.
func (ps *paths) overtakeAt() int64 {
	if !ps.life.open() || ps.life.quiet() {
		return never
	}
	return ps.outbox.urgentAt()
}
