package picture

import (
	"encoding/binary"
	"fmt"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/wire"
)

// A tap reads the datagrams of lone endpoints as they pass. It knows messages by what the
// games of a scene fill them with, the number of each, and learns their ids on the way.
type tap struct {
	ids []named
	ack wire.Ack
}

// A named is the id of a message on its channel.
type named struct {
	channel uint16
	id      uint16 // its low bits: scenes are short
	message int
}

// loneHeader is the packet number in front of the frames (SPEC.md, section 5).
const loneHeader = 2

// number is that of a datagram's packet.
func number(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }

// fill writes the number of a message all over it.
func fill(payload []byte, message int) {
	for i := range payload {
		payload[i] = byte(message >> (8 * (i % 2)))
	}
}

// filled reads it back from two bytes or more that stand at an offset.
func filled(p []byte, offset int) int {
	if offset%2 == 1 {
		return int(p[1]) | int(p[0])<<8
	}
	return int(p[0]) | int(p[1])<<8
}

// minBytes is the smallest message that a tap knows.
const minBytes = 2

// frames returns what a datagram carries.
func (t *tap) frames(b []byte) (frames []Frame, err error) {
	if len(b) < loneHeader {
		return nil, fmt.Errorf("picture: a datagram of %d bytes", len(b))
	}
	for rest := b[loneHeader:]; len(rest) > 0; {
		kind, n := rest[0], 0
		switch {
		case kind >= wire.TypeRunLong:
			frames, n = t.run(frames, rest)
		case kind >= wire.TypeFragment:
			frames, n = t.fragment(frames, rest)
		case kind >= wire.TypeAck:
			frames, n = append(frames, Frame{Kind: Ack}), wire.ConsumeAck(rest, &t.ack)
		default:
			frames, n = t.control(frames, rest)
		}
		if n <= 0 {
			return nil, fmt.Errorf("picture: a frame of type %#x that cannot be read", kind)
		}
		rest = rest[n:]
	}
	return frames, nil
}

func (t *tap) run(frames []Frame, b []byte) ([]Frame, int) {
	run, n := wire.ConsumeRun(b)
	if n < 0 {
		return frames, n
	}
	for i := range run.Count {
		if run.Options&wire.OptionKeyed != 0 {
			_, k := wire.ConsumeUvarint(b[n:])
			if k < 0 {
				return frames, k
			}
			n += k
		}
		payload, k := wire.ConsumeBytes(b[n:])
		if k < 0 || len(payload) < minBytes {
			return frames, -1
		}
		n += k
		m := filled(payload, 0)
		if run.HasIDs && run.Options&wire.OptionDroppable == 0 {
			t.learn(run.Channel, uint16(run.First)+uint16(i), m)
		}
		frames = append(frames, Frame{Kind: Whole, Channel: endpoint.ChannelID(run.Channel), Message: m, To: len(payload)})
	}
	return frames, n
}

func (t *tap) fragment(frames []Frame, b []byte) ([]Frame, int) {
	f, p, n := wire.ConsumeFragment(b)
	if n < 0 {
		return frames, n
	}
	m, ok := t.pieceOf(&f, p)
	if !ok {
		return frames, -1
	}
	return append(frames, Frame{
		Kind: Piece, Channel: endpoint.ChannelID(f.Channel), Message: m, From: f.Offset, To: f.Offset + len(p),
	}), n
}

// pieceOf tells of which message a fragment is: by its bytes, and the odd byte that is left of
// a message by its id.
func (t *tap) pieceOf(f *wire.Fragment, p []byte) (message int, ok bool) {
	if len(p) < minBytes {
		return t.message(f.Channel, uint16(f.ID))
	}
	m := filled(p, f.Offset)
	if f.Options&wire.OptionDroppable == 0 {
		t.learn(f.Channel, uint16(f.ID), m)
	}
	return m, true
}

func (t *tap) control(frames []Frame, b []byte) ([]Frame, int) {
	switch b[0] {
	case wire.TypeSkip:
		channel, first, count, n := wire.ConsumeSkip(b)
		if n < 0 {
			return frames, n
		}
		for i := range count {
			_, k := wire.ConsumeUvarint(b[n:])
			if k < 0 {
				return frames, k
			}
			n += k
			if m, ok := t.message(channel, uint16(first)+uint16(i)); ok {
				frames = append(frames, Frame{Kind: Skip, Channel: endpoint.ChannelID(channel), Message: m})
			}
		}
		return frames, n
	case wire.TypeWindow, wire.TypeBlocked:
		channel, _, n := wire.ConsumeLimit(b)
		kind := Window
		if b[0] == wire.TypeBlocked {
			kind = Blocked
		}
		return append(frames, Frame{Kind: kind, Channel: endpoint.ChannelID(channel)}), n
	case wire.TypeHold:
		_, _, n := wire.ConsumeHold(b)
		return append(frames, Frame{Kind: Hold}), n
	case wire.TypeClose:
		_, n := wire.ConsumeClose(b)
		return append(frames, Frame{Kind: Close}), n
	case wire.TypeDraining:
		_, n := wire.ConsumeDraining(b)
		return append(frames, Frame{Kind: Draining}), n
	case wire.TypeCloseAck:
		return append(frames, Frame{Kind: CloseAck}), 1
	case wire.TypeStored:
		_, _, n := wire.ConsumeStored(b)
		return append(frames, Frame{Kind: Other}), n
	case wire.TypeRepair:
		f, _, n := wire.ConsumeRepair(b)
		return append(frames, Frame{Kind: Sum, Channel: endpoint.ChannelID(f.Channel)}), n
	case wire.TypeRebuilt:
		_, _, _, n := wire.ConsumeRebuilt(b)
		return append(frames, Frame{Kind: Other}), n
	case wire.TypePing:
		return append(frames, Frame{Kind: Other}), 1
	case wire.TypePadding:
		return frames, len(b)
	}
	return frames, -1
}

func (t *tap) learn(channel, id uint16, message int) {
	if _, known := t.message(channel, id); !known {
		t.ids = append(t.ids, named{channel, id, message})
	}
}

func (t *tap) message(channel, id uint16) (int, bool) {
	for _, n := range t.ids {
		if n.channel == channel && n.id == id {
			return n.message, true
		}
	}
	return 0, false
}
