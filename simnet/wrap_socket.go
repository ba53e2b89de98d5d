package simnet

import (
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// The line as its owner sees it: a socket, and what is done to its links.

// closed is the error of a line that is closed, or failed. The lock is held.
func (l *line) closed() error {
	if l.bell.Closed() {
		if l.failed != nil && l.closeBy.IsZero() {
			return l.failed
		}
		return transport.ErrClosed
	}
	return nil
}

// Read implements [transport.Socket].
func (l *line) Read(ds []transport.Datagram) (n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.closed(); err != nil {
		return 0, err
	}
	for i, p := range l.lent {
		l.pool.put(p)
		l.lent[i] = nil
	}
	l.lent = l.lent[:0]
	for n < len(ds) && l.inbox.n > 0 {
		p := l.inbox.pop()
		l.buffered -= p.cost()
		l.lent = append(l.lent, p)
		ds[n] = transport.Datagram{
			Path: p.via.path, Bytes: p.b, Received: l.began.Add(time.Duration(p.at)), Local: p.via.local, ECN: p.ecn,
		}
		n++
	}
	return n, nil
}

// Write implements [transport.Socket]. All of ds are taken.
func (l *line) Write(ds []transport.Datagram) (int, error) {
	l.mu.Lock()
	err := l.closed()
	for i := range ds {
		if err == nil {
			l.put(l.up, &ds[i])
		}
	}
	l.mu.Unlock()
	if err != nil {
		return 0, err
	}
	l.below.Wake()
	return len(ds), nil
}

// Wait implements [transport.Socket].
func (l *line) Wait(until time.Time) (readable bool, err error) {
	readable, err = l.bell.Wait(until, l.waiting)
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		return false, l.closed()
	}
	return readable, nil
}

func (l *line) waiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inbox.n > 0 || l.paths.news()
}

// Wake implements [transport.Socket].
func (l *line) Wake() { l.bell.Wake() }

// LocalAddr is that of the socket below.
func (l *line) LocalAddr() netip.AddrPort { return l.below.LocalAddr() }

// MaxDatagram is that of the socket below; the links may carry less.
func (l *line) MaxDatagram(p transport.Path) int { return l.below.MaxDatagram(p) }

// Properties are those of the socket below, but that the links lose datagrams, whole.
func (l *line) Properties(p transport.Path) transport.Properties {
	below := l.below.Properties(p)
	below.Reliable, below.DontFragment = false, true
	return below
}

// Close implements [transport.Socket].
func (l *line) Close() error {
	if !l.bell.Close() {
		return transport.ErrClosed
	}
	l.mu.Lock()
	l.closeBy = time.Now().Add(lineLinger)
	l.mu.Unlock()
	l.below.Wake()
	return nil
}

// SetLinks implements [Line].
func (l *line) SetLinks(links Links) error {
	if err := links.Validate(); err != nil {
		return err
	}
	l.mu.Lock()
	l.up.reconfigure(l.now(), links.Up)
	l.down.reconfigure(l.now(), links.Down)
	l.mu.Unlock()
	l.below.Wake()
	return nil
}

// Cut implements [Line].
func (l *line) Cut() { l.setCut(true) }

// Heal implements [Line].
func (l *line) Heal() { l.setCut(false) }

func (l *line) setCut(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up.cut, l.down.cut = cut, cut
}

// LinkStats implements [Line].
func (l *line) LinkStats() (up, down LinkStats) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up.Stats(), l.down.Stats()
}
