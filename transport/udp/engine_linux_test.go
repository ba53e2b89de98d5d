package udp

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// Marks and local addresses, read and written, in each combination of families.
func TestMarksAndLocalAddresses(t *testing.T) {
	for name, c := range map[string]struct{ listen, addr, from string }{
		"Dual4": {":0", "127.0.0.5", "127.0.0.9"},
		"Dual6": {":0", "::1", "::1"},
		"Only4": {"0.0.0.0:0", "127.0.0.5", "127.0.0.9"},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := mustListen(t, c.listen), mustListen(t, c.listen)
			for _, ecn := range []transport.ECN{transport.NotECT, transport.ECT0, transport.ECT1, transport.CE} {
				local := netip.MustParseAddr(c.from)
				mustWrite(t, a, transport.Datagram{
					Path: pathTo(b, c.addr), Bytes: []byte("x"), Local: local, ECN: ecn,
				})
				d := mustRead(t, b)
				if d.ECN != ecn {
					t.Errorf("mark %d came as %d", ecn, d.ECN)
				}
				if d.Local != netip.MustParseAddr(c.addr) {
					t.Errorf("arrived at %v, sent to %v", d.Local, c.addr)
				}
				if d.Path != pathTo(a, c.from) {
					t.Errorf("came from %v, want %v", d.Path, local)
				}
				d.Bytes = []byte("answer") // goes out at the address that it came in by
				mustWrite(t, b, d)
				if back := mustRead(t, a); back.Path != pathTo(b, c.addr) {
					t.Errorf("answer came from %v, want %v", back.Path, c.addr)
				}
			}
		})
	}
}

// TestEachItsOwn: what is said of one datagram of a batch is said of no other.
func TestEachItsOwn(t *testing.T) {
	marks := []transport.ECN{transport.CE, transport.NotECT, transport.ECT0, transport.ECT1}
	a := mustListen(t, ":0")
	var ds []transport.Datagram
	var peers []*Socket
	for i := range 16 {
		peers = append(peers, mustListen(t, "127.0.0.1:0"))
		ds = append(ds, transport.Datagram{
			Path: transport.PathTo(peers[i].LocalAddr()), Bytes: []byte{byte(i)},
			Local: netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + i)}), ECN: marks[i%4],
		})
	}
	mustWrite(t, a, ds...)
	for i, peer := range peers {
		from := netip.AddrPortFrom(ds[i].Local, a.LocalAddr().Port())
		if d := mustRead(t, peer); d.ECN != ds[i].ECN || d.Path.Remote != from || d.Bytes[0] != byte(i) {
			t.Errorf("datagram %d came as %v from %v with mark %d, want %v and %d", i, d.Bytes, d.Path.Remote, d.ECN, from, ds[i].ECN)
		}
	}
}

