package codec

import "math"

// A unit vector is folded onto an octahedron, whose eight faces are spread over a square: two
// numbers from −1 to 1 (Cigolle et al., "A Survey of Efficient Representations for Independent Unit
// Vectors", JCGT 2014). A rotation is a quaternion without its largest part, whose sign is made
// positive. Both are exact where a part is 0 or ±1: an axis has an odd number of codes. What is
// read of a code that Unit or Quat made has that code again, also if it was a float32 in between.

// half is the code of 0 on an axis of so many bits: its codes go to twice of that.
func half(bits uint) float64 { return float64(int64(1)<<bits/2 - 1) }

// quatSteps are the numbers of rotations for each number of bits, so that nothing is divided for
// one.
var quatSteps [32]struct {
	whole      int64   // steps from 0 to the last code
	zero       float64 // the code of 0, and a half
	scale, one float64 // steps of 1, and 1 over them
}

func init() {
	for bits := range quatSteps {
		h, s := half(uint(bits)), &quatSteps[bits]
		s.whole, s.zero = int64(h), h+0.5
		s.scale, s.one = h*math.Sqrt2, 1/float64(h*math.Sqrt2)
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

// Unit is the code of a direction, in 2·bits bits (bits 2 to 28). Its length does not matter, but
// it must have one: the code of a vector of zeros, NaN or infinities is [Outside].
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
	i, j := uint64(int64(float64(u*h)+(h+0.5))), uint64(int64(float64(v*h)+(h+0.5)))
	if last := uint64(1)<<bits - 2; i-1 >= last-1 || j-1 >= last-1 {
		i, j = rim(i, j, last)
	}
	return i | j<<bits
}

// rim is the one code of a direction at the edge of the square, where two points that mirror each
// other are the same one, and the four corners are.
func rim(i, j, last uint64) (uint64, uint64) {
	if i == 0 || i == last {
		j = max(j, last-j)
	}
	if j == 0 || j == last {
		i = max(i, last-i)
	}
	return i, j
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
func Quat(x, y, z, w float64, bits uint) uint64 {
	sum := float64(x*x) + float64(y*y) + float64(z*z) + float64(w*w)
	length := 1.5 - float64(0.5*sum) // nearly 1/√sum where sum is nearly 1, as it mostly is
	if !(math.Abs(sum-1) < 1.0/(1<<16)) {
		if !(sum > 0 && sum <= math.MaxFloat64) {
			return Outside
		}
		length = 1 / math.Sqrt(sum)
	}
	// Rotations are as good as random, so there is no branch that could be guessed wrong.
	const mask = 1<<63 - 1
	largest, part := uint64(0), math.Float64bits(x)
	if b := math.Float64bits(y); b&mask > part&mask {
		largest, part = 1, b
	}
	if b := math.Float64bits(z); b&mask > part&mask {
		largest, part = 2, b
	}
	if b := math.Float64bits(w); b&mask > part&mask {
		largest, part = 3, b
	}
	steps := &quatSteps[bits&31]
	scale, zero := float64(steps.scale*length), steps.zero
	scale = math.Float64frombits(math.Float64bits(scale) | part&^mask)
	a := int64(float64(x*scale) + zero)
	b := int64(float64(y*scale) + zero)
	c := int64(float64(z*scale) + zero)
	d := int64(float64(w*scale) + zero)
	if largest == 0 {
		a = b
	}
	if largest <= 1 {
		b = c
	}
	if largest <= 2 {
		c = d
	}
	h := steps.whole
	if top := int64(float64(math.Float64frombits(part) * scale)); top-max(max(a, b, c)-h, h-min(a, b, c)) < 3 {
		a, b, c = shrink(a-h, b-h, c-h, h) // there may be no need, but that is seldom
	}
	return largest | uint64(a)<<2 | uint64(b)<<((2+bits)&63) | uint64(c)<<((2+2*bits)&63)
}

// leaves reports whether three parts leave so much for the one that is left out that it is the
// largest by half a step at least, when they are read. Parts are counted in steps, of which 1 has
// h·√2.
func leaves(i, j, k, h int64) bool {
	most := max(max(i, -i), max(j, -j), max(k, -k))
	return 2*h*h-i*i-j*j-k*k > most*(most+1)
}

// shrink takes a step of the largest part, the first if there are several, until they do.
func shrink(i, j, k, h int64) (a, b, c int64) {
	for !leaves(i, j, k, h) {
		switch x, y, z := max(i, -i), max(j, -j), max(k, -k); {
		case x >= y && x >= z:
			i -= i / x
		case y >= z:
			j -= j / y
		default:
			k -= k / z
		}
	}
	return i + h, j + h, k + h
}

// FromQuat is the rotation of a code, of length 1, and whether the code is one.
func FromQuat(code uint64, bits uint) (x, y, z, w float64, ok bool) {
	steps := &quatSteps[bits&31]
	whole, rest := steps.whole, code>>2
	mask := 2*whole + 1
	i := int64(rest) & mask
	rest >>= bits & 31
	j := int64(rest) & mask
	k := int64(rest>>(bits&31)) & mask
	if i == mask || j == mask || k == mask {
		return 0, 0, 0, 0, false
	}
	a := float64(float64(i-whole) * steps.one)
	b := float64(float64(j-whole) * steps.one)
	c := float64(float64(k-whole) * steps.one)
	sum := float64(a*a) + float64(b*b) + float64(c*c)
	d := 0.0
	if sum <= 1 {
		d = math.Sqrt(1 - sum)
	} else { // a code that no rotation has
		n := math.Sqrt(sum)
		a, b, c = a/n, b/n, c/n
	}
	switch code & 3 {
	case 0:
		return d, a, b, c, true
	case 1:
		return a, d, b, c, true
	case 2:
		return a, b, d, c, true
	}
	return a, b, c, d, true
}
