package gen

import "math/bits"

// unbounded is the size of what has no limit in bits.
const unbounded = 1 << 30

// widthOf is how many bits a number from 0 to limit takes.
func widthOf(limit uint64) int { return bits.Len64(limit) }

// codes is the highest code of a ranged type: codes go from 0.
func (t *Type) codes() uint64 {
	switch t.Kind {
	case EnumKind:
		return uint64(len(t.Enum.Distinct()) - 1)
	case Ranged:
		return diff(t.Lo, t.Hi)
	case Quantized:
		return uint64((t.To-t.From)/t.Step + 0.5)
	case Duration:
		return diff(t.Lo, t.Hi) / uint64(t.Unit)
	}
	return 0
}

// endless reports whether a Duration has no range.
func (t *Type) endless() bool { return t.Kind == Duration && t.Lo == nil }

// fixed is how many bits a type always takes, if it is a code that can stand beside others in a
// word; 0 if it is none.
func (t *Type) fixed() int {
	n := 0
	switch t.Kind {
	case Bool:
		n = 1
	case Byte:
		n = 8
	case Ranged, EnumKind, Quantized:
		n = widthOf(t.codes())
	case Duration:
		if !t.endless() {
			n = widthOf(t.codes())
		}
	case Float:
		n = t.Bits
	case Half:
		n = 16
	case Unit:
		n = 2 * t.Bits
	case Quaternion:
		n = 2 + 3*t.Bits
	case Angle:
		n = t.Bits
	}
	if n > 56 {
		return 0
	}
	return n
}

// varints are the least and the most that a varint of so many bits takes.
var varints = map[int][2]int{16: {6, 18}, 32: {7, 34}, 64: {9, 66}}

// size is how many bits a type takes at least and at most.
func (t *Type) size() (least, most int) {
	if n := t.fixed(); n > 0 {
		return n, n
	}
	switch t.Kind {
	case Varint:
		return varints[t.Bits][0], varints[t.Bits][1]
	case Duration:
		if t.endless() {
			return varints[64][0], varints[64][1]
		}
		return 64, 64
	case Ranged, EnumKind, Float:
		n := 64
		if t.Kind == Ranged {
			n = widthOf(t.codes())
		}
		return n, n
	case String, Bytes, Binary:
		n := widthOf(uint64(t.Max))
		return n, n + times(t.Max, 8)
	case Addr:
		return 2, 130
	case AddrPort:
		return 18, 146
	case Custom:
		return 0, unbounded
	case StructKind:
		return t.Struct.size()
	}
	return t.sizeOfParts()
}

func (t *Type) sizeOfParts() (least, most int) {
	if t.Kind == UnionKind {
		return t.Union.size(t.Max)
	}
	least, most = t.Elem.size()
	switch t.Kind {
	case Array:
		return t.Len * least, times(t.Len, most)
	case Slice:
		n := widthOf(uint64(t.Max))
		return n, n + times(t.Max, most)
	case Map:
		n := widthOf(uint64(t.Max))
		_, key := t.Key.size()
		return n, n + times(t.Max, most+key)
	}
	return 1, 1 + most
}

func times(n, most int) int { return int(min(int64(n)*int64(most), unbounded)) }

// size of a union: nils is 1 if it may be nil.
func (u *Union) size(nils int) (least, most int) {
	least = unbounded
	for _, m := range u.Members {
		l, h := m.size()
		least, most = min(least, l), max(most, h)
	}
	if nils > 0 {
		least = 0
	}
	index := widthOf(uint64(len(u.Members) - 1 + nils))
	return index + least, index + most
}

// size is how many bits a struct takes at least and at most, in any version.
func (s *Struct) size() (least, most int) {
	for _, f := range s.Fields {
		l, h := f.Type.size()
		if f.Since > 1 || f.Until > 0 {
			l = 0 // in a version that does not have it
		}
		least, most = least+l, min(most+h, unbounded)
	}
	return least, most
}
