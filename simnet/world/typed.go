package world

import (
	"encoding"
	"iter"

	"github.com/tickwire/tickwire"
)

// Send is End.Send of a value of a typed channel. Payload and Size of the Message are not used.
func Send[T encoding.BinaryAppender](e *End, ch *tickwire.Channel[T], v T, m Message) (err error) {
	if m.Payload, err = v.AppendBinary(make([]byte, 0, 64)); err != nil {
		return err
	}
	return e.Send(ch.Config().ID, m)
}

// Receive is End.Receive of the values of a typed channel: only with Config.Manual. The error is
// that of a message that could not be decoded; the loop may go on.
func Receive[T encoding.BinaryAppender](e *End, ch *tickwire.Channel[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		id := ch.Config().ID
		for b := range e.Receive(id) {
			v, err := ch.Decode(tickwire.Event{Kind: tickwire.Message, Conn: e.conn, Channel: id, Payload: b})
			if !yield(v, err) {
				return
			}
		}
	}
}
