package swarm

import (
	"math/rand/v2"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// A Scenario is a world and what happens in it.
type Scenario struct {
	Seed     uint64
	For      time.Duration
	TickRate int
	Players  int
	Channels []tickwire.ChannelConfig
	Loads    []Load // one for each channel
	Links    simnet.Links
	Game     tickwire.Config // sizes and limits
	WireID   int             // ClientConfig.WireIDBytes
	Seal     Seal
	Trouble  Trouble
	Seats    Seats
	Budgets  Budgets
	Roams    Roams
	Ladders  Ladders
	Resumes  Resumes
	Narrow   bool // links have an MTU, and another one whenever they change
}

// A Load is what is sent on a channel by each end.
type Load struct {
	Up, Down bool    // who sends: the players, the server
	Chance   float64 // of a message, in a tick
	Burst    int     // messages at a time, at most
	Sizes    Sizes
	Tracked  float64 // share with a receipt
	Terms    Terms
	Ways     Ways
}

// Ways are how the messages of a channel are given to the library, but for those that are bytes
// for one Conn.
type Ways struct {
	InPlace float64 // share that is built in place
	ToAll   float64 // share of the server's that go to all players at once
	Left    float64 // share before which something else is written into the draft and left there
}

// Sizes are a mix of message sizes.
type Sizes struct {
	Small int     // from nothing to so many bytes
	Large int     // now and then so many at most
	Often float64 // share of large ones
}

// Trouble is how often things happen, as chances in a second of the whole world.
type Trouble struct {
	Cut       float64 // a player's line is cut, in one or both directions
	Partition float64 // several at once
	LinkShift float64 // a player's line becomes another one
	Stall     float64 // one end stops taking messages
	Leave     float64 // a player, or the server, says goodbye
	Crash     float64 // a player vanishes
	Restart   float64 // the server vanishes and comes back
	Stop      float64 // the server says goodbye and comes back
	Impostor  float64 // a second process comes with the id of a player who is there

	Drain      float64 // a player, or the server, says goodbye when what was sent has arrived
	Hold       float64 // a player's game loads, and says so
	HoldServer float64 // the server's does
}

// Generate makes a scenario from a seed. Each kind of fault is off in some scenarios and
// extreme in others, so that no fault hides behind another.
func Generate(seed uint64) Scenario {
	g := generator{rand.New(rand.NewPCG(seed, 0x7363656e65))}
	s := Scenario{
		Seed:     seed,
		For:      time.Duration(10+g.IntN(20)) * time.Second,
		TickRate: []int{10, 20, 30, 60, 60, 60, 128}[g.IntN(7)],
		Players:  1 + g.IntN(8),
	}
	s.Links = simnet.Links{Up: g.link(), Down: g.link()}
	if g.IntN(3) == 0 {
		s.Links = g.preset()
	}
	for range 1 + g.IntN(8) {
		s.addChannel(g)
	}
	s.Game = tickwire.Config{
		AckHold:     []time.Duration{0, -1, 5 * time.Millisecond, 100 * time.Millisecond}[g.IntN(4)],
		MaxReceipts: g.sometimes(4, 64),
		BufferBytes: g.sometimes(4, -1),
		// One window of the largest message must fit, or it could never be sent.
		WindowPoolBytes: g.sometimes(3, 8<<20),
	}
	if g.IntN(4) == 0 {
		s.Game.MaxDatagramBytes = 576 + g.IntN(800)
	}
	s.Game.MaxReadsPerCall = g.sometimes(6, 1+g.IntN(8))
	s.WireID = g.sometimes(4, 2+g.IntN(3))
	s.Trouble = g.trouble()
	s.addSeal(generator{rand.New(rand.NewPCG(seed, 0x7365616c))})
	s.addTerms(generator{rand.New(rand.NewPCG(seed, 0x7465726d73))})
	s.addWays(generator{rand.New(rand.NewPCG(seed, 0x77617973))})
	s.addSeats(generator{rand.New(rand.NewPCG(seed, 0x7365617473))})
	s.addLimits(generator{rand.New(rand.NewPCG(seed, 0x6c696d697473))})
	s.addLeaves(generator{rand.New(rand.NewPCG(seed, 0x6c6561766573))})
	s.addRoams(generator{rand.New(rand.NewPCG(seed, 0x726f616d73))})
	s.addResumes(generator{rand.New(rand.NewPCG(seed, 0x726573756d65))})
	s.addRepair(generator{rand.New(rand.NewPCG(seed, 0x726570616972))})
	s.addNarrow(generator{rand.New(rand.NewPCG(seed, 0x6e6172726f77))})
	s.addLadders(generator{rand.New(rand.NewPCG(seed, 0x6c616464657273))})
	s.addCompression(generator{rand.New(rand.NewPCG(seed, 0x736d616c6c))})
	return s
}

// addRepair has some channels repaired more or less than is usual, unreliable ones among them.
func (s *Scenario) addRepair(g generator) {
	for i := range s.Channels {
		if g.IntN(2) == 0 {
			s.Channels[i].Repair = tickwire.Repair(g.IntN(int(tickwire.RepairThrice) + 1))
		}
	}
}

// addWays has messages of some channels built in place, sent to all, or left in a draft. What goes to all is a small share of
// what is sent, so that it is not most of what arrives.
func (s *Scenario) addWays(g generator) {
	for i := range s.Loads {
		s.Loads[i].Ways = Ways{InPlace: g.share(0.8), ToAll: g.share(0.2), Left: g.share(0.3)}
	}
	s.Game.UnsentDraft = tickwire.DraftPolicy(g.IntN(3))
}

type generator struct{ *rand.Rand }

// sometimes is v in one of n cases, else 0.
func (g generator) sometimes(n, v int) int {
	if g.IntN(n) == 0 {
		return v
	}
	return 0
}

// share is a share that is off half of the time, else up to most.
func (g generator) share(most float64) float64 {
	if g.IntN(2) == 0 {
		return 0
	}
	return most * g.Float64()
}

func (g generator) link() simnet.LinkConfig {
	l := simnet.LinkConfig{
		Delay:          time.Duration(g.IntN(150)) * time.Millisecond,
		Loss:           g.share(0.5),
		Duplicate:      g.share(0.3),
		Reorder:        g.share(0.5),
		Corrupt:        g.share(0.1),
		CorruptBits:    g.IntN(64),
		JitterReorders: g.IntN(3) == 0,
		JitterShape:    simnet.JitterShape(g.IntN(2)),
	}
	if g.IntN(8) == 0 {
		l.Delay = time.Duration(300+g.IntN(500)) * time.Millisecond
	}
	if g.IntN(2) == 0 {
		l.Jitter = time.Duration(g.IntN(60)) * time.Millisecond
	}
	if l.Loss > 0 && l.Loss < 0.3 && g.IntN(3) == 0 {
		l.LossBurst = 1 + 8*g.Float64()
	}
	if l.Reorder > 0 {
		l.ReorderBy = time.Duration(1+g.IntN(200)) * time.Millisecond
	}
	if g.IntN(3) == 0 {
		l.BitsPerSecond = 200_000 << g.IntN(8)
		l.QueuePackets = 2 + g.IntN(200)
	}
	return l
}

func (g generator) preset() simnet.Links {
	names := simnet.PresetNames()
	links, err := simnet.Preset(names[g.IntN(len(names))])
	if err != nil {
		panic(err) // the name came from the list
	}
	return links
}

// addChannel adds a channel and its load. Tight queues and windows still hold one message.
func (s *Scenario) addChannel(g generator) {
	d := tickwire.Delivery(g.IntN(5))
	ch := tickwire.ChannelConfig{ID: tickwire.ChannelID(len(s.Channels) + 1), Delivery: d}
	if g.IntN(4) == 0 { // with gaps, and numbers of two bytes
		ch.ID = tickwire.ChannelID(len(s.Channels)*1000 + 100 + g.IntN(1000))
	}
	load := Load{
		Up: true, Down: true,
		Chance:  []float64{1, 0.5, 0.1, 0.02}[g.IntN(4)],
		Burst:   []int{1, 1, 1, 4, 100}[g.IntN(5)],
		Sizes:   Sizes{Small: []int{8, 60, 200, 1100}[g.IntN(4)]},
		Tracked: []float64{0, 0.2, 1}[g.IntN(3)],
	}
	if g.IntN(4) == 0 {
		load.Up = g.IntN(2) == 0
		load.Down = !load.Up
	}
	if g.IntN(2) == 0 {
		load.Sizes.Large, load.Sizes.Often = 1<<(11+g.IntN(5)), 0.02
		if d.Reliable() && g.IntN(3) == 0 {
			load.Sizes.Large, load.Sizes.Often = 300<<10, 0.002
		}
	}
	if load.Burst > 4 {
		load.Chance = min(load.Chance, 0.02)
	}
	if most := max(load.Sizes.Large, load.Sizes.Small); g.IntN(2) == 0 {
		ch.MaxMessageBytes = most
		ch.MaxQueuedBytes = g.sometimes(2, most+32+g.IntN(64<<10))
		ch.WindowBytes = g.sometimes(2, max(most+32, 1<<10)+g.IntN(64<<10))
	}
	s.Channels = append(s.Channels, ch)
	s.Loads = append(s.Loads, load)
}

func (g generator) trouble() Trouble {
	if g.IntN(5) == 0 {
		return Trouble{} // nothing but the links
	}
	return Trouble{
		Cut:       g.share(0.3),
		Partition: g.share(0.1),
		LinkShift: g.share(0.5),
		Stall:     g.share(0.3),
		Leave:     g.share(0.2),
		Crash:     g.share(0.2),
		Restart:   g.share(0.1),
		Stop:      g.share(0.1),
		Impostor:  g.share(0.1),
	}
}
