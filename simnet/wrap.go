package simnet

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// A Line is a socket behind links, in real time: what [Wrap] makes.
type Line interface {
	transport.Socket
	// SetLinks changes what the links do from now on, as [Link.SetConfig] does.
	SetLinks(Links) error
	// Cut drops what is sent and what comes from now on; what is under way arrives. Heal ends that.
	Cut()
	Heal()
	// LinkStats returns the counters of the two links.
	LinkStats() (up, down LinkStats)
}

// Wrap puts links before a socket of the system, of package mem or of one's own, so that a Hub, a
// Session, or a loop of Ticks plays over a bad network, in real time: Up for everything that is
// sent, Down for everything that comes, whoever the peer is. It owns the socket from now on, and
// closes it when it fails: with a join of [*ConfigError]s that names every wrong field. A socket that
// is closed, or has an owner already, is a wrong one, and stays as it is.
//
//	socket, err := udp.Open()
//	…
//	line, err := simnet.Wrap(socket, simnet.WiFiBad(), 1)
//	…
//	session, err := tickwire.Dial(ctx, cfg, token, line)
//
// A seed fixes what the links do to the nth datagram; when that comes is the system's to say, so
// that two runs are alike but not the same. For runs that are, there is [Network].
//
// A line is what the socket is beside that: a [transport.Ladder], Joined, a Roamer; and it tells which
// paths have ended, and ends them, if the socket does.
//
// Close returns at once, as a socket's does: what was sent before is still on its way, and the
// socket below is closed when that is through, five seconds later at most.
func Wrap(socket transport.Socket, links Links, seed uint64) (Line, error) {
	if err := takeBelow(socket, links); err != nil {
		return nil, err
	}
	l := &line{
		below: socket, bell: transport.NewBell(), began: time.Now(), routes: make(map[route]*route),
		in: make([]transport.Datagram, lineBatch), out: make([]transport.Datagram, 0, lineBatch),
	}
	l.up, l.down = newLink(0, links.Up, mix(seed, 0), &l.pool), newLink(0, links.Down, mix(seed, 1), &l.pool)
	l.paths.know(socket)
	go l.pump()
	switch below := socket.(type) {
	case transport.Ladder:
		return ladderLine{mortalLine{l}}, nil
	case transport.Mortal, transport.Ender:
		return mortalLine{l}, nil
	case transport.Joined:
		return joinedLine{l, below.Peer()}, nil
	case transport.Roamer:
		return roamingLine{l, below}, nil
	}
	return l, nil
}

// A roamingLine knows of the host's address what the socket below knows.
type roamingLine struct {
	*line
	transport.Roamer
}

// takeBelow makes a line the owner of the socket below, or says what is wrong with what it is given.
func takeBelow(socket transport.Socket, links Links) error {
	var v config.Check
	err := transport.Own(socket)
	if fault, ok := errors.AsType[*transport.OwnError](err); ok {
		v.That(false, "socket", fault.Is, fault.Want)
	} else if _, ok := socket.(*Socket); ok {
		v.That(false, "socket", "one of a Network, in virtual time", "one of the system, from udp.Open say; a Network has links of its own")
	}
	v.Take("links", links.Validate())
	if v.Err() != nil && err == nil {
		socket.Close()
	}
	return v.Err()
}

// A joinedLine reaches one peer only, as the socket below does.
type joinedLine struct {
	*line
	peer transport.Path
}

// Peer implements [transport.Joined].
func (l joinedLine) Peer() transport.Path { return l.peer }

// A line is two links and the goroutine that moves datagrams: from the socket below onto down, from
// up into the socket, and from down to whoever reads. Nobody else touches the socket.
type line struct {
	transport.Ownership
	below transport.Socket
	bell  *transport.Bell // of those who wait for what came
	began time.Time

	mu       sync.Mutex
	up, down *Link
	pool     pool
	routes   map[route]*route
	inbox    ring
	buffered int       // memory in inbox
	lent     []*packet // to the reader, until the next Read
	failed   error     // of the socket below
	closeBy  time.Time // when what is on its way is given up; zero: open
	paths    paths

	// The pump's own.
	in    []transport.Datagram
	out   []transport.Datagram
	batch []*packet // of out
}

