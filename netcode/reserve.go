package netcode

import (
	"container/heap"
	"fmt"
	"math"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// A reservation keeps a seat for a client until a time:
//
//	waiting   the client is not connected: everybody else has one seat less
//	idle      it is connected, on a seat that counts for itself; should it leave
//	          before it has confirmed the connection, the reservation waits again
//	over      a connection that came after it was confirmed, or its time has come
//
// So a client that is lost on its way in finds its seat when it tries again.
type reservation struct {
	clientID uint64
	until    int64
	at       int // place in Admission.waiting; idle: -1
}

// Reserve keeps a seat for a client until the time until, which like now is one of
// the clock of the servers. To everybody else the seat is taken; the client's next
// connection takes it when it is confirmed, and afterwards nothing is reserved any
// more. Reserved again, the later word counts. A client that is connected loses
// nothing: its seat is kept for when it comes back.
//
// The error is a *[SeatsError] if all seats are taken or reserved, and a
// *[ConfigError] if the time has passed.
func (a *Admission) Reserve(now int64, clientID uint64, until int64) error {
	if until <= now {
		return config.Wrong("until", fmt.Sprintf("%v ago", time.Duration(now-until)), "a time that is yet to come")
	}
	a.expireReservations(now)
	r := a.reserved[clientID]
	if r == nil {
		connected := a.clients[clientID] != nil
		if !connected && a.full() {
			return &SeatsError{MaxClients: a.maxClients, Clients: a.connected, Reserved: len(a.waiting)}
		}
		r = &reservation{clientID: clientID, at: -1}
		a.reserved[clientID] = r
		if !connected {
			heap.Push(&a.waiting, r)
		}
	}
	r.until = until
	if r.at >= 0 {
		heap.Fix(&a.waiting, r.at)
	}
	return nil
}

// Unreserve gives a reserved seat back, and reports whether there was one.
func (a *Admission) Unreserve(now int64, clientID uint64) bool {
	_, ok := a.Reserved(now, clientID)
	if r := a.reserved[clientID]; r != nil {
		a.forget(r)
	}
	return ok
}

// Reserved returns until when a seat is kept for a client; false if none is.
func (a *Admission) Reserved(now int64, clientID uint64) (until int64, ok bool) {
	r := a.reserved[clientID]
	if r == nil || r.until <= now {
		return 0, false
	}
	return r.until, true
}

// Reservations is how many seats are kept for clients that are not connected.
func (a *Admission) Reservations(now int64) int {
	a.expireReservations(now)
	return len(a.waiting)
}

// expireReservations gives back the seats for which nobody came in time.
func (a *Admission) expireReservations(now int64) {
	for len(a.waiting) > 0 && a.waiting[0].until <= now {
		a.forget(a.waiting[0])
	}
}

func (a *Admission) forget(r *reservation) {
	delete(a.reserved, r.clientID)
	a.rest(r)
}

// rest takes a reservation off those that wait.
func (a *Admission) rest(r *reservation) {
	if r.at >= 0 {
		heap.Remove(&a.waiting, r.at)
	}
}

// came notes that a client has a seat.
func (a *Admission) came(clientID uint64) {
	if r := a.reserved[clientID]; r != nil {
		a.rest(r)
	}
}

// left notes that a client has none any more. If its time has come meanwhile it is
// found to be over with the others.
func (a *Admission) left(clientID uint64) {
	if r := a.reserved[clientID]; r != nil && r.at < 0 {
		heap.Push(&a.waiting, r)
	}
}

// settled notes that a client has confirmed its connection.
func (a *Admission) settled(clientID uint64) {
	if r := a.reserved[clientID]; r != nil {
		a.forget(r)
	}
}

// full reports whether there is no seat but those that are reserved.
func (a *Admission) full() bool { return a.connected+len(a.waiting) >= a.maxClients }

// hasRoom reports whether there is a seat for a client that has none.
func (a *Admission) hasRoom(clientID uint64) bool { return a.reserved[clientID] != nil || !a.full() }

// withheld is how much of what all share has to be left to others by a client: as
// much as there are reservations, unless it has one itself.
func (a *Admission) withheld(clientID uint64) int {
	if a.reserved[clientID] != nil {
		return 0
	}
	return len(a.waiting)
}

// refusal is what a client reads for which there is no seat: when the first
// reservation ends, if reservations are what is in its way.
func (a *Admission) refusal(now int64) Refusal {
	r := Refusal{Code: CodeFull}
	if len(a.waiting) > 0 {
		r.RetryAfter = wholeSeconds(a.waiting[0].until - now)
	}
	return r
}

// wholeSeconds rounds up, as far as a REASON can say it.
func wholeSeconds(d int64) uint16 {
	const second = int64(time.Second)
	s := d / second
	if d%second > 0 {
		s++
	}
	return uint16(min(max(s, 0), math.MaxUint16))
}

func (r *reservation) endsBefore(other *reservation) bool { return r.until < other.until }

func (r *reservation) place() *int { return &r.at }

// A SeatsError says that no seat can be reserved: all are taken or reserved
// already.
type SeatsError struct {
	// MaxClients is how many seats there are.
	MaxClients int
	// Clients are those with a client, Reserved those that are kept for others.
	Clients, Reserved int
}

func (e *SeatsError) Error() string {
	return fmt.Sprintf("netcode: no seat left to reserve: of %d, %d are taken and %d reserved; raise MaxClients, or give one back with Unreserve",
		e.MaxClients, e.Clients, e.Reserved)
}
