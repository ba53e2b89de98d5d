package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A sockaddr is room for the kernel's form of an IPv4 or IPv6 address.
type sockaddr = unix.RawSockaddrInet6

// putSockaddr writes a for a socket of one family and returns its length; 0 if that
// family cannot express it.
func putSockaddr(sa *sockaddr, a netip.AddrPort, v6 bool) uint32 {
	addr := a.Addr()
	if !v6 {
		addr = addr.Unmap()
		if !addr.Is4() {
			return 0
		}
		sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		*sa4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: networkOrder(a.Port()), Addr: addr.As4()}
		return unix.SizeofSockaddrInet4
	}
	if !addr.IsValid() {
		return 0
	}
	*sa = sockaddr{Family: unix.AF_INET6, Port: networkOrder(a.Port()), Addr: addr.As16()} // IPv4 is mapped
	if zone := addr.Zone(); zone != "" {
		sa.Scope_id = zones.index(zone)
	}
	return unix.SizeofSockaddrInet6
}

// takeSockaddr reads what the kernel wrote. IPv4-mapped addresses are unmapped.
func takeSockaddr(sa *sockaddr) netip.AddrPort {
	port := networkOrder(sa.Port)
	if sa.Family == unix.AF_INET {
		sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(sa4.Addr), port)
	}
	addr := netip.AddrFrom16(sa.Addr).Unmap()
	if sa.Scope_id != 0 {
		addr = addr.WithZone(zones.name(sa.Scope_id))
	}
	return netip.AddrPortFrom(addr, port)
}

// networkOrder swaps the bytes of a port where the machine needs it.
func networkOrder(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
}

// zones remembers names of network interfaces, which link-local addresses carry:
// the kernel wants numbers, and asking costs several system calls.
var zones zoneTable

type zoneTable struct {
	mu      sync.Mutex
	names   map[uint32]string
	indices map[string]uint32
}

// mostZones bounds the table: beyond it (or when interfaces come and go) it
// starts afresh.
const mostZones = 256

// name returns the name of interface number i, or the number for one without.
func (z *zoneTable) name(i uint32) string {
	z.mu.Lock()
	defer z.mu.Unlock()
	if name, ok := z.names[i]; ok {
		return name
	}
	name := strconv.FormatUint(uint64(i), 10)
	if ifi, err := net.InterfaceByIndex(int(i)); err == nil {
		name = ifi.Name
	}
	z.add(i, name)
	return name
}

// index is the reverse; 0, any interface, for a name that there is not.
func (z *zoneTable) index(name string) uint32 {
	if i, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(i)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if i, ok := z.indices[name]; ok {
		return i
	}
	var i uint32
	if ifi, err := net.InterfaceByName(name); err == nil {
		i = uint32(ifi.Index)
	}
	z.add(i, name)
	return i
}

func (z *zoneTable) add(i uint32, name string) {
	if z.names == nil || len(z.indices) >= mostZones {
		z.names = make(map[uint32]string)
		z.indices = make(map[string]uint32)
	}
	z.indices[name] = i
	if i != 0 {
		z.names[i] = name
	}
}
