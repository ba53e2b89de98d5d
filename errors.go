package tickwire

import (
	"errors"
	"fmt"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/transport"
)

// What methods return. Test with errors.Is.
var (
	// ErrClosed: the Conn, Server or Client is closed, or the Conn drains or is not open
	// yet: the text says which. errors.Is(err, ErrClosed) also holds for a *ConnError, and
	// ErrClosed is endpoint.ErrClosed and transport.ErrClosed to errors.Is.
	ErrClosed error = closedError("the Server or Client, or the Hub or Session that drives it, is closed")
	// ErrFull: the channel's queue, the table of receipts or the queue of Post is
	// full. When the channel's queue has room again the event Writable says so, and
	// Conn.SendContext waits for it. No event says so of receipts (Field of the *SendError is
	// "MaxReceipts"): each is freed when its event, Delivered or Lost, has been read.
	ErrFull = endpoint.ErrFull
	// ErrTooLarge: the message is larger than its channel's MaxMessageBytes.
	ErrTooLarge = endpoint.ErrTooLarge
	// ErrNotShared: only the Conns of a Hub or a Session can wait, because their sockets
	// are served meanwhile. A loop of ticks sends again at the event Writable.
	ErrNotShared = errors.New("tickwire: waiting for room takes a Hub or a Session: " +
		"use Send, and go on at Writable")
	// ErrPlainReceipt: plain netcode peers acknowledge nothing.
	ErrPlainReceipt = errors.New("tickwire: no receipts towards a plain netcode peer: use Send")
	// ErrNoChannel: the configuration has no such channel.
	ErrNoChannel = endpoint.ErrNoChannel
	// ErrOption: the channel's delivery, or a plain netcode peer, does not support a
	// field of SendOptions; or it is a receipt, and Config.MaxReceipts allows none.
	ErrOption = endpoint.ErrOption
	// ErrDraft: the message begins a group, while bytes were written into the Conn's
	// Draft and not sent (Config.UnsentDraft). Send the draft, or Reset it.
	ErrDraft = endpoint.ErrDraft
	// ErrNoPath: the Conn has no such path.
	ErrNoPath = endpoint.ErrNoPath
	// ErrPaths: the Conn has as many paths as Config.MaxPaths allows, or its peer does
	// not support further paths.
	ErrPaths = endpoint.ErrPaths
	// ErrAway: the peer is away (Conn.Away), and cannot be told of a Hold or of another path.
	ErrAway = endpoint.ErrAway
	// ErrHandOver: only a server can hand over, and a plain netcode peer cannot be handed over.
	ErrHandOver = errors.New("tickwire: not handed over: only servers do that, and plain netcode peers cannot follow")
	// ErrServerPath: paths are opened by clients, since a server cannot know where they
	// are. It closes paths, and changes what they are for.
	ErrServerPath = errors.New("tickwire: a server opens no paths: its clients do, with Conn.OpenPath")
	// ErrOtherServer: a Conn of a broadcast belongs to another Server or Hub.
	ErrOtherServer = errors.New("tickwire: it belongs to another server")
)

// A closedError is ErrClosed, in the words for one case of it.
type closedError string

// Error tells what is closed.
func (e closedError) Error() string { return "tickwire: " + string(e) }

// Is makes it one error with those of the layers below.
func (e closedError) Is(target error) bool {
	return target == ErrClosed || target == endpoint.ErrClosed || target == transport.ErrClosed
}

// Why a Conn takes no message.
const (
	errNotOpenYet = closedError("not connected yet: Connected comes first")
	errDrains     = closedError("the connection drains: nothing new is sent")
	errEnded      = closedError("the connection has ended: Conn.Reason says why")
)

// shut says why a Conn takes no message.
func (c *Conn) shut() error {
	switch {
	case c.state == connOpening:
		return errNotOpenYet
	case c.state == connOpen:
		return errDrains
	}
	return errEnded
}

// errStayPut is what the log is told of a client that follows nobody.
var errStayPut = errors.New("tickwire: ClientConfig.StayPut")

