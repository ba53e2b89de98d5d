package peer

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// TestFrames: what was sent comes out, by its lane and in order, once it is flushed.
func TestFrames(t *testing.T) {
	var wire bytes.Buffer
	f := NewFrames(&wire)
	sent := []struct {
		lane Lane
		msg  []byte
	}{{Stream, []byte("small")}, {Bulk, bytes.Repeat([]byte("x"), 1<<15-1)}, {Stream, nil}}
	for _, s := range sent {
		if err := f.Send(s.lane, s.msg); err != nil {
			t.Fatal(err)
		}
	}
	before := wire.Len()
	if err := f.Flush(); err != nil || wire.Len() == before {
		t.Fatalf("Flush wrote %d bytes: %v", wire.Len()-before, err)
	}
	n := 0
	err := ReadFrames(&wire, func(lane Lane, msg []byte) {
		if lane != sent[n].lane || !bytes.Equal(msg, sent[n].msg) {
			t.Errorf("message %d is %d bytes on lane %d", n, len(msg), lane)
		}
		n++
	})
	if n != len(sent) || !errors.Is(err, io.EOF) {
		t.Errorf("%d messages, then %v", n, err)
	}
}

// FuzzReadFrames: whatever comes, no message is longer than what came.
func FuzzReadFrames(f *testing.F) {
	f.Add([]byte{3, 0, 'a', 'b', 'c', 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		got := 0
		err := ReadFrames(bytes.NewReader(b), func(_ Lane, msg []byte) { got += 2 + len(msg) })
		if err == nil || got > len(b) {
			t.Errorf("%d bytes of %d: %v", got, len(b), err)
		}
	})
}
