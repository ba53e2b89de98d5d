package tickwire_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

var (
	climbs  = flag.Int("climbs", 100, "seeds of TestLongHundredClimbs and TestLongWildClimbs")
	climbOf = flag.Int("climb", -1, "the only seed of them")
)

const (
	// mostPause bounds how long nothing unreliable comes in a climb while one rung carries something: what
	// carried the messages is cut, which shows only when three probe timeouts have passed in silence.
	mostPause = time.Second
	// mostWildPause is when that may not be so: all rungs are cut for five seconds, or gone for four, and who looks for
	// another one pauses.
	mostWildPause = 20 * time.Second
)

// A guest is the client's side of a climb.
type guest interface {
	party
	// here reports whether it is open, and hears of the server.
	here() bool
	// answers reports whether the server answers it over a transport.
	answers(transport.Kind) bool
	reason() string
}

// A goGuest is a Conn of a Client in Go.
type goGuest struct{ connParty }

func (g goGuest) here() bool     { return g.Open() && g.Away() == 0 }
func (g goGuest) reason() string { return g.Reason().String() }

func (g goGuest) answers(kind transport.Kind) bool {
	for st := range g.Paths() {
		if st.Kind == kind && st.State == tickwire.PathActive {
			return true
		}
	}
	return false
}

// A mountain is a climb by a seed: rungs come, are cut, rebound and killed, one of them always is as
// it should be, and both sides talk all the time.
type mountain struct {
	*climber
	guest  guest
	asked  bool // the guest brings rungs by itself, when they are to be had
	random *rand.Rand
	cutOff map[*rung]time.Time // until when
	comes  map[transport.Kind]time.Time
	did    map[string]int
	wild   bool // it may be that nothing carries anything, and streams may be slow
}

// living is the rung of a kind that has not ended.
func (m *mountain) living(kind transport.Kind) *rung {
	for _, r := range m.ladder.rungs {
		if r.path.Kind == kind && !r.dead {
			return r
		}
	}
	return nil
}

// soundBeside reports whether there is another rung that carries something.
func (m *mountain) soundBeside(r *rung) bool {
	for _, other := range m.ladder.rungs {
		if _, off := m.cutOff[other]; other != r && !other.dead && !off && m.settled(other) {
			return true
		}
	}
	return false
}

// settled reports whether both sides have a rung for one on which the other answers.
func (m *mountain) settled(r *rung) bool {
	return m.guest.answers(r.path.Kind) && goGuest{connParty{m.player}}.answers(r.path.Kind)
}

// raiseRough adds a rung over a line that the seed draws.
func (m *mountain) raiseRough(kind transport.Kind) *rung {
	r := m.raise(kind)
	cfg := simnet.LinkConfig{Delay: m.between(5, 60), Jitter: m.between(0, 8), Loss: 0.05 * m.random.Float64()}
	if r.slow {
		cfg = simnet.LinkConfig{Delay: m.between(10, 80), Loss: 0.01 * m.random.Float64()}
		if m.wild && m.random.IntN(2) == 0 {
			cfg.BitsPerSecond, cfg.QueueBytes, cfg.QueuePackets = 200_000+m.random.Int64N(400_000), 1<<20, -1
		}
	}
	r.link(cfg)
	delete(m.comes, kind)
	return r
}

// between is a time of so many milliseconds.
func (m *mountain) between(least, most int) time.Duration {
	return time.Duration(least+m.random.IntN(most-least+1)) * time.Millisecond
}

// step does what is due, and now and then something to a rung.
func (m *mountain) step() {
	now := m.w.nw.Now()
	for _, kind := range ranks {
		at, gone := m.comes[kind]
		if !gone && m.living(kind) == nil {
			m.comes[kind] = now.Add(m.between(300, 4000))
		} else if gone && now.After(at) && !m.asked {
			m.raiseRough(kind)
		}
		r := m.living(kind)
		if r == nil {
			continue
		}
		if until, off := m.cutOff[r]; off {
			if now.After(until) {
				r.cut(false)
				delete(m.cutOff, r)
			}
			continue
		}
		if m.random.IntN(150) == 0 {
			m.shake(r)
		}
	}
}

