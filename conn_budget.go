package tickwire

import (
	"slices"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// Budget estimates how many bytes of messages, with all headers, may still be sent
// so that they leave with the next Flush or before the one after it: as much as
// congestion control, pacing, the limits of the peer and LimitBudget allow,
// minus what already waits. Each Send makes it smaller by the message's Cost. It is never negative.
//
// A game that has more to say than the line takes sorts what it has by importance and
// sends until the budget is used up: then what it sends leaves at once, instead of
// growing old in a queue. Let importance grow with the time for which something was not sent, or
// the last in the list is never sent.
//
//	for _, e := range world.ByImportance(player) {
//		if c.Budget() < c.Cost(e.Size()) {
//			break
//		}
//		entities.Send(c, e)
//	}
//
// Congestion control never sends less than CongestionConfig.MinBytesPerSecond, 16 KiB a second by
// default, and the budget allows for that: on a line that carries less, a queue grows all the same.
//
// The time between two Flushes is learned from earlier ones; under a Hub or a Session, where
// nobody calls Flush, it counts as a sixtieth of a second. Towards a plain netcode peer nothing
// is measured, and the budget is the room in its queue.
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
// length, two bytes of header, and about fifty more if it needs another packet. Small messages
// share packets, so most of them cost little more than their length. Towards a plain netcode
// peer they do not, and each costs a whole packet.
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

// ChannelBudget is Budget for the messages of one channel. It ignores what cannot delay them: what
// waits on channels of a lower Priority, or for credit of the peer. The channel's own rate
// (BytesPerSecond) limits it too. A game that sends state beside a download of lower priority
// uses this one. It is 0 if there is no such channel.
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
