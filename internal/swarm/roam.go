package swarm

import (
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// Roams are how often players and their paths get about, as chances in a second of the whole
// world, and who watches them.
type Roams struct {
	Move      float64 // a line of somebody's gets another address
	Open      float64 // somebody opens another path
	Shut      float64 // somebody closes one
	Die       float64 // a line goes down for a while, of those of a player who has another
	Bystander float64 // somebody stands beside a player's lines, who forwards, replays and forges
	Redial    bool    // players look for another way when they have lost theirs
	Stream    bool    // some of the paths are reliable
}

// addRoams adds who roams, and who has several paths. It has a generator of its own, so that the rest
// of a scenario stays what its seed made before.
func (s *Scenario) addRoams(g generator) {
	if g.IntN(3) == 0 {
		return
	}
	s.Roams = Roams{
		Move: g.share(1), Open: g.share(0.5), Shut: g.share(0.1), Die: g.share(0.3), Bystander: g.share(0.2),
		Redial: g.IntN(2) == 0, Stream: g.IntN(2) == 0,
	}
	if s.Game.MaxPaths = g.sometimes(4, 1+g.IntN(8)); s.Game.MaxPaths == 1 {
		s.Roams.Redial = false // it takes a second path
	}
}

// makeRoams lets somebody roam.
func (r *run) makeRoams() {
	t := &r.Roams
	for _, kind := range []struct {
		chance float64
		happen func(*world.Player)
	}{{t.Move, r.move}, {t.Open, r.open}, {t.Shut, r.shut}, {t.Die, r.die}, {t.Bystander, r.watch}} {
		if r.roams.Float64() < kind.chance/float64(r.TickRate) && len(r.seats) > 0 {
			kind.happen(r.seats[r.roams.IntN(len(r.seats))])
		}
	}
}

// keeps is for how long what is sent to an old address may arrive.
func (g generator) keeps() time.Duration {
	return []time.Duration{0, 0, 0, 200 * time.Millisecond, 5 * time.Second}[g.IntN(5)]
}

func (r *run) anyLine(p *world.Player) *world.Line {
	return p.Lines()[r.roams.IntN(len(p.Lines()))]
}

func (r *run) move(p *world.Player) {
	if err := r.anyLine(p).Roam(r.roams.IntN(2) == 0, r.roams.keeps()); err != nil {
		panic(err) // nobody else has those addresses
	}
}

func (r *run) open(p *world.Player) {
	links := r.narrow(simnet.Links{Up: r.roams.link(), Down: r.roams.link()})
	_, _ = p.OpenPath(world.LineConfig{ // or it has as many as it may
		Links: links, Reliable: r.Roams.Stream && r.roams.IntN(4) == 0,
		Use: tickwire.PathUse(r.roams.IntN(3)), Weight: r.roams.IntN(10),
	})
}

func (r *run) shut(p *world.Player) {
	if c := p.Client.Conn(); c.Open() {
		c.ClosePath(uint8(r.roams.IntN(4)))
	}
}

// die takes a line down of a player who has another.
func (r *run) die(p *world.Player) {
	if l := r.anyLine(p); len(p.Lines()) > 1 {
		l.Cut()
		r.at(r.roams, 20, l.Heal)
	}
}

func (r *run) watch(p *world.Player) {
	if p.Client.Open() && p.Server.Open() {
		watch(p, r.roams)
	}
}

// watch puts somebody beside a player's lines.
func watch(p *world.Player, g generator) {
	cfg := simnet.BystanderConfig{
		Ports: 1 + g.IntN(8), Forward: g.share(1), Replay: g.share(0.3), Forge: g.share(0.3),
		Return: g.IntN(2) == 0, Spoof: g.IntN(2) == 0,
	}
	if _, err := p.Bystander(cfg); err != nil {
		panic(err) // the configuration is valid, the addresses are theirs
	}
}
