package simnet

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// steps is a ladder of which a test says what becomes of its rungs.
type steps struct {
	*mem.Socket
	mu    sync.Mutex
	over  []transport.Ending
	rungs []transport.Path
	ended []string // what was ended, and when
	began time.Time
}

func (s *steps) Ended(dst []transport.Ending) []transport.Ending {
	s.mu.Lock()
	defer s.mu.Unlock()
	dst = append(dst, s.over...)
	s.over = nil
	return dst
}

func (s *steps) Rungs(dst []transport.Path) []transport.Path {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(dst, s.rungs...)
}

func (s *steps) End(p transport.Path) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, p.Kind.String()+" after "+time.Since(s.began).String())
}

func (s *steps) endings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ended)
}

// become changes the rungs, and tells of what has ended.
func (s *steps) become(rungs []transport.Path, over ...transport.Ending) {
	s.mu.Lock()
	s.rungs, s.over = rungs, over
	s.mu.Unlock()
	s.Wake()
}

// TestWrapLadder: behind links a ladder is one as well. Who waits hears once of each end and of each change
// of the rungs, and a path is ended when what was written before is through.
func TestWrapLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below, b, err := mem.Pair()
		must(t, err)
		defer b.Close()
		socket, data := transport.Path{Kind: transport.KindWebSocket, Association: 1}, transport.Path{Kind: transport.KindWebRTC, Association: 2}
		s := &steps{Socket: below, rungs: []transport.Path{socket}, began: time.Now()}
		a, err := Wrap(s, Links{Up: LinkConfig{Delay: 30 * time.Millisecond}}, 1)
		must(t, err)
		ladder, ok := a.(transport.Ladder)
		if !ok {
			t.Fatalf("%T is no ladder", a)
		}
		wantRungs := func(want ...transport.Path) {
			t.Helper()
			synctest.Wait()
			if news, err := a.Wait(time.Now()); !news || err != nil {
				t.Errorf("who waits hears nothing: %v", err)
			}
			if got := ladder.Rungs(nil); !slices.Equal(got, want) {
				t.Errorf("the rungs are %v, want %v", got, want)
			}
		}
		if got := ladder.Rungs(nil); !slices.Equal(got, []transport.Path{socket}) || ladder.Peer() != below.Peer() {
			t.Errorf("it begins with %v", got)
		}
		if over := ladder.Ended(nil); len(over) > 0 {
			t.Errorf("%v have ended", over)
		}
		s.become([]transport.Path{data, socket})
		wantRungs(data, socket)
		gone := transport.Ending{Path: socket, Reason: errors.New("pulled")}
		s.become([]transport.Path{data}, gone)
		wantRungs(data)
		if over := ladder.Ended(nil); !slices.Equal(over, []transport.Ending{gone}) {
			t.Errorf("%v have ended", over)
		}
		if news, _ := a.Wait(time.Now()); news || len(ladder.Ended(nil)) > 0 {
			t.Error("it tells the same twice")
		}
		writeWord(t, a, "bye")
		a.(transport.Ender).End(data)
		synctest.Wait()
		expect(t, s.endings())
		expect(t, []string{arrives(t, b, s.began)}, "bye after 30ms")
		synctest.Wait()
		expect(t, s.endings(), "webrtc after 30ms")
		t.Log("# a link on which there is always something")
		must(t, a.SetLinks(Links{Up: LinkConfig{Delay: time.Hour}}))
		writeWord(t, a, "late")
		a.(transport.Ender).End(data)
		time.Sleep(time.Minute)
		expect(t, s.endings()[1:], "webrtc after 5.03s")
		must(t, a.Close())
		time.Sleep(time.Minute) // until the pump has given up what is on its way
	})
}

// TestWrapNoLadder: a line claims to be no more than the socket below.
func TestWrapNoLadder(t *testing.T) {
	a, _ := wrapped(t, Links{})
	_, ladder := a.(transport.Ladder)
	_, mortal := a.(transport.Mortal)
	if _, ender := a.(transport.Ender); ladder || mortal || ender {
		t.Errorf("%T says that it is a ladder, %v, mortal, %v, or an ender, %v", a, ladder, mortal, ender)
	}
	below, b, err := mem.Pair()
	must(t, err)
	defer b.Close()
	server, err := Wrap(struct {
		transport.Ownable
		transport.Socket
		transport.Mortal
	}{below, below, &steps{}}, Links{}, 1)
	must(t, err)
	defer server.Close()
	_, ladder = server.(transport.Ladder)
	if _, mortal = server.(transport.Mortal); ladder || !mortal {
		t.Errorf("%T says that it is a ladder, %v, and mortal, %v", server, ladder, mortal)
	}
}
