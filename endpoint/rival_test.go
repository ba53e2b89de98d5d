package endpoint

import (
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// forward has somebody on the way copy what the client sends, and send it from an address of his
// own, where it arrives earlier than the original. What the server sends to that address he hands
// to the client, if relays.
func (m *mesh) forward(address Route, relays bool) *way {
	victim := m.from[0]
	own := m.addWay(0, address, victim.links[0].delay/2)
	own.links[1].cut = !relays
	m.from[0] = victim
	m.watch = func(end int, w *way, b []byte) {
		if end == 0 && w != own {
			own.links[0].send(m.now, b)
		}
	}
	return own
}

// TestForwarderGetsNothing: somebody forwards copies faster from his own address for a minute,
// with answers or without. The path stays where it is, for the old address answers; the stream is
// not disturbed, and hardly anything goes to him.
func TestForwarderGetsNothing(t *testing.T) {
	for _, relays := range []bool{false, true} {
		for _, loss := range []float64{0, 0.05} {
			seeds(5, func(seed uint64) {
				s := newStream(newMesh(t, channels(), 30*time.Millisecond, seed))
				s.ways[0].lossy(loss, 0)
				s.play(time.Second)
				own := s.forward(9, relays)
				s.play(time.Minute)
				st := s.ends[1].PathStats(0)
				if st.Moves != 0 || st.Route != 0 || st.RoutesRefused < 10 {
					t.Errorf("relays %v, loss %v, seed %d: %+v", relays, loss, seed, st)
				}
				if share := float64(own.went) / float64(s.ways[0].went); share > 0.25 {
					t.Errorf("relays %v, loss %v, seed %d: he gets %.2f of it", relays, loss, seed, share)
				}
				if most := 300 * time.Millisecond; s.gap[0] > int64(most) || s.gap[1] > int64(most) {
					t.Errorf("relays %v, loss %v, seed %d: gaps of %v and %v", relays, loss, seed, time.Duration(s.gap[0]), time.Duration(s.gap[1]))
				}
				s.settle(time.Second)
			})
		}
	}
}

// TestRoamWhileForwarded: the client moves while somebody forwards what he sees. As soon as he
// loses one race the path goes to where the client is.
func TestRoamWhileForwarded(t *testing.T) {
	seeds(10, func(seed uint64) {
		s := newStream(newMesh(t, channels(), 30*time.Millisecond, seed))
		s.play(time.Second)
		own := s.forward(9, false)
		own.lossy(0.3, 0)
		s.play(time.Second)
		own2 := s.rebind(0, 1)
		s.play(5 * time.Second)
		if st := s.ends[1].PathStats(0); st.Route != 1 {
			t.Errorf("seed %d: the path is at %d: %+v", seed, st.Route, st)
		}
		if own2.went < 20_000 {
			t.Errorf("seed %d: %d bytes went to the client", seed, own2.went)
		}
		s.settle(2 * time.Second)
	})
}

// TestReplaysMoveNobody: everything that the client sends is repeated from elsewhere, later.
func TestReplaysMoveNobody(t *testing.T) {
	s := newStream(newMesh(t, channels(), 30*time.Millisecond, 1))
	own := s.addWay(0, 9, 100*time.Millisecond)
	s.from[0] = s.ways[0]
	s.watch = func(end int, w *way, b []byte) {
		if end == 0 && w != own {
			own.links[0].send(s.now, b)
		}
	}
	s.play(5 * time.Second)
	st := s.ends[1].PathStats(0)
	if st.Route != 0 || st.Challenges != 0 || own.went != 0 || s.ends[1].Stats().Dropped[DropDuplicate] < 250 {
		t.Errorf("%+v, %d bytes to him", st, own.went)
	}
	s.settle(time.Second)
}

// TestBothSilent: the last packets of a client that is gone come from elsewhere. Nobody answers
// anywhere, and the path stays.
func TestBothSilent(t *testing.T) {
	s := newStream(newMesh(t, channels(), 30*time.Millisecond, 1))
	s.play(time.Second)
	gone := s.rebind(0, 1)
	gone.links[1].cut = true
	s.play(100 * time.Millisecond)
	gone.dead = true
	s.run(5 * time.Second)
	if st := s.ends[1].PathStats(0); st.Route != 0 || st.Moves != 0 || st.Challenges < 4 || s.ends[1].Uses(1) {
		t.Errorf("%+v", st)
	}
	if gone.went > 3*gone.came || gone.went == 0 {
		t.Errorf("%d bytes went there, %d came", gone.went, gone.came)
	}
}

// hearsFrom hands a scripted endpoint a packet from a route.
func (s *script) hearsFrom(from Route, frames ...[]byte) {
	s.e.HandlePacket(s.now, Incoming{From: from, Number: s.number, Frames: slices.Concat(frames...)})
	s.number++
}

// asked returns the tokens of the challenges that the endpoint sends now, by route, and checks
// that such a packet goes to one route only.
func (s *script) asked() map[Route]uint64 {
	s.t.Helper()
	tokens := map[Route]uint64{}
	for {
		out := s.packet()
		if len(out.Packet) == 0 {
			return tokens
		}
		to, also := out.To, out.Also
		for _, f := range framesOf(s.t, out.Packet) {
			if f[0] == wire.TypePathChallenge {
				tokens[to], _ = wire.ConsumePathChallenge(f)
				if also != NoRoute {
					s.t.Errorf("a challenge for %d goes to %d, too", to, also)
				}
			}
		}
	}
}

func response(token uint64) []byte { return wire.AppendPathResponse(nil, token) }

// TestAnswers: which answer counts for which route.
func TestAnswers(t *testing.T) {
	const home, rival, third = 0, 1, 2
	for _, c := range []struct {
		name    string
		token   Route // whose challenge is answered
		from    Route
		moves   bool
		refuses bool
		wrong   bool
	}{
		{name: "the rival answers for itself", token: rival, from: rival, moves: true},
		{name: "the answer of the rival comes from home", token: rival, from: home, moves: true},
		{name: "the answer of the rival comes from a third one", token: rival, from: third, moves: true},
		{name: "home answers for itself", token: home, from: home, refuses: true},
		{name: "the answer of home comes from the rival", token: home, from: rival, refuses: true},
		{name: "a wrong answer from the rival", token: rival, from: rival, wrong: true},
	} {
		s := newScript(t, channels())
		s.hears([]byte{wire.TypePing})
		s.says()
		s.hearsFrom(rival, []byte{wire.TypePing})
		tokens := s.asked()
		if len(tokens) != 2 {
			t.Fatalf("%s: asked %v", c.name, tokens)
		}
		token := tokens[c.token]
		if c.wrong {
			token ^= 1 << 40
		}
		s.now += 20_000_000
		s.hearsFrom(c.from, response(token))
		s.wait(s.now + 2*second)
		st := s.e.PathStats(0)
		if moved := st.Route == rival; moved != c.moves || (st.Moves == 1) != c.moves {
			t.Errorf("%s: the path is at %d", c.name, st.Route)
		}
		if asked := st.Challenges; c.refuses && asked != 2 {
			t.Errorf("%s: %d challenges", c.name, asked)
		}
		if c.moves && st.RTT != 20*time.Millisecond {
			t.Errorf("%s: RTT %v", c.name, st.RTT)
		}
	}
}

// TestAnswerBehindHome: when home has answered, what a rival says after that asks nobody.
func TestAnswerBehindHome(t *testing.T) {
	s, tokens := newScript(t, channels()).claimed()
	s.after(20, 0, response(tokens[0]))
	s.after(20, 1, response(tokens[1]))
	s.hearsFrom(0, response(tokens[1]))
	if more := s.asked(); len(more) != 0 || s.decided() != 0 || s.e.PathStats(0).Challenges != 2 {
		t.Errorf("asked %v: %+v", more, s.e.PathStats(0))
	}
}

// TestChallengesDiffer: no two challenges are alike, nor those of endpoints that differ in their
// seed alone.
func TestChallengesDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	for seed := range uint64(50) {
		cfg := channels()
		cfg.Seed = seed
		s := newScript(t, cfg)
		for n := range Route(5) {
			s.hearsFrom(1+n, []byte{wire.TypePing})
			for range 10 {
				for _, token := range s.asked() {
					if seen[token] {
						t.Fatalf("seed %d: challenge %x again", seed, token)
					}
					seen[token] = true
				}
				s.now += 100_000_000
				s.e.HandleTimeout(s.now)
			}
		}
	}
	if len(seen) < 300 {
		t.Errorf("%d challenges", len(seen))
	}
}

