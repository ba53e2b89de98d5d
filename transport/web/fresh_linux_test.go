package web

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

const (
	stateBytes = 1200
	stateRate  = 60
	// slowBytes is what the slow player's line carries in a second: half of what the game has for him.
	slowBytes = stateRate * stateBytes / 2
	// freshAge is how old what he reads may be: the outbox has 10 kB, and the kernels as much, which
	// take half a second.
	freshAge = 900 * time.Millisecond
	slowFor  = 5 * time.Second
)

// TestLongSlowReaderIsFresh: a player whose line carries half of what the game has for him gets what
// is new. The game offers a state 60 times a second, and what is not taken gives way to the next, as
// in a channel of the endpoint; so nothing but what TCP and the outbox hold can be old.
func TestLongSlowReaderIsFresh(t *testing.T) {
	s := listen(t, Config{})
	c, r := bareBy(t, s, &net.Dialer{Control: storesLittle})
	c.Write(frame("move"))
	path := one(t, s, "move")
	began := time.Now()
	oldest, fault := time.Duration(0), make(chan error, 1)
	go func() {
		var err error
		oldest, err = readSlowly(r, began)
		fault <- err
	}()
	state := []transport.Datagram{{Path: path, Bytes: make([]byte, stateBytes)}}
	refused := 0
	tick := time.NewTicker(time.Second / stateRate)
	defer tick.Stop()
	for ; time.Since(began) < slowFor; <-tick.C {
		binary.BigEndian.PutUint64(state[0].Bytes, uint64(time.Since(began)))
		if n, err := s.Write(state); err != nil {
			t.Fatal(err)
		} else if n == 0 {
			refused++
		}
	}
	if err := <-fault; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d states gave way, the oldest that came was %v old", refused, int(slowFor.Seconds()*stateRate), oldest)
	if oldest > freshAge || oldest == 0 {
		t.Errorf("what came was %v old, want %v at most", oldest, freshAge)
	}
	if refused < stateRate {
		t.Errorf("%d states were refused: the line is not slow, or somebody stores what gets old", refused)
	}
}

// storesLittle has the kernel of the player keep little, as if what comes were on the line still.
func storesLittle(_, _ string, raw syscall.RawConn) error {
	var err error
	return errors.Join(raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
	}), err)
}

// readSlowly reads states as fast as the line is, and returns the greatest age.
func readSlowly(r io.Reader, began time.Time) (oldest time.Duration, err error) {
	var head [4]byte
	b := make([]byte, stateBytes)
	for read := 0; time.Since(began) < slowFor; {
		if _, err := io.ReadFull(r, head[:2]); err != nil {
			return 0, err
		}
		n := int(head[1])
		if n == 126 {
			if _, err := io.ReadFull(r, head[2:]); err != nil {
				return 0, err
			}
			n = int(binary.BigEndian.Uint16(head[2:]))
		}
		if n > len(b) {
			return 0, fmt.Errorf("a frame of %d bytes", n)
		}
		if _, err := io.ReadFull(r, b[:n]); err != nil {
			return 0, err
		}
		if head[0] == 0x82 {
			oldest = max(oldest, time.Since(began)-time.Duration(binary.BigEndian.Uint64(b)))
		}
		read += n
		time.Sleep(time.Until(began.Add(time.Duration(read) * time.Second / slowBytes)))
	}
	return oldest, nil
}
