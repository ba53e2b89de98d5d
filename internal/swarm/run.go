package swarm

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// Run plays a scenario, lets everything heal and arrive, and reports.
func Run(s Scenario, fault Fault, o Options) (world.Report, error) {
	s.onLadders()
	game := s.Game
	fault.expects(&game)
	game.Logger, game.Controller = o.Base.Logger, o.Base.Controller
	var channels []tickwire.AnyChannel
	for _, ch := range s.Channels {
		channels = append(channels, tickwire.NewRawChannel(ch))
	}
	w, err := world.New(world.Config{
		Seed: s.Seed, Channels: channels, Links: s.Links, TickRate: s.TickRate,
		Server: tickwire.ServerConfig{
			Config: game, MaxClients: s.Seats.limit(), KeepOldest: s.Seats.KeepOldest, KeepSeats: s.Resumes.KeepSeats,
			DevelopmentToken: s.Seal.ask,
		},
		Client: tickwire.ClientConfig{Config: game, WireIDBytes: s.WireID},
		Redial: s.Roams.Redial, Stream: s.Roams.Stream, Ladder: s.Ladders.Come > 0,
		Tap: fault.tap(s.Seed), Plant: fault.plant, PlantBudget: fault.plantBudget,
		Dump: o.Dump,
	})
	if err != nil {
		return world.Report{}, err
	}
	r := &run{Scenario: s, world: w, g: generator{rand.New(rand.NewPCG(s.Seed, 0x72756e))},
		terms:  generator{rand.New(rand.NewPCG(s.Seed, 0x6f7074696f6e73))},
		ways:   generator{rand.New(rand.NewPCG(s.Seed, 0x77617973))},
		crowd:  generator{rand.New(rand.NewPCG(s.Seed, 0x63726f7764))},
		limits: generator{rand.New(rand.NewPCG(s.Seed, 0x726174696f6e))},
		leaves: generator{rand.New(rand.NewPCG(s.Seed, 0x686f6c64))},
		roams:  generator{rand.New(rand.NewPCG(s.Seed, 0x726f616d))}, fault: fault,
		rungs:    generator{rand.New(rand.NewPCG(s.Seed, 0x72756e67))},
		absences: generator{rand.New(rand.NewPCG(s.Seed, 0x61776179))},
		sizes:    generator{rand.New(rand.NewPCG(s.Seed, 0x73697a6573))}}
	if err := o.play(w, s.For, r.step); err != nil {
		return w.Report(), err
	}
	r.heal()
	w.Settle(s.patience(), nil)
	w.Close()
	return w.Report(), nil
}

// patience is how long nothing reliable may get on over healed links.
const patience = 20 * time.Second

// Replay is the command that plays a scenario again.
func Replay(seed uint64) string {
	return fmt.Sprintf("go run ./cmd/tickwire soak --swarm --seed %d", seed)
}

// A run is a scenario in progress.
type run struct {
	Scenario
	world    *world.World
	g        generator
	terms    generator // for what goes beyond the five deliveries
	ways     generator // for how messages are given to the library
	crowd    generator // for who comes beside the players, and what is kept for whom
	limits   generator // for the budgets of flushes
	leaves   generator // for drains and holds
	sizes    generator // for what links carry
	roams    generator // for who moves, paths, and who watches
	rungs    generator // for what becomes of ladders
	absences generator // for who is gone, and for how long
	fault    Fault
	later    []later // what is to be undone, in no order
	seats    []*world.Player
	waits    []int // the tick from which on the player of a seat may come again
	ticks    int
	started  int // the tick at which the server did
	guests   int // who have come so far
}

// A later is something that happens when its time has come.
type later struct {
	at int
	do func()
}

// after has something done after a random time of so many seconds at most.
func (r *run) after(seconds float64, do func()) { r.at(r.g, seconds, do) }

// at is after with the time drawn from a generator.
func (r *run) at(g generator, seconds float64, do func()) {
	r.later = append(r.later, later{r.ticks + 1 + int(seconds*g.Float64()*float64(r.TickRate)), do})
}

func (r *run) step() {
	r.ticks++
	kept := r.later[:0]
	for _, l := range r.later {
		if l.at <= r.ticks {
			l.do()
		} else {
			kept = append(kept, l)
		}
	}
	r.later = kept
	r.join()
	r.makeTrouble()
	r.playSeats()
	r.makeLeaves()
	r.makeRoams()
	r.makeLadders()
	r.makeAbsences()
	for e := range r.world.Ends() {
		r.send(e)
	}
}

// join fills the seats of those who are gone.
func (r *run) join() {
	if r.world.Server() == nil {
		return
	}
	for i := range r.Players {
		if i == len(r.seats) {
			r.seats, r.waits = append(r.seats, nil), append(r.waits, 0)
		}
		p := r.seats[i]
		switch {
		case p != nil && !p.Client.Over():
			continue
		case p != nil && r.refused(p) && r.waits[i] == 0:
			r.waits[i] = r.ticks + int(again.Seconds()*float64(r.TickRate))
		}
		if r.ticks >= r.waits[i] {
			r.waits[i] = 0
			r.seats[i] = r.comesAgain(uint64(i)+1, p)
		}
	}
}

