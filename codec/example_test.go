package codec_test

import (
	"fmt"

	"github.com/tickwire/tickwire/codec"
)

// Player is a message as a game's programmer writes it. What follows it is generated.
type Player struct {
	ID     uint32
	Health int     `tw:"0..100"`
	X      float32 `tw:"-512..512/0.01"`
	Y      float32 `tw:"-512..512/0.01"`
	Aim    float32 `tw:"angle=10"`
	Ducks  bool
	Name   string  `tw:"max=24"`
	Target *uint32 // optional
	Bag    []Thing `tw:"max=16"`
}

// Thing is what a Player carries.
type Thing struct {
	Kind  uint8  `tw:"0..40"`
	Count uint16 `tw:"1..999"`
}

// The least and the most that a message takes.
const (
	PlayerMinBytes = 9  // 70 bits
	PlayerMaxBytes = 73 // 579 bits
)

// AppendBinary appends the message to dst: at most PlayerMaxBytes bytes. A field that is out of
// its range is a *codec.FieldError, and dst is returned as it was.
func (m *Player) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Start(dst, 73)
	m.appendFields(&w)
	return w.Finish()
}

// UnmarshalBinary reads the message that is all of b, into the memory that m has.
func (m *Player) UnmarshalBinary(b []byte) error {
	var r codec.Reader
	r.Start(b)
	m.ReadBits(&r)
	if r.Complete() {
		return nil
	}
	return r.Finish("Player")
}

// AppendBits writes the fields.
func (m *Player) AppendBits(w *codec.Writer) {
	w.Grow(73)
	m.appendFields(w)
}

// appendFields is AppendBits where there is room.
func (m *Player) appendFields(w *codec.Writer) {
	w.Varint32(m.ID)
	health := uint64(m.Health)
	if health > 100 {
		w.Range("Player.Health", m.Health, "0..100")
		return
	}
	x := codec.Quantize(float64(m.X), -512, 100)
	if x > 102400 {
		w.Range("Player.X", m.X, "-512..512")
		return
	}
	y := codec.Quantize(float64(m.Y), -512, 100)
	if y > 102400 {
		w.Range("Player.Y", m.Y, "-512..512")
		return
	}
	aim := codec.Angle(float64(m.Aim), 10)
	if aim == codec.Outside {
		w.Range("Player.Aim", m.Aim, "a finite angle")
		return
	}
	if len(m.Name) > 24 {
		w.Fail("Player.Name", len(m.Name), "at most 24 bytes", codec.ErrTooLong)
		return
	}
	w.Bits(health|x<<7|y<<24|aim<<41|codec.Bool(m.Ducks)<<51, 52)
	w.Text(uint64(len(m.Name)), 5, m.Name)
	w.Bits(codec.Bool(m.Target != nil), 1)
	if m.Target != nil {
		w.Varint32(*m.Target)
	}
	if len(m.Bag) > 16 {
		w.Fail("Player.Bag", len(m.Bag), "at most 16", codec.ErrTooLong)
		return
	}
	w.Bits(uint64(len(m.Bag)), 5)
	for i := range m.Bag {
		m.Bag[i].appendFields(w)
	}
}

// ReadBits reads the fields.
func (m *Player) ReadBits(r *codec.Reader) {
	b := r.Load()
	id, idWidth, ok := codec.Long32(b)
	r.Take(idWidth + 7)
	if !ok {
		r.Form("Player.ID", uint64(id))
		return
	}
	m.ID = id
	b >>= idWidth & 63
	health := b & 0x7f
	if health > 100 {
		r.Range("Player.Health", health, "a code of 0..100")
		return
	}
	m.Health = int(health)
	b = r.Bits(50)
	x := b & 0x1ffff
	if x > 102400 {
		r.Range("Player.X", x, "a code of 0..102400")
		return
	}
	m.X = float32(codec.Dequantize(x, -512, 0.01))
	y := b >> 17 & 0x1ffff
	if y > 102400 {
		r.Range("Player.Y", y, "a code of 0..102400")
		return
	}
	m.Y = float32(codec.Dequantize(y, -512, 0.01))
	m.Aim = float32(codec.FromAngle(b>>34&0x3ff, 10))
	m.Ducks = b>>44&0x1 != 0
	m.Name = r.Text("Player.Name", m.Name, b>>45, 24)
	targetThere := r.Bits(1) != 0
	switch {
	case !targetThere:
		m.Target = nil
	case m.Target == nil:
		m.Target = new(uint32)
	}
	if targetThere {
		*m.Target = r.Varint32("Player.Target")
	}
	m.Bag = codec.Resize(m.Bag, r.Fits("Player.Bag", r.Bits(5), 16, 16))
	for i := range m.Bag {
		m.Bag[i].ReadBits(r)
	}
}

// AppendBits writes the fields.
func (m *Thing) AppendBits(w *codec.Writer) {
	w.Grow(2)
	m.appendFields(w)
}

// appendFields is AppendBits where there is room.
func (m *Thing) appendFields(w *codec.Writer) {
	kind := uint64(m.Kind)
	if kind > 40 {
		w.Range("Thing.Kind", m.Kind, "0..40")
		return
	}
	count := uint64(m.Count) - 1
	if count > 998 {
		w.Range("Thing.Count", m.Count, "1..999")
		return
	}
	w.Bits(kind|count<<6, 16)
}

// ReadBits reads the fields.
func (m *Thing) ReadBits(r *codec.Reader) {
	b := r.Bits(16)
	kind := b & 0x3f
	if kind > 40 {
		r.Range("Thing.Kind", kind, "a code of 0..40")
		return
	}
	m.Kind = uint8(kind)
	count := b >> 6
	if count > 998 {
		r.Range("Thing.Count", count, "a code of 0..998")
		return
	}
	m.Count = uint16(count + 1)
}

func Example() {
	sent := Player{ID: 7, Health: 90, X: 12.34, Y: -100, Name: "Ada", Bag: []Thing{{Kind: 3, Count: 20}}}
	b, err := sent.AppendBinary(nil)
	fmt.Println(len(b), "bytes,", err)

	var got Player
	err = got.UnmarshalBinary(b)
	fmt.Println(got.Health, got.X, got.Y, got.Name, got.Bag, err)

	sent.Health = 101
	_, err = sent.AppendBinary(nil)
	fmt.Println(err)
	fmt.Println(got.UnmarshalBinary(b[:9]))
	// Output:
	// 14 bytes, <nil>
	// 90 12.34 -100 Ada [{3 20}] <nil>
	// codec: Player.Health (101): out of range, want 0..100
	// codec: Player.Name (3): the message ends before its last field, want as many bytes as came
}
