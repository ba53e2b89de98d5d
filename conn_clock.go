package tickwire

import (
	"iter"
	"time"
)

// A ClockSample is one exchange of clocks, what NTP calls T1 to T4 (RFC 5905, 8): Sent and Received
// by the Clock of the Server or Client whose Conn it is, Arrived and Answered by that of the peer.
// It is what package timeline makes a common time of.
type ClockSample struct {
	Sent     time.Duration // a packet left
	Arrived  time.Duration // and came to the peer
	Answered time.Duration // whose acknowledgement left then
	Received time.Duration // and came back
}

// ClockSamples yields the exchanges of clocks since the last call, the oldest first, sixteen at
// most; at least ten a second come while there is something to acknowledge, and cost no packet.
// They are kept from the first call on. A plain peer has no clock, and neither has one that did
// not Connect yet. After Back without Kept the peer's clock may be another one.
//
// A clock may stand still for eight minutes while the Conn stays (of a process that is suspended, during
// a Hold); if it does for longer, the peer's times are off by a multiple of 18 minutes from then on.
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

// Clock is what the Server's clock showed at a time: the one that peers see in their ClockSamples,
// and by which they count its ticks (timeline.Ticks). It began at zero when the Server was made.
func (s *Server) Clock(t time.Time) time.Duration { return s.core.clockAt(t) }

// Clock is what the Client's clock showed at a time: Sent and Received of a ClockSample are by it.
func (c *Client) Clock(t time.Time) time.Duration { return c.core.clockAt(t) }

// Clock is that of the Server. Any goroutine may call it.
func (h *Hub) Clock(t time.Time) time.Duration { return h.srv.Clock(t) }

// Clock is that of the Client. Any goroutine may call it.
func (s *Session) Clock(t time.Time) time.Duration { return s.client.Clock(t) }

func (k *core) clockAt(t time.Time) time.Duration { return t.Sub(k.base) }
