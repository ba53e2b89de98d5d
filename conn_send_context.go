package tickwire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// SendContext sends a message as SendWith does, and while the channel's queue refuses
// it waits for room, until ctx ends. Then the message is not sent, and the error wraps
// ctx's cause and ErrFull: it names the channel, and says whether the peer's game takes
// what it is sent. TTL counts from the call.
//
// Any number of goroutines may wait, with or without a loop over Events. Those who wait
// for one channel get in in the order in which they came; Send does not stand in that
// line. A channel that drops when it is full (ChannelConfig.Full) never makes it wait,
// nor does the table of receipts (Config.MaxReceipts): that has room when Events are read.
//
// It is for the Conns of a Hub or a Session, and ErrNotShared elsewhere. A loop over
// Events that waits takes no messages meanwhile: if both ends do, or if the peer grants no
// credit, only their contexts end it. So give it one with a deadline.
func (c *Conn) SendContext(
	ctx context.Context, channel ChannelID, b []byte, opts SendOptions,
) (Receipt, error) {
	s, err := c.sharingFor(ctx)
	if err != nil {
		return 0, err
	}
	s.lock()
	r, p, err := s.sendOrQueue(c, channel, b, nil, &opts)
	s.unlock()
	return s.await(ctx, p, r, err)
}

// SendContext sends a message with options, and waits for room; see Conn.SendContext.
func (ch *Channel[T]) SendContext(
	ctx context.Context, c *Conn, v T, opts SendOptions,
) (Receipt, error) {
	s, err := c.sharingFor(ctx)
	if err != nil {
		return 0, err
	}
	enc, err := c.mustBe().encoderOf(ch, &ch.cfg)
	if err != nil {
		return 0, err
	}
	r, p, err := ch.sendOrQueue(s, enc, c, v, &opts)
	return s.await(ctx, p, r, err)
}

func (ch *Channel[T]) sendOrQueue(
	s *sharing, enc *encoder, c *Conn, v T, opts *SendOptions,
) (Receipt, *pendingSend, error) {
	s.lock()
	defer s.unlock()
	d, err := encode(enc, ch.form, v, c.version())
	if err != nil {
		return 0, nil, err
	}
	defer enc.drop(d)
	r, p, err := s.sendOrQueue(c, ch.cfg.ID, nil, d, opts)
	if p != nil && ch.form.versioned {
		p.version = c.version()
	}
	return r, p, err
}

// errOtherVersion: what waited was encoded for the peer as it was.
var errOtherVersion = errors.New("tickwire: while the message waited for room, its peer came back with another " +
	"version of the messages: send it again")

// SendContext sends a message with options, and waits for room; see Conn.SendContext.
func (ch *RawChannel) SendContext(
	ctx context.Context, c *Conn, b []byte, opts SendOptions,
) (Receipt, error) {
	if _, err := c.mustBe().encoderOf(ch, &ch.cfg); err != nil {
		return 0, err
	}
	return c.SendContext(ctx, ch.cfg.ID, b, opts)
}

// A pendingSend is a message that found its channel full, while the goroutine that
// sends it waits for room:
//
//	refused → pending → sent, or refused for good → told
//	                └→ given up: its context ended
//
// It is sent by whoever gives up the lock and leaves room for it, not by the
// goroutine that waits, which is only told. So a turn cannot be lost on the way to
// somebody who has stopped waiting, and nobody can be overtaken by a goroutine that
// happens to run first.
type pendingSend struct {
	bytes   []byte // the caller's, who waits meanwhile, or a copy of a draft's
	opts    SendOptions
	until   int64         // if it has a TTL: when that is over
	version int           // of a typed message: the schema version that it has; 0 of others
	told    chan struct{} // holds one when the fields below are set
	receipt Receipt
	err     error
}

// sparePending bounds what is remembered of such messages and their queues for the next ones.
const sparePending = 64

// A sendQueue is who waits for room on one channel of one Conn, the first to come first.
type sendQueue struct {
	conn    *Conn
	channel ChannelID
	full    error // what the first to come was refused with
	pending []*pendingSend
}

// sharingFor is what a goroutine waits with.
func (c *Conn) sharingFor(ctx context.Context) (*sharing, error) {
	if c.core.shared == nil {
		return nil, ErrNotShared
	}
	return c.core.shared, context.Cause(ctx)
}

// sendOrQueue sends, or queues for room. The lock is held.
func (s *sharing) sendOrQueue(
	c *Conn, channel ChannelID, b []byte, from *endpoint.Draft, opts *SendOptions,
) (Receipt, *pendingSend, error) {
	q := s.queueOf(c, channel)
	if q == nil {
		r, err := c.send(channel, b, from, opts)
		if !queueFull(err) {
			return r, nil, err
		}
		q = s.newQueue()
		q.conn, q.channel, q.full = c, channel, err
		s.queues = append(s.queues, q)
	}
	if from != nil {
		b = bytes.Clone(from.Bytes())
	}
	p := s.newPending()
	p.bytes, p.opts, p.until = b, *opts, c.core.after(opts.TTL)
	q.pending = append(q.pending, p)
	return 0, p, nil
}

// after is when a time to live that begins now is over.
func (k *core) after(ttl time.Duration) int64 {
	now := k.nowOfCall()
	if int64(ttl) > never-now {
		return never
	}
	return now + int64(ttl)
}

