package tickwire_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

var (
	climbs     = flag.Int("climbs", 100, "seeds of TestLongHundredClimbs, TestLongWildClimbs and TestLongStormyClimbs")
	firstClimb = flag.Int("climbs.first", 0, "the first one of them")
	climbOf    = flag.Int("climb", -1, "the only seed of them")
)

// A terrain is how bad a climb may be.
type terrain int

const (
	tame   terrain = iota // one rung always is as it should be
	wild                  // it may be that nothing carries anything, and streams may be slow
	stormy                // and that all that storms has happens
)

// mostPauses bound how long nothing unreliable comes. While one rung carries something what carried the messages is
// cut, which shows only when three probe timeouts have passed in silence. On wild terrain all rungs are cut for five
// seconds, or gone for four, and who looks for another one pauses; in storms only what passes beside a sound rung counts.
var mostPauses = map[terrain]time.Duration{tame: time.Second, wild: 20 * time.Second, stormy: 3 * time.Second}

// A guest is the client's side of a climb.
type guest interface {
	party
	driver
	// here reports whether it is open, and hears of the server.
	here() bool
	// answers reports whether the server answers it over a transport.
	answers(transport.Kind) bool
	carrier() transport.Kind
	reason() string
}

// A goGuest is a Conn of a Client in Go.
type goGuest struct {
	connParty
	driver
}

func (g goGuest) here() bool              { return g.Open() && g.Away() == 0 }
func (g goGuest) reason() string          { return g.Reason().String() }
func (g goGuest) carrier() transport.Kind { return g.Transport() }

func (g goGuest) answers(kind transport.Kind) bool { return answered(g.Conn, kind) }

// answered reports whether the peer of a Conn answers over a transport.
func answered(c *tickwire.Conn, kind transport.Kind) bool {
	for st := range c.Paths() {
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
	terrain
	storms *storms
	noted  [2]string // of the paths, by side
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
	return m.guest.answers(r.path.Kind) && answered(m.player, r.path.Kind)
}

// raiseRough adds a rung over a line that the seed draws.
func (m *mountain) raiseRough(kind transport.Kind) *rung {
	r := m.raise(kind)
	cfg := simnet.LinkConfig{Delay: m.between(5, 60), Jitter: m.between(0, 8), Loss: 0.05 * m.random.Float64()}
	if r.slow {
		cfg = simnet.LinkConfig{Delay: m.between(10, 80), Loss: 0.01 * m.random.Float64()}
		if m.terrain >= wild && m.random.IntN(2) == 0 {
			cfg.BitsPerSecond, cfg.QueueBytes, cfg.QueuePackets = 200_000+m.random.Int64N(400_000), 1<<20, -1
		}
	}
	m.note("%v comes, %v one way, %.1f %% lost", kind, cfg.Delay, 100*cfg.Loss)
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
				m.note("%v is whole", kind)
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
		m.note("%v is rebound", r.path.Kind)
		r.rebind()
	case m.terrain == tame && !m.soundBeside(r):
	case what == 1:
		m.did["cuts of "+r.path.Kind.String()]++
		r.cut(true)
		m.cutOff[r] = m.w.nw.Now().Add(m.between(200, 5000))
		m.note("%v is cut", r.path.Kind)
	case what == 2:
		m.did["killed "+r.path.Kind.String()]++
		late := 300
		if m.terrain >= wild {
			late = 3000
		}
		client, server := m.between(0, late), m.between(0, late)
		m.note("%v ends, the client hears of it after %v, the server after %v", r.path.Kind, client, server)
		r.kill("killed", client, server)
	}
}

// note tells what happens in a climb that is played alone, for who looks for a root.
func (m *mountain) note(format string, args ...any) {
	if *climbOf >= 0 {
		m.w.t.Logf("%9.3f "+format, append([]any{m.w.nw.Now().Sub(simnet.Epoch).Seconds()}, args...)...)
	}
}

