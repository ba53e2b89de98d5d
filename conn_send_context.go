package tickwire

import (
	"bytes"
	"context"
	"errors"
	"slices"
)

// SendContext sends a message as Send does, and while the channel's queue refuses
// it waits for room, until ctx ends: then the error is its cause, and the message is
// not sent. Any number of goroutines may wait, with or without a loop over Events.
// Those who wait for one channel get in in the order in which they came; Send does
// not stand in that line. A channel that drops when it is full (ChannelConfig.Full)
// never makes it wait.
//
// It is for the Conns of a Hub or a Session, and ErrNotShared elsewhere. A loop over
// Events that waits takes no messages meanwhile: if both ends do, or if the peer grants no
// credit, only their contexts end it. So give it one with a deadline.
func (c *Conn) SendContext(ctx context.Context, channel ChannelID, b []byte) error {
	_, err := c.SendWithContext(ctx, channel, b, SendOptions{})
	return err
}

// SendWithContext sends a message as SendWith does, and waits for room as
// SendContext does. TTL counts from the call. To the table of receipts
// (Config.MaxReceipts) it does not wait: that has room when Events are read.
func (c *Conn) SendWithContext(
	ctx context.Context, channel ChannelID, b []byte, opts SendOptions,
) (Receipt, error) {
	s, err := c.sharingFor(ctx)
	if err != nil {
		return 0, err
	}
	s.lock()
	r, h, err := s.sendOrHold(c, channel, payload{bytes: b}, &opts)
	s.unlock()
	return s.await(ctx, h, r, err)
}

// SendContext sends a message, and waits for room; see Conn.SendContext.
func (ch *Channel[T]) SendContext(ctx context.Context, c *Conn, v T) error {
	_, err := ch.SendWithContext(ctx, c, v, SendOptions{})
	return err
}

// SendWithContext sends a message with options, and waits for room; see
// Conn.SendWithContext.
func (ch *Channel[T]) SendWithContext(
	ctx context.Context, c *Conn, v T, opts SendOptions,
) (Receipt, error) {
	s, err := c.sharingFor(ctx)
	if err != nil {
		return 0, err
	}
	l, err := c.core.encoderOf(ch, &ch.cfg)
	if err != nil {
		return 0, err
	}
	r, h, err := ch.sendOrHold(s, l, c, v, &opts)
	return s.await(ctx, h, r, err)
}

func (ch *Channel[T]) sendOrHold(
	s *sharing, l *encoder, c *Conn, v T, opts *SendOptions,
) (Receipt, *heldSend, error) {
	s.lock()
	defer s.unlock()
	d, err := encode(l, v)
	if err != nil {
		return 0, nil, err
	}
	defer l.drop(d)
	return s.sendOrHold(c, ch.cfg.ID, payload{draft: d}, opts)
}

// SendContext sends a message, and waits for room; see Conn.SendContext.
func (ch *RawChannel) SendContext(ctx context.Context, c *Conn, b []byte) error {
	_, err := ch.SendWithContext(ctx, c, b, SendOptions{})
	return err
}

// SendWithContext sends a message with options, and waits for room; see
// Conn.SendWithContext.
func (ch *RawChannel) SendWithContext(
	ctx context.Context, c *Conn, b []byte, opts SendOptions,
) (Receipt, error) {
	if _, err := c.core.encoderOf(ch, &ch.cfg); err != nil {
		return 0, err
	}
	return c.SendWithContext(ctx, ch.cfg.ID, b, opts)
}

// A heldSend is a message that found its channel full, while the goroutine that
// sends it waits for room:
//
//	refused → held → sent, or refused for good → told
//	             └→ given up: its context ended
//
// It is sent by whoever gives up the lock and leaves room for it, not by the
// goroutine that waits, which is only told. So a turn cannot be lost on the way to
// somebody who has stopped waiting, and nobody can be overtaken by a goroutine that
// happens to run first.
type heldSend struct {
	bytes   []byte // the caller's, who waits meanwhile, or a copy of a draft's
	opts    SendOptions
	expires int64         // what its TTL came to when it came
	told    chan struct{} // holds one when the fields below are set
	receipt Receipt
	err     error
}

// spareHeld bounds what is kept of held messages and lines for the next ones.
const spareHeld = 64

// A line is who waits for room on one channel of one Conn, the first to come first.
type line struct {
	conn    *Conn
	channel ChannelID
	held    []*heldSend
}

// sharingFor is what a goroutine waits with.
func (c *Conn) sharingFor(ctx context.Context) (*sharing, error) {
	if c.core.shared == nil {
		return nil, ErrNotShared
	}
	return c.core.shared, context.Cause(ctx)
}

