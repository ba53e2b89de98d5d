package endpoint

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"
	"time"
)

func TestReader(t *testing.T) {
	want := message(7, 1000)
	t.Log("# a message reads like any stream")
	m := Message{payload: want}
	if m.Len() != len(want) || !bytes.Equal(m.Bytes(), want) {
		t.Fatalf("%d bytes", m.Len())
	}
	if err := iotest.TestReader(m.Reader(), want); err != nil {
		t.Error(err)
	}
	t.Log("# byte by byte, the rest in one go, and the same reader again for another message")
	r := m.Reader()
	for i := range 10 {
		if b, err := r.ReadByte(); err != nil || b != want[i] {
			t.Fatalf("byte %d: %d, %v", i, b, err)
		}
	}
	var rest bytes.Buffer
	if n, err := r.WriteTo(&rest); n != 990 || err != nil || !bytes.Equal(rest.Bytes(), want[10:]) {
		t.Errorf("WriteTo wrote %d bytes: %v", n, err)
	}
	if _, err := r.ReadByte(); err != io.EOF || r.Len() != 0 {
		t.Errorf("%d bytes behind the end: %v", r.Len(), err)
	}
	r.Reset(Message{payload: []byte("x")})
	if b, err := r.ReadByte(); b != 'x' || err != nil {
		t.Errorf("after Reset: %q, %v", b, err)
	}
	t.Log("# an empty message ends at once, but reading nothing is no error")
	r.Reset(Message{})
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("Read(nil): %d, %v", n, err)
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("Read: %v", err)
	}
	if allocs := testing.AllocsPerRun(100, func() { r.Reset(m); _, _ = r.WriteTo(io.Discard) }); allocs != 0 {
		t.Errorf("%v allocations to read a message", allocs)
	}
}

// TestReceiveAny: it takes what Update has shown, channel by channel, and what it took Receive does
// not give again.
func TestReceiveAny(t *testing.T) {
	p := newPair(t, channels(), time.Millisecond)
	want := []Delivery{Unreliable, ReliableUnordered, ReliableOrdered}
	for n := range 2 {
		for i := len(want) - 1; i >= 0; i-- {
			p.send(0, chanOf(want[i]), message(n, 20))
		}
	}
	e := p.ends[1].Endpoint
	p.run(100 * time.Millisecond)
	e.Update()
	var last ChannelID
	for i := range 2 * len(want) {
		channel, m, ok := e.ReceiveAny()
		if !ok || channel < last || !bytes.Equal(m.Bytes(), message(i%2, 20)) {
			t.Fatalf("message %d: %q of channel %d behind one of %d, %v", i, m.Bytes(), channel, last, ok)
		}
		last = channel
	}
	if channel, _, ok := e.ReceiveAny(); ok {
		t.Errorf("one more, of channel %d", channel)
	}
	for _, d := range want {
		if _, ok := e.Receive(chanOf(d)); ok {
			t.Errorf("%v: received again", d)
		}
	}
}
