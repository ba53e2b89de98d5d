package codec

import "math"

// A unit vector is folded onto an octahedron, whose eight faces are spread over a square: two
// numbers from −1 to 1 (Cigolle et al., "A Survey of Efficient Representations for Independent Unit
// Vectors", JCGT 2014). A rotation is a quaternion without its largest part, whose sign is made
// positive. Both are exact where a part is 0 or ±1: an axis has an odd number of codes.

// half is the code of 0 on an axis of so many bits: its codes go to twice of that.
func half(bits uint) float64 { return float64(int64(1)<<bits/2 - 1) }

// quatScale is 1/(half·√2) for each number of bits: a division less to read a rotation.
var quatScale [32]float64

func init() {
	for bits := range quatScale {
		quatScale[bits] = 1 / float64(half(uint(bits))*math.Sqrt2)
	}
}

// fold mirrors the lower half of the octahedron outwards, and back.
func fold(x, y float64) (float64, float64) {
	fx, fy := 1-math.Abs(y), 1-math.Abs(x)
	if x < 0 {
		fx = -fx
	}
	if y < 0 {
		fy = -fy
	}
	return fx, fy
}

// Unit is the code of a direction, in 2·bits bits (bits 2 to 28). Its length does not matter, but it
// must have one: the code of a vector of zeros, NaN or infinities is [Outside].
func Unit(x, y, z float64, bits uint) uint64 {
	sum := math.Abs(x) + math.Abs(y) + math.Abs(z)
	if !(sum > 0 && sum <= math.MaxFloat64) {
		return Outside
	}
	u, v := x/sum, y/sum
	if z < 0 {
		u, v = fold(u, v)
	}
	h := half(bits)
	return uint64(int64(float64(u*h)+(h+0.5))) | uint64(int64(float64(v*h)+(h+0.5)))<<bits
}

// FromUnit is the vector of length 1 of a code, and whether the code is one.
func FromUnit(code uint64, bits uint) (x, y, z float64, ok bool) {
	h, mask := half(bits), uint64(1)<<bits-1
	if code&mask == mask || code>>bits == mask {
		return 0, 0, 0, false
	}
	x, y = (float64(int64(code&mask))-h)/h, (float64(int64(code>>bits))-h)/h
	z = 1 - math.Abs(x) - math.Abs(y)
	if z < 0 {
		x, y = fold(x, y)
	}
	n := math.Sqrt(float64(x*x) + float64(y*y) + float64(z*z))
	return x / n, y / n, z / n, true
}

// Quat is the code of a rotation, in 2+3·bits bits (bits 2 to 18): which part is the largest, then
// the others in their order. q and −q are the same rotation and have the same code. The length does
// not matter; the code of zeros, NaN or infinities is [Outside].
func Quat(q [4]float64, bits uint) uint64 {
	n := math.Sqrt(float64(q[0]*q[0]) + float64(q[1]*q[1]) + float64(q[2]*q[2]) + float64(q[3]*q[3]))
	if !(n > 0 && n <= math.MaxFloat64) {
		return Outside
	}
	largest := 0
	for i := 1; i < 4; i++ {
		if math.Abs(q[i]) > math.Abs(q[largest]) {
			largest = i
		}
	}
	h := half(bits)
	scale := float64(h*math.Sqrt2) / n
	if q[largest] < 0 {
		scale = -scale
	}
	code, at := uint64(largest), uint(2)
	for i := range 4 {
		if i != largest {
			code |= uint64(int64(float64(q[i]*scale)+(h+0.5))) << at
			at += bits
		}
	}
	return code
}

// FromQuat is the rotation of a code, of length 1, and whether the code is one.
func FromQuat(code uint64, bits uint) (q [4]float64, ok bool) {
	h, mask := half(bits), uint64(1)<<bits-1
	scale := quatScale[bits&31]
	largest, rest := int(code&3), code>>2
	sum := 0.0
	for i := range 4 {
		if i == largest {
			continue
		}
		if rest&mask == mask {
			return q, false
		}
		q[i] = float64((float64(int64(rest&mask)) - h) * scale)
		sum = float64(sum + float64(q[i]*q[i]))
		rest >>= bits
	}
	q[largest] = math.Sqrt(max(0, 1-sum))
	if sum > 1 { // a code that no rotation has
		n := math.Sqrt(sum)
		for i := range q {
			q[i] /= n
		}
	}
	return q, true
}
