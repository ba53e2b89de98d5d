package web

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A Ladder is a client's socket, a [transport.Ladder]: it begins on a WebSocket, and climbs to
// WebTransport or WebRTC where the server and this side have it. What ends is opened again for as
// long as the Ladder is open, and used.
type Ladder struct {
	board
	cfg    DialConfig
	target target
	ctx    context.Context // until Close
	cancel context.CancelFunc
	run    sync.WaitGroup

	peer transport.Path // under the board's lock

	mu     sync.Mutex    // not the board's
	ws     clientSocket  // nil: there is none now
	hello  *helloSignal  // the newest
	news   chan struct{} // holds one: another hello
	signal chan signal   // those of the data channel under way
}

var _ transport.Ladder = (*Ladder)(nil)

// A clientSocket is the WebSocket of a client.
type clientSocket interface {
	conduit
	// next reads a message: a text, or a datagram into b. The error is a *CloseError if the server
	// closed it.
	next(b *buffer) (text []byte, err error)
	// say sends a text.
	say(text []byte) error
	// remote is the server's address, if it is known.
	remote() netip.AddrPort
}

// Rungs implements [transport.Ladder].
func (l *Ladder) Rungs(dst []transport.Path) []transport.Path { return l.appendRungs(dst) }

// Peer is the WebSocket, or what carries a handshake while that is gone.
func (l *Ladder) Peer() transport.Path {
	l.board.mu.Lock()
	defer l.board.mu.Unlock()
	if l.board.open[l.peer.Association] != nil {
		return l.peer
	}
	for _, a := range l.board.open {
		if a.largest.Load() >= transport.MinDatagram {
			l.peer = a.path
			break
		}
	}
	return l.peer
}

// LocalAddr is zero: a Ladder has several addresses, or knows none.
func (l *Ladder) LocalAddr() netip.AddrPort { return netip.AddrPort{} }

// MaxDatagram is what a path carries; of no path in particular it is that of the WebSocket.
func (l *Ladder) MaxDatagram(p transport.Path) int {
	if p == (transport.Path{}) {
		return MaxWebSocketDatagram
	}
	return l.board.MaxDatagram(p)
}

// Close implements [transport.Socket]. What was written still goes out, for a second at most.
func (l *Ladder) Close() error {
	l.cancel()
	if err := l.shut(CodeNormal, ""); err != nil {
		return err
	}
	l.run.Wait()
	return nil
}

// Stats returns the counts so far. It may be called from any goroutine.
func (l *Ladder) Stats() Stats { return l.board.stats() }

// open dials the WebSocket, and waits for what the server says first.
func (l *Ladder) open(ctx context.Context) (clientSocket, *helloSignal, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	ws, err := openWebSocket(ctx, l.target, &l.cfg)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { ws.close(0, "") })
	text, err := ws.next(new(buffer))
	if !stop() {
		return nil, nil, ctx.Err()
	}
	m, bad := consumeSignal(text)
	switch {
	case err == nil && (bad != nil || m.Hello == nil):
		err = &CloseError{CodeRules, "the server did not begin with a hello"}
		fallthrough
	case err != nil:
		ws.close(0, "")
		return nil, nil, err
	}
	return ws, m.Hello, nil
}

// enter makes a rung of a WebSocket.
func (l *Ladder) enter(ws clientSocket, hello *helloSignal) (*association, error) {
	a, err := l.newAssociation(transport.KindWebSocket, ws.remote(), true, MaxWebSocketDatagram, ws)
	if err != nil {
		ws.close(0, "")
		return nil, err
	}
	l.board.mu.Lock()
	l.peer = a.path
	l.board.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ws = ws
	l.greet(hello)
	return a, nil
}

// greet keeps the newest hello. The lock is the Ladder's.
func (l *Ladder) greet(hello *helloSignal) {
	l.hello = hello
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// keep reads the WebSocket, and opens another when it has ended, until the Ladder is closed: at once if
// it was open for longer than there is to wait, since then something has happened to it, and not to the server. When
// the server ends one that nobody wrote to, the next one waits until somebody does: the game may be over.
func (l *Ladder) keep(ws clientSocket, a *association) {
	for wait := firstRedial; ; {
		began := time.Now()
		if ws != nil {
			why := l.read(ws, a)
			ws = nil
			if said, ok := errors.AsType[*CloseError](why); ok && said.Code == CodeIdle && a.spoken.Load() == 0 {
				l.untilMissed()
			}
		}
		if lived := time.Since(began); lived > wait {
			wait = firstRedial
		} else if l.sleep(wait - lived) {
			wait = min(2*wait, mostRedial)
		}
		if l.ctx.Err() != nil {
			return
		}
		next, hello, err := l.open(l.ctx)
		if err != nil {
			continue
		}
		if a, err = l.enter(next, hello); err == nil {
			ws = next
		}
	}
}

// untilMissed waits until the owner writes to something that has ended.
func (l *Ladder) untilMissed() {
	select {
	case <-l.missed: // of before
	default:
	}
	select {
	case <-l.missed:
	case <-l.ctx.Done():
	}
}

// How long a Ladder waits before it tries again what failed, twice as long each time.
const (
	firstRedial = 250 * time.Millisecond
	mostRedial  = 15 * time.Second
)

// sleep waits, a random part less than a quarter shorter so that not all come back at once, and
// reports whether the Ladder is still open.
func (l *Ladder) sleep(d time.Duration) bool {
	t := time.NewTimer(d - rand.N(d/4+1))
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.ctx.Done():
	}
	return l.ctx.Err() == nil
}

// read hands in what comes by a WebSocket, until it ends, and says why it has.
func (l *Ladder) read(ws clientSocket, a *association) error {
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ws = nil
	}()
	for {
		b := l.free.take()
		text, err := ws.next(b)
		switch {
		case err == nil && text == nil:
			if a.take(b) {
				continue
			}
			err = errOver
		case err == nil:
			l.free.give(b)
			l.take(text)
			continue
		default:
			l.free.give(b)
		}
		a.ended(err)
		return err
	}
}

// take takes a text of the server's. What is none of use is skipped: a client has nobody to complain to.
func (l *Ladder) take(text []byte) {
	m, err := consumeSignal(text)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case m.Hello != nil:
		l.greet(m.Hello)
	case m.Offer != nil, m.Candidate != nil, m.Refused != nil:
		select {
		case l.signal <- m:
		default: // nobody asked
		}
	}
}

// look ends a rung whose server has gone without a word.
func (l *Ladder) look(a *association, now int64) {
	if a.isStuck(now, l.cfg.Silence) || a.isDeaf(now, l.cfg.Silence) {
		a.finish(0, "", errStuck)
	}
}

// rungs tell a client's owner when there are others. The lock is the board's.
type rungs struct{ asked, changed bool }

// rank orders the kinds of rungs, the best first: what loses nothing holds up everything behind it.
var rank = []transport.Kind{transport.KindWebTransport, transport.KindWebRTC, transport.KindWebSocket}

// appendRungs appends the paths that are open, the best first, and of each kind the newest first.
func (b *board) appendRungs(dst []transport.Path) []transport.Path {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rungs = rungs{asked: true}
	first := len(dst)
	for _, a := range b.open {
		dst = append(dst, a.path)
	}
	slices.SortFunc(dst[first:], func(x, y transport.Path) int {
		if c := slices.Index(rank, x.Kind) - slices.Index(rank, y.Kind); c != 0 {
			return c
		}
		return int(y.Association) - int(x.Association)
	})
	return dst
}
