package simnet

import (
	"errors"
	"net"
	"sync"
)

// A streamEnd is one of the two ends of a connection: of TCP, or inside of this process.
type streamEnd interface {
	net.Conn
	CloseWrite() error
}

// A streamPort is the Listener of a StreamRelay.
type streamPort struct {
	address net.Addr
	waiting chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

var _ net.Listener = (*streamPort)(nil)

func newStreamPort(address net.Addr) *streamPort {
	return &streamPort{address: address, waiting: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (p *streamPort) Accept() (net.Conn, error) {
	select {
	case c := <-p.waiting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *streamPort) Close() error { p.once.Do(func() { close(p.closed) }); return nil }

// Addr implements net.Listener: the address for clients.
func (p *streamPort) Addr() net.Addr { return p.address }

var errNoAccept = errors.New("simnet: the server does not accept")

// dial has the server accept a connection with a client; done ends the wait.
func (p *streamPort) dial(client net.Addr, done <-chan struct{}) (streamEnd, error) {
	ours, theirs := net.Pipe()
	select {
	case p.waiting <- insideEnd{theirs, p.address, client}:
		return insideEnd{ours, client, p.address}, nil
	case <-p.closed:
	case <-done:
	}
	return nil, errNoAccept
}

// An insideEnd is a pipe that has addresses. What is written to it waits until the other side reads: so nothing is
// under way in between.
type insideEnd struct {
	net.Conn
	local, remote net.Addr
}

func (e insideEnd) LocalAddr() net.Addr  { return e.local }
func (e insideEnd) RemoteAddr() net.Addr { return e.remote }

// CloseWrite ends both directions: a pipe has no other end.
func (e insideEnd) CloseWrite() error { return e.Close() }
