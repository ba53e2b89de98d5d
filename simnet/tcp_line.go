package simnet

import "math"

// A tcpLine is a TCP connection over a pair of links, in virtual time: a flow each way, the data of one and the
// acknowledgements of the other on the same link.
type tcpLine struct {
	links [2]*Link // up, down
	flows [2]*tcpFlow
}

// newTCPLine returns one whose handshake begins at now.
func newTCPLine(now int64, links Links, seed, number uint64) *tcpLine {
	p := new(pool)
	l := &tcpLine{links: [2]*Link{newLink(now, links.Up, mix(seed, 2*number), p), newLink(now, links.Down, mix(seed, 2*number+1), p)}}
	for i := range l.flows {
		l.links[i].pace = relayPace
		l.flows[i] = newTCPFlow(now, uint8(i), l.links[i])
	}
	return l
}

// next is when something happens, or may; math.MaxInt64: nothing does by itself.
func (l *tcpLine) next() int64 {
	at := int64(math.MaxInt64)
	for i := range l.links {
		if t, ok := l.links[i].Next(); ok {
			at = min(at, t)
		}
		if t := l.flows[i].deadline(); t != 0 {
			at = min(at, t)
		}
	}
	return at
}

// advance does all that happens until now, in its order.
func (l *tcpLine) advance(now int64) {
	for at := l.next(); at <= now; at = l.next() {
		for i := range l.links {
			l.receive(at, i)
		}
		for _, f := range l.flows {
			if t := f.deadline(); t != 0 && t <= at {
				f.act(at)
			}
		}
	}
}

// receive takes what has arrived by a link.
func (l *tcpLine) receive(now int64, i int) {
	for b, ok := l.links[i].Receive(now); ok; b, ok = l.links[i].Receive(now) {
		switch {
		case !soundTCP(b):
		case b[1] == tcpAck:
			l.flows[b[0]].acknowledged(now, b)
		default:
			l.flows[b[0]].arrive(now, b, l.links[1-i])
		}
	}
}

// setCut takes the links down, or up again.
func (l *tcpLine) setCut(cut bool) { l.links[0].cut, l.links[1].cut = cut, cut }

// done reports whether both ends have been told that nothing follows.
func (l *tcpLine) done() bool { return l.flows[0].told && l.flows[1].told }

// setLinks changes the links; they are valid.
func (l *tcpLine) setLinks(now int64, links Links) {
	l.advance(now)
	l.links[0].reconfigure(now, links.Up)
	l.links[1].reconfigure(now, links.Down)
}
