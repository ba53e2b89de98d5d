package endpoint

import (
	"fmt"

	"github.com/tickwire/tickwire/internal/wire"
)

// A Compression makes the messages of a channel smaller, each for itself (ChannelConfig.Compression).
// Package compress has one. It remembers nothing of the messages: the same one may serve many
// channels and endpoints, and endpoints of different goroutines.
type Compression interface {
	// ID is what both ends must agree on, a dictionary above all: 1 if there is nothing, never 0.
	ID() uint32
	// AppendCompressed appends a message, compressed. It takes at most one byte more than the message
	// has, and so many exactly if it goes as it is.
	AppendCompressed(dst, message []byte) []byte
	// OpenedLen is the length that a compressed message says that it has when it is opened, negative
	// if it says nothing. No memory may be taken for that.
	OpenedLen(b []byte) int
	// Open fills dst, whose length is what OpenedLen gave, with the message, and reports whether that
	// was it, whole and without rest. The bytes come from the peer: nothing about them is certain.
	Open(dst, b []byte) bool
}

// largest is the largest message as it goes on the wire.
func (c *ChannelConfig) largest() int {
	if c.Compression != nil {
		return c.MaxMessageBytes + 1
	}
	return c.MaxMessageBytes
}

// compressionName is what an ID means to people.
func compressionName(id uint32) string {
	switch id {
	case 0:
		return "not compressed"
	case 1:
		return "compressed without a dictionary"
	}
	return fmt.Sprintf("compressed with dictionary %08x", id)
}

// compressed are the counters of one direction of a channel with compression.
type compressed struct {
	from, to  uint64 // bytes of messages before, and after
	asTheyAre uint64 // messages that went, or came, as they are
}

func (c *compressed) count(before, after int) {
	c.from += uint64(before)
	c.to += uint64(after)
	if after > before {
		c.asTheyAre++
	}
}

// compress returns a message as it goes on the wire, in memory that is valid until the next call, or
// in a draft: that of a message to many, which is compressed once.
func (s *sender) compress(payload []byte, from *Draft) ([]byte, *Draft) {
	before := len(payload)
	if from != nil && from.many {
		from = from.compressed(s.cfg.Compression)
		payload = from.buf
	} else {
		pool := s.out.cfg.Buffers
		pool.trimCompressed()
		pool.compressed = s.cfg.Compression.AppendCompressed(pool.compressed[:0], payload)
		payload, from = pool.compressed, nil
	}
	s.counts.compressed.count(before, len(payload))
	return payload, from
}

// compressed is the draft of the same message, compressed. It is made by the first channel that sends
// the message, and kept for those that compress it likewise.
func (d *Draft) compressed(by Compression) *Draft {
	if d.shared == nil {
		d.shared = d.buffers.fetchShared(d.buf) // sent: what is written next begins another message
		d.usable = 0
		d.room = max(d.room, len(d.buf))
	}
	if d.small == nil {
		d.small = &Draft{buffers: d.buffers}
	}
	if c := d.small; c.buf == nil || d.smallBy != by {
		pool := d.buffers
		pool.trimCompressed()
		pool.compressed = by.AppendCompressed(pool.compressed[:0], d.buf)
		c.Reset()
		c.most = len(pool.compressed)
		c.Write(pool.compressed)
		c.Share()
		d.smallBy = by
	}
	return d.small
}

// trimCompressed gives the scratch memory up that an unusually large message has left.
func (p *Buffers) trimCompressed() {
	if cap(p.compressed) > 2<<largestClass {
		p.compressed = nil
	}
}

// open opens a message, which it gives back to the pool. It is no message if it is larger than the
// channel allows, or if it does not open.
func (r *receiver) open(b []byte) (opened []byte, ok bool) {
	pool, n := r.in.cfg.Buffers, r.cfg.Compression.OpenedLen(b)
	if n >= 0 && n <= r.cfg.MaxMessageBytes {
		opened = pool.fetch(n)
		ok = r.cfg.Compression.Open(opened, b)
		r.opened += charge(n)
		r.in.opened(n, len(b))
		r.counts.compressed.count(n, len(b))
	}
	pool.release(b)
	if !ok {
		pool.release(opened)
		return nil, false
	}
	return opened, true
}

// withholds reports whether the game has got as much as it may between two Updates: so much that a
// peer cannot make it hold many large messages by sending it many small ones, and enough for the
// largest. So much is shown that the next Update may show more at once.
func (r *receiver) withholds() bool { return r.opened >= max(r.cfg.MaxMessageBytes, r.window) }

// Withheld reports whether Receive has given nothing since the last Update although a message is
// there, so that another Update is due: at once if there is News, otherwise when HandleTimeout at the
// Deadline has made it News. A channel with compression gives its game as many bytes
// between two Updates as its window has, or the largest message if that is more, and all of them
// together Config.OpenedBytesPerSecond; and the connection ends if a message does not open.
func (e *Endpoint) Withheld() bool { return e.inbox.withheld || e.inbox.pauses() }

// broke ends the connection: a message does not open, and those behind it mean nothing without it.
func (e *Endpoint) broke() {
	e.inbox.broken, e.inbox.withheld = false, true
	e.closeWith(e.now, wire.CodeProtocol, "a compressed message does not open", nil)
}
