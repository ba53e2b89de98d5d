package arena

import "math"

// A schedule knows so many ticks: what is further ahead is of no use, and what is later is of a line on which nobody
// can play.
const (
	window    = 256
	mostAhead = Rate
	mostLate  = 2 * Rate
)

// patience is how many ticks a player may say nothing before he is taken to stand still: half a second.
const patience = Rate / 2

// A schedule has the moves of one player until their ticks come. Those that came too late count from the next
// tick on, unless there is a newer one.
type schedule struct {
	moves   [window]Move
	ticks   [window]uint32 // of which each is; a ring by tick
	newest  uint32         // of all
	used    uint32         // the newest whose tick has come
	usedAt  uint32         // and in which tick that was
	heard   uint32         // the first one that came since the last tick; 0: none
	stopped bool
}

// take notes what came before a tick of the world. It reports whether that was newer than everything before.
func (s *schedule) take(in Input, next uint32) bool {
	fresh := s.newest == 0 || int32(in.Tick-s.newest) > 0
	for i := len(in.Moves) - 1; i >= 0; i-- {
		tick := in.Tick - uint32(i)
		ahead := int32(tick - next)
		if tick == 0 || ahead > mostAhead || ahead < -mostLate || s.ticks[tick%window] == tick || s.used > 0 && int32(tick-s.used) <= 0 {
			continue
		}
		s.moves[tick%window], s.ticks[tick%window] = in.Moves[i], tick
		if s.heard == 0 && (s.newest == 0 || int32(tick-s.newest) > 0) {
			s.heard = tick
		}
	}
	if fresh {
		s.newest = in.Tick
	}
	return fresh
}

// late is for how many ticks before a tick the move was that counts in it.
func (s *schedule) late(tick uint32) uint8 {
	if s.used == 0 {
		return 0 // he has not moved yet
	}
	return uint8(min(tick-s.used, math.MaxUint8))
}

// due is the move that begins with a tick; without one the last goes on, for a while.
func (s *schedule) due(tick uint32) (Move, bool) {
	for back := range uint32(mostLate) {
		t := tick - back
		if t == s.used || t == 0 {
			break
		}
		if s.ticks[t%window] == t {
			s.used, s.usedAt, s.stopped = t, tick, false
			return s.moves[t%window], true
		}
	}
	if !s.stopped && tick-s.usedAt > patience {
		s.stopped = true
		return Move{Aim: s.moves[s.used%window].Aim}, true
	}
	return Move{}, false
}
