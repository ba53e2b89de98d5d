package endpoint

import "encoding"

// A Draft is a message under construction: what is written into it lies where the message will
// be sent from, so that to send it copies nothing.
//
//	empty → written → SendDraft: empty again
//	           ↘ Share → SendDraft, to as many as like → Reset, or whatever is written next: empty again
//
// SendDraft refuses a draft without changing it: the game may try again, or on another channel. A
// draft that was given more than the largest message of any channel is of no use until Reset,
// so that none is sent that lacks its end.
//
// Its memory comes from the pool and grows by classes. A draft that writes in pieces, or appends
// in place, soon has room for messages as large as it had before.
type Draft struct {
	buffers *Buffers
	life    *lifetime // of the endpoint whose own draft it is; nil: nobody's
	buf     []byte
	usable  int     // buf may become as long as that without further ado
	many    bool    // Share: it stays when it is sent
	shared  *shared // not nil: messages have buf, and it changes no more
	room    int     // length of the largest message so far
	most    int     // and of the largest that any channel allows
	widest  ChannelID
	err     error // why it cannot be sent

	small   *Draft      // a message to many, compressed
	smallBy Compression // by this
}

// NewDraft returns a draft that belongs to no endpoint, for messages to many of them (Share). Its memory comes from buffers; it takes as much as the channel with the largest
// MaxMessageBytes allows.
func NewDraft(buffers *Buffers, channels []ChannelConfig) *Draft {
	d := &Draft{buffers: buffers}
	for _, ch := range channels {
		if full := ch.withDefaults(); full.MaxMessageBytes > d.most {
			d.most, d.widest = full.MaxMessageBytes, ch.ID
		}
	}
	return d
}

// Draft is the endpoint's own draft: the one message that is under construction here. See
// Config.UnsentDraft. When the connection is over it takes no bytes and returns ErrClosed.
func (e *Endpoint) Draft() *Draft {
	if e.outbox.draft == nil {
		e.outbox.draft = NewDraft(e.cfg.Buffers, e.plan.channels)
		e.outbox.draft.life = &e.life
	}
	return e.outbox.draft
}

// SendDraft puts the message of a draft on a channel, as Send does; then the draft is empty, unless
// it is shared. The message has the memory of the draft. After an error the draft is as it was.
func (e *Endpoint) SendDraft(channel ChannelID, d *Draft, opts SendOptions) (Receipt, error) {
	if d.err != nil {
		return 0, d.err
	}
	r, err := e.send(channel, d.buf, d, &opts)
	if err == nil && !d.many && d.buf != nil { // dropped at once, or given to another pool
		d.Reset()
	}
	return r, err
}

// Share makes the message one for many: from here on SendDraft leaves it in the draft, for other
// endpoints of the same owner, until it is Reset, or written to: that begins another message.
// However many it is sent to, it lies in memory once, until the last of them is done with it. Each
// queue counts it as its own.
func (d *Draft) Share() { d.many = true }

// Len is how many bytes the message has.
func (d *Draft) Len() int { return len(d.buf) }

// Available is how many bytes more the message may have.
func (d *Draft) Available() int { return d.most - len(d.buf) }

// Bytes returns the message in place. It is valid until the draft is written to, sent or Reset,
// and must not be changed once it was sent.
func (d *Draft) Bytes() []byte { return d.buf }

// Reset drops the message; one that was sent goes its way.
func (d *Draft) Reset() {
	if d.shared != nil {
		d.shared.release()
	} else {
		d.buffers.release(d.buf)
	}
	d.buf, d.usable, d.many, d.shared, d.err = nil, 0, false, nil, nil
	if d.small != nil {
		d.small.Reset()
	}
}

// abandon drops the message of an endpoint that is over. Its memory is left to the garbage
// collector: whoever writes it may be in the middle of that.
func (d *Draft) abandon() {
	if d.shared == nil {
		d.buffers.forget(d.buf)
		d.buf = nil
	}
	d.Reset()
}

// Write implements io.Writer. What does not fit the largest message is not written, and the
// error is a *SendError that wraps ErrTooLarge.
func (d *Draft) Write(p []byte) (int, error) {
	at, end := len(d.buf), len(d.buf)+len(p)
	if end > d.usable {
		place, err := d.extendFar(len(p))
		return copy(place, p), err
	}
	if d.buf = d.buf[:end]; at < end && &d.buf[at] != &p[0] { // else it was appended in place
		copy(d.buf[at:], p)
	}
	return len(p), nil
}

// WriteString implements io.StringWriter.
func (d *Draft) WriteString(s string) (int, error) {
	place, err := d.extend(len(s))
	return copy(place, s), err
}

// WriteByte implements io.ByteWriter.
func (d *Draft) WriteByte(c byte) error {
	place, err := d.extend(1)
	if len(place) == 1 {
		place[0] = c
	}
	return err
}

// Append lets f append to the message: to an empty slice with room, as AvailableBuffer has it.
func (d *Draft) Append(f func(b []byte) []byte) error {
	_, err := d.Write(f(d.AvailableBuffer()))
	return err
}

// AppendBinary appends what v appends of itself. If v fails nothing was written.
func (d *Draft) AppendBinary(v encoding.BinaryAppender) error {
	b, err := v.AppendBinary(d.AvailableBuffer())
	if err == nil {
		_, err = d.Write(b)
	}
	return err
}

