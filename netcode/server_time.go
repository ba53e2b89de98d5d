package netcode

import "container/heap"

// watch puts a seat among those whose time netcode looks after: plain clients, and seats that are
// not confirmed. What needs attention first is on top; a seat that was heard meanwhile is found to
// need it later when its turn comes.
func (s *Server) watch(seat *Seat) {
	seat.lookAt = seat.attention()
	if seat.watched {
		heap.Fix(&s.watched, seat.watchedAt)
		return
	}
	seat.watched = true
	heap.Push(&s.watched, seat)
}

func (s *Server) unwatch(seat *Seat) {
	if seat.watched {
		seat.watched = false
		heap.Remove(&s.watched, seat.watchedAt)
	}
}

func (s *Seat) endsBefore(other *Seat) bool { return s.lookAt < other.lookAt }

func (s *Seat) place() *int { return &s.watchedAt }

// A seatTimer is a reason why a watched seat needs attention at some time. Both are worked out here
// alone, for Deadline and for HandleTimeout.
type seatTimer uint8

const (
	seatSilent    seatTimer = iota // nothing was heard of the client for too long
	seatKeepAlive                  // a plain client wants to hear something
)

// due is when a timer of a seat has something to do; never if it is off.
func (s *Seat) due(t seatTimer) int64 {
	switch {
	case t == seatSilent:
		return after(s.heard, s.patience())
	case s.Plain():
		return after(s.sent, sendInterval)
	}
	return never
}

// attention is when a watched seat needs some.
func (s *Seat) attention() int64 { return min(s.due(seatSilent), s.due(seatKeepAlive)) }

// patience is how long a watched seat may be silent. One that is not confirmed does not stay for ever,
// whatever its token says.
func (s *Seat) patience() int64 {
	switch {
	case s.coming != nil && s.timeout > int64(DefaultTimeout):
		return int64(DefaultTimeout)
	case s.timeout > 0:
		return s.timeout
	case !s.confirmed:
		return int64(DefaultTimeout)
	}
	return never
}

// Deadline is when HandleTimeout wants to be called next; the largest int64 if
// nothing waits for time.
func (s *Server) Deadline() int64 {
	if s.parcels.len() > 0 || s.due.len() > 0 {
		return s.now
	}
	if len(s.watched) == 0 {
		return never
	}
	return s.watched[0].lookAt
}

// HandleTimeout lets time pass. It returns one event at a time: call it until
// there is none, then drain NextDatagram. Calls too early or too often are
// harmless.
func (s *Server) HandleTimeout(now, unix int64) Event {
	s.now = now
	s.forgetExpired(s.adm.newest(unix))
	for len(s.watched) > 0 && s.watched[0].lookAt <= now {
		s.timeVisits++
		seat := s.watched[0]
		if seat.state == seatOurs && seat.confirmed {
			s.unwatch(seat)
			continue
		}
		if now >= seat.due(seatSilent) {
			return s.expireSeat(seat)
		}
		if now >= seat.due(seatKeepAlive) {
			seat.sent = now
			if !seat.keepAliveDue {
				seat.keepAliveDue = true
				s.due.push(seat)
			}
		}
		seat.lookAt = seat.attention()
		heap.Fix(&s.watched, 0)
	}
	return Event{}
}

// expireSeat ends a seat that was silent for too long.
func (s *Server) expireSeat(seat *Seat) Event {
	ev := Event{Kind: EventDisconnected, Seat: seat, Why: WhyTimeout}
	if seat.state == seatUndecided {
		s.counters.Unheard++
		ev.Kind = EventUnheard
	}
	s.leave(seat)
	return ev
}

// NextDatagram returns a datagram that is due, appended to dst[:0], and where
// it goes; false when there is none.
func (s *Server) NextDatagram(dst []byte) (b []byte, to Source, ok bool) {
	if s.parcels.len() > 0 {
		p := s.parcels.pop()
		return append(dst[:0], p.b[:p.n]...), p.to, true
	}
	for s.due.len() > 0 {
		seat := s.due.pop()
		if !seat.Plain() || !seat.keepAliveDue {
			continue
		}
		seat.keepAliveDue = false
		return s.appendKeepAlive(seat, dst[:0]), seat.Source(), true
	}
	return nil, Source{}, false
}
