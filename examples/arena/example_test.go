package arena_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/tickwire/tickwire/examples/arena"
)

// The game without a network: two bots that see the world and answer with inputs.
func Example() {
	w := arena.NewWorld(rand.New(rand.NewPCG(1, 1)))
	bots := []*arena.Bot{arena.NewBot(rand.New(rand.NewPCG(1, 2))), arena.NewBot(rand.New(rand.NewPCG(1, 3)))}
	w.Add(1)
	w.Add(2)
	var seen arena.State
	for range 60 * arena.Rate { // a minute
		for i, b := range bots {
			id := uint16(i + 1)
			w.View(id, &seen)
			w.Apply(id, b.Think(seen))
		}
		w.Step()
	}
	var frags, deaths [2]uint16
	frags[0], deaths[0] = w.Score(1)
	frags[1], deaths[1] = w.Score(2)
	fmt.Println("somebody won:", frags[0]+frags[1] > 0)
	fmt.Println("by what the other lost:", frags[0] == deaths[1] && frags[1] == deaths[0])
	// Output:
	// somebody won: true
	// by what the other lost: true
}
