package simnet

import "time"

// A Crossing is the way of one datagram through a link of a Relay, told when it has passed
// the bottleneck; a link without one is passed at once. Copies that a link makes are not
// told of.
type Crossing struct {
	Up      bool      // from the client to the server
	Sent    time.Time // it came to the link
	Through time.Time // it had passed the bottleneck
	Arrives time.Time // zero: it got lost behind the bottleneck
	Bytes   int       // with its headers
}

// tell has whoever watches the link hear of p, which left the bottleneck at a time.
func (l *Link) tell(p *packet, through int64, lost bool) {
	if l.watch != nil {
		l.watch(p, through, lost)
	}
}

// observe has the relay's watcher hear of what crosses the links of s.
func (r *Relay) observe(s *session) {
	if r.cfg.Watch == nil {
		return
	}
	for _, l := range [2]*Link{s.up, s.down} {
		l.watch = func(p *packet, through int64, lost bool) {
			c := Crossing{Up: l == s.up, Bytes: len(p.b) + l.cfg.OverheadBytes}
			c.Sent, c.Through = r.start.Add(time.Duration(p.sent)), r.start.Add(time.Duration(through))
			if !lost {
				c.Arrives = r.start.Add(time.Duration(p.at))
			}
			r.cfg.Watch(c)
		}
	}
}