// send sends a message whose turn has come, for what is left of its time.
func (p *pendingSend) send(c *Conn, channel ChannelID) (Receipt, error) {
	if p.version != 0 && p.version != c.version() {
		return 0, errOtherVersion
	}
	opts := p.opts
	if opts.TTL != 0 {
		if opts.TTL = time.Duration(p.until - c.core.nowOfCall()); opts.TTL <= 0 {
			opts.TTL = -1
		}
	}
	return c.send(channel, p.bytes, nil, &opts)
}

func (s *sharing) newQueue() *sendQueue {
	if n := len(s.spareQueues); n > 0 {
		q := s.spareQueues[n-1]
		s.spareQueues = s.spareQueues[:n-1]
		return q
	}
	return new(sendQueue)
}

func (s *sharing) newPending() *pendingSend {
	if n := len(s.sparePending); n > 0 {
		p := s.sparePending[n-1]
		s.sparePending = s.sparePending[:n-1]
		return p
	}
	return &pendingSend{told: make(chan struct{}, 1)}
}

// recycleQueue spares a queue in which nobody waits for the next ones.
func (s *sharing) recycleQueue(q *sendQueue) {
	if len(s.spareQueues) < sparePending {
		*q = sendQueue{pending: q.pending[:0]}
		s.spareQueues = append(s.spareQueues, q)
	}
}

// recycle spares a message of which the sender was told for the next ones.
func (s *sharing) recycle(p *pendingSend) {
	s.acquire()
	defer s.mu.Unlock()
	if len(s.sparePending) < sparePending {
		*p = pendingSend{told: p.told}
		s.sparePending = append(s.sparePending, p)
	}
}

// queueOf finds who waits for a channel; nil if nobody does.
func (s *sharing) queueOf(c *Conn, channel ChannelID) *sendQueue {
	for _, q := range s.queues {
		if q.conn == c && q.channel == channel {
			return q
		}
	}
	return nil
}

// queueFull reports whether an error says that a queue is full, and not anything else.
func queueFull(err error) bool {
	full, ok := errors.AsType[*SendError](err)
	return ok && full.Err == ErrFull && full.Field == "MaxQueuedBytes"
}

// await waits until a message was sent, or cannot be. One that does not wait is past that.
func (s *sharing) await(ctx context.Context, p *pendingSend, r Receipt, err error) (Receipt, error) {
	if p == nil {
		return r, err
	}
	select {
	case <-p.told:
	case <-ctx.Done():
		if err := s.giveUp(ctx, p); err != nil {
			return 0, err
		}
		<-p.told // at this very moment
	}
	r, err = p.receipt, p.err
	s.recycle(p)
	return r, err
}

// giveUp leaves the queue, and says why; nil if there was no time for that: the message may have
// been sent meanwhile.
func (s *sharing) giveUp(ctx context.Context, p *pendingSend) error {
	s.lock()
	defer s.unlock()
	for _, q := range s.queues {
		if i := slices.Index(q.pending, p); i >= 0 {
			q.pending = slices.Delete(q.pending, i, i+1)
			return q.noRoom(context.Cause(ctx))
		}
	}
	return nil
}

// noRoom is the error of a message whose context ended first.
func (q *sendQueue) noRoom(cause error) error {
	why := "the path takes no more"
	switch c := q.conn; {
	case c.end == nil:
		why = "the connection has ended"
	case c.end.Away():
		why = "nothing is heard of the peer"
	case c.end.Blocked(q.channel):
		why = "the peer's game does not take what was sent before"
	}
	return fmt.Errorf("tickwire: waited for room, but %s: %w: %w", why, cause, q.full)
}

// advance sends for those who wait and for whom there is room. The lock is held, and
// about to be given up.
func (s *sharing) advance() {
	if len(s.queues) == 0 {
		return
	}
	sent := false
	s.queues = slices.DeleteFunc(s.queues, func(q *sendQueue) bool {
		if q.advance() {
			sent = true
		}
		if len(q.pending) > 0 {
			return false
		}
		s.recycleQueue(q)
		return true
	})
	if sent {
		s.call()
	}
}

// advance sends from the head of the queue, and reports whether anything was sent.
// Those who wait for a Conn that is over learn that.
func (q *sendQueue) advance() (sent bool) {
	if !q.moves() {
		return false
	}
	n := 0
	for ; n < len(q.pending); n++ {
		p := q.pending[n]
		if !q.over() && !q.conn.end.Fits(q.channel, len(p.bytes)) {
			break
		}
		r, err := p.send(q.conn, q.channel)
		if queueFull(err) {
			break
		}
		sent = sent || err == nil
		p.receipt, p.err = r, err
		p.told <- struct{}{}
	}
	q.pending = slices.Delete(q.pending, 0, n)
	return sent
}

// moves reports whether the queue may: as for Writable that of the channel is half empty, so
// that a goroutine is not woken for each message that leaves.
func (q *sendQueue) moves() bool { return q.over() || q.conn.end.HalfEmpty(q.channel) }

// over reports whether the Conn takes no messages any more.
func (q *sendQueue) over() bool {
	c := q.conn
	return c.state != connOpen || c.end == nil || !c.end.Open()
}
