package codec_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// A deltaVector is a message, another of its type, and what they differ in.
type deltaVector struct{ Type, Base, Next, Delta string }

// A differing is a message that has deltas.
type differing[T any] interface {
	*T
	message
	AppendDelta([]byte, *T) ([]byte, error)
	ApplyDelta([]byte, *T) error
	CopyFrom(*T)
}

// makeDeltas fills in each of the five messages with itself, and with others that change makes of
// it.
func (v *vectors) makeDeltas() {
	addDeltas(v, "Input", *five.AnInput(), func(m *five.Input) { m.Tick++ },
		func(m *five.Input) { m.Buttons, m.MoveX, m.Yaw, m.Fire = 7, -1, 3, false },
		func(m *five.Input) { m.MoveX += 0.001 }) // less than a step
	addDeltas(v, "Entity", five.AnEntity(7), func(m *five.Entity) { *m = five.AnEntity(8) }, func(m *five.Entity) { m.VY = 0 })
	few := *five.ASnapshot()
	few.Entities = few.Entities[:5]
	addDeltas(v, "Snapshot", few,
		func(m *five.Snapshot) { m.Tick, m.Entities[1].X, m.Entities[4] = 123457, 12, five.AnEntity(5) },
		func(m *five.Snapshot) { m.Entities = append(m.Entities[:5:5], five.AnEntity(6), five.AnEntity(7)) },
		func(m *five.Snapshot) { m.Entities = m.Entities[1:3] },
		func(m *five.Snapshot) { m.Entities = nil })
	id := uint32(77)
	addDeltas(v, "Chat", *five.AChat(), func(m *five.Chat) { m.To, m.Room = &id, five.ToOne }, func(m *five.Chat) { m.Text = "" })
	addDeltas(v, "Chat", five.Chat{To: &id}, func(m *five.Chat) { m.To = new(uint32) }, func(m *five.Chat) { m.To = nil })
	addDeltas(v, "Inventory", *five.AnInventory(),
		func(m *five.Inventory) { m.Gold, m.Items[3].Name, m.Items[4].Enchants = 0, "A rope", []uint8{1, 2, 3} },
		func(m *five.Inventory) { m.Ammo, m.Items[2].Enchants = map[uint8]uint16{2: 31, 200: 1}, []uint8{4} })
}

// addDeltas adds the deltas from a message to itself, and to what each change makes of it.
func addDeltas[T any, P differing[T]](v *vectors, name string, base T, changes ...func(*T)) {
	full := func(m *T) string {
		b, _ := P(m).AppendBinary(nil)
		return hex.EncodeToString(b)
	}
	for _, change := range append(changes, func(*T) {}) {
		var next T
		P(&next).CopyFrom(&base)
		change(&next)
		d, _ := P(&next).AppendDelta(nil, &base)
		v.Deltas = append(v.Deltas, deltaVector{name, full(&base), full(&next), hex.EncodeToString(d)})
	}
}

func (v *vectors) checkDeltas(t *testing.T) {
	for _, d := range v.Deltas {
		switch d.Type {
		case "Input":
			checkDelta[five.Input](t, d)
		case "Entity":
			checkDelta[five.Entity](t, d)
		case "Snapshot":
			checkDelta[five.Snapshot](t, d)
		case "Chat":
			checkDelta[five.Chat](t, d)
		default:
			checkDelta[five.Inventory](t, d)
		}
	}
}

func checkDelta[T any, P differing[T]](t *testing.T, d deltaVector) {
	t.Helper()
	bytesOf := func(text string) []byte {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	var base, next, applied T
	if P(&base).UnmarshalBinary(bytesOf(d.Base)) != nil || P(&next).UnmarshalBinary(bytesOf(d.Next)) != nil {
		t.Fatalf("%+v: what it is between cannot be read", d)
	}
	if b, err := P(&next).AppendDelta(nil, &base); err != nil || !bytes.Equal(b, bytesOf(d.Delta)) {
		t.Errorf("%+v: the delta is %x, %v", d, b, err)
	}
	if err := P(&applied).ApplyDelta(bytesOf(d.Delta), &base); err != nil {
		t.Errorf("%+v: %v", d, err)
	}
	if b, err := P(&applied).AppendBinary(nil); err != nil || !bytes.Equal(b, bytesOf(d.Next)) {
		t.Errorf("%+v: applied it is %x, %v", d, b, err)
	}
}