func mustListen(t *testing.T, address string, cfg ...Config) *Socket {
	t.Helper()
	s, err := Listen(address, cfg...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// The kernel's stamp, not the time of reading.
func TestReceivedIsTheKernels(t *testing.T) {
	a, b := mustListen(t, "127.0.0.1:0"), mustListen(t, "127.0.0.1:0")
	to := transport.PathTo(b.LocalAddr())
	mustWrite(t, a, transport.Datagram{Path: to, Bytes: []byte("x")})
	mustRead(t, b) // the kernel starts to stamp shortly after it was first asked to
	time.Sleep(20 * time.Millisecond)
	least := time.Hour // of some, for who sends may have to wait for a processor
	for range 5 {
		sent := time.Now()
		mustWrite(t, a, transport.Datagram{Path: to, Bytes: []byte("x")})
		time.Sleep(50 * time.Millisecond)
		if least = min(least, mustRead(t, b).Received.Sub(sent)); least <= 30*time.Millisecond {
			return
		}
	}
	t.Errorf("received %v after the sending: that is when it was read", least)
}

func TestStampClockBelievesNoStampsAcrossAStep(t *testing.T) {
	var c stampClock
	base := time.Now()
	now := base
	c.init(func() time.Time { return now })
	at := func(stamp int64, emptied bool) time.Time {
		defer c.over(emptied)
		return c.time(stamp)
	}

	now = base.Add(time.Second)
	stamp := now.Add(-3 * time.Millisecond).UnixNano()
	if got := at(stamp, true); now.Sub(got) != 3*time.Millisecond {
		t.Errorf("a stamp of 3 ms ago became %v ago", now.Sub(got))
	}
	if got := at(0, true); got != now {
		t.Errorf("no stamp became %v", got)
	}
	c.look()
	if got := at(now.UnixNano()+5000, true); got != now {
		t.Errorf("a stamp of the future became %v", got)
	}

	c.offset -= int64(time.Minute) // as if the clock had been set forward since
	if got := at(stamp, false); got != now {
		t.Errorf("a stamp was believed just after a step: %v ago", now.Sub(got))
	}
	if got := at(stamp, true); got != now {
		t.Errorf("a stamp from a queue older than the step was believed: %v ago", now.Sub(got))
	}
	if got := at(stamp, true); now.Sub(got) != 3*time.Millisecond {
		t.Errorf("stamps were not believed again: %v ago", now.Sub(got))
	}
}

// A stamp just behind the last look is counted from there, and any other one makes the clock look.
func TestStampClockLooksNowAndThen(t *testing.T) {
	var c stampClock
	looks := 0
	base := time.Now()
	now := base
	c.init(func() time.Time { looks++; return now })
	looks = 0
	for i := range 10 {
		now = base.Add(time.Duration(i+1) * 300 * time.Microsecond)
		want := now.Add(-7 * time.Microsecond)
		if got := c.time(want.UnixNano()); got.Sub(base) != want.Sub(base) {
			t.Errorf("datagram %d: received %v behind the first look, want %v", i, got.Sub(base), want.Sub(base))
		}
		c.over(true)
	}
	if looks != 2 { // after 1.2 and 2.4 ms
		t.Errorf("%d looks in 3 ms, want 2", looks)
	}
	if c.time(base.UnixNano()); looks != 3 {
		t.Error("the clock was not looked at for a stamp ahead of the last look: it may have been set back")
	}
	if c.time(base.UnixNano()); looks != 3 {
		t.Error("the clock was looked at twice for one read")
	}
}

func TestRunsOfDatagrams(t *testing.T) {
	a, b := transport.PathTo(netip.MustParseAddrPort("192.0.2.1:1")), transport.PathTo(netip.MustParseAddrPort("192.0.2.1:2"))
	make := func(p transport.Path, sizes ...int) (ds []transport.Datagram) {
		for _, n := range sizes {
			ds = append(ds, transport.Datagram{Path: p, Bytes: bytes.Repeat([]byte{1}, n)})
		}
		return ds
	}
	marked := make(a, 5, 5)
	marked[1].ECN = transport.CE
	many := make(a, 5)
	for range 99 {
		many = append(many, many[0])
	}
	for name, c := range map[string]struct {
		ds    []transport.Datagram
		limit int
		want  int
	}{
		"one":         {make(a, 5), 64, 1},
		"equal":       {make(a, 5, 5, 5), 64, 3},
		"shorter":     {make(a, 5, 5, 4, 5), 64, 3},
		"longer":      {make(a, 5, 6), 64, 1},
		"empty":       {make(a, 0, 0), 64, 1},
		"emptyLast":   {make(a, 5, 0), 64, 1},
		"anotherPeer": {append(make(a, 5, 5), make(b, 5)...), 64, 2},
		"marked":      {marked, 64, 1},
		"limit":       {many, 7, 7},
		"kernel":      {many, 100, mostSegments},
		"bytes":       {make(a, 30000, 30000, 30000), 64, 2},
	} {
		if got := run(c.ds, c.limit); got != c.want {
			t.Errorf("%s: run of %d, want %d", name, got, c.want)
		}
	}
}

// TestFewCalls counts what a tick of a server costs in system calls: a thousand players who send
// one datagram each, and are sent three each.
func TestFewCalls(t *testing.T) {
	server, players := mustListen(t, "127.0.0.1:0"), mustListen(t, "127.0.0.1:0")
	calls := 0
	tx, rx := &server.io.(*batch).tx, &server.io.(*batch).rx
	send, receive := tx.call, rx.call
	tx.call = func(fd uintptr) { calls++; send(fd) }
	rx.call = func(fd uintptr) { calls++; receive(fd) }
	at := transport.PathTo(server.LocalAddr())
	in, got := make([]transport.Datagram, 64), 0
	for part := range 10 { // which fit any receive buffer
		for range 100 {
			mustWrite(t, players, transport.Datagram{Path: at, Bytes: make([]byte, 100)})
		}
		eventually(t, "all came", func() bool {
			n, err := server.Read(in)
			if err != nil {
				t.Fatal(err)
			}
			got += n
			return got == 100*(part+1)
		})
	}
	t.Logf("# %d calls for a thousand datagrams in", calls)
	if calls > 100 {
		t.Errorf("%d calls to read a thousand datagrams", calls)
	}
	calls = 0
	var out []transport.Datagram
	for i := range 1000 {
		to := transport.PathTo(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), 9))
		for range 3 {
			out = append(out, transport.Datagram{Path: to, Bytes: make([]byte, 100)})
		}
	}
	mustWrite(t, server, out...)
	t.Logf("# %d calls for three thousand out", calls)
	if calls > 300 {
		t.Errorf("%d calls to write three thousand datagrams", calls)
	}
}

