package tickwire

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A shutdown ends every connection and lets the wire work until the peers know:
//
//	running → shutting down (shutBy is set, newcomers are refused) → closed
//
// Close skips the middle. A single CLOSE can be lost, and whoever missed it waits
// for its timeout.

// shutdownFor bounds the wait for peers: an endpoint repeats its CLOSE as long
// (SPEC.md, section 7).
const shutdownFor = 3 * time.Second

// Shutdown ends every connection with CodeGoingAway as Close does, repeats that
// to peers until they have confirmed it, refuses newcomers meanwhile, and then
// closes the Server. Messages that wait are not sent any more.
//
// It blocks until the last goodbye is said: at once if nobody is connected, about
// a second if all confirm, three at most. It ends early, with the cause of ctx, if
// that is done; else the error is nil, ErrClosed, or that of a socket. The Server
// is closed in any case, and Events has what was queued. It goes by the system's
// clock: in virtual time close each Conn, and go on with Service.
func (s *Server) Shutdown(ctx context.Context) error {
	return s.core.shutdown(ctx, CodeGoingAway, serverClosed)
}

// serverClosed is what clients read of a server that ends.
const serverClosed = "server closed"

// Shutdown ends every connection, repeats that to servers until they have
// confirmed it, and closes the Client; see Server.Shutdown.
func (c *Client) Shutdown(ctx context.Context) error {
	return c.core.shutdown(ctx, CodeNone, "")
}

// Shutdown ends every connection, waits until the peers know, three seconds at
// most, and closes the Hub; see Server.Shutdown. The loop over Events may go on
// meanwhile, and ends when everybody is Disconnected.
func (h *Hub) Shutdown(ctx context.Context) error {
	return h.s.shutdown(ctx, CodeGoingAway, serverClosed)
}

// Shutdown ends the connection, waits until the server knows, three seconds at
// most, and closes the Session; see Server.Shutdown.
func (s *Session) Shutdown(ctx context.Context) error { return s.s.shutdown(ctx, CodeNone, "") }

func (k *core) shutdown(ctx context.Context, code Code, text string) error {
	if err := k.beginShutdown(time.Now(), code, text); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, k.wait.wake)
	defer stop()
	for {
		next := k.service(time.Now(), true)
		switch {
		case k.settled():
			return k.close(code, text)
		case ctx.Err() != nil:
			return errors.Join(context.Cause(ctx), k.close(code, text))
		}
		if _, err := k.wait.wait(next); err != nil {
			return errors.Join(err, k.close(code, text))
		}
	}
}

// beginShutdown has every Conn say goodbye.
func (k *core) beginShutdown(now time.Time, code Code, text string) error {
	if k.closed {
		return ErrClosed
	}
	k.setNow(now)
	k.shutBy = min(k.shutBy, k.now+int64(shutdownFor))
	for _, c := range slices.Clone(k.live) { // what is not open yet leaves the list
		c.close(code, text)
	}
	return nil
}

// settled reports whether a shutdown is under way and has nothing to wait for.
func (k *core) settled() bool {
	if k.now >= k.shutBy {
		return true
	}
	return k.shutBy != never && !slices.ContainsFunc(k.live, (*Conn).unsettled)
}

// unsettled reports whether the endpoint of a Conn still says goodbye.
func (c *Conn) unsettled() bool { return c.end != nil && !c.end.Done() }

// shutdown leaves the waiting to the service goroutine, which closes the core
// when all is settled.
func (s *sharing) shutdown(ctx context.Context, code Code, text string) error {
	s.lock()
	err := s.core.beginShutdown(time.Now(), code, text)
	s.call()
	s.unlock()
	if err != nil {
		return err
	}
	select {
	case <-s.ended:
		return s.err
	case <-ctx.Done():
		s.close(code, text) // ErrClosed if all was settled at this very moment
		return context.Cause(ctx)
	}
}
