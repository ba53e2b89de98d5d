package compress_test

import (
	"fmt"
	"log"

	"github.com/tickwire/tickwire/compress"
)

// What a channel does that has a Compressor: a message goes out smaller, and is held against a limit
// before it is opened. A game trains the dictionary once, by tickwire dict train, and embeds the file
// in the programs of both ends.
func Example() {
	var recorded [][]byte
	for i := range 200 {
		recorded = append(recorded, fmt.Appendf(nil, `{"event":"door","id":%d,"state":"opened by player","player":%d}`, i*31, i%7))
	}
	dictionary, err := compress.Train(recorded, compress.TrainConfig{MaxBytes: 1024})
	if err != nil {
		log.Fatal(err)
	}
	small, err := compress.New(compress.Config{Dictionary: dictionary})
	if err != nil {
		log.Fatal(err)
	}
	message := []byte(`{"event":"door","id":77777,"state":"opened by player","player":3}`)
	sent := small.AppendCompressed(nil, message)
	fmt.Println("less than half:", 2*len(sent) < len(message))

	if n := small.OpenedLen(sent); n >= 0 && n <= 1000 {
		opened := make([]byte, n)
		fmt.Println(small.Open(opened, sent), string(opened))
	}
	// Output:
	// less than half: true
	// true {"event":"door","id":77777,"state":"opened by player","player":3}
}
