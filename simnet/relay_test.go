package simnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"
)

// echo is a UDP server that returns what it gets.
func echo(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		b := make([]byte, 65536)
		for {
			n, from, err := c.ReadFromUDPAddrPort(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				_, _ = c.WriteToUDPAddrPort(b[:n], from)
			}
		}
	}()
	return c
}

// start runs a relay in front of an echo server until the test ends, and then
// checks that it leaves nothing running.
func start(t *testing.T, cfg RelayConfig) *Relay {
	t.Helper()
	if cfg.Target == "" {
		cfg.Target = echo(t).LocalAddr().String()
	}
	r, err := NewRelay(cfg)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(time.Minute):
			stacks := make([]byte, 1<<16)
			t.Fatalf("Run did not return:\n%s", stacks[:runtime.Stack(stacks, true)])
		}
	})
	return r
}

func dial(t *testing.T, r *Relay) *net.UDPConn {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.Addr()))
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// ask sends a datagram and returns how long its echo took, or false after the
// patience.
func ask(t *testing.T, c *net.UDPConn, text string, patience time.Duration) (time.Duration, bool) {
	t.Helper()
	sent := time.Now()
	_, err := c.Write([]byte(text))
	must(t, err)
	must(t, c.SetReadDeadline(sent.Add(patience)))
	b := make([]byte, 65536)
	n, err := c.Read(b)
	if err != nil {
		return 0, false
	}
	if string(b[:n]) != text {
		t.Fatalf("asked %q, got %q", text, b[:n])
	}
	return time.Since(sent), true
}

func TestRelayDelays(t *testing.T) {
	r := start(t, RelayConfig{Up: LinkConfig{Delay: 12 * time.Millisecond}, Down: LinkConfig{Delay: 18 * time.Millisecond}})
	c := dial(t, r)
	var took []time.Duration
	// The best of many says how accurate the relay is, whatever else runs.
	for i := 0; i < 15 || i < 150 && slices.Min(took) > 36*time.Millisecond; i++ {
		d, ok := ask(t, c, fmt.Sprint("ping ", i), time.Minute)
		if !ok {
			t.Fatalf("no answer; %+v", r.Stats())
		}
		if d < 30*time.Millisecond {
			t.Fatalf("an answer after %v, sooner than the links allow", d)
		}
		took = append(took, d)
	}
	slices.Sort(took)
	t.Logf("30 ms of delay took %v, median %v, at most %v", took[0], took[len(took)/2], took[len(took)-1])
	if took[0] > 36*time.Millisecond {
		t.Errorf("the quickest answer took %v", took[0])
	}
	s := r.Stats()
	if s.Clients != 1 || s.Up.Delivered != uint64(len(took)) || s.Down.Delivered != uint64(len(took)) || s.WriteErrors != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestRelayKeepsClientsApart(t *testing.T) {
	r := start(t, RelayConfig{MaxClients: 3})
	var clients []*net.UDPConn
	for i := range 3 {
		c := dial(t, r)
		clients = append(clients, c)
		if _, ok := ask(t, c, fmt.Sprint("client ", i), time.Minute); !ok {
			t.Fatal("no answer")
		}
	}
	for i, c := range clients { // ask checks that each gets its own
		if _, ok := ask(t, c, fmt.Sprint("again ", i), time.Minute); !ok {
			t.Fatal("no answer")
		}
	}
	if _, ok := ask(t, dial(t, r), "one too many", 50*time.Millisecond); ok {
		t.Error("a fourth client got through")
	}
	if s := r.Stats(); s.Clients != 3 || s.Accepted != 3 || s.Refused != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestRelayForgetsIdleClients(t *testing.T) {
	r := start(t, RelayConfig{IdleTimeout: 200 * time.Millisecond, MaxClients: 1})
	a := dial(t, r)
	if _, ok := ask(t, a, "a", time.Minute); !ok {
		t.Fatal("no answer")
	}
	eventually(t, func() bool { return r.Stats().Clients == 0 })
	if _, ok := ask(t, dial(t, r), "b", time.Minute); !ok {
		t.Fatal("no answer once the first client is forgotten")
	}
	eventually(t, func() bool { return r.Stats().Clients == 0 })
	if s := r.Stats(); s.Expired != 2 || s.Up.Sent != 2 || s.Up.Delivered != 2 {
		t.Errorf("counters of forgotten clients: %+v", s)
	}
}

// What is on its way to a client that is forgotten meanwhile is lost, and
// counted.
func TestRelayLosesWhatExpires(t *testing.T) {
	slow := LinkConfig{Delay: 500 * time.Millisecond}
	own := start(t, RelayConfig{IdleTimeout: 20 * time.Millisecond, Up: slow})
	shared := start(t, RelayConfig{IdleTimeout: 20 * time.Millisecond, Up: slow, Shared: true})
	for _, r := range []*Relay{own, shared} {
		_, err := dial(t, r).Write([]byte("x"))
		must(t, err)
	}
	eventually(t, func() bool { s := own.Stats(); return s.Expired == 1 && s.Up.Lost == 1 && s.Up.InFlight == 0 })
	eventually(t, func() bool { s := shared.Stats(); return s.Expired == 1 && s.Orphaned == 1 && s.Up.Delivered == 1 })
	for _, r := range []*Relay{own, shared} {
		checkBalance(t, r.Stats().Up)
	}
}

func eventually(t *testing.T, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("did not happen within five seconds")
		}
	}
}