// fail makes every system call that first accepts fail with errno.
func fail(x *sender, errno syscall.Errno, first func() bool) {
	real := x.call
	x.call = func(fd uintptr) {
		if first() {
			x.sent, x.errno = 0, errno
			return
		}
		real(fd)
	}
}

// Where the kernel refuses a run, its datagrams go one by one.
func TestRefusedRuns(t *testing.T) {
	for errno, cutsOn := range map[syscall.Errno]bool{unix.EINVAL: true, unix.EMSGSIZE: true, unix.EIO: false} {
		a, b := mustListen(t, "127.0.0.1:0"), mustListen(t, "127.0.0.1:0")
		d := transport.Datagram{Path: transport.PathTo(b.LocalAddr()), Bytes: []byte("x")}
		tx := &a.io.(*batch).tx
		refused := 0
		fail(tx, errno, func() bool {
			if tx.carries[0] > 1 {
				refused++
			}
			return tx.carries[0] > 1
		})
		mustWrite(t, a, d, d, d)
		mustWrite(t, a, d, d)
		for range 5 {
			mustRead(t, b)
		}
		if want := map[bool]int{true: 2, false: 1}[cutsOn]; refused != want {
			t.Errorf("%v: %d runs refused, want %d", errno, refused, want)
		}
		if st := a.Stats(); st.Sent != 5 || st.PeerErrors != 0 || st.TooLarge != 0 {
			t.Errorf("%v: stats %+v", errno, st)
		}
	}
}

// TestGate: once the engine is closed its descriptor is not used any more, whose number may be another
// file's.
func TestGate(t *testing.T) {
	a := mustListen(t, "127.0.0.1:0")
	e := a.io.(*batch)
	used := func(uintptr) { t.Error("the descriptor was used after close") }
	if err := e.close(); err != nil {
		t.Fatal(err)
	}
	e.tx.call, e.rx.call = used, used
	ds := []transport.Datagram{{Path: transport.PathTo(a.LocalAddr()), Bytes: []byte("x")}}
	if n, err := e.write(ds); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("write of a closed engine: %d, %v", n, err)
	}
	if n, _, err := e.read(ds); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("read of a closed engine: %d, %v", n, err)
	}
}

func TestSendErrors(t *testing.T) {
	a, b := mustListen(t, "127.0.0.1:0"), mustListen(t, "127.0.0.1:0")
	d := transport.Datagram{Path: transport.PathTo(b.LocalAddr()), Bytes: []byte("x")}
	tx := &a.io.(*batch).tx
	working := tx.call

	fail(tx, unix.EAGAIN, func() bool { return true })
	if n, err := a.Write([]transport.Datagram{d, d}); n != 0 || err != nil {
		t.Errorf("full buffer: Write = %d, %v", n, err)
	}
	tx.call = working
	fail(tx, unix.EHOSTUNREACH, func() bool { return true })
	if n, err := a.Write([]transport.Datagram{d, d}); n != 2 || err != nil {
		t.Errorf("unreachable peer: Write = %d, %v", n, err)
	}
	if st := a.Stats(); st.PeerErrors != 2 || st.Sent != 0 {
		t.Errorf("stats %+v, want 2 errors of peers", st)
	}
	tx.call = working
	mustWrite(t, a, d)
	mustRead(t, b)
}

func TestReceiveErrors(t *testing.T) {
	a, b := mustListen(t, "127.0.0.1:0"), mustListen(t, "127.0.0.1:0")
	rx := &b.io.(*batch).rx
	working := rx.call
	pending := 3
	rx.call = func(fd uintptr) {
		if pending > 0 {
			pending--
			rx.got, rx.errno = 0, unix.ECONNREFUSED
			return
		}
		working(fd)
	}
	mustWrite(t, a, transport.Datagram{Path: transport.PathTo(b.LocalAddr()), Bytes: []byte("x")})
	mustRead(t, b)
	if st := b.Stats(); st.PeerErrors != 3 {
		t.Errorf("stats %+v, want 3 errors of peers", st)
	}
	rx.call = func(uintptr) { rx.errno = unix.EFAULT }
	if n, err := b.Read(make([]transport.Datagram, 1)); n != 0 || !errors.Is(err, unix.EFAULT) ||
		!strings.Contains(err.Error(), b.LocalAddr().String()) {
		t.Errorf("broken socket: Read = %d, %v", n, err)
	}
}

