package world

import (
	"errors"

	"github.com/tickwire/tickwire"
)

// refusedFull notes that a full queue refused a message of so many bytes, so that Writable is to
// follow.
func (l *Lane) refusedFull(size int, err error) {
	full, ok := errors.AsType[*tickwire.SendError](err)
	if ok && errors.Is(err, tickwire.ErrFull) && full.Field == "MaxQueuedBytes" {
		l.refused, l.mostQueued, l.hadRoom = size+leastCharge, full.Limit, false
	}
}

// hasRoom reports whether the queue is half empty, and what was refused fits.
func (l *Lane) hasRoom() bool {
	queued := l.from.conn.ChannelStats(l.channel.ID).QueuedBytes
	return queued <= l.mostQueued/2 && queued+l.refused <= l.mostQueued
}

// noteRoom looks at the queue when a message was accepted. It may have taken the place of a larger
// one, and further ones may take the room before the game reads of it.
func (l *Lane) noteRoom() { l.hadRoom = l.hadRoom || l.refused > 0 && l.hasRoom() }

// writable judges the event.
func (l *Lane) writable() {
	switch {
	case l.refused == 0:
		l.fault(Room, "Writable, and nothing was refused since the last time")
	case !l.hadRoom && !l.hasRoom():
		l.fault(Room, "Writable, and there is no room")
	}
	l.refused = 0
}

// checkRoom looks, after all events were read, for a lane that waits for Writable and need not.
// Who drains sends nothing more, and is told nothing.
func (e *End) checkRoom() {
	if !e.Open() || e.drains || !e.conn.Open() || e.host().pause.asleep {
		return
	}
	for _, l := range e.lanes {
		if l.refused > 0 && l.hasRoom() {
			l.fault(Room, "there is room again, and no event says so")
			l.refused = 0
		}
	}
}
