package simnet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// A StreamRelayConfig says what a [StreamRelay] stands between.
type StreamRelayConfig struct {
	// Listen is the TCP address for clients. Empty: a free port on 127.0.0.1.
	Listen string
	// Target is the TCP address of the server. Empty: it is in this process, and accepts from
	// [StreamRelay.Listener].
	Target string
	// Up and Down are the links from client to server and back, of each connection.
	Up, Down LinkConfig
	// Seed fixes the choices of the links: the nth connection always gets the same.
	Seed uint64
	// MaxConns bounds the connections at a time; further ones are closed and counted. 0: 1024.
	MaxConns int
}

// DefaultMaxConns is MaxConns of a [StreamRelayConfig] that has none.
const DefaultMaxConns = 1024

// Validate reports everything that is wrong with c but for the addresses: a joined error whose parts are of type
// [*ConfigError], or nil.
func (c StreamRelayConfig) Validate() error {
	var v config.Check
	v.That(c.MaxConns >= 0, "MaxConns", c.MaxConns, "0 (1024) or more")
	v.Take("", Links{c.Up, c.Down}.Validate())
	return v.Err()
}

// A StreamRelay puts links between programs that speak TCP, as a [Relay] does for UDP: what a link loses arrives all
// the same, later, and so does all that is behind it.
//
// TCP itself does not cross the links. Each connection ends at the relay, and another one begins there; between the
// two a TCP is played that has a handshake, a window, retransmissions and timeouts, segment by segment. It is a
// model, of RFC 5681, 6298, 6675 and 8985, for a game to be felt and for transports to be compared; the comment in
// [tcp.go] says what is in it and what is left out.
//
// What a program writes waits until the window takes it. It waits in the system, which takes some 64 KiB before
// the program notices; a server that accepts from [StreamRelay.Listener] notices at once, and so is the better one to
// judge how old what arrives is.
//
// A connection costs five goroutines, and in either direction at most 1024 segments of 1448 bytes.
//
// Time is real here, as for a Relay. All methods may be called from any goroutine.
//
// [tcp.go]: https://github.com/tickwire/tickwire/blob/main/simnet/tcp.go
type StreamRelay struct {
	cfg    StreamRelayConfig
	listen net.Listener
	inside *streamPort // the server's; nil: it has an address
	start  time.Time
	tasks  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	cut    bool
	conns  map[*streamConn]struct{}
	stats  StreamRelayStats // without what the open connections count
}

// StreamRelayStats count over all connections that there have been.
type StreamRelayStats struct {
	Up, Down   LinkStats // of segments and acknowledgements
	Conns      int       // now
	Accepted   uint64    // connections so far
	Refused    uint64    // connections beyond MaxConns
	DialErrors uint64    // connections that the server did not take
	Resent     uint64    // segments sent again
	Timeouts   uint64    // of retransmission
}

// NewStreamRelay binds the relay's port. Connections are taken while [StreamRelay.Run] runs.
func NewStreamRelay(cfg StreamRelayConfig) (*StreamRelay, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Listen = cmp.Or(cfg.Listen, "127.0.0.1:0")
	cfg.MaxConns = cmp.Or(cfg.MaxConns, DefaultMaxConns)
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("simnet: StreamRelayConfig.Listen: %w", err)
	}
	r := &StreamRelay{cfg: cfg, listen: l, start: time.Now(), conns: map[*streamConn]struct{}{}}
	if cfg.Target == "" {
		r.inside = newStreamPort(l.Addr())
	}
	return r, nil
}

// Listener is what a server in this process accepts from, if there is no Target; nil otherwise. Its connections
// know the addresses of their clients, and end in both directions at once.
func (r *StreamRelay) Listener() net.Listener {
	if r.inside == nil {
		return nil
	}
	return r.inside
}

// Addr is the address for clients.
func (r *StreamRelay) Addr() netip.AddrPort { return unmap(r.listen.Addr().(*net.TCPAddr).AddrPort()) }

// Run relays until ctx ends or Close is called, and then returns nil; it returns an error if the relay's port fails.
// It closes the relay.
func (r *StreamRelay) Run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { r.Close() })()
	err := r.accept()
	r.Close()
	r.tasks.Wait()
	return err
}

// accept takes connections until the port is closed.
func (r *StreamRelay) accept() error {
	for failures := 0; ; {
		c, err := r.listen.Accept()
		switch {
		case err == nil:
			failures = 0
			r.enter(c)
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			if failures++; failures > maxReadErrors {
				return fmt.Errorf("simnet: relay: %w", err)
			}
			time.Sleep(time.Millisecond) // out of files, say
		}
	}
}

// enter begins a connection, or closes it if there are too many.
func (r *StreamRelay) enter(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(r.conns) >= r.cfg.MaxConns {
		r.stats.Refused++
		c.Close()
		return
	}
	r.stats.Accepted++
	s := newStreamConn(r, c.(*net.TCPConn), r.stats.Accepted)
	r.conns[s] = struct{}{}
	r.tasks.Go(s.run)
}

// leave keeps the counters of a connection that is over.
func (r *StreamRelay) leave(s *streamConn, dialed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, s)
	if !dialed {
		r.stats.DialErrors++
	}
	s.count(&r.stats)
}

// Close ends Run and all connections.
func (r *StreamRelay) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	for s := range r.conns {
		s.abort()
	}
	if r.inside != nil {
		r.inside.Close()
	}
	return r.listen.Close()
}

// SetLinks changes the links of all connections, present and future, as [Link.SetConfig] does. The error is that of
// [Links.Validate], and then nothing changes.
func (r *StreamRelay) SetLinks(up, down LinkConfig) error {
	links := Links{up, down}
	if err := links.Validate(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cfg.Up, r.cfg.Down = up, down
	for s := range r.conns {
		s.change(func(now int64) { s.line.setLinks(now, links) })
	}
	return nil
}

// Cut takes all links down, in both directions. What is under way arrives, and connections last: what is
// written meanwhile arrives some time after Heal, when a timeout is over.
func (r *StreamRelay) Cut() { r.setCut(true) }

// Heal ends a Cut.
func (r *StreamRelay) Heal() { r.setCut(false) }

func (r *StreamRelay) setCut(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	for s := range r.conns {
		s.change(func(int64) { s.line.setCut(cut) })
	}
}

// Stats returns the counters.
func (r *StreamRelay) Stats() StreamRelayStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.stats
	all.Conns = len(r.conns)
	for s := range r.conns {
		s.count(&all)
	}
	return all
}

func (r *StreamRelay) now() int64 { return int64(time.Since(r.start)) }