// TestPathFramesFromNowhere: what nobody asked for changes nothing, and what is malformed closes.
func TestPathFramesFromNowhere(t *testing.T) {
	status := func(path uint8, serial uint64, state wire.PathState) []byte {
		return wire.AppendPathStatus(nil, &wire.PathStatus{Path: path, Serial: serial, State: state, Weight: 1})
	}
	s := newScript(t, channels())
	s.hears(response(0), response(1<<63))
	s.hears(status(3, 1, wire.PathShare), status(7, 9, wire.PathAbandon))
	s.hears(status(0, 1, wire.PathAbandon))
	s.wait(s.now + second)
	if st := s.e.PathStats(0); st.Route != 0 || st.Challenges != 0 || !s.e.Open() {
		t.Errorf("%+v", st)
	}
	s.e.HandlePacket(s.now, Incoming{Path: 3, Frames: []byte{wire.TypePathChallenge, 1, 2, 3, 4, 5, 6, 7, 8}})
	if n := s.e.Stats().Dropped[DropPath]; n != 1 {
		t.Errorf("%d packets of unknown paths were dropped", n)
	}
	for name, frame := range map[string][]byte{
		"a state too high":  {wire.TypePathStatus, 0, 1, 4, 1},
		"path 8":            {wire.TypePathStatus, 8, 1, 0, 1},
		"no weight":         {wire.TypePathStatus, 0, 1, 0, 0},
		"flags":             append(response(1)[:9], 1),
		"a short challenge": {wire.TypePathChallenge, 1, 2, 3},
	} {
		s := newScript(t, channels())
		s.hears(frame)
		if code := s.closed(); code != CodeProtocol {
			t.Errorf("%s: %v", name, code)
		}
	}
	for name, frame := range map[string][]byte{
		"a challenge": {wire.TypePathChallenge, 1, 2, 3, 4, 5, 6, 7, 8},
		"a response":  response(1),
		"a status":    status(0, 1, wire.PathShare),
	} {
		cfg := channels()
		cfg.MaxPaths = -1
		s := newScript(t, cfg)
		s.hears(frame)
		if code := s.closed(); code != CodeProtocol {
			t.Errorf("%s without paths: %v", name, code)
		}
	}
}

