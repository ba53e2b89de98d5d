package web

import (
	"context"
	"errors"
	"time"
)

// climb opens better rungs than the WebSocket, one at a time, until the Ladder is closed.
func (l *Ladder) climb() {
	for wait := firstClimb; ; {
		began := time.Now()
		if a := l.openBetter(); a != nil {
			select {
			case <-a.done:
			case <-l.ctx.Done():
				return
			}
			if time.Since(began) > mostClimb {
				wait = firstClimb
			}
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
			wait = min(2*wait, mostClimb)
		case <-l.news: // another WebSocket, perhaps in another network
			wait = firstClimb
		case <-l.ctx.Done():
		}
		t.Stop()
		if l.ctx.Err() != nil {
			return
		}
	}
}

// How long a Ladder waits before it tries a rung again that failed or ended, twice as long each time.
const (
	firstClimb = time.Second
	mostClimb  = time.Minute
)

// errUnavailable says that this side or the server does not have a transport.
var errUnavailable = errors.New("web: not available")

// openBetter opens the best rung that can be had; nil: there is none.
func (l *Ladder) openBetter() *association {
	select {
	case <-l.news: // of what is tried now
	default:
	}
	l.mu.Lock()
	hello := l.hello
	l.mu.Unlock()
	for _, open := range []func(context.Context, *helloSignal) (*association, error){l.openWebTransport, l.openWebRTC} {
		ctx, cancel := context.WithTimeout(l.ctx, l.cfg.Timeout)
		a, err := open(ctx, hello)
		cancel()
		if err == nil {
			return a
		}
	}
	return nil
}
