//go:build !js

package web

import (
	"math"
	"net"
	"sync/atomic"
	"time"
)

// A meter counts what comes by a WebSocket beside messages: pings, and the heads of fragments, of which one message may have
// any number. Messages have limits of their own and wait for the game to take them; these would be read, and answered, as
// fast as anybody sends them, six bytes at a time.
type meter struct {
	net.Conn
	began time.Time
	came  atomic.Int64 // bytes
	spent atomic.Int64 // of those, by messages
}

const (
	// mostBeside is how many bytes may come that are no messages, and besidePerSecond how many more each second.
	mostBeside, besidePerSecond = 64 << 10, 1 << 10
	// frameHead is the largest head of a frame (RFC 6455, section 5.2).
	frameHead = 14
)

var errBeside = &CloseError{CodeRules, "too much came that is no message"}

// Read implements net.Conn.
func (m *meter) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	beside := m.came.Add(int64(n)) - m.spent.Load()
	if beside > mostBeside+int64(time.Since(m.began).Seconds()*besidePerSecond) {
		return 0, errBeside
	}
	return n, err
}

// message notes one of n bytes.
func (m *meter) message(n int) { m.spent.Add(int64(n + frameHead)) }

// rest is for the end, which takes closePatience at most: what was on its way is read, so that the peer reads why.
func (m *meter) rest() { m.spent.Store(math.MaxInt64 / 2) }