// Many peers spread over the sockets that share a port, each peer keeping its own.
func TestReusePort(t *testing.T) {
	first := mustListen(t, "127.0.0.1:0", Config{ReusePort: true})
	shards := []*Socket{first, mustListen(t, first.LocalAddr().String(), Config{ReusePort: true})}
	to := transport.PathTo(first.LocalAddr())
	const peers, each = 32, 3
	for range peers {
		peer := mustListen(t, "127.0.0.1:0")
		for range each {
			mustWrite(t, peer, transport.Datagram{Path: to, Bytes: []byte("x")})
		}
	}
	ds := make([]transport.Datagram, 32)
	got := make([]map[transport.Path]int, len(shards))
	for i, s := range shards {
		got[i] = make(map[transport.Path]int)
		eventually(t, "the shard is empty", func() bool {
			n, err := s.Read(ds)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range ds[:n] {
				got[i][d.Path]++
			}
			return n == 0
		})
		for p, n := range got[i] {
			if n != each {
				t.Errorf("shard %d got %d of %d datagrams of %v", i, n, each, p)
			}
		}
	}
	if len(got[0]) == 0 || len(got[1]) == 0 || len(got[0])+len(got[1]) != peers {
		t.Errorf("%d peers spread as %d and %d", peers, len(got[0]), len(got[1]))
	}
	if s, err := Listen(first.LocalAddr().String()); err == nil {
		s.Close()
		t.Error("a socket without ReusePort took the port too")
	}
}

// TestVanishedPeerIsCounted: what ICMP says of a peer, if the system is asked to tell it.
func TestVanishedPeerIsCounted(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		s := open("127.0.0.1:0")
		hearErrors(t, s)
		talkToNobody(t, s, open("127.0.0.1:0"))
		if told := s.Stats().PeerErrors; told == 0 {
			t.Error("the system had nothing to say of the peer")
		}
	})
}

// hearErrors has the system tell a socket what ICMP says of its peers (IP_RECVERR, ip(7)).
func hearErrors(t *testing.T, s *Socket) {
	t.Helper()
	var fd syscall.Conn
	switch e := s.io.(type) {
	case *batch:
		fd = e.file
	case *plain:
		fd = e.conn
	}
	raw, err := fd.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if ctl := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 1) }); ctl != nil || err != nil {
		t.Fatal(ctl, err)
	}
}

// TestManyPeerErrors: one Read passes over what the system says of several peers, up to a bound: 16 in
// each of the 8 rounds that it makes while there is something to take.
func TestManyPeerErrors(t *testing.T) {
	a, b := mustListen(t, "127.0.0.1:0"), mustListen(t, "127.0.0.1:0")
	rx := &b.io.(*batch).rx
	working, pending := rx.call, 0
	rx.call = func(fd uintptr) {
		if pending > 0 {
			pending--
			rx.got, rx.errno = 0, unix.ECONNREFUSED
			return
		}
		working(fd)
	}
	ds := make([]transport.Datagram, 4)
	for errs, want := range map[int]int{0: 1, 1: 1, 127: 1, 128: 0, 1000: 0} {
		mustWrite(t, a, transport.Datagram{Path: transport.PathTo(b.LocalAddr()), Bytes: []byte("x")})
		pending = 0
		if ready, err := b.Wait(time.Now().Add(patience)); !ready || err != nil {
			t.Fatalf("Wait = %v, %v", ready, err)
		}
		before := b.Stats().PeerErrors
		pending = errs
		if n, err := b.Read(ds); n != want || err != nil {
			t.Errorf("behind %d errors of peers Read = %d, %v, want %d", errs, n, err, want)
		}
		if told := b.Stats().PeerErrors - before; told != uint64(min(errs, 128)) {
			t.Errorf("behind %d errors %d are counted", errs, told)
		}
		if pending = 0; want == 0 {
			mustRead(t, b)
		}
	}
}

// TestBuffersCountPayload: the kernel doubles what it is asked for, for its own bookkeeping; what is
// told is without.
func TestBuffersCountPayload(t *testing.T) {
	s := mustListen(t, "127.0.0.1:0", Config{ReceiveBuffer: 128 << 10, SendBuffer: 64 << 10})
	if r, w := s.Buffers(); r != 128<<10 || w != 64<<10 {
		t.Errorf("granted %d and %d bytes, of 128 and 64 KiB", r, w)
	}
}