func TestRelayLossAndCut(t *testing.T) {
	r := start(t, RelayConfig{Up: LinkConfig{Loss: 0.5}, Seed: 3})
	c := dial(t, r)
	const n = 400
	for range n {
		_, err := c.Write([]byte("x"))
		must(t, err)
		if runtime.GOOS != "linux" {
			time.Sleep(100 * time.Microsecond)
		}
	}
	eventually(t, func() bool { s := r.Stats(); return s.Up.Delivered+s.Up.Lost >= n*9/10 })
	s := r.Stats()
	if part := float64(s.Up.Lost) / float64(s.Up.Sent); part < 0.35 || part > 0.65 {
		t.Errorf("lost %v of %d", part, s.Up.Sent)
	}

	must(t, r.SetLinks(LinkConfig{}, LinkConfig{}))
	if err := r.SetLinks(LinkConfig{Loss: 2}, LinkConfig{}); err == nil {
		t.Error("a loss of 2 was accepted")
	}
	fresh := dial(t, r)
	if _, ok := ask(t, fresh, "without loss", time.Minute); !ok {
		t.Error("no answer after SetLinks")
	}
	r.Cut()
	if _, ok := ask(t, fresh, "cut", 50*time.Millisecond); ok {
		t.Error("an answer across a cut")
	}
	r.Heal()
	if _, ok := ask(t, fresh, "healed", time.Minute); !ok {
		t.Error("no answer after Heal")
	}
}

func TestRelaySharedBottleneck(t *testing.T) {
	// 1028 bytes at 411,200 bit/s are 20 ms each.
	r := start(t, RelayConfig{Shared: true, Up: LinkConfig{BitsPerSecond: 411_200}})
	begin := time.Now()
	var clients []*net.UDPConn
	for range 3 {
		c := dial(t, r)
		_, err := c.Write(bytes.Repeat([]byte{1}, 1000))
		must(t, err)
		clients = append(clients, c)
	}
	for _, c := range clients {
		must(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
		_, err := c.Read(make([]byte, 2000))
		must(t, err)
	}
	if d := time.Since(begin); d < 60*time.Millisecond {
		t.Errorf("three datagrams of 20 ms were through after %v", d)
	}
	if s := r.Stats(); s.Clients != 3 || s.Up.Delivered != 3 {
		t.Errorf("stats %+v", s)
	}
}

// A server that is away, and comes back, is met by the same client.
func TestRelaySurvivesServerRestart(t *testing.T) {
	server := echo(t)
	at := server.LocalAddr().(*net.UDPAddr)
	r := start(t, RelayConfig{Target: at.String()})
	c := dial(t, r)
	if _, ok := ask(t, c, "first", time.Minute); !ok {
		t.Fatal("no answer")
	}
	must(t, server.Close())
	for range 3 {
		ask(t, c, "nobody there", 10*time.Millisecond)
	}
	again, err := net.ListenUDP("udp", at)
	if err != nil {
		t.Fatalf("the server's port was taken meanwhile: %v", err)
	}
	defer again.Close()
	got := make(chan string, 1)
	go func() {
		b := make([]byte, 100)
		n, _, _ := again.ReadFromUDPAddrPort(b)
		got <- string(b[:n])
	}()
	_, err = c.Write([]byte("second"))
	must(t, err)
	select {
	case s := <-got:
		if s != "second" {
			t.Errorf("the new server got %q", s)
		}
	case <-time.After(time.Minute):
		t.Errorf("the new server got nothing: %+v", r.Stats())
	}
}

func TestRelayConfigErrors(t *testing.T) {
	err := RelayConfig{MaxClients: -1, Rebind: 1, KeepOld: -1, Up: LinkConfig{Loss: 2}, Down: LinkConfig{Delay: -1}}.Validate()
	for _, want := range []string{"Target is \"\"", "MaxClients is", "Rebind is", "KeepOld is", "Up.Loss is", "Down.Delay is"} {
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("%v does not mention %s", err, want)
		}
	}
	for _, cfg := range []RelayConfig{{}, {Target: "127.0.0.1:99999"}, {Target: "127.0.0.1:1", Listen: "nonsense"}, {Target: "127.0.0.1:1", Listen: "192.0.2.1:1"}} {
		if r, err := NewRelay(cfg); err == nil {
			_ = r.Close()
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

func TestRelayClose(t *testing.T) {
	r, err := NewRelay(RelayConfig{Target: "127.0.0.1:9"})
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- r.Run(context.Background()) }()
	must(t, r.Close())
	must(t, r.Close())
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(time.Minute):
		t.Fatal("Run goes on after Close")
	}
	never, err := NewRelay(RelayConfig{Target: "127.0.0.1:9"})
	must(t, err)
	must(t, never.Close()) // without Run
}
