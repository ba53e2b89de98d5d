package netcode

import "fmt"

// A State is where a client is, numbered as in the netcode standard: negative
// is failure, zero the end, positive progress. The standard's -5, an invalid token, is
// none: ParseToken and NewClient return an error.
type State int8

const (
	StateTokenExpired     State = -6
	StateTimedOut         State = -4
	StateResponseTimedOut State = -3
	StateRequestTimedOut  State = -2
	StateDenied           State = -1
	StateDisconnected     State = 0
	StateRequesting       State = 1
	StateResponding       State = 2 // OFFER, the standard response, or both; or RESUME
	StateConnected        State = 3
)

func (s State) String() string {
	switch s {
	case StateTokenExpired:
		return "connect token expired"
	case StateTimedOut:
		return "connection timed out"
	case StateResponseTimedOut:
		return "connection response timed out"
	case StateRequestTimedOut:
		return "connection request timed out"
	case StateDenied:
		return "connection denied"
	case StateDisconnected:
		return "disconnected"
	case StateRequesting:
		return "sending connection request"
	case StateResponding:
		return "sending connection response"
	case StateConnected:
		return "connected"
	}
	return fmt.Sprintf("state %d", int8(s))
}

// A ClientEventKind says what a datagram, or time, brought about.
type ClientEventKind uint8

const (
	// ClientNone: nothing that concerns the owner.
	ClientNone ClientEventKind = iota
	// ClientState: progress to another State, or the next address.
	ClientState
	// ClientConnected: State is StateConnected; Hello has the server's HELLO
	// body and Seen the client's address as the server sees it, unless the
	// server is plain.
	ClientConnected
	// ClientPacket: a DATA packet of ours opened.
	ClientPacket
	// ClientPayload: a payload of a plain server.
	ClientPayload
	// ClientGone: the server hints, unauthenticated, that it does not know the
	// connection.
	ClientGone
	// ClientEnded: the attempt or the plain connection is over; State says how,
	// and Refusal why if the server said so.
	ClientEnded
)

// A ClientEvent is what a datagram, or time, brought about. Its slices point
// into the datagram and are valid until the next call.
type ClientEvent struct {
	Kind    ClientEventKind
	State   State
	Refusal Refusal
	Hello   []byte
	Seen    Source
	// Unanswered, of StateTokenExpired: nothing came that the token's keys open, so it was not for want of
	// time alone.
	Unanswered bool
	// Continue, of a client that resumed: the server's endpoint goes on where it was.
	Continue bool
	// Path, Number and Frames: see [Event].
	Path   uint8
	Number uint64
	Frames []byte
	// Drop says why the datagram was not taken.
	Drop Drop
}
