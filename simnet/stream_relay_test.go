package simnet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// echoTCP sends back what each connection sends, and closes it when that ends.
func echoTCP(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l
}

// startStreams runs a relay in front of an echo until the test ends.
func startStreams(t *testing.T, cfg StreamRelayConfig) *StreamRelay {
	t.Helper()
	if cfg.Target == "" {
		cfg.Target = echoTCP(t).Addr().String()
	}
	r, err := NewStreamRelay(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	return r
}

func dialTCP(t *testing.T, r *StreamRelay) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return c.(*net.TCPConn)
}

// roundTrip sends a byte and waits until it is back.
func roundTrip(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	start := time.Now()
	if _, err := c.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

// soonest is the shortest of several round trips: a machine that is busy makes the others longer.
func soonest(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	least := roundTrip(t, c)
	for range 4 {
		least = min(least, roundTrip(t, c))
	}
	return least
}

// TestStreamRelay: the first byte takes a round trip more than the next, for the handshake; a link that changes
// does so for connections that there are; and what is written before an end arrives, then the end.
func TestStreamRelay(t *testing.T) {
	delay := LinkConfig{Delay: 40 * time.Millisecond}
	r := startStreams(t, StreamRelayConfig{Up: delay, Down: delay})
	c := dialTCP(t, r)
	if got := roundTrip(t, c); got < 160*time.Millisecond {
		t.Errorf("the first round trip takes %v, want 160 ms", got)
	}
	if got := soonest(t, c); got < 80*time.Millisecond || got > 150*time.Millisecond {
		t.Errorf("a round trip takes %v, want 80 ms", got)
	}
	if err := r.SetLinks(LinkConfig{}, LinkConfig{Delay: 10 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	if got := soonest(t, c); got < 10*time.Millisecond || got > 70*time.Millisecond {
		t.Errorf("over the new links it takes %v, want 10 ms", got)
	}
	sent := make([]byte, 300_000)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range sent {
		sent[i] = byte(random.Uint32())
	}
	go func() {
		_, _ = c.Write(sent)
		_ = c.CloseWrite()
	}()
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d bytes of %d came back: %v", len(got), len(sent), err)
	}
	if s := r.Stats(); s.Accepted != 1 || s.Up.DeliveredBytes < 300_000 || s.Resent != 0 {
		t.Errorf("the counts are %+v", s)
	}
	if err := r.SetLinks(LinkConfig{Loss: 2}, LinkConfig{}); err == nil {
		t.Error("a loss of 2 is taken")
	}
}

// TestStreamRelayLoses: everything arrives over bad links, and a cut holds it up.
func TestStreamRelayLoses(t *testing.T) {
	bad := LinkConfig{Delay: 5 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: 0.05, LossBurst: 2, Duplicate: 0.02, Reorder: 0.02, Corrupt: 0.02}
	r := startStreams(t, StreamRelayConfig{Up: bad, Down: bad, Seed: 7})
	var players sync.WaitGroup
	for range 8 {
		players.Go(func() {
			c, err := net.Dial("tcp", r.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(time.Minute))
			sent := bytes.Repeat([]byte("tickwire"), 5000)
			go func() {
				_, _ = c.Write(sent)
				_ = c.(*net.TCPConn).CloseWrite()
			}()
			if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%d bytes of %d came back: %v", len(got), len(sent), err)
			}
		})
	}
	players.Wait()
	if s := r.Stats(); s.Accepted != 8 || s.Resent == 0 || s.Up.Corrupted == 0 {
		t.Errorf("the counts are %+v", s)
	}
	if err := r.SetLinks(LinkConfig{}, LinkConfig{}); err != nil {
		t.Fatal(err)
	}
	c := dialTCP(t, r)
	roundTrip(t, c)
	r.Cut()
	time.AfterFunc(300*time.Millisecond, r.Heal)
	if got := roundTrip(t, c); got < 300*time.Millisecond {
		t.Errorf("over a cut of 300 ms a byte came back in %v", got)
	}
}

// TestStreamRelaySlow: who reads nothing holds up who writes, and nobody else.
func TestStreamRelaySlow(t *testing.T) {
	r := startStreams(t, StreamRelayConfig{Up: LinkConfig{BitsPerSecond: 800_000, QueueBytes: 10_000}})
	slow, other := dialTCP(t, r), dialTCP(t, r)
	_ = slow.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
	n, err := slow.Write(make([]byte, 50<<20))
	if !errors.Is(err, context.DeadlineExceeded) && (err == nil || !strings.Contains(err.Error(), "timeout")) {
		t.Errorf("50 MB went within half a second: %v", err)
	}
	t.Logf("%d bytes were taken in half a second, at 50 kB in that time", n)
	roundTrip(t, other)
	if got := soonest(t, other); got > 100*time.Millisecond {
		t.Errorf("beside it a byte takes %v", got)
	}
}

// TestStreamRelayInside: a server in this process notices at once that the window takes no more, knows who is there,
// and what it wrote before it closed arrives.
func TestStreamRelayInside(t *testing.T) {
	slow := LinkConfig{Delay: 20 * time.Millisecond, BitsPerSecond: 100_000, QueueBytes: 1 << 20}
	r, err := NewStreamRelay(StreamRelayConfig{Down: slow})
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- r.Run(t.Context()) }()
	c := dialTCP(t, r)
	server, err := r.Listener().Accept()
	if err != nil {
		t.Fatal(err)
	}
	if server.RemoteAddr().String() != c.LocalAddr().String() || server.LocalAddr().String() != r.Addr().String() {
		t.Errorf("the server sees %v at %v", server.RemoteAddr(), server.LocalAddr())
	}
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(server, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	_ = server.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	n := 0
	for err == nil {
		var k int
		k, err = server.Write(make([]byte, 1000))
		n += k
	}
	if most := 2 * tcpFirstWindow * tcpMaxSegment; n > most { // some have arrived meanwhile
		t.Errorf("%d bytes were taken, want %d at most", n, most)
	}
	_ = server.Close()
	if got, err := io.ReadAll(c); err != nil || len(got) != n {
		t.Errorf("%d bytes of %d arrived: %v", len(got), n, err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if _, err := r.Listener().Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end Accept says %v", err)
	}
}

// TestStreamRelayEnds: limits, a server that is not there, ends that break, and no goroutine that stays.
func TestStreamRelayEnds(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("within", func(t *testing.T) {
		r := startStreams(t, StreamRelayConfig{MaxConns: 1})
		c := dialTCP(t, r)
		roundTrip(t, c)
		if n, err := dialTCP(t, r).Read(make([]byte, 1)); err == nil {
			t.Errorf("a second one reads %d bytes", n)
		}
		_ = c.SetLinger(0)
		_ = c.Close()
		waitStreams(t, r, func(s StreamRelayStats) bool { return s.Conns == 0 })
		roundTrip(t, dialTCP(t, r)) // which the end of the relay breaks
		if s := r.Stats(); s.Refused != 1 || s.Accepted != 2 {
			t.Errorf("the counts are %+v", s)
		}
		gone := echoTCP(t)
		gone.Close()
		r = startStreams(t, StreamRelayConfig{Target: gone.Addr().String()})
		if n, err := dialTCP(t, r).Read(make([]byte, 1)); err == nil {
			t.Errorf("nobody is there, and says %d bytes", n)
		}
		waitStreams(t, r, func(s StreamRelayStats) bool { return s.DialErrors == 1 && s.Conns == 0 })
	})
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, and %d before", runtime.NumGoroutine(), before)
		}
	}
	for field, c := range map[string]StreamRelayConfig{
		"MaxConns": {MaxConns: -1}, "Up.Loss": {Up: LinkConfig{Loss: 2}},
	} {
		_, err := NewStreamRelay(c)
		if wrong, ok := errors.AsType[*ConfigError](err); !ok || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func waitStreams(t *testing.T, r *StreamRelay, ok func(StreamRelayStats) bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(r.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the counts stay %+v", r.Stats())
		}
	}
}