// sendOrHold sends, or joins the line for room. The lock is held.
func (s *sharing) sendOrHold(
	c *Conn, channel ChannelID, from payload, opts *SendOptions,
) (Receipt, *heldSend, error) {
	expires := c.core.expiry(opts.TTL)
	l := s.line(c, channel)
	if l == nil {
		r, err := c.sendUntil(channel, from, opts, expires)
		if !queueFull(err) {
			return r, nil, err
		}
		l = s.newLine()
		l.conn, l.channel = c, channel
		s.lines = append(s.lines, l)
	}
	b := from.bytes
	if from.draft != nil {
		b = bytes.Clone(from.draft.Bytes())
	}
	h := s.newHeld()
	h.bytes, h.opts, h.expires = b, *opts, expires
	l.held = append(l.held, h)
	return 0, h, nil
}

func (s *sharing) newLine() *line {
	if n := len(s.spareLines); n > 0 {
		l := s.spareLines[n-1]
		s.spareLines = s.spareLines[:n-1]
		return l
	}
	return new(line)
}

func (s *sharing) newHeld() *heldSend {
	if n := len(s.spareHeld); n > 0 {
		h := s.spareHeld[n-1]
		s.spareHeld = s.spareHeld[:n-1]
		return h
	}
	return &heldSend{told: make(chan struct{}, 1)}
}

// keepLine keeps a line that nobody stands in for the next one.
func (s *sharing) keepLine(l *line) {
	if len(s.spareLines) < spareHeld {
		*l = line{held: l.held[:0]}
		s.spareLines = append(s.spareLines, l)
	}
}

// keepHeld keeps a message whose fate was told for the next one.
func (s *sharing) keepHeld(h *heldSend) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.spareHeld) < spareHeld {
		*h = heldSend{told: h.told}
		s.spareHeld = append(s.spareHeld, h)
	}
}

// line finds who waits for a channel; nil if nobody does.
func (s *sharing) line(c *Conn, channel ChannelID) *line {
	for _, l := range s.lines {
		if l.conn == c && l.channel == channel {
			return l
		}
	}
	return nil
}

// queueFull reports whether an error says that a queue is full, and not anything else.
func queueFull(err error) bool {
	full, ok := errors.AsType[*SendError](err)
	return ok && full.Err == ErrFull && full.Field == "MaxQueuedBytes"
}

// await waits for the fate of a message. One that is not held has met it already.
func (s *sharing) await(ctx context.Context, h *heldSend, r Receipt, err error) (Receipt, error) {
	if h == nil {
		return r, err
	}
	select {
	case <-h.told:
	case <-ctx.Done():
		if s.giveUp(h) {
			return 0, context.Cause(ctx)
		}
		<-h.told // at this very moment
	}
	r, err = h.receipt, h.err
	s.keepHeld(h)
	return r, err
}

// giveUp leaves the line, and reports whether there was time for that: the message
// may have been sent meanwhile.
func (s *sharing) giveUp(h *heldSend) bool {
	s.lock()
	defer s.unlock()
	for _, l := range s.lines {
		if i := slices.Index(l.held, h); i >= 0 {
			l.held = slices.Delete(l.held, i, i+1)
			return true
		}
	}
	return false
}

// advance sends for those in line for whom there is room. The lock is held, and
// about to be given up.
func (s *sharing) advance() {
	if len(s.lines) == 0 {
		return
	}
	sent := false
	s.lines = slices.DeleteFunc(s.lines, func(l *line) bool {
		if l.advance() {
			sent = true
		}
		if len(l.held) > 0 {
			return false
		}
		s.keepLine(l)
		return true
	})
	if sent {
		s.call()
	}
}

// advance sends from the head of the line, and reports whether anything was sent.
// Those who wait for a Conn that is over learn that.
func (l *line) advance() (sent bool) {
	if !l.moves() {
		return false
	}
	n := 0
	for ; n < len(l.held); n++ {
		h := l.held[n]
		if !l.over() && !l.conn.end.Fits(l.channel, len(h.bytes)) {
			break
		}
		r, err := l.conn.sendUntil(l.channel, payload{bytes: h.bytes}, &h.opts, h.expires)
		if queueFull(err) {
			break
		}
		sent = sent || err == nil
		h.receipt, h.err = r, err
		h.told <- struct{}{}
	}
	l.held = slices.Delete(l.held, 0, n)
	return sent
}

// moves reports whether the line may: as for Writable the queue is half empty, so
// that a goroutine is not woken for each message that leaves.
func (l *line) moves() bool { return l.over() || l.conn.end.HalfEmpty(l.channel) }

// over reports whether the Conn takes no messages any more.
func (l *line) over() bool {
	c := l.conn
	return c.state != connOpen || c.end == nil || !c.end.Open()
}
