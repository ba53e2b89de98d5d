package codec_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tickwire/tickwire/codec"
)

// halfValue is what a binary16 means, by the standard's text.
func halfValue(h uint16) float64 {
	sign, exponent, fraction := 1.0, int(h>>10&31), float64(h&1023)
	if h>>15 != 0 {
		sign = -1
	}
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		return math.Inf(int(sign))
	case exponent == 0:
		return sign * math.Ldexp(fraction, -24)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// TestAllHalves reads all 65536, writes them again, and rounds what lies between two of them.
func TestAllHalves(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		want, got := halfValue(h), codec.FromHalf(h)
		if math.IsNaN(want) {
			if got == got || codec.Half(got) != 0x7e00 {
				t.Fatalf("%04x is %v", h, got)
			}
			continue
		}
		if float64(got) != want || math.Signbit(float64(got)) != math.Signbit(want) || codec.Half(got) != h {
			t.Fatalf("%04x is %v and back %04x, want %v", h, got, codec.Half(got), want)
		}
		if h&0x7fff >= 0x7bff {
			continue
		}
		middle := float32((want + halfValue(h+1)) / 2)
		even, away := h+h&1, math.Copysign(math.Inf(1), want)
		towards := math.Nextafter32(middle, float32(-away))
		if codec.Half(middle) != even || codec.Half(towards) != h || codec.Half(math.Nextafter32(middle, float32(away))) != h+1 {
			t.Fatalf("around %v, which is between %04x and the next", middle, h)
		}
	}
	for f, want := range map[float32]uint16{65519.996: 0x7bff, 65520: 0x7c00, -1e30: 0xfc00, math.SmallestNonzeroFloat32: 0} {
		if got := codec.Half(f); got != want {
			t.Errorf("%v is %04x, want %04x", f, got, want)
		}
	}
}

// TestQuantize takes each code of some ranges back and there, by way of the type of the field, and
// bounds the error of numbers between them.
func TestQuantize(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		lo, hi, step float64
		single       bool
	}{{-512, 512, 0.01, true}, {-1, 1, 0.01, true}, {0, 0.1, 0.1, true}, {-1.6, 1.6, 0.001, false}, {1e6, 1e6 + 9, 1.0 / 3, true}} {
		perOne, last := 1/c.step, uint64(math.Round((c.hi-c.lo)/c.step))
		through := func(v float64) float64 {
			if c.single {
				return float64(float32(v))
			}
			return v
		}
		for code := range last + 1 {
			if v := through(codec.Dequantize(code, c.lo, c.step)); codec.Quantize(v, c.lo, perOne) != code || codec.Clamp(v, c.lo, perOne, last) != code {
				t.Fatalf("%v: code %d is %v, and that is %d", c, code, v, codec.Quantize(v, c.lo, perOne))
			}
		}
		for range 1000 {
			v := c.lo + rng.Float64()*(c.hi-c.lo)
			if got := codec.Dequantize(codec.Quantize(v, c.lo, perOne), c.lo, c.step); math.Abs(got-v) > c.step*0.500001 {
				t.Fatalf("%v: %v is %v", c, v, got)
			}
		}
		for v, want := range map[float64]uint64{math.Inf(-1): 0, math.Inf(1): last, math.NaN(): 0, c.lo - c.step: 0, c.hi + c.step: last} {
			if code := codec.Quantize(v, c.lo, perOne); code <= last || codec.Clamp(v, c.lo, perOne, last) != want {
				t.Errorf("%v: %v is %d, clamped %d, want %d", c, v, code, codec.Clamp(v, c.lo, perOne, last), want)
			}
		}
	}
}

// TestAngles takes each code back and there, and angles of many turns.
func TestAngles(t *testing.T) {
	for _, bits := range []uint{1, 8, 14} {
		for code := range uint64(1) << bits {
			a := codec.FromAngle(code, bits)
			if a < -math.Pi || a >= math.Pi || codec.Angle(float64(float32(a)), bits) != code || codec.Angle(a+20*math.Pi, bits) != code {
				t.Fatalf("%d bits: code %d is %v, and that is %d", bits, code, a, codec.Angle(a, bits))
			}
		}
	}
	for _, a := range []float64{-1e-300, math.Nextafter(0, -1), 2 * math.Pi, 1e300} {
		if code := codec.Angle(a, 8); code > 255 {
			t.Errorf("%v has code %d", a, code)
		}
	}
	if codec.Angle(math.NaN(), 8) != codec.Outside || codec.Angle(math.Inf(-1), 8) != codec.Outside {
		t.Error("no angle has a code")
	}
}
