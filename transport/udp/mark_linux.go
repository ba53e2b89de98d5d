package udp

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// A marking is the congestion mark that the socket itself gives its datagrams. To give one
// another mark takes a control message, which costs the kernel a tenth of what sending does. So the
// socket's is that of most datagrams: when several in a row have the same other mark, that
// becomes the socket's.
type marking struct {
	usual transport.ECN
	other transport.ECN // of the last datagrams
	row   int           // how many they were

	raw syscall.RawConn
	v6  bool
	set func(fd uintptr) // has the socket give the mark other
	ok  bool             // what set made of it
}

// marksInRow is how many datagrams with another mark change the socket's: so many that
// the call pays, also where two kinds of datagrams alternate.
const marksInRow = 16

func (m *marking) init(raw syscall.RawConn, v6 bool, class int) {
	m.raw, m.v6 = raw, v6
	m.set = func(fd uintptr) {
		both := class | int(m.other)
		m.ok = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, both) == nil
		if v6 {
			m.ok = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, both) == nil && (m.ok || only6Of(int(fd)))
		}
	}
}

// note looks at the mark of a datagram that is about to be sent.
func (m *marking) note(mark transport.ECN) {
	switch mark {
	case m.usual:
		m.row = 0
		return
	case m.other:
		m.row++
	default:
		m.other, m.row = mark, 1
	}
	if m.row < marksInRow {
		return
	}
	m.row = 0
	if m.raw.Control(m.set) == nil && m.ok {
		m.usual = mark
	}
}
