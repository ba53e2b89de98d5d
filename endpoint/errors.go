package endpoint

import (
	"errors"
	"fmt"
)

// What Send returns. Test with errors.Is.
var (
	// ErrClosed: the connection is closing or closed.
	ErrClosed = errors.New("endpoint: connection closed")
	// ErrFull: the channel's queue or the table of receipts is full. Wait until
	// acknowledgements have made room, or send less.
	ErrFull = errors.New("endpoint: queue full")
	// ErrTooLarge: the message is larger than its channel's MaxMessageBytes.
	ErrTooLarge = errors.New("endpoint: message too large")
	// ErrNoChannel: the configuration has no such channel.
	ErrNoChannel = errors.New("endpoint: no such channel")
)

// A SendError says why a message was not accepted. It wraps ErrFull, ErrTooLarge or
// ErrNoChannel.
type SendError struct {
	Channel ChannelID
	Err     error
	Field   string // the setting that set the limit
	Value   int    // what was asked for
	Limit   int
}

// Error names the channel, the value, the limit and the setting behind it.
func (e *SendError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%v: %d", e.Err, e.Channel)
	}
	return fmt.Sprintf("%v: channel %d, %d where %s allows %d", e.Err, e.Channel, e.Value, e.Field, e.Limit)
}

// Unwrap returns the sentinel.
func (e *SendError) Unwrap() error { return e.Err }
