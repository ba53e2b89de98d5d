package transport

import (
	"errors"
	"reflect"
	"sync/atomic"
	"time"
)

// ErrOwned is returned by Own of a socket that has an owner already.
var ErrOwned = errors.New("transport: socket has an owner already")

// ErrNoSocket is returned by [Own] of nil, be it that a nil of some type was made a Socket: what a
// udp.Open that failed returns looks like that.
var ErrNoSocket = errors.New("transport: no socket")

// Ownable is implemented by sockets that know whether they have an owner: all those of tickwire,
// and one's own that embed an [Ownership].
type Ownable interface {
	// Own makes the caller the owner, until the socket is closed. The error is [ErrOwned] if there
	// is one already, and may be [ErrClosed].
	Own() error
}

// An Ownership makes the socket that it is embedded into [Ownable]. Its zero value has no owner.
type Ownership struct{ owned atomic.Bool }

// Own implements [Ownable]. It may be called from any goroutine: of several callers one becomes
// the owner.
func (o *Ownership) Own() error {
	if o.owned.Swap(true) {
		return ErrOwned
	}
	return nil
}

// Own makes the caller the owner of a socket, who alone reads it, waits for it and closes it. Every
// part that is given sockets calls it before anything else, such as a Server, a Client or
// simnet.Wrap; what it does not get is not its own to close. An owner never gives a socket back: it
// closes it. The error is an [*OwnError].
func Own(s Socket) error {
	if isNil(s) {
		return &OwnError{ErrNoSocket, "nil", "one, from udp.Open say, whose error tells why there is none"}
	}
	var err error
	if one, ok := s.(Ownable); ok {
		err = one.Own()
	}
	if err == nil {
		_, err = s.Wait(past) // nobody else waits for it now
	}
	switch {
	case errors.Is(err, ErrOwned):
		return &OwnError{ErrOwned, "one that has an owner already",
			"a socket of its own: a Server, a Client, a Session and simnet.Wrap each own what they were given, until they close it"}
	case errors.Is(err, ErrClosed):
		return &OwnError{ErrClosed, "closed",
			"one that is open: who owns a socket closes it at its own end, so that the next one needs another"}
	}
	return nil // what else fails is for the owner to find out
}

// past only looks.
var past = time.Unix(0, 1)

func isNil(s Socket) bool {
	if s == nil {
		return true
	}
	v := reflect.ValueOf(s)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// An OwnError tells why a socket did not get an owner, and what would do.
type OwnError struct {
	// Err is [ErrNoSocket], [ErrOwned] or [ErrClosed].
	Err error
	// Is says what the socket is, and Want what would do in its place.
	Is, Want string
}

// Error says both.
func (e *OwnError) Error() string { return "transport: socket is " + e.Is + ": want " + e.Want }

// Unwrap returns Err.
func (e *OwnError) Unwrap() error { return e.Err }
