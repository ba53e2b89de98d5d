package tickwire_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
)

// TestLogKeepsStrangersOut: who has no token writes a dozen lines of the log in ten minutes, whatever he
// sends and from however many addresses, none of them about tokens that nobody has made; and what is
// wrong with one that a backend has made is told all the same.
func TestLogKeepsStrangersOut(t *testing.T) {
	g := newGatehouse(t, func(cfg *tickwire.ServerConfig) { cfg.MaxTokenLifetime = time.Minute })
	old := g.mint(1, nil, g.at)
	request := func(expires, protocol uint64) []byte {
		b := make([]byte, 1078)
		copy(b[1:], "NETCODE 1.02\x00")
		binary.LittleEndian.PutUint64(b[14:], protocol)
		binary.LittleEndian.PutUint64(b[22:], expires)
		return b
	}
	resume := make([]byte, 430)
	resume[0], resume[1], resume[2] = 7, 4, 120
	soon := uint64(g.nw.Now().Unix() + 90)
	for range 120 {
		s := g.socket(g.address())
		for _, b := range [][]byte{request(1, 7), request(1<<62, 7), request(soon-60, 7), request(soon, 7), request(1, 8), resume} {
			_, _ = s.Write([]transport.Datagram{{Path: transport.PathTo(g.at), Bytes: append([]byte(nil), b...)}})
		}
		g.run(5*time.Second, nil)
	}
	said := g.log.String()
	if n := strings.Count(said, "\n"); n > 12 || n == 0 {
		t.Errorf("strangers wrote %d lines:\n%s", n, said)
	}
	for _, of := range []string{"lives longer", "clocks of backend", "earlier run"} {
		if strings.Contains(said, of) {
			t.Errorf("a stranger wrote %q:\n%s", of, said)
		}
	}
	g.refused(old, nil)
	g.wantLog("clocks of backend")
}
