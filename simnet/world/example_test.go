package world_test

import (
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// A Line is a message of the game, as its programs have it.
type Line struct{ From, Text string }

func (l Line) AppendBinary(b []byte) ([]byte, error) {
	text, err := json.Marshal(l)
	return append(b, text...), err
}

func (l *Line) UnmarshalBinary(b []byte) error { return json.Unmarshal(b, l) }

// The game's channels are those that its programs use.
var (
	lines  = tickwire.NewChannel[Line](tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	inputs = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Delivery: tickwire.UnreliableLatest})
)

// A test of a game: a player talks for ten seconds over bad Wi-Fi, and everything that the channels
// promise is checked.
func Example() {
	silent := tickwire.Config{Logger: slog.New(slog.DiscardHandler)}
	w, err := world.New(world.Config{
		Seed: 1, Channels: tickwire.Channels(lines, inputs), Links: simnet.WiFiBad(),
		Server: tickwire.ServerConfig{Config: silent}, Client: tickwire.ClientConfig{Config: silent},
		Manual: true, // the game takes its messages itself
	})
	if err != nil {
		log.Fatal(err)
	}
	p, err := w.Join(42)
	if err != nil {
		log.Fatal(err)
	}
	said, heard := 0, 0
	tick := func() {
		for line, err := range world.Receive(p.Server, lines) {
			if err != nil || line.From != "Ada" {
				log.Fatal(line, err)
			}
			heard++
		}
		for range p.Server.Receive(inputs.Config().ID) {
		}
	}
	w.Run(10*time.Second, func() {
		if tick(); p.Client.Open() {
			said++
			line := Line{"Ada", fmt.Sprint("line ", said)}
			if err := world.Send(p.Client, lines, line, world.Message{Tracked: true}); err != nil {
				log.Fatal(err) // the queue is full, say
			}
			if err := p.Client.Send(inputs.Config().ID, world.Message{Size: 20}); err != nil { // made up
				log.Fatal(err)
			}
		}
	})
	w.Settle(time.Minute, tick)
	w.Close()
	fmt.Println("heard all:", said > 500 && heard == said)
	fmt.Println("violations:", w.Violations())
	for _, d := range w.Report().Deliveries {
		fmt.Println(d.Delivery, "received all:", d.Sent == d.Delivered)
	}
	// Output:
	// heard all: true
	// violations: []
	// UnreliableLatest received all: false
	// ReliableOrdered received all: true
}
