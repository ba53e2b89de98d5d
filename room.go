package tickwire

import (
	"context"
	"errors"
	"slices"
)

// A heldSend is a message that found its channel full, while the goroutine that
// sends it waits for room:
//
//	refused → held → ready (there is room, or the Conn is over) → sent, or refused again
//
// A message is refused and held in one step under the lock, and whoever gives up
// the lock looks who has room now, so that nobody waits beside an empty queue. All
// who would fit are let in at once, and those who come too late wait again: a turn
// that was promised to one would be lost when its context ends.
type heldSend struct {
	conn    *Conn
	channel ChannelID
	cost    int // what the queue counts for it
	limit   int // what the queue holds
	ready   chan struct{}
}

// queueCharge is what a message in a queue is counted as beside its length
// (ChannelConfig.MaxQueuedBytes).
const queueCharge = 32

// sendContext sends as soon as there is room. It needs no loop over Events.
func (s *sharing) sendContext(ctx context.Context, c *Conn, channel ChannelID, b []byte) error {
	for ctx.Err() == nil {
		h, err := s.trySend(c, channel, b)
		if h == nil {
			return err
		}
		select {
		case <-h.ready:
		case <-ctx.Done():
			s.unhold(h)
		}
	}
	return context.Cause(ctx)
}

// trySend sends, or returns what waits for room.
func (s *sharing) trySend(c *Conn, channel ChannelID, b []byte) (*heldSend, error) {
	s.lock()
	defer s.unlock()
	_, err := c.send(channel, payload{bytes: b}, &SendOptions{})
	if !errors.Is(err, ErrFull) {
		return nil, err
	}
	var full *SendError
	errors.As(err, &full)
	h := &heldSend{c, channel, len(b) + queueCharge, full.Limit, make(chan struct{})}
	s.held = append(s.held, h)
	return h, nil
}

// unhold ends waiting.
func (s *sharing) unhold(h *heldSend) {
	s.lock()
	defer s.unlock()
	s.held = slices.DeleteFunc(s.held, func(other *heldSend) bool { return other == h })
}

// retryHeld lets in all who have room. The lock is held, and about to be given up.
func (s *sharing) retryHeld() {
	if len(s.held) == 0 {
		return
	}
	s.held = slices.DeleteFunc(s.held, func(h *heldSend) bool {
		if !h.settled() {
			return false
		}
		close(h.ready)
		return true
	})
}

// settled reports whether to try again makes sense: as for Writable the queue is
// half empty and the message fits, or the Conn is over.
func (h *heldSend) settled() bool {
	c := h.conn
	if c.state != connOpen || c.end == nil || !c.end.Open() {
		return true
	}
	queued := c.end.ChannelStats(h.channel).QueuedBytes
	return queued <= h.limit/2 && queued+h.cost <= h.limit
}
