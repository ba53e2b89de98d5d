package tickwire_test

import (
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// Storms are what becomes of a climb on stormy terrain beside that of wild one: each has a chance of its own by the
// seed, and most are over after a while.
type storms struct {
	client, server *sleeper
	undo           []undo
	soundSince     time.Time // a rung is as it should be, and nobody sleeps
	pause          time.Duration
}

// An undo ends what a storm began.
type undo struct {
	at time.Time
	f  func()
}

// A sleeper is a driver that may sleep as a laptop does, or a server whose host has no time for it. Its clock may
// stand still meanwhile, as the monotonic clock of some systems does.
type sleeper struct {
	driver
	w      *world
	until  time.Time
	behind *time.Duration // its clock
	last   time.Time      // that it said last
}

func (s *sleeper) asleep() bool { return s.w.nw.Now().Before(s.until) }

func (s *sleeper) Update(now time.Time) {
	if !s.asleep() {
		s.driver.Update(s.clock(now))
	}
}

// clock is what its clock says. It never goes back: to who slept, all would stand still for as long.
func (s *sleeper) clock(now time.Time) time.Time {
	now = now.Add(-*s.behind)
	if now.Before(s.last) {
		s.w.t.Errorf("its clock goes back by %v", s.last.Sub(now))
	}
	s.last = now
	return now
}

func (s *sleeper) Flush(now time.Time) time.Time   { return s.served(now, s.driver.Flush) }
func (s *sleeper) Service(now time.Time) time.Time { return s.served(now, s.driver.Service) }

func (s *sleeper) served(now time.Time, by func(time.Time) time.Time) time.Time {
	if s.asleep() {
		return s.until
	}
	if at := by(s.clock(now)); !at.IsZero() {
		return at.Add(*s.behind)
	}
	return time.Time{}
}

func (s *sleeper) Events() iter.Seq[tickwire.Event] {
	if s.asleep() {
		return func(func(tickwire.Event) bool) {}
	}
	return s.driver.Events()
}

// configure is how the server of a climb is.
func (m *mountain) configure(s *tickwire.ServerConfig) {
	s.KeepSeats = time.Minute
	if m.asked && m.terrain == wild || m.terrain == stormy && m.random.IntN(2) == 0 { // so that some cuts last longer
		s.DevelopmentToken = func(token *netcode.MintConfig) { token.Timeout = 2 * time.Second }
	}
}

// brew lets both ends sleep from now on.
func (m *mountain) brew() {
	m.storms = &storms{soundSince: m.w.nw.Now()}
	replace := func(d driver, behind *time.Duration) *sleeper {
		s := &sleeper{driver: d, w: m.w, behind: behind}
		m.w.drivers[slices.Index(m.w.drivers, d)] = s
		m.w.heard[s] = m.w.heard[d]
		return s
	}
	if p, ok := m.guest.(*page); ok {
		m.storms.client = replace(p, &p.behind)
	} else {
		m.storms.client = replace(m.client, &m.ladder.behind)
	}
	m.storms.server = replace(m.srv, &m.floor.behind)
}

// during has something end after so many milliseconds.
func (m *mountain) during(least, most int, f func()) {
	m.storms.undo = append(m.storms.undo, undo{m.w.nw.Now().Add(m.between(least, most)), f})
}

// A rungStorm befalls a rung.
type rungStorm struct {
	name    string
	streams bool // too
	befall  func(*mountain, *rung)
}

// line is a storm that changes the lines of a rung for a while.
func line(name string, streams bool, change func(m *mountain) func(*simnet.LinkConfig)) rungStorm {
	return rungStorm{name, streams, func(m *mountain, r *rung) {
		m.befall(r, &fault{change: change(m)}, 300, 20_000)
	}}
}

func (m *mountain) befall(r *rung, f *fault, least, most int) {
	r.befall(f)
	m.during(least, most, func() {
		m.note("%v is mended of a fault", r.path.Kind)
		r.mend(f)
	})
}

var rungStorms = []rungStorm{
	line("a third is lost", false, func(m *mountain) func(*simnet.LinkConfig) {
		loss, burst := 0.2+0.2*m.random.Float64(), 0.0
		if m.random.IntN(2) == 0 {
			burst = 1 + 6*m.random.Float64()
		}
		return func(cfg *simnet.LinkConfig) { cfg.Loss, cfg.LossBurst = loss, burst }
	}),
	line("large datagrams vanish", false, func(m *mountain) func(*simnet.LinkConfig) {
		most := 600 + m.random.IntN(600)
		return func(cfg *simnet.LinkConfig) { cfg.MTU = most }
	}),
	line("a queue that fills", true, func(m *mountain) func(*simnet.LinkConfig) {
		rate := 300_000 + m.random.Int64N(300_000)
		return func(cfg *simnet.LinkConfig) { cfg.BitsPerSecond, cfg.QueueBytes, cfg.QueuePackets = rate, 1<<20, -1 }
	}),
	line("strays and copies", false, func(m *mountain) func(*simnet.LinkConfig) {
		by := m.between(100, 8000)
		return func(cfg *simnet.LinkConfig) { cfg.Reorder, cfg.ReorderBy, cfg.Duplicate = 0.1, by, 0.1 }
	}),
	line("bits flip", false, func(*mountain) func(*simnet.LinkConfig) {
		return func(cfg *simnet.LinkConfig) { cfg.Corrupt, cfg.CorruptBits = 0.05, 3 }
	}),
	line("a satellite", true, func(m *mountain) func(*simnet.LinkConfig) {
		delay := m.between(200, 700)
		return func(cfg *simnet.LinkConfig) { cfg.Delay = delay }
	}),
	{"one direction is cut", true, func(m *mountain, r *rung) {
		f := &fault{}
		f.off[m.random.IntN(2)] = true
		m.befall(r, f, 100, 20_000)
	}},
	{"cut for long", true, func(m *mountain, r *rung) {
		m.befall(r, &fault{off: [2]bool{true, true}}, 5000, 25_000)
	}},
	{"flutters", true, func(m *mountain, r *rung) {
		for range 2 + m.random.IntN(20) {
			m.during(0, 8000, func() {
				if !r.dead {
					m.befall(r, &fault{off: [2]bool{true, true}}, 50, 1000)
				}
			})
		}
	}},
	{"a NAT that forgets", false, func(m *mountain, r *rung) {
		every := m.between(100, 3000)
		for n := range 2 + m.random.IntN(8) {
			at := m.w.nw.Now().Add(time.Duration(n) * every)
			m.storms.undo = append(m.storms.undo, undo{at, func() { m.rebindSomehow(r) }})
		}
	}},
	{"takes less", false, func(m *mountain, r *rung) {
		if r.path.Kind == transport.KindWebTransport {
			r.max = 1050 + m.random.IntN(150)
		}
	}},
}

// rebindSomehow gives a rung another address: of the other family at times, and the old one may work a while longer.
func (m *mountain) rebindSomehow(r *rung) {
	if r.dead {
		return
	}
	at, keep := m.w.address(), time.Duration(0)
	if m.random.IntN(3) == 0 {
		at = netip.AddrPortFrom(netip.AddrFrom16([16]byte{0: 0xfd, 15: byte(m.w.hosts), 14: byte(m.w.hosts >> 8)}), 7000)
	}
	if m.random.IntN(3) == 0 {
		keep = m.between(10, 5000)
	}
	r.rebindTo(at, keep)
}

// A worldStorm befalls all, or the ends.
type worldStorm struct {
	name   string
	befall func(*mountain)
}

var worldStorms = []worldStorm{
	{"all are cut", func(m *mountain) {
		for _, r := range m.alive() {
			m.befall(r, &fault{off: [2]bool{true, true}}, 100, 4000)
		}
	}},
	{"all end", func(m *mountain) {
		for _, r := range m.alive() {
			r.kill("killed", m.between(0, 3000), m.between(0, 3000))
		}
	}},
	{"the client sleeps", func(m *mountain) { m.sleep(m.storms.client, 8000) }},
	{"the server sleeps", func(m *mountain) { m.sleep(m.storms.server, 3000) }},
	{"the server's keys change", func(m *mountain) { m.player.ChangeKeys() }},
	{"the client's keys change", func(m *mountain) {
		if m.conn != nil {
			m.conn.ChangeKeys()
		}
	}},
	{"the client holds", func(m *mountain) {
		if m.conn != nil && m.conn.Hold(m.between(1000, 8000)) == nil {
			m.during(50, 200, func() { m.sleep(m.storms.client, 8000) })
		}
	}},
	{"the server holds", func(m *mountain) {
		if m.player.Hold(m.between(1000, 5000)) == nil {
			m.during(50, 200, func() { m.sleep(m.storms.server, 3000) })
		}
	}},
}

// sleep has an end sleep, and its clock too at times.
func (m *mountain) sleep(s *sleeper, most int) {
	if s.asleep() {
		return
	}
	d := m.between(100, most)
	s.until = m.w.nw.Now().Add(d)
	if m.random.IntN(2) == 0 {
		*s.behind += d // now, while nobody looks at it
	}
}

// alive are the rungs that have not ended.
func (m *mountain) alive() (rungs []*rung) {
	for _, r := range m.ladder.rungs {
		if !r.dead {
			rungs = append(rungs, r)
		}
	}
	return rungs
}

// storm begins and ends storms.
func (m *mountain) storm() {
	now := m.w.nw.Now()
	for i := 0; i < len(m.storms.undo); i++ {
		if u := m.storms.undo[i]; !now.Before(u.at) {
			m.storms.undo = slices.Delete(m.storms.undo, i, i+1)
			i--
			u.f()
		}
	}
	if m.random.IntN(60) == 0 {
		s := rungStorms[m.random.IntN(len(rungStorms))]
		if alive := m.alive(); len(alive) > 0 {
			if r := alive[m.random.IntN(len(alive))]; s.streams || !r.slow {
				m.did[s.name]++
				m.note("%v: %s", r.path.Kind, s.name)
				s.befall(m, r)
			}
		}
	}
	if m.random.IntN(200) == 0 {
		s := worldStorms[m.random.IntN(len(worldStorms))]
		m.did[s.name]++
		m.note("%s", s.name)
		s.befall(m)
	}
}

// talks has those speak and listen who are awake, and looks how long nothing has come beside a sound rung.
func (m *mountain) talks() {
	s, now := m.storms, m.w.nw.Now()
	client, server := !s.client.asleep(), !s.server.asleep()
	open := m.guest.here() && m.player.Open() && m.player.Away() == 0
	if client {
		m.down.listen(m.w.t, now)
	}
	if server {
		m.up.listen(m.w.t, now)
	}
	if open && client {
		m.up.speak(m.w.t)
	}
	if open && server {
		m.down.speak(m.w.t)
	}
	if !client || !server || !open || !slices.ContainsFunc(m.alive(), m.sound) {
		s.soundSince = now
	}
	for _, speech := range []*speech{&m.up, &m.down} {
		since := speech.heard
		if since.Before(s.soundSince) {
			since = s.soundSince
		}
		if silent := now.Sub(since); silent > s.pause {
			s.pause = silent
			m.note("that counts: %v", silent)
		}
	}
}

// sound reports whether a rung is as it should be.
func (m *mountain) sound(r *rung) bool { return len(r.faults) == 0 && m.settled(r) }

// calm ends all storms.
func (m *mountain) calm() {
	m.storms.undo = nil
	for _, r := range m.alive() {
		r.faults = nil
		r.relink()
	}
	m.w.run(m.storms.client.until.Sub(m.w.nw.Now()), nil)
	m.w.run(m.storms.server.until.Sub(m.w.nw.Now()), nil)
}
