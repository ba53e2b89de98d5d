package tickwire

import (
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// plainWays knows by which way plain clients are reached, to whom netcode speaks by itself: it
// knows them by their source alone, and a server may have several sockets or addresses. Those that
// are connected stay; of those that were answered only, the newest do.
type plainWays struct {
	refused   bool  // there are no plain clients
	alone     bool  // there is one socket
	first     *port // by which everybody else is reached
	connected map[netcode.Source]way
	answered  map[netcode.Source]way // the newest
	before    map[netcode.Source]way // those before them
}

// maxWays bounds each generation of the sources that were answered only.
const maxWays = 1 << 16

// remember notes by which way a source is reached.
func (p *plainWays) remember(at netcode.Source, w way, connected bool) {
	switch {
	case p.refused, p.alone && !w.local.IsValid(): // the source says it all
		return
	case p.connected == nil:
		p.connected, p.answered = make(map[netcode.Source]way), make(map[netcode.Source]way)
	case len(p.answered) == maxWays:
		p.answered, p.before = make(map[netcode.Source]way), p.answered
	}
	if connected {
		delete(p.answered, at)
		delete(p.before, at)
		p.connected[at] = w
		return
	}
	p.answered[at] = w
}

// forget drops who was connected.
func (p *plainWays) forget(at netcode.Source) { delete(p.connected, at) }

// to finds the way to a source that netcode names.
func (p *plainWays) to(at netcode.Source) way {
	for _, known := range [...]map[netcode.Source]way{p.connected, p.answered, p.before} {
		if w, ok := known[at]; ok {
			return w
		}
	}
	path := transport.Path{Kind: transport.Kind(at.Kind()), Association: at.Association()}
	if at.Kind() == 0 {
		path = transport.PathTo(at.AddrPort())
	}
	return way{port: p.first, path: path}
}

// sourceOf is what netcode knows a path by.
func sourceOf(p transport.Path) netcode.Source {
	if p.Kind == transport.KindUDP {
		return netcode.SourceFrom(p.Remote)
	}
	return netcode.SourceOf(uint16(p.Kind), p.Association)
}
