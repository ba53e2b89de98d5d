package swarm

import (
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
	"github.com/tickwire/tickwire/transport"
)

// Ladders are what becomes of the transports of players who come as browsers do, as chances in a second of
// the whole world. The zero value has nobody come so.
type Ladders struct {
	Come float64 // a rung comes of which somebody has none
	Fall float64 // one ends, and each side hears of it in its own time
}

// addLadders makes a quarter of the scenarios ones in which everybody comes on a ladder.
func (s *Scenario) addLadders(g generator) {
	if g.IntN(4) > 0 {
		return
	}
	s.Ladders = Ladders{Come: 0.5 + 2*g.Float64(), Fall: g.share(3)}
}

// onLadders makes the paths of a Conn its rungs, which are cut and rebound as lines are: nobody opens others.
func (s *Scenario) onLadders() {
	if s.Ladders.Come > 0 {
		s.Roams = Roams{Move: s.Roams.Move, Die: s.Roams.Die}
	}
}

// rungKinds are what a ladder has.
var rungKinds = []transport.Kind{transport.KindWebSocket, transport.KindWebRTC, transport.KindWebTransport}

// makeLadders has rungs come and end.
func (r *run) makeLadders() {
	t := &r.Ladders
	if t.Come == 0 || len(r.seats) == 0 {
		return
	}
	if r.rungs.Float64() < t.Come/float64(r.TickRate) {
		r.raise(r.seats[r.rungs.IntN(len(r.seats))], rungKinds[r.rungs.IntN(len(rungKinds))])
	}
	if r.rungs.Float64() < t.Fall/float64(r.TickRate) {
		r.fall(r.seats[r.rungs.IntN(len(r.seats))], rungKinds[r.rungs.IntN(len(rungKinds))])
	}
}

func (r *run) raise(p *world.Player, kind transport.Kind) {
	links := r.narrow(simnet.Links{Up: r.rungs.link(), Down: r.rungs.link()})
	if _, err := p.Raise(kind, links); err != nil {
		panic(err) // the links are valid, and nobody has the address
	}
}

// fall ends a rung, if there is one of a kind; a WebSocket comes again by itself.
func (r *run) fall(p *world.Player, kind transport.Kind) {
	l := p.Rung(kind)
	if l == nil {
		return
	}
	l.Kill()
	for _, server := range []bool{false, true} {
		late := []float64{0, 0.3, 3}[r.rungs.IntN(3)]
		r.at(r.rungs, late, func() { l.Tell(server) })
	}
	if kind == transport.KindWebSocket {
		r.at(r.rungs, 5, func() { r.raise(p, kind) })
	}
}

// mendLadder lets both sides hear of all that has ended, and has a WebSocket stand.
func (r *run) mendLadder(p *world.Player) {
	if r.Ladders.Come == 0 {
		return
	}
	for _, l := range p.Lines() {
		l.Tell(false)
		l.Tell(true)
	}
	r.raise(p, transport.KindWebSocket)
}
