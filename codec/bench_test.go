package codec_test

import (
	"encoding"
	"encoding/json"
	"testing"

	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// A message is what the generator makes of a struct.
type message interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

func values() map[string]message {
	e := five.AnEntity(7)
	return map[string]message{"input": five.AnInput(), "entity": &e, "snapshot": five.ASnapshot(), "chat": five.AChat(), "inventory": five.AnInventory()}
}

func BenchmarkAppend(b *testing.B) {
	for _, name := range []string{"input", "entity", "snapshot", "chat", "inventory"} {
		b.Run(name, func(b *testing.B) {
			m := values()[name]
			buf, err := m.AppendBinary(nil)
			if err != nil {
				b.Fatal(err)
			}
			n := len(buf)
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = m.AppendBinary(buf[:0])
			}
			b.ReportMetric(float64(n), "bytes")
		})
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	for _, name := range []string{"input", "entity", "snapshot", "chat", "inventory"} {
		b.Run(name, func(b *testing.B) {
			m := values()[name]
			buf, _ := m.AppendBinary(nil)
			b.ReportAllocs()
			for b.Loop() {
				if err := m.UnmarshalBinary(buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	for _, name := range []string{"input", "entity", "snapshot", "chat", "inventory"} {
		m := values()[name]
		text, err := json.Marshal(m)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("append/"+name, func(b *testing.B) {
			for b.Loop() {
				text, _ = json.Marshal(m)
			}
			b.ReportMetric(float64(len(text)), "bytes")
		})
		b.Run("unmarshal/"+name, func(b *testing.B) {
			for b.Loop() {
				if err := json.Unmarshal(text, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
