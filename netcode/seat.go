package netcode

import (
	"crypto/subtle"
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/tickwire/tickwire/internal/seq"
)

// A Seat is the place of one connected client at a server. It lives from
// Connected (or, for a plain peer, from its response) until the owner releases
// it; the pointer must not be used after that.
//
//	undecided   a response came; what comes next tells a plain client from one of ours
//	plain       speaks netcode 1.02, types 4 to 6
//	ours        speaks DATA; unconfirmed until its first packet opens
//	leaving     over; waits for [Server.Release]
type Seat struct {
	// Owner is whatever the owner keeps with the seat, until it releases it: netcode never
	// looks at it.
	Owner any
	// Absent is the owner's word that nothing was heard of the client for longer than its timeout,
	// while its seat is kept: ServerConfig.KeepOldest does not refuse another connection for it.
	Absent bool

	home             *Server
	slot, generation uint32
	state            seatState
	confirmed        bool
	counted          bool // among the connected clients
	index            int
	clientID         uint64
	userData         keptData
	sources                // where the client was last proven to be
	timeout          int64 // nanoseconds; 0: never
	token            *tokenEntry
	released         int64 // when the slot became free

	sealer Sealer
	opener opener
	wireID wireID
	share  [shareBytes]byte // the client's
	accept []byte           // the ACCEPT, until confirmed
	pad    Pad

	origin                // of his tickets
	before     origin     // likewise, on the seat from which he has resumed to this one
	coming     *returning // of a player who resumes, until the seat is confirmed
	issued     uint64     // the newest ticket that was given to him; 0: none
	ticketEnds uint64     // when the last of them is over

	*plainSeat // nil of one who speaks our dialect
	heard      int64
	sent       int64
	watched    bool
	watchedAt  int
	lookAt     int64 // when its time is looked at, at the latest
}

// A plainSeat is what a seat has for a client who is plain, or may be.
type plainSeat struct {
	in, out      *packetKey
	sequence     uint64
	replay       seq.Window
	keepAliveDue bool
}

type seatState uint8

const (
	seatFree seatState = iota
	seatUndecided
	seatPlain
	seatOurs
	seatLeaving
)

// ID is the connection id, path bits zero, as a big-endian number: shard in
// the high byte.
func (s *Seat) ID() uint32 { return binary.BigEndian.Uint32(s.id[:]) }

// Index is the client index: a small number that is nobody else's until the
// seat is released, below the most clients of the server unless seats of
// replaced clients are still closing, or wait for clients who resume. A plain client is told the remainder by the
// most clients, 256 at most.
func (s *Seat) Index() int { return s.index }

// ClientID is the authenticated id of the player.
func (s *Seat) ClientID() uint64 { return s.clientID }

// UserData is a copy of what the backend wrote into the token.
func (s *Seat) UserData() UserData { return s.userData.append(nil) }

// Source is where the client was last proven to be on path 0, by the handshake
// or since then by its owner, with [Server.Settled].
func (s *Seat) Source() Source { return s.source }

// Timeout is how long silence may last; zero: for ever.
func (s *Seat) Timeout() time.Duration { return time.Duration(s.timeout) }

// Plain reports whether the client speaks plain netcode: payloads instead of
// packets.
func (s *Seat) Plain() bool { return s.state == seatPlain || s.state == seatUndecided }

// Suite is how the client's packets are protected; a plain client's are encrypted.
func (s *Seat) Suite() Suite {
	if s.Plain() {
		return SuiteChaCha20Poly1305
	}
	return s.pad.Suite
}

// Confirmed reports whether the client has proven that it holds the
// connection's keys since the seat was taken.
func (s *Seat) Confirmed() bool { return s.confirmed }

// An origin is the connection to which tickets were given.
type origin struct {
	id         [connectionIDBytes]byte
	resumption hidden[*rawKey] // none of a plain client: what their secrets are derived from
	over       bool            // it was not there any more, so that nobody knows that
}

// gave reports whether a ticket was given to the connection.
func (o *origin) gave(t *privateTicket, nonce []byte) bool {
	switch {
	case o.id != t.connectionID, o.resumption == nil && !o.over:
		return false
	case o.over:
		return true // one of two of this player's with the same id, at worst: he gives way to himself
	}
	secret := ticketSecret(o.resumption(), nonce)
	return subtle.ConstantTimeCompare(secret[:], t.secret[:]) == 1
}

// gave reports whether a ticket was given to the player on this seat, or on the one from which he
// has resumed to it: he may not have got another one since.
func (s *Seat) gave(t *privateTicket, nonce []byte) bool {
	return s.origin.gave(t, nonce) || s.before.gave(t, nonce)
}

// stays reports whether another connection of the same player is refused for its sake.
func (s *Seat) stays() bool { return s.confirmed && !s.Absent }

// Sealer seals packets to the client; for seats that are not plain.
func (s *Seat) Sealer() *Sealer { return &s.sealer }

func timeoutOf(seconds int32) int64 { return int64(max(seconds, 0)) * int64(time.Second) }

