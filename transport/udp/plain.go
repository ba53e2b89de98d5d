package udp

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// plain is the engine for every system that Go knows: a goroutine reads one
// datagram at a time into a ring, and stops while the ring is full, so that what
// comes then waits (or is lost) in the system's buffer.
type plain struct {
	conn  *net.UDPConn
	count *counters
	room  int
	local netip.Addr // zero if bound to all addresses
	bell  *transport.Bell

	// A slot goes round: free, filled, lent, free.
	free, filled chan *slot
	lent         []*slot
}

// A slot holds one datagram that arrived.
type slot struct {
	bytes []byte // room+1 of them once used, to notice what was too large
	d     transport.Datagram
}

// plainSlots is how many datagrams the ring holds.
const plainSlots = 256

// sendPatience bounds how long one Write may be held up by a full send buffer,
// since the net package has no way to send without waiting.
const sendPatience = 2 * time.Millisecond

func newPlain(conn *net.UDPConn, s *Socket, cfg Config) (engine, error) {
	e := &plain{
		conn:   conn,
		count:  &s.count,
		room:   cfg.room(),
		local:  boundAddr(s.local),
		free:   make(chan *slot, plainSlots),
		filled: make(chan *slot, plainSlots),
		lent:   make([]*slot, 0, plainSlots),
	}
	e.bell = transport.NewBell()
	for range plainSlots {
		e.free <- new(slot)
	}
	go e.receive()
	return e, nil
}

// boundAddr is the address that everything arrives at; zero if there are several.
func boundAddr(local netip.AddrPort) netip.Addr {
	if local.Addr().IsUnspecified() {
		return netip.Addr{}
	}
	return local.Addr()
}

// receive fills slots until the socket is closed.
func (e *plain) receive() {
	var s *slot
	for failures := 0; ; {
		if s == nil {
			select {
			case s = <-e.free:
			case <-e.bell.Done():
				return
			}
		}
		ok, err := e.fill(s)
		switch {
		case ok:
			e.filled <- s // never blocks: there is room for all
			e.bell.Ring()
			s, failures = nil, 0
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// Some systems report here that an earlier datagram found no
			// listener. Should it go on, then not at full speed.
			failures++
			time.Sleep(time.Duration(min(failures/4, 10)) * time.Millisecond)
		}
	}
}

// fill reads one datagram, and reports whether it can be used.
func (e *plain) fill(s *slot) (bool, error) {
	if s.bytes == nil {
		s.bytes = make([]byte, e.room+1)
	}
	n, from, err := e.conn.ReadFromUDPAddrPort(s.bytes)
	now := time.Now()
	const windowsMessageSize = 10040 // WSAEMSGSIZE
	switch {
	case err != nil && isErrno(err, syscall.EMSGSIZE, windowsMessageSize), n > e.room:
		e.count.truncated.Add(1)
		return false, nil
	case err != nil:
		if !errors.Is(err, net.ErrClosed) {
			e.count.peerErrors.Add(1)
		}
		return false, err
	}
	s.d = transport.Datagram{Path: transport.PathTo(from), Bytes: s.bytes[:n:n], Received: now, Local: e.local}
	return true, nil
}

func (e *plain) read(ds []transport.Datagram) (int, bool, error) {
	for _, s := range e.lent {
		e.free <- s // never blocks: there is room for all
	}
	e.lent = e.lent[:0]
	for n := range ds {
		select {
		case s := <-e.filled:
			ds[n] = s.d
			e.lent = append(e.lent, s)
		default:
			return n, n > 0, nil
		}
	}
	return len(ds), true, nil
}

func (e *plain) write(ds []transport.Datagram) (int, error) {
	renew := true
	for i := range ds {
		if !routable(ds[i].Path) {
			e.count.unroutable.Add(1)
			continue
		}
		if full, err := e.send(&ds[i], renew); full || err != nil {
			return i, err
		}
		renew = false
	}
	return len(ds), nil
}

// send sends one datagram, or reports that the send buffer stays full. The net
// package looks at the deadline first, and that of the first datagram may have
// passed at the hundredth without any waiting: then there is another.
func (e *plain) send(d *transport.Datagram, renew bool) (full bool, fatal error) {
	for {
		if renew {
			if err := e.conn.SetWriteDeadline(time.Now().Add(sendPatience)); err != nil {
				return false, err
			}
		}
		_, err := e.conn.WriteToUDPAddrPort(d.Bytes, d.Path.Remote)
		switch {
		case err == nil:
			e.count.sent.Add(1)
			return false, nil
		case renew || !errors.Is(err, os.ErrDeadlineExceeded):
			return e.refused(err)
		}
		renew = true
	}
}

// routable reports whether p can be an address of UDP.
func routable(p transport.Path) bool {
	return p.Kind == transport.KindUDP && p.Remote.IsValid() && p.Remote.Port() != 0
}

// refused sorts the error of one datagram: the send buffer is full, the socket is
// closed (the error returned), or it concerns that datagram only.
func (e *plain) refused(err error) (full bool, fatal error) {
	const windowsNoBuffers, windowsMessageSize = 10055, 10040
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), isErrno(err, syscall.ENOBUFS, windowsNoBuffers):
		return true, nil
	case errors.Is(err, net.ErrClosed):
		return false, err
	case isErrno(err, syscall.EMSGSIZE, windowsMessageSize):
		e.count.tooLarge.Add(1)
	case isAddrError(err):
		e.count.unroutable.Add(1)
	default:
		e.count.peerErrors.Add(1)
	}
	return false, nil
}

// isAddrError reports whether the address did not fit the socket.
func isAddrError(err error) bool {
	_, ok := errors.AsType[*net.AddrError](err)
	return ok
}

func (e *plain) wait(until time.Time) (bool, error) {
	return e.bell.Wait(until, func() bool { return len(e.filled) > 0 })
}

func (e *plain) wake() { e.bell.Wake() }

func (e *plain) close() error {
	e.bell.Close()
	return e.conn.Close()
}
