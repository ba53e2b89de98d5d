package swarm

import (
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet/world"
)

// Seats are about a server that fills. The zero value has room for everybody.
type Seats struct {
	Limit      int           // ServerConfig.MaxClients; 0: 64
	KeepOldest bool          // as in ServerConfig
	Guests     float64       // how often in a second somebody comes who is not one of the players
	Reserve    float64       // how often a seat is reserved, for a player or for a guest to come
	For        time.Duration // for so long at most
	Return     float64       // how often one is given back
}

// addSeats makes a server tight, in half of the scenarios: the players fit, and few others.
func (s *Scenario) addSeats(g generator) {
	if g.IntN(2) == 0 {
		return
	}
	s.Seats = Seats{
		Limit:      s.Players + g.IntN(4),
		KeepOldest: g.IntN(4) == 0,
		Guests:     5 * g.Float64(),
		Reserve:    g.share(3),
		For:        []time.Duration{time.Second, 5 * time.Second, 20 * time.Second}[g.IntN(3)],
		Return:     g.share(0.3),
	}
}

// limit is how many seats there are.
func (s *Seats) limit() int {
	if s.Limit == 0 {
		return 64
	}
	return s.Limit
}

// guestIDs begin above those of players.
const guestIDs = 1000

// again is how long who was refused waits before the next attempt.
const again = time.Second

// refused reports whether a player was turned away because of somebody else, and should not
// come again at once.
func (r *run) refused(p *world.Player) bool {
	switch p.Client.Reason().Code {
	case tickwire.CodeFull, tickwire.CodeConnected:
		return true
	}
	return false
}

// playSeats lets guests come and go and seats be reserved.
func (r *run) playSeats() {
	if r.Seats == (Seats{}) || r.world.Server() == nil {
		return
	}
	rate := float64(r.TickRate)
	if r.crowd.Float64() < r.Seats.Guests/rate {
		r.guest()
	}
	if r.crowd.Float64() < r.Seats.Reserve/rate {
		r.reserve()
	}
	if r.crowd.Float64() < r.Seats.Return/rate {
		r.world.Unreserve(r.someID())
	}
}

// someID is that of a player, of a guest who came lately, or of one to come.
func (r *run) someID() uint64 {
	if r.crowd.IntN(2) == 0 {
		return 1 + r.crowd.Uint64N(uint64(r.Players))
	}
	return guestIDs + uint64(max(0, r.guests-2+r.crowd.IntN(5)))
}

// reserve keeps a seat. A full server is a legal answer, which the world checks.
func (r *run) reserve() {
	id := r.someID()
	d := 1 + time.Duration(r.crowd.Int64N(int64(r.Seats.For)))
	if r.world.Reserve(id, d) != nil {
		return
	}
	switch r.fault {
	case ForgottenSeat:
		r.world.Server().Unreserve(id)
	case EndlessSeat:
		_ = r.world.Server().Reserve(id, r.world.Now().Add(time.Hour))
	}
}

// guest lets somebody in, for a while, who leaves with a word or without.
func (r *run) guest() {
	p := r.newPlayer(guestIDs + uint64(r.guests))
	r.guests++
	stays := time.Duration(r.crowd.Int64N(int64(5 * time.Second)))
	crashes := r.crowd.IntN(4) == 0
	r.later = append(r.later, later{r.ticks + 1 + int(stays.Seconds()*float64(r.TickRate)), func() {
		if crashes || !p.Client.Open() {
			p.Crash()
		} else {
			p.Client.Close(tickwire.CodeNone, "")
		}
	}})
}
