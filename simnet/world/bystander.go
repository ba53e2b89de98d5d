package world

import (
	"fmt"
	"net/netip"

	"github.com/tickwire/tickwire/simnet"
)

// A shadow is what those who stand beside a player's lines are able to. To somebody who does not
// move they can do nothing. When a player's address changes, somebody who passes everything on
// before it arrives looks just like him (RFC 9000, 9.3.3): who then also passes on what the server
// answers is in between from there on, and who does not may keep him from being found.
type shadow struct {
	forwards bool
	returns  bool // of those who forward
	most     bool // they forward more than half, and one of them returns nothing
	moved    bool // the player has moved since, or the server did not know yet that he had
	lossy    bool // three answers of the player in a row may have been lost, or late
}

// half is the share of a player's packets above which so few are left to himself that he may not
// be found in time.
const half = 0.5

// Bystander puts somebody beside the player's lines, wherever it is; Beside and Address of the
// configuration are the world's to set.
func (p *Player) Bystander(cfg simnet.BystanderConfig) (*simnet.Bystander, error) {
	for _, l := range p.lines {
		cfg.Beside = append(cfg.Beside, l.hosts[:]...)
	}
	cfg.Address = netip.AddrPortFrom(numbered(100+len(p.bystanders), p.Number), firstPort)
	y, err := p.world.net.Bystander(cfg)
	if err != nil {
		return nil, err
	}
	p.bystanders = append(p.bystanders, y)
	s := &p.shadowed
	passes := cfg.Forward > 0 || cfg.Replay > 0
	s.forwards = s.forwards || passes
	s.returns = s.returns || passes && cfg.Return
	s.moved = s.moved || passes && p.sought()
	p.world.beside = append(p.world.beside, beside{y, p, passes && cfg.Return})
	s.most = s.most || cfg.Forward > half && !cfg.Return
	return y, nil
}

// sought reports whether the server has a path of the player at an address that the player has left.
// For a while he may answer there, so that the path stays, and then no more: to whoever stands beside
// his lines by that time he moves then, though he may be silent until long after.
func (p *Player) sought() bool {
	if p.Server.state != endOpen {
		return false
	}
	for path := range p.Server.conn.Paths() {
		if l := p.world.byAddr[path.Remote]; l != nil && l.addr != path.Remote {
			return true
		}
	}
	return false
}

// A beside is a bystander, and beside whose lines he stands.
type beside struct {
	bystander *simnet.Bystander
	player    *Player
	answers   bool // to what comes to him
}

// ownerOf finds the bystander of an address; nil if it is nobody's.
func (w *World) ownerOf(at netip.AddrPort) *beside {
	for i := range w.beside {
		if w.beside[i].bystander.Owns(at) {
			return &w.beside[i]
		}
	}
	return nil
}

// lineTo is the line that something is meant for that the server writes to an address; nil if it
// is nobody's.
func (w *World) lineTo(at netip.AddrPort) *Line {
	if l := w.byAddr[at]; l != nil {
		return l
	}
	if b := w.ownerOf(at); b != nil {
		return b.player.lines[0]
	}
	return nil
}

// Watched reports whether there is a Bystander.
func (p *Player) Watched() bool { return len(p.bystanders) > 0 }

// leave takes a player out that is over.
func (p *Player) leave() {
	for _, l := range p.lines {
		l.forget()
	}
	if p.world.byConn[p.Server.conn] == p {
		delete(p.world.byConn, p.Server.conn)
	}
	for _, y := range p.bystanders {
		s := y.Stats()
		p.world.report.attacks += s.Forwarded + s.Replayed + s.Forged
		y.Leave()
	}
	p.bystanders = nil
}

// checkPlaces looks at where each end has its peer.
func (w *World) checkPlaces() {
	for _, p := range w.players {
		if p.done {
			continue
		}
		for _, e := range [2]*End{p.Client, p.Server} {
			if e.state == endOpen {
				e.checkPlace()
			}
		}
	}
}

func (e *End) checkPlace() {
	at := e.conn.RemoteAddr()
	if tap := e.world.cfg.Tap; tap != nil {
		at = tap.Place(e, at)
	}
	own := isServers(at) || e.world.cfg.Ladder && !at.IsValid() // no rung is left
	if e.server {
		l := e.world.byAddr[at]
		own = l != nil && l.player == e.player || e.world.cfg.Ladder && !at.IsValid()
	}
	if !own && !(e.server && e.player.mistakable(at)) {
		e.world.fault(Stolen, e.String(), fmt.Sprintf("it takes %v for its peer's address", at))
	}
}

// mistakable reports whether the server may take the address of somebody beside the player's lines
// for the player's: it was told so by both, or lost what the player answered.
func (p *Player) mistakable(at netip.AddrPort) bool {
	b := p.world.ownerOf(at)
	return b != nil && b.player == p && p.shadowed.returns && (p.shadowed.moved || p.shadowed.lossy)
}

// lossy reports whether three answers in a row may get lost on a link, or be late.
func lossy(c simnet.LinkConfig) bool {
	return c.Loss > 0.01 || c.Corrupt > 0.01 || c.BitsPerSecond > 0 || c.Trace != nil || c.Reorder > 0 || c.Jitter > c.Delay/4
}
