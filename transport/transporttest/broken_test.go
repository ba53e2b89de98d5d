package transporttest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

// A record is a report that keeps what it is told.
type record struct {
	mu   sync.Mutex
	text []string
}

func (r *record) Helper() {}

func (r *record) Errorf(format string, args ...any) {
	r.mu.Lock()
	r.text = append(r.text, fmt.Sprintf(format, args...))
	r.mu.Unlock()
}

// A slip is a socket of package mem with a mistake in it, one that beginners make. Its calls that do
// not return do so when the test is over.
type slip struct {
	transport.Socket
	over chan struct{}

	wait   func(s *slip, until time.Time) (bool, error)
	read   func(s *slip, ds []transport.Datagram) (int, error)
	write  func(s *slip, ds []transport.Datagram) (int, error)
	finish func(s *slip) error
	wake   func(s *slip)
	most   int
	own    func(s *slip) error
	calls  int
	kept   []transport.Datagram
}

func (s *slip) Wait(until time.Time) (bool, error) {
	if s.wait != nil {
		return s.wait(s, until)
	}
	return s.Socket.Wait(until)
}

func (s *slip) Read(ds []transport.Datagram) (int, error) {
	if s.read != nil {
		return s.read(s, ds)
	}
	return s.Socket.Read(ds)
}

func (s *slip) Write(ds []transport.Datagram) (int, error) {
	if s.write != nil {
		return s.write(s, ds)
	}
	return s.Socket.Write(ds)
}

func (s *slip) Close() error {
	if s.finish != nil {
		return s.finish(s)
	}
	return s.Socket.Close()
}

func (s *slip) Wake() {
	if s.wake != nil {
		s.wake(s)
		return
	}
	s.Socket.Wake()
}

func (s *slip) MaxDatagram(p transport.Path) int {
	if s.most != 0 {
		return s.most
	}
	return s.Socket.MaxDatagram(p)
}

func (s *slip) Own() error {
	if s.own != nil {
		return s.own(s)
	}
	return s.Socket.(transport.Ownable).Own()
}

// hang returns when the test is over.
func (s *slip) hang() { <-s.over }

