package codec_test

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/codec"
)

// sorts are the numbers that the classes of varints were chosen for, by the width of their type.
func sorts(rng *rand.Rand) map[string][]func() uint64 {
	below := func(n uint64) func() uint64 { return func() uint64 { return rng.Uint64N(n) } }
	spread := func(lo, hi float64) func() uint64 { // as many of 10 to 100 as of 100 to 1000
		return func() uint64 { return uint64(math.Exp(math.Log(lo) + rng.Float64()*(math.Log(hi)-math.Log(lo)))) }
	}
	tick, small, ids, money := below(108000), spread(1, 100), spread(1, 5000), spread(1, 1e6)
	since1970 := func() uint64 { return 1790000000000 + rng.Uint64N(1e9) }
	return map[string][]func() uint64{
		"16": {below(700), below(2000), spread(1, 300), spread(1, 300), spread(1, 65535)},
		"32": {tick, tick, tick, ids, ids, money, small, small, below(1 << 32)},
		"64": {small, ids, tick, money, since1970, below(2e9), spread(1e6, 1e11), below(math.MaxUint64), rng.Uint64},
	}
}

// TestClasses measures what SPEC.md, 10.2 says of varints: the mean of their bits, and of LEB128.
func TestClasses(t *testing.T) {
	page, err := os.ReadFile("../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(strings.Fields(string(page)), " ")
	for _, width := range []string{"16", "32", "64"} {
		draws := sorts(rand.New(rand.NewPCG(11, 12)))[width]
		n, ours, leb := 0.0, 0, 0
		for _, draw := range draws {
			for range 20000 {
				v := draw()
				ours += varintBits(width, v)
				leb += 8 * max(1, (bits.Len64(v)+6)/7)
				n++
			}
		}
		want := fmt.Sprintf("of %s bits %.1f (%.1f)", width, float64(ours)/n, float64(leb)/n)
		if !strings.Contains(said, want) {
			t.Errorf("SPEC.md does not say: %s", want)
		}
	}
}

// varintBits finds the length of a varint by a bit behind it.
func varintBits(width string, v uint64) int {
	var room [32]byte
	w := writer(room[:0], 16)
	switch width {
	case "16":
		w.Varint16(uint16(v))
	case "32":
		w.Varint32(uint32(v))
	default:
		w.Varint64(v)
	}
	w.Bits(1, 1)
	b, _ := w.Finish()
	return 8*len(b) - 1 - bits.LeadingZeros8(b[len(b)-1])
}

var _ codec.Bits = (*Player)(nil)
