package world

import (
	"errors"

	"github.com/tickwire/tickwire"
)

// A laneRoom is what is known of a queue that was full. The zero value: nobody waits for room.
type laneRoom struct {
	refused   int  // what the last message that found it full is charged; 0: none since Writable
	most      int  // the limit that it met
	was       bool // there was room since then
	wasBefore bool // and before: the game has not read that there was
}

// refusedFull notes that a full queue refused a message of so many bytes, so that Writable is to
// follow.
func (l *Lane) refusedFull(size int, err error) {
	full, ok := errors.AsType[*tickwire.SendError](err)
	if ok && errors.Is(err, tickwire.ErrFull) && full.Field == "MaxQueuedBytes" {
		l.room.wasBefore = l.room.wasBefore || l.room.was
		l.room.refused, l.room.most, l.room.was = size+leastCharge, full.Limit, false
	}
}

// hasRoom reports whether the queue is half empty, and what was refused fits.
func (l *Lane) hasRoom() bool {
	queued := l.from.conn.ChannelStats(l.channel.ID).QueuedBytes
	return queued <= l.room.most/2 && queued+l.room.refused <= l.room.most
}

// noteRoom looks at the queue when a message was accepted. It may have taken the place of a larger
// one, and further ones may take the room before the game reads of it.
func (l *Lane) noteRoom() { l.room.was = l.room.was || l.room.refused > 0 && l.hasRoom() }

// writable judges the event. It may be about a message that was refused before the last one.
func (l *Lane) writable() {
	before := l.room.wasBefore
	l.room.wasBefore = false
	switch {
	case l.room.refused == 0:
		l.fault(Room, "Writable, and nothing was refused since the last time")
	case l.room.was || l.hasRoom():
	case before:
		return
	default:
		l.fault(Room, "Writable, and there is no room")
	}
	l.room.refused, l.room.was = 0, false
}

// checkRoom looks, after all events were read, for a lane that waits for Writable and need not.
// Who drains sends nothing more, and is told nothing.
func (e *End) checkRoom() {
	if !e.Open() || e.drains || !e.conn.Open() || e.host().pause.asleep {
		return
	}
	for _, l := range e.lanes {
		if l.room.refused > 0 && l.hasRoom() {
			l.fault(Room, "there is room again, and no event says so")
			l.room.refused = 0
		}
	}
}
