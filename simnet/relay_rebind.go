package simnet

import (
	"math"
	"net"
	"time"
)

const (
	// minRebind leaves a client time to say something from a port.
	minRebind = time.Millisecond
	// maxKeepOld bounds the ports of a client.
	maxKeepOld = time.Minute
	// maxFormerPorts bounds them as well; the oldest goes first.
	maxFormerPorts = 16
)

// A formerPort is one that a client came from before a rebind.
type formerPort struct {
	conn  *net.UDPConn
	until int64
}

// dial gives a session a port towards the server; false if there is none.
func (r *Relay) dial(s *session, now int64) bool {
	upstream, err := r.cfg.Dial(r.target)
	if err != nil {
		r.stats.DialErrors++
		return false
	}
	enlarge(upstream)
	s.upstream, s.since = upstream, now
	if r.cfg.Rebind > 0 {
		r.rebindAt = min(r.rebindAt, now+int64(r.cfg.Rebind))
	}
	r.tasks.Go(func() { r.readServer(s, upstream) })
	return true
}

// Rebind has the server see all clients come from other ports, from now on.
func (r *Relay) Rebind() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for e := r.byAge.Front(); e != nil; e = e.Next() {
		e.Value.(*session).since = math.MinInt64 / 2
	}
	r.rebindAt = r.now()
	r.alert()
}

// rebind changes the ports whose time is over. Like expire it is pump's alone.
func (r *Relay) rebind(now int64) {
	if now < r.rebindAt || r.closed {
		return
	}
	r.rebindAt = math.MaxInt64
	for e := r.byAge.Front(); e != nil; e = e.Next() {
		s := e.Value.(*session)
		s.forgetPorts(now)
		if due := s.due(r.cfg.Rebind); due <= now {
			former := s.upstream
			if r.dial(s, now) {
				r.stats.Rebound++
				s.old = append(s.old, formerPort{former, now + int64(r.cfg.KeepOld)})
				s.forgetPorts(now)
			} else {
				s.since = now // it keeps the one it has, for as long as one lasts
			}
		}
		r.rebindAt = min(r.rebindAt, s.due(r.cfg.Rebind))
		if len(s.old) > 0 {
			r.rebindAt = min(r.rebindAt, s.old[0].until)
		}
	}
}

// due is when the session's port changes.
func (s *session) due(every time.Duration) int64 {
	switch {
	case s.since < 0: // Rebind was called
		return s.since
	case every == 0:
		return math.MaxInt64
	}
	return s.since + int64(every)
}

// forgetPorts closes the former ports whose time is over, and those beyond the bound.
func (s *session) forgetPorts(now int64) {
	for len(s.old) > 0 && (s.old[0].until <= now || len(s.old) > maxFormerPorts) {
		_ = s.old[0].conn.Close()
		s.old = s.old[1:]
	}
}

// close frees all ports of the session.
func (s *session) close() {
	_ = s.upstream.Close()
	for _, f := range s.old {
		_ = f.conn.Close()
	}
}
