package simnet

import "time"

// A Reliable socket is a stream seen from above: TCP finds out what a link lost and
// sends it again, and everything behind it waits meanwhile. Here that takes the time
// it takes and no packets.

const (
	// maxResends bounds how often one datagram of a stream is unlucky.
	maxResends = 8
	// resendPause is about what it takes to see a hole behind a loss (RFC 8985).
	resendPause = 10 * time.Millisecond
)

// crossInOrder takes a datagram of a stream, which leaves the bottleneck at t, through
// everything behind it. It is sent again for each time that it would have been lost.
func (l *Link) crossInOrder(t int64, p *packet, f fate) {
	p.at = t + int64(l.cfg.Delay) + f.extra
	for range maxResends {
		if !l.loses() {
			break
		}
		l.stats.Resent++
		p.at += 2*int64(l.cfg.Delay) + int64(resendPause)
	}
	p.at = max(p.at, l.inOrder)
	l.inOrder = p.at
	l.air.launch(p, true)
}

// congested reports whether a stream takes nothing more.
func (s *Socket) congested() bool { return s.cfg.Reliable && s.under >= s.cfg.SendBytes }

// release sends on what waited at a cut that has ended.
func (n *Network) release() {
	if len(n.stopped) == 0 {
		return
	}
	waiting := n.stopped
	n.stopped = nil
	for _, p := range waiting {
		n.start(p) // or it stops again, at another cut
	}
	n.advance(n.now)
}
