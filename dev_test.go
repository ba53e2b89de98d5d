package tickwire_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/mem"
)

// TestDevTokensBeside: other goroutines mint while the server runs in virtual time, with one source
// of randomness for all, and each token is another one that lets its player in.
func TestDevTokensBeside(t *testing.T) {
	began := time.Unix(1_700_000_000, 0)
	socket, err := mem.Listen()
	must(t, err)
	cfg := config()
	cfg.Now, cfg.Random = began, newSeeded(3)
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	must(t, err)
	defer srv.Close()

	var mu sync.Mutex
	tokens := map[string]uint64{}
	var minting sync.WaitGroup
	for g := range uint64(3) {
		minting.Go(func() {
			for n := range uint64(20) {
				token, err := srv.DevToken(g*100 + n + 1)
				mu.Lock()
				if tokens[string(token)] = g*100 + n + 1; err != nil {
					t.Errorf("no token: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	for n := range 200 {
		now := began.Add(time.Duration(n) * 20 * time.Millisecond)
		srv.Update(now)
		srv.Flush(now)
	}
	minting.Wait()
	if len(tokens) != 60 {
		t.Errorf("%d of 60 tokens are different", len(tokens))
	}
	for token, id := range tokens {
		ts, err := netcode.ParseTickets([]byte(token))
		if err != nil || len(ts) != 1 || ts[0].Expires <= uint64(began.Unix()) {
			t.Fatalf("token of player %d: %v %v", id, ts, err)
		}
	}
}
