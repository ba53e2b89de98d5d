//go:build !js

package web

import (
	"context"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/transporttest"
)

// patience is how long a test waits for what has to come. A machine that does something else takes some of it, and only
// what is wrong takes all.
const patience = time.Minute

// again tries up to five times what goes wrong now and then on a machine that does something else: what is wrong goes wrong
// each time.
func again(t *testing.T, try func() error) {
	t.Helper()
	var err error
	for range 5 {
		if err = try(); err == nil {
			return
		}
		t.Log("once more: ", err)
	}
	t.Error(err)
}

func listen(t *testing.T, cfg Config) *Socket {
	t.Helper()
	s, err := Listen("127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// dial opens a Ladder that stays on its WebSocket.
func dial(t *testing.T, s *Socket, cfg DialConfig) *Ladder {
	t.Helper()
	cfg.DisableWebTransport = true
	l, err := Dial(context.Background(), s.URL(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// meet has a client say something, and returns the path by which the server answers him.
func meet(t *testing.T, s *Socket, l *Ladder) transport.Path {
	t.Helper()
	if n, err := l.Write(datagrams(l.Peer(), "hello")); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	return one(t, s, "hello")
}

// one waits for a datagram and returns its path.
func one(t *testing.T, s transport.Socket, want string) transport.Path {
	t.Helper()
	ds := make([]transport.Datagram, 1)
	for deadline := time.Now().Add(patience); ; {
		if ready, err := s.Wait(deadline); !ready || err != nil {
			t.Fatalf("Wait for %q = %v, %v", want, ready, err)
		}
		n, err := s.Read(ds)
		switch {
		case err != nil:
			t.Fatal(err)
		case n == 1 && string(ds[0].Bytes) == want:
			return ds[0].Path
		case n == 1:
			t.Fatalf("came %q, want %q", ds[0].Bytes, want)
		}
	}
}

// TestConformance: both ends of a WebSocket keep what the seam asks for.
func TestConformance(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) transporttest.Link {
		s := listen(t, Config{})
		l := dial(t, s, DialConfig{})
		return transporttest.Link{
			A: s, B: l, ToB: meet(t, s, l), ToA: l.Peer(),
			Nowhere: transport.Path{Kind: transport.KindWebSocket, Association: 99},
			End:     func() { s.cut() },
		}
	})
	transporttest.Run(t, func(t *testing.T) transporttest.Link {
		s := listen(t, Config{})
		l := dial(t, s, DialConfig{})
		return transporttest.Link{
			A: l, B: s, ToA: meet(t, s, l), ToB: l.Peer(),
			Nowhere: transport.Path{Kind: transport.KindWebSocket, Association: 99},
			End:     func() { s.cut() },
		}
	})
}

// cut breaks the TCP connections of all.
func (s *Socket) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.open {
		if ws, ok := a.conduit.(*webSocket); ok {
			ws.raw.Close()
		}
	}
}