// notePaths tells of what changes of the paths, and how long nothing has come.
func (m *mountain) notePaths() {
	if *climbOf < 0 {
		return
	}
	for side, conn := range []*tickwire.Conn{m.conn, m.player} {
		if conn == nil { // of a page
			continue
		}
		var now string
		for st := range conn.Paths() {
			now += fmt.Sprintf(" %d %v %v %v %v", st.Path, st.Kind, st.State, st.Use, st.RTT.Round(time.Millisecond))
		}
		if now != m.noted[side] {
			m.noted[side] = now
			m.note("%s:%s", [2]string{"client", "server"}[side], now)
		}
	}
	for i, s := range []*speech{&m.up, &m.down} {
		if silent := m.w.nw.Now().Sub(s.heard); silent > 200*time.Millisecond && silent%(100*time.Millisecond) < time.Second/60 {
			m.note("%s: nothing for %v", [2]string{"up", "down"}[i], silent.Round(time.Millisecond))
		}
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
func newMountain(t *testing.T, seed int, terrain terrain, did map[string]int) *mountain {
	return &mountain{
		climber: &climber{w: newWorldOf(t, uint64(seed))}, random: rand.New(rand.NewPCG(uint64(seed), 1)),
		cutOff: make(map[*rung]time.Time), comes: make(map[transport.Kind]time.Time), did: did, terrain: terrain,
	}
}

// A climbed is how a climb went.
type climbed struct {
	pause time.Duration // the longest in which nothing unreliable came
	top   time.Duration // until the best rung carried the messages, when nothing happened any more and all had come
}

// play has both sides talk while things happen, and then climb to the top.
func (m *mountain) play() (c climbed) {
	m.up.more, m.down.more = m.size, m.size
	if m.terrain == stormy {
		m.brew()
	}
	m.w.run(30*time.Second, func() bool {
		if m.step(); m.terrain == stormy {
			m.storm()
			m.talks()
		} else if m.guest.here() && m.player.Open() && m.player.Away() == 0 {
			m.tick()
		}
		m.notePaths()
		return false
	})
	if c.pause = max(m.up.gap, m.down.gap); m.terrain == stormy {
		c.pause = m.storms.pause
		m.calm()
	}
	for r := range m.cutOff {
		r.cut(false)
	}
	clear(m.comes)
	if !m.asked && m.living(transport.KindWebSocket) == nil {
		m.raise(transport.KindWebSocket)
	}
	m.note("all is calm: %d of %d came up, %d of %d down; the client is here %v: %s; the server's is open %v, away %v", m.up.came, m.up.said,
		m.down.came, m.down.said, m.guest.here(), m.guest.reason(), m.player.Open(), m.player.Away())
	if m.terrain == stormy && strings.Contains(m.guest.reason(), "this resume ticket was used") {
		m.did[outOfTickets]++
		return c
	}
	m.settle()
	calm := m.w.nw.Now()
	if !m.w.run(mostTop, m.onTop) {
		m.w.t.Errorf("it is not on the best rung: the client says %v, the server %v; %s; %v", m.guest.carrier(), m.player.Transport(), m.guest.reason(), m.player.Reason())
	}
	c.top = m.w.nw.Now().Sub(calm)
	return c
}

// outOfTickets is the end of a player whose line died twice just after he had come back: each time before
// another resume ticket came. He connects anew.
const outOfTickets = "out of tickets"

// mostTop bounds how long it takes to the best rung: one that nobody answered on is tried each 16 seconds, one that fell
// often is trusted after as many, and a page looks for another one each minute.
const mostTop = 100 * time.Second

// onTop has rungs of all kinds stand, and reports whether the best one carries the messages. A page that has a data
// channel looks for nothing better (SPEC.md, 12.5).
func (m *mountain) onTop() bool {
	for _, kind := range ranks {
		if !m.asked && m.living(kind) == nil {
			m.raise(kind)
		}
	}
	best := m.guest.carrier()
	return m.guest.here() && m.player.Open() && m.player.Transport() == best &&
		(best == ranks[0] || m.asked && best == transport.KindWebRTC)
}

// climb plays one seed with a client in Go.
func climb(t *testing.T, seed int, terrain terrain, did map[string]int) climbed {
	t.Helper()
	m := newMountain(t, seed, terrain, did)
	m.climber = m.w.newClimber(func(s *tickwire.ServerConfig, _ *tickwire.ClientConfig) { m.configure(s) })
	m.connect()
	m.guest = goGuest{connParty{m.conn}, m.client}
	c := m.play()
	for _, d := range m.w.drivers {
		for _, ev := range m.w.heard[d] {
			if ev.Conn == m.conn && ev.Kind == tickwire.PathChanged && ev.PathState == tickwire.PathActive {
				did["active"]++
			}
		}
	}
	return c
}

// TestLongHundredClimbs: in a hundred climbs no reliable message is lost, doubled or out of order, whatever
// becomes of the rungs; and as long as one of them carries something nothing pauses for long.
func TestLongHundredClimbs(t *testing.T) { hundredClimbs(t, *climbs, climb, tame) }

// TestLongWildClimbs: nor when all of them are cut or gone at times, slow, or their ends are heard of late.
func TestLongWildClimbs(t *testing.T) { hundredClimbs(t, *climbs, climb, wild) }

// TestLongStormyClimbs: nor in storms, but for a player who is out of tickets: lines that lose a third or all that is
// large, fill up, or go one way only, datagrams that come late, twice or wrong, addresses that change each moment and
// between families, ends that sleep, hold or change their keys, and tickets that are shown by another rung.
func TestLongStormyClimbs(t *testing.T) { hundredClimbs(t, *climbs, climb, stormy) }

func hundredClimbs(t *testing.T, seeds int, climb func(*testing.T, int, terrain, map[string]int) climbed, terrain terrain) {
	did, first := make(map[string]int), *firstClimb
	if *climbOf >= 0 {
		first, seeds = *climbOf, 1
	}
	var all []climbed
	for seed := first; seed < first+seeds; seed++ {
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c := climb(t, seed, terrain, did)
			all = append(all, c)
			if most := mostPauses[terrain]; c.pause > most {
				t.Errorf("nothing came for %v, want %v at most", c.pause, most)
			}
		}) {
			t.Errorf("again: go test . -run '%s$' -climb %d", t.Name(), seed)
		}
	}
	if n := did[outOfTickets]; n > 1+seeds/50 {
		t.Errorf("%d of %d had no resume ticket left", n, seeds)
	}
	t.Logf("the longest pauses: %s; on the best rung after: %s; %v",
		quantiles(all, func(c climbed) time.Duration { return c.pause }),
		quantiles(all, func(c climbed) time.Duration { return c.top }), did)
}

// quantiles are the median, the 99th percentile and the most of something.
func quantiles(all []climbed, of func(climbed) time.Duration) string {
	var d []time.Duration
	for _, c := range all {
		d = append(d, of(c).Round(time.Millisecond))
	}
	slices.Sort(d)
	if len(d) == 0 {
		return "none"
	}
	return fmt.Sprintf("p50 %v, p99 %v, most %v", d[len(d)/2], d[(len(d)-1)*99/100], d[len(d)-1])
}
