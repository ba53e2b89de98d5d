package picture

import (
	"reflect"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

func payload(message, size int) []byte {
	b := make([]byte, size)
	fill(b, message)
	return b
}

// TestTap: a tap tells which messages are in a packet, also in a part of one that begins at an
// odd place or is a single byte, and what SKIP speaks of.
func TestTap(t *testing.T) {
	b := []byte{7, 0}
	b = wire.AppendRun(b, &wire.Run{Channel: 1, HasIDs: true, First: 41, Count: 2})
	b = wire.AppendBytes(wire.AppendBytes(b, payload(300, 4)), payload(301, 5))
	b = wire.AppendRun(b, &wire.Run{Channel: 2, HasIDs: true, First: 9, Count: 1, Options: wire.OptionKeyed})
	b = wire.AppendBytes(wire.AppendUvarint(b, 1234), payload(302, 2))
	b = wire.AppendSkip(b, 1, 42, []int{5})
	b = wire.AppendWindow(append(b, wire.TypePing), 1, 99)
	b = wire.AppendFragment(b, &wire.Fragment{Channel: 3, ID: 5, Offset: 3, Length: 5})
	b = append(b, payload(303, 8)[3:]...)
	b = wire.AppendFragment(b, &wire.Fragment{Channel: 3, ID: 5, Offset: 8, Length: -1})
	b = append(b, 47)

	var tp tap
	frames, err := tp.frames(b)
	want := []Frame{
		{Kind: Whole, Channel: 1, Message: 300, To: 4},
		{Kind: Whole, Channel: 1, Message: 301, To: 5},
		{Kind: Whole, Channel: 2, Message: 302, To: 2},
		{Kind: Skip, Channel: 1, Message: 301},
		{Kind: Other},
		{Kind: Window, Channel: 1},
		{Kind: Piece, Channel: 3, Message: 303, From: 3, To: 8},
		{Kind: Piece, Channel: 3, Message: 303, From: 8, To: 9},
	}
	if err != nil || !reflect.DeepEqual(frames, want) {
		t.Errorf("%v\n%+v, want\n%+v", err, frames, want)
	}
}

func FuzzTap(f *testing.F) {
	f.Add([]byte{7, 0, wire.TypePing, wire.TypePadding, 0})
	f.Add(wire.AppendSkip([]byte{0, 0}, 1, 42, []int{5, 6}))
	f.Add(append(wire.AppendFragment([]byte{0, 0}, &wire.Fragment{Channel: 3, Offset: 3, Length: -1}), 1, 2, 3))
	f.Add(wire.AppendBytes(wire.AppendRun([]byte{0, 0}, &wire.Run{Channel: 1, Count: 1}), payload(1, 4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var tp tap
		frames, err := tp.frames(b)
		for i := range frames {
			if p := &frames[i]; err == nil && p.content() && p.From >= p.To {
				t.Errorf("%+v", p)
			}
		}
	})
}
