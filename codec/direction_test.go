package codec_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tickwire/tickwire/codec"
)

// quat and fromQuat take the parts of a rotation as an array.
func quat(q [4]float64, bits uint) uint64 { return codec.Quat(q[0], q[1], q[2], q[3], bits) }

func fromQuat(code uint64, bits uint) (q [4]float64, ok bool) {
	q[0], q[1], q[2], q[3], ok = codec.FromQuat(code, bits)
	return q, ok
}

// TestUnits bounds the angle between a direction and what is read of it: 2.3 steps of an axis.
func TestUnits(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, bits := range []uint{4, 8, 12, 16, 28} {
		worst := 0.0
		for range 20000 {
			x, y, z := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
			n := math.Sqrt(x*x + y*y + z*z)
			code := codec.Unit(x, y, z, bits)
			gx, gy, gz, ok := codec.FromUnit(code, bits)
			if length := gx*gx + gy*gy + gz*gz; !ok || math.Abs(length-1) > 1e-15 {
				t.Fatalf("%d bits: %v %v %v is read as %v %v %v", bits, x, y, z, gx, gy, gz)
			}
			worst = max(worst, math.Sqrt((gx-x/n)*(gx-x/n)+(gy-y/n)*(gy-y/n)+(gz-z/n)*(gz-z/n)))
		}
		if step := 2 / (math.Exp2(float64(bits)) - 2); worst > 2.3*step || worst < step {
			t.Errorf("%d bits: the worst error is %.3f steps", bits, worst/step)
		}
	}
	for _, v := range [][3]float64{{1, 0, 0}, {0, -1, 0}, {0, 0, 1}, {0, 0, -1}, {0, 7, 0}} {
		x, y, z, _ := codec.FromUnit(codec.Unit(v[0], v[1], v[2], 6), 6)
		if n := max(1, v[1]); x != v[0] || y != v[1]/n || z != v[2] {
			t.Errorf("the axis %v is read as %v %v %v", v, x, y, z)
		}
	}
	for _, x := range []float64{0, math.NaN(), math.Inf(1)} {
		if codec.Unit(x, 0, 0, 8) != codec.Outside {
			t.Errorf("%v, 0, 0 has a direction", x)
		}
	}
	for _, code := range []uint64{0xff, 0xff00} {
		if _, _, _, ok := codec.FromUnit(code, 8); ok {
			t.Errorf("the code %x is one", code)
		}
	}
}

// TestQuats bounds the angle of the rotation between one and what is read of it.
func TestQuats(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, bits := range []uint{6, 10, 15, 18} {
		worst := 0.0
		for range 20000 {
			q := [4]float64{rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()}
			n := math.Sqrt(q[0]*q[0] + q[1]*q[1] + q[2]*q[2] + q[3]*q[3])
			code := quat(q, bits)
			if code != quat([4]float64{-q[0], -q[1], -q[2], -q[3]}, bits) {
				t.Fatalf("%d bits: %v and its negative are the same rotation", bits, q)
			}
			got, ok := fromQuat(code, bits)
			plus, minus := 0.0, 0.0
			for i := range q {
				plus += (got[i] - q[i]/n) * (got[i] - q[i]/n)
				minus += (got[i] + q[i]/n) * (got[i] + q[i]/n)
			}
			if !ok {
				t.Fatalf("%d bits: %v has the code %x, which is none", bits, q, code)
			}
			worst = max(worst, 2*math.Sqrt(min(plus, minus)))
		}
		if step := math.Sqrt2 / (math.Exp2(float64(bits)) - 2); worst > 4*step || worst < step {
			t.Errorf("%d bits: the worst error is %.3f steps", bits, worst/step)
		}
	}
	if q, ok := fromQuat(quat([4]float64{0, 0, 0, 9}, 9), 9); !ok || q != [4]float64{0, 0, 0, 1} {
		t.Errorf("no rotation is read as %v", q)
	}
	for _, w := range []float64{0, math.NaN(), math.Inf(1)} {
		if quat([4]float64{0, 0, 0, w}, 9) != codec.Outside {
			t.Errorf("0, 0, 0, %v is a rotation", w)
		}
	}
	if _, ok := fromQuat(0x1ff<<11, 9); ok {
		t.Error("a code that no part has is one")
	}
	if q, ok := fromQuat(0, 9); !ok || math.Abs(q[1]*q[1]+q[2]*q[2]+q[3]*q[3]-1) > 1e-15 || q[0] != 0 {
		t.Errorf("the code of parts that are too long together is %v", q)
	}
}

// TestDirectionsKeepTheirCodes: what is read of a code that was written has the code again, as
// float64 and as float32. All codes of few bits are read, also those that nobody writes; of more
// bits, many.
func TestDirectionsKeepTheirCodes(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for bits := uint(2); bits <= 22; bits++ {
		all := uint64(1) << (2 * bits)
		for i := range min(all, 1<<14) {
			if all > 1<<14 {
				i = rng.Uint64N(all)
			}
			keepsUnit(t, i, bits)
		}
	}
	for bits := uint(2); bits <= 18; bits++ {
		all := uint64(4) << (3 * bits)
		for i := range min(all, 1<<17) {
			if all > 1<<17 {
				i = rng.Uint64N(all)
			}
			keepsQuat(t, i, bits)
		}
	}
	for range 20000 { // two parts, three and four that are nearly the same
		part := func() float64 {
			return float64(rng.IntN(2)*2-1) * (1 + rng.NormFloat64()*1e-5) * float64(rng.IntN(3)) / 2
		}
		bits := 2 + uint(rng.IntN(17))
		if code := quat([4]float64{part(), part(), part(), part()}, bits); code != codec.Outside {
			keepsQuat(t, code, bits)
		}
	}
}

func keepsUnit(t *testing.T, read uint64, bits uint) {
	t.Helper()
	x, y, z, ok := codec.FromUnit(read, bits)
	if !ok {
		return
	}
	code := codec.Unit(x, y, z, bits)
	x, y, z, _ = codec.FromUnit(code, bits)
	single := codec.Unit(float64(float32(x)), float64(float32(y)), float64(float32(z)), bits)
	if again := codec.Unit(x, y, z, bits); again != code || single != code {
		t.Fatalf("%d bits: %v %v %v of the code %x has %x, and as float32 %x", bits, x, y, z, code, again, single)
	}
}

func keepsQuat(t *testing.T, read uint64, bits uint) {
	t.Helper()
	q, ok := fromQuat(read, bits)
	if !ok {
		return
	}
	code := quat(q, bits)
	q, _ = fromQuat(code, bits)
	again := quat(q, bits)
	for i := range q {
		q[i] = float64(float32(q[i]))
	}
	if single := quat(q, bits); again != code || single != code {
		t.Fatalf("%d bits: %v of the code %x has %x, and as float32 %x", bits, q, code, again, single)
	}
}