// The mistakes, which check finds them, and what it says.
var slips = []struct {
	name  string
	slip  slip
	check func(c *check)
	hangs bool
	want  string
}{
	{
		"Wait ignores Close", slip{wait: func(s *slip, until time.Time) (bool, error) {
			ready, err := s.Socket.Wait(until)
			if err != nil {
				s.hang()
			}
			return ready, err
		}}, testClosedSocket, true,
		"after Close, Wait must return ErrClosed (transport.Socket.Close): A's call has not returned for 20s",
	}, {
		"Wait under way ignores Close", slip{wait: func(s *slip, until time.Time) (bool, error) {
			ready, err := s.Socket.Wait(until)
			if err != nil {
				s.hang()
			}
			return ready, err
		}}, testCloseEndsWait, false,
		"Close must end a Wait under way with ErrClosed (transport.Socket.Close): A still waits after 20s",
	}, {
		"Wait ends in silence at Close", slip{wait: func(s *slip, until time.Time) (bool, error) {
			ready, _ := s.Socket.Wait(until)
			return ready, nil
		}}, testCloseEndsWait, false,
		"Close must end a Wait under way with ErrClosed (transport.Socket.Close): A.Wait = false, <nil>",
	}, {
		"Wait ignores Wake", slip{wake: func(*slip) {}}, testWakeEndsWait, false,
		"after Wake, Wait must return false (transport.Socket.Wait): A still waits after 20s",
	}, {
		"Wake before Wait is lost", slip{wake: func(*slip) {}}, testWakeIsKeptOnce, false,
		"Wake before a Wait must end that one (transport.Socket.Wake): A still waits after 20s",
	}, {
		"woken Wait says true", slip{wait: func(s *slip, until time.Time) (bool, error) {
			_, err := s.Socket.Wait(until)
			return true, err
		}}, testWakeEndsWait, false,
		"after Wake, Wait must return false (transport.Socket.Wait): A.Wait = true, <nil>",
	}, {
		"each Wake ends a Wait", slip{wait: func(s *slip, until time.Time) (bool, error) {
			if s.calls++; s.calls == 2 {
				return false, nil
			}
			return s.Socket.Wait(until)
		}}, testWakeIsKeptOnce, false,
		"several calls of Wake before a Wait must count as one (transport.Socket.Wake): two of them ended two Waits, the second after 0s of 30ms",
	}, {
		"Wake blocks", slip{wake: (*slip).hang}, testWakeEndsWait, true,
		"Wake must never block (transport.Socket.Wake): A's call has not returned for 20s",
	}, {
		"Wait ignores the time", slip{wait: func(s *slip, until time.Time) (bool, error) {
			return s.Socket.Wait(time.Time{})
		}}, testWaitTimesOut, true,
		"Wait must return when the time has come (transport.Socket.Wait): A's call has not returned for 20s",
	}, {
		"Wait returns at once", slip{wait: func(s *slip, until time.Time) (bool, error) {
			return s.Socket.Wait(time.Unix(0, 1))
		}}, testWaitTimesOut, false,
		"Wait must return false when the time has come (transport.Socket.Wait): A.Wait for 1ms ended 1ms too early",
	}, {
		"Wait returns at once, and nothing has come", slip{wait: func(*slip, time.Time) (bool, error) {
			return false, nil
		}}, testRoundTrip, false,
		"Wait must block until a datagram or the time has come (transport.Socket.Wait): A.Wait = false, 20s before its time, and with 0 of 1 datagrams read",
	}, {
		"Wait sees nothing", slip{wait: func(s *slip, until time.Time) (bool, error) {
			time.Sleep(time.Until(until))
			return false, nil
		}}, testRoundTrip, false,
		"what is written to a path must arrive at its end (transport.Socket.Write): 0 of 1 datagrams came to A within 20s: is Link.ToA the path to it, and does its Wait see them?",
	}, {
		"Wait always says true", slip{wait: func(s *slip, until time.Time) (bool, error) {
			time.Sleep(time.Millisecond)
			return true, nil
		}, read: func(*slip, []transport.Datagram) (int, error) { return 0, nil }}, testRoundTrip, false,
		"when Wait returned true, a Read must return something, but for now and then (transport.Socket.Wait): A.Wait = true for 20s, with 0 of 1 datagrams read",
	}, {
		"Read blocks", slip{read: func(s *slip, ds []transport.Datagram) (int, error) {
			s.Socket.Wait(time.Time{})
			return s.Socket.Read(ds)
		}}, testReadNeverBlocks, true,
		"Read must never block (transport.Socket.Read): A's call has not returned for 20s",
	}, {
		"Write blocks", slip{write: func(s *slip, ds []transport.Datagram) (int, error) {
			s.hang()
			return 0, nil
		}}, testRoundTrip, true,
		"Write must never block (transport.Socket.Write): A's call has not returned for 20s",
	}, {
		"Write counts bytes", slip{write: func(s *slip, ds []transport.Datagram) (int, error) {
			n, err := s.Socket.Write(ds)
			return n * 100, err
		}}, testRoundTrip, false,
		"Write must return how many datagrams it took, and an error only of the socket itself (transport.Socket.Write): A.Write of 1 datagrams = 100, <nil>",
	}, {
		"Write takes nothing", slip{write: func(*slip, []transport.Datagram) (int, error) {
			time.Sleep(time.Millisecond)
			return 0, nil
		}}, testRoundTrip, false,
		"Write must take again what a full buffer did not take (transport.Socket.Write): A did not take 1 datagrams within 20s",
	}, {
		"Write keeps the bytes", slip{write: func(s *slip, ds []transport.Datagram) (int, error) {
			time.AfterFunc(time.Millisecond, func() { s.Socket.Write(ds) })
			return len(ds), nil
		}}, testWriteKeepsNothing, false,
		`Write must not keep the bytes that it was given (transport.Socket.Write): A wrote "before", and "after!" into them behind it; B read "after!"`,
	}, {
		"Write keeps the memory", slip{write: func(s *slip, ds []transport.Datagram) (int, error) {
			s.kept = append(s.kept[:0], ds...)
			return s.Socket.Write(ds)
		}}, testWriteKeepsNothing, false,
		"Write must not keep the bytes that it was given (transport.Socket.Write): A holds on to their memory, after Write has returned and B has read them",
	}, {
		"Read names nobody", slip{read: func(s *slip, ds []transport.Datagram) (int, error) {
			n, err := s.Socket.Read(ds)
			for i := range ds[:n] {
				ds[i].Path.Association++
			}
			return n, err
		}}, testRoundTrip, false,
		"Read must name the path by which a datagram came, the one to answer to (transport.Socket.Read): A read one from ",
	}, {
		"Read needs room", slip{read: func(s *slip, ds []transport.Datagram) (int, error) {
			if len(ds) == 0 {
				return -1, nil
			}
			return s.Socket.Read(ds)
		}}, func(c *check) { c.A, c.B, c.ToB = c.B, c.A, c.ToA; testSmallReads(c) }, false,
		"Read without room must return 0 and no error (transport.Socket.Read): B.Read(nil) = -1, <nil>",
	}, {
		"Close hangs", slip{finish: func(s *slip) error { s.hang(); return nil }}, testRoundTrip, true,
		"Close must end every call under way, and return (transport.Socket.Close): A's call has not returned for 20s",
	}, {
		"Close succeeds twice", slip{finish: func(s *slip) error { s.Socket.Close(); return nil }}, testClosedSocket, false,
		"after Close, every call must return ErrClosed, a second Close among them (transport.Socket.Close): A's second Close: <nil>",
	}, {
		"a handshake does not fit", slip{most: 508}, testSizes, false,
		"a path to a peer must carry a handshake, 1078 bytes (transport.Socket.MaxDatagram): A.MaxDatagram(Link.ToB) = 508",
	}, {
		"two owners", slip{own: func(*slip) error { return nil }}, testOneOwner, false,
		"Own must return nil to the first owner, and ErrOwned to every other (transport.Ownable.Own): <nil>, then <nil>",
	}, {
		"it allocates", slip{read: func(s *slip, ds []transport.Datagram) (int, error) {
			s.kept = make([]transport.Datagram, 1)
			return s.Socket.Read(ds)
		}}, func(c *check) { c.A, c.B, c.ToB = c.B, c.A, c.ToA; testNoAllocations(c) }, false,
		"a datagram must cost no memory, unless Link.Allocates says that it does (transport.Socket.Read): 1 allocations for two datagrams, written and read",
	},
}

