package world

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tickwire/tickwire"
)

// A booking is a seat that the game reserved and nobody has taken yet.
type booking struct {
	clientID uint64
	since    int64 // it has been kept without a break
	until    int64
}

// seats is the ledger of reservations, and what was seen of how full the server is.
type seats struct {
	booked  []booking
	crowded int64 // when all seats but one were last taken or reserved, or might have been
	full    bool  // they were when the server was looked at last
}

// Reserve keeps a seat at the server for a player, as Server.Reserve does, and notes it
// in the ledger: until then this player is never refused for want of a seat. A server that loads
// wakes up for it.
func (w *World) Reserve(clientID uint64, d time.Duration) error {
	if w.server == nil {
		return fmt.Errorf("world: there is no server that has seats")
	}
	w.home.wake(w)
	until := w.net.Now().Add(d)
	if err := w.server.Reserve(clientID, until); err != nil {
		w.checkUnreserved(clientID, err)
		return err
	}
	i := w.booking(clientID)
	if i < 0 {
		i = len(w.seats.booked)
		w.seats.booked = append(w.seats.booked, booking{clientID: clientID, since: w.now()})
	}
	w.seats.booked[i].until = w.now() + int64(d)
	if got, ok := w.server.Reserved(clientID); !ok || !got.Equal(until) {
		w.fault(Seats, "server", fmt.Sprintf("reserved until %v for player id %d, but it says %v, %v", until, clientID, got, ok))
	}
	w.checkSeats()
	return nil
}

// checkUnreserved: a reservation is refused for want of seats alone, and not to who has one.
func (w *World) checkUnreserved(clientID uint64, err error) {
	if _, ok := errors.AsType[*tickwire.SeatsError](err); !ok {
		return // the caller's mistake
	}
	s := w.server.Stats().Seats
	if s.Taken+s.Reserved < s.Limit || w.booking(clientID) >= 0 {
		w.fault(Seats, "server", fmt.Sprintf("nothing is reserved for player id %d although %+v: %v", clientID, s, err))
	}
}

// Unreserve gives a reserved seat back, if there is one.
func (w *World) Unreserve(clientID uint64) {
	if w.server == nil {
		return
	}
	w.home.wake(w)
	w.lapse() // what has ended while the server slept
	i := w.booking(clientID)
	if ok := w.server.Unreserve(clientID); ok != (i >= 0) && !(i >= 0 && w.entering(clientID)) {
		w.fault(Seats, "server", fmt.Sprintf("Unreserve of player id %d says %v", clientID, ok))
	}
	if i >= 0 {
		w.seats.booked = slices.Delete(w.seats.booked, i, i+1)
	}
}

// entering reports whether a player is on his way in, or back, and may have taken his seat.
func (w *World) entering(clientID uint64) bool {
	return slices.ContainsFunc(w.players, func(p *Player) bool {
		return p.ClientID == clientID && !p.done && (p.Client.state == endOpening || p.Server.state == endOpening || p.Client.Away() || p.Server.Away())
	})
}

func (w *World) booking(clientID uint64) int {
	return slices.IndexFunc(w.seats.booked, func(b booking) bool { return b.clientID == clientID })
}

// seated notes that a player has taken the seat that was reserved for him.
func (w *World) seated(clientID uint64) {
	w.seats.booked = slices.DeleteFunc(w.seats.booked, func(b booking) bool { return b.clientID == clientID })
}

// noteSeat notes that a player was let in, or has come back with a ticket, which ends a reservation; but not
// one that was made when he was in and the game had not heard of it.
func (e *End) noteSeat() {
	w, id := e.world, e.player.ClientID
	if !e.server || w.server == nil {
		return
	}
	if _, reserved := w.server.Reserved(id); !reserved {
		w.seated(id)
	}
}

// lapse forgets reservations whose time is over.
func (w *World) lapse() {
	now := w.now()
	w.seats.booked = slices.DeleteFunc(w.seats.booked, func(b booking) bool { return b.until <= now })
}

// checkSeats compares how full the server says it is with who is there, and with the
// ledger. It is called when the server has just been told the time.
func (w *World) checkSeats() {
	if w.server == nil {
		return
	}
	w.lapse()
	open := 0
	for c := range w.server.Conns() {
		if c.Open() {
			open++
		}
	}
	s := w.server.Stats().Seats
	if open > s.Taken || s.Taken+s.Reserved > s.Limit {
		w.fault(Seats, "server", fmt.Sprintf("%d players are in, of seats %+v", open, s))
	}
	if s.Reserved > len(w.seats.booked) {
		w.fault(Seats, "server", fmt.Sprintf("%d seats are reserved, %d should be", s.Reserved, len(w.seats.booked)))
	}
}

// noteCrowd looks at the server whenever it has worked. It began as it was when it had worked
// last, maybe before a long sleep, and turned people away before seats became free.
func (w *World) noteCrowd() {
	s := w.server.Stats().Seats
	full := s.Taken+s.Reserved >= s.Limit-1
	if full || w.seats.full {
		w.seats.crowded = w.now()
	}
	w.seats.full = full
}

// checkFull judges a refusal for want of a seat: not to a player for whom one was
// reserved all the time, and not while there was room all the time.
func (w *World) checkFull(p *Player) {
	if i := w.booking(p.ClientID); i >= 0 && w.seats.booked[i].since <= p.joined && w.seats.booked[i].until > w.now() {
		w.fault(Seats, p.Client.String(), "it was refused although a seat was reserved for it")
	}
	if w.seats.crowded < p.joined && w.stopped < p.joined {
		w.fault(Seats, p.Client.String(), "it was refused although there was room all the time")
	}
}

// checkKept: a server that keeps the oldest replaces nobody whom its game has seen and who is there.
func (w *World) checkKept(e *End, r tickwire.Reason) {
	if w.cfg.Server.KeepOldest && e.server && !e.comings.away && r.Code == tickwire.CodeReplaced {
		w.fault(Seats, e.String(), "it was replaced, and the server keeps the oldest")
	}
}

// keepsOut reports whether somebody who wants to come back has to wait: for another process of his
// to leave, or for a seat.
func (w *World) keepsOut(p *Player) bool { return w.seats.full || w.replaced(p) }

// seatsLost counts the seats that are taken by nobody. An attempt that came to nothing
// holds one until its timeout.
func (w *World) seatsLost() int {
	if w.server == nil {
		return 0
	}
	lost := w.server.Stats().Seats.Taken
	for _, p := range w.players {
		if p.Server.state == endOpen {
			lost--
		}
	}
	return lost
}
