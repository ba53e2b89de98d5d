package codec

import "math"

// Outside is the code of a number that has none: NaN, or too far below or above the range.
const Outside = math.MaxUint64

// Quantize is the code of v in a range that begins at lo, with so many steps to one: SPEC.md, 10.3.
// A code above the range's last says, as [Outside] does, that v is out of range.
//
// Each operation is rounded by a conversion, so that no processor fuses two of them: the bits are
// the same everywhere.
func Quantize(v, lo, perOne float64) uint64 {
	x := float64(float64(v-lo)*perOne) + 0.5
	if x >= 0 && x < 1<<53 {
		return uint64(int64(x))
	}
	return Outside
}

// Clamp is Quantize with the nearest code of 0 to last; NaN is 0.
func Clamp(v, lo, perOne float64, last uint64) uint64 {
	x := float64(float64(v-lo)*perOne) + 0.5
	if x >= float64(last) {
		return last
	}
	if x >= 0 {
		return uint64(int64(x))
	}
	return 0
}

// Dequantize is the number of a code.
func Dequantize(code uint64, lo, step float64) float64 {
	return lo + float64(float64(int64(code))*step)
}

// Half is the IEEE 754 binary16 nearest to f, ties to even. What is too large becomes infinity;
// any NaN becomes 0x7e00.
func Half(f float32) uint16 {
	b := math.Float32bits(f)
	if n := b&0x7fffffff - 0x38800000; n < 0x477ff000-0x38800000 { // from 2^-14 to below 65520
		return uint16(b>>16&0x8000 | (n+0xfff+n>>13&1)>>13 + 0x400)
	}
	return rareHalf(b)
}

// rareHalf is Half of zero, subnormals, infinities and NaN.
func rareHalf(b uint32) uint16 {
	sign, b := uint16(b>>16&0x8000), b&0x7fffffff
	switch {
	case b > 0x7f800000:
		return 0x7e00
	case b >= 0x477ff000:
		return sign | 0x7c00
	}
	x := math.Float32frombits(b) + 0.5 // whose last bit is 2^-24, as that of a subnormal is
	return sign | uint16(math.Float32bits(x)-0x3f000000)
}

// FromHalf is the number that a binary16 stands for; each NaN is the one NaN of Go.
func FromHalf(h uint16) float32 {
	b := uint32(int32(int16(h))<<13) & 0x8fffe000
	if h&0x7c00 != 0x7c00 {
		return math.Float32frombits(b) * (1 << 112) // exact: the exponents begin 112 apart
	}
	if h&0x3ff != 0 {
		b = 0x7fc00000
	}
	return math.Float32frombits(b | 0x7f800000)
}

// Angle is the code of an angle in radians, of any number of turns, in so many bits (1 to 32): the
// turn is cut into 2^bits parts. It is [Outside] for NaN and infinities.
func Angle(a float64, bits uint) uint64 {
	parts := float64(int64(1) << bits)
	t := float64(a * (1 / (2 * math.Pi)))
	t = float64(t - math.Floor(t))
	if !(t >= 0 && t <= 1) {
		return Outside
	}
	return uint64(int64(float64(t*parts)+0.5)) & (1<<bits - 1)
}

// FromAngle is the angle of a code, from −π to below π.
func FromAngle(code uint64, bits uint) float64 {
	signed := int64(code<<(64-bits)) >> (64 - bits)
	return float64(float64(signed) * float64(2*math.Pi/float64(int64(1)<<bits)))
}
