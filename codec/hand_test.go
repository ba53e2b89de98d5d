package codec_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// What one writes by hand who does not care for bytes: fixed widths, a length of two bytes. It is
// what the benchmarks are compared with.

var le = binary.LittleEndian

func f32(b []byte, f float32) []byte { return le.AppendUint32(b, math.Float32bits(f)) }
func text(b []byte, s string) []byte { return append(le.AppendUint16(b, uint16(len(s))), s...) }
func flag1(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func handInput(b []byte, m *five.Input) []byte {
	b = le.AppendUint16(le.AppendUint32(b, m.Tick), m.Buttons)
	return flag1(f32(f32(f32(f32(b, m.MoveX), m.MoveY), m.Yaw), m.Pitch), m.Fire)
}

func handEntity(b []byte, m *five.Entity) []byte {
	b = append(le.AppendUint16(b, m.ID), m.Kind, byte(m.Team))
	b = f32(f32(f32(f32(f32(b, m.X), m.Y), m.Z), m.VX), m.VY)
	b = f32(f32(f32(f32(b, m.Rotation[0]), m.Rotation[1]), m.Rotation[2]), m.Rotation[3])
	return flag1(flag1(append(b, m.Health), m.Crouched), m.Carried)
}

func handReadEntity(b []byte, m *five.Entity) []byte {
	_ = b[42]
	f := func(at int) float32 { return math.Float32frombits(le.Uint32(b[at:])) }
	m.ID, m.Kind, m.Team = le.Uint16(b), b[2], five.Team(b[3])
	m.X, m.Y, m.Z, m.VX, m.VY = f(4), f(8), f(12), f(16), f(20)
	m.Rotation = [4]float32{f(24), f(28), f(32), f(36)}
	m.Health, m.Crouched, m.Carried = b[40], b[41] != 0, b[42] != 0
	return b[43:]
}

func handSnapshot(b []byte, m *five.Snapshot) []byte {
	b = le.AppendUint16(le.AppendUint32(le.AppendUint32(b, m.Tick), m.Ack), uint16(len(m.Entities)))
	for i := range m.Entities {
		b = handEntity(b, &m.Entities[i])
	}
	return b
}

func handReadSnapshot(b []byte, m *five.Snapshot) {
	m.Tick, m.Ack = le.Uint32(b), le.Uint32(b[4:])
	m.Entities = m.Entities[:le.Uint16(b[8:])]
	b = b[10:]
	for i := range m.Entities {
		b = handReadEntity(b, &m.Entities[i])
	}
}

func handChat(b []byte, m *five.Chat) []byte {
	b = flag1(le.AppendUint32(b, m.From), m.To != nil)
	if m.To != nil {
		b = le.AppendUint32(b, *m.To)
	}
	return text(le.AppendUint64(append(b, byte(m.Room)), uint64(m.At/time.Nanosecond)), m.Text)
}

func handInventory(b []byte, m *five.Inventory) []byte {
	b = le.AppendUint16(le.AppendUint32(le.AppendUint64(b, m.Owner), m.Gold), uint16(len(m.Items)))
	for i := range m.Items {
		it := &m.Items[i]
		b = text(f32(le.AppendUint16(le.AppendUint16(b, it.Kind), it.Count), it.Wear), it.Name)
		b = append(append(b, byte(len(it.Enchants))), it.Enchants...)
	}
	b = append(b, byte(len(m.Ammo)))
	for k, v := range m.Ammo {
		b = le.AppendUint16(append(b, k), v)
	}
	return b
}

func BenchmarkByHand(b *testing.B) {
	in, s, c, inv := five.AnInput(), five.ASnapshot(), five.AChat(), five.AnInventory()
	for _, by := range []struct {
		name  string
		write func(b []byte) []byte
	}{
		{"input", func(b []byte) []byte { return handInput(b, in) }},
		{"entity", func(b []byte) []byte { return handEntity(b, &s.Entities[7]) }},
		{"snapshot", func(b []byte) []byte { return handSnapshot(b, s) }},
		{"chat", func(b []byte) []byte { return handChat(b, c) }},
		{"inventory", func(b []byte) []byte { return handInventory(b, inv) }},
	} {
		b.Run("append/"+by.name, func(b *testing.B) {
			buf := by.write(nil)
			for b.Loop() {
				buf = by.write(buf[:0])
			}
			b.ReportMetric(float64(len(buf)), "bytes")
		})
	}
	wire := handSnapshot(nil, s)
	b.Run("unmarshal/entity", func(b *testing.B) {
		for b.Loop() {
			handReadEntity(wire[10:], &s.Entities[0])
		}
	})
	b.Run("unmarshal/snapshot", func(b *testing.B) {
		for b.Loop() {
			handReadSnapshot(wire, s)
		}
	})
}
