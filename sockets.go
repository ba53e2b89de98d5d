package tickwire

import (
	"fmt"
	"reflect"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// handshakeDatagram is how large a connect request is, and a resume request (SPEC.md, 3.2): no
// client gets in over a path that carries less.
const handshakeDatagram = 1078

// checkSockets names what is wrong with the sockets of a new Server or Client.
func checkSockets(sockets []transport.Socket) error {
	var v config.Check
	v.That(len(sockets) > 0, "sockets", "none", "at least one, from udp.Listen or udp.Open say")
	for i, s := range sockets {
		field := fmt.Sprintf("sockets[%d]", i)
		if missing(s) {
			v.Take("", noSocket(field))
			continue
		}
		v.Take("", tooSmall(field, s, pathOf(s)))
	}
	return v.Err()
}

// missing reports whether there is no socket, be it that a nil of some type was made one: what a
// failed udp.Open returns looks like that.
func missing(s transport.Socket) bool {
	if s == nil {
		return true
	}
	v := reflect.ValueOf(s)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

func noSocket(field string) error {
	return config.Wrong(field, nil, "one, from udp.Open say, whose error tells why there is none")
}

// pathOf is the path to ask a socket about that goes to nobody in particular.
func pathOf(s transport.Socket) transport.Path {
	if joined, ok := s.(transport.Joined); ok {
		return joined.Peer()
	}
	return transport.Path{}
}

// tooSmall is what is wrong with a socket that a handshake does not fit into. One that does not know
// before there is a peer says 0.
func tooSmall(field string, s transport.Socket, path transport.Path) error {
	if n := s.MaxDatagram(path); n > 0 && n < handshakeDatagram {
		return config.Wrong(field, fmt.Sprintf("one that carries %d bytes", n),
			fmt.Sprintf("one whose MaxDatagram is %d or more: a handshake takes as much", handshakeDatagram))
	}
	return nil
}

// closeAll closes the sockets that there are.
func closeAll(sockets []transport.Socket) {
	for _, s := range sockets {
		if !missing(s) {
			s.Close()
		}
	}
}
