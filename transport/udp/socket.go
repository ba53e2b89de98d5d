package udp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// An engine moves datagrams the way one system does it best. Read and wait are
// each called by one goroutine at a time, write and wake by any number.
type engine interface {
	// read fills ds and reports whether it took anything from the system, be it
	// only to drop it.
	read(ds []transport.Datagram) (n int, took bool, err error)
	write(ds []transport.Datagram) (n int, err error)
	wait(until time.Time) (readable bool, err error)
	wake()
	// close is called once and ends every call under way with some error.
	close() error
}

// A Socket is a [transport.Socket] over UDP. Beyond what the seam asks for, its
// Write may be called from several goroutines at once.
type Socket struct {
	transport.Ownership
	io            engine
	local         netip.AddrPort
	sizes         sizes
	receive, send int // bytes of buffer granted
	shut          atomic.Bool
	diverter      atomic.Pointer[transport.Diverter]
	count         counters
}

var _ transport.Socket = (*Socket)(nil)

// Listen opens a socket on an address: ":7777" for a port on all addresses of the
// machine, "192.0.2.7:7777" for one of them, and port 0 for any free port. At
// most one Config may be given.
func Listen(address string, cfg ...Config) (*Socket, error) {
	return listen(address, newEngine, cfg)
}

// Open opens a socket on any free port of all addresses: what a client needs. At
// most one Config may be given.
func Open(cfg ...Config) (*Socket, error) { return Listen(":0", cfg...) }

// A newEngineFunc starts an engine for a socket whose address is known. It takes
// over conn, and closes it when it fails.
type newEngineFunc func(conn *net.UDPConn, s *Socket, cfg Config) (engine, error)

func listen(address string, start newEngineFunc, cfgs []Config) (*Socket, error) {
	cfg, err := resolve(cfgs)
	if err != nil {
		return nil, err
	}
	if !supported {
		return nil, fmt.Errorf("udp: listen %q: %s has no UDP sockets; use a transport for browsers: %w",
			address, runtime.GOOS, errors.ErrUnsupported)
	}
	lc := new(net.ListenConfig)
	if cfg.ReusePort {
		lc.Control = reusePort
	}
	packets, err := lc.ListenPacket(context.Background(), "udp", address)
	if err != nil {
		return nil, listenError(address, err)
	}
	conn := packets.(*net.UDPConn)
	s := &Socket{local: unmap(conn.LocalAddr().(*net.UDPAddr).AddrPort())}
	s.sizes.most = cfg.MaxDatagram
	if cfg.DSCP != 0 {
		if err := setClass(conn, s.local.Addr().Is6(), cfg.DSCP); err != nil {
			conn.Close()
			return nil, fmt.Errorf("udp: listen %q: %w", address, err)
		}
	}
	s.receive, s.send = sizeBuffers(conn, cfg)
	if s.io, err = start(conn, s, cfg); err != nil {
		return nil, fmt.Errorf("udp: listen %q: %w", address, err)
	}
	return s, nil
}

// Own implements [transport.Ownable].
func (s *Socket) Own() error {
	if s.shut.Load() {
		return transport.ErrClosed
	}
	return s.Ownership.Own()
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// divertRounds bounds how often a Read goes back to the system while the Diverter
// takes all that it finds, so that a flood for another protocol cannot hold it up.
const divertRounds = 8

// Read implements [transport.Socket].
func (s *Socket) Read(ds []transport.Datagram) (int, error) {
	if s.shut.Load() {
		return 0, transport.ErrClosed
	}
	if len(ds) == 0 {
		return 0, nil
	}
	for range divertRounds {
		n, took, err := s.io.read(ds)
		if err != nil {
			return 0, s.failure(err)
		}
		if n = s.divert(ds[:n]); n > 0 || !took {
			s.count.received.Add(uint64(n))
			return n, nil
		}
	}
	return 0, nil
}

// divert offers ds to the Diverter, closes the gaps and returns how many are left.
func (s *Socket) divert(ds []transport.Datagram) int {
	p := s.diverter.Load()
	if p == nil {
		return len(ds)
	}
	kept := 0
	for i := range ds {
		if (*p).Divert(ds[i]) {
			continue
		}
		ds[kept] = ds[i]
		kept++
	}
	s.count.diverted.Add(uint64(len(ds) - kept))
	return kept
}

// Write implements [transport.Socket].
func (s *Socket) Write(ds []transport.Datagram) (int, error) {
	if s.shut.Load() {
		return 0, transport.ErrClosed
	}
	n, err := s.io.write(ds)
	if err != nil {
		return n, s.failure(err)
	}
	return n, nil
}

// Wait implements [transport.Socket].
func (s *Socket) Wait(until time.Time) (bool, error) {
	if s.shut.Load() {
		return false, transport.ErrClosed
	}
	readable, err := s.io.wait(until)
	if err != nil {
		return false, s.failure(err)
	}
	return readable, nil
}

// failure turns what the system says of a socket that was closed meanwhile into
// ErrClosed.
func (s *Socket) failure(err error) error {
	if s.shut.Load() || errors.Is(err, net.ErrClosed) {
		return transport.ErrClosed
	}
	return fmt.Errorf("udp: socket %v: %w", s.local, err)
}

// Wake implements [transport.Socket].
func (s *Socket) Wake() {
	if !s.shut.Load() {
		s.io.wake()
	}
}

// Close implements [transport.Socket].
func (s *Socket) Close() error {
	if s.shut.Swap(true) {
		return transport.ErrClosed
	}
	return s.io.close()
}

// SetDiverter makes every Read offer what arrives to d first, who keeps what is of
// another protocol: so WebRTC or QUIC share the port of a game. nil ends that. It
// may be called from any goroutine.
func (s *Socket) SetDiverter(d transport.Diverter) {
	if d == nil {
		s.diverter.Store(nil)
		return
	}
	s.diverter.Store(&d)
}

// LocalAddr is the address that the socket is bound to: with the port that the
// system chose, and [::] or 0.0.0.0 for all addresses.
func (s *Socket) LocalAddr() netip.AddrPort { return s.local }

// MaxDatagram is [Config].MaxDatagram, or less if this machine reaches a peer by an
// interface of which it has found out that it takes less; that is forgotten after ten
// minutes. Write takes larger ones and leaves it to the path whether they arrive.
func (s *Socket) MaxDatagram(p transport.Path) int { return s.sizes.of(p.Remote) }

// Properties say that UDP neither encrypts nor repairs, and whether datagrams that are
// too large are lost whole, as [Config].AllowFragments has it.
func (s *Socket) Properties(transport.Path) transport.Properties {
	return transport.Properties{DontFragment: s.sizes.whole}
}

// Buffers tells how many bytes of receive and send buffer the system granted,
// which may be less than the Config asked for (on Linux sysctl net.core.rmem_max
// and wmem_max are the limit). 0 means that the system does not say.
func (s *Socket) Buffers() (receive, send int) { return s.receive, s.send }

// Stats returns the counts so far. It may be called from any goroutine.
func (s *Socket) Stats() Stats { return s.count.stats() }