// A seatTable gives out seats. A seat's slot and generation make its
// connection id; the oldest free slot is given first, and none within ten
// seconds of its release, so that late packets of one client do not reach
// another. There are three times as many slots as clients, of which one third is for
// players who resume and are not confirmed; so this delays nobody
// unless more than all players change within ten seconds.
type seatTable struct {
	shard    uint8
	slotBits uint
	maxSlots int
	seats    []*Seat // by slot - 1
	free     fifo[uint32]
	indexes  fifo[int]
	given    int            // of indexes, so far
	held     map[uint64]int // slots of each client id, those that rest included
	rested   int            // so many of free, from the oldest on, rest no more and are nobody's
}

const (
	slotRest = int64(10 * time.Second)
	// maxHeld is how many slots a client id may hold in any case, resting ones included. Who comes again
	// and again would wear out those of all, so that more are only given while half of all are
	// there to take.
	maxHeld = 10
)

func newSeatTable(shard uint8, maxClients int) seatTable {
	maxSlots := 3*maxClients + 16
	return seatTable{shard: shard, maxSlots: maxSlots, slotBits: uint(bits.Len(uint(maxSlots))), held: make(map[uint64]int)}
}

// takeFor is take for a client id, which counts what it holds. One for whom a seat is kept does not
// wait for what it holds.
func (t *seatTable) takeFor(clientID uint64, now int64, others int, kept bool) *Seat {
	if !kept && t.crowded(now, clientID) && !t.canTake(now, others+1+t.maxSlots/2) {
		return nil
	}
	s := t.take(now, others)
	if s != nil {
		s.clientID = clientID
		t.held[clientID]++
	}
	return s
}

// crowded reports whether a client id holds so many slots that it waits if there are few.
func (t *seatTable) crowded(now int64, clientID uint64) bool {
	for t.mayTake(now, t.rested) {
		t.unhold(t.seats[*t.free.at(t.rested)-1])
		t.rested++
	}
	return t.held[clientID] >= maxHeld
}

func (t *seatTable) unhold(s *Seat) {
	if n := t.held[s.clientID]; n > 1 {
		t.held[s.clientID] = n - 1
	} else {
		delete(t.held, s.clientID)
	}
}

// take returns a seat for a new connection, nil if not so many others besides
// could be taken at once.
func (t *seatTable) take(now int64, others int) *Seat {
	if !t.canTake(now, others+1) {
		return nil
	}
	var s *Seat
	if t.mayTake(now, 0) {
		s = t.seats[t.free.pop()-1]
		if t.rested > 0 {
			t.rested--
		} else {
			t.unhold(s)
		}
	} else {
		s = &Seat{slot: uint32(len(t.seats) + 1)}
		t.seats = append(t.seats, s)
	}
	*s = Seat{slot: s.slot, generation: s.generation + 1}
	id := (s.generation<<t.slotBits | s.slot) << 3 // 24 bits: generation, slot, path
	s.id = [connectionIDBytes]byte{t.shard, byte(id >> 16), byte(id >> 8), byte(id)}
	if t.indexes.len() > 0 {
		s.index = t.indexes.pop()
	} else {
		s.index = t.given
		t.given++
	}
	return s
}

// canTake reports whether n seats could be taken now: slots that were never given,
// and those that have rested.
func (t *seatTable) canTake(now int64, n int) bool {
	n -= t.maxSlots - len(t.seats)
	return n <= 0 || t.mayTake(now, n-1)
}

// mayTake reports whether the free slot that is the i-th oldest may be given again.
func (t *seatTable) mayTake(now int64, i int) bool {
	return i < t.free.len() && now-t.seats[*t.free.at(i)-1].released >= slotRest
}

// find returns the live seat that the id of a packet names, path bits ignored.
func (t *seatTable) find(id []byte) *Seat {
	n := uint32(id[1])<<16 | uint32(id[2])<<8 | uint32(id[3])
	slot := n >> 3 & (1<<t.slotBits - 1)
	if slot == 0 || int(slot) > len(t.seats) {
		return nil
	}
	s := t.seats[slot-1]
	if s.state == seatFree || s.id[1] != id[1] || s.id[2] != id[2] || s.id[3] != id[3]&^pathMask {
		return nil
	}
	return s
}

// put takes a seat back and erases its keys.
func (t *seatTable) put(s *Seat, now int64) {
	t.indexes.push(s.index)
	*s = Seat{slot: s.slot, generation: s.generation, released: now, clientID: s.clientID}
	t.free.push(s.slot)
}

// A fifo is a queue that reuses its memory.
type fifo[T any] struct {
	items []T
	head  int
}

func (f *fifo[T]) len() int    { return len(f.items) - f.head }
func (f *fifo[T]) at(i int) *T { return &f.items[f.head+i] }

func (f *fifo[T]) push(v T) {
	if f.head > len(f.items)/2 && len(f.items) == cap(f.items) {
		f.items = f.items[:copy(f.items, f.items[f.head:])]
		f.head = 0
	}
	f.items = append(f.items, v)
}

func (f *fifo[T]) pop() T {
	v := f.items[f.head]
	f.head++
	if f.head == len(f.items) {
		f.items, f.head = f.items[:0], 0
	}
	return v
}

// never is an instant that does not come.
const never = seq.Never
