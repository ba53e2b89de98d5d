package tickwire

import (
	"cmp"
	"errors"
	"fmt"
	"iter"

	"github.com/tickwire/tickwire/endpoint"
)

// A ChannelID names a channel: 1 to 16383. Numbers below 128 are a byte
// shorter on the wire.
type ChannelID = endpoint.ChannelID

// A ChannelConfig describes a channel, to both ends. [endpoint.ChannelConfig] has each field with its
// range:
//
//	ID               ChannelID     // 1 to 16383
//	Name             string        // for messages to people; the two ends must agree on it
//	Delivery         Delivery      // 0: Unreliable, so better say it
//	MaxMessageBytes  int           // 0: 64 KiB, or 1 MiB if reliable
//	MaxQueuedBytes   int           // of messages that wait to be sent. 0: 256 KiB, or 4 MiB if reliable, or more for large messages
//	Full             FullPolicy    // what happens when the queue is full
//	Priority         int8          // higher classes go first, always
//	Weight           int           // the share within the class. 0: 1
//	BytesPerSecond   int           // at most. 0: what the path takes
//	Compression      Compression   // makes messages smaller; both ends must have the same. nil: none
//	Resend           ResendPolicy  // how often a lost message is sent again. 0: until it arrives
//	Repair           Repair        // how much is sent twice in advance, in case of loss
//	WindowBytes      int           // what this end accepts before its game has read it. 0: 64 KiB, which grows
//	Inbound          ChannelLimits // what this end takes in a second
type ChannelConfig = endpoint.ChannelConfig

// A Compression makes the messages of a channel smaller (ChannelConfig.Compression): one of package
// compress, or your own. [endpoint.Compression] says what it has to do.
type Compression = endpoint.Compression

// ChannelLimits are what an end takes on a channel in a second at most (ChannelConfig.Inbound); 0 is no
// limit:
//
//	BytesPerSecond    int // of messages with their headers
//	MessagesPerSecond int // a message that is sent again counts again
type ChannelLimits = endpoint.ChannelLimits

// A Delivery is the guarantee that the messages of a channel get.
type Delivery = endpoint.Delivery

// The five deliveries.
const (
	// Unreliable, the zero value: at most once, in any order, sent once. For effects.
	Unreliable = endpoint.Unreliable
	// UnreliableLatest: as Unreliable, but a message that arrives after a newer one is dropped. For state
	// and inputs that are sent again and again. Messages that came in order all wait for the game:
	// Receive yields all of them, Channel.Latest only the newest.
	UnreliableLatest = endpoint.UnreliableLatest
	// ReliableUnordered: exactly once, as soon as it arrives; nothing waits for anything. For independent events.
	ReliableUnordered = endpoint.ReliableUnordered
	// ReliableLatest: the newest arrives for certain, older ones perhaps not at all. For settings and
	// scores, one value or one for each key (SendOptions.Keyed).
	ReliableLatest = endpoint.ReliableLatest
	// ReliableOrdered: once, and in the order in which they were sent. For chat and commands.
	ReliableOrdered = endpoint.ReliableOrdered
)

// A FullPolicy is what happens to a message that finds its channel's queue full
// (ChannelConfig.Full).
type FullPolicy = endpoint.FullPolicy

// What happens at a full queue.
const (
	FullDefault = endpoint.FullDefault
	Refuse      = endpoint.Refuse
	DropOldest  = endpoint.DropOldest
	DropNewest  = endpoint.DropNewest
)

// A Repair says how much of the small messages of a channel is sent twice in advance, so that
// a loss costs no round trip (ChannelConfig.Repair).
type Repair = endpoint.Repair

// How much is repaired.
const (
	RepairDefault = endpoint.RepairDefault
	RepairAuto    = endpoint.RepairAuto
	RepairOff     = endpoint.RepairOff
	RepairHalf    = endpoint.RepairHalf
	RepairOnce    = endpoint.RepairOnce
	RepairTwice   = endpoint.RepairTwice
	RepairThrice  = endpoint.RepairThrice
)

// A ResendPolicy says how often a reliable channel sends a message again that was
// lost (ChannelConfig.Resend); the zero value never gives up:
//
//	MaxAttempts int                    // how often it is sent at most, the first time included
//	Again       func(ResendInput) bool // asked when it was lost; false gives it up
//
// Again is called by all Conns of a Server or Client, one at a time, and must not use them.
type ResendPolicy = endpoint.ResendPolicy

