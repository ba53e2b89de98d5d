package netcode

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

const (
	testProtocol = 0x1122334455667788
	testUnix     = int64(1_700_000_000)
	ms           = int64(time.Millisecond)
	second       = int64(time.Second)
)

var (
	serverAddr = netip.MustParseAddrPort("127.0.0.1:40000")
	otherAddr  = netip.MustParseAddrPort("127.0.0.1:50000")
)

func testKey() Key { return KeyFrom(testKeyBytes()) }

func testKeyBytes() (k rawKey) {
	for i := range k {
		k[i] = byte(3*i + 7)
	}
	return k
}

// seeded is a reproducible source of "randomness".
type seeded struct{ rand.ChaCha8 }

func newSeeded(seed uint64) *seeded {
	var s seeded
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	s.Seed(key)
	return &s
}

// a world is a server, clients and the datagrams between them, in virtual
// time and with nothing lost unless a test loses it.
type world struct {
	t       testing.TB
	now     int64
	unix0   int64
	random  *seeded
	cfg     ServerConfig
	server  *Server
	clients []*player
	events  []Event // of the server that concern its owner
	replies int
	// onServer and onClient see each datagram before it is handled and may
	// drop it.
	onServer, onClient func(from Source, b []byte) bool
}

type player struct {
	w      *world
	c      *Client
	was    *approach // of the client, which forgets it and
	token  *Token    // most of that when it is connected
	at     Source
	events []ClientEvent
}

func newWorld(t testing.TB, change func(*ServerConfig)) *world {
	w := &world{t: t, now: second, unix0: testUnix, random: newSeeded(1)}
	w.cfg = ServerConfig{
		ProtocolID: testProtocol, PrivateKey: testKey(), Addresses: []netip.AddrPort{serverAddr},
		MaxClients: 4, MaxTokenLifetime: -1, Random: w.random,
	}
	if change != nil {
		change(&w.cfg)
	}
	w.restart()
	return w
}

func (w *world) restart() {
	var err error
	if w.server, err = NewServer(w.now, w.unix(), w.cfg); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) unix() int64 { return w.unix0 + (w.now-second)/second }

// wall is the time of day that stands for a second since 1970.
func wall(unix int64) time.Time { return time.Unix(unix, 0) }

// mint makes a token as a backend of any library may, which gives client ids and lives that ours refuses.
func (w *world) mint(client uint64, change func(*MintConfig)) *Token {
	cfg := MintConfig{
		ProtocolID: testProtocol, Key: testKey(), ClientID: client, Addresses: []netip.AddrPort{serverAddr},
		UserData: []byte("user data"), Random: w.random,
	}
	if change != nil {
		change(&cfg)
	}
	t, err := cfg.withDefaults().mint(uint64(w.unix()))
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func plainToken(c *MintConfig) { c.Plain = true }

func source(port uint16) Source {
	return SourceFrom(netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), port))
}

func (w *world) join(token *Token, port uint16, change func(*ClientConfig)) *player {
	cfg := ClientConfig{Random: w.random, Hello: []byte("client hello")}
	if change != nil {
		change(&cfg)
	}
	c, err := NewClient(w.now, w.unix(), token, cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &player{w: w, c: c, was: c.approach, token: c.token, at: source(port)}
	w.clients = append(w.clients, p)
	return p
}

// step lets time pass and everything due be exchanged.
func (w *world) step(d int64) {
	w.now += d
	for ev := w.server.HandleTimeout(w.now, w.unix()); ev.Kind != EventNone; ev = w.server.HandleTimeout(w.now, w.unix()) {
		w.events = append(w.events, ev)
	}
	for _, p := range w.clients {
		for ev := p.c.HandleTimeout(w.now, w.unix()); ev.Kind != ClientNone; ev = p.c.HandleTimeout(w.now, w.unix()) {
			p.events = append(p.events, ev)
		}
	}
	w.exchange()
}

// exchange delivers until nobody has anything to send.
func (w *world) exchange() {
	for again := true; again; {
		again = false
		for _, p := range w.clients {
			for b, to, ok := p.c.NextDatagram(nil); ok; b, to, ok = p.c.NextDatagram(nil) {
				again = true
				if to == SourceFrom(serverAddr) {
					w.toServer(p.at, b)
				}
			}
		}
		for b, to, ok := w.server.NextDatagram(nil); ok; b, to, ok = w.server.NextDatagram(nil) {
			again = true
			w.toClient(to, b)
		}
	}
}

func (w *world) toServer(from Source, b []byte) Event {
	if w.onServer != nil && !w.onServer(from, b) {
		return Event{}
	}
	size := len(b)
	ev := w.server.HandleDatagram(w.now, w.unix(), from, b, make([]byte, 0, 1500))
	if len(ev.Reply) > size {
		w.t.Fatalf("%d bytes were answered with %d", size, len(ev.Reply))
	}
	if ev.Kind != EventNone {
		kept := ev
		kept.Hello, kept.Frames = append([]byte(nil), ev.Hello...), append([]byte(nil), ev.Frames...)
		w.events = append(w.events, kept)
	}
	if len(ev.Reply) > 0 {
		w.replies++
		w.toClient(from, append([]byte(nil), ev.Reply...))
	}
	return ev
}

func (w *world) toClient(to Source, b []byte) {
	if w.onClient != nil && !w.onClient(to, b) {
		return
	}
	for _, p := range w.clients {
		if p.at == to {
			p.receive(append([]byte(nil), b...))
		}
	}
}

func (p *player) receive(b []byte) ClientEvent {
	ev := p.c.HandleDatagram(p.w.now, p.w.unix(), 0, SourceFrom(serverAddr), b)
	if ev.Kind != ClientNone {
		kept := ev
		kept.Hello, kept.Frames = append([]byte(nil), ev.Hello...), append([]byte(nil), ev.Frames...)
		p.events = append(p.events, kept)
	}
	return ev
}

// data seals a DATA packet of the client.
func (p *player) data(number uint64, frames string) []byte {
	return seal(p.c.Sealer(), 0, number, frames)
}

func seal(s *Sealer, path uint8, number uint64, frames string) []byte {
	return sealAt(0, s, path, number, frames)
}

func sealAt(now int64, s *Sealer, path uint8, number uint64, frames string) []byte {
	b := s.AppendHeader(nil, path, number, 2)
	head := len(b)
	return s.Seal(now, append(b, frames...), 0, head, path, number)
}

func (p *player) last() ClientEvent {
	if len(p.events) == 0 {
		return ClientEvent{}
	}
	return p.events[len(p.events)-1]
}

func (w *world) last() Event {
	if len(w.events) == 0 {
		return Event{}
	}
	return w.events[len(w.events)-1]
}

func (w *world) drops(d Drop) uint64 { return w.server.Counters().Drops[d] }

func (w *world) wantState(p *player, s State) {
	w.t.Helper()
	if p.c.State() != s {
		w.t.Fatalf("client is in state %v, want %v; events %+v; server drops %v, client drops %v",
			p.c.State(), s, p.events, dropNames(w.server.Counters()), dropNames(p.c.Counters()))
	}
}

func dropNames(c Counters) (names []string) {
	for d, n := range c.Drops {
		for range n {
			names = append(names, Drop(d).String())
		}
	}
	return names
}