// TestWithoutPaths: who does not know paths is never asked, and stays where he is.
func TestWithoutPaths(t *testing.T) {
	cfg := channels()
	cfg.MaxPaths = -1
	s := newScript(t, cfg)
	s.hearsFrom(1, []byte{wire.TypePing})
	if said := s.wait(s.now + second); count(said, wire.TypePathChallenge) != 0 {
		t.Errorf("said %x", said)
	}
	if _, err := s.e.OpenPath(s.now, PathConfig{Route: 1}); err == nil {
		t.Error("a path was opened")
	}
}

// TestAsideMeasuresNothing: the acknowledgement of a packet that asked a rival, and came by who
// knows which way, gives no sample of anything, though it is the first to name that packet and
// carries the clock.
func TestAsideMeasuresNothing(t *testing.T) {
	cfg, watch := channels(), &witness{fixedRate: 1 << 20}
	cfg.Controller = func() Controller { return watch }
	s := newScript(t, cfg)
	s.e.Ping()
	if said := s.says(); count(said, wire.TypePing) != 1 {
		t.Fatalf("said %x", said)
	}
	s.hearsFrom(1, []byte{wire.TypePing})
	if tokens := s.asked(); len(tokens) != 2 {
		t.Fatalf("asked %v", tokens)
	}
	last := s.nextNumber() - 1
	if pkt := s.e.path(0).sent.At(last); !pkt.aside {
		t.Fatalf("the last packet was a usual one: %+v", pkt)
	}
	s.now += 20_000_000
	s.hears(ack(0, 0)) // so that something was delivered meanwhile
	before, samples := s.e.PathStats(0), len(watch.samples)
	s.now += 20_000_000
	s.hears(wire.AppendAck(nil, &wire.Ack{
		Largest: last, HasClock: true, Clock: 99, Ranges: []wire.AckRange{{Oldest: last}},
	}))
	if len(watch.samples) != samples+1 {
		t.Fatalf("%d samples, then %d", samples, len(watch.samples))
	}
	if got := watch.samples[samples]; got.RTT != 0 || got.RateSample != 0 || got.HasOneWay {
		t.Errorf("the controller is told %+v", got)
	}
	if after := s.e.PathStats(0); after.RTT != before.RTT || s.e.path(0).clock.outTransit != 0 {
		t.Errorf("RTT %v, then %v; the clock %+v", before.RTT, after.RTT, s.e.path(0).clock)
	}
}

// TestSecondRivalIsStillAsked: when one of two rivals has not answered in time the other one may yet.
func TestSecondRivalIsStillAsked(t *testing.T) {
	s, _ := newScript(t, channels()).claimed()
	var token uint64
	for n := 0; s.e.PathStats(0).RoutesRefused == 0; n++ {
		s.now = max(s.e.Deadline(), s.now)
		s.e.HandleTimeout(s.now)
		if n == 0 {
			s.hearsFrom(2, run(chanOf(ReliableUnordered), 0, string(make([]byte, 500))))
		}
		if got, ok := s.asked()[2]; ok {
			token = got
		}
	}
	s.hearsFrom(2, response(token))
	if at := s.decided(); at != 2 {
		t.Errorf("the path is at %d", at)
	}
}
