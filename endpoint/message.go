package endpoint

import (
	"bytes"
	"io"
)

// A Message is one message that was received. Its bytes are valid until the next Update of its
// endpoint.
type Message struct{ payload []byte }

// Receive takes the next message of a channel. Its bytes belong to the endpoint and are valid
// until the next Update.
func (e *Endpoint) Receive(channel ChannelID) (Message, bool) {
	if i := e.plan.index(uint16(channel)); i > 0 { // 0 is the library's own
		if r := e.inbox.receivers[i]; r != nil {
			m, ok := r.receive()
			if e.inbox.broken {
				e.broke()
			}
			return m, ok
		}
	}
	return Message{}, false
}

// ReceiveAny takes the next message of whichever channel, those of the lowest channel first, for an
// owner who passes all of them on. It is Receive apart from that.
func (e *Endpoint) ReceiveAny() (channel ChannelID, m Message, ok bool) {
	for _, r := range e.inbox.receivers[1:] {
		if r == nil {
			continue
		}
		if m, ok = r.receive(); ok {
			return ChannelID(r.id), m, true
		}
		if e.inbox.broken {
			e.broke()
		}
	}
	return 0, Message{}, false
}

// Bytes returns the payload in place.
func (m Message) Bytes() []byte { return m.payload }

// Len is the length of the payload.
func (m Message) Len() int { return len(m.payload) }

// Clone returns a copy of the payload in memory of its own, for a game that keeps it longer. It
// is the only copy that is made of a message since it was taken out of its packets.
func (m Message) Clone() []byte { return bytes.Clone(m.payload) }

// Reader returns the payload as a stream.
func (m Message) Reader() *Reader { return &Reader{rest: m.payload} }

// A Reader reads a message piece by piece. Reset points it to another one, so that one Reader
// serves many messages.
type Reader struct{ rest []byte }

// Reset starts reading m from its beginning.
func (r *Reader) Reset(m Message) { r.rest = m.payload }

// Len is how many bytes are left.
func (r *Reader) Len() int { return len(r.rest) }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// ReadByte implements io.ByteReader.
func (r *Reader) ReadByte() (byte, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b, nil
}

// WriteTo implements io.WriterTo.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(r.rest)
	r.rest = r.rest[n:]
	return int64(n), err
}

// An outMessage is a message on its way out.
type outMessage struct {
	payload []byte  // owned; released when it will not be sent again
	shared  *shared // if others have the payload too
	receipt Receipt
	size    uint32 // of the payload, also when it was released
	flying  uint16 // packets in flight that carry it
	state   outState
	resend  bool   // wants to be sent (again)
	cut     *cut   // if it is sent in fragments
	terms   *terms // if it has any
}

func (m *outMessage) len() int { return int(m.size) }

type outState uint8

const (
	outQueued   outState = iota
	outFlying            // sent, fate unknown
	outSkipping          // will not be sent again: SKIP tells the peer
	outDone
)

// Terms are what was asked for one message beyond what its channel does. Most have none.
type terms struct {
	options  byte   // of the wire
	expires  int64  // never: it does not
	key      uint64 // if it is keyed
	group    uint64 // which group of the channel, in the order of sending; 0: none
	first    uint64 // first id of the group, once it is started
	precedes uint64 // of a droppable: the id that it precedes, once it is started
	index    uint64 // and its place among the droppables there
	attempts attempts
}

// charge is what a message costs in credit and in queues.
func charge(length int) int { return length + messageCharge }

// A head is what a frame says of a message beside its bytes.
type head struct {
	id      uint64 // of a droppable: the id that it precedes
	options byte
	key     uint64
	first   uint64 // first id of its group
	index   uint64
	copied  bool // of an Unreliable message: it has an id, since it comes on several paths
}

// An inMessage is a message that came.
type inMessage struct {
	payload   []byte // owned; nil if it is empty
	stale     bool   // ReliableLatest: a newer one came since it was shown
	droppable bool
}
