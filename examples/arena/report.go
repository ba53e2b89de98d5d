package arena

import (
	"time"

	"github.com/tickwire/tickwire"
)

// A Report is what can be told about a match at one moment.
type Report struct {
	Time        time.Time
	Steps       uint64        // of the game so far
	WorstLate   time.Duration // how much the latest step came after its time
	ChatLines   uint32
	ScoreTables uint32
	Players     []PlayerReport
	Server      tickwire.Stats
}

// A PlayerReport is about one connected player, as the server sees it: what it
// receives is the way up.
type PlayerReport struct {
	Score
	Since       time.Time // when it connected
	Transport   string    // by which it plays now
	Inputs      uint64    // received
	StaleInputs uint64    // of these: older than one before; the channel promises 0
	Stats       tickwire.ConnStats
}

// Report looks at the match. It belongs to the goroutine that calls Step.
func (g *Game) Report(now time.Time) Report {
	r := Report{Time: now, Steps: g.steps, WorstLate: g.worstLate, ChatLines: g.lines, ScoreTables: g.tables, Server: g.srv.Stats()}
	for c := range g.srv.Conns() {
		s, ok := c.Value.(*seat)
		if !ok || !present(c) {
			continue
		}
		frags, deaths := g.world.Score(s.id)
		r.Players = append(r.Players, PlayerReport{
			Score: Score{s.id, frags, deaths, s.name}, Since: s.since, Transport: c.Transport().String(),
			Inputs: s.inputs, StaleInputs: s.stale, Stats: c.Stats(),
		})
	}
	return r
}
