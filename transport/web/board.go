package web

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tickwire/tickwire/transport"
)

const (
	// MaxWebSocketDatagram is the largest datagram that a WebSocket carries.
	MaxWebSocketDatagram = 1500
	// MaxWebRTCDatagram is that of a data channel, so that it fits into one packet of SCTP in DTLS.
	MaxWebRTCDatagram = 1150
)

// A board is what the sockets of this package are made of, at servers and clients alike: the
// associations, what came by them, and which of them have ended.
type board struct {
	transport.Ownership
	bell    *transport.Bell
	running sync.WaitGroup // what associations have going until they are gone
	start   time.Time
	free    buffers
	counts  [kinds]counters
	refuse  refusals
	rate    rate // of beginnings; at a client: none

	mu     sync.Mutex
	limit  limits
	last   uint64 // the number of the newest association
	open   map[uint64]*association
	inbox  arrivals
	crowd  []*association     // that wait for room in the inbox, in turn
	over   []transport.Ending // that were not told
	tells  bool               // the owner asks for endings
	keeps  bool               // the owner says by which associations somebody plays
	rungs  rungs              // at a client
	missed chan struct{}      // at a client, holds one: something was written to a path that is over
}

func (b *board) init(queue int, limit limits) {
	b.bell = transport.NewBell()
	b.start = time.Now()
	b.open = map[uint64]*association{}
	b.inbox.limit = queue
	b.limit = limit
	b.limit.init()
}

// now is a moment on the board's clock, never 0.
func (b *board) now() int64 { return int64(time.Since(b.start)) + 1 }

// newAssociation takes an association in, whose conduit c is open; datagrams may come by it at
// once. The error is a *CloseError.
func (b *board) newAssociation(kind transport.Kind, remote netip.AddrPort, reliable bool, maxDatagram int, c conduit) (*association, error) {
	a := &association{
		board: b, reliable: reliable, conduit: c, count: &b.counts[kindIndex(kind)],
		done: make(chan struct{}), gone: make(chan struct{}),
		work: make(chan struct{}, 1), room: make(chan struct{}, 1),
		began: b.now(),
	}
	a.setMaxDatagram(maxDatagram)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bell.Closed() {
		return nil, b.refuse.say(refusedClosed, 0)
	}
	if why := b.limit.admit(kind, remote.Addr(), &b.refuse); why != nil {
		return nil, why
	}
	b.last++
	a.path = transport.Path{Kind: kind, Remote: remote, Association: b.last}
	b.open[b.last] = a
	a.count.opened.Add(1)
	b.rungs.changed = true
	b.bell.Ring()
	b.running.Go(a.writeAll)
	return a, nil
}

// mostUntold bounds the endings that are kept for an owner who does not ask for them.
const mostUntold = 64

// end takes an association out, and reports whether it was there.
func (b *board) end(a *association, why error, broken bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.over {
		return false
	}
	a.over = true
	delete(b.open, a.path.Association)
	b.limit.leave(a.path.Kind, a.path.Remote.Addr())
	a.count.closed.Add(1)
	if broken {
		a.count.broken.Add(1)
	}
	if !b.tells && len(b.over) == mostUntold {
		b.over = slices.Delete(b.over, 0, 1)
	}
	b.over = append(b.over, transport.Ending{Path: a.path, Reason: why})
	b.rungs.changed = true
	b.letIn() // it may have been let in, and will not come
	return true
}

// What became of a datagram that came.
type put uint8

const (
	putTaken put = iota
	putLost      // no room, and nobody waits for it
	putWaits     // no room yet
	putOver      // the association is over
)

// put queues a datagram to be read. The buffer is the board's, unless it waits.
func (b *board) put(a *association, held *buffer) put {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	switch crowded := a.waiting >= inboxShare; {
	case a.over || b.bell.Closed():
		return putOver
	case !crowded && !b.inbox.full():
	case a.reliable:
		if a.blocked = byShare; !crowded {
			a.blocked = byQueue
			b.crowd = append(b.crowd, a)
		}
		return putWaits
	default:
		a.count.overflowed.Add(1)
		b.free.give(held)
		return putLost
	}
	b.inbox.put(arrival{a, held, now})
	a.waiting++
	a.count.received.Add(1)
	a.count.receivedBytes.Add(uint64(held.n))
	b.bell.Ring()
	return putTaken
}

