package endpoint

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

func statusOf(path uint8, serial uint64, state wire.PathState) []byte {
	return wire.AppendPathStatus(nil, &wire.PathStatus{Path: path, Serial: serial, State: state, Weight: 1})
}

// branched is an endpoint with a second path, at route 1, that its peer has opened.
func (s *script) branched() *script {
	s.t.Helper()
	s.hears([]byte{wire.TypePing})
	s.says()
	s.opensFrom(1, 1, 1, 0)
	var token uint64
	for out := s.packet(); len(out.Packet) > 0; out = s.packet() {
		for _, f := range framesOf(s.t, out.Packet) {
			if f[0] == wire.TypePathChallenge {
				token, _ = wire.ConsumePathChallenge(f)
			}
		}
	}
	s.e.HandlePacket(s.now, Incoming{Path: 1, From: 1, Number: 1, Frames: response(token)})
	if st := s.e.PathStats(1); st.State != PathActive {
		s.t.Fatalf("%+v", st)
	}
	return s
}

// TestOldStatus: what is older than what was said of a path means nothing, and opens none.
func TestOldStatus(t *testing.T) {
	s := newScript(t, channels()).branched()
	s.hears(statusOf(1, 5, wire.PathCopy))
	s.hears(statusOf(1, 4, wire.PathReserve))
	if st := s.e.PathStats(1); st.Use != UseCopy {
		t.Errorf("an older word counts: %+v", st)
	}
	s.hears(statusOf(1, 5, wire.PathReserve))
	if st := s.e.PathStats(1); st.Use != UseCopy {
		t.Errorf("of two words the lower state counts: %+v", st)
	}
	s.hears(statusOf(1, 6, wire.PathAbandon))
	s.opensFrom(2, 1, 6, 2)
	if st := s.e.PathStats(1); st.State != PathClosed {
		t.Errorf("an old packet opens the path: %+v", st)
	}
	s.opensFrom(2, 1, 7, 3)
	if st := s.e.PathStats(1); st.State != PathOpening {
		t.Errorf("a new one does not: %+v", st)
	}
}

// TestClosedIsRead: what comes on a closed path is read, and not acknowledged.
func TestClosedIsRead(t *testing.T) {
	s := newScript(t, channels()).branched()
	s.hears(statusOf(1, 2, wire.PathAbandon))
	s.e.HandlePacket(s.now, Incoming{Path: 1, From: 1, Number: 2, Frames: run(chanOf(ReliableOrdered), 0, "read")})
	s.e.HandlePacket(s.now, Incoming{Path: 1, From: 1, Number: 3, Frames: wire.AppendDraining(nil, wire.Draining)})
	if at := s.e.path(1).ackAt; at != never {
		t.Errorf("an ack is due at %d", at)
	}
	sent := s.e.PathStats(1).PacketsSent
	s.waitAnywhere(s.now + second)
	s.e.Update()
	if msg, ok := s.e.Receive(chanOf(ReliableOrdered)); !ok || string(msg.Bytes()) != "read" || s.e.PathStats(1).PacketsSent != sent {
		t.Errorf("received %v, %+v", ok, s.e.PathStats(1))
	}
}

// TestHoldOfOnePath: data ends a HOLD on the path of the HOLD alone, since on another one it may
// have been sent before.
func TestHoldOfOnePath(t *testing.T) {
	s := newScript(t, channels()).branched()
	s.hears(wire.AppendHold(nil, 1, 5000))
	s.e.HandlePacket(s.now, Incoming{Path: 1, From: 1, Number: 100, Frames: run(chanOf(ReliableUnordered), 0, "before")})
	if s.e.Held(s.now) == 0 {
		t.Error("data on another path ended the hold")
	}
	s.hears(run(chanOf(ReliableUnordered), 1, "after"))
	if left := s.e.Held(s.now); left != 0 {
		t.Errorf("held for %v, after data on the same path", left)
	}
}

// TestStatusIsRepeated: what was said of a path while nothing came through is said again.
func TestStatusIsRepeated(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	s.play(time.Second)
	s.ways[0].dead, s.ways[1].dead = true, true
	if err := s.ends[0].SetPath(s.now, 1, PathConfig{Route: 1, Use: UseReserve, Weight: 3}); err != nil {
		t.Fatal(err)
	}
	s.play(100 * time.Millisecond)
	s.ways[0].dead, s.ways[1].dead = false, false
	s.play(2 * time.Second)
	if st := s.ends[1].PathStats(1); st.Use != UseReserve || st.Weight != 3 {
		t.Errorf("%+v", st)
	}
	s.settle(time.Second)
}

// TestCloseTakesTheLivingPath: CLOSE does not begin on a path that has failed.
func TestCloseTakesTheLivingPath(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	s.play(time.Second)
	s.ways[0].dead = true
	s.play(time.Second)
	s.settle(time.Second)
	s.ends[0].Close(s.now, CodeApplication, "enough")
	s.run(45 * time.Millisecond)
	if all := s.events(1); len(all) == 0 || all[len(all)-1].Kind != Closed {
		t.Errorf("told %v within a trip of the living path", all)
	}
	s.run(3 * time.Second)
}

