package tickwire

import (
	"iter"

	"github.com/tickwire/tickwire/endpoint"
)

// A Report is told what became of a broadcast at one Conn: the receipt that was
// asked for, or the error, which is that of Conn.SendWith, or ErrOtherServer. It may
// close the Conn. Under a Hub it must not use the Hub nor any Conn of it.
type Report func(c *Conn, r Receipt, err error)

// A Broadcaster sends to many Conns: a *Server or a *Hub.
type Broadcaster interface {
	// Broadcast sends one message; see Server.Broadcast.
	Broadcast(conns iter.Seq[*Conn], channel ChannelID, b []byte, opts SendOptions, report Report) error
	crowd() *core
}

func (s *Server) crowd() *core { return &s.core }

func (h *Hub) crowd() *core { return &h.srv.core }

// Broadcast sends one message to many Conns, to all that are connected if conns is
// nil. It is copied once and lies in memory once, until the last of the receivers
// is done with it; what each costs beside is a place in its queue, and its share of
// a packet. Otherwise each of the messages is one like any other: each queue counts
// it as its own and does what its channel says if it is full.
//
// The error is about the message itself: ErrTooLarge, ErrNoChannel. What happened
// at each Conn, in the order of conns, is told to report, unless that is nil.
func (s *Server) Broadcast(
	conns iter.Seq[*Conn], channel ChannelID, b []byte, opts SendOptions, report Report,
) error {
	return s.core.broadcastBytes(conns, channel, b, &opts, report)
}

// BroadcastDraft sends the message of a draft that NewDraft made, as Broadcast does,
// but copies nothing; then the draft is empty. After an error it is as it was.
func (s *Server) BroadcastDraft(
	conns iter.Seq[*Conn], channel ChannelID, d *Draft, opts SendOptions, report Report,
) error {
	return s.core.broadcastDraft(conns, channel, d, &opts, report)
}

// Broadcast sends one message to many Conns; see Server.Broadcast. It takes the lock
// once: conns must not use the Hub either, and may be a slice of Conns or filter
// one by ClientID or Value, say.
func (h *Hub) Broadcast(
	conns iter.Seq[*Conn], channel ChannelID, b []byte, opts SendOptions, report Report,
) error {
	return h.srv.core.broadcastBytes(conns, channel, b, &opts, report)
}

// BroadcastDraft sends the message of a draft to many Conns; see
// Server.BroadcastDraft.
func (h *Hub) BroadcastDraft(
	conns iter.Seq[*Conn], channel ChannelID, d *Draft, opts SendOptions, report Report,
) error {
	return h.srv.core.broadcastDraft(conns, channel, d, &opts, report)
}

func (k *core) broadcastBytes(
	conns iter.Seq[*Conn], channel ChannelID, b []byte, opts *SendOptions, report Report,
) error {
	l, err := k.encoder(channel)
	if err != nil {
		return err
	}
	k.lock()
	defer k.unlock()
	d := l.borrow()
	defer l.drop(d)
	if _, err := d.Write(b); err != nil {
		return err
	}
	return k.broadcast(conns, channel, d, opts, report)
}

func (k *core) broadcastDraft(
	conns iter.Seq[*Conn], channel ChannelID, d *Draft, opts *SendOptions, report Report,
) error {
	if d.core != k {
		return ErrOtherServer
	}
	k.lock()
	defer k.unlock()
	e, err := d.open()
	if err != nil {
		return err
	}
	if err := k.fits(channel, e); err != nil {
		return err
	}
	if err = k.broadcast(conns, channel, e, opts, report); err == nil {
		e.Reset()
	}
	return err
}

// broadcast sends the message of a draft to each of conns. The lock is held.
func (k *core) broadcast(
	conns iter.Seq[*Conn], channel ChannelID, d *endpoint.Draft, opts *SendOptions, report Report,
) error {
	if k.closed {
		return ErrClosed
	}
	b := k.newCast()
	b.channel, b.from, b.report = channel, payload{draft: d, keep: true}, report
	b.opts, b.expires = *opts, k.expiry(opts.TTL)
	if conns != nil {
		conns(b.each)
	} else {
		k.eachConn(b.toOpen)
	}
	*b = broadcast{core: k, each: b.each, toOpen: b.toOpen}
	k.casts = append(k.casts, b)
	return nil
}

// A broadcast is one under way. It is used again, and its functions with it: they
// are made once, since what is given to a stranger's iterator is allocated.
type broadcast struct {
	core         *core
	each, toOpen func(*Conn) bool
	channel      ChannelID
	from         payload
	opts         SendOptions
	expires      int64
	report       Report
}

// newCast takes a spare one. There may be several: a report may broadcast, too.
func (k *core) newCast() *broadcast {
	if n := len(k.casts); n > 0 {
		b := k.casts[n-1]
		k.casts = k.casts[:n-1]
		return b
	}
	b := &broadcast{core: k}
	b.each = b.send
	b.toOpen = func(c *Conn) bool { return !c.open() || b.send(c) }
	return b
}

// send sends to one Conn.
func (b *broadcast) send(c *Conn) bool {
	r, err := Receipt(0), ErrOtherServer
	if c.core == b.core {
		r, err = c.sendUntil(b.channel, b.from, &b.opts, b.expires)
	}
	if b.report != nil {
		b.report(c, r, err)
	}
	return true
}

// fits reports what keeps the message of a draft from every Conn.
func (k *core) fits(channel ChannelID, d *endpoint.Draft) error {
	l, err := k.encoder(channel)
	if err != nil {
		return err
	}
	other := l.borrow() // as large as the channel allows
	defer l.drop(other)
	if n, most := d.Len(), other.Available(); n > most {
		return &SendError{Channel: channel, Err: ErrTooLarge, Field: "MaxMessageBytes", Value: n, Limit: most}
	}
	_, err = d.Write(nil) // what was wrong with those before
	return err
}
