//go:build !js

package web

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// TestLastWords: what was written to a path before its end arrives, by either transport of UDP, be it that the
// owner ends the path or closes all.
func TestLastWords(t *testing.T) {
	const words = 10
	for name, end := range map[string]func(s *sharedPort, p transport.Path){
		"End":   func(s *sharedPort, p transport.Path) { s.board.End(p) },
		"Close": func(s *sharedPort, _ transport.Path) { s.close() },
	} {
		t.Run(name, func(t *testing.T) {
			say := func(s *sharedPort, to transport.Path) {
				var all []string
				for i := range words {
					all = append(all, fmt.Sprint("last words ", i))
				}
				s.board.Write(datagrams(to, all...))
				end(s, to)
			}
			s := newSharedPort(t, limits{})
			c, p := s.dialRTC()
			closed := make(chan struct{})
			c.dc.OnClose(func() { close(closed) })
			say(s, p.path(t))
			within(t, "the peer learns of the end", closed)
			if n := len(c.got); n != words {
				t.Errorf("%d of %d last words came by a data channel", n, words)
			}
			s = newSharedPort(t, limits{})
			session := mustDialWT(s)
			if err := session.SendDatagram([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			say(s, heard(t, s.board, "hello"))
			for i := range words {
				if got, want := string(receiveWithin(t, session)), fmt.Sprint("last words ", i); got != want {
					t.Errorf("by a session came %q, want %q", got, want)
				}
			}
		})
	}
}

// TestFlushIsTold: the end of a data channel does not wait longer than until all has arrived.
func TestFlushIsTold(t *testing.T) {
	s := newSharedPort(t, limits{})
	_, p := s.dialRTC()
	p.path(t)
	const patience = time.Minute
	began := time.Now()
	for range 3 {
		for range 10 {
			if err := p.write(make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
		}
		if p.flush(patience); p.channel.BufferedAmount() > 0 {
			t.Error("it did not wait")
		}
	}
	if took := time.Since(began); took >= patience {
		t.Errorf("it took %v", took)
	}
}

// heard waits for a datagram at a board and returns its path.
func heard(t *testing.T, b *board, want string) transport.Path {
	t.Helper()
	ds := make([]transport.Datagram, 1)
	for deadline := time.Now().Add(patience); ; {
		if ready, err := b.Wait(deadline); !ready || err != nil {
			t.Fatalf("Wait for %q = %v, %v", want, ready, err)
		}
		if n, _ := b.Read(ds); n == 1 && string(ds[0].Bytes) == want {
			return ds[0].Path
		}
	}
}

// TestCloseIsTheEnd: Close is through in a second or so though a player takes nothing, and has left nothing of him then.
func TestCloseIsTheEnd(t *testing.T) { again(t, func() error { return closeIsTheEnd(t) }) }

func closeIsTheEnd(t *testing.T) error {
	s := listen(t, Config{})
	c, _ := bare(t, s)
	c.(*net.TCPConn).SetReadBuffer(4 << 10)
	c.Write(frame("move"))
	state := []transport.Datagram{{Path: one(t, s, "move"), Bytes: make([]byte, 1200)}}
	for refused := 0; refused < 50; {
		if n, err := s.Write(state); err != nil {
			t.Fatal(err)
		} else if n == 0 {
			refused++
			time.Sleep(time.Millisecond)
		}
	}
	began := time.Now()
	s.Close()
	b := make([]byte, 1<<20)
	left := string(b[:runtime.Stack(b, true)])
	took := time.Since(began)
	if i := strings.Index(left, "web.(*association)"); i >= 0 {
		t.Errorf("left behind:\n%s", left)
	}
	if took > closePatience+500*time.Millisecond {
		return fmt.Errorf("it takes %v", took)
	}
	return nil
}
