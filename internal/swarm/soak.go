package swarm

import (
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// A SoakConfig describes a long game over steady links.
type SoakConfig struct {
	Clients int               // 0: 8
	Link    simnet.LinkConfig // of each client, in both directions
	For     time.Duration     // 0: ten minutes
	Seed    uint64
	Churn   time.Duration // how often a player says goodbye, after his last words or not, and comes back. 0: never
	Holds   time.Duration // how often a player falls silent, for longer than the timeout, and says so. 0: never
	Roam    time.Duration // how often a player's address changes, on average. 0: never
	Resume  time.Duration // how often a player's lines are dead for longer than the timeout, and he comes back. 0: never
	Restart time.Duration // how often the server crashes, and runs again a moment later. 0: never
	Paths   int           // that each player has, of which now and then one dies. 0: one
	Watched int           // how many players somebody watches who forwards, replays and forges
	Fault   Fault         // planted, to see it caught; the zero Fault: none
	Options
}

// Options are what every run takes.
type Options struct {
	// Base is the configuration that server and clients start from: its Logger, say.
	Base tickwire.Config
	// Progress is called each second of virtual time with how much of it has passed, and
	// says whether to go on. It may be nil.
	Progress func(elapsed, total time.Duration) bool
	// Dump gets each datagram and all keys, as lines of JSON; see world.Config. It may be nil.
	Dump io.Writer
}

// ErrStopped is what a run returns that Progress did not let go on.
var ErrStopped = errors.New("swarm: stopped")

// play runs a world for a while, or until Progress has had enough.
func (o *Options) play(w *world.World, total time.Duration, step func()) error {
	for w.Elapsed() < total {
		w.Run(min(time.Second, total-w.Elapsed()), step)
		if o.Progress != nil && !o.Progress(w.Elapsed(), total) {
			return ErrStopped
		}
	}
	return nil
}

// Channels has one channel for each delivery, numbered one above it.
func Channels() []tickwire.AnyChannel {
	var all []tickwire.AnyChannel
	for d := tickwire.Unreliable; d <= tickwire.ReliableOrdered; d++ {
		all = append(all, tickwire.NewRawChannel(tickwire.ChannelConfig{ID: tickwire.ChannelID(d) + 1, Delivery: d, Name: d.String()}))
	}
	return all
}

// Soak plays a game and reports. The error is that of a configuration, or ErrStopped.
func Soak(cfg SoakConfig) (world.Report, error) {
	if cfg.Clients == 0 {
		cfg.Clients = 8
	}
	if cfg.For == 0 {
		cfg.For = 10 * time.Minute
	}
	cfg.Base.Channels, cfg.Base.MaxPaths = Channels(), max(cfg.Base.MaxPaths, cfg.Paths)
	cfg.Fault.expects(&cfg.Base)
	w, err := world.New(world.Config{
		Seed:     cfg.Seed,
		Channels: cfg.Base.Channels,
		Links:    simnet.Links{Up: cfg.Link, Down: cfg.Link},
		TickRate: tickRate * looks,
		Server:   tickwire.ServerConfig{Config: cfg.Base, MaxClients: cfg.Clients, KeepSeats: cfg.keepSeats()},
		Client:   tickwire.ClientConfig{Config: cfg.Base},
		Stream:   cfg.Paths > 1, JudgeGaps: cfg.clean(),
		Tap: cfg.Fault.tap(cfg.Seed), Plant: cfg.Fault.plant, PlantBudget: cfg.Fault.plantBudget,
		Dump: cfg.Dump,
	})
	if err != nil {
		return world.Report{}, err
	}
	s := &soak{cfg: cfg, world: w, random: rand.New(rand.NewPCG(cfg.Seed, 0x736f616b)),
		roams:    generator{rand.New(rand.NewPCG(cfg.Seed, 0x726f616d))},
		absences: generator{rand.New(rand.NewPCG(cfg.Seed, 0x61776179))}}
	s.keepJoined()
	if err := cfg.play(w, cfg.For, s.step); err != nil {
		return w.Report(), err
	}
	s.heal()
	w.Settle(time.Minute, nil)
	w.Close()
	return w.Report(), nil
}

// The game ticks like most, but everybody looks more often at what arrived, so that latencies
// are those of the wire, to a millisecond, and not of the tick.
const (
	tickRate = 60
	looks    = 16 // in a tick
)

// silence is how long a player who loads is silent: longer than a timeout.
const silence = 13 * time.Second

// A soak is one in progress.
type soak struct {
	cfg      SoakConfig
	world    *world.World
	random   *rand.Rand
	roams    generator
	absences generator // for who is gone, and for how long
	gone     []absence
	down     []downLine
	players  []*world.Player
	looked   int
	ticks    int
}

// leave has a player leave, at once or after his last words, or, where seats are kept, crash.
func (s *soak) leave(p *world.Player, n int) {
	switch e := p.Client; {
	case n%2 == 0:
		e.Close(tickwire.CodeNone, "")
	case n%4 == 1 && s.cfg.keepSeats() > 0:
		p.Crash()
	default:
		e.Drain(tickwire.CodeNone, "", 5*time.Second)
	}
}

// keepJoined starts every player, and those again whose attempt to connect failed; who crashed
// comes with the ticket that he had.
func (s *soak) keepJoined() {
	if s.world.Server() == nil {
		return
	}
	for i := range s.cfg.Clients {
		if i == len(s.players) {
			s.players = append(s.players, nil)
		}
		before := s.players[i]
		if before != nil && !before.Client.Over() {
			continue
		}
		if before != nil {
			if p, err := s.world.Resume(before); err == nil {
				s.players[i] = p
				continue
			}
			if !before.Gone() {
				continue
			}
		}
		p, err := s.world.Join(uint64(i) + 1)
		if err != nil {
			panic(err) // the configuration was good for the first player
		}
		s.players[i] = p
	}
}

// heal leaves of the links nothing but their delay.
func (s *soak) heal() {
	s.start()
	s.world.Wake()
	good := simnet.LinkConfig{Delay: s.cfg.Link.Delay}
	for _, p := range s.players {
		p.Heal()
		if err := p.SetLinks(simnet.Links{Up: good, Down: good}); err != nil {
			panic(err) // a delay that was valid before
		}
	}
}

func (s *soak) step() {
	if s.looked++; s.looked%looks == 0 {
		s.tick()
	}
}

func (s *soak) tick() {
	s.ticks++
	if every := int(s.cfg.Churn * tickRate / time.Second); every > 0 && s.ticks%every == 0 {
		s.leave(s.players[s.random.IntN(len(s.players))], s.ticks/every)
	}
	if every := int(s.cfg.Holds * tickRate / time.Second); every > 0 && s.ticks%every == 0 {
		_ = s.players[s.random.IntN(len(s.players))].Hold(silence) // unless it is not there, or silent
	}
	if s.ticks%tickRate == 0 {
		s.keepJoined()
		s.keepPaths()
	}
	s.loseTouch()
	s.restart()
	s.revive()
	s.getAbout()
	if s.ticks%toAllEvery == 0 {
		n := s.ticks / toAllEvery
		d := tickwire.Delivery(n % 5)
		_ = s.world.Broadcast(tickwire.ChannelID(d)+1, world.Message{
			Size: 8 + n%120, Tracked: n%3 == 0, Options: soakOptions(d, s.ticks, false),
		})
	}
	phase := 0
	for e := range s.world.Ends() {
		phase++
		if s.cfg.Fault == BudgetIgnored {
			e.LimitBudget(2000)
		}
		s.play(e, s.ticks+phase)
	}
}

// play is what one side of a game sends in a tick: state all the time, events
// now and then, something large once in a while.
func (s *soak) play(e *world.End, tick int) {
	send := func(d tickwire.Delivery, size int, tracked bool) {
		m := world.Message{
			Size: size, Tracked: tracked, Options: soakOptions(d, tick, tracked), InPlace: tick%4 == 0,
		}
		// A full queue is a legal answer; the report counts it.
		_ = e.Send(tickwire.ChannelID(d)+1, m)
	}
	send(tickwire.UnreliableLatest, 24+s.random.IntN(40), false)
	if tick%3 == 0 {
		send(tickwire.Unreliable, 8+s.random.IntN(40), tick%6 == 0)
	}
	if tick%6 == 0 {
		send(tickwire.ReliableOrdered, s.random.IntN(100), tick%12 == 0)
	}
	if tick%10 == 0 {
		send(tickwire.ReliableUnordered, 8+s.random.IntN(100), tick%20 == 0)
	}
	if tick%12 == 0 {
		send(tickwire.ReliableLatest, 8+s.random.IntN(200), tick%24 == 0)
	}
	if tick%300 == 0 {
		send([]tickwire.Delivery{tickwire.Unreliable, tickwire.UnreliableLatest, tickwire.ReliableUnordered,
			tickwire.ReliableLatest, tickwire.ReliableOrdered}[s.random.IntN(5)], 2000+s.random.IntN(8000), true)
	}
}

// soakOptions are those of a message in a soak: values of a few entities, events of which some
// make a group, and a time to live so long that it is over on a bad line only.
func soakOptions(d tickwire.Delivery, tick int, tracked bool) (o tickwire.SendOptions) {
	switch d {
	case tickwire.UnreliableLatest, tickwire.ReliableLatest:
		o.Key = uint64(tick / 12 % 4)
		o.Keyed = o.Key > 0
	case tickwire.ReliableUnordered:
		if tracked {
			o.TTL = soakTTL
		}
	case tickwire.ReliableOrdered:
		o.Group = uint32(tick / 60 % 3)
	}
	return o
}

const soakTTL = time.Minute

// toAllEvery is after how many ticks the server tells something to all players at once.
const toAllEvery = 10
