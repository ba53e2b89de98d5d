package endpoint

// An overdue is the part of loss detection that does not wait for later packets to be
// acknowledged. RFC 9002 needs the ack of one sent an eighth of a round trip later, or of three;
// a game that sends sixty packets a second learns of a loss so late only because so little
// follows it. Here an ack is expected just above the round trip: of a packet that has none by
// then what is reliable is sent once more, while the packet itself is not declared lost. So a
// mistake costs some bytes and says nothing to congestion control.
//
// Mistakes are paid out of an account: it is credited a share of what is sent and what proves
// lost, so that beside real losses no more than that share is sent twice, whatever the path does
// to acks.
type overdue struct {
	from   uint64 // no packet below it is waited for
	late   lateness
	strait strait
	rounds int // times that something was sent again since anything was acknowledged
	debt   int // of the account, in mistakes times overdueShare
}

const (
	lateAcks = 64
	// overdueShare: of so many packets one may be sent twice by mistake. Lost acks make for as
	// many mistakes, which are worth it as long as few acks are lost.
	overdueShare = 16
	// overdueCredit is how many mistakes are allowed at once.
	overdueCredit = 16
	// overdueRounds is how many packets in a row may be overdue while nothing is acknowledged.
	// Then the path may be gone, and probes ask, more and more seldom.
	overdueRounds = 3
)

// A lateness is the most that acks came later than after a smoothed round trip, of the last 64 to
// 128 of them: so of as many one may come later still.
type lateness struct {
	now, before int64 // of the acks that are counted, and of the 64 before them
	acks        int
}

func (l *lateness) note(late int64) {
	l.now = max(l.now, late)
	if l.acks++; l.acks == lateAcks {
		l.before, l.now, l.acks = l.now, 0, 0
	}
}

func (l *lateness) most() int64 { return max(l.now, l.before) }

// noteLate takes how long the ack of a packet took, its hold and all, beyond what it waited in the strait.
// None is expected later than after two round trips and the longest hold.
func (p *path) noteLate(took int64) {
	p.loss.overdue.late.note(min(max(took-p.rtt.smooth, 0), p.rtt.smooth+p.ackDelay))
}

// patience is after what time an ack is overdue.
func (p *path) patience() int64 {
	return p.rtt.smooth + max(p.loss.overdue.late.most(), p.rtt.variance) + millisecond
}

// overdueAt is when the ack of the oldest packet that is waited for is overdue.
func (p *path) overdueAt() int64 {
	o := &p.loss.overdue
	if p.eliciting == 0 || p.reliable || !p.rtt.sampled || !p.active() || !p.ps.life.open() ||
		o.debt >= overdueCredit*overdueShare || o.rounds >= overdueRounds {
		return never
	}
	for o.from = max(o.from, p.sent.Base()); o.from < p.sent.End(); o.from++ {
		if pkt := p.sent.At(o.from); pkt.state == packetInFlight && pkt.flags&packetPrompt != 0 && !p.ackTellsNothing(pkt.at) {
			return pkt.at + p.patience() + pkt.waits + p.repairTime(pkt)
		}
	}
	return never
}

// repairTime is how much later than else the answer to a packet may be because what it carries, if
// it is lost, is rebuilt from the packets behind it: three of them bring nearly everything back, and
// what is sent again before that is sent in vain. It is at most half a round trip, and nothing
// where a resend is here before the next packet.
func (p *path) repairTime(pkt *sentPacket) int64 {
	if pkt.flags&packetRepaired == 0 || p.talkEvery >= p.rtt.smooth {
		return 0
	}
	return min(3*p.talkEvery, p.rtt.smooth/2)
}

// checkOverdue has what overdue packets carry sent once more.
func (p *path) checkOverdue(now int64) {
	for now >= p.overdueAt() {
		o := &p.loss.overdue
		pkt := p.sent.At(o.from)
		o.from++
		if pkt.set != 0 && p.ps.copies.set(pkt.set).lost { // what was acknowledged is done
			continue
		}
		again := false
		for i := range uint64(pkt.records) {
			if c := p.contents.At(pkt.firstRecord + i); c.kind <= contentSkip {
				again = c.channel.contentOverdue(pkt, c) || again
			}
		}
		if again {
			pkt.flags |= packetOverdue
			o.rounds++
			p.counts.PacketsOverdue++
			o.debt += overdueShare
		}
	}
}

// settleOverdue notes what became of a packet: one that was overdue and lost was no mistake.
func (p *path) settleOverdue(pkt *sentPacket, lost bool) {
	o := &p.loss.overdue
	switch {
	case pkt.flags&packetOverdue == 0:
	case lost:
		o.debt -= overdueShare
	default:
		p.counts.PacketsHasty++
	}
	if pkt.flags&packetPrompt != 0 {
		o.debt--
	}
	o.debt = max(o.debt, 0)
}

// A strait is what acks have shown of the narrowest place of a path: how fast it lets through what left
// together. From that follows how long a packet waits behind those that were sent before it, which
// acks of small packets tell nothing of. It says when to expect an ack and no more. Congestion control
// does not know it: while a game sends little the rate that it allows tells nothing of the path.
type strait struct {
	first       straitMark // of the packets that left together
	now, before int64      // the most bytes a second, of the trains that are counted and of those before
	trains      int
	busy        int64 // until when what was sent keeps it busy
}

// A straitMark is a packet that was acknowledged.
type straitMark struct {
	sent, arrived int64 // arrived: when its ack came, without the hold
	passed        int64 // bytes sent up to it, and with it; 0: there is none
}

// straitTrains is how many trains are counted: jitter makes many look slower than they are, few faster.
const straitTrains = 16

// acked takes a packet that was acknowledged. Packets that arrived in more than twice the time in which
// they were sent waited for each other, as in a packet train.
func (s *strait) acked(m straitMark) {
	took, bytes := m.arrived-s.first.arrived, m.passed-s.first.passed
	if s.first.passed == 0 || bytes <= 0 || took <= 0 || m.sent-s.first.sent > took/2 {
		s.first = m
		return
	}
	if bytes < packetBytes {
		return
	}
	s.now = max(s.now, perSecond(bytes, took))
	if s.trains++; s.trains == straitTrains {
		s.before, s.now, s.trains = s.now, 0, 0
	}
}

// send takes a packet that is sent, and returns how long the strait needs for it and what is before it, at
// most; 0 as long as that is not known.
func (s *strait) send(now int64, bytes int, most int64) int64 {
	rate := max(s.now, s.before)
	if rate == 0 {
		return 0
	}
	s.busy = min(max(s.busy, now)+mulDiv(int64(bytes), second, rate), now+most)
	return s.busy - now
}
