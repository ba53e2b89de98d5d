package tickwire

import (
	"iter"
	"time"
)

// A ClockSample is one exchange of clocks, what NTP calls T1 to T4 (RFC 5905, 8): Sent and Received
// by the Clock of the Server or Client whose Conn it is, Arrived and Answered by that of the peer.
// Package timeline makes a common time of it.
type ClockSample struct {
	Sent     time.Duration // a packet left
	Arrived  time.Duration // and came to the peer
	Answered time.Duration // whose acknowledgement left then
	Received time.Duration // and came back
}

// ClockSamples yields the exchanges of clocks since the last call, the oldest first, sixteen at
// most. At least ten a second come while there is something to acknowledge, without extra packets.
// They are kept from the first call on. There are none with a plain peer, and none before Connected.
// After Back without Kept the peer's clock may be a different one.
//
// If the peer's process is suspended while the Conn stays, during a Hold say, its clock may stand still for
// eight minutes; if it does so for longer, its times are off by a multiple of 18 minutes from then on.
func (c *Conn) ClockSamples() iter.Seq[ClockSample] { return c.clockSamples }

func (c *Conn) clockSamples(yield func(ClockSample) bool) {
	c.lock()
	defer c.unlock()
	if c.end == nil || c.state == connGone {
		return
	}
	for s := range c.end.ClockSamples() {
		if !yield(ClockSample{
			Sent: time.Duration(s.Sent), Arrived: time.Duration(s.Arrived),
			Answered: time.Duration(s.Answered), Received: time.Duration(s.Received),
		}) {
			return
		}
	}
}

// Clock returns what the Server's clock showed at a time. It is the clock that peers see in their
// ClockSamples, and by which they count its ticks (timeline.Ticks). It began at zero when the Server was made.
func (s *Server) Clock(t time.Time) time.Duration { return s.core.clockAt(t) }

// Clock returns what the Client's clock showed at a time: the clock of Sent and Received in a ClockSample.
func (c *Client) Clock(t time.Time) time.Duration { return c.core.clockAt(t) }

// Clock is that of the Server. Any goroutine may call it.
func (h *Hub) Clock(t time.Time) time.Duration { return h.srv.Clock(t) }

// Clock is that of the Client. Any goroutine may call it.
func (s *Session) Clock(t time.Time) time.Duration { return s.client.Clock(t) }

func (k *core) clockAt(t time.Time) time.Duration { return t.Sub(k.base) }
