package delta

import (
	"reflect"
	"strings"
)

// Encoded is a message of a [Sender] on its way: the type of the channel that carries it,
//
//	tickwire.NewChannel[delta.Encoded[uint16, Move, *Move]](tickwire.ChannelConfig{Delivery: tickwire.Unreliable, …})
//
// A raw channel would do as well; this one says what the keys and the values look like, so that two ends of
// which one has others find out when they meet, and agree on a version: Conn.SchemaVersion.
type Encoded[K Key, T any, P Message[T]] []byte

// AppendBinary implements encoding.BinaryAppender.
func (e Encoded[K, T, P]) AppendBinary(dst []byte) ([]byte, error) { return append(dst, e...), nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler. It copies, into the memory that e has.
func (e *Encoded[K, T, P]) UnmarshalBinary(b []byte) error {
	*e = append((*e)[:0], b...)
	return nil
}

// TickwireSchema is the form of the keys and the values in words, for each schema version; nil if T, as a
// type that writes its own bits, does not say.
func (e Encoded[K, T, P]) TickwireSchema() []string {
	value, ok := any(P(new(T))).(interface{ TickwireSchema() []string })
	if !ok {
		return nil
	}
	var forms []string
	for _, form := range value.TickwireSchema() {
		name, fields, _ := strings.Cut(form, "\n")
		forms = append(forms, strings.TrimSuffix("deltas of "+name+"\nkey "+keyForm[K]()+"\n"+fields, "\n"))
	}
	return forms
}

// keyForm is the form of keys in words. An int has 64 bits at every end.
func keyForm[K Key]() string {
	switch kind := reflect.TypeFor[K]().Kind(); kind {
	case reflect.Int, reflect.Uint:
		return kind.String() + "64"
	default:
		return kind.String()
	}
}
