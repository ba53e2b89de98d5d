package mem

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// Config sets the size of a socket. The zero value is a good one.
type Config struct {
	// Queue is how many datagrams may wait in a socket, those that the last Read
	// lent included. 0: 1024. Their buffers are allocated on first use.
	Queue int
	// MaxDatagram is the largest datagram in bytes, [transport.MinDatagram] or more. 0: 1200, as over
	// UDP, so that a game meets the same limits when it hosts itself.
	MaxDatagram int
}

// The defaults of [Config].
const (
	DefaultQueue       = 1024
	DefaultMaxDatagram = 1200
)

// A ConfigError names what cannot be: a field of a configuration, or a parameter. It is a struct of
//
//	Field string // the way to it from what the caller gave, as in Channels[2].Delivery
//	Value any    // what it is, or words for that
//	Want  string // what would do
//
// and Error tells the three in a line. It is one type in all packages of this module, so that
// errors.As with a *ConfigError of any of them finds those of all.
type ConfigError = config.Error

// resolve picks the one Config, if there is one, and fills its defaults in.
func resolve(cfg []Config) (Config, error) {
	var c Config
	switch len(cfg) {
	case 0:
	case 1:
		c = cfg[0]
	default:
		return c, config.Wrong("cfg", fmt.Sprintf("%d Configs", len(cfg)), "one at most")
	}
	var v config.Check
	v.That(c.Queue >= 0, "Queue", c.Queue, fmt.Sprintf("1 or more, or 0 for %d", DefaultQueue))
	v.That(c.MaxDatagram == 0 || c.MaxDatagram >= transport.MinDatagram, "MaxDatagram", c.MaxDatagram,
		fmt.Sprintf("%d or more, which a handshake takes, or 0 for %d", transport.MinDatagram, DefaultMaxDatagram))
	if err := v.Err(); err != nil {
		return c, err
	}
	if c.Queue == 0 {
		c.Queue = DefaultQueue
	}
	if c.MaxDatagram == 0 {
		c.MaxDatagram = DefaultMaxDatagram
	}
	return c, nil
}

// Stats counts what a socket carried and what it lost, and why.
type Stats struct {
	// Received counts datagrams handed out by Read.
	Received uint64
	// Sent counts datagrams that reached the queue of their peer.
	Sent uint64
	// Overflowed counts datagrams from peers that found this socket's queue full.
	Overflowed uint64
	// TooLarge counts datagrams to Write that were longer than MaxDatagram.
	TooLarge uint64
	// Unreachable counts datagrams to Write whose path leads to no open socket.
	Unreachable uint64
}

// counters is Stats while it is being counted.
type counters struct {
	sent, tooLarge, unreachable atomic.Uint64
}

// A Socket is a [transport.Socket] whose peers are in the same process. It knows
// them by number: the peer of a client or of a Pair is number 1, and a server
// numbers its clients from 1 in the order in which they dial.
type Socket struct {
	transport.Ownership
	max   int
	inbox inbox
	bell  *transport.Bell
	count counters

	mu    sync.RWMutex
	peers map[uint64]link
}

// A link is one direction to a peer: its socket, and the path by which that
// knows us.
type link struct {
	to   *Socket
	from transport.Path
}

// Pair returns two sockets joined to each other. At most one Config may be given.
func Pair(cfg ...Config) (a, b *Socket, err error) {
	server, err := Listen(cfg...)
	if err != nil {
		return nil, nil, err
	}
	b, err = server.Dial()
	return &server.Socket, b, err
}

func newSocket(cfg Config) *Socket {
	s := new(Socket)
	s.init(cfg)
	return s
}

func (s *Socket) init(cfg Config) {
	s.max = cfg.MaxDatagram
	s.inbox.init(cfg.Queue)
	s.bell = transport.NewBell()
	s.peers = make(map[uint64]link)
}

// Own implements [transport.Ownable].
func (s *Socket) Own() error {
	if s.bell.Closed() {
		return transport.ErrClosed
	}
	return s.Ownership.Own()
}

// Peer returns the path to the peer of a client or of a Pair.
func (s *Socket) Peer() transport.Path { return pathTo(1) }

func pathTo(association uint64) transport.Path {
	return transport.Path{Kind: transport.KindMemory, Association: association}
}

// Read implements [transport.Socket].
func (s *Socket) Read(ds []transport.Datagram) (int, error) {
	if s.bell.Closed() {
		return 0, transport.ErrClosed
	}
	return s.inbox.take(ds), nil
}

// Write implements [transport.Socket]. It may be called from several goroutines
// at once, and always takes all of ds: what the peer's queue does not hold is
// lost.
func (s *Socket) Write(ds []transport.Datagram) (int, error) {
	if s.bell.Closed() {
		return 0, transport.ErrClosed
	}
	now := time.Now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := range ds {
		s.send(&ds[i], now)
	}
	return len(ds), nil
}

// send puts d into the queue of its peer, or counts why it did not.
func (s *Socket) send(d *transport.Datagram, now time.Time) {
	l, ok := s.peers[d.Path.Association]
	switch {
	case !ok || d.Path != pathTo(d.Path.Association):
		s.count.unreachable.Add(1)
	case len(d.Bytes) > s.max:
		s.count.tooLarge.Add(1)
	case l.to.inbox.put(l.from, d, now):
		s.count.sent.Add(1)
		l.to.bell.Ring()
	}
}

// Wait implements [transport.Socket].
func (s *Socket) Wait(until time.Time) (bool, error) {
	return s.bell.Wait(until, s.inbox.waiting)
}

// Wake implements [transport.Socket].
func (s *Socket) Wake() { s.bell.Wake() }

// LocalAddr is zero: a socket in memory has no address.
func (s *Socket) LocalAddr() netip.AddrPort { return netip.AddrPort{} }

// MaxDatagram is the same for all paths.
func (s *Socket) MaxDatagram(transport.Path) int { return s.max }

// Properties are all false: nothing is encrypted, since nothing leaves the process,
// and a full queue loses datagrams.
func (s *Socket) Properties(transport.Path) transport.Properties {
	return transport.Properties{}
}

// Close implements [transport.Socket]. The peers stay open; what they send from
// now on is lost.
func (s *Socket) Close() error {
	if !s.bell.Close() {
		return transport.ErrClosed
	}
	s.mu.Lock()
	peers := s.peers
	s.peers = nil
	s.mu.Unlock()
	for _, l := range peers {
		l.to.forget(l.from.Association)
	}
	return nil
}

// forget drops the link to a peer that closed.
func (s *Socket) forget(association uint64) {
	s.mu.Lock()
	delete(s.peers, association)
	s.mu.Unlock()
}

// Stats returns the counts so far. It may be called from any goroutine.
func (s *Socket) Stats() Stats {
	st := Stats{
		Sent:        s.count.sent.Load(),
		TooLarge:    s.count.tooLarge.Load(),
		Unreachable: s.count.unreachable.Load(),
	}
	st.Received, st.Overflowed = s.inbox.counts()
	return st
}
