package swarm

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// Two languages, one line: an endpoint in Go and one in TypeScript speak over simulated links, in virtual time. The
// TypeScript one is driven over standard input and output (ts/testdata/peer.ts).

var (
	languageSeed  = flag.Uint64("languages.seed", 0, "TestLanguages: this seed alone")
	languageSeeds = flag.Uint64("languages.seeds", 40, "TestLanguages: how many seeds")
)

const (
	languageTick  = 16_667 * time.Microsecond
	languageTicks = 90
)

// languages is one connection between the two.
type languages struct {
	t        *testing.T
	ts       tsPeer
	rnd      *rand.Rand
	now      int64 // nanoseconds
	e        *endpoint.Endpoint
	routes   [2][2]*simnet.Link // of each route: to Go, to TypeScript
	channels []tsChannel
	toGo     *speech
	toTS     *speech
	deadline int64 // of TypeScript, in nanoseconds
	last     *tsAnswer
	endings  [2]string
	openAt   int64 // when another path is opened, for which use
	use      string
	cutAt    int64 // when a way is cut, and which
	cut      int
	climbed  bool // the other path was proven
	fault    string
}

func (l *languages) failf(format string, args ...any) {
	if l.fault == "" {
		l.fault = fmt.Sprintf(format, args...)
	}
}

func languageLink(rnd *rand.Rand) simnet.LinkConfig {
	cfg := simnet.LinkConfig{Delay: time.Duration(1+rnd.IntN(80)) * time.Millisecond}
	if rnd.IntN(3) > 0 {
		cfg.Jitter = time.Duration(1+rnd.IntN(30)) * time.Millisecond
		cfg.JitterReorders = rnd.IntN(2) == 0
	}
	if rnd.IntN(4) > 0 {
		cfg.Loss = 0.2 * rnd.Float64()
	}
	if rnd.IntN(2) == 0 {
		cfg.Duplicate = 0.1
	}
	if rnd.IntN(3) == 0 {
		cfg.BitsPerSecond = 1_500_000
	}
	return cfg
}

