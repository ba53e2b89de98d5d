package tickwire

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/netcode"
)

// A SeatsError says that no seat can be reserved: all are taken or reserved:
//
//	MaxClients        int // how many seats there are
//	Clients, Reserved int // those with a client, and those kept for others
type SeatsError = netcode.SeatsError

// SeatStats says who has the seats of a server.
type SeatStats struct {
	Limit    int // ServerConfig.MaxClients
	Taken    int // by players who are connected, or about to be
	Reserved int // kept for players who are not
}

// Reserve keeps a seat for a player until a time, so that a matchmaker can send
// somebody here who is still loading. To everybody else the seat is taken: who
// finds no other one is refused with CodeFull, and Reason.RetryAfter says when the
// first reservation ends. It is kept for the player's next connection, and is over
// when that is Connected, however it ends: to keep a seat for who has dropped out,
// reserve it again. A player who is connected can have one reserved ahead, for when
// they come back. Of two calls for one player the later one counts.
//
// The time is taken against the clock of the last Update, Flush or Service and is
// counted on by the monotonic one, so that setting the system's clock frees no seat.
// Nothing is reserved across a restart.
//
// The error is a *SeatsError if all seats are taken or reserved, a *ConfigError if
// the time has passed, or ErrClosed. Reserve belongs to the owner, who is reached by
// Post; a Hub has one for any goroutine.
func (s *Server) Reserve(clientID uint64, until time.Time) error {
	s.unshared()
	return s.reserve(clientID, until)
}

func (s *Server) reserve(clientID uint64, until time.Time) error {
	if s.closed {
		return ErrClosed
	}
	if !until.After(s.clock) {
		return config.Wrong("until", until.Round(0), fmt.Sprintf("a time that is yet to come: it is %v", s.clock.Round(0)))
	}
	return s.netcode.Admission().Reserve(s.now, clientID, s.nanosAt(until))
}

// Unreserve gives a reserved seat back, and reports whether there was one.
func (s *Server) Unreserve(clientID uint64) bool {
	s.unshared()
	return s.unreserve(clientID)
}

func (s *Server) unreserve(clientID uint64) bool {
	return !s.closed && s.netcode.Admission().Unreserve(s.now, clientID)
}

// Reserved returns until when a seat is kept for a player; false if none is.
func (s *Server) Reserved(clientID uint64) (until time.Time, ok bool) {
	s.unshared()
	return s.reserved(clientID)
}

func (s *Server) reserved(clientID uint64) (until time.Time, ok bool) {
	at, ok := s.netcode.Admission().Reserved(s.now, clientID)
	if !ok || s.closed {
		return time.Time{}, false
	}
	return s.timeAt(at), true
}

func (s *Server) seatStats() SeatStats {
	a := s.netcode.Admission()
	return SeatStats{Limit: a.MaxClients(), Taken: a.Clients(), Reserved: a.Reservations(s.now)}
}

// Reserve keeps a seat for a player until a time; see Server.Reserve.
func (h *Hub) Reserve(clientID uint64, until time.Time) error {
	h.lockNow()
	defer h.s.unlock()
	return h.srv.reserve(clientID, until)
}

// Unreserve gives a reserved seat back, and reports whether there was one.
func (h *Hub) Unreserve(clientID uint64) bool {
	h.lockNow()
	defer h.s.unlock()
	return h.srv.unreserve(clientID)
}

// Reserved returns until when a seat is kept for a player; false if none is.
func (h *Hub) Reserved(clientID uint64) (until time.Time, ok bool) {
	h.lockNow()
	defer h.s.unlock()
	return h.srv.reserved(clientID)
}

// lockNow locks, and sets the clock, which nobody ticks.
func (h *Hub) lockNow() {
	h.s.lock()
	if !h.srv.closed {
		h.srv.setNow(time.Now())
	}
}
