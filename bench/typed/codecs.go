package typed

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"github.com/tickwire/tickwire"
	"github.com/tinylib/msgp/msgp"
	"google.golang.org/protobuf/proto"
)

// Protobuf is the codec of protobuf's messages, by the official library. M is the pointer: a message
// must not be copied. Receive makes a new one each time, ReceiveInto uses the one that is there.
func Protobuf[M proto.Message]() tickwire.Codec[M] {
	return tickwire.Codec[M]{
		Append: func(m *M, dst []byte) ([]byte, error) {
			return proto.MarshalOptions{}.MarshalAppend(dst, *m)
		},
		Decode: func(m *M, b []byte) error {
			if !(*m).ProtoReflect().IsValid() {
				*m = (*m).ProtoReflect().New().Interface().(M)
			}
			return proto.Unmarshal(b, *m)
		},
	}
}

// A VTMessage is what vtprotobuf generates with the features marshal, unmarshal and size.
type VTMessage interface {
	proto.Message
	Reset()
	SizeVT() int
	MarshalToSizedBufferVT(b []byte) (int, error)
	UnmarshalVT(b []byte) error
}

// VTProtobuf is Protobuf by the code that vtprotobuf has generated. What was generated with the feature
// pool keeps its memory in ReceiveInto.
func VTProtobuf[M VTMessage]() tickwire.Codec[M] {
	return tickwire.Codec[M]{
		Append: func(m *M, dst []byte) ([]byte, error) {
			at, size := len(dst), (*m).SizeVT()
			dst = slices.Grow(dst, size)[:at+size]
			_, err := (*m).MarshalToSizedBufferVT(dst[at:])
			return dst, err
		},
		Decode: func(m *M, b []byte) error {
			if !(*m).ProtoReflect().IsValid() {
				*m = (*m).ProtoReflect().New().Interface().(M)
			}
			if pooled, ok := any(*m).(interface{ ResetVT() }); ok {
				pooled.ResetVT()
			} else {
				(*m).Reset() // UnmarshalVT merges
			}
			return (*m).UnmarshalVT(b)
		},
	}
}

// errTrailing: a message of msgpack ends where its value does.
var errTrailing = errors.New("bytes follow the value")

// A MsgPackPointer is what msgp generates for a type.
type MsgPackPointer[T any] interface {
	*T
	msgp.Marshaler
	msgp.Unmarshaler
}

// MsgPack is the codec of types for which msgp has generated code. A field that a message lacks keeps
// what ReceiveInto was given.
func MsgPack[T any, P MsgPackPointer[T]]() tickwire.Codec[T] {
	return tickwire.Codec[T]{
		Append: func(v *T, dst []byte) ([]byte, error) { return P(v).MarshalMsg(dst) },
		Decode: func(v *T, b []byte) error {
			rest, err := P(v).UnmarshalMsg(b)
			if err == nil && len(rest) > 0 {
				err = errTrailing
			}
			return err
		},
	}
}

// The modes of CBOR: keys in one order, and no message that grows beyond what a game sends.
var (
	encoding = must(cbor.CoreDetEncOptions().UserBufferEncMode())
	decoding = must(cbor.DecOptions{MaxArrayElements: 1 << 16, MaxMapPairs: 1 << 10, MaxNestedLevels: 16}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// CBOR is the codec of any type that fxamacker/cbor writes.
func CBOR[T any]() tickwire.Codec[T] {
	return tickwire.Codec[T]{
		Append: func(v *T, dst []byte) ([]byte, error) {
			b := bytes.NewBuffer(dst)
			err := encoding.MarshalToBuffer(v, b)
			return b.Bytes(), err
		},
		Decode: func(v *T, b []byte) error { return decoding.Unmarshal(b, v) },
	}
}

// JSON is the codec of any type that encoding/json writes. A field that a message lacks keeps what
// ReceiveInto was given.
func JSON[T any]() tickwire.Codec[T] {
	return tickwire.Codec[T]{
		Append: func(v *T, dst []byte) ([]byte, error) {
			text, err := json.Marshal(v)
			return append(dst, text...), err
		},
		Decode: func(v *T, b []byte) error { return json.Unmarshal(b, v) },
	}
}
