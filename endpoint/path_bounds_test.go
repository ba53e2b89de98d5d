package endpoint

import (
	"math"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// opensFrom hands a scripted endpoint the shortest packet that opens a path.
func (s *script) opensFrom(from Route, path uint8, serial, number uint64) {
	b := wire.AppendPathStatus(nil, &wire.PathStatus{Path: path, Serial: serial, Weight: 1})
	s.e.HandlePacket(s.now, Incoming{Path: path, From: from, Number: number, Frames: wire.AppendPathChallenge(b, 7)})
}

// TestOpeningIsBounded: who sends one packet that opens a path, in the name of somebody else, has
// three times its bytes sent there at most, and the path does not wait for more.
func TestOpeningIsBounded(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.says()
	before := s.e.Stats().BytesReceived
	s.opensFrom(1, 1, 1, 0)
	came := s.e.Stats().BytesReceived - before
	s.waitAnywhere(s.now + 5*second)
	st := s.e.PathStats(1)
	if st.State != PathClosed || st.BytesSent == 0 || st.BytesSent > 3*came {
		t.Errorf("%d bytes came, %+v", came, st)
	}
}

// TestOpenedAgain: a client that was not answered on a new path opens another one under the same
// number, before the server has given the first one up, or when it may not ask any more. It is
// opened at both ends.
func TestOpenedAgain(t *testing.T) {
	for _, arrive := range []int{1, 3} { // of the packets that open the first one
		s := newStream(newMesh(t, channels(), 10*time.Millisecond, 1))
		w := s.addWay(1, 1, 200*time.Millisecond)
		w.links[1].cut = true
		s.addWay(2, 2, 10*time.Millisecond)
		id, err := s.ends[0].OpenPath(s.now, PathConfig{Route: 1})
		if err != nil {
			t.Fatal(err)
		}
		if arrive == 1 {
			s.run(100 * time.Millisecond)
			w.links[0].cut = true
		}
		if !s.runUntil(3*time.Second, func() bool { return s.state(0, id) == PathClosed }) || arrive > 1 && s.state(1, id) != PathOpening {
			t.Fatalf("path %d is %v and %v", id, s.state(0, id), s.state(1, id))
		}
		again, err := s.ends[0].OpenPath(s.now, PathConfig{Route: 2})
		if err != nil || again != id {
			t.Fatalf("path %d: %v", again, err)
		}
		s.run(100 * time.Millisecond)
		if s.state(0, id) != PathActive || s.state(1, id) != PathActive || s.ends[1].Route(id) != 2 || s.ends[1].Uses(1) {
			t.Errorf("path %d is %v, and %v at route %d", id, s.state(0, id), s.state(1, id), s.ends[1].Route(id))
		}
		s.play(time.Second)
		s.settle(time.Second)
	}
}

// claimed is an endpoint whose path 0 a rival at route 1 claims; home is route 0, and both have been
// asked.
func (s *script) claimed() (of *script, tokens map[Route]uint64) {
	s.hears([]byte{wire.TypePing})
	s.says()
	s.hearsFrom(1, []byte{wire.TypePing})
	return s, s.asked()
}

// after lets milliseconds pass, and then the endpoint hears something from a route.
func (s *script) after(ms int64, from Route, frame []byte) {
	for until := s.now + ms*1_000_000; s.now < until; {
		s.asked()
		s.now = min(max(s.e.Deadline(), s.now), until)
		s.e.HandleTimeout(s.now)
	}
	s.hearsFrom(from, frame)
}

// decided is where path 0 is three seconds later.
func (s *script) decided() Route {
	s.after(3000, s.e.Route(0), []byte{wire.TypePing})
	return s.e.Route(0)
}

// TestHomeIsWaitedFor: a rival that answers first does not get the path if home answers while it
// may, by PATH_RESPONSE or by an ACK of the packet that asked.
func TestHomeIsWaitedFor(t *testing.T) {
	s, tokens := newScript(t, channels()).claimed()
	s.after(5, 1, response(tokens[1]))
	s.after(20, 0, response(tokens[0]))
	if at := s.decided(); at != 0 || s.e.PathStats(0).Moves != 0 {
		t.Errorf("home has answered, and the path is at %d", at)
	}
	s, tokens = newScript(t, channels()).claimed()
	s.after(5, 1, response(tokens[1]))
	s.after(20, 0, ack(0, s.nextNumber()-1))
	if at := s.decided(); at != 0 || s.e.PathStats(0).Moves != 0 {
		t.Errorf("home has acknowledged the challenge, and the path is at %d", at)
	}
}

// TestSlowerRival: of two that answer, while home does not, the slower one gets the path.
func TestSlowerRival(t *testing.T) {
	for _, slow := range []Route{1, 2} {
		s, tokens := newScript(t, channels()).claimed()
		s.hearsFrom(2, []byte{wire.TypePing})
		tokens[2] = s.asked()[2]
		s.after(10, 3-slow, response(tokens[3-slow]))
		s.after(20, slow, response(tokens[slow]))
		if at := s.decided(); at != slow {
			t.Errorf("the path is at %d, not at %d", at, slow)
		}
	}
}

// TestThirdRival: two rivals that do not answer keep nobody from being asked for longer than an
// answer would take.
func TestThirdRival(t *testing.T) {
	s, _ := newScript(t, channels()).claimed()
	s.hearsFrom(2, []byte{wire.TypePing})
	s.hearsFrom(3, []byte{wire.TypePing})
	if tokens := s.asked(); tokens[3] != 0 || tokens[2] == 0 {
		t.Errorf("asked %v", tokens)
	}
	s.after(int64(s.e.path(0).answerTime()/1_000_000)+1, 3, []byte{wire.TypePing})
	tokens := s.asked()
	if tokens[3] == 0 {
		t.Fatalf("asked %v", tokens)
	}
	s.after(10, 3, response(tokens[3]))
	if at := s.decided(); at != 3 {
		t.Errorf("the path is at %d", at)
	}
}

// TestOldNumbersMoveNobody: what was overtaken on its way, and comes from elsewhere, asks nobody.
func TestOldNumbersMoveNobody(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.number += 5
	s.hears([]byte{wire.TypePing})
	s.says()
	s.e.HandlePacket(s.now, Incoming{From: 1, Number: s.number - 3, Frames: []byte{wire.TypePing}})
	if tokens := s.asked(); len(tokens) != 0 || s.e.Uses(1) {
		t.Errorf("asked %v", tokens)
	}
}

// TestUndecided: as long as it is not decided what is said goes home, and no more than three times
// what came from there to the rival.
func TestUndecided(t *testing.T) {
	s, _ := newScript(t, channels()).claimed()
	went := 0
	for n := range 20 {
		if _, err := s.e.Send(chanOf(Unreliable), message(n, 100), SendOptions{}); err != nil {
			t.Fatal(err)
		}
		out := s.packet()
		packet, to, also := out.Packet, out.To, out.Also
		if to != 0 || also != 1 && also != NoRoute {
			t.Fatalf("a message goes to %d and %d", to, also)
		}
		if also == 1 {
			went += len(packet)
		}
	}
	if came := s.e.overhead + 1; went > 3*came {
		t.Errorf("%d bytes came, %d went there", came, went)
	}
	s.hearsFrom(1, append([]byte{wire.TypePing}, make([]byte, 900)...))
	_, _ = s.e.Send(chanOf(Unreliable), message(1, 100), SendOptions{})
	if out := s.packet(); out.To != 0 || out.Also != 1 {
		t.Errorf("when more came a message goes to %d and %d", out.To, out.Also)
	}
}

// TestOpeningCarriesNothing: messages go over a path when the peer has answered there, and a path
// that flutters fills no queue of events.
func TestOpeningCarriesNothing(t *testing.T) {
	s := newStream(newMesh(t, channels(), 10*time.Millisecond, 1))
	s.addWay(1, 1, 10*time.Millisecond).dead = true
	if _, err := s.ends[0].OpenPath(s.now, PathConfig{Route: 1}); err != nil {
		t.Fatal(err)
	}
	s.play(1500 * time.Millisecond)
	if st := s.ends[0].PathStats(1); st.State != PathOpening || st.PacketsSent != 3 {
		t.Errorf("%+v", st)
	}
	s.play(time.Second)
	s.settle(time.Second)
	s.events(0)
	for range 1000 {
		s.ends[0].path(0).tell(PathFailed)
		s.ends[0].path(0).tell(PathActive)
	}
	if all := s.events(0); len(all) != 1 || all[0].State != PathActive {
		t.Errorf("%d events", len(all))
	}
}

// TestRepliesAreBounded: of challenges that come faster than they can be answered the newest four are.
func TestRepliesAreBounded(t *testing.T) {
	for asked, want := range map[int]int{1: 1, 4: 4, 5: 4, 100: 4} {
		s := newScript(t, channels())
		var challenges [][]byte
		for token := range uint64(asked) {
			challenges = append(challenges, wire.AppendPathChallenge(nil, 1000+token))
		}
		s.hears(challenges...)
		var answered []uint64
		for _, f := range s.wait(s.now + second) {
			if f[0] == wire.TypePathResponse {
				token, _ := wire.ConsumePathResponse(f)
				answered = append(answered, token-1000)
			}
		}
		if len(answered) != want || answered[0] != uint64(asked-want) || answered[want-1] != uint64(asked-1) {
			t.Errorf("asked %d times, %d are answered", asked, answered)
		}
	}
}

// TestTwoAreBarred: of the rivals that did not get a path the last two are barred, for a second from the
// last one on, and one whose second is over no more.
func TestTwoAreBarred(t *testing.T) {
	for gap, want := range map[int64][2]Route{0: {2, 1}, barFor - 1: {2, 1}, barFor: {2, NoRoute}, 2 * barFor: {2, NoRoute}} {
		c := newCalm()
		c.refuse(second, 1, milli)
		if c.refuse(second+gap, 2, milli); c.barred != want || c.until != second+gap+barFor {
			t.Errorf("the second one %v after the first: %+v", time.Duration(gap), c)
		}
	}
}

// TestStatusLeap: a serial behind which ours could not go on ends the connection.
func TestStatusLeap(t *testing.T) {
	for serial, open := range map[uint64]bool{1 << 32: true, 1<<32 + 1: false, math.MaxUint64: false} {
		s := newScript(t, channels())
		s.hears(wire.AppendPathStatus(nil, &wire.PathStatus{Path: 0, Serial: serial, Weight: 1}))
		if s.e.Open() != open {
			t.Errorf("serial %d: open %v", serial, s.e.Open())
		}
	}
	s := newScript(t, channels())
	opening := wire.AppendPathStatus(nil, &wire.PathStatus{Path: 1, Serial: math.MaxUint64, Weight: 1})
	s.e.HandlePacket(s.now, Incoming{Path: 1, From: 1, Frames: wire.AppendPathChallenge(opening, 7)})
	if s.e.paths.path(1) != nil {
		t.Error("a path was opened with the last serial of all")
	}
}