// A route is where a datagram of a socket goes, or came from.
type route struct {
	path  transport.Path
	local netip.Addr
}

const (
	lineBatch  = 64
	lineLinger = 5 * time.Second
	// lineRoutes bounds the peers that are remembered.
	lineRoutes = 1 << 12
)

// Own implements [transport.Ownable].
func (l *line) Own() error {
	if l.bell.Closed() {
		return transport.ErrClosed
	}
	return l.Ownership.Own()
}

// pump works until the socket fails, or the line was closed and is empty.
func (l *line) pump() {
	for {
		err := l.read()
		if err == nil {
			err = l.write()
		}
		l.lookAtPaths()
		until, over := l.deliver()
		if over || err != nil {
			l.fail(err)
			return
		}
		if _, err = l.below.Wait(until); err != nil {
			l.fail(err)
			return
		}
	}
}

// read puts what has come onto the link down.
func (l *line) read() error {
	for {
		n, err := l.below.Read(l.in)
		if n == 0 || err != nil {
			return err
		}
		l.mu.Lock()
		for i := range l.in[:n] {
			l.put(l.down, &l.in[i])
		}
		l.mu.Unlock()
	}
}

// put sends a datagram into a link. The lock is held.
func (l *line) put(to *Link, d *transport.Datagram) {
	if !to.admit(l.now(), len(d.Bytes), false) {
		return
	}
	p := l.pool.take(d.Bytes)
	p.ecn, p.via = d.ECN, l.route(d)
	to.enter(p)
}

// route is the one that a datagram names, made once.
func (l *line) route(d *transport.Datagram) *route {
	at := route{d.Path, d.Local}
	r := l.routes[at]
	if r == nil {
		if len(l.routes) >= lineRoutes {
			clear(l.routes) // those under way keep theirs
		}
		r = &at
		l.routes[at] = r
	}
	return r
}

// write gives the socket what has come through the link up.
func (l *line) write() error {
	for l.collect() {
		for left := l.out; len(left) > 0; {
			n, err := l.below.Write(left)
			if err != nil {
				return err
			}
			left = left[min(n+1, len(left)):] // what a full system does not take is lost
		}
	}
	return nil
}

// collect gives the last batch back and takes the next one; false if nothing is due.
func (l *line) collect() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.batch {
		l.pool.put(p)
	}
	clear(l.out)
	l.batch, l.out = l.batch[:0], l.out[:0]
	for now := l.now(); len(l.out) < lineBatch; {
		p := l.up.take(now)
		if p == nil {
			break
		}
		l.batch = append(l.batch, p)
		l.out = append(l.out, transport.Datagram{Path: p.via.path, Bytes: p.b, Local: p.via.local, ECN: p.ecn})
	}
	return len(l.out) > 0
}

// deliver shows what has come through the link down, and returns when to look again, and whether the
// line was closed and nothing is left to do.
func (l *line) deliver() (until time.Time, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for p := l.down.take(now); p != nil; p = l.down.take(now) {
		if l.bell.Closed() || l.buffered+p.cost() > DefaultReceiveBytes {
			l.pool.put(p)
			continue
		}
		l.buffered += p.cost()
		l.inbox.push(p)
	}
	if l.inbox.n > 0 {
		l.bell.Ring()
	}
	at, any := l.up.Next()
	if next, ok := l.down.Next(); ok && (!any || next < at) && !l.bell.Closed() {
		at, any = next, true
	}
	if any {
		until = l.began.Add(time.Duration(at))
	}
	if ends := l.paths.ends; len(ends) > 0 && (!any || ends[0].by.Before(until)) {
		until = ends[0].by
	}
	if l.closeBy.IsZero() {
		return until, false
	}
	if !any || !time.Now().Before(l.closeBy) {
		return until, true
	}
	if l.closeBy.Before(until) {
		until = l.closeBy
	}
	return until, false
}

// fail closes everything, for good.
func (l *line) fail(err error) {
	l.mu.Lock()
	if l.failed = err; err == nil {
		l.failed = transport.ErrClosed
	}
	l.mu.Unlock()
	l.bell.Close()
	_ = l.below.Close() // of a socket that failed, or that nobody waits for any more
}

// now is the time of the links.
func (l *line) now() int64 { return int64(time.Since(l.began)) }