func (r *run) newPlayer(id uint64) *world.Player {
	p, err := r.world.Join(id)
	if err != nil {
		panic(err) // the configuration was good for the server
	}
	return p
}

// send plays one end for a tick.
func (r *run) send(e *world.End) {
	server := e == e.Player().Server
	r.ration(e)
	for i, load := range r.Loads {
		if server && !load.Down || !server && !load.Up || r.g.Float64() >= load.Chance {
			continue
		}
		for range 1 + r.g.IntN(load.Burst) {
			if !r.used(e) {
				r.give(e, i, server)
			}
		}
	}
}

// give sends one message: as bytes, built in place, or to all players at once. A full queue is a
// legal answer; the report counts it.
func (r *run) give(e *world.End, i int, server bool) {
	m, way := r.message(i), r.Loads[i].Ways
	if r.ways.Float64() < way.Left {
		e.Leave(r.ways.IntN(200))
	}
	switch x := r.ways.Float64(); {
	case server && x < way.ToAll:
		_ = r.world.Broadcast(r.Channels[i].ID, m)
		return
	case x < way.ToAll+way.InPlace:
		m.InPlace = true
	}
	_ = e.Send(r.Channels[i].ID, m)
}

func (r *run) size(s Sizes) int {
	if r.g.Float64() < s.Often {
		return r.g.IntN(s.Large + 1)
	}
	return r.g.IntN(s.Small + 1)
}

// makeTrouble lets things happen.
func (r *run) makeTrouble() {
	t := &r.Trouble
	for _, kind := range []struct {
		chance float64
		happen func()
	}{
		{t.Cut, r.cut}, {t.Partition, r.partition}, {t.LinkShift, r.shift}, {t.Stall, r.stall}, {t.Leave, r.leave},
		{t.Crash, r.crash}, {t.Restart, r.restart}, {t.Stop, r.stop}, {t.Impostor, r.impostor},
	} {
		if r.g.Float64() < kind.chance/float64(r.TickRate) {
			kind.happen()
		}
	}
}

func (r *run) anyone() *world.Player {
	if len(r.seats) == 0 {
		return nil
	}
	return r.seats[r.g.IntN(len(r.seats))]
}

func (r *run) cut() {
	if p := r.anyone(); p != nil && !p.Gone() {
		p.Cut(r.g.IntN(3) > 0, r.g.IntN(3) > 0)
		r.after(20, p.Heal)
	}
}

func (r *run) partition() {
	var some []*world.Player
	for _, p := range r.seats {
		if r.g.IntN(2) == 0 {
			p.Cut(true, true)
			some = append(some, p)
		}
	}
	r.after(5, func() {
		for _, p := range some {
			p.Heal()
		}
	})
}

// shift changes somebody's line, in use.
func (r *run) shift() {
	p := r.anyone()
	if p == nil || p.Gone() {
		return
	}
	links := r.narrow(simnet.Links{Up: r.g.link(), Down: r.g.link()})
	if err := p.SetLinks(links); err != nil {
		panic(err) // the generator makes valid links
	}
}

func (r *run) stall() {
	p := r.anyone()
	if p == nil {
		return
	}
	e := p.Client
	if r.g.IntN(2) == 0 {
		e = p.Server
	}
	e.Stall(true)
	r.after(6, func() { e.Stall(false) })
}

func (r *run) leave() {
	if p := r.anyone(); p != nil {
		e := p.Client
		if r.g.IntN(2) == 0 {
			e = p.Server
		}
		e.Close(tickwire.CodeApplication+tickwire.Code(r.g.IntN(100)), "that was enough")
	}
}

func (r *run) crash() {
	if p := r.anyone(); p != nil {
		p.Crash()
	}
}

func (r *run) restart() {
	if r.runs() {
		r.world.CrashServer()
		r.after(3, r.start)
	}
}

func (r *run) stop() {
	if r.runs() {
		r.world.StopServer()
		r.after(1, r.start)
	}
}

// runs reports whether there is a server, and for so long that it may be started again.
func (r *run) runs() bool { return r.world.Server() != nil && r.ticks-r.started > r.TickRate }

func (r *run) start() {
	if r.world.Server() != nil {
		return
	}
	r.started = r.ticks
	if err := r.world.StartServer(); err != nil {
		panic(err) // it could be started before
	}
}

// impostor lets somebody come in from elsewhere while they still play.
func (r *run) impostor() {
	if r.world.Server() == nil || len(r.seats) == 0 {
		return
	}
	i := r.g.IntN(len(r.seats))
	r.seats[i] = r.newPlayer(uint64(i) + 1)
}

// heal ends all trouble: good links for everybody, and a server.
func (r *run) heal() {
	r.later = nil
	good := simnet.LinkConfig{Delay: 20 * time.Millisecond}
	r.start()
	r.world.Wake()
	for _, p := range r.world.Players() {
		if p.Gone() {
			continue
		}
		p.Heal()
		r.mendLadder(p)
		p.Client.Stall(false)
		p.Server.Stall(false)
		p.Client.LimitBudget(-1)
		p.Server.LimitBudget(-1)
		if err := p.SetLinks(simnet.Links{Up: good, Down: good}); err != nil {
			panic(err) // a delay is valid
		}
	}
	r.world.Network().HealAll()
}
