package world

import "time"

// An allowance is what a lane with BytesPerSecond may send at a time.
type allowance struct {
	sent  uint64 // bytes, when it was looked at last
	at    int64  // when that was; 0: never
	level int64  // bytes; negative: debt
}

// debtAllowed is how far an allowance may go into debt: a packet that was begun, and frames that
// answer the peer, which never wait.
const debtAllowed = 3000

// checkCaps compares what the lanes of an end have sent since the last step with what their
// rates give; a twentieth of a second may be saved up.
func (e *End) checkCaps() {
	now, step := e.world.now(), int64(e.world.step)
	for _, l := range e.lanes {
		rate, b := int64(l.channel.BytesPerSecond), &l.allowance
		if rate <= 0 || e.state != endOpen {
			continue
		}
		sent := e.conn.ChannelStats(l.channel.ID).BytesSent
		if b.at == 0 {
			b.level = rate / 20
		} else {
			gain := (now-b.at)*rate/int64(time.Second) + 1
			b.level = min(b.level+gain, rate/20) - int64(sent-b.sent)
		}
		if b.at, b.sent = now, sent; b.level < -debtAllowed-step*rate/int64(time.Second) {
			l.fault(Caps, "%d bytes more were sent than %d a second give", -b.level, rate)
			b.level = 0
		}
	}
}