// A DraftPolicy is what happens to bytes that were written into a Conn's Draft and
// not sent, when another message begins a group (Config.UnsentDraft).
type DraftPolicy = endpoint.DraftPolicy

// What happens to an unsent draft: it makes the other message fail with ErrDraft,
// is dropped and counted, or becomes the first message of the group.
const (
	DraftRefuse = endpoint.DraftRefuse
	DraftDrop   = endpoint.DraftDrop
	DraftJoin   = endpoint.DraftJoin
)

// A ResendInput is what a ResendPolicy may judge by:
//
//	Age      time.Duration // since the message was first sent
//	Attempts int           // how often it was sent, or the fragment that was lost
//	Bytes    int           // its length
//	RTT      time.Duration // smoothed
//	RTTVar   time.Duration // mean deviation from that
//	Loss     float64       // share of lost packets lately, 0 to 1
type ResendInput = endpoint.ResendInput

// An AnyChannel is a channel of any message type, as a Config lists it.
type AnyChannel interface {
	// Config returns what the channel was made with.
	Config() ChannelConfig
}

// Channels is a list of channels, for Config.Channels.
func Channels(channels ...AnyChannel) []AnyChannel { return channels }

// A Channel carries messages of type T. It is a value like a context key: declare
// it once, list it in the configuration of both ends, use it with any Conn. Sending
// on a channel that the configuration does not list gives ErrNoChannel, even if it lists
// another one with the same ID.
type Channel[T any] struct {
	cfg  ChannelConfig
	form *form[T]
}

// NewChannel returns a channel of messages that write and read themselves:
//
//   - generated ones (tickwire gen), or others that are [Versioned];
//   - those with encoding.BinaryAppender, or encoding.BinaryMarshaler, which allocates, and with
//     encoding.BinaryUnmarshaler. T itself or *T has the methods; or T is a pointer, and has them.
//     Then what is sent is not copied, and each message that is received is a new one.
//
// For all others there is [NewChannelWith]. If T is none of these, Config.Validate, Listen and Dial say
// so; the methods of the channel return a *CodecError, which says what T lacks.
func NewChannel[T any](cfg ChannelConfig) *Channel[T] {
	return &Channel[T]{cfg, formOf[T]()}
}

// NewChannelWith returns a channel of messages that a Codec writes and reads, which may be a
// [Registry] of several types.
func NewChannelWith[T any](cfg ChannelConfig, codec Codec[T]) *Channel[T] {
	return &Channel[T]{cfg, codec.form()}
}

// Config returns what the channel was made with.
func (ch *Channel[T]) Config() ChannelConfig { return ch.cfg }

// known is what a Config asks of a channel whose messages have a type.
func (ch *Channel[T]) known() (schema []string, err error) { return ch.form.schema, ch.form.err }

// Send sends a message. It leaves with the next Flush.
func (ch *Channel[T]) Send(c *Conn, v T) error {
	_, err := ch.SendWith(c, v, SendOptions{})
	return err
}

// SendWith sends a message with options; see Conn.SendWith. The error may also come from encoding
// the value.
func (ch *Channel[T]) SendWith(c *Conn, v T, opts SendOptions) (Receipt, error) {
	enc, err := c.mustBe().encoderOf(ch, &ch.cfg)
	if err != nil {
		return 0, err
	}
	c.lock()
	defer c.unlock()
	d, err := encode(enc, ch.form, v, c.version())
	if err != nil {
		return 0, err
	}
	defer enc.drop(d)
	return c.send(ch.cfg.ID, nil, d, &opts)
}

// Broadcast sends a message to many Conns; see Server.Broadcast. It is encoded
// once, or once for each schema version that they have.
func (ch *Channel[T]) Broadcast(
	to Broadcaster, conns iter.Seq[*Conn], v T, opts SendOptions, report Report,
) error {
	k := to.crowd()
	enc, err := k.encoderOf(ch, &ch.cfg)
	if err != nil {
		return err
	}
	cast := k.choose(conns)
	return cast.tell(report, ch.sendCast(cast, enc, v, &opts))
}

