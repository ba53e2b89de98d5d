package tickwire

import (
	"slices"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// Budget is about how many bytes of messages, with all headers, may still be sent
// so that they leave with the coming Flush or before the one after it: as much as
// congestion control, pacing, the limits of the peer and those of LimitBudget allow,
// less what waits already. Each Send makes it smaller by the message's Cost. It is 0 or more.
//
// A game that has more to say than the line takes sorts what it has by importance and
// sends until the budget is used up: what it sends then leaves at once, instead of
// growing old in a queue. Importance grows with the time for which something was not sent: else
// what comes last never is.
//
//	for _, e := range world.ByImportance(player) {
//		if c.Budget() < c.Cost(e.Size()) {
//			break
//		}
//		entities.Send(c, e)
//	}
//
// No budget is less than what the congestion control sends at least, which is 16 KiB a second by
// default (CongestionConfig.MinBytesPerSecond): on a line that carries less than that a queue grows
// in front of it all the same.
//
// How long it is until the Flush after the coming one is learned from the Flushes
// before. Under a Hub or a Session, where nobody calls Flush, it is a sixtieth of a
// second. Towards a plain netcode peer nothing is measured, and the budget is the room
// in its queue.
func (c *Conn) Budget() int {
	c.lock()
	defer c.unlock()
	switch {
	case c.state != connOpen:
		return 0
	case c.plain != nil:
		return (maxPlainQueue - c.plain.waiting.Len()) * netcode.MaxPayloadBytes
	}
	now := c.core.nowOfCall()
	return c.end.Budget(now, now+c.core.step)
}

// Cost is by how much a message of so many bytes makes Budget smaller, if it is sent now: its
// length, two bytes of a header, and about fifty where it takes a packet more. Small messages
// share a packet, so that most of them cost little more than their length; towards a plain netcode
// peer, where they do not, each costs a whole packet.
func (c *Conn) Cost(bytes int) int {
	c.lock()
	defer c.unlock()
	switch {
	case c.state != connOpen:
		return 0
	case c.plain != nil:
		return netcode.MaxPayloadBytes
	}
	now := c.core.nowOfCall()
	return c.end.Cost(now, now+c.core.step, bytes)
}

// ChannelBudget is Budget for the messages of one channel: what is not in its way does
// not count, which is what waits on channels of a lower Priority, or elsewhere for a
// peer that does not take it; the channel's own rate does. A game that sends state
// beside a download in a lower class fills this one. 0 if there is no such channel.
func (c *Conn) ChannelBudget(channel ChannelID) int {
	c.lock()
	defer c.unlock()
	if c.state != connOpen || c.plain != nil {
		return 0
	}
	now := c.core.nowOfCall()
	return c.end.ChannelBudget(channel, now, now+c.core.step)
}

// LimitBudget lowers the budget of every Flush from the coming one on: until the Flush
// after it messages make no more than so many bytes leave, with all headers as ConnStats
// counts them; negative: as many as the line takes, which is how a Conn begins. A server
// divides its own line among its players with it.
//
// It holds up messages, also those that are sent again. Acknowledgements, probes and
// what steers the connection go in any case, and all but acknowledgements alone are
// counted. A message larger than the limit goes in pieces; less than about 200 bytes
// let no message leave. Under a Hub or a Session, where nobody calls Flush, and towards
// a plain netcode peer it changes nothing.
func (c *Conn) LimitBudget(bytes int) {
	c.lock()
	defer c.unlock()
	if c.state != connOpen || c.plain != nil || c.core.shared != nil {
		return
	}
	c.end.LimitBudget(bytes)
	c.limitedTo = bytes
	if !c.limited {
		c.limited = true
		c.core.limited = append(c.core.limited, c)
	}
}

// The budgets of a core are those of the Conns that LimitBudget limits, and what there is to know of
// the game's Flushes for them.
type budgets struct {
	limited []*Conn
	flushed int64 // when the game called Flush last; never: not yet
	step    int64 // time between its Flushes, smoothed
}

func (b *budgets) init() { b.flushed, b.step = never, firstStep }

// firstStep is the time between two Flushes before any was seen.
const firstStep = int64(time.Second / 60)

// gameFlush is Flush as the game calls it: the budgets of the Conns begin anew.
func (k *core) gameFlush(t time.Time) time.Time {
	if k.closed {
		return time.Time{}
	}
	k.setNow(t)
	k.noteFlush()
	if k.flushed != never {
		gap := min(max(k.now-k.flushed, int64(time.Millisecond)), int64(100*time.Millisecond))
		k.step += (gap - k.step) / 8
	}
	k.flushed = k.now
	k.limited = slices.DeleteFunc(k.limited, k.beginFlush)
	k.flush(t)
	return k.nextTime()
}

// beginFlush begins a flush of a Conn whose budget is limited, and reports whether that is over.
func (k *core) beginFlush(c *Conn) (over bool) {
	if c.end == nil || c.state > connOpen {
		return true
	}
	c.end.BeginFlush()
	k.markDirty(c)
	c.limited = c.limitedTo >= 0
	return !c.limited
}

// liftBudgets ends all limits of LimitBudget, for a core whose game calls Flush no more.
func (k *core) liftBudgets() {
	for _, c := range k.limited {
		if c.limited, c.limitedTo = false, -1; c.end != nil {
			c.end.LimitBudget(-1)
			c.end.BeginFlush()
			k.markDirty(c)
		}
	}
	k.limited = nil
}
