package delta_test

import (
	"fmt"
	"log"

	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
)

// Two ends without a network in between. Example_delta of package tickwire is with one: a message goes with
// SendOptions.Receipt, and the events Delivered and Lost of the Conn are told to the Sender.
func Example() {
	from, err := delta.NewSender[uint16, game.Move](delta.Config{Version: game.SchemaVersion})
	if err != nil {
		log.Fatal(err)
	}
	to, err := delta.NewReceiver[uint16, game.Move](delta.Config{Version: game.SchemaVersion})
	if err != nil {
		log.Fatal(err)
	}
	moves := []game.Move{{Tick: 1000, Seen: []uint16{4, 8, 15, 16, 23, 42}}, {Tick: 1000, Fires: true}}
	receipt := endpoint.Receipt(0)
	tick := func(arrives bool) {
		from.Begin(nil, 1100) // as many bytes as a datagram has room for
		for i := range moves {
			if fits, err := from.Put(uint16(i), &moves[i]); err != nil || !fits {
				log.Fatal(err) // or the rest has to wait for the next tick
			}
		}
		b, err := from.End()
		if err != nil {
			log.Fatal(err)
		}
		if len(b) == 0 {
			fmt.Println("nothing to say")
			return
		}
		receipt++
		from.Sent(receipt)
		if !arrives {
			fmt.Println(len(b), "bytes, lost")
			return
		}
		for c, err := range to.Read(b) {
			if err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%d bytes: player %d at %.2f in tick %d\n", len(b), c.Key, c.Value.X, c.Value.Tick)
		}
		from.Delivered(receipt)
	}
	tick(true)
	moves[0].X = 0.25
	tick(false)
	moves[0].X = 0.5
	tick(true)
	tick(true)
	// Output:
	// 23 bytes: player 0 at 0.00 in tick 1000
	// 23 bytes: player 1 at 0.00 in tick 1000
	// 7 bytes, lost
	// 7 bytes: player 0 at 0.50 in tick 1000
	// nothing to say
}
