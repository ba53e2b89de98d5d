package swarm

import "github.com/tickwire/tickwire/simnet"

// addNarrow makes a third of the scenarios ones whose links carry less than an Ethernet frame,
// each direction by itself, and another size whenever a line changes.
func (s *Scenario) addNarrow(g generator) {
	if s.Narrow = g.IntN(3) == 0; s.Narrow {
		s.Links = g.narrow(s.Links)
	}
}

// narrow gives links an MTU: from what just lets a handshake through to more than datagrams have.
func (g generator) narrow(l simnet.Links) simnet.Links {
	l.Up.MTU, l.Down.MTU = 1130+g.IntN(400), 1130+g.IntN(400)
	return l
}

// narrow gives links that are new in a run an MTU, if they have one in this scenario.
func (r *run) narrow(l simnet.Links) simnet.Links {
	if !r.Narrow {
		return l
	}
	return r.sizes.narrow(l)
}
