package endpoint

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A mesh is two endpoints with several ways between them, in virtual time: a client, which is
// end 0 and has sockets, and a server, to which each way has an address. A Route is a socket at
// the one, an address at the other end.
type mesh struct {
	t     testing.TB
	now   int64
	seed  uint64
	ends  [2]*Endpoint
	ways  []*way
	from  [256]*way // where the client's sockets lead now
	to    [256]*way // where the server's addresses lead
	watch func(end int, w *way, b []byte)
	buf   []byte

	carrier Carrier // of all ways; the zero value: packets get 1150 bytes
	marks   [2]ECN  // of the datagrams that the ends sent last

	epoch [2]int // as that of a pair

	asks   int     // how often each end is asked for its deadline between any two other calls
	asleep [2]bool // nobody calls the end
	missed []func()
}

// wake has an end read what came while nobody called it.
func (m *mesh) wake(end int) {
	m.asleep[end] = false
	for _, arrive := range m.missed {
		arrive()
	}
	m.missed = nil
	m.ends[end].HandleTimeout(m.now)
}

// A way carries datagrams between a socket and an address.
type way struct {
	links      [2]link // from the client, from the server
	socket     Route
	address    Route
	dead       bool // what is on it, and what comes, is lost
	came, went int  // bytes at the server
	ours       bool // the server chose it, or knows that the client is there
}

const meshHeader = 9

// newMesh joins two endpoints by one way, on which path 0 is.
func newMesh(t testing.TB, cfg Config, delay time.Duration, seed uint64) *mesh {
	t.Helper()
	return (&mesh{t: t, now: second, seed: seed}).join(cfg, delay)
}

func (m *mesh) join(cfg Config, delay time.Duration) *mesh {
	m.t.Helper()
	cfg.Handshake, cfg.Trusted = true, true
	for i := range m.ends {
		cfg.Seed = m.seed*2 + uint64(i)
		var err error
		if m.ends[i], err = New(m.now, cfg); err != nil {
			m.t.Fatal(err)
		}
	}
	for i, e := range m.ends {
		if err := e.HandleHello(m.now, m.ends[1-i].AppendHello(m.now, nil)); err != nil {
			m.t.Fatal(err)
		}
	}
	m.addWay(0, 0, delay).ours = true
	m.events(0)
	m.events(1)
	m.t.Cleanup(m.checkLeaks)
	return m
}

func (m *mesh) checkLeaks() {
	for i, e := range m.ends {
		e.Release()
		if n := e.cfg.Buffers.Stats().InUse; n != 0 {
			m.t.Errorf("end %d keeps %d buffers after its release", i, n)
		}
		if e.outbox.openReceipts != 0 {
			m.t.Errorf("end %d: %d receipts have no fate", i, e.outbox.openReceipts)
		}
	}
}

// addWay makes a way from a socket to an address. What the client sends from the socket goes
// there from now on.
func (m *mesh) addWay(socket, address Route, delay time.Duration) *way {
	w := &way{socket: socket, address: address}
	for i := range w.links {
		w.links[i] = link{rnd: rand.New(rand.NewPCG(m.seed, uint64(len(m.ways)*2+i))), delay: delay}
	}
	m.ways = append(m.ways, w)
	m.from[socket], m.to[address] = w, w
	return w
}

// lossy makes both directions of a way lose and reorder.
func (w *way) lossy(loss float64, jitter time.Duration) *way {
	for i := range w.links {
		w.links[i].loss, w.links[i].jitter = loss, jitter
	}
	return w
}

// rebind gives a socket another address, as a NAT does that has forgotten it: the old one leads
// nowhere any more. The new way is like the old one.
func (m *mesh) rebind(socket, address Route) *way {
	old := m.from[socket]
	old.dead = true
	w := m.addWay(socket, address, old.links[0].delay)
	return w.lossy(old.links[0].loss, old.links[0].jitter)
}

// flush carries what both ends want to send now.
func (m *mesh) flush() {
	for end, e := range m.ends {
		if m.asleep[end] {
			continue
		}
		for out, ok := nextPacket(e, m.now, m.begin); ok; out, ok = nextPacket(e, m.now, m.begin) {
			m.ask()
			m.buf, m.marks[end] = out.Packet, out.ECN
			m.carry(end, out.To, out.Packet)
			if out.Also != NoRoute {
				m.carry(end, out.Also, out.Packet)
			}
		}
	}
}

// begin begins a packet, with room for 1150 bytes unless the carrier was told.
func (m *mesh) begin(h Header) ([]byte, Envelope) {
	head := binary.LittleEndian.AppendUint64(append(m.buf[:0], h.Path), h.Number)
	if m.carrier != (Carrier{}) {
		return head, Envelope{Carrier: m.carrier}
	}
	return head, Envelope{Tail: 1200 - 1150 - meshHeader}
}

// wantNothingDue: HandleTimeout did all that was due in the life of the connection, also since it did
// something on a path.
func (m *mesh) wantNothingDue(end int) {
	e := m.ends[end]
	if at := e.lifeTimes(); e.firstLifeTimer() <= m.now {
		m.t.Errorf("end %d: the timers of the life, %v, are not all done at %d", end, at, m.now)
	}
}

// ask asks both ends for their deadlines.
func (m *mesh) ask() {
	for range m.asks {
		for _, e := range m.ends {
			e.Deadline()
			if all := e.lifeTimes(); e.firstLifeTimer() != slices.Min(all[:]) {
				m.t.Errorf("the first timer of the life, of %v, is %d", all, e.firstLifeTimer())
			}
			for _, p := range e.paths.all {
				if all := p.timers(); p.firstTimer() != slices.Min(all[:]) {
					m.t.Errorf("path %d: the first timer of %v is %d", p.id, all, p.firstTimer())
				}
			}
		}
	}
}

