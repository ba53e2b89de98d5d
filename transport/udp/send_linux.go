package udp

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// A sender writes batches with sendmmsg. Where the kernel can cut (UDP_SEGMENT,
// udp(7)), a run of datagrams to one peer, all of one size but for a shorter last
// one, becomes one message.
type sender struct {
	gate
	count *counters
	sizes *sizes
	v6    bool
	cut   bool   // the kernel can, as far as we know
	class uint32 // what Config.DSCP makes of the byte that the mark is in
	marks marking

	names    []sockaddr
	controls []byte // controlRoom for each message
	iovs     []unix.Iovec
	hdrs     []mmsghdr
	carries  []int // how many datagrams each message carries

	// The arguments and results of call, as in receiver.
	call  func(fd uintptr)
	want  int
	sent  int
	errno syscall.Errno
}

const (
	// mostSegments and mostBytes bound one message (UDP_MAX_SEGMENTS, and what the
	// length field of IP holds, with headers).
	mostSegments = 64
	mostBytes    = 65000
)

func (x *sender) init(raw syscall.RawConn, cfg Config, opts socketOptions, s *Socket) {
	x.count, x.sizes = &s.count, &s.sizes
	x.v6, x.cut, x.class = opts.v6, opts.segments, uint32(cfg.DSCP)<<2
	x.marks.init(raw, opts.v6, cfg.DSCP<<2)
	x.names = make([]sockaddr, cfg.Batch)
	x.controls = make([]byte, cfg.Batch*controlRoom)
	x.hdrs = make([]mmsghdr, cfg.Batch)
	x.carries = make([]int, cfg.Batch)
	x.iovs = make([]unix.Iovec, max(cfg.Batch, mostSegments))
	x.call = func(fd uintptr) {
		if h := &x.hdrs[0]; x.want == 1 && h.Control == nil && h.Iovlen == 1 {
			x.sent, x.errno = sendOne(fd, h)
			return
		}
		x.sent, x.errno = multi(unix.SYS_SENDMMSG, fd, x.hdrs[:x.want])
	}
}

func nameOf(sa *sockaddr) *byte { return (*byte)(unsafe.Pointer(sa)) }

func (x *sender) write(ds []transport.Datagram) (taken int, err error) {
	if err := x.enter(); err != nil {
		return 0, err
	}
	defer x.leave()
	used := min(len(ds), len(x.iovs))
	defer clear(x.iovs[:used]) // the bytes are the caller's again
	cut := x.cut
	for taken < len(ds) {
		if x.fill(ds[taken:], cut) == 0 {
			x.count.unroutable.Add(1)
			taken++
			continue
		}
		if x.call(x.fd); x.errno == 0 {
			taken += x.passed()
			continue
		}
		switch full, again := x.refused(&ds[taken]); {
		case full:
			return taken, nil
		case again:
			cut = false
		default:
			taken++ // the peer's error: passed over
		}
	}
	return taken, nil
}

// fill makes messages of the first of ds, as many as fit, and returns how many.
// It stops at a datagram that this socket cannot address.
func (x *sender) fill(ds []transport.Datagram, cut bool) int {
	x.want = 0
	x.marks.note(ds[0].ECN)
	for at, iov := 0, 0; at < len(ds) && x.want < len(x.hdrs) && iov < len(x.iovs); x.want++ {
		d, h := &ds[at], &x.hdrs[x.want]
		name := &x.names[x.want]
		length := uint32(0)
		if routable(d.Path) {
			length = putSockaddr(name, d.Path.Remote, x.v6)
		}
		if length == 0 {
			break
		}
		n := 1
		if cut {
			n = run(ds[at:], len(x.iovs)-iov)
		}
		for i := range n {
			x.point(&x.iovs[iov+i], ds[at+i].Bytes)
		}
		*h = mmsghdr{}
		h.Name, h.Namelen = nameOf(name), length
		h.Iov = &x.iovs[iov]
		h.SetIovlen(n)
		x.control(h, d, n)
		x.carries[x.want] = n
		at, iov = at+n, iov+n
	}
	return x.want
}

func (x *sender) point(v *unix.Iovec, b []byte) {
	v.Base = unsafe.SliceData(b)
	v.SetLen(len(b))
}

// control adds the control messages that n datagrams like d need, if any.
func (x *sender) control(h *mmsghdr, d *transport.Datagram, n int) {
	segment := 0
	if n > 1 {
		segment = len(d.Bytes)
	}
	start := x.want * controlRoom
	c := appendControl(x.controls[start:start:start+controlRoom], d, x.v6, x.class, x.marks.usual, segment)
	if len(c) > 0 {
		h.Control = &c[0]
		h.SetControllen(len(c))
	}
}

// run returns how many of the first of ds can go as one message of at most limit
// pieces.
func run(ds []transport.Datagram, limit int) int {
	first := &ds[0]
	size := len(first.Bytes)
	if size == 0 {
		return 1
	}
	limit = min(limit, len(ds), mostSegments, max(1, mostBytes/size))
	for n := 1; n < limit; n++ {
		d := &ds[n]
		if len(d.Bytes) > size || len(d.Bytes) == 0 || d.ECN != first.ECN ||
			d.Path != first.Path || d.Local != first.Local {
			return n
		}
		if len(d.Bytes) < size {
			return n + 1 // a shorter one ends the run
		}
	}
	return limit
}

// passed counts the datagrams of the messages that were sent.
func (x *sender) passed() int {
	n := 0
	for _, c := range x.carries[:x.sent] {
		n += c
	}
	x.count.sent.Add(uint64(n))
	return n
}

// refused sorts the error of the first message: the system's buffer is full, or it
// is worth trying again without runs. Otherwise it is counted as the peer's.
func (x *sender) refused(d *transport.Datagram) (full, again bool) {
	switch x.errno {
	case unix.EAGAIN, unix.ENOBUFS, unix.ENOMEM:
		return true, false
	}
	if x.carries[0] > 1 {
		// EIO: the interface cannot compute checksums, so the kernel cannot cut.
		// Anything else, such as a segment larger than the path, one datagram
		// alone will tell.
		if x.errno == unix.EIO || x.errno == unix.EOPNOTSUPP {
			x.cut = false
		}
		return false, true
	}
	if x.errno == unix.EMSGSIZE {
		x.count.tooLarge.Add(1)
		x.sizes.learn(d.Path.Remote, len(d.Bytes))
	} else {
		x.count.peerErrors.Add(1)
	}
	return false, false
}
