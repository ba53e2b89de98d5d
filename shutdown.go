package tickwire

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"
)

// A shutdown drains every connection and lets the wire work until the peers know:
//
//	running → parting (everybody drains, newcomers are refused) → closed
//
// Close skips the middle. A single CLOSE can be lost, and whoever missed it waits
// for its timeout. Shutdown blocks until all know, and gives up at shutBy; Server.Drain leaves the
// waiting to the game's own loop.

const (
	// goodbyeFor bounds the wait for peers that were told: an endpoint repeats its
	// CLOSE as long (SPEC.md, section 7).
	goodbyeFor = 3 * time.Second
	// drainFor bounds the drain if the context has no deadline.
	drainFor = 5 * time.Second
)

// Shutdown drains every connection, as Conn.Drain does with CodeGoingAway: what was
// sent still arrives, newcomers are refused, and each player is told until he has
// confirmed it. Then the Server is closed.
//
// It blocks until the last goodbye is confirmed or given up: no time if nobody is connected, about
// a second if everybody confirms, four if somebody no longer answers. If something is on its way to a
// player who does not read or answer, it waits longer: five seconds to drain and three for the goodbye.
// A deadline of ctx replaces these eight seconds; the goodbye has the last three of it, or the last third.
//
// If reliable messages are lost, the error is an *UndeliveredError with their number;
// Undelivered of each Disconnected says how many did not reach whom. If ctx is done it ends early,
// with the cause of ctx: so do not give it the context whose end has stopped the program, but one
// of its own. Otherwise the error is nil, ErrClosed or that of a socket; two are joined. The Server is
// closed in any case, and Events still has what was queued. Shutdown blocks, and goes by the system's
// clock: in virtual time, and in a loop that must serve others, use Drain.
func (s *Server) Shutdown(ctx context.Context) error {
	return s.unshared().shutdown(ctx, CodeGoingAway, serverClosed)
}

// serverClosed is what clients read of a server that ends.
const serverClosed = "server closed"

// Shutdown drains every connection, tells servers until they have confirmed it,
// and closes the Client; see Server.Shutdown.
func (c *Client) Shutdown(ctx context.Context) error {
	return c.owned().shutdown(ctx, CodeNone, "")
}

// Shutdown drains every connection, waits until the peers know, and closes the Hub;
// see Server.Shutdown. The loop over Events may go on meanwhile, and ends when
// everybody is Disconnected.
func (h *Hub) Shutdown(ctx context.Context) error {
	return h.s.shutdown(ctx, CodeGoingAway, serverClosed)
}

// Shutdown drains the connection, so that what was sent arrives, waits until the
// server knows, and closes the Session; see Server.Shutdown.
func (s *Session) Shutdown(ctx context.Context) error { return s.s.shutdown(ctx, CodeNone, "") }

// losses are reliable messages that a Shutdown has lost.
type losses struct{ messages, conns int }

// add counts those of a Conn that is over.
func (l *losses) add(c *Conn) {
	if n := c.undelivered - c.unreliable; n > 0 {
		l.messages, l.conns = l.messages+n, l.conns+1
	}
}

// join adds them to the error of a Shutdown.
func (l *losses) join(err error) error {
	switch lost := (&UndeliveredError{l.messages, l.conns}); {
	case l.messages == 0:
		return err
	case err == nil:
		return lost
	default:
		return errors.Join(err, lost)
	}
}

func (k *core) shutdown(ctx context.Context, code Code, text string) error {
	if err := k.beginShutdown(ctx, code, text); err != nil {
		return err
	}
	err := k.awaitShutdown(ctx, code, text)
	return k.lost.join(err)
}

// awaitShutdown serves the wire until all is said, and closes the core.
func (k *core) awaitShutdown(ctx context.Context, code Code, text string) error {
	stop := context.AfterFunc(ctx, k.wait.wake)
	defer stop()
	for {
		next := k.service(time.Now(), leaveRest)
		switch {
		case k.settled():
			return k.close(code, text)
		case ctx.Err() != nil:
			return errors.Join(context.Cause(ctx), k.close(code, text))
		}
		if _, err := k.wait.wait(next); err != nil && !k.survives() {
			return errors.Join(err, k.close(code, text))
		}
	}
}

