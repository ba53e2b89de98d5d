package codec

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"

	"github.com/fxamacker/cbor/v2"
	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/bench/messages"
	"github.com/tickwire/tickwire/bench/typed"
)

// A generated message of tickwire.
type generated[T any] interface {
	*T
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

func ours[T any, P generated[T]](message int, v *T) Case {
	c := tickwire.Codec[T]{
		Append: func(v *T, dst []byte) ([]byte, error) { return P(v).AppendBinary(dst) },
		Decode: func(v *T, b []byte) error { return P(v).UnmarshalBinary(b) },
	}
	return newCase(of(Ours, message), v, c, sameBytes[T, P])
}

// sameBytes: what was read may differ from the value by half a step of its ranges, and then it is written as
// the same bytes.
func sameBytes[T any, P generated[T]](a, b *T) bool {
	one, errOne := P(a).AppendBinary(nil)
	other, errOther := P(b).AppendBinary(nil)
	return errOne == nil && errOther == nil && bytes.Equal(one, other)
}

func oursCases(v *Values) []Case {
	return []Case{ours(0, &v.Input), ours(1, &v.Entity), ours(2, &v.Snapshot), ours(3, &v.Chat), ours(4, &v.Inventory)}
}

// equal compares structs that have no more than fields.
func equal[T comparable](a, b *T) bool { return *a == *b }

func msgpCases(p *plain) []Case {
	const name = "msgp"
	return []Case{
		newCase(of(name, 0), &p.input, typed.MsgPack[messages.Input](), equal),
		newCase(of(name, 1), &p.entity, typed.MsgPack[messages.Entity](), equal),
		newCase(of(name, 2), &p.snapshot, typed.MsgPack[messages.Snapshot](), (*messages.Snapshot).Equal),
		newCase(of(name, 3), &p.chat, typed.MsgPack[messages.Chat](), (*messages.Chat).Equal),
		newCase(of(name, 4), &p.inventory, typed.MsgPack[messages.Inventory](), (*messages.Inventory).Equal),
	}
}

// cleared is for values of which a message always has every field.
func cleared[T any](*T) {}

// clearedMap: where a format adds to the map that is there.
func clearedMap(v *messages.Inventory) { clear(v.Ammo) }

func zeroed[T any](v *T) { *v = *new(T) }

func cborCases(p *plain) []Case {
	const name = "CBOR"
	return []Case{
		newCase(of(name, 0), &p.input, inCBOR(cleared[messages.Input]), equal),
		newCase(of(name, 1), &p.entity, inCBOR(cleared[messages.Entity]), equal),
		newCase(of(name, 2), &p.snapshot, inCBOR(cleared[messages.Snapshot]), (*messages.Snapshot).Equal),
		newCase(of(name, 3), &p.chat, inCBOR(cleared[messages.Chat]), (*messages.Chat).Equal),
		newCase(of(name, 4), &p.inventory, inCBOR(clearedMap), (*messages.Inventory).Equal),
	}
}

// inCBOR is typed.CBOR with a buffer that is used again.
func inCBOR[T any](empty func(*T)) tickwire.Codec[T] {
	mode, err := cbor.EncOptions{ShortestFloat: cbor.ShortestFloat16}.UserBufferEncMode()
	if err != nil {
		panic(err) // the options above are valid
	}
	out := new(bytes.Buffer)
	return tickwire.Codec[T]{
		Append: func(v *T, _ []byte) ([]byte, error) {
			out.Reset()
			err := mode.MarshalToBuffer(v, out)
			return out.Bytes(), err
		},
		Decode: func(v *T, b []byte) error {
			empty(v)
			return cbor.Unmarshal(b, v)
		},
	}
}

func jsonCases(p *plain) []Case {
	const name = "JSON"
	return []Case{
		newCase(of(name, 0), &p.input, inJSON(cleared[messages.Input]), equal),
		newCase(of(name, 1), &p.entity, inJSON(cleared[messages.Entity]), equal),
		newCase(of(name, 2), &p.snapshot, inJSON(cleared[messages.Snapshot]), (*messages.Snapshot).Equal),
		newCase(of(name, 3), &p.chat, inJSON(cleared[messages.Chat]), (*messages.Chat).Equal),
		newCase(of(name, 4), &p.inventory, inJSON(clearedMap), (*messages.Inventory).Equal),
	}
}

// inJSON is typed.JSON with an encoder and a buffer that are used again.
func inJSON[T any](empty func(*T)) tickwire.Codec[T] {
	out := new(bytes.Buffer)
	enc := json.NewEncoder(out)
	return tickwire.Codec[T]{
		Append: func(v *T, _ []byte) ([]byte, error) {
			out.Reset()
			err := enc.Encode(v)
			return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
		},
		Decode: func(v *T, b []byte) error {
			empty(v)
			return json.Unmarshal(b, v)
		},
	}
}

func gobCases(p *plain) []Case {
	const name = "gob"
	return []Case{
		newCase(of(name, 0), &p.input, inGob(zeroed[messages.Input]), equal),
		newCase(of(name, 1), &p.entity, inGob(zeroed[messages.Entity]), equal),
		newCase(of(name, 2), &p.snapshot, inGob((*messages.Snapshot).Empty), (*messages.Snapshot).Equal),
		newCase(of(name, 3), &p.chat, inGob(zeroed[messages.Chat]), (*messages.Chat).Equal),
		newCase(of(name, 4), &p.inventory, inGob((*messages.Inventory).Empty), (*messages.Inventory).Equal),
	}
}

// inGob is a stream of gob after its first message, which described the type: each of the others has its value
// alone, and can be read only by who has read the first.
func inGob[T any](empty func(*T)) tickwire.Codec[T] {
	out, in := new(bytes.Buffer), new(bytes.Reader)
	enc, dec := gob.NewEncoder(out), gob.NewDecoder(in)
	first := enc.Encode(new(T))
	in.Reset(out.Bytes())
	if first == nil {
		first = dec.Decode(new(T))
	}
	return tickwire.Codec[T]{
		Append: func(v *T, _ []byte) ([]byte, error) {
			if first != nil {
				return nil, first
			}
			out.Reset()
			err := enc.Encode(v)
			return out.Bytes(), err
		},
		Decode: func(v *T, b []byte) error {
			empty(v)
			in.Reset(b)
			return dec.Decode(v)
		},
	}
}
