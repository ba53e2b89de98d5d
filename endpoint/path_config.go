package endpoint

import (
	"fmt"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/wire"
)

// A PathUse says what a path is for, beside others.
type PathUse uint8

const (
	// UseShare: messages go over all such paths in turn, by their weights.
	UseShare PathUse = iota
	// UseCopy: what goes over another path goes here too; the first copy wins.
	UseCopy
	// UseReserve: nothing goes here as long as another path lives.
	UseReserve
)

var useNames = [...]string{"share", "copy", "reserve"}

// String names the use.
func (u PathUse) String() string { return nameOf(useNames[:], int(u)) }

// A PathConfig describes a path.
type PathConfig struct {
	// Route is the way that its datagrams take.
	Route Route
	// Reliable says that what carries the path repairs losses itself and keeps the order, as a
	// WebSocket does: as long as the path lives nothing on it counts as lost for being late, but
	// only for being left out when the peer acknowledges what came behind it.
	Reliable bool
	// Use is what the path is for. It is told to the peer, whose sending follows.
	Use PathUse
	// Weight is the share of a path with UseShare among the others. 0: 1; at most 255. It is
	// told to the peer like Use.
	Weight int
}

const (
	maxPaths      = wire.MaxPath + 1
	defaultPaths  = 4
	maxPathWeight = 255
)

// Validate reports everything that is wrong with the configuration, as a join of ConfigErrors.
func (c PathConfig) Validate() error {
	var v config.Check
	v.That(c.Route != NoRoute, "Route", c.Route, "0 to 254")
	v.That(c.Use <= UseReserve, "Use", c.Use, "UseShare, UseCopy or UseReserve")
	v.That(c.Weight >= 0 && c.Weight <= maxPathWeight, "Weight", c.Weight, "1 to 255, or 0 for 1")
	return v.Err()
}

// A PathState is where a path is in its life, or what happened to it:
//
//	opening → active ⇄ failed → closed
type PathState uint8

const (
	// PathNone: there is no such path.
	PathNone PathState = iota
	// PathOpening: it is not known yet whether the peer can be reached there.
	PathOpening
	// PathActive: the peer answers.
	PathActive
	// PathSilent: on the only path that is left nobody has answered for three probe timeouts.
	// Whoever knows another way opens it.
	PathSilent
	// PathFailed: nobody has answered for three probe timeouts while another path was well, or
	// its carrier is gone. What was on its way there goes over the other paths, and it is tried
	// again.
	PathFailed
	// PathMoved, in events alone: the peer answers from another Route, to which the path goes
	// now.
	PathMoved
	// PathClosed: one end gave it up, or it could not be opened.
	PathClosed
)

var pathStateNames = [...]string{"none", "opening", "active", "silent", "failed", "moved", "closed"}

// String names the state.
func (s PathState) String() string { return nameOf(pathStateNames[:], int(s)) }

// configure takes what a PathConfig says.
func (c *claims) configure(cfg PathConfig) {
	c.route, c.reliable, c.use, c.weight = cfg.Route, cfg.Reliable, cfg.Use, max(cfg.Weight, 1)
}

// A PathError says why a path cannot be opened or changed. It wraps ErrNoPath or ErrPaths, or
// ConfigErrors that name what is wrong with the PathConfig.
type PathError struct {
	Path uint8
	Err  error
}

// Error names the path and what is wrong.
func (e *PathError) Error() string { return fmt.Sprintf("%v (path %d)", e.Err, e.Path) }

// Unwrap returns what is wrong.
func (e *PathError) Unwrap() error { return e.Err }
