// Package systems has what is compared, each behind the interface of package peer.
package systems

import (
	"fmt"
	"net"
	"strings"

	"github.com/tickwire/tickwire/bench/peer"
)

// All are the systems that are Go, in the order of the tables.
func All() []peer.System {
	return []peer.System{
		tickwireSystem{}, udpSystem{}, quicSystem{}, quicSystem{datagrams: true}, kcpSystem{}, pionSystem{},
	}
}

// ByName finds a system.
func ByName(name string) (peer.System, error) {
	var names []string
	for _, s := range All() {
		if s.Name() == name {
			return s, nil
		}
		names = append(names, s.Name())
	}
	return nil, fmt.Errorf("no system is called %q: want one of %s", name, strings.Join(names, ", "))
}

// socketBytes is what each socket asks for to read into and to write from: it outlasts a pause of
// its process.
const socketBytes = 4 << 20

// listenUDP binds a socket.
func listenUDP(address string) (*net.UDPConn, error) {
	a, err := net.ResolveUDPAddr("udp4", address)
	if err != nil {
		return nil, err
	}
	c, err := net.ListenUDP("udp4", a)
	if err != nil {
		return nil, err
	}
	return c, enlarge(c)
}

func enlarge(c interface {
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
}) error {
	if err := c.SetReadBuffer(socketBytes); err != nil {
		return err
	}
	return c.SetWriteBuffer(socketBytes)
}
