package netns

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire/simnet"
)

// A lane is one direction of a wire.
type lane struct {
	wire     *Wire
	isUp     bool
	from, to *os.File
	start    time.Time
	wake     chan struct{} // something came, or the link is another one
	over     chan struct{}

	mu                   sync.Mutex
	link                 *simnet.Link
	cut, foreign, unsent uint64
}

func (l *lane) open(t *testing.T, w *Wire, from, to *os.File, cfg simnet.LinkConfig, seed uint64) {
	t.Helper()
	link, err := simnet.NewLink(0, ofIP(cfg), seed)
	if err != nil {
		t.Fatal(err)
	}
	l.wire, l.from, l.to, l.link, l.start = w, from, to, link, time.Now()
	l.wake, l.over = make(chan struct{}, 1), make(chan struct{})
}

// ofIP is the link for packets that have their headers with them.
func ofIP(cfg simnet.LinkConfig) simnet.LinkConfig {
	if cfg.OverheadBytes == 0 {
		cfg.OverheadBytes = -1
	}
	return cfg
}

func (l *lane) set(cfg simnet.LinkConfig) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.alert()
	return l.link.SetConfig(l.now(), ofIP(cfg))
}

func (l *lane) now() int64 { return int64(time.Since(l.start)) }

func (l *lane) alert() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// read puts what a host sends on the link.
func (l *lane) read() {
	b := make([]byte, 1<<16)
	for {
		n, err := l.from.Read(b)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil { // the card is down
			time.Sleep(time.Millisecond)
			continue
		}
		l.put(b[:n])
	}
}

func (l *lane) put(b []byte) {
	p, known := packetOf(b)
	p.Up = l.isUp
	cut := known && l.wire.isCut(p)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case !known:
		l.foreign++
	case cut:
		l.cut++
	default:
		l.link.Send(l.now(), b)
		l.alert()
	}
}

// write hands the other host what has arrived.
func (l *lane) write() {
	b := make([]byte, 1<<16)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		n, wait := l.take(b)
		if n > 0 {
			if _, err := l.to.Write(b[:n]); err != nil {
				l.mu.Lock()
				l.unsent++
				l.mu.Unlock()
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-l.wake:
		case <-l.over:
			return
		}
	}
}

// take copies the next packet that has arrived, or says how long there is none.
func (l *lane) take(b []byte) (n int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if packet, ok := l.link.Receive(now); ok {
		return copy(b, packet), 0
	}
	if at, ok := l.link.Next(); ok {
		return 0, max(time.Duration(at-now), 0)
	}
	return 0, time.Hour
}
