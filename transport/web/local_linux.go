package web

import (
	"net"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"
)

// A localities tells at which address of this host a datagram arrived, so that it can be answered from
// there: a browser takes no answer from another (RFC 8445, section 7.2.5.2.1), nor does QUIC.
type localities struct {
	mu    sync.RWMutex
	known map[netip.Addr][]byte // the control message that sends from it
}

// mostLocalities bounds what is kept; a host has fewer addresses.
const mostLocalities = 256

// controlRoom is what the control messages of one datagram take.
const controlRoom = 128

// askFor has the system tell the addresses.
func (l *localities) askFor(c *net.UDPConn) error {
	l.known = map[netip.Addr][]byte{}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var four, six error
	err = raw.Control(func(fd uintptr) {
		four = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		six = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	})
	if err == nil && four != nil && six != nil { // a socket of one family refuses the other
		err = four
	}
	return err
}

// arrivedAt reads control messages; the zero address is that they do not tell.
//
//	IP_PKTINFO    interface 4 | address of this host 4 | destination 4
//	IPV6_PKTINFO  destination 16 | interface 4
func arrivedAt(control []byte) netip.Addr {
	for len(control) > 0 {
		head, data, rest, err := unix.ParseOneSocketControlMessage(control)
		if err != nil {
			return netip.Addr{}
		}
		switch {
		case head.Level == unix.IPPROTO_IP && head.Type == unix.IP_PKTINFO && len(data) >= 12:
			return netip.AddrFrom4([4]byte(data[8:]))
		case head.Level == unix.IPPROTO_IPV6 && head.Type == unix.IPV6_PKTINFO && len(data) >= 16:
			return netip.AddrFrom16([16]byte(data)).Unmap()
		}
		control = rest
	}
	return netip.Addr{}
}

// from is the control message that sends from an address; nil leaves the choice to the system.
func (l *localities) from(a netip.Addr) []byte {
	if !a.IsValid() || a.IsLinkLocalUnicast() { // which one of our cards would have to be named for
		return nil
	}
	l.mu.RLock()
	control := l.known[a]
	l.mu.RUnlock()
	if control != nil {
		return control
	}
	if a.Is4() {
		control = unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: a.As4()})
	} else {
		control = unix.PktInfo6(&unix.Inet6Pktinfo{Addr: a.As16()})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.known) < mostLocalities {
		l.known[a] = control
	}
	return control
}
