package wire

import (
	"encoding/binary"
	"math/bits"
)

// Limits of REPAIR and REBUILT.
const (
	MaxRepairSpan = 32  // ids from the oldest that one of them names to the newest
	MaxRepairRow  = 127 // rows of the matrix
	MaxSymbol     = 512 // bytes of a symbol
)

const (
	maxRepairMask = 1<<MaxRepairSpan - 1
	repairToEnd   = 0x80 // in the byte of the row
)

// A Repair is the header of one sum of messages (SPEC.md, 6.9). Its bytes follow.
type Repair struct {
	Channel uint16
	Newest  uint64 // id of the newest message in the sum; Consume leaves the low 16 bits
	Row     uint8
	Mask    uint32 // bit i: message Newest - i is in the sum; bit 0 is set
	ToEnd   bool   // the bytes go to the end of the packet
}

// RepairLen is how many bytes a REPAIR of so many bytes of symbol takes, with its length.
func RepairLen(r *Repair, symbol int) int {
	n := 1 + UvarintLen(uint64(r.Channel)) + 2 + 1 + UvarintLen(uint64(r.Mask)) + symbol
	if !r.ToEnd {
		n += UvarintLen(uint64(symbol))
	}
	return n
}

// AppendRepair appends the header of REPAIR, but for the length of its bytes: unless
// they go to the end of the packet it comes next.
//
//	07 | channel v | newest id u16 | row u8 | mask v | [n v] | bytes n
func AppendRepair(b []byte, r *Repair) []byte {
	b = AppendUvarint(append(b, TypeRepair), uint64(r.Channel))
	b = binary.LittleEndian.AppendUint16(b, uint16(r.Newest))
	row := r.Row
	if r.ToEnd {
		row |= repairToEnd
	}
	return AppendUvarint(append(b, row), uint64(r.Mask))
}

// SetRepairToEnd makes a REPAIR that is last in its packet one that says so instead of its
// length: frame is all of it, symbol how many bytes it ends with. It returns the frame,
// which is shorter.
func SetRepairToEnd(frame []byte, symbol int) []byte {
	at := 1 // of the row
	for frame[at] >= 0x80 {
		at++
	}
	frame[at+3] |= repairToEnd
	head := len(frame) - symbol - UvarintLen(uint64(symbol))
	return append(frame[:head], frame[len(frame)-symbol:]...)
}

// ConsumeRepair reads REPAIR and returns its bytes, of which there is at least one.
func ConsumeRepair(b []byte) (f Repair, p []byte, n int) {
	r := frame(b)
	f.Channel = r.channel()
	f.Newest = uint64(r.U16())
	row := r.U8()
	f.Row, f.ToEnd = row&MaxRepairRow, row&repairToEnd != 0
	f.Mask = r.mask()
	if f.ToEnd {
		p = r.Rest()
	} else {
		p = r.Bytes()
	}
	r.Want(len(p) > 0 && len(p) <= MaxSymbol)
	return f, p, r.n()
}

// mask reads which of the ids below one are named.
func (r *Reader) mask() uint32 {
	mask := r.Uvarint()
	r.Want(mask&1 != 0 && mask <= maxRepairMask)
	return uint32(mask)
}

// MaskSpan is how many ids lie between the oldest and the newest of a mask, both included.
func MaskSpan(mask uint32) int { return bits.Len32(mask) }

// AppendRebuilt appends REBUILT: the messages newest - i were rebuilt, for each bit i of
// mask, of which bit 0 is set.
//
//	0F | channel v | newest id u16 | mask v
func AppendRebuilt(b []byte, channel uint16, newest uint64, mask uint32) []byte {
	b = AppendUvarint(append(b, TypeRebuilt), uint64(channel))
	b = binary.LittleEndian.AppendUint16(b, uint16(newest))
	return AppendUvarint(b, uint64(mask))
}

// ConsumeRebuilt reads REBUILT. It leaves the low 16 bits of the id.
func ConsumeRebuilt(b []byte) (channel uint16, newest uint64, mask uint32, n int) {
	r := frame(b)
	channel = r.channel()
	newest = uint64(r.U16())
	mask = r.mask()
	return channel, newest, mask, r.n()
}

// A Symbol is a message as REPAIR sums it: what a RUN says of it beside its id.
type Symbol struct {
	Options byte
	Key     uint64 // OptionKeyed
	Back    uint64 // OptionGroup
	Payload []byte
}

// tail appends what stands behind the payload in the symbol; nothing if there are no options.
//
//	length v | bytes | [options u8 | [key v] | [back v]] | zeros
func (s *Symbol) tail(b []byte) []byte {
	if s.Options == 0 {
		return b
	}
	b = append(b, s.Options)
	if s.Options&OptionKeyed != 0 {
		b = AppendUvarint(b, s.Key)
	}
	if s.Options&OptionGroup != 0 {
		b = AppendUvarint(b, s.Back)
	}
	return b
}

// maxSymbolTail is the most that tail appends.
const maxSymbolTail = 16

// Len is how many bytes the symbol has, without zeros behind it.
func (s *Symbol) Len() int {
	var tail [maxSymbolTail]byte
	return UvarintLen(uint64(len(s.Payload))) + len(s.Payload) + len(s.tail(tail[:0]))
}

// AddTo adds c times the symbol to a sum, which is as long or longer.
func (s *Symbol) AddTo(sum []byte, c byte) {
	var scratch [maxSymbolTail]byte
	head := AppendUvarint(scratch[:0], uint64(len(s.Payload)))
	MulAdd(sum, head, c)
	sum = sum[len(head):]
	MulAdd(sum, s.Payload, c)
	MulAdd(sum[len(s.Payload):], s.tail(scratch[:0]), c)
}

// ConsumeSymbol reads a symbol with the zeros behind it. A droppable is in no sum: it has
// no id of its own.
func ConsumeSymbol(b []byte) (s Symbol, ok bool) {
	r := NewReader(b)
	s.Payload = r.Bytes()
	if r.bad {
		return s, false
	}
	if r.at < len(b) && b[r.at] != 0 {
		s.Options = r.options()
		r.Want(s.Options&OptionDroppable == 0)
		if s.Options&OptionKeyed != 0 {
			s.Key = r.Uvarint()
		}
		s.Back, _ = r.optionFields(s.Options)
	}
	for _, c := range r.Rest() {
		r.Want(c == 0)
	}
	return s, !r.bad
}
