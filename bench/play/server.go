package play

import (
	"encoding/binary"
	"io"
	"sync"
	"time"

	"github.com/tickwire/tickwire/bench/peer"
)

// Serve listens until in ends, and tells on out what it has received. It says so when it has expect
// messages of the stream.
func Serve(sys peer.System, site peer.Site, expect int, in io.Reader, out io.Writer) error {
	t := newTeller(out)
	l := &listener{expect: expect, tell: t.tell}
	closer, err := sys.Listen(site, l.took)
	if err != nil {
		t.tell(Line{Error: err.Error()})
		return err
	}
	t.tell(Line{Ready: true})
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	l.mu.Lock()
	t.tell(Line{Heard: &l.heard})
	l.mu.Unlock()
	return closer.Close()
}

// A listener notes what arrives.
type listener struct {
	mu     sync.Mutex
	expect int
	heard  Heard
	tell   func(Line)
}

// dueBytes are at the beginning of each message of the stream: when it was due.
const dueBytes = 8

func (l *listener) took(lane peer.Lane, msg []byte) {
	now := Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := &l.heard
	slot := now - now%int64(time.Millisecond)
	if n := len(h.Times); n == 0 || h.Times[n-1] != slot {
		h.Times, h.Bytes = append(h.Times, slot), append(h.Bytes, 0)
	}
	h.Bytes[len(h.Bytes)-1] += len(msg)
	if lane != peer.Stream || len(msg) < dueBytes || len(h.Due) == l.expect {
		return
	}
	h.Due, h.At = append(h.Due, int64(binary.LittleEndian.Uint64(msg))), append(h.At, now)
	if len(h.Due) == l.expect {
		l.tell(Line{All: true})
	}
}
