package simnet

import (
	"math/bits"
	"math/rand/v2"
	"time"
)

// A stream is a source of randomness for one effect. It computes in integers
// only, so that a seed gives the same bytes on every processor.
type stream struct{ pcg rand.PCG }

// The streams of a link.
type streams struct {
	loss, jitter, reorder, duplicate, corrupt stream
	// twin decides everything about a duplicate, so that duplicates do not
	// shift what happens to the originals.
	twin stream
}

func (s *streams) seed(seed uint64) {
	for i, r := range []*stream{&s.loss, &s.jitter, &s.reorder, &s.duplicate, &s.corrupt, &s.twin} {
		r.pcg.Seed(seed, mix(seed, uint64(i+1)))
	}
}

// mix derives a seed from a seed and a number: the finalizer of SplitMix64.
func mix(seed, n uint64) uint64 {
	z := seed + n*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// A chance is a probability in units of 2^-53, the steps in which a float64
// below 1 is exact.
type chance uint64

func newChance(p float64) chance { return chance(p * (1 << 53)) }

// hit draws whether something with chance c happens. What never happens draws
// nothing.
func (s *stream) hit(c chance) bool {
	return c != 0 && s.pcg.Uint64()>>11 < uint64(c)
}

// below draws a number in [0, n).
func (s *stream) below(n uint64) uint64 {
	hi, _ := bits.Mul64(s.pcg.Uint64(), n)
	return hi
}

// duration draws one in [0, d).
func (s *stream) duration(d time.Duration) int64 { return int64(s.below(uint64(d))) }

// exponential draws from the exponential distribution with the given mean, cut
// off at ten times it. It is von Neumann's method, which needs comparisons and
// no logarithm: of uniform numbers x, u1, u2, … count how many fall in a row;
// an odd count accepts x as the fraction, an even one adds a whole mean and
// tries again.
func (s *stream) exponential(mean time.Duration) int64 {
	for whole := range int64(10) {
		x := s.pcg.Uint64()
		run, last := 1, x
		for {
			u := s.pcg.Uint64()
			if u >= last {
				break
			}
			run, last = run+1, u
		}
		if run%2 == 1 {
			part, _ := bits.Mul64(x, uint64(mean))
			return whole*int64(mean) + int64(part)
		}
	}
	return 10 * int64(mean)
}