func (ch *Channel[T]) sendCast(cast *broadcast, enc *encoder, v T, opts *SendOptions) error {
	cast.core.lock()
	defer cast.core.unlock()
	if !ch.form.versioned {
		return ch.sendVersion(cast, enc, v, opts, anyVersion)
	}
	newest := cast.versionBelow(anyVersion)
	if newest < 0 {
		newest = cast.core.plan.SchemaVersion()
	}
	if err := ch.sendVersion(cast, enc, v, opts, newest); err != nil {
		return err
	}
	for version := cast.versionBelow(newest); version >= 0; version = cast.versionBelow(version) {
		if err := ch.sendVersion(cast, enc, v, opts, version); err != nil {
			cast.failed(version, err)
		}
	}
	return nil
}

// sendVersion sends a message to those who have a schema version.
func (ch *Channel[T]) sendVersion(
	cast *broadcast, enc *encoder, v T, opts *SendOptions, version int,
) error {
	d, err := encode(enc, ch.form, v, version)
	if err != nil {
		return err
	}
	defer enc.drop(d)
	return cast.send(ch.cfg.ID, d, opts, version)
}

// Receive takes the messages that the last Update showed, the oldest first; what is not taken
// stays, as Conn.Receive has it. The error is a *DecodeError; the loop may go on. Each value has
// memory of its own, which the game may keep, except for views of the message (the tag view,
// or an UnmarshalBinary that does not copy): these are valid until the next Update. Under a Hub or a
// Session it panics, since messages come as events there; see Decode.
func (ch *Channel[T]) Receive(c *Conn) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) { receive(ch, c, yield) }
}

func receive[T any](ch *Channel[T], c *Conn, yield func(T, error) bool) {
	var v *T
	for {
		b, ok := c.Next(ch.cfg.ID)
		if !ok {
			return
		}
		if v == nil {
			v = scratch[T](c, ch.cfg.ID)
		}
		if err := ch.readNew(v, c, b); !yield(*v, err) {
			return
		}
	}
}

// ReceiveInto takes messages as Receive does, and reads each into *v, whose memory it reuses: slices,
// maps, what pointers point to, and strings that have not changed. So it allocates nothing for
// the rest, and each message overwrites the one before. A decoder that does not set all fields, such as
// encoding/json, leaves the old values in the others.
func (ch *Channel[T]) ReceiveInto(c *Conn, v *T) iter.Seq[error] {
	return func(yield func(error) bool) { receiveInto(ch, c, v, yield) }
}

func receiveInto[T any](ch *Channel[T], c *Conn, v *T, yield func(error) bool) {
	for {
		b, ok := c.Next(ch.cfg.ID)
		if !ok || !yield(ch.read(v, c, b, c.versionRead())) {
			return
		}
	}
}

// Latest takes all messages that the last Update showed, and decodes the last of them only; ok is
// false if there is none, or if it cannot be decoded: then the error is a *DecodeError. See
// Conn.Latest for where it belongs, and Receive for whose memory the value has.
func (ch *Channel[T]) Latest(c *Conn) (v T, ok bool, err error) {
	b, ok := c.Latest(ch.cfg.ID)
	if !ok {
		return v, false, nil
	}
	in := scratch[T](c, ch.cfg.ID)
	err = ch.readNew(in, c, b)
	return *in, err == nil, err
}

// LatestInto is Latest that reads into *v, as ReceiveInto does. If there is none *v stays.
func (ch *Channel[T]) LatestInto(c *Conn, v *T) (ok bool, err error) {
	b, ok := c.Latest(ch.cfg.ID)
	if !ok {
		return false, nil
	}
	err = ch.read(v, c, b, c.versionRead())
	return err == nil, err
}

// readNew decodes a message into memory that has seen others, none of which the value shall have.
func (ch *Channel[T]) readNew(v *T, c *Conn, b []byte) error {
	var zero T
	*v = zero
	return ch.read(v, c, b, c.versionRead())
}

func (ch *Channel[T]) read(v *T, c *Conn, b []byte, version int) error {
	err := ch.form.err
	if err == nil {
		err = ch.form.read(v, b, cmp.Or(version, anyVersion))
	}
	if err == nil {
		return nil
	}
	if c != nil { // else the game has made the event up
		c.noteUndecoded(err)
	}
	return &DecodeError{Conn: c, Channel: ch.cfg.ID, Name: ch.cfg.Name, Bytes: len(b), Err: err}
}

