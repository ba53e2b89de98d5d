package tickwire_test

import (
	"io"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/mem"
)

// A counted source of randomness is for one goroutine at a time.
type counted struct {
	io.Reader
	reads int
}

func (c *counted) Read(b []byte) (int, error) {
	c.reads++
	return c.Reader.Read(b)
}

// TestDevTokensBeside: other goroutines mint while the server runs in virtual time, with one source
// of randomness for all, and each token is another one that lets its player in.
func TestDevTokensBeside(t *testing.T) {
	began := time.Unix(1_700_000_000, 0)
	socket, err := mem.Listen()
	must(t, err)
	cfg := config()
	cfg.Now, cfg.Random = began, &counted{Reader: newSeeded(3)}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	must(t, err)
	defer srv.Close()

	var minted [3][20][]byte
	var minting sync.WaitGroup
	for g := range minted {
		minting.Go(func() {
			for n := range minted[g] {
				token, err := srv.DevToken(uint64(1 + 100*g + n))
				if err != nil {
					t.Errorf("no token: %v", err)
				}
				minted[g][n] = token
			}
		})
	}
	for n := range 200 {
		now := began.Add(time.Duration(n) * 20 * time.Millisecond)
		srv.Update(now)
		srv.Flush(now)
	}
	minting.Wait()
	different := map[string]bool{}
	for _, tokens := range minted {
		for _, token := range tokens {
			different[string(token)] = true
			ts, err := netcode.ParseTokenList(token)
			if err != nil || len(ts) != 1 || ts[0].Expires <= uint64(began.Unix()) {
				t.Fatalf("token %v: %v", ts, err)
			}
		}
	}
	if len(different) != 60 {
		t.Errorf("%d of 60 tokens are different", len(different))
	}
}