// beginShutdown has every Conn drain.
func (k *core) beginShutdown(ctx context.Context, code Code, text string) error {
	if k.closed {
		return ErrClosed
	}
	now := time.Now()
	k.setNow(now)
	within := drainTime(ctx, now)
	k.liftBudgets()
	k.shutBy = min(k.shutBy, k.now+int64(within+goodbyeFor))
	k.part(code, text, within)
	return nil
}

// part has every Conn drain, and lets nobody in any more.
func (k *core) part(code Code, text string, within time.Duration) {
	k.parting = true
	for _, c := range slices.Clone(k.live) { // what is not open yet leaves the list
		c.peer.drain(within, code, text)
	}
}

// Drain begins what Shutdown does, and leaves the waiting to the loop, which goes on with its
// ticks: every connection drains as by Conn.Drain, or is handed over (ServerConfig.HandOver), and
// newcomers are refused with CodeGoingAway.
//
//	srv.Drain(tickwire.CodeGoingAway, "back in a minute", 5*time.Second)
//	for tick := range srv.Ticks(ctx, 60) {
//		srv.Update(tick.Now)
//		… // Disconnected tells of each player; nothing new can be sent
//		srv.Flush(tick.Now)
//		if srv.Drained() {
//			break
//		}
//	}
//	srv.Close()
//
// The time counts from the last Update, Flush or Service, and then three seconds at most for the
// goodbye. The error is ErrClosed, or that of Conn.Close. A Hub has Shutdown for it.
func (s *Server) Drain(code Code, text string, within time.Duration) error {
	k := s.unshared()
	if k.closed {
		return ErrClosed
	}
	code, err := codeOfGame(code)
	k.part(code, text, within)
	return err
}

// Drained reports whether nobody is left to whom the Server speaks: after a Drain each player has
// what was sent and knows that it is over, or has not answered any more; and also at any other
// time at which nobody is connected. Disconnected of the last may be shown with the next Update only.
func (s *Server) Drained() bool { return s.unshared().saidAll() }

// drainTime is how much of the time that ctx leaves may be spent draining.
func drainTime(ctx context.Context, now time.Time) time.Duration {
	by, ok := ctx.Deadline()
	if !ok {
		return drainFor
	}
	left := max(by.Sub(now), 0)
	return min(max(left-goodbyeFor, left/3*2), math.MaxInt64/4)
}

// settled reports whether a shutdown is under way and has nothing to wait for.
func (k *core) settled() bool {
	if k.now >= k.shutBy {
		return true
	}
	return k.shutBy != never && k.saidAll()
}

// saidAll reports whether no goodbye is still being said.
func (k *core) saidAll() bool { return !slices.ContainsFunc(k.live, (*Conn).unsettled) }

// unsettled reports whether the endpoint of a Conn still says goodbye.
func (c *Conn) unsettled() bool { return c.end != nil && !c.end.Done() }

// beginShutdown has every Conn drain, and the service goroutine look after it.
func (s *sharing) beginShutdown(ctx context.Context, code Code, text string) error {
	if !s.acquireFor(ctx) {
		return errors.Join(context.Cause(ctx), s.close(code, text))
	}
	s.before = s.core.marks.count
	defer s.unlock()
	defer s.call()
	return s.core.beginShutdown(ctx, code, text)
}

// shutdown leaves the waiting to the service goroutine, which closes the core
// when all is settled.
func (s *sharing) shutdown(ctx context.Context, code Code, text string) error {
	if err := s.beginShutdown(ctx, code, text); err != nil {
		return err
	}
	select {
	case <-s.ended:
		return s.core.lost.join(s.err)
	case <-ctx.Done():
	}
	switch err := s.close(code, text); err {
	case nil, ErrClosed: // all was settled at this very moment
		return s.core.lost.join(context.Cause(ctx))
	default: // of a socket, or the lock is not to be had
		return errors.Join(context.Cause(ctx), err)
	}
}
