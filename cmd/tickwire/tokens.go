package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tickwire/tickwire"
)

// A tokenDesk plays the login backend on loopback TCP: whoever connects gets
// a connect token, and then the connection is closed. That is all there is to
// the protocol. A token is good for one player, for 45 seconds.
type tokenDesk struct {
	listener net.Listener
	srv      *tickwire.Server
	lastID   atomic.Uint64
}

// maxTokenBytes bounds what a desk is believed.
const maxTokenBytes = 64 << 10

func openTokenDesk(address string, srv *tickwire.Server, firstID uint64) (*tokenDesk, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("--tokens %s is taken, perhaps by another demo: end that one, or say --tokens 127.0.0.1:0", address)
	}
	if err != nil {
		return nil, fmt.Errorf("--tokens: %w", err)
	}
	d := &tokenDesk{listener: l, srv: srv}
	d.lastID.Store(firstID - 1)
	return d, nil
}

// serve hands out tokens until the desk is closed.
func (d *tokenDesk) serve() {
	for {
		c, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of files, say: others may free some
			continue
		}
		d.hand(c)
	}
}

func (d *tokenDesk) hand(c net.Conn) {
	defer c.Close()
	token, err := d.srv.DevToken(d.lastID.Add(1))
	if err != nil {
		return // the guest finds nothing, and says so
	}
	_ = c.SetDeadline(time.Now().Add(time.Second))
	_, _ = c.Write(token)
}

func (d *tokenDesk) addr() string { return d.listener.Addr().String() }

func (d *tokenDesk) close() { _ = d.listener.Close() }

// fetchToken asks a desk for a token.
func fetchToken(address string) ([]byte, error) {
	c, err := net.DialTimeout("tcp", address, 3*time.Second)
	if err != nil {
		return nil, fmt.Errorf("no demo hands out tokens at %s: start one with `%s`, or say --addr (%w)", address, commandLine("demo"), err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(3 * time.Second))
	token, err := io.ReadAll(io.LimitReader(c, maxTokenBytes))
	if err == nil && len(token) == 0 {
		err = errors.New("nothing came")
	}
	if err != nil {
		return nil, fmt.Errorf("no token from %s: %w", address, err)
	}
	return token, nil
}
