package simnet

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
	"github.com/tickwire/tickwire/transport/transporttest"
	"github.com/tickwire/tickwire/transport/udp"
)

// wrapped is a pair of sockets in memory of which the first is behind links.
func wrapped(t testing.TB, links Links) (a Line, b *mem.Socket) {
	t.Helper()
	below, b, err := mem.Pair()
	must(t, err)
	a, err = Wrap(below, links, 1)
	must(t, err)
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// TestWrapConformance: a line that does nothing is a socket like any other.
func TestWrapConformance(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) transporttest.Link {
		a, b := wrapped(t, Links{})
		second, err := Wrap(b, Links{}, 2)
		must(t, err)
		return transporttest.Link{
			A: a, B: second, ToB: a.(transport.Joined).Peer(), ToA: b.Peer(),
			Nowhere:   transport.Path{Kind: transport.KindMemory, Association: 99},
			Allocates: true, // the goroutines between them take turns as they like
		}
	})
}

// write sends a word over a joined socket.
func writeWord(t testing.TB, s transport.Socket, word string) {
	t.Helper()
	to := transport.PathTo(s.LocalAddr())
	if joined, ok := s.(transport.Joined); ok {
		to = joined.Peer()
	}
	if n, err := s.Write([]transport.Datagram{{Path: to, Bytes: []byte(word)}}); n != 1 || err != nil {
		t.Fatalf("Write: %d, %v", n, err)
	}
}

// arrives waits for a datagram, and returns it with the time that it took since began.
func arrives(t testing.TB, s transport.Socket, began time.Time) string {
	t.Helper()
	ok, err := s.Wait(began.Add(10 * time.Second))
	must(t, err)
	if !ok {
		return "nothing"
	}
	var ds [1]transport.Datagram
	_, err = s.Read(ds[:])
	must(t, err)
	return fmt.Sprintf("%s after %v", ds[0].Bytes, time.Since(began))
}

// TestWrapDelays: each direction takes its time, in a bubble to the nanosecond; a cut loses; what
// was sent before Close arrives.
func TestWrapDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wrapped(t, Links{Up: LinkConfig{Delay: 30 * time.Millisecond}, Down: LinkConfig{Delay: 70 * time.Millisecond}})
		began := time.Now()
		writeWord(t, a, "up")
		expect(t, []string{arrives(t, b, began)}, "up after 30ms")
		writeWord(t, b, "down")
		expect(t, []string{arrives(t, a, began)}, "down after 100ms")
		t.Log("# a cut, and other links")
		a.Cut()
		writeWord(t, a, "lost")
		writeWord(t, b, "lost, too")
		synctest.Wait()
		a.Heal()
		must(t, a.SetLinks(Links{Up: LinkConfig{Delay: time.Second}}))
		writeWord(t, a, "late")
		expect(t, []string{arrives(t, b, began)}, "late after 1.1s")
		up, down := a.LinkStats()
		if up.Cut != 1 || down.Cut != 1 || up.Delivered != 2 || down.Delivered != 1 {
			t.Errorf("up %+v, down %+v", up, down)
		}
		t.Log("# the end")
		writeWord(t, a, "bye")
		must(t, a.Close())
		if _, err := a.Write(nil); err != transport.ErrClosed || a.Close() != transport.ErrClosed {
			t.Errorf("a closed line: %v", err)
		}
		expect(t, []string{arrives(t, b, began)}, "bye after 2.1s")
	})
}

// TestWrapLoses: the links do to datagrams what they do elsewhere.
func TestWrapLoses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := wrapped(t, Links{Up: LinkConfig{Loss: 0.5}})
		for range 1000 {
			writeWord(t, a, "x")
		}
		synctest.Wait()
		ds := make([]transport.Datagram, 1000)
		got := 0
		for n, _ := b.Read(ds); n > 0; n, _ = b.Read(ds) {
			got += n
		}
		if up, _ := a.LinkStats(); got < 400 || got > 600 || up.Lost != uint64(1000-got) {
			t.Errorf("%d arrived, %+v", got, up)
		}
		if p := a.Properties(transport.Path{}); p.Reliable || !p.DontFragment {
			t.Errorf("a line that loses says %+v", p)
		}
	})
}

// TestWrapFails: when the socket below fails so does the line, with the same word.
func TestWrapFails(t *testing.T) {
	below, _, err := mem.Pair()
	must(t, err)
	a, err := Wrap(failing{below}, Links{}, 1)
	must(t, err)
	if _, err := a.Wait(time.Time{}); err != errUnplugged {
		t.Errorf("Wait: %v", err)
	}
	if _, err := a.Read(nil); err != errUnplugged {
		t.Errorf("Read: %v", err)
	}
}

var errUnplugged = errors.New("the cable is out")

// A failing socket fails when somebody waits for it.
type failing struct{ transport.Socket }

func (f failing) Wait(time.Time) (bool, error) { return false, errUnplugged }

// TestWrapRoams: a client whose socket is behind links hears of another address of its host as ever.
func TestWrapRoams(t *testing.T) {
	below, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	a, err := Wrap(below, Links{}, 1)
	must(t, err)
	defer a.Close()
	to := transport.PathTo(netip.MustParseAddrPort("127.0.0.1:9"))
	if roamer, ok := a.(transport.Roamer); !ok || roamer.LocalTo(to) != below.LocalTo(to) {
		t.Errorf("%T: %v", a, ok)
	}
	if again, err := Wrap(a, Links{}, 1); err != nil {
		t.Errorf("one line before another: %v", err)
	} else if _, ok := again.(transport.Roamer); !ok {
		t.Errorf("%T", again)
	}
}

// TestWrapTakes: what cannot be wrapped is named at once, each field of it, and nothing that belongs
// to somebody else is closed.
func TestWrapTakes(t *testing.T) {
	bad := Links{Up: LinkConfig{Loss: 2}, Down: LinkConfig{Delay: -1}}
	var none *mem.Socket
	closed, mine, err := mem.Pair()
	must(t, err)
	must(t, closed.Close())
	virtual, err := NewNetwork(1).Socket(atA, SocketConfig{})
	must(t, err)
	owned, _ := wrapped(t, Links{})
	other, err := Wrap(owned, Links{}, 1)
	must(t, err)
	for _, c := range []struct {
		socket transport.Socket
		links  Links
		want   []string
	}{
		{nil, Links{}, []string{"socket is nil: want one, from udp.Open say"}},
		{none, Links{}, []string{"socket is nil: want one, from udp.Open say"}},
		{nil, bad, []string{"socket is nil", "links.Up.Loss is 2", "links.Down.Delay is -1ns"}},
		{closed, Links{}, []string{"socket is closed: want one that is open"}},
		{virtual, Links{}, []string{"socket is one of a Network, in virtual time: want one of the system"}},
		{owned, Links{}, []string{"socket is one that has an owner already: want a socket of its own"}},
		{mine, bad, []string{"links.Up.Loss is 2"}},
	} {
		_, err := Wrap(c.socket, c.links, 1)
		if _, ok := errors.AsType[*ConfigError](err); !ok {
			t.Fatalf("%v: %T", err, err)
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
	if mine.Close() != transport.ErrClosed {
		t.Error("a socket whose links cannot be was left open")
	}
	if err := other.Close(); err != nil {
		t.Errorf("a socket of another owner was closed: %v", err)
	}
}
