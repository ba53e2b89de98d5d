package endpoint

// A Route is the caller's name for one way that datagrams take: a socket of ours and an address
// of the peer's. The endpoint compares Routes and interprets none. Whoever has one way only uses
// 0, which path 0 has at first.
type Route uint8

// NoRoute is no route.
const NoRoute Route = 255

// Routes says where the packet goes that AppendPacket made last: to a route, and the same bytes
// also to another one, which mostly is NoRoute.
func (e *Endpoint) Routes() (to, also Route) { return e.to, e.also }

// Uses reports whether the endpoint still needs a route: a path goes there, is being asked for
// there, or owes an answer. The caller may give another way the number of one that is not
// needed.
func (e *Endpoint) Uses(r Route) bool {
	for _, p := range e.paths {
		if p.uses(r) {
			return true
		}
	}
	return false
}

func (p *path) uses(r Route) bool { return p.state != PathClosed && p.route == r }