// Read implements [transport.Socket].
func (b *board) Read(ds []transport.Datagram) (int, error) {
	if b.bell.Closed() {
		return 0, transport.ErrClosed
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inbox.takeBack(&b.free)
	n := min(len(ds), b.inbox.size)
	for i := range n {
		a := b.inbox.take(&ds[i])
		a.waiting--
		if a.blocked == byShare {
			a.unblock()
		}
	}
	b.letIn()
	return n, nil
}

// letIn lets so many of the crowd try again as there is room for. The lock is held.
func (b *board) letIn() {
	for room := b.inbox.limit - b.inbox.size; room > 0 && len(b.crowd) > 0; b.crowd = b.crowd[1:] {
		if a := b.crowd[0]; !a.over {
			a.unblock()
			room--
		}
	}
}

// Write implements [transport.Socket]. What a WebSocket has no room for is not taken; WebRTC and
// WebTransport lose the oldest instead.
func (b *board) Write(ds []transport.Datagram) (int, error) {
	if b.bell.Closed() {
		return 0, transport.ErrClosed
	}
	for i := range ds {
		if !b.send(&ds[i]) {
			return i, nil
		}
	}
	return len(ds), nil
}

// send reports whether a datagram was taken; what nobody can carry is.
func (b *board) send(d *transport.Datagram) bool {
	b.mu.Lock()
	a := b.open[d.Path.Association]
	b.mu.Unlock()
	switch {
	case a == nil || a.path != d.Path:
		b.counts[kindIndex(d.Path.Kind)].unreachable.Add(1)
		select {
		case b.missed <- struct{}{}:
		default:
		}
		return true
	case len(d.Bytes) > int(a.largest.Load()):
		a.count.tooLarge.Add(1)
		return true
	}
	return a.send(d.Bytes)
}

// Wait implements [transport.Socket], and is true for an ending that was not told, too.
func (b *board) Wait(until time.Time) (bool, error) { return b.bell.Wait(until, b.arrived) }

func (b *board) arrived() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inbox.size > 0 || b.tells && len(b.over) > 0 || b.rungs.asked && b.rungs.changed
}

// Wake implements [transport.Socket].
func (b *board) Wake() { b.bell.Wake() }

// Own implements [transport.Ownable].
func (b *board) Own() error {
	if b.bell.Closed() {
		return transport.ErrClosed
	}
	return b.Ownership.Own()
}

// Ended implements [transport.Mortal].
func (b *board) Ended(dst []transport.Ending) []transport.Ending {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tells = true
	dst = append(dst, b.over...)
	clear(b.over)
	b.over = b.over[:0]
	return dst
}

// End closes an association of which the owner needs no more, after what was written to it.
func (b *board) End(p transport.Path) {
	b.mu.Lock()
	a := b.open[p.Association]
	b.mu.Unlock()
	if a != nil && a.path == p {
		a.leave(CodeNormal, "")
	}
}

// Keep implements [transport.Keeper].
func (b *board) Keep(p transport.Path) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keeps = true
	if a := b.open[p.Association]; a != nil && a.path == p {
		a.kept = true
	}
}

// isKept reports whether somebody plays by an association, as far as the owner says so at all.
func (b *board) isKept(a *association) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return a.kept || !b.keeps
}

// MaxDatagram is what the path carries: 1500 bytes by a WebSocket, 1150 by a data channel, and by a
// WebTransport session what it says.
func (b *board) MaxDatagram(p transport.Path) int {
	b.mu.Lock()
	a := b.open[p.Association]
	b.mu.Unlock()
	switch {
	case a != nil && a.path == p:
		return int(a.largest.Load())
	case p.Kind == transport.KindWebSocket:
		return MaxWebSocketDatagram
	case p.Kind == transport.KindWebRTC, p.Kind == transport.KindWebTransport:
		return MaxWebRTCDatagram
	}
	return 0 // not known
}

// Properties say that a WebSocket loses nothing.
func (b *board) Properties(p transport.Path) transport.Properties {
	return transport.Properties{Reliable: p.Kind == transport.KindWebSocket}
}

// shut closes the board: every association leaves, and what does not within closePatience is cut
// off without another word. It returns when nothing of them is left.
func (b *board) shut(code int, reason string) error {
	if !b.bell.Close() {
		return transport.ErrClosed
	}
	b.mu.Lock()
	all := make([]*association, 0, len(b.open))
	for _, a := range b.open {
		all = append(all, a)
	}
	b.mu.Unlock()
	for _, a := range all {
		a.leave(code, reason)
	}
	patience := time.NewTimer(closePatience)
	defer patience.Stop()
	for _, a := range all {
		select {
		case <-a.gone:
		case <-patience.C:
			patience.Reset(0)
			a.finish(0, "", nil)
		}
	}
	b.running.Wait()
	return nil
}