// TestCloseIsAnsweredWhereItCameFrom: also if that is not where the path goes.
func TestCloseIsAnsweredWhereItCameFrom(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.says()
	s.hearsFrom(1, wire.AppendClose(nil, &wire.Close{Code: CodeApplication}))
	out := s.packet()
	if count(framesOf(t, out.Packet), wire.TypeCloseAck) != 1 || out.To != 1 || out.Also != NoRoute {
		t.Errorf("%x goes to %d and %d", out.Packet, out.To, out.Also)
	}
}

// TestEachChallengeIsAnswered: who passes on what others send, with a challenge of his own, does not take
// the place of the one that is meant for us.
func TestEachChallengeIsAnswered(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.says()
	s.hearsFrom(0, wire.AppendPathChallenge(nil, 10))
	s.hearsFrom(1, wire.AppendPathChallenge(nil, 11))
	answers := map[Route]uint64{}
	for range 10 {
		out := s.packet()
		for _, f := range framesOf(t, out.Packet) {
			if f[0] == wire.TypePathResponse {
				answers[out.To], _ = wire.ConsumePathResponse(f)
			}
		}
	}
	if len(answers) != 2 || answers[0] != 10 || answers[1] != 11 {
		t.Errorf("answers %v", answers)
	}
}

// TestNotMadeUpFor: a path that could not send for a while gets its share from then on, and
// nothing for that time.
func TestNotMadeUpFor(t *testing.T) {
	s := twoPaths(t, 1, PathConfig{}, PathConfig{})
	s.play(time.Second)
	s.ways[0].dead = true
	s.play(10 * time.Second)
	s.ways[0].dead = false
	for s.state(0, 0) != PathActive {
		s.play(100 * time.Millisecond)
	}
	a, b := s.ends[0].PathStats(0).BytesSent, s.ends[0].PathStats(1).BytesSent
	s.play(2 * time.Second)
	a, b = s.ends[0].PathStats(0).BytesSent-a, s.ends[0].PathStats(1).BytesSent-b
	if float64(b) < 0.7*float64(a) || float64(a) < 0.7*float64(b) {
		t.Errorf("%d and %d bytes", a, b)
	}
	s.settle(time.Second)
}

// TestReliableRepeatsNothing: what a path carries that repairs losses itself goes there once, also if
// no answer comes for long.
func TestReliableRepeatsNothing(t *testing.T) {
	cfg := channels()
	cfg.Path.Reliable = true
	s := newScript(t, cfg)
	s.hears([]byte{wire.TypePing})
	s.says()
	if _, err := s.e.Send(chanOf(ReliableUnordered), []byte("once"), SendOptions{}); err != nil {
		t.Fatal(err)
	}
	runs := 0
	for _, f := range s.wait(s.now + 5*second) {
		if f[0] >= wire.TypeRunLong {
			runs++
		}
	}
	if runs != 1 {
		t.Errorf("it was sent %d times", runs)
	}
}

// TestWhatOpensAPath: a path is opened by a word of itself, whole, that does not give it up; and what was
// said before that word counts no more.
func TestWhatOpensAPath(t *testing.T) {
	challenge := wire.AppendPathChallenge(nil, 7)
	for name, frames := range map[string][]byte{
		"of another path": append(statusOf(2, 5, wire.PathShare), challenge...),
		"given up":        append(statusOf(1, 5, wire.PathAbandon), challenge...),
		"cut":             statusOf(1, 5, wire.PathShare)[:3],
		"no challenge":    append(statusOf(1, 5, wire.PathShare), wire.TypePing),
		"nothing behind":  statusOf(1, 5, wire.PathShare),
	} {
		s := newScript(t, channels())
		s.hears([]byte{wire.TypePing})
		s.e.HandlePacket(s.now, Incoming{Path: 1, From: 1, Frames: frames})
		if st := s.e.PathStats(1); st.State != PathNone && st.State != PathClosed || !s.e.Open() {
			t.Errorf("%s: path 1 is %v", name, st.State)
		}
	}
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.opensFrom(1, 1, 5, 0)
	s.hears(statusOf(1, 4, wire.PathAbandon))
	s.hears(statusOf(1, 3, wire.PathReserve))
	if st := s.e.PathStats(1); st.State != PathOpening || st.Use != UseShare {
		t.Errorf("an older word counts: %+v", st)
	}
	s = newScript(t, channels()).branched()
	s.hears(statusOf(1, 6, wire.PathAbandon))
	s.opensFrom(2, 1, 8, 0) // a number that came before: of this packet nothing else is read
	s.hears(statusOf(1, 7, wire.PathAbandon))
	if st := s.e.PathStats(1); st.State != PathOpening {
		t.Errorf("an older word counts, after a packet of an old number: %+v", st)
	}
}
