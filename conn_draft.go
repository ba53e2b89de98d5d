package tickwire

import (
	"cmp"
	"encoding"
	"errors"
	"iter"

	"github.com/tickwire/tickwire/endpoint"
)

// A Draft is a message under construction: an io.Writer into the memory that the
// message will be sent from, so that to send it copies nothing.
//
//	d := c.Draft()
//	fmt.Fprintf(d, "%v takes the flag", name)
//	d.SendWith(chat.Config().ID, tickwire.SendOptions{})
//
// Each Conn has one, which SendWith sends to its peer; a Server and a Hub make others,
// for messages to many, which Broadcast sends. A draft takes as much as the
// largest message of any channel has. Beyond that it returns a *SendError that wraps
// ErrTooLarge, and is of no use until Reset, so that nothing is sent that lacks its
// end. That of a Conn returns ErrClosed while the Conn is not open.
//
// A Draft belongs to one goroutine at a time, also under a Hub or a Session.
type Draft struct {
	core *core
	conn *Conn           // whose it is; nil: of a Server or Hub
	own  *endpoint.Draft // nil of a Conn, unless the peer is plain

	version int // the schema version that a part of it was written in; 0: none was
}

// Draft is the Conn's own draft: the one message that is under construction here.
// See Config.UnsentDraft.
func (c *Conn) Draft() *Draft { return &c.draft }

// NewDraft makes a draft of a message to many, for Draft.Broadcast.
func (s *Server) NewDraft() *Draft { return s.unshared().newDraft() }

// NewDraft makes a draft of a message to many, for Draft.Broadcast.
func (h *Hub) NewDraft() *Draft { return h.srv.core.newDraft() }

func (k *core) newDraft() *Draft {
	var all []ChannelConfig
	for i := range k.encoders {
		if ch := k.encoders[i].handle; ch != nil {
			all = append(all, ch.Config())
		}
	}
	return &Draft{core: k, own: endpoint.NewDraft(k.buffers, all)}
}

// open returns the draft of the endpoint below.
func (d *Draft) open() (*endpoint.Draft, error) {
	c := d.conn
	switch {
	case c == nil:
		return d.own, nil
	case c.state != connOpen:
		return nil, c.shut()
	case c.plain == nil:
		return c.end.Draft(), nil
	case d.own == nil:
		// With memory of its own: the Conn may end while another goroutine writes.
		d.own = endpoint.NewDraft(endpoint.NewBuffers(0), []ChannelConfig{plainHandle.cfg})
	}
	return d.own, nil
}

// errNoConn is the error of a draft of nobody's.
var errNoConn = errors.New("tickwire: this Draft is of no Conn, so there is nobody to send it to: use Broadcast")

// SendWith sends what was written to the peer of the Conn whose draft it is, as Conn.SendWith
// does, but copies nothing; then the draft is empty. After an error it is as it was, so that the
// game may try again, or another channel.
func (d *Draft) SendWith(channel ChannelID, opts SendOptions) (Receipt, error) {
	d.core.lock()
	defer d.core.unlock()
	if d.conn == nil {
		return 0, errNoConn
	}
	e, err := d.open()
	if err != nil {
		return 0, err
	}
	r, err := d.conn.send(channel, nil, e, &opts)
	if err == nil {
		e.Reset() // of what a plain peer is sent a copy is made
		d.version = 0
	}
	return r, err
}

// Broadcast sends what was written to many Conns, as Server.Broadcast does, but copies nothing;
// then the draft is empty. After an error it is as it was. What AppendBinary wrote goes to those who have
// its schema version; report is told a *VersionError of the others, for whom Channel.Broadcast would write it anew.
func (d *Draft) Broadcast(
	conns iter.Seq[*Conn], channel ChannelID, opts SendOptions, report Report,
) error {
	cast := d.core.choose(conns)
	return cast.tell(report, cast.sendDraft(channel, d, &opts))
}

// Len is how many bytes were written; 0 while the Conn is not open.
func (d *Draft) Len() int { return len(d.Bytes()) }

// Bytes returns what was written, in place. It is valid until the draft is written
// to, sent or Reset, or its Conn ends.
func (d *Draft) Bytes() []byte {
	d.core.lock()
	defer d.core.unlock()
	if e, err := d.open(); err == nil {
		return e.Bytes()
	}
	return nil
}

// Reset drops what was written.
func (d *Draft) Reset() {
	d.core.lock()
	defer d.core.unlock()
	if e, err := d.open(); err == nil {
		e.Reset()
		d.version = 0
	}
}

// Write implements io.Writer.
func (d *Draft) Write(p []byte) (int, error) {
	d.core.lock()
	defer d.core.unlock()
	e, err := d.open()
	if err != nil {
		return 0, err
	}
	return e.Write(p)
}

// WriteString implements io.StringWriter.
func (d *Draft) WriteString(s string) (int, error) {
	d.core.lock()
	defer d.core.unlock()
	e, err := d.open()
	if err != nil {
		return 0, err
	}
	return e.WriteString(s)
}

// WriteByte implements io.ByteWriter.
func (d *Draft) WriteByte(c byte) error {
	d.core.lock()
	defer d.core.unlock()
	e, err := d.open()
	if err != nil {
		return err
	}
	return e.WriteByte(c)
}

// Append lets f append to the message: to an empty slice with room for a message as
// large as those before.
func (d *Draft) Append(f func(b []byte) []byte) error {
	_, err := d.Write(f(d.AvailableBuffer()))
	return err
}

// AppendBinary appends what v appends of itself; a message that is Versioned, in the version that
// the Conn has, so give it by its pointer. If v fails nothing was written. A draft to many has
// it in the newest version of this end, and goes to nobody who has another one: a *VersionError.
func (d *Draft) AppendBinary(v encoding.BinaryAppender) error {
	of, ok := v.(Versioned)
	if !ok {
		return d.take(v.AppendBinary(d.AvailableBuffer()))
	}
	version := d.schemaVersion()
	err := d.take(of.AppendVersion(d.AvailableBuffer(), cmp.Or(version, anyVersion)))
	if err == nil {
		d.version = version
	}
	return err
}

// take writes what was appended to the AvailableBuffer, if nothing was wrong.
func (d *Draft) take(b []byte, err error) error {
	if err == nil {
		_, err = d.Write(b)
	}
	return err
}

// schemaVersion is the version that typed messages are written in.
func (d *Draft) schemaVersion() int {
	if d.conn == nil {
		return d.core.plan.SchemaVersion()
	}
	return d.conn.SchemaVersion()
}

// AvailableBuffer returns an empty slice with room, to append to and give to Write
// at once, as that of a bytes.Buffer.
func (d *Draft) AvailableBuffer() []byte {
	d.core.lock()
	defer d.core.unlock()
	if e, err := d.open(); err == nil {
		return e.AvailableBuffer()
	}
	return nil
}

// Grow makes room for n bytes more, as far as the largest message allows.
func (d *Draft) Grow(n int) {
	d.core.lock()
	defer d.core.unlock()
	if e, err := d.open(); err == nil {
		e.Grow(n)
	}
}
