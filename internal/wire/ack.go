package wire

import "encoding/binary"

// Flags of ACK.
const (
	ackClock  = 1
	ackECN    = 2
	ackWide   = 4
	ackRanges = 8
	ackPath   = 16
)

// HoldUnit is the unit of ACK's hold in nanoseconds.
const HoldUnit = 128_000

// ClockUnit is the unit of all clocks on the wire in nanoseconds.
const ClockUnit = 64_000

// An AckRange is packets as their distances below the largest: Newest is 0 in
// the first range.
type AckRange struct{ Newest, Oldest uint64 }

// An Ack acknowledges packets of one path (SPEC.md, 6.1).
type Ack struct {
	HasPath bool
	Path    uint8
	// Largest is the largest packet number acknowledged. Consume leaves its low
	// 16 bits, or 32 if Wide, for the caller to rebuild.
	Largest uint64
	Wide    bool
	// Hold is how long the largest was held, in nanoseconds; the wire keeps
	// multiples of [HoldUnit], above 32 ms of a millisecond.
	Hold     int64
	HasClock bool
	Clock    uint32 // 24 bits of ClockUnit
	HasECN   bool
	ECT, CE  uint16
	// Ranges in descending order, at most MaxAckRanges.
	Ranges []AckRange
}

// AppendAck appends a as a frame.
//
//	type | [path u8] | largest u16, wide u32 | hold | [clock u24] | [ECT u16, CE u16]
//	     | first range v | [count v, count × (gap v, range v)]
func AppendAck(b []byte, a *Ack) []byte {
	start := len(b)
	b = append(b, TypeAck)
	var flags byte
	if a.HasPath {
		flags |= ackPath
		b = append(b, a.Path)
	}
	if a.Wide {
		flags |= ackWide
		b = binary.LittleEndian.AppendUint32(b, uint32(a.Largest))
	} else {
		b = binary.LittleEndian.AppendUint16(b, uint16(a.Largest))
	}
	b = appendHold(b, a.Hold)
	if a.HasClock {
		flags |= ackClock
		b = append(b, byte(a.Clock), byte(a.Clock>>8), byte(a.Clock>>16))
	}
	if a.HasECN {
		flags |= ackECN
		b = binary.LittleEndian.AppendUint16(b, a.ECT)
		b = binary.LittleEndian.AppendUint16(b, a.CE)
	}
	b = AppendUvarint(b, a.Ranges[0].Oldest)
	if len(a.Ranges) > 1 {
		flags |= ackRanges
		b = AppendUvarint(b, uint64(len(a.Ranges)-1))
		for i := 1; i < len(a.Ranges); i++ {
			b = AppendUvarint(b, a.Ranges[i].Newest-a.Ranges[i-1].Oldest-2)
			b = AppendUvarint(b, a.Ranges[i].Oldest-a.Ranges[i].Newest)
		}
	}
	b[start] |= flags
	return b
}

func appendHold(b []byte, hold int64) []byte {
	if units := max(0, hold) / HoldUnit; units < 255 {
		return append(b, byte(units))
	}
	ms := min(hold/1_000_000, 0xffff)
	return append(b, 255, byte(ms), byte(ms>>8))
}

// ConsumeAck reads an ACK into a, whose Ranges are reused.
func ConsumeAck(b []byte, a *Ack) int {
	r := NewReader(b)
	flags := r.U8()
	*a = Ack{Ranges: a.Ranges[:0]}
	if a.HasPath = flags&ackPath != 0; a.HasPath {
		a.Path = r.U8()
		r.Want(a.Path <= MaxPath)
	}
	if a.Wide = flags&ackWide != 0; a.Wide {
		a.Largest = uint64(r.U32())
	} else {
		a.Largest = uint64(r.U16())
	}
	if units := r.U8(); units < 255 {
		a.Hold = int64(units) * HoldUnit
	} else {
		a.Hold = int64(r.U16()) * 1_000_000
	}
	if a.HasClock = flags&ackClock != 0; a.HasClock {
		a.Clock = r.U24()
	}
	if a.HasECN = flags&ackECN != 0; a.HasECN {
		a.ECT, a.CE = r.U16(), r.U16()
	}
	first := r.distance()
	a.Ranges = append(a.Ranges, AckRange{0, first})
	if flags&ackRanges != 0 {
		a.consumeRanges(&r)
	}
	return r.n()
}

func (a *Ack) consumeRanges(r *Reader) {
	count := r.Uvarint()
	r.Want(count >= 1 && count < MaxAckRanges)
	at := a.Ranges[0].Oldest
	for ; count > 0; count-- {
		gap, length := r.distance(), r.distance()
		if r.bad {
			return
		}
		newest := at + gap + 2
		at = newest + length
		a.Ranges = append(a.Ranges, AckRange{newest, at})
	}
}

// distance reads a gap or a range. No receiver remembers 2^40 packets, and the
// sum of all distances of an ACK cannot wrap below that.
func (r *Reader) distance() uint64 {
	v := r.Uvarint()
	r.Want(v < 1<<40)
	return v
}
