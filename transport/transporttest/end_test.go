package transporttest

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// A mortal is a socket of package mem whose path to its peer can end: a ladder of one rung.
type mortal struct {
	transport.Socket
	peer   transport.Path
	gone   atomic.Bool // the path has ended
	news   atomic.Bool // and nobody was told
	old    atomic.Bool // and nobody has asked for the rungs since
	woken  atomic.Bool // by the end
	asks   atomic.Bool // somebody wants to be told
	climbs atomic.Bool // and of the rungs

	// Mistakes.
	silent, deaf, twice, mute, early, refuses, forgets, stays bool
}

func (m *mortal) Ended(dst []transport.Ending) []transport.Ending {
	m.asks.Store(true)
	if !m.early && !m.news.Swap(m.twice && m.gone.Load()) || m.silent {
		return dst
	}
	end := transport.Ending{Path: m.peer, Reason: errors.New("cut")}
	if m.mute {
		end.Reason = nil
	}
	return append(dst, end)
}

func (m *mortal) Peer() transport.Path { return m.peer }

func (m *mortal) Rungs(dst []transport.Path) []transport.Path {
	m.climbs.Store(true)
	if m.old.Store(false); m.gone.Load() && !m.stays {
		return dst
	}
	return append(dst, m.peer)
}

func (m *mortal) end() {
	m.gone.Store(true)
	m.news.Store(true)
	m.old.Store(true)
	if !m.deaf {
		m.woken.Store(true)
		m.Socket.Wake()
	}
}

func (m *mortal) tells() bool {
	return m.asks.Load() && m.news.Load() || m.climbs.Load() && m.old.Load()
}

func (m *mortal) Wait(until time.Time) (bool, error) {
	if m.tells() && !m.deaf {
		return true, nil
	}
	ready, err := m.Socket.Wait(until)
	if m.woken.Swap(false) && !ready && err == nil && !m.tells() {
		return m.Wait(until)
	}
	return ready || err == nil && m.tells(), err
}

func (m *mortal) Read(ds []transport.Datagram) (int, error) {
	if m.forgets && m.gone.Load() {
		time.Sleep(time.Millisecond)
		return 0, nil
	}
	return m.Socket.Read(ds)
}

func (m *mortal) Write(ds []transport.Datagram) (int, error) {
	switch {
	case m.gone.Load() && m.refuses:
		time.Sleep(time.Millisecond)
		return 0, nil
	case m.gone.Load():
		return len(ds), nil
	}
	return m.Socket.Write(ds)
}

// The mistakes of sockets whose paths end, which check finds them, and what it says.
var endSlips = []struct {
	name  string
	slip  func(m *mortal)
	check func(c *check)
	want  string
}{
	{"it tells nothing", func(m *mortal) { m.silent = true }, testEndings,
		"a path that has ended must be told once, with a reason (transport.Mortal.Ended): B.Ended = []"},
	{"it tells twice", func(m *mortal) { m.twice = true }, testEndings, "B told [{"},
	{"it gives no reason", func(m *mortal) { m.mute = true }, testEndings, "want {Kind:memory"},
	{"it tells too early", func(m *mortal) { m.early = true }, testEndings, "Ended must tell nothing of a path that lives (transport.Mortal.Ended)"},
	{"nobody is woken", func(m *mortal) { m.deaf = true }, testEndings,
		"once Ended was called Wait must return true while there is an ending that was not told (transport.Mortal.Ended): B still waits after 20s"},
	{"it takes nothing any more", func(m *mortal) { m.refuses = true }, testEndings,
		"Write must take again what a full buffer did not take (transport.Socket.Write): B did not take 2 datagrams within 20s"},
	{"what had come is lost", func(m *mortal) { m.forgets = true }, testStored, "with 0 of 1 datagrams read"},
	{"the rung stays", func(m *mortal) { m.stays = true }, testRungs, "which has ended"},
	{"changes wake nobody", func(m *mortal) { m.deaf = true }, testRungs,
		"once Rungs was called Wait must return true after a change of them (transport.Ladder.Rungs): B still waits after 20s"},
}

// mortalLink is a Link whose B is mortal.
func mortalLink(t *testing.T) (Link, *mortal) {
	a, b, err := mem.Pair()
	if err != nil {
		t.Fatal(err)
	}
	m := &mortal{Socket: b, peer: b.Peer()}
	return Link{A: a, B: m, ToB: a.Peer(), ToA: m.peer, End: m.end}, m
}

// TestBrokenEndings: each mistake is told as the promise that it breaks.
func TestBrokenEndings(t *testing.T) {
	for _, one := range endSlips {
		t.Run(one.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, m := mortalLink(t)
				one.slip(m)
				got := new(record)
				if newCheck(got, l, patience).run(one.check) {
					t.Error("it hangs")
				}
				synctest.Wait()
				if text := strings.Join(got.text, "\n"); !strings.Contains(text, one.want) {
					t.Errorf("said:\n%s\nwant:\n%s", text, one.want)
				}
			})
		})
	}
}

// TestMortal: of a socket whose path ends as it should nothing is said, and the path does end.
func TestMortal(t *testing.T) {
	var ended []string
	for _, one := range checks {
		l, m := mortalLink(t)
		l.Allocates = true // its Wait
		got := new(record)
		if newCheck(got, l, patience).run(one.test) || len(got.text) > 0 {
			t.Errorf("%s: %q", one.name, got.text)
		}
		if m.gone.Load() {
			ended = append(ended, one.name)
		}
	}
	if want := []string{"Endings", "LastWords", "Rungs"}; !slices.Equal(ended, want) {
		t.Errorf("the path ended in %v, want %v", ended, want)
	}
	l, _ := mortalLink(t)
	l.End = nil
	if got := l.fault(); !strings.HasPrefix(got, "Link.End is nil: want a function") {
		t.Errorf("without End: %q", got)
	}
}