func newLanguages(t *testing.T, ts tsPeer, seed uint64) *languages {
	rnd := rand.New(rand.NewPCG(seed, 1))
	l := &languages{t: t, ts: ts, rnd: rnd, now: int64(time.Hour), toGo: newSpeech(), toTS: newSpeech()}
	var channels []endpoint.ChannelConfig
	for d := range 5 {
		c := tsChannel{ID: d + 1 + 200*(d%2), Delivery: d, Name: strconv.Itoa(d), Window: 8192 << rnd.IntN(4), Priority: rnd.IntN(2)}
		if d < 2 {
			c.Window = 1 << 20
		}
		l.channels = append(l.channels, c)
		channels = append(channels, endpoint.ChannelConfig{
			ID: endpoint.ChannelID(c.ID), Delivery: endpoint.Delivery(d), Name: c.Name, WindowBytes: c.Window, Priority: int8(c.Priority),
		})
	}
	for route := range l.routes {
		link := languageLink(rnd)
		for i := range l.routes[route] {
			var err error
			if l.routes[route][i], err = simnet.NewLink(l.now, link, seed*4+uint64(2*route+i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	cfg := endpoint.Config{Channels: channels, Seed: seed, Handshake: true, Trusted: true}
	if rnd.IntN(4) == 0 { // what goes beyond it ends the connection
		cfg.Inbound = endpoint.Limits{PacketsPerSecond: 120, BytesPerSecond: 80_000, MessagesPerSecond: 250}
		cfg.Channels[rnd.IntN(len(channels))].Inbound = endpoint.ChannelLimits{BytesPerSecond: 20_000, MessagesPerSecond: 40}
	}
	e, err := endpoint.New(l.now, cfg)
	if err != nil {
		t.Fatal(err)
	}
	l.e = e
	begun := ts.ask(&tsAsk{Now: l.now / 1000, Begin: &tsBegin{Seed: seed, Channels: l.channels}})
	hello, _ := hex.DecodeString(begun.Hello)
	if err := e.HandleHello(l.now, hello); err != nil {
		t.Fatal(err)
	}
	l.heard(ts.ask(&tsAsk{Now: l.now / 1000, Hello: hex.EncodeToString(e.AppendHello(l.now, nil))}))
	if l.last.Refused != nil {
		t.Fatalf("refused: %v", l.last.Refused)
	}
	return l
}

// options draws what a message asks for.
func (l *languages) options(c tsChannel, index int) (o endpoint.SendOptions) {
	chance := func(p float64) bool { return l.rnd.Float64() < p }
	o.Receipt = chance(0.5)
	if chance(0.1) {
		o.TTL = time.Duration(1+l.rnd.IntN(300)) * time.Millisecond
	}
	if c.Delivery%2 == 1 && chance(0.8) {
		o.Keyed, o.Key = true, uint64(l.rnd.IntN(5))
		if chance(0.1) {
			o.Key = 1<<63 + 5
		}
	}
	if c.Delivery == 4 {
		if chance(0.3) {
			o.Group = uint32(1 + index>>3)
		}
		o.Droppable = chance(0.2)
	}
	return o
}

// message makes one of a channel.
func (l *languages) message(s *speech, c tsChannel) *spoken {
	size := 4 + l.rnd.IntN(120)
	if l.rnd.IntN(12) == 0 {
		size = 4 + l.rnd.IntN(6000<<(2*c.Delivery/3))
	}
	index := len(s.sent[c.ID])
	m := &spoken{channel: c.ID, bytes: make([]byte, size), opts: l.options(c, index)}
	for i := range m.bytes {
		m.bytes[i] = byte(index*31 + i*7)
	}
	binary.LittleEndian.PutUint32(m.bytes, uint32(index))
	return m
}

// play has both ends say something, and take what came.
func (l *languages) play(sends bool) {
	ask := &tsAsk{Now: l.now / 1000, Take: true}
	var said []*spoken
	for _, c := range l.channels {
		for n := l.rnd.IntN(3); sends && n > 0; n-- {
			m := l.message(l.toGo, c)
			l.toGo.sent[c.ID] = append(l.toGo.sent[c.ID], m)
			said = append(said, m)
			send := tsSend{Channel: c.ID, Bytes: hex.EncodeToString(m.bytes), Receipt: m.opts.Receipt,
				TTL: m.opts.TTL.Microseconds(), Group: m.opts.Group, Droppable: m.opts.Droppable}
			if m.opts.Keyed {
				send.Key = strconv.FormatUint(m.opts.Key, 10)
			}
			ask.Sends = append(ask.Sends, send)
			l.sendFromGo(c)
		}
	}
	a := l.ts.ask(ask)
	for i, receipt := range a.Receipts {
		switch {
		case receipt < 0:
			l.failf("channel %d: the queue is full", said[i].channel)
		case receipt > 0:
			l.toGo.byReceipt[receipt] = said[i]
		}
	}
	l.heard(a)
	l.flushGo()
}

func (l *languages) sendFromGo(c tsChannel) {
	m := l.message(l.toTS, c)
	receipt, err := l.e.Send(endpoint.ChannelID(c.ID), m.bytes, m.opts)
	if err != nil {
		l.failf("Send: %v", err)
		return
	}
	l.toTS.sent[c.ID] = append(l.toTS.sent[c.ID], m)
	if receipt > 0 {
		l.toTS.byReceipt[int64(receipt)] = m
	}
}

// heard takes what the TypeScript end answered.
func (l *languages) heard(a *tsAnswer) {
	l.last = a
	if l.deadline = a.Deadline; l.deadline < 1<<52 {
		l.deadline *= 1000
	}
	for _, p := range a.Packets {
		frames, _ := hex.DecodeString(p.Frames)
		l.routes[p.Route][0].Send(l.now, append(binary.LittleEndian.AppendUint64([]byte{p.Path}, p.Number), frames...))
	}
	for _, m := range a.Messages {
		b, _ := hex.DecodeString(m.Bytes)
		l.arrived(l.toTS, m.Channel, b)
	}
	for _, ev := range a.Events {
		switch ev.Kind {
		case "Delivered":
			l.told(l.toGo, ev.Receipt, "delivered")
		case "Lost":
			l.told(l.toGo, ev.Receipt, ev.Why)
		case "PathChanged":
			l.climbed = l.climbed || ev.Path == 1 && ev.State == "active"
		case "closed":
			l.endings[1] = fmt.Sprint(ev.Code, ev.Text, ev.Remote, ev.Undelivered)
		}
	}
}

// flushGo sends what the Go end has to send, and takes what came there.
func (l *languages) flushGo() {
	var out endpoint.Outgoing
	begin := func(h endpoint.Header) ([]byte, endpoint.Envelope) {
		return binary.LittleEndian.AppendUint64([]byte{h.Path}, h.Number), endpoint.Envelope{Tail: 16}
	}
	for l.e.NextPacket(l.now, &out, begin) {
		for _, route := range []endpoint.Route{out.To, out.Also} {
			if route != endpoint.NoRoute {
				l.routes[route][1].Send(l.now, out.Packet)
			}
		}
	}
	l.e.Update()
	for channel, m, ok := l.e.ReceiveAny(); ok; channel, m, ok = l.e.ReceiveAny() {
		l.arrived(l.toGo, int(channel), m.Clone())
	}
	for ev, ok := l.e.NextEvent(); ok; ev, ok = l.e.NextEvent() {
		switch ev.Kind {
		case endpoint.Delivered:
			l.told(l.toTS, int64(ev.Receipt), "delivered")
		case endpoint.Lost:
			l.told(l.toTS, int64(ev.Receipt), ev.Why.String())
		case endpoint.Closed:
			l.endings[0] = fmt.Sprint(uint32(ev.Code), ev.Text, ev.Remote, ev.Undelivered)
		}
	}
}

// run lets time pass.
func (l *languages) run(d time.Duration) {
	for until := l.now + int64(d); ; {
		next := min(l.e.Deadline(), l.deadline)
		for _, links := range l.routes {
			for _, link := range links {
				if at, ok := link.Next(); ok {
					next = min(next, at)
				}
			}
		}
		if next > until {
			l.now = until
			return
		}
		l.now = (max(l.now, next) + 999) / 1000 * 1000 // the time of the other end is whole microseconds
		l.step()
	}
}

// step lets everything happen that is due.
func (l *languages) step() {
	ask := &tsAsk{Now: l.now / 1000}
	for route, links := range l.routes {
		for b, ok := links[1].Receive(l.now); ok; b, ok = links[1].Receive(l.now) {
			ask.Packets = append(ask.Packets, tsPacket{b[0], route, binary.LittleEndian.Uint64(b[1:]), hex.EncodeToString(b[9:])})
		}
		for b, ok := links[0].Receive(l.now); ok; b, ok = links[0].Receive(l.now) {
			l.e.HandlePacket(l.now, endpoint.Incoming{
				Path: b[0], From: endpoint.Route(route), Number: binary.LittleEndian.Uint64(b[1:]), Frames: b[9:],
			})
		}
	}
	if l.e.Deadline() <= l.now {
		l.e.HandleTimeout(l.now)
	}
	l.flushGo()
	if len(ask.Packets) > 0 || l.deadline <= l.now {
		l.heard(l.ts.ask(ask))
	}
}

// climb plans what happens to the ways of the connection: with some seeds another path is opened, and with some of
// these one of the two ways is cut later.
func (l *languages) climb() {
	if l.openAt, l.cutAt = never, never; l.rnd.IntN(2) == 0 {
		return
	}
	l.openAt = l.now + int64(l.rnd.IntN(500))*int64(time.Millisecond)
	l.use = []string{"share", "reserve"}[l.rnd.IntN(2)]
	if l.rnd.IntN(3) > 0 {
		l.cutAt, l.cut = l.openAt+int64(400+l.rnd.IntN(500))*int64(time.Millisecond), l.rnd.IntN(2)
	}
}

const never = math.MaxInt64

// ways does what climb has planned. Of a way that is cut nobody is told, or only the client.
func (l *languages) ways() {
	ask := &tsAsk{Now: l.now / 1000}
	if l.now >= l.openAt {
		l.openAt, ask.Open = never, &tsOpen{1, l.use}
	}
	if l.now >= l.cutAt && (l.cut == 1 || l.climbed) { // else there is no other way
		l.cutAt = never
		for _, link := range l.routes[l.cut] {
			link.Cut()
		}
		if l.rnd.IntN(2) == 0 {
			ask.Died = &l.cut
		}
	}
	l.pause(ask)
	l.heard(l.ts.ask(ask))
	l.flushGo()
}

const (
	farewellCode = 300
	farewell     = "the peer of another language"
)

// part has one of the two end the connection, at once or when all is through.
func (l *languages) part() {
	code := farewellCode
	switch l.rnd.IntN(4) {
	case 0:
		l.e.Close(l.now, farewellCode, farewell)
	case 1:
		l.e.Drain(l.now, farewellCode, farewell, 20*time.Second)
	case 2:
		l.heard(l.ts.ask(&tsAsk{Now: l.now / 1000, Close: &code}))
	case 3:
		l.heard(l.ts.ask(&tsAsk{Now: l.now / 1000, Drain: &code}))
	}
	l.flushGo()
}

// pause has one of the two announce silence now and then: the next message ends it.
func (l *languages) pause(ask *tsAsk) {
	switch hold := int64(2e6); l.rnd.IntN(80) {
	case 0:
		if err := l.e.Hold(l.now, time.Duration(hold)*time.Microsecond); err != nil {
			l.failf("Hold: %v", err)
		}
	case 1:
		ask.Hold = &hold
	}
}

// converse is one whole connection; what went wrong is returned.
func (l *languages) converse() string {
	l.climb()
	for range languageTicks {
		l.play(true)
		l.run(languageTick)
		l.ways()
	}
	missing := func() string { return cmp.Or(l.missing(l.toGo, "Go"), l.missing(l.toTS, "TypeScript")) }
	for n := 0; n < 3600 && (n == 0 || !l.last.Drained || missing() != "") && l.fault == ""; n++ {
		l.run(languageTick)
		l.play(false)
	}
	if what := missing(); what != "" {
		l.failf("%s", what)
	}
	l.run(2 * time.Second) // what nobody waits for has its fate then, too
	l.play(false)
	l.part()
	l.run(8 * time.Second)
	text := func(remote bool) string { return fmt.Sprint(farewellCode, farewell, remote, 0) }
	if e := l.endings; !(e[0] == text(false) && e[1] == text(true) || e[0] == text(true) && e[1] == text(false)) {
		l.failf("the ends are %q", e)
	}
	return l.fault
}

// TestLanguages: over bad links, nothing reliable is lost or doubled between the two implementations, in either
// direction, order and groups hold, and receipts tell the truth.
func TestLanguages(t *testing.T) {
	ts := newTSPeer(t)
	first, last := uint64(1), *languageSeeds
	if seed := *languageSeed; seed != 0 {
		first, last = seed, seed
	}
	climbed := uint64(0)
	for seed := first; seed <= last; seed++ {
		l := newLanguages(t, ts, seed)
		if fault := l.converse(); fault != "" {
			t.Errorf("%s\ngo test ./internal/swarm -run TestLanguages -languages.seed=%d", fault, seed)
		}
		if l.climbed {
			climbed++
		}
	}
	if climbed < (last-first)/4 {
		t.Errorf("in %d of %d connections another path was proven", climbed, last-first+1)
	}
}
