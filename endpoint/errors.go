package endpoint

import (
	"errors"
	"fmt"
)

// What Send returns. Test with errors.Is.
var (
	// ErrClosed: the connection is draining, closing or closed.
	ErrClosed = errors.New("endpoint: connection closed")
	// ErrAway: the peer is away, and cannot be told of a Hold, or of another path.
	ErrAway = errors.New("endpoint: the peer is away")
	// ErrFull: the channel's queue or the table of receipts is full. For the queue wait for
	// the event Writable, or send less; for the table read the events.
	ErrFull = errors.New("endpoint: queue full")
	// ErrTooLarge: the message is larger than its channel's MaxMessageBytes.
	ErrTooLarge = errors.New("endpoint: message too large")
	// ErrNoChannel: the configuration has no such channel.
	ErrNoChannel = errors.New("endpoint: no such channel")
	// ErrOption: the channel's delivery does not have a field of SendOptions.
	ErrOption = errors.New("endpoint: option does not fit the delivery")
	// ErrDraft: the message begins a group, while a draft was written and not sent
	// (Config.UnsentDraft). Send the draft, or Reset it.
	ErrDraft = errors.New("endpoint: the draft was not sent")
)

// What OpenPath and SetPath return in a PathError.
var (
	// ErrNoPath: the connection has no such path.
	ErrNoPath = errors.New("endpoint: no such path")
	// ErrPaths: there are as many paths as Config.MaxPaths, or the peer does not know paths.
	ErrPaths = errors.New("endpoint: no further path: MaxPaths of one of the two ends does not allow it")
)

// A SendError says why a message was not accepted. It wraps ErrFull, ErrTooLarge, ErrNoChannel,
// ErrOption or ErrDraft.
type SendError struct {
	Channel ChannelID
	Err     error
	Field   string // the setting that set the limit; of ErrOption the option
	Value   int    // what was asked for; of MaxQueuedBytes what would wait then
	Limit   int
}

// Error names the channel, the value, the limit and the setting behind it.
func (e *SendError) Error() string {
	switch {
	case e.Err == ErrNoChannel:
		return fmt.Sprintf("%v: %d: name one with this ID in Config.Channels, at both ends", e.Err, e.Channel)
	case e.Field == "":
		return fmt.Sprintf("%v: %d", e.Err, e.Channel)
	case e.Err == ErrOption:
		return fmt.Sprintf("%v: %s on channel %d", e.Err, e.Field, e.Channel)
	case e.Err == ErrDraft:
		return fmt.Sprintf("%v: %d bytes of it are in the way of a group on channel %d; send or Reset it, or see %s",
			e.Err, e.Value, e.Channel, e.Field)
	case e.Field == "MaxQueuedBytes":
		return fmt.Sprintf("%v: channel %d, %d bytes with this message, where %s allows %d (a message counts as its length + %d)",
			e.Err, e.Channel, e.Value, e.Field, e.Limit, messageCharge)
	}
	return fmt.Sprintf("%v: channel %d, %d where %s allows %d", e.Err, e.Channel, e.Value, e.Field, e.Limit)
}

// Unwrap returns the sentinel.
func (e *SendError) Unwrap() error { return e.Err }