// errAsking is what it is told of a client that cannot follow now.
var errAsking = errors.New("tickwire: ClientConfig.Redial has not returned")

// A SendError says why a message was not accepted, and which setting set the limit. It wraps
// ErrFull, ErrTooLarge, ErrNoChannel, ErrOption or ErrDraft:
//
//	Channel ChannelID
//	Err     error  // which of these
//	Field   string // the setting that set the limit; of ErrOption the option
//	Value   int    // what was asked for
//	Limit   int
type SendError = endpoint.SendError

// A VersionError says that a Draft was not sent to a Conn of a broadcast that has another schema version
// than its message was written in.
type VersionError struct {
	Draft int // the version of the message: the newest of this end
	Conn  int // that of the Conn: Conn.SchemaVersion
}

// Error tells both versions, and what would do.
func (e *VersionError) Error() string {
	return fmt.Sprintf("tickwire: the draft has schema version %d, and the Conn %d: use Channel.Broadcast, "+
		"which writes the message for each version", e.Draft, e.Conn)
}

// A DecodeError says that a message could not be decoded: that its type is another one at the
// peer, or that the peer is up to something. It wraps the error of UnmarshalBinary or of a Codec, or an
// *UnknownKindError. ConnStats counts them.
type DecodeError struct {
	Conn    *Conn // from whom
	Channel ChannelID
	Name    string // of the channel
	Bytes   int    // length of the message
	Err     error
}

// Error tells where the message came from, and what is wrong with it.
func (e *DecodeError) Error() string {
	channel := fmt.Sprint(e.Channel)
	if e.Name != "" {
		channel = fmt.Sprintf("%d (%s)", e.Channel, e.Name)
	}
	return fmt.Sprintf("tickwire: message of %d bytes on channel %s of Conn %d: %v",
		e.Bytes, channel, e.Conn.ID(), e.Err)
}

// Unwrap returns Err.
func (e *DecodeError) Unwrap() error { return e.Err }

// An UndeliveredError is what a Shutdown returns that has lost reliable messages: all is closed, and
// so many are not known to have arrived. Undelivered of each Disconnected has the number for one Conn.
type UndeliveredError struct {
	Messages int // reliable ones
	Conns    int // to which they were sent
}

// Error tells how many.
func (e *UndeliveredError) Error() string {
	return fmt.Sprintf("tickwire: closed, and %s on %s are not known to have arrived: "+
		"their peers do not answer or read, or the context of Shutdown leaves too little time",
		counted(e.Messages, "reliable message"), counted(e.Conns, "connection"))
}

// counted is a number of things, in words.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// A HoldError says that the peer does not grant so long a Hold:
//
//	Asked, Granted time.Duration
type HoldError = endpoint.HoldError

// A ConnError says why a connection ended or never came to be. errors.Is with ErrClosed holds.
type ConnError struct {
	Reason     Reason
	NeverBegan bool // it never came to be: the error of Dial and Resume
}

// Error tells the reason, and of what never came to be what would help.
func (e *ConnError) Error() string {
	r := e.Reason
	switch {
	case r == (Reason{}):
		return "tickwire: the connection has not ended"
	case !e.NeverBegan:
		return fmt.Sprintf("tickwire: connection ended: %v", r)
	}
	text := fmt.Sprintf("tickwire: not connected: %v", r)
	if r.RetryAfter > 0 {
		text += fmt.Sprintf("; try again after %v", r.RetryAfter)
	}
	return text + tokenAdvice(r)
}

// tokenAdvice says which token would do, if not the one that there is.
func tokenAdvice(r Reason) string {
	switch {
	case !r.NeedsToken():
		return ""
	case r.Code == CodeTimeout:
		return "; try again with a new connect token: the server may have taken this one, though no answer came"
	case r.Code == CodeExpired, r.Code == CodeTooEarly, r.Code == CodePad:
		return "; it takes a new connect token"
	}
	return "; it takes another connect token"
}

// Is makes errors.Is(err, ErrClosed) true.
func (e *ConnError) Is(target error) bool { return target == ErrClosed }
