package tickwire

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/netcode"
)

// A trail is the way on which servers lead a client from one to the next. They have proven who they are,
// and not that those are theirs to whom they send it: so it has a budget of time for that, of which a
// hand-over costs a second, and what it asks at the new addresses as much as it takes. That comes
// back at a tenth of the speed. A Conn and all that follow it are on one trail, and so is the next one
// that the game begins when none of them is left.
type trail struct {
	left int64 // nanoseconds, at the instant at
	at   int64
}

const (
	trailBudget = int64(time.Minute)
	trailCost   = int64(time.Second)
	trailRefill = 10 // so many seconds give one back
)

// newTrail is where a Conn begins that the game wants.
func (c *Client) newTrail() *trail {
	if c.trail == nil || slices.ContainsFunc(c.dials, func(d *dialed) bool { return d.trail == c.trail && d.conn.state <= connOpen }) {
		c.trail = &trail{left: trailBudget, at: c.now}
	}
	return c.trail
}

// step takes what a hand-over costs out of the budget, if there is as much.
func (t *trail) step(now int64) bool {
	t.spend(now, 0)
	if t.left < trailCost {
		return false
	}
	t.left -= trailCost
	return true
}

// spend takes time out of the budget, to which some has come back.
func (t *trail) spend(now, cost int64) {
	t.left = min(t.left+(now-t.at)/trailRefill, trailBudget) - cost
	t.at = now
}

// asksFor is how long a client that follows a hand-over may still ask; 0: as long as it likes, since
// none was; false: no longer.
func (d *dialed) asksFor() (left time.Duration, ok bool) {
	if d.led == never {
		return 0, true
	}
	left = time.Duration(d.trail.left - (d.client.now - d.led))
	return left, left > 0
}

// arrived ends the asking of who was handed over: it has found a server, or given up.
func (d *dialed) arrived() {
	if d.led != never {
		d.trail.spend(d.client.now, d.client.now-d.led)
		d.led = never
	}
}

// errLedAround is what the log is told of a client that was handed over too often.
var errLedAround = config.Wrong("tokens", "of one hand-over too many", "fewer: a client asks for a minute, and then a tenth of the time, "+
	"at addresses that servers hand it over to; each hand-over costs a second of that")

// believable leaves those tokens and addresses out to which no server sends its players: what is
// nobody's address, or everybody's; and what is behind the player's own router, or in his machine, if
// the server is not.
func believable(tokens netcode.TokenList, server netip.Addr) (netcode.TokenList, error) {
	var left netcode.TokenList
	for _, t := range tokens {
		t.Addresses = slices.DeleteFunc(t.Addresses, func(a netip.AddrPort) bool { return !leadsTo(server, a) })
		if len(t.Addresses) > 0 {
			left = append(left, t)
		}
	}
	if len(left) == 0 {
		return nil, config.Wrong("tokens", "of addresses that are none, or behind the player's router",
			"addresses that can be reached from where the server is, which says to go there")
	}
	return left, nil
}

// leadsTo reports whether a server may send its players to an address. Of one without an address, behind
// a transport of its own, nothing is known.
func leadsTo(server netip.Addr, to netip.AddrPort) bool {
	a := to.Addr().Unmap()
	switch {
	case to.Port() == 0 || !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a == broadcastAddr:
		return false
	case !server.IsValid() || server.IsUnspecified() || server.IsLoopback():
		return true
	case a.IsLoopback():
		return false
	}
	return !sheltered(a) || sheltered(server)
}

var broadcastAddr = netip.AddrFrom4([4]byte{255, 255, 255, 255})
