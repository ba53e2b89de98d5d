package timeline

import (
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// A slew is a position in time that follows a target without jumping: like a film that runs a
// little faster or slower until it is where it should be. Only what is too far off to be caught up
// with is jumped over.
type slew struct {
	most float64       // by how much the speed differs from the target's at most, as a fraction
	jump time.Duration // an error beyond it is jumped over

	at, now time.Duration // the position, and when that was
	running bool
	jumps   int
}

// slewTime is in how long an error would be gone if it were caught up with at the speed of the
// first moment: fast enough for a route that changes, too slow to see.
const slewTime = time.Second

// newSlew returns one with the fields Slew and Jump of a configuration.
func newSlew(most float64, jump time.Duration) slew { return slew{most: most, jump: jump} }

// checkSlew checks these.
func checkSlew(v *config.Check, most float64, jump time.Duration) {
	v.That(most > 0 && most < 1, "Slew", most, "above 0 and below 1, or 0 for 0.05")
	v.That(jump > 0, "Jump", jump, "above 0, or 0 for 250ms")
}

// advance moves the position to where it is at now and returns it.
func (s *slew) advance(now, target time.Duration) time.Duration {
	past := max(now-s.now, 0)
	off := target - (s.at + past)
	switch {
	case !s.running:
		s.at, s.running = target, true
	case off > s.jump || off < -s.jump:
		s.at = target
		s.jumps++
	default:
		share := min(max(float64(off)/float64(slewTime), -s.most), s.most)
		s.at += past + time.Duration(share*float64(past))
	}
	s.now = max(s.now, now)
	return s.at
}