// Grow makes room for n bytes more, as far as the largest message allows.
func (d *Draft) Grow(n int) {
	d.begin()
	if at := len(d.buf); d.writable() && n > 0 {
		d.reserve(min(at+min(n, d.most), d.most))
	}
}

// AvailableBuffer returns an empty slice with room, to append to and give to Write at once:
// what was appended within the room is not copied then. What needs more room than that costs an
// allocation and a copy, once: the draft has learned.
func (d *Draft) AvailableBuffer() []byte {
	at := len(d.buf)
	if d.usable < min(max(at+leastRoom, d.room), d.most) {
		d.begin()
		if at = len(d.buf); d.writable() {
			d.reserve(min(max(at+leastRoom, d.room, 2*at), d.most))
		}
	}
	return d.buf[at:]
}

const leastRoom = 64

// begin leaves what was sent and begins the next message.
func (d *Draft) begin() {
	if d.shared != nil {
		d.Reset()
	}
}

func (d *Draft) writable() bool {
	return d.err == nil && (d.life == nil || !d.life.ended())
}

// extend makes the message n bytes longer, or as many as may be, and returns the place of these.
func (d *Draft) extend(n int) (place []byte, err error) {
	at := len(d.buf)
	if at+n > d.usable {
		return d.extendFar(n)
	}
	d.buf = d.buf[:at+n]
	return d.buf[at:], nil
}

// extendFar is extend where that takes memory, or is not allowed.
func (d *Draft) extendFar(n int) (place []byte, err error) {
	d.begin()
	if !d.writable() {
		if d.err == nil {
			return nil, ErrClosed
		}
		return nil, d.err
	}
	at := len(d.buf)
	end := at + min(n, d.most-at)
	size := end
	if at > 0 { // it comes in pieces
		size = max(end, min(max(d.room, 2*at), d.most))
	}
	if end > cap(d.buf) {
		d.reserve(size)
	}
	d.buf = d.buf[:end]
	if n > end-at {
		d.usable = 0
		d.err = &SendError{d.widest, ErrTooLarge, "MaxMessageBytes", at + n, d.most}
	}
	return d.buf[at:], d.err
}

// reserve gives the message a buffer of at least size bytes.
func (d *Draft) reserve(size int) {
	if size > cap(d.buf) {
		old := d.buf
		d.buf = d.buffers.fetch(size)[:len(old)]
		if old != nil {
			copy(d.buf, old)
			d.buffers.release(old)
		}
	}
	d.usable = min(cap(d.buf), d.most)
}

// give makes what was written the payload of a message: for it alone, or shared, as it is always with
// an endpoint of another pool.
func (d *Draft) give(m *outMessage, pool *Buffers) {
	if d.shared == nil {
		n := len(d.buf)
		if n == 0 || cap(d.buf) > maxRounding*charge(n) {
			d.fit()
		}
		d.room = max(d.room, n)
		m.payload = d.buf
		if !d.many && d.buffers == pool {
			d.buf, d.usable = nil, 0
			return
		}
		d.shared = d.buffers.fetchShared(d.buf)
		d.usable = 0
	}
	d.shared.users++
	m.payload, m.shared = d.shared.payload, d.shared
}

// fit moves the message out of a buffer that is much larger, or a queue would hold more memory
// than it counts.
func (d *Draft) fit() {
	b := d.buffers.fetch(len(d.buf))
	copy(b, d.buf)
	d.buffers.release(d.buf)
	d.buf = b
}

// maxRounding is how many times what is counted for a message its memory may be.
const maxRounding = 4

// A DraftPolicy is what happens to the bytes that were written into the endpoint's own draft and
// not sent, when another message begins a group.
type DraftPolicy uint8

const (
	// DraftRefuse refuses the message: its error wraps ErrDraft.
	DraftRefuse DraftPolicy = iota
	// DraftDrop drops them, counted in Stats.DraftsDropped.
	DraftDrop
	// DraftJoin sends them first, as the first message of the group. If that is refused, so is
	// the other message; if only the other one is, the group has begun.
	DraftJoin
)

var draftNames = [...]string{"DraftRefuse", "DraftDrop", "DraftJoin"}

// String names the policy.
func (p DraftPolicy) String() string { return nameOf(draftNames[:], int(p)) }

// applyDraftPolicy applies it before a message, which comes from another draft or none, opens
// a group, and reports whether that put one in the queue.
func (out *outbox) applyDraftPolicy(s *sender, from *Draft, group uint32) (joined bool, err error) {
	d := out.draft
	switch {
	case d == nil || group == 0 || group == s.groups.sending || from == d || len(d.buf) == 0 || d.shared != nil:
		return false, nil
	case out.cfg.UnsentDraft == DraftRefuse:
		return false, &SendError{s.cfg.ID, ErrDraft, "UnsentDraft", len(d.buf), 0}
	case out.cfg.UnsentDraft == DraftJoin:
		if d.err != nil {
			return false, d.err
		}
		_, joined, err = out.send(s.cfg.ID, d.buf, d, &SendOptions{Group: group})
		if err == nil && d.buf != nil {
			d.Reset()
		}
		return joined, err
	}
	d.Reset()
	out.stats.DraftsDropped++
	return false, nil
}
