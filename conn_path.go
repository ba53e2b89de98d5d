package tickwire

import (
	"iter"
	"net/netip"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/transport"
)

// A PathState is where a path of a Conn is in its life, or what happened to it.
type PathState = endpoint.PathState

// The states of a path, opening → active ⇄ failed → closed.
const (
	PathNone    = endpoint.PathNone    // there is no such path
	PathOpening = endpoint.PathOpening // it is not known yet whether the peer can be reached there
	PathActive  = endpoint.PathActive  // the peer answers
	PathSilent  = endpoint.PathSilent  // the only path that is left does not answer
	PathFailed  = endpoint.PathFailed  // it does not answer, or its socket is gone; others go on
	PathMoved   = endpoint.PathMoved   // in events: the peer answers from another address
	PathClosed  = endpoint.PathClosed  // one end gave it up, or it could not be opened
)

// A PathUse says what a path of a Conn is for, beside others.
type PathUse = endpoint.PathUse

// The uses of a path.
const (
	UseShare   = endpoint.UseShare   // messages go over all such paths in turn, by weight
	UseCopy    = endpoint.UseCopy    // what goes over another path goes here too
	UseReserve = endpoint.UseReserve // nothing goes here as long as another path lives
)

// PathStats is what was counted and measured of one path of a Conn.
type PathStats struct {
	endpoint.PathStats
	Path   uint8          // its number
	Kind   transport.Kind // of what carries it; zero as well when that is gone
	Local  netip.AddrPort // of our socket, not valid on transports without addresses
	Remote netip.AddrPort // of the peer, likewise
}

// Paths yields what is known of each path of the Conn that is not closed, in the
// order of their numbers, be it opening, active, silent or failed; the body may use the
// Conn. Path 0 is that of the handshake. Towards a plain peer, and after the end, there
// are none.
func (c *Conn) Paths() iter.Seq[PathStats] {
	return func(yield func(PathStats) bool) { c.eachPath(yield) }
}

// eachPath yields without the lock, since the body may use the Conn.
func (c *Conn) eachPath(yield func(PathStats) bool) {
	for id := range uint8(maxPaths) {
		if st := c.PathStats(id); st.State != PathNone && st.State != PathClosed && !yield(st) {
			return
		}
	}
}

// Transport says what carries the messages now, as "udp" or "websocket": the kind of the path that
// they take, of several the first one. It changes with the event PathChanged, when a client's ladder
// (transport.Ladder) has moved to a better rung or back.
func (c *Conn) Transport() transport.Kind {
	c.lock()
	defer c.unlock()
	if c.end != nil {
		for _, reserve := range [...]bool{false, true} {
			for id := range c.end.Paths() {
				st := c.end.PathStats(id)
				if w := c.wayBy(st.Route); w != nil && st.State == PathActive && (st.Use == UseReserve) == reserve {
					return w.path.Kind
				}
			}
		}
	}
	return c.at().path.Kind
}

// PathStats returns what is known of a path; its State is PathNone if there is none
// of that number.
func (c *Conn) PathStats(path uint8) PathStats {
	c.lock()
	defer c.unlock()
	if c.end == nil || path >= maxPaths {
		return PathStats{Path: path}
	}
	c.end.SetNow(c.core.nowOfCall())
	st := PathStats{PathStats: c.end.PathStats(path), Path: path}
	if w := c.wayBy(st.Route); w != nil {
		st.Local, st.Remote, st.Kind = w.port.socket.LocalAddr(), w.path.Remote, w.path.Kind
		if w.local.IsValid() {
			st.Local = netip.AddrPortFrom(w.local, st.Local.Port())
		}
	}
	return st
}

// A PathConfig says what a path is for, and where it goes. The zero value is a
// path that shares the messages with the others, to the server's address that the
// connection goes to.
type PathConfig struct {
	// Use is what the path is for, here and at the peer. UseShare: messages go over
	// all such paths in turn; UseCopy: what goes over another one goes here too;
	// UseReserve: nothing goes here as long as another path lives.
	Use PathUse
	// Weight is the share of a path with UseShare among the others, 1 to 255. 0: 1.
	Weight int
	// Server is another address of the same server, one that listens on several
	// sockets; Conn.ServerAddresses has those that it has told. Not valid: the one that
	// the connection goes to. Not for SetPath, and
	// of no use to sockets that reach one peer only (transport.Joined).
	Server netip.AddrPort
}

// Validate reports what is wrong with the configuration; see Config.Validate.
func (c PathConfig) Validate() error {
	return endpoint.PathConfig{Use: c.Use, Weight: c.Weight}.Validate()
}

// A PathError says why a path cannot be opened or changed. It wraps ErrNoPath or
// ErrPaths, or ConfigErrors:
//
//	Path uint8
//	Err  error
type PathError = endpoint.PathError

// OpenPath opens another path of a client's Conn, over a socket of the Client or one
// that is new to it. A new one is the Client's from now on: it is closed when its last
// path is, or when OpenPath fails. The path carries messages when PathChanged says that
// it is PathActive; if nobody answers there for about two seconds it is PathClosed. After a
// comeback with a resume ticket the paths beside the first are gone.
//
// Two paths over one socket to one address take WireIDBytes. The error is ErrClosed, ErrAway,
// ErrServerPath at a server, a *ConfigError that names socket, MaxSockets, WireIDBytes or
// a field of PathConfig, or a *PathError.
func (c *Conn) OpenPath(socket transport.Socket, cfg PathConfig) (path uint8, err error) {
	c.lock()
	defer c.unlock()
	d, ok := c.peer.(*dialed)
	if !ok {
		return 0, ErrServerPath
	}
	return d.openPath(socket, cfg)
}

// SetPath changes what a path is for, at either end; the peer is told, and does likewise.
// Use and Weight are both set, so that the zero PathConfig makes it share with a weight
// of 1; Server is ignored, since a path stays where it goes. The error is ErrClosed, a
// *ConfigError that names the field, or a *PathError that wraps ErrNoPath.
func (c *Conn) SetPath(path uint8, cfg PathConfig) error {
	c.lock()
	defer c.unlock()
	if c.end == nil || !c.open() {
		return ErrClosed
	}
	if err := cfg.Validate(); err != nil {
		return err
	}
	now := c.core.nowOfCall()
	st := c.end.PathStats(path)
	c.core.markDirty(c)
	return c.end.SetPath(now, path, endpoint.PathConfig{
		Route: st.Route, Reliable: st.Reliable, Use: cfg.Use, Weight: cfg.Weight,
	})
}

// ClosePath gives a path up, at either end, and tells the peer. What was on its way there
// goes over the other paths. A socket that came by OpenPath or Redial is closed with its last
// path. The last active path can only be closed with the Conn: of that one, and of one
// that there is not, nothing happens.
func (c *Conn) ClosePath(path uint8) {
	c.lock()
	defer c.unlock()
	if c.end != nil && c.open() {
		c.closePath(path)
	}
}

func (c *Conn) closePath(path uint8) {
	c.end.ClosePath(c.core.nowOfCall(), path)
	c.aimAtActive()
	c.core.showLater(c)
	c.core.markDirty(c)
	c.core.unused = true
}
