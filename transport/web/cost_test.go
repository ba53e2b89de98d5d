//go:build !js

package web

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A bare client is a TCP connection that has become a WebSocket, and no more: it costs next to
// nothing, so that what is measured is the server's.
func bare(t *testing.T, s *Socket) (net.Conn, *bufio.Reader) { return bareBy(t, s, &net.Dialer{}) }

func bareBy(t *testing.T, s *Socket, by *net.Dialer) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := by.DialContext(t.Context(), "tcp", s.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "GET /tickwire HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: tickwire.1\r\n\r\n", s.LocalAddr())
	r := bufio.NewReaderSize(c, 512)
	answer, err := http.ReadResponse(r, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(answer, err)
	}
	return c, r
}

// frame is a datagram as a client sends it, masked with zeros (RFC 6455, section 5.2).
func frame(datagram string) []byte {
	return append([]byte{0x82, 0x80 | byte(len(datagram)), 0, 0, 0, 0}, datagram...)
}

// used is what the process has in memory, and how many goroutines.
func used() (bytes, goroutines int) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse), runtime.NumGoroutine()
}

// TestNothingLeftBehind: sockets that were closed leave no goroutine.
func TestNothingLeftBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		s, err := Listen("127.0.0.1:0", Config{})
		if err != nil {
			t.Fatal(err)
		}
		l, err := Dial(t.Context(), s.URL(), DialConfig{})
		if err != nil {
			t.Fatal(err)
		}
		meet(t, s, l)
		if got := byHand(t, s.URL(), nil); got == nil {
			t.Fatal("nobody")
		}
		s.Close()
		l.Close()
	}
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			b := make([]byte, 1<<16)
			b = b[:runtime.Stack(b, true)]
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, strings.TrimSpace(string(b)))
		}
	}
}

// TestStuckPlayer: whose peer takes nothing is given up after Config.WriteTimeout, and until then
// nobody else waits for it.
func TestStuckPlayer(t *testing.T) {
	t.Parallel()
	s := listen(t, Config{WriteTimeout: 1500 * time.Millisecond})
	c, _ := bare(t, s)
	c.(*net.TCPConn).SetReadBuffer(4 << 10)
	c.Write(frame("move"))
	stuck := one(t, s, "move")
	honest := dial(t, s, DialConfig{})
	path := meet(t, s, honest)
	s.Ended(nil)
	state := []transport.Datagram{{Path: stuck, Bytes: make([]byte, 1200)}}
	began, refused := time.Now(), false
	for len(s.Ended(nil)) == 0 {
		n, err := s.Write(state)
		if err != nil || time.Since(began) > patience {
			t.Fatal("not given up:", err)
		}
		if n == 1 {
			continue
		}
		if refused = true; time.Since(began) > 50*time.Millisecond {
			s.Write(datagrams(path, "x"))
			one(t, honest, "x")
			time.Sleep(20 * time.Millisecond)
		}
	}
	if took := time.Since(began); took < 1500*time.Millisecond || !refused {
		t.Errorf("given up after %v, refused before: %v", took, refused)
	}
	if st := s.Stats(); st.Stuck != 1 {
		t.Errorf("%+v", st)
	}
}
