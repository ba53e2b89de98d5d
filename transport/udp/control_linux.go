package udp

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tickwire/tickwire/transport"
)

// controlRoom is enough for the control messages of one datagram: time, address,
// mark and overflow count to read; address, mark and segment size to write.
const controlRoom = 192

// A notice is what the kernel said of a datagram in its control messages.
type notice struct {
	stamp   int64 // arrival by the system's clock, Unix nanoseconds; 0 if not told
	local   netip.Addr
	ecn     transport.ECN
	dropped uint32 // datagrams that found the buffer full so far; 0 if not told
}

// parseNotice reads control messages: cmsg(3). Each is a header with its own
// length, level and type, then data, then padding to the size of a word. What is
// unknown, too short or does not fit is left out.
func parseNotice(b []byte) notice {
	var n notice
	for len(b) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
		size := uint64(h.Len)
		if size < unix.SizeofCmsghdr || size > uint64(len(b)) {
			return n
		}
		n.take(int(h.Level), int(h.Type), b[unix.CmsgLen(0):max(int(size), unix.CmsgLen(0))])
		next := unix.CmsgSpace(int(size) - unix.CmsgLen(0))
		if next > len(b) {
			return n
		}
		b = b[next:]
	}
	return n
}

// take reads the data of one control message.
func (n *notice) take(level, kind int, data []byte) {
	switch {
	case level == unix.SOL_SOCKET && kind == unix.SCM_TIMESTAMPNS && len(data) >= int(unsafe.Sizeof(unix.Timespec{})):
		n.stamp = (*unix.Timespec)(unsafe.Pointer(&data[0])).Nano()
	case level == unix.SOL_SOCKET && kind == unix.SO_RXQ_OVFL && len(data) >= 4:
		n.dropped = binary.NativeEndian.Uint32(data)
	case level == unix.IPPROTO_IP && kind == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
		n.local = netip.AddrFrom4((*unix.Inet4Pktinfo)(unsafe.Pointer(&data[0])).Spec_dst)
	case level == unix.IPPROTO_IPV6 && kind == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
		n.local = netip.AddrFrom16((*unix.Inet6Pktinfo)(unsafe.Pointer(&data[0])).Addr).Unmap()
	case level == unix.IPPROTO_IP && kind == unix.IP_TOS && len(data) >= 1:
		n.ecn = transport.ECN(data[0] & 3) // one byte
	case level == unix.IPPROTO_IPV6 && kind == unix.IPV6_TCLASS && len(data) >= 4:
		n.ecn = transport.ECN(binary.NativeEndian.Uint32(data) & 3) // an int
	}
}

// appendControl adds the control messages that d needs to be sent, as one of
// several segments of a size if that is not 0. The mark is the two low bits of a byte
// whose others are the class of the socket, and needs saying unless it is the usual one. The
// result aligns as b does.
func appendControl(
	b []byte, d *transport.Datagram, v6 bool, class uint32, usual transport.ECN, segment int,
) []byte {
	to4 := d.Path.Remote.Addr().Unmap().Is4()
	if d.ECN != usual {
		level, kind := unix.IPPROTO_IPV6, unix.IPV6_TCLASS
		if to4 {
			level, kind = unix.IPPROTO_IP, unix.IP_TOS
		}
		var data []byte
		b, data = appendHeader(b, level, kind, 4)
		binary.NativeEndian.PutUint32(data, class|uint32(d.ECN&3))
	}
	if local := d.Local.Unmap(); local.IsValid() && !local.IsUnspecified() && local.Is4() == to4 {
		b = appendLocal(b, local, v6)
	}
	if segment != 0 {
		var data []byte
		b, data = appendHeader(b, unix.IPPROTO_UDP, unix.UDP_SEGMENT, 2)
		binary.NativeEndian.PutUint16(data, uint16(segment))
	}
	return b
}

// appendLocal adds the address to send from: in the form of the socket's family,
// whatever the family of the datagram.
func appendLocal(b []byte, local netip.Addr, v6 bool) []byte {
	if v6 {
		b, data := appendHeader(b, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO, unix.SizeofInet6Pktinfo)
		info := (*unix.Inet6Pktinfo)(unsafe.Pointer(&data[0]))
		info.Addr = local.As16()
		if zone := local.Zone(); zone != "" {
			info.Ifindex = zones.index(zone)
		}
		return b
	}
	b, data := appendHeader(b, unix.IPPROTO_IP, unix.IP_PKTINFO, unix.SizeofInet4Pktinfo)
	(*unix.Inet4Pktinfo)(unsafe.Pointer(&data[0])).Spec_dst = local.As4()
	return b
}

// appendHeader adds the header of a control message and room, zeroed, for its data.
func appendHeader(b []byte, level, kind, size int) (all, data []byte) {
	start := len(b)
	b = b[:start+unix.CmsgSpace(size)]
	clear(b[start:])
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[start]))
	h.Level, h.Type = int32(level), int32(kind)
	h.SetLen(unix.CmsgLen(size))
	return b, b[start+unix.CmsgLen(0):][:size]
}
