// Package delta sends values that change a little and often: of each value only the difference to the
// newest one that the other end is known to have.
//
//	game ─ Put ─▶ Sender ─ message ─▶ an Unreliable channel ─▶ Receiver ─ Change ─▶ game
//	                 ▲                                             │
//	                 └──────── Delivered and Lost ◀── receipts ────┘
//
// A game has many values, each with a key: the state of each player, of each door. In each tick it
// gives all of them to the [Sender] of a Conn, which writes those that the peer may not have. A
// value is written as the difference to a baseline, the newest value that a receipt has confirmed, or in full if
// there is none. So nothing is ever sent again because it was lost: the next message has the newest
// values, against what has arrived. A value that does not change is sent until it is acknowledged, and costs nothing
// from then on.
//
// The channel may lose and reorder messages, but must not drop one that it has acknowledged.
// Use [Unreliable]; the [Receiver] drops what is outdated, key by key. UnreliableLatest would drop
// a message that comes after a newer one, although it was acknowledged, and a baseline would be
// missing. For the same reason the game must read every message, by Receive and not by Latest.
//
// Make it a channel of [Encoded], so that the two ends compare what a value looks like. A loop of ticks
// with a Server, a Conn and its receipts is in [example_delta_test.go].
//
// A Sender and a Receiver belong to one Conn, and to each other. After the event Back without Kept, when messages
// were lost, both ends must make new ones.
//
// Values are messages whose code `tickwire gen` has written. [SPEC.md], section 10.6, has the bits.
// Nothing here reads a clock, starts a goroutine or uses the network. No value of these types may be used by two
// goroutines at a time.
//
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
// [example_delta_test.go]: https://github.com/tickwire/tickwire/blob/main/example_delta_test.go
// [Unreliable]: https://pkg.go.dev/github.com/tickwire/tickwire#Unreliable
package delta

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/internal/config"
)

// A Key names a value. Keys that are close to each other, sent one after the other, take 10 bits
// each, or 8 if the type has at most 32 bits; an int counts as 64.
type Key interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// A Message is a pointer to a value with the methods that `tickwire gen` writes.
type Message[T any] interface {
	*T
	codec.Bits
	// CopyFrom makes it a copy of another, in the memory that it has.
	CopyFrom(*T)
	// AppendDeltaBits writes what differs from base.
	AppendDeltaBits(w *codec.Writer, base *T)
	// ReadDeltaBits reads what differs from what it is, and becomes that.
	ReadDeltaBits(r *codec.Reader)
}

// A Config has the limits of a Sender or a Receiver.
type Config struct {
	// MaxKeys bounds how many values there are, including removed ones until the peer is known to have heard of it.
	// 0: 4096. Beyond it Put and Read fail with ErrKeys. Each key takes the memory of two values and up to 128 encoded ones.
	MaxKeys int

	// MaxOpen, of a Sender, bounds the messages whose receipts are neither Delivered nor Lost yet; beyond it
	// the oldest is forgotten, and its values become no baseline. 0: 256.
	MaxOpen int

	// Version is the schema version that both ends use, for values with fields that came or went:
	// Conn.SchemaVersion of a channel of Encoded, or of another that knows the type. 0: the newest.
	Version int
}

// A ConfigError says what cannot be configured. Its Error has all of it, in a sentence:
//
//	Field string // MaxKeys
//	Value any    // -1
//	Want  string // what would be valid
type ConfigError = config.Error

// newestVersion is one above all that tags may name: it stands for the newest.
const newestVersion = math.MaxInt32

// withDefaults is the configuration with its defaults, or a join of *ConfigError.
func (c Config) withDefaults() (Config, error) {
	c.MaxKeys, c.MaxOpen = cmp.Or(c.MaxKeys, 4096), cmp.Or(c.MaxOpen, 256)
	c.Version = cmp.Or(c.Version, newestVersion)
	var v config.Check
	v.That(c.MaxKeys > 0, "MaxKeys", c.MaxKeys, "at least 1, or 0 for 4096")
	v.That(c.MaxOpen > 0, "MaxOpen", c.MaxOpen, "at least 1, or 0 for 256")
	v.That(c.Version > 0, "Version", c.Version, "Conn.SchemaVersion, or 0 for the newest")
	return c, v.Err()
}

// What can be wrong with a key, in a [KeyError].
var (
	// ErrKeys: there are as many values as Config.MaxKeys allows.
	ErrKeys = errors.New("no more keys than Config.MaxKeys")
	// ErrTwice: the message has this key already.
	ErrTwice = errors.New("put twice into one message")
	// ErrBaseline: the value was written against one that is not here. Either the game did not read every
	// message, or the channel drops messages that it has acknowledged. Call Reset of the Sender to start
	// anew.
	ErrBaseline = errors.New("the baseline is not here: not every message was read")
)

// A KeyError says which value could not be written or read.
type KeyError struct {
	Key any
	Err error // ErrKeys, ErrTwice, ErrBaseline, or a *codec.FieldError
}

func (e *KeyError) Error() string { return fmt.Sprintf("delta: key %v: %v", e.Key, e.Err) }
func (e *KeyError) Unwrap() error { return e.Err }
