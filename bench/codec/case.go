package codec

import (
	"fmt"
	"slices"

	"github.com/tickwire/tickwire"
)

// A Case is a message in a format, with the memory that it is written to and read into.
type Case struct {
	Format, Message string

	encode func() ([]byte, error)
	decode func(b []byte) error
	same   func() bool
}

// Encode writes the value; the bytes are valid until the next Encode.
func (c *Case) Encode() ([]byte, error) { return c.encode() }

// Decode reads every field into the value that the last Decode has read into.
func (c *Case) Decode(b []byte) error { return c.decode(b) }

// Same reports whether what the last Decode has read is the value that Encode writes.
func (c *Case) Same() bool { return c.same() }

// The messages, and the formats in the order of the tables.
var (
	Messages = []string{"input", "entity", "snapshot of 100", "chat", "inventory"}
	Formats  = []string{Ours, "vtprotobuf", "protobuf", "msgp", "CBOR", "FlatBuffers", "gob", "JSON"}
)

// Ours is the name of our format.
const Ours = "tickwire"

// A cell says which message and which format a case is of.
type cell struct{ format, message string }

func of(format string, message int) cell { return cell{format, Messages[message]} }

func newCase[T any](at cell, v *T, c tickwire.Codec[T], same func(a, b *T) bool) Case {
	var buf []byte
	into := new(T)
	return Case{
		Format: at.format, Message: at.message,
		encode: func() (_ []byte, err error) {
			buf, err = c.Append(v, buf[:0])
			return buf, err
		},
		decode: func(b []byte) error { return c.Decode(into, b) },
		same:   func() bool { return same(v, into) },
	}
}

// Cases are all messages in all formats, by message, and in the order of Formats.
func Cases(v *Values) []Case {
	p, proto := v.plain(), v.protos()
	all := slices.Concat(oursCases(v), protoCases(proto), msgpCases(p), cborCases(p), gobCases(p), jsonCases(p), flatCases(p))
	slices.SortStableFunc(all, func(a, b Case) int { return a.place() - b.place() })
	return all
}

func (c *Case) place() int {
	return slices.Index(Messages, c.Message)*len(Formats) + slices.Index(Formats, c.Format)
}

// String names the case.
func (c *Case) String() string { return fmt.Sprintf("%s, %s", c.Message, c.Format) }
