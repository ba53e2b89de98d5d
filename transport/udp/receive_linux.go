package udp

import (
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// A receiver reads batches with recvmmsg. Each message has its own slot of bytes,
// address and control messages, lent out until the next read.
type receiver struct {
	gate
	count *counters
	room  int
	local netip.Addr // zero if bound to all addresses: each datagram tells
	clock stampClock

	bytes    []byte // room for each message
	controls []byte // controlRoom for each message
	names    []sockaddr
	iovs     []unix.Iovec
	hdrs     []mmsghdr
	dropped  uint32 // the kernel's count of what found its buffer full
	flow     flow

	// The arguments and results of call.
	call  func(fd uintptr)
	want  int
	got   int
	errno syscall.Errno
}

func (r *receiver) init(cfg Config, bound netip.Addr, count *counters) {
	r.count, r.room, r.local = count, cfg.room(), bound
	r.clock.init(time.Now)
	r.bytes = make([]byte, cfg.Batch*r.room)
	r.controls = make([]byte, cfg.Batch*controlRoom)
	r.names = make([]sockaddr, cfg.Batch)
	r.iovs = make([]unix.Iovec, cfg.Batch)
	r.hdrs = make([]mmsghdr, cfg.Batch)
	for i := range r.hdrs {
		r.iovs[i].Base = &r.bytes[i*r.room]
		r.iovs[i].SetLen(r.room)
		h := &r.hdrs[i]
		h.Iov = &r.iovs[i]
		h.SetIovlen(1)
		h.Name = nameOf(&r.names[i])
		h.Control = &r.controls[i*controlRoom]
		r.reset(h)
	}
	r.call = func(fd uintptr) {
		if r.want == 1 {
			r.got, r.errno = receiveOne(fd, &r.hdrs[0])
			return
		}
		r.got, r.errno = multi(unix.SYS_RECVMMSG, fd, r.hdrs[:r.want])
	}
}

// reset prepares a header that the kernel wrote into for the next use.
func (r *receiver) reset(h *mmsghdr) {
	h.Namelen = unix.SizeofSockaddrInet6
	h.SetControllen(controlRoom)
}

// A flow guesses how many datagrams a read will find. Where they come one by one, as in a
// conversation, a read that asks for one is quicker: the kernel need not find out that there is
// no second. Whether there was, the Wait that follows tells.
type flow struct {
	parked atomic.Bool // a Wait has parked and seen something come since the last read
	since  int         // datagrams since then
	lone   bool        // the last time it was one
}

// expect returns how many to ask for, at most as many as there is room for.
func (f *flow) expect(room int) int {
	if !f.parked.Swap(false) {
		return room
	}
	f.lone, f.since = f.since == 1, 0
	if f.lone {
		return 1
	}
	return room
}

func (f *flow) got(n int) { f.since += n }

// peerErrors bounds how many pending errors of peers one read skips.
const peerErrors = 16

func (r *receiver) read(ds []transport.Datagram) (n int, took bool, err error) {
	if err := r.enter(); err != nil {
		return 0, false, err
	}
	defer r.leave()
	r.want = r.flow.expect(min(len(ds), len(r.hdrs)))
	for range peerErrors {
		switch r.call(r.fd); r.errno {
		case 0:
			r.flow.got(r.got)
			return r.accept(ds), r.got > 0, nil
		case unix.EAGAIN, unix.ENOBUFS, unix.ENOMEM:
			return 0, false, nil
		case unix.EBADF, unix.EFAULT, unix.EINVAL, unix.ENOTSOCK, unix.ENOSYS:
			return 0, false, systemError("recvmmsg", r.errno)
		}
		r.count.peerErrors.Add(1) // what the socket had to say of an earlier datagram
	}
	return 0, true, nil
}

// accept turns the messages that came into datagrams and returns how many.
func (r *receiver) accept(ds []transport.Datagram) int {
	n := 0
	for i := range r.got {
		h := &r.hdrs[i]
		control := r.controls[i*controlRoom:][:min(int(h.Controllen), controlRoom)]
		says := parseNotice(control)
		if says.dropped != 0 {
			r.count.overflowed.Add(uint64(says.dropped - r.dropped)) // wraps
			r.dropped = says.dropped
		}
		if h.Flags&unix.MSG_TRUNC != 0 {
			r.count.truncated.Add(1)
		} else {
			local := r.local
			if !local.IsValid() {
				local = says.local
			}
			end := i*r.room + int(h.n)
			d := &ds[n] // field by field: a literal would be made elsewhere and copied
			d.Path = transport.Path{Remote: takeSockaddr(&r.names[i])}
			d.Bytes = r.bytes[i*r.room : end : end]
			d.Received, d.Local, d.ECN = r.clock.time(says.stamp), local, says.ecn
			n++
		}
		r.reset(h)
	}
	r.clock.over(r.got < r.want)
	return n
}
