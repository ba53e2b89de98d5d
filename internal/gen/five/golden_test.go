package five

import (
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/tickwire/tickwire/codec"
)

type message interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

var types = map[string]func() message{
	"Input":     func() message { return new(Input) },
	"Entity":    func() message { return new(Entity) },
	"Snapshot":  func() message { return new(Snapshot) },
	"Chat":      func() message { return new(Chat) },
	"Inventory": func() message { return new(Inventory) },
}

// TestGolden: what is generated reads and writes the golden vectors as the code by hand does.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/vectors/codec.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Messages []struct {
			Type  string
			Value json.RawMessage
			Hex   string
		}
		Refused []struct{ Type, Hex, Field, Error string }
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors.Messages) != len(types) {
		t.Fatalf("%d messages, %v", len(vectors.Messages), err)
	}
	for _, v := range vectors.Messages {
		given, read := types[v.Type](), types[v.Type]()
		wire, _ := hex.DecodeString(v.Hex)
		if err := errors.Join(json.Unmarshal(v.Value, given), read.UnmarshalBinary(wire)); err != nil {
			t.Fatal(v.Type, err)
		}
		for _, m := range []message{given, read} {
			if b, err := m.AppendBinary(nil); err != nil || hex.EncodeToString(b) != v.Hex {
				t.Errorf("%s: %x, %v; want %s", v.Type, b, err, v.Hex)
			}
		}
	}
	for _, v := range vectors.Refused {
		wire, _ := hex.DecodeString(v.Hex)
		field, ok := errors.AsType[*codec.FieldError](types[v.Type]().UnmarshalBinary(wire))
		if !ok || field.Field != v.Field || field.Err.Error() != v.Error {
			t.Errorf("%+v: %v", v, field)
		}
	}
}
