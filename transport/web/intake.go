//go:build !js

package web

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// largestPacket is the most bytes of a datagram that pion or quic-go may get: those of Ethernet.
const largestPacket = 1500

// A held datagram waits to be read by pion or quic-go.
type held struct {
	from  netip.AddrPort
	local netip.Addr // where it arrived; zero if that is not known
	n     int
	bytes [largestPacket]byte
}

var holds = sync.Pool{New: func() any { return new(held) }}

// A standing is what the sender of a datagram has shown of himself, and so which of the two rings of
// an intake it waits in.
type standing uint8

const (
	known    standing = iota // a datagram that only somebody we spoke with can send
	stranger                 // one that anybody can send
	standings
)

// A ring is a bounded queue that drops its oldest.
type ring struct {
	held []*held
	head int // the oldest
	n    int
}

// put adds h and returns what had to go for it, if anything.
func (r *ring) put(h *held) (dropped *held) {
	if r.n == len(r.held) {
		dropped = r.take()
	}
	r.held[(r.head+r.n)%len(r.held)] = h
	r.n++
	return dropped
}

// take returns the oldest; nil if there is none.
func (r *ring) take() *held {
	if r.n == 0 {
		return nil
	}
	h := r.held[r.head]
	r.held[r.head] = nil
	r.head = (r.head + 1) % len(r.held)
	r.n--
	return h
}

// An intake is what stands in front of pion and quic-go: a bounded queue that never makes the game
// wait, with a ring for either standing, so that a flood by strangers costs strangers only. One
// goroutine at a time reads it.
type intake struct {
	mu     sync.Mutex
	rings  [standings]ring
	shut   bool
	ready  chan struct{} // holds one: look again
	closed chan struct{}

	deadline deadline
}

// init makes room for so many datagrams of each standing.
func (in *intake) init(room [standings]int) {
	for i := range in.rings {
		in.rings[i].held = make([]*held, room[i])
	}
	in.ready = make(chan struct{}, 1)
	in.closed = make(chan struct{})
	in.deadline.init()
}

// put copies d in. It reports whether nothing was lost: not d, which may be too large, and not
// another that made room for it.
func (in *intake) put(d transport.Datagram, who standing) bool {
	if len(d.Bytes) > largestPacket {
		return false
	}
	h := holds.Get().(*held)
	h.from, h.local = d.Path.Remote, d.Local
	h.n = copy(h.bytes[:], d.Bytes)
	in.mu.Lock()
	if in.shut {
		in.mu.Unlock()
		holds.Put(h)
		return false
	}
	dropped := in.rings[who].put(h)
	in.mu.Unlock()
	select {
	case in.ready <- struct{}{}:
	default: // the reader will look anyway
	}
	if dropped != nil {
		holds.Put(dropped)
	}
	return dropped == nil
}

// take waits for a datagram, which the caller gives back to holds. The error is net.ErrClosed, or
// os.ErrDeadlineExceeded, which is a timeout to everybody who asks.
func (in *intake) take() (*held, error) {
	for {
		late, moved := in.deadline.watch()
		select {
		case <-late: // also when there is something to read, as of any net.Conn
			return nil, os.ErrDeadlineExceeded
		default:
		}
		h, err := in.next()
		if h != nil || err != nil {
			return h, err
		}
		select {
		case <-in.ready:
		case <-in.closed:
		case <-late:
		case <-moved:
		}
	}
}

// next returns what is there: those we know first.
func (in *intake) next() (*held, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.shut {
		return nil, net.ErrClosed
	}
	for i := range in.rings {
		if h := in.rings[i].take(); h != nil {
			return h, nil
		}
	}
	return nil, nil
}

// close ends every take, and drops what waits.
func (in *intake) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.shut {
		return
	}
	in.shut = true
	close(in.closed)
	for i := range in.rings {
		for h := in.rings[i].take(); h != nil; h = in.rings[i].take() {
			holds.Put(h)
		}
	}
	in.deadline.set(time.Time{})
}

// A deadline is that of a net.Conn: it may be moved while somebody waits for it.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	late  chan struct{} // closed when it has passed
	move  chan struct{} // closed when it was moved
}

func (d *deadline) init() { d.late, d.move = make(chan struct{}), make(chan struct{}) }

// watch returns what is closed when the deadline has passed, and when it was moved.
func (d *deadline) watch() (late, moved <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.late, d.move
}

// set moves it. The zero time never comes.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	late := make(chan struct{})
	d.late = late
	close(d.move)
	d.move = make(chan struct{})
	if t.IsZero() {
		return
	}
	if left := time.Until(t); left > 0 {
		d.timer = time.AfterFunc(left, func() { close(late) })
		return
	}
	close(late)
}
