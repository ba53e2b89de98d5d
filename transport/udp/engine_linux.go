package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// batch is the engine for Linux: recvmmsg and sendmmsg on a descriptor that Go's
// poller watches. It is an os.File, whose errors, unlike those of the net package,
// need no allocation: each Wait that times out has one.
type batch struct {
	file *os.File
	rx   receiver
	tx   sender
	w    waiter
}

// A mmsghdr is the kernel's struct of that name: recvmmsg(2).
type mmsghdr struct {
	unix.Msghdr
	n uint32 // bytes received or sent
}

func newEngine(conn *net.UDPConn, s *Socket, cfg Config) (engine, error) {
	file, err := conn.File() // a second descriptor of the same socket
	conn.Close()
	if err != nil {
		return nil, err
	}
	e := &batch{file: file}
	if err := e.start(s, cfg); err != nil {
		file.Close()
		return nil, err
	}
	return e, nil
}

func (e *batch) start(s *Socket, cfg Config) error {
	raw, err := e.file.SyscallConn()
	if err != nil {
		return err
	}
	opts := socketOptions{fragments: cfg.AllowFragments, segments: !cfg.DisableSegmentation}
	ctlErr := raw.Control(func(fd uintptr) { err = opts.set(int(fd), boundAddr(s.local)) })
	if err = errors.Join(err, ctlErr); err != nil {
		return err
	}
	s.sizes.whole = !opts.fragments
	e.rx.init(cfg, boundAddr(s.local), &s.count)
	e.tx.init(raw, cfg, opts, s)
	ctlErr = raw.Control(func(fd uintptr) { e.rx.fd, e.tx.fd = fd, fd })
	return errors.Join(ctlErr, e.w.init(e.file, raw, &e.rx.flow))
}

func (e *batch) read(ds []transport.Datagram) (int, bool, error) { return e.rx.read(ds) }
func (e *batch) write(ds []transport.Datagram) (int, error)      { return e.tx.write(ds) }
func (e *batch) wait(until time.Time) (bool, error)              { return e.w.wait(until) }
func (e *batch) wake()                                           { e.w.wake() }

func (e *batch) close() error {
	e.w.alarm.close()
	e.rx.close()
	e.tx.close()
	return e.file.Close()
}

// A gate lets one at a time use the descriptor, and nobody once it is closed: another file may have
// that number then. It costs less than what an os.File has for that, which also parks callers.
type gate struct {
	mu     sync.Mutex
	fd     uintptr
	closed bool
}

// enter is followed by leave, unless it fails.
func (g *gate) enter() error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return net.ErrClosed
	}
	return nil
}

func (g *gate) leave() { g.mu.Unlock() }

func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
}

// socketOptions is what the kernel shall do, and what it turned out to be able to.
type socketOptions struct {
	v6        bool // the socket is of family AF_INET6, with IPv4 mapped into it
	fragments bool // in: allowed, out: possible
	segments  bool // in: wanted, out: supported
}

// set asks for what the kernel can tell about each datagram. Only the family must
// be known; a kernel that lacks one of the others leaves its field zero.
func (o *socketOptions) set(fd int, bound netip.Addr) error {
	family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		return fmt.Errorf("asking for the family of the socket: %w", err)
	}
	o.v6 = family == unix.AF_INET6
	on := func(level, option, value int) { _ = unix.SetsockoptInt(fd, level, option, value) }
	on(unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	on(unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
	on(unix.IPPROTO_IP, unix.IP_RECVTOS, 1) // on an IPv6 socket: for mapped IPv4
	if o.v6 {
		on(unix.IPPROTO_IPV6, unix.IPV6_RECVTCLASS, 1)
	}
	o.setFragments(fd)
	switch {
	case bound.IsValid(): // known without asking
	case o.v6:
		on(unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	default:
		on(unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	}
	if o.segments {
		_, err := unix.GetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT)
		o.segments = err == nil // since Linux 4.18
	}
	return nil
}

// setFragments says what becomes of datagrams that are too large: on an IPv6 socket for
// mapped IPv4, too.
func (o *socketOptions) setFragments(fd int) {
	discover4, discover6 := unix.IP_PMTUDISC_PROBE, unix.IPV6_PMTUDISC_PROBE
	if o.fragments {
		discover4, discover6 = unix.IP_PMTUDISC_DONT, unix.IPV6_PMTUDISC_DONT
	}
	err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, discover4)
	if o.v6 {
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, discover6))
	}
	o.fragments = o.fragments || err != nil
}

// multi makes one of the two calls that move many messages. It never blocks, so Go's scheduler
// need not know of it.
func multi(call, fd uintptr, hdrs []mmsghdr) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(call, fd, uintptr(unsafe.Pointer(&hdrs[0])),
			uintptr(len(hdrs)), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(n), 0
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// sendOne sends one message that has no control messages, for which the kernel has less to
// look at than multi gives it. It never blocks.
func sendOne(fd uintptr, h *mmsghdr) (int, syscall.Errno) {
	for {
		_, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(h.Iov.Base)), uintptr(h.Iov.Len),
			unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(h.Name)), uintptr(h.Namelen))
		switch errno {
		case 0:
			return 1, 0
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// receiveOne receives one message, for which the kernel has less to look at than multi gives it. It
// never blocks.
func receiveOne(fd uintptr, h *mmsghdr) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(unix.SYS_RECVMSG, fd, uintptr(unsafe.Pointer(&h.Msghdr)), unix.MSG_DONTWAIT)
		switch errno {
		case 0:
			h.n = uint32(n)
			return 1, 0
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// systemError is what a system call that must not fail said.
func systemError(call string, errno syscall.Errno) error { return os.NewSyscallError(call, errno) }