// TestBrokenSockets: each mistake is told as the promise that it breaks, and none hangs the test, in
// virtual time.
func TestBrokenSockets(t *testing.T) {
	for _, one := range slips {
		t.Run(one.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b, err := mem.Pair()
				if err != nil {
					t.Fatal(err)
				}
				mistake := one.slip
				mistake.Socket, mistake.over = a, make(chan struct{})
				got, began := new(record), time.Now()
				c := newCheck(got, Link{A: &mistake, B: b, ToB: a.Peer(), ToA: b.Peer()}, patience)
				if hangs := c.run(one.check); hangs != one.hangs {
					t.Errorf("it hangs: %v", hangs)
				}
				if took := time.Since(began); took > 3*patience {
					t.Errorf("it took %v", took)
				}
				close(mistake.over)
				a.Close()
				b.Close()
				synctest.Wait()
				if text := strings.Join(got.text, "\n"); !strings.Contains(text, one.want) {
					t.Errorf("said:\n%s\nwant:\n%s", text, one.want)
				}
			})
		})
	}
}

// TestSoundSocket: of a socket that keeps its promises nothing is said.
func TestSoundSocket(t *testing.T) {
	for _, one := range checks {
		a, b, err := mem.Pair()
		if err != nil {
			t.Fatal(err)
		}
		got := new(record)
		c := newCheck(got, Link{A: &slip{Socket: a}, B: b, ToB: a.Peer(), ToA: b.Peer()}, patience)
		if c.run(one.test) || len(got.text) > 0 {
			t.Errorf("%s: %q", one.name, got.text)
		}
	}
}

// TestMissingFields: what is missing in a Link is named before anything is tried.
func TestMissingFields(t *testing.T) {
	a, b, err := mem.Pair()
	if err != nil {
		t.Fatal(err)
	}
	var none *mem.Socket
	for want, l := range map[string]Link{
		"Link.A is nil: want an open socket":                   {},
		"Link.B is nil: want an open socket":                   {A: a, B: none},
		"Link.ToB is zero: want the path by which A reaches B": {A: a, B: b, ToA: b.Peer()},
		"Link.ToA is zero: want the path by which B reaches A": {A: a, B: b, ToB: a.Peer()},
		"": {A: a, B: b, ToB: a.Peer(), ToA: b.Peer()},
	} {
		if got := l.fault(); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
