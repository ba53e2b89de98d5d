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
	r := e.inbox.receiver(uint16(channel))
	if r == nil || r.own() {
		return Message{}, false
	}
	return r.take()
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
