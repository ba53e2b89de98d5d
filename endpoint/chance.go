package endpoint

import (
	"encoding/binary"
	"math/rand/v2"
)

// A chance is what an endpoint draws its random numbers from, one each few thousand packets: so
// the state of the generator, 300 bytes, is made when it is needed, and kept only by who has drawn
// often.
type chance struct {
	seed  uint64
	drawn int
	kept  *rand.ChaCha8 // nil: it has not drawn often
}

// keptChance is after how many numbers the generator is kept. To make it anew takes a few
// nanoseconds for each of them.
const keptChance = 32

// Uint64 implements rand.Source.
func (c *chance) Uint64() uint64 {
	if c.kept != nil {
		return c.kept.Uint64()
	}
	var made rand.ChaCha8
	made.Seed(chanceKey(c.seed, "tickwire 1 endpoint"))
	for range c.drawn {
		made.Uint64()
	}
	if c.drawn++; c.drawn > keptChance {
		c.kept = new(rand.ChaCha8)
		*c.kept = made
		return c.kept.Uint64()
	}
	return made.Uint64()
}

// intN returns a number below n.
func (c *chance) intN(n int) int { return rand.New(c).IntN(n) }

// chanceKey is that of a generator for one purpose whose numbers nobody guesses who has seen
// others of it: they are in challenges, which prove something by that.
func chanceKey(seed uint64, purpose string) (key [32]byte) {
	binary.LittleEndian.PutUint64(key[:], seed)
	copy(key[8:], purpose)
	return key
}
