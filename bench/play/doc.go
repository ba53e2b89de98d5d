// Package play has the two programs of a measurement, which run in processes of their own: a
// client that sends and a server that receives. They tell what happens as lines of JSON, and end
// when their standard input does. The native programs keep to the same lines.
package play

import (
	"encoding/json"
	"io"
	"sync"
)

// A Line is what a program tells. Times are in ns on the clock that all processes of a machine
// share (Now).
type Line struct {
	Ready   bool   `json:",omitempty"` // the server can be dialled
	Version string `json:",omitempty"` // of what is not a Go module
	Begin   int64  `json:",omitempty"` // the client begins to send
	Sent    *int   `json:",omitempty"` // the client has sent so many messages of the stream, and is through
	All     bool   `json:",omitempty"` // the server has received all of them
	Heard   *Heard `json:",omitempty"` // the server's last word
	Error   string `json:",omitempty"` // the program cannot go on
}

// Heard is what a server has received.
type Heard struct {
	Due []int64 // of each message of the stream, in the order of their arrival: when it was due to be sent
	At  []int64 // when it arrived
	// Payload of both lanes, by milliseconds: in that which begins at Times[i], Bytes[i] arrived.
	Times []int64
	Bytes []int
}

// A teller writes lines, from any goroutine.
type teller struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func newTeller(w io.Writer) *teller { return &teller{enc: json.NewEncoder(w)} }

// tell writes a line. Who does not listen any more has ended the program's input too.
func (t *teller) tell(l Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.enc.Encode(l)
}
