package tickwire

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/transport"
)

// takeSockets makes a new Server or Client the owner of its sockets. What it did not get is not in
// mine: those are not its own to close, if it fails.
func takeSockets(sockets []transport.Socket) (mine []transport.Socket, err error) {
	var v config.Check
	v.That(len(sockets) > 0, "sockets", "none", "at least one, from udp.Listen or udp.Open say")
	for i, s := range sockets {
		field := fmt.Sprintf("sockets[%d]", i)
		if slices.Contains(mine, s) {
			v.That(false, field, fmt.Sprintf("sockets[%d] once more", slices.Index(sockets, s)), "each socket once")
			continue
		}
		if err := own(field, s); err != nil {
			v.Take("", err)
			continue
		}
		mine = append(mine, s)
		v.Take("", tooSmall(field, s, pathOf(s)))
	}
	return mine, v.Err()
}

// own makes the caller the owner of one socket.
func own(field string, s transport.Socket) error {
	if s != nil && !reflect.TypeOf(s).Comparable() {
		return config.Wrong(field, fmt.Sprintf("a %T, which cannot be compared", s), "a pointer to one")
	}
	err := transport.Own(s)
	if fault, ok := errors.AsType[*transport.OwnError](err); ok {
		return config.Wrong(field, fault.Is, fault.Want)
	}
	return err
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
	if n := s.MaxDatagram(path); n != 0 && n < transport.MinDatagram {
		return config.Wrong(field, fmt.Sprintf("one that carries %d bytes", n),
			fmt.Sprintf("one whose MaxDatagram is %d or more, as a handshake takes, or 0 where it is not known", transport.MinDatagram))
	}
	return nil
}

// closeAll closes sockets of a Server or Client that failed to begin.
func closeAll(sockets []transport.Socket) {
	for _, s := range sockets {
		s.Close()
	}
}