func (m *mesh) carry(end int, route Route, b []byte) {
	w := m.from[route]
	if end == 1 {
		w = m.to[route]
		m.checkFlood(w, len(b)-meshHeader+51)
	}
	if w == nil {
		m.t.Fatalf("end %d sends to route %d, which leads nowhere", end, route)
	}
	if m.watch != nil {
		m.watch(end, w, b)
	}
	if !w.dead {
		w.links[end].epoch = m.epoch[end]
		w.links[end].send(m.now, b)
	}
}

// checkFlood: no more than three times what came from an address goes there before the client is
// known to be there.
func (m *mesh) checkFlood(w *way, bytes int) {
	for _, p := range m.ends[1].paths.all {
		q := p.roam.rival(w.address)
		if p.active() && p.route == w.address || q != nil && q.answered {
			w.ours = true
		}
	}
	if w.went += bytes; !w.ours && w.went > 3*w.came {
		m.t.Fatalf("%d bytes went to address %d, from which %d came", w.went, w.address, w.came)
	}
}

// arrive hands an end a datagram that came by a way.
func (m *mesh) arrive(end int, w *way, b []byte) {
	from := w.socket
	if end == 1 {
		from = w.address
		w.came += len(b) - meshHeader + 51
	}
	m.ends[end].HandlePacket(m.now, Incoming{Path: b[0], From: from, Number: binary.LittleEndian.Uint64(b[1:]), Frames: b[meshHeader:]})
	m.ask()
}

// goOn has an end go on under the keys of an epoch, if it can, where the client's socket 0 leads.
func (m *mesh) goOn(end, epoch int) {
	routes := [2]Route{0, m.from[0].address}
	if m.ends[end].Continue(m.now, PathConfig{Route: routes[end]}) == nil {
		m.epoch[end] = epoch
	}
}

func (m *mesh) run(d time.Duration) { m.runUntil(d, func() bool { return false }) }

// runUntil lets time pass until cond or for at most d, and reports cond.
func (m *mesh) runUntil(d time.Duration, cond func() bool) bool {
	end := m.now + int64(d)
	for steps := 0; ; steps++ {
		m.flush()
		if cond() {
			return true
		}
		next := never
		for end, e := range m.ends {
			if !m.asleep[end] {
				next = min(next, e.Deadline())
			}
		}
		for _, w := range m.ways {
			next = min(next, w.links[0].next(), w.links[1].next())
		}
		if next > end {
			m.now = end
			return cond()
		}
		if steps > 5_000_000 {
			m.t.Fatalf("no end of events at %v: %s", time.Duration(m.now), m.whatIsDue())
		}
		m.now = max(m.now, next)
		for _, w := range m.ways {
			for i := range w.links {
				for w.links[i].next() <= m.now {
					f := w.links[i].take()
					if f.epoch != m.epoch[1-i] {
						continue
					}
					if m.asleep[1-i] {
						m.missed = append(m.missed, func() { m.arrive(1-i, w, f.b) })
						continue
					}
					if !w.dead {
						m.arrive(1-i, w, f.b)
					}
					w.links[i].spare = append(w.links[i].spare, f.b)
				}
			}
		}
		for end, e := range m.ends {
			if !m.asleep[end] {
				m.ask()
				e.HandleTimeout(m.now)
				m.wantNothingDue(end)
				m.ask()
			}
		}
	}
}

// whatIsDue tells which end wants to be called at once, and for which path.
func (m *mesh) whatIsDue() (text string) {
	for end, e := range m.ends {
		for _, p := range e.paths.all {
			if at := p.deadline(); at <= m.now {
				text += fmt.Sprintf("end %d, path %d (life %d, route %d, told %v): %d, ack %d, probe %d, silence %d, ask %d, send %d; ",
					end, p.id, p.stage, p.route, p.toldSilent, at, p.ackAt, p.probeAt(), p.silenceAt(), p.askAt(), p.sendAt())
			}
		}
	}
	return fmt.Sprintf("now is %d, %slife %d and %d", m.now, text, m.ends[0].firstLifeTimer(), m.ends[1].firstLifeTimer())
}

func (m *mesh) send(end int, ch ChannelID, payload []byte) {
	m.t.Helper()
	if _, err := m.ends[end].Send(ch, payload, SendOptions{}); err != nil {
		m.t.Fatal(err)
	}
}

// received takes all messages of a channel.
func (m *mesh) received(end int, ch ChannelID) (all []string) {
	m.ends[end].Update()
	for msg, ok := m.ends[end].Receive(ch); ok; msg, ok = m.ends[end].Receive(ch) {
		all = append(all, string(msg.Bytes()))
	}
	return all
}

func (m *mesh) events(end int) (all []Event) {
	m.ends[end].Update()
	for ev, ok := m.ends[end].NextEvent(); ok; ev, ok = m.ends[end].NextEvent() {
		if ev.Kind != RateChanged {
			all = append(all, ev)
		}
	}
	return all
}

// openPath has the client open a path over a way, and waits until both ends use it.
func (m *mesh) openPath(cfg PathConfig) uint8 {
	m.t.Helper()
	id, err := m.ends[0].OpenPath(m.now, cfg)
	if err != nil {
		m.t.Fatal(err)
	}
	if !m.runUntil(5*time.Second, func() bool { return m.state(0, id) == PathActive && m.state(1, id) == PathActive }) {
		m.t.Fatalf("path %d is %v and %v", id, m.state(0, id), m.state(1, id))
	}
	return id
}

func (m *mesh) state(end int, id uint8) PathState { return m.ends[end].PathStats(id).State }