// shake does something to a rung that is well.
func (m *mountain) shake(r *rung) {
	switch what := m.random.IntN(3); {
	case what == 0 && !r.slow:
		m.did["rebinds"]++
		r.rebind()
	case !m.wild && !m.soundBeside(r):
	case what == 1:
		m.did["cuts of "+r.path.Kind.String()]++
		r.cut(true)
		m.cutOff[r] = m.w.nw.Now().Add(m.between(200, 5000))
	case what == 2:
		m.did["killed "+r.path.Kind.String()]++
		late := 300
		if m.wild {
			late = 3000
		}
		r.kill("killed", m.between(0, late), m.between(0, late))
	}
}

// size is how long a reliable message is beyond its number: mostly little, and some do not fit one datagram.
func (m *mountain) size() int {
	if m.random.IntN(20) == 0 {
		return m.random.IntN(6000)
	}
	return m.random.IntN(40)
}

// newMountain is one before the climb.
func newMountain(t *testing.T, seed int, wild bool, did map[string]int) *mountain {
	return &mountain{
		climber: &climber{w: newWorldOf(t, uint64(seed))}, random: rand.New(rand.NewPCG(uint64(seed), 1)),
		cutOff: make(map[*rung]time.Time), comes: make(map[transport.Kind]time.Time), did: did, wild: wild,
	}
}

// play has both sides talk while things happen, and returns how long at most nothing came.
func (m *mountain) play() (pause time.Duration) {
	m.up.more, m.down.more = m.size, m.size
	m.w.run(30*time.Second, func() bool {
		if m.step(); m.guest.here() && m.player.Open() && m.player.Away() == 0 {
			return m.tick()
		}
		return false
	})
	pause = max(m.up.gap, m.down.gap)
	for r := range m.cutOff {
		r.cut(false)
	}
	clear(m.comes)
	if !m.asked && m.living(transport.KindWebSocket) == nil {
		m.raise(transport.KindWebSocket)
	}
	m.settle()
	if !m.guest.here() || !m.player.Open() {
		m.w.t.Errorf("it ended: %s; %v", m.guest.reason(), m.player.Reason())
	}
	return pause
}

// climb plays one seed with a client in Go.
func climb(t *testing.T, seed int, wild bool, did map[string]int) (pause time.Duration) {
	t.Helper()
	m := newMountain(t, seed, wild, did)
	m.climber = m.w.newClimber(func(s *tickwire.ServerConfig, _ *tickwire.ClientConfig) { s.KeepSeats = time.Minute })
	m.connect()
	m.guest = goGuest{connParty{m.conn}}
	pause = m.play()
	for i := range m.w.heard[m.client] {
		if m.w.heard[m.client][i].Kind == tickwire.PathChanged && m.w.heard[m.client][i].PathState == tickwire.PathActive {
			did["active"]++
		}
	}
	return pause
}

// TestLongHundredClimbs: in a hundred climbs no reliable message is lost, doubled or out of order, whatever
// becomes of the rungs; and as long as one of them carries something nothing pauses for long.
func TestLongHundredClimbs(t *testing.T) { hundredClimbs(t, *climbs, climb, false) }

// TestLongWildClimbs: nor when all of them are cut or gone at times, slow, or their ends are heard of late.
func TestLongWildClimbs(t *testing.T) { hundredClimbs(t, *climbs, climb, true) }

func hundredClimbs(t *testing.T, seeds int, climb func(*testing.T, int, bool, map[string]int) time.Duration, wild bool) {
	did := make(map[string]int)
	var worst time.Duration
	for seed := range seeds {
		if *climbOf >= 0 {
			seed = *climbOf
		}
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) {
			pause := climb(t, seed, wild, did)
			worst = max(worst, pause)
			most := mostPause
			if wild {
				most = mostWildPause
			}
			if pause > most {
				t.Errorf("nothing came for %v, want %v at most", pause, most)
			}
		}) {
			t.Errorf("again: go test . -run %s -climb %d", t.Name(), seed)
		}
		if *climbOf >= 0 {
			break
		}
	}
	t.Logf("the longest pause was %v; %v", worst, did)
}