// Is reports whether an event of a Hub or a Session is a message of this channel.
func (ch *Channel[T]) Is(ev Event) bool { return ev.isMessageOf(ch.cfg.ID) }

// Decode reads the message of an event of a Hub or a Session. Of one that is no message of this
// channel the error wraps ErrNoChannel, of one that cannot be decoded it is a *DecodeError. The
// value has memory of its own; for what is a view of the message the rule is that of Event.Payload.
func (ch *Channel[T]) Decode(ev Event) (v T, err error) {
	err = ch.DecodeInto(ev, &v)
	return v, err
}

// DecodeInto is Decode that reads into *v, as ReceiveInto does.
func (ch *Channel[T]) DecodeInto(ev Event, v *T) error {
	if !ch.Is(ev) {
		return fmt.Errorf("%w: this is %v, and no message of channel %d", ErrNoChannel, ev, ch.cfg.ID)
	}
	return ch.read(v, ev.Conn, ev.Payload, ev.version)
}

// A typed is what the typed channels of a Conn keep.
type typed struct {
	decoded   []decoded
	undecoded uint64 // messages of which the game was told a DecodeError
	unknown   uint64 // of them: of a kind that the Registry does not have
}

// A decoded is the memory for the typed messages of one channel.
type decoded struct {
	id    ChannelID
	value any
}

// keep returns what typed channels keep, which there is from then on.
func (c *Conn) keep() *typed {
	if c.typed == nil {
		c.typed = new(typed)
	}
	return c.typed
}

// scratch is where messages of a channel are decoded to, made once for each
// Conn.
func scratch[T any](c *Conn, id ChannelID) *T {
	k := c.keep()
	for i := range k.decoded {
		if k.decoded[i].id == id {
			if v, ok := k.decoded[i].value.(*T); ok {
				return v
			}
		}
	}
	v := new(T)
	k.decoded = append(k.decoded, decoded{id, v})
	return v
}

// noteUndecoded counts a message that could not be decoded. Under a Hub any goroutine decodes.
func (c *Conn) noteUndecoded(err error) {
	if c.core.shared != nil {
		c.lock()
		defer c.unlock()
	}
	k := c.keep()
	k.undecoded++
	if _, ok := errors.AsType[*UnknownKindError](err); ok {
		k.unknown++
	}
}

// A RawChannel carries messages of bytes.
type RawChannel struct{ cfg ChannelConfig }

// NewRawChannel returns a channel of bytes.
func NewRawChannel(cfg ChannelConfig) *RawChannel { return &RawChannel{cfg} }

// Config returns what the channel was made with.
func (ch *RawChannel) Config() ChannelConfig { return ch.cfg }

// Send sends a message. The bytes are copied. It leaves with the next Flush.
func (ch *RawChannel) Send(c *Conn, b []byte) error {
	_, err := ch.SendWith(c, b, SendOptions{})
	return err
}

// SendWith sends a message with options; see Conn.SendWith.
func (ch *RawChannel) SendWith(c *Conn, b []byte, opts SendOptions) (Receipt, error) {
	if _, err := c.mustBe().encoderOf(ch, &ch.cfg); err != nil {
		return 0, err
	}
	return c.SendWith(ch.cfg.ID, b, opts)
}

// Broadcast sends a message to many Conns; see Server.Broadcast.
func (ch *RawChannel) Broadcast(
	to Broadcaster, conns iter.Seq[*Conn], b []byte, opts SendOptions, report Report,
) error {
	k := to.crowd()
	if _, err := k.encoderOf(ch, &ch.cfg); err != nil {
		return err
	}
	return k.broadcastBytes(conns, ch.cfg.ID, b, &opts, report)
}

// Receive takes the messages that the last Update showed; see Conn.Receive.
func (ch *RawChannel) Receive(c *Conn) iter.Seq[[]byte] { return c.Receive(ch.cfg.ID) }

// Latest takes the messages that the last Update showed, and returns the last; see Conn.Latest.
func (ch *RawChannel) Latest(c *Conn) ([]byte, bool) { return c.Latest(ch.cfg.ID) }

// Is reports whether an event of a Hub or a Session is a message of this channel.
func (ch *RawChannel) Is(ev Event) bool { return ev.isMessageOf(ch.cfg.ID) }
