package tickwire

import (
	"cmp"
	"iter"

	"github.com/tickwire/tickwire/endpoint"
)

// A Report is told what became of a broadcast at one Conn: the receipt that was
// asked for, or the error, which is that of Conn.SendWith, or ErrOtherServer, or of a Draft a *VersionError. It is
// called when the message was sent to all, and may do whatever its caller may: close the Conn, say.
type Report func(c *Conn, r Receipt, err error)

// A Broadcaster sends to many Conns: a *Server or a *Hub.
type Broadcaster interface {
	// Broadcast sends one message; see Server.Broadcast.
	Broadcast(conns iter.Seq[*Conn], channel ChannelID, b []byte, opts SendOptions, report Report) error
	crowd() *core
}

func (s *Server) crowd() *core { return s.unshared() }

func (h *Hub) crowd() *core { return &h.srv.core }

// Broadcast sends one message to many Conns, to all that are connected if conns is
// nil. It is copied once and lies in memory once, until the last of the receivers
// is done with it; what each costs beside is a place in its queue, and its share of
// a packet. Otherwise each of the messages is one like any other: each queue counts
// it as its own and does what its channel says if it is full.
//
// First conns is gone through, then the message is sent to each of them, then what happened at
// each is told to report, unless that is nil, in the order of conns. The error is about the
// message itself: ErrTooLarge, ErrNoChannel.
func (s *Server) Broadcast(
	conns iter.Seq[*Conn], channel ChannelID, b []byte, opts SendOptions, report Report,
) error {
	return s.unshared().broadcastBytes(conns, channel, b, &opts, report)
}

// Broadcast sends one message to many Conns; see Server.Broadcast. The lock is taken once to send
// it to all; conns and report run without it, so that they may use the Hub and its Conns. For a
// slice, such as Hub.Conns, take slices.Values.
func (h *Hub) Broadcast(
	conns iter.Seq[*Conn], channel ChannelID, b []byte, opts SendOptions, report Report,
) error {
	return h.srv.core.broadcastBytes(conns, channel, b, &opts, report)
}

func (k *core) broadcastBytes(
	conns iter.Seq[*Conn], channel ChannelID, b []byte, opts *SendOptions, report Report,
) error {
	enc, err := k.encoder(channel)
	if err != nil {
		return err
	}
	cast := k.choose(conns)
	return cast.tell(report, cast.sendBytes(enc, channel, b, opts))
}

// A broadcast is one under way:
//
//	chosen → sent → told
//
// The lock is held for the second step only: in the others the game's own functions run. It is
// used again, and its memory and its function with it: what is given to a stranger's iterator is
// allocated.
type broadcast struct {
	core     *core
	outcomes []outcome
	add      func(*Conn) bool
}

// An outcome is what became of a broadcast at one Conn.
type outcome struct {
	conn    *Conn
	receipt Receipt
	err     error
}

// choose begins a broadcast to some Conns, or to all that are open.
func (k *core) choose(conns iter.Seq[*Conn]) *broadcast {
	b := k.newCast(conns == nil)
	if conns != nil {
		conns(b.add)
	}
	return b
}

// newCast takes a spare broadcast, and makes it one to all. There may be several at a time: a
// report may broadcast, too.
func (k *core) newCast(toAll bool) (b *broadcast) {
	k.lock()
	defer k.unlock()
	if n := len(k.casts); n > 0 {
		b = k.casts[n-1]
		k.casts = k.casts[:n-1]
	} else {
		b = &broadcast{core: k}
		b.add = b.addConn
	}
	if toAll {
		for _, c := range k.conns {
			if c.open() {
				b.addConn(c)
			}
		}
	}
	return b
}

func (b *broadcast) addConn(c *Conn) bool {
	b.outcomes = append(b.outcomes, outcome{conn: c})
	return true
}

func (b *broadcast) sendBytes(enc *encoder, channel ChannelID, bytes []byte, opts *SendOptions) error {
	b.core.lock()
	defer b.core.unlock()
	d := enc.borrow()
	defer enc.drop(d)
	if _, err := d.Write(bytes); err != nil {
		return err
	}
	return b.send(channel, d, opts, anyVersion)
}

func (b *broadcast) sendDraft(channel ChannelID, d *Draft, opts *SendOptions) error {
	b.core.lock()
	defer b.core.unlock()
	e, err := d.open()
	if err != nil {
		return err
	}
	if err := b.core.fits(channel, e); err != nil {
		return err
	}
	if err = b.send(channel, e, opts, cmp.Or(d.version, anyVersion)); err != nil {
		return err
	}
	if d.version > 0 {
		b.otherVersions(d.version)
	}
	e.Reset()
	d.version = 0
	return nil
}

// otherVersions notes that a draft of one schema version was not sent to those who have another one.
func (b *broadcast) otherVersions(version int) {
	for i := range b.outcomes {
		if o := &b.outcomes[i]; o.conn.core == b.core && o.conn.version() != version {
			o.err = &VersionError{Draft: version, Conn: o.conn.version()}
		}
	}
}

// send sends the message of a draft to each who has the schema version, or to all. The lock is held.
func (b *broadcast) send(
	channel ChannelID, d *endpoint.Draft, opts *SendOptions, version int,
) error {
	k := b.core
	if k.closed {
		return ErrClosed
	}
	d.Share()
	for i := range b.outcomes {
		switch o := &b.outcomes[i]; {
		case o.conn.core != k:
			o.err = ErrOtherServer
		case version == anyVersion || o.conn.version() == version:
			o.receipt, o.err = o.conn.send(channel, nil, d, opts)
		}
	}
	return nil
}

// versionBelow is the newest schema version below another one that any of the Conns has; negative if
// none has.
func (b *broadcast) versionBelow(other int) int {
	newest := -1
	for _, o := range b.outcomes {
		if o.conn.core != b.core {
			continue
		}
		if v := o.conn.version(); v < other {
			newest = max(newest, v)
		}
	}
	return newest
}

// failed notes what became of a message that could not be encoded in a schema version.
func (b *broadcast) failed(version int, err error) {
	for i := range b.outcomes {
		if o := &b.outcomes[i]; o.conn.core == b.core && o.conn.version() == version {
			o.err = err
		}
	}
}

// tell reports what became of a broadcast that was sent, and gives it back.
func (b *broadcast) tell(report Report, err error) error {
	if report != nil && err == nil {
		for _, o := range b.outcomes {
			report(o.conn, o.receipt, o.err)
		}
	}
	b.core.lock()
	defer b.core.unlock()
	clear(b.outcomes)
	b.outcomes = b.outcomes[:0]
	b.core.casts = append(b.core.casts, b)
	return err
}

// fits reports what keeps the message of a draft from every Conn.
func (k *core) fits(channel ChannelID, d *endpoint.Draft) error {
	enc, err := k.encoder(channel)
	if err != nil {
		return err
	}
	other := enc.borrow() // as large as the channel allows
	defer enc.drop(other)
	if n, most := d.Len(), other.Available(); n > most {
		return &SendError{Channel: channel, Err: ErrTooLarge, Field: "MaxMessageBytes", Value: n, Limit: most}
	}
	_, err = d.Write(nil) // what was wrong with those before
	return err
}
