package netcode

import (
	"fmt"
	"testing"
	"time"
)

// TestBackendAhead: a backend's clock may be ahead by five seconds. Its players wait for as long, and
// what they were let in with neither admits again nor has a number sealed again under its keys, in
// our dialect and in the plain one, however soon a server is started again and however often.
func TestBackendAhead(t *testing.T) {
	for ahead := range time.Duration(backendAhead + 1) {
		for _, plain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d s, plain %v", ahead, plain), func(t *testing.T) {
				backendRuns(t, ahead*time.Second, plain)
			})
		}
	}
}

func backendRuns(t *testing.T, ahead time.Duration, plain bool) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokenLifetime, c.Plain = 0, PlainAllow })
	sealed := make(map[uint64]int) // by which run, of the numbers that plain packets to the client have
	run := 0
	w.onClient = func(_ Source, b []byte) bool {
		if h, drop := readStandardHeader(b, clientReads); drop == DropNone {
			if in, ok := sealed[h.sequence]; ok && in != run {
				t.Errorf("runs %d and %d seal number %#x under one key", in, run, h.sequence)
			}
			sealed[h.sequence] = run
		}
		return true
	}
	w.now += second // later than the start's own
	token := w.mint(7, func(c *MintConfig) { c.Plain, c.Lifetime = plain, DefaultLifetime+ahead })
	came := w.now
	p := w.join(token, 1, nil)
	for p.c.State() != StateConnected && w.now < came+10*second {
		w.step(100 * ms)
	}
	w.wantState(p, StateConnected)
	if wait := w.now - came; wait > int64(ahead)+200*ms || wait < int64(ahead) {
		t.Errorf("a player of a backend that is %v ahead waits for %v", ahead, time.Duration(wait))
	}
	for run = 1; run < 15; run++ {
		w.clients = nil
		w.restart()
		p := w.join(token, uint16(1+run), nil)
		for range 5 {
			w.step(100 * ms)
		}
		if p.c.State() == StateConnected || w.server.Counters().Challenges > 0 {
			t.Errorf("started again %v after it was let in: %v", time.Duration(w.now-came), p.c.State())
		}
		w.now += int64(run%3) * second / 2
	}
}

// TestReliableAsksAgain: what loses nothing repeats little, but a server that may not answer yet
// is asked again.
func TestReliableAsksAgain(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokenLifetime = 0 })
	w.now += second
	p := w.join(w.mint(7, func(c *MintConfig) { c.Lifetime = DefaultLifetime + 3*time.Second }), 1, func(c *ClientConfig) { c.Reliable = true })
	for range 40 {
		w.step(100 * ms)
	}
	w.wantState(p, StateConnected)
	if asked := w.drops(DropAhead); asked != 3 {
		t.Errorf("%d requests came too early", asked)
	}
}
