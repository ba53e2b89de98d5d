package tickwire

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
)

// A Codec turns values into messages and messages into values, for types that do not
// do that by themselves, such as those of protobuf, msgpack, CBOR and JSON. [NewChannelWith] takes
// one:
//
//	var chat = tickwire.NewChannelWith(cfg, tickwire.Codec[Line]{
//		Append: func(v *Line, dst []byte) ([]byte, error) { … },
//		Decode: func(v *Line, b []byte) error { return json.Unmarshal(b, v) },
//	})
//
// Both functions may be called by several goroutines at a time, if there are several Servers or
// Clients.
type Codec[T any] struct {
	// Append appends the message of *v to dst and returns the result, as append does. It must neither
	// change nor keep *v.
	Append func(v *T, dst []byte) ([]byte, error)
	// Decode reads the message that is all of b into *v, which is zero, or what the game has given
	// to ReceiveInto. It must not keep b or a part of it, unless the game knows how long that is
	// valid (Channel.Receive).
	Decode func(v *T, b []byte) error

	own *form[T] // nil of a Codec of the game's
}

// A Versioned message has several forms; when they connect, both ends choose the newest that they have in
// common (Conn.SchemaVersion). Generated messages are Versioned if a field has since or until in its
// tag. All messages of a game count versions together, so a version above the newest that a type knows
// means its newest. A Versioned type must be Described too, or the ends cannot compare versions.
type Versioned interface {
	// AppendVersion is AppendBinary in the form of a version.
	AppendVersion(dst []byte, version int) ([]byte, error)
	// UnmarshalVersion is UnmarshalBinary of the form of a version.
	UnmarshalVersion(b []byte, version int) error
}

// A Described message describes its form, so that two ends with different forms find
// out when they connect, and can name the field that differs. Generated messages are Described.
type Described interface {
	// TickwireSchema describes the form of each schema version from 1 on: the name of the type in
	// the first line, then a line for each field in the order of the wire, its name first. Versions
	// beyond the last are like the last.
	TickwireSchema() []string
}

// A form is how a channel's values are written and read, chosen once, when the channel is made:
// each of the ways in which a type may have a form ends here.
type form[T any] struct {
	write     func(v *T, dst []byte, version int) ([]byte, error)
	read      func(v *T, b []byte, version int) error
	schema    []string // nil: nobody says what it is
	versioned bool     // write cares for the version
	err       error    // T has no form
}

// formOf is the form that a type has by itself: the methods are those of its pointer, or, if it is a
// pointer, its own.
func formOf[T any]() *form[T] {
	if t := reflect.TypeFor[T](); t.Kind() == reflect.Pointer {
		return formOfPointer[T](t.Elem())
	}
	return formBy(new(T), func(v *T) any { return v })
}

// formBy is a form by the methods of what self returns, which example has, too.
func formBy[T any](example any, self func(*T) any) *form[T] {
	f := new(form[T])
	_, f.versioned = example.(Versioned)
	switch example.(type) {
	case Versioned:
		f.write = func(v *T, dst []byte, version int) ([]byte, error) {
			return self(v).(Versioned).AppendVersion(dst, version)
		}
	case encoding.BinaryAppender:
		f.write = func(v *T, dst []byte, _ int) ([]byte, error) {
			return self(v).(encoding.BinaryAppender).AppendBinary(dst)
		}
	case encoding.BinaryMarshaler:
		f.write = func(v *T, dst []byte, _ int) ([]byte, error) {
			b, err := self(v).(encoding.BinaryMarshaler).MarshalBinary()
			return append(dst, b...), err
		}
	}
	switch example.(type) {
	case Versioned:
		f.read = func(v *T, b []byte, version int) error {
			return self(v).(Versioned).UnmarshalVersion(b, version)
		}
	case encoding.BinaryUnmarshaler:
		f.read = func(v *T, b []byte, _ int) error {
			return self(v).(encoding.BinaryUnmarshaler).UnmarshalBinary(b)
		}
	}
	if f.write == nil || f.read == nil {
		f.err = noForm[T](f.write != nil, f.read != nil)
		return f
	}
	if d, ok := example.(Described); ok {
		f.schema = d.TickwireSchema()
	}
	return f
}

// formOfPointer is the form of pointers to a type. What is received is read into what the pointer
// points to, or, if it is nil, into a new one.
func formOfPointer[T any](to reflect.Type) *form[T] {
	f := formBy(reflect.New(to).Interface(), func(v *T) any { return *v })
	if f.err != nil {
		return f
	}
	write, read := f.write, f.read
	f.write = func(v *T, dst []byte, version int) ([]byte, error) {
		if reflect.ValueOf(*v).IsNil() {
			return dst, errNil
		}
		return write(v, dst, version)
	}
	f.read = func(v *T, b []byte, version int) error {
		if reflect.ValueOf(*v).IsNil() {
			*v = reflect.New(to).Interface().(T)
		}
		return read(v, b, version)
	}
	return f
}

var errNil = errors.New("tickwire: a message that is a nil pointer")

// form is what a channel does with a Codec.
func (c *Codec[T]) form() *form[T] {
	if c.own != nil {
		return c.own
	}
	f := new(form[T])
	if c.Append == nil || c.Decode == nil {
		f.err = &CodecError{Type: typeName[T](), Why: "its Codec lacks a function", Want: "both Append and Decode"}
		return f
	}
	encode, decode := c.Append, c.Decode
	f.write = func(v *T, dst []byte, _ int) ([]byte, error) { return encode(v, dst) }
	f.read = func(v *T, b []byte, _ int) error { return decode(v, b) }
	return f
}

// A CodecError says that values of a channel's type cannot be written or read. The channel's methods
// return it; Config.Validate reports the same as a *ConfigError, before anything is sent.
type CodecError struct {
	Type string // as Go calls it
	Why  string
	Want string // the way out
}

// Error tells the three.
func (e *CodecError) Error() string {
	return fmt.Sprintf("tickwire: a channel of %s: %s: want %s", e.Type, e.Why, e.Want)
}

func typeName[T any]() string { return reflect.TypeFor[T]().String() }

// noForm says what a type lacks, and what would do.
func noForm[T any](writes, reads bool) error {
	e := &CodecError{
		Type: typeName[T](),
		Why:  "it neither writes nor reads itself",
		Want: "a comment //tickwire:message above the struct and a run of tickwire gen, or methods AppendBinary " +
			"and UnmarshalBinary, or NewChannelWith and a Codec",
	}
	switch t := reflect.TypeFor[T](); {
	case t.Kind() == reflect.Interface:
		e.Want = "a struct with a field of it (tickwire gen), or NewChannelWith and a Registry of its types"
	case writes:
		e.Why = "it writes itself, but does not read itself"
		e.Want = fmt.Sprintf("a method UnmarshalBinary of *%v, or NewChannelWith and a Codec", t)
	case reads:
		e.Why = "it reads itself, but does not write itself"
		e.Want = "a method AppendBinary, or NewChannelWith and a Codec"
	}
	return e
}

// anyVersion stands for the newest schema version.
const anyVersion = math.MaxInt32
