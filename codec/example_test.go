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
	thingBits      = 16
)

// AppendBinary appends the message to dst.
func (m *Player) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Start(dst, PlayerMaxBytes)
	m.AppendBits(&w)
	return w.Finish()
}

// UnmarshalBinary reads the message that is all of b. The value may have held another, whose memory
// is used again.
func (m *Player) UnmarshalBinary(b []byte) error {
	var r codec.Reader
	r.Start(b)
	m.ReadBits(&r)
	return r.Finish("Player")
}

// AppendBits writes the fields of a Player. There is room for PlayerMaxBytes.
func (m *Player) AppendBits(w *codec.Writer) {
	health := uint64(m.Health)
	if health > 100 {
		w.Range("Player.Health", m.Health, "0..100")
	}
	x := codec.Quantize(float64(m.X), -512, 100)
	if x > 102400 {
		w.Range("Player.X", m.X, "-512..512")
	}
	y := codec.Quantize(float64(m.Y), -512, 100)
	if y > 102400 {
		w.Range("Player.Y", m.Y, "-512..512")
	}
	aim := codec.Angle(float64(m.Aim), 10)
	if aim == codec.Outside {
		w.Range("Player.Aim", m.Aim, "a finite angle")
	}
	ducks := codec.Bool(m.Ducks)
	w.Varint32(m.ID)
	w.Bits(health|x<<7|y<<24|aim<<41|ducks<<51, 52)
	w.String("Player.Name", m.Name, 24)
	if m.Target == nil {
		w.Bits(0, 1)
	} else {
		w.Bits(1, 1)
		w.Varint32(*m.Target)
	}
	w.Count("Player.Bag", len(m.Bag), 16)
	w.Grow((len(m.Bag)*thingBits + 7) / 8)
	for i := range m.Bag {
		m.Bag[i].AppendBits(w)
	}
}

// ReadBits reads the fields of a Player.
func (m *Player) ReadBits(r *codec.Reader) {
	m.ID = r.Varint32("Player.ID")
	b := r.Bits(52)
	health, x, y, aim, ducks := b&0x7f, b>>7&0x1ffff, b>>24&0x1ffff, b>>41&0x3ff, b>>51
	if health > 100 {
		r.Range("Player.Health", health, "0..100")
	}
	if x > 102400 {
		r.Range("Player.X", x, "a code of 0..102400")
	}
	if y > 102400 {
		r.Range("Player.Y", y, "a code of 0..102400")
	}
	m.Health = int(health)
	m.X = float32(codec.Dequantize(x, -512, 0.01))
	m.Y = float32(codec.Dequantize(y, -512, 0.01))
	m.Aim = float32(codec.FromAngle(aim, 10))
	m.Ducks = ducks != 0
	m.Name = r.String("Player.Name", m.Name, 24)
	if !r.Bool() {
		m.Target = nil
	} else {
		if m.Target == nil {
			m.Target = new(uint32)
		}
		*m.Target = r.Varint32("Player.Target")
	}
	m.Bag = codec.Resize(m.Bag, r.Count("Player.Bag", 16, thingBits))
	for i := range m.Bag {
		m.Bag[i].ReadBits(r)
	}
}

// AppendBits writes the fields of a Thing. There is room for them.
func (m *Thing) AppendBits(w *codec.Writer) {
	kind := uint64(m.Kind)
	if kind > 40 {
		w.Range("Thing.Kind", m.Kind, "0..40")
	}
	count := uint64(m.Count) - 1
	if count > 998 {
		w.Range("Thing.Count", m.Count, "1..999")
	}
	w.Bits(kind|count<<6, 16)
}

// ReadBits reads the fields of a Thing.
func (m *Thing) ReadBits(r *codec.Reader) {
	b := r.Bits(16)
	kind, count := b&0x3f, b>>6
	if kind > 40 {
		r.Range("Thing.Kind", kind, "0..40")
	}
	if count > 998 {
		r.Range("Thing.Count", count+1, "1..999")
	}
	m.Kind = uint8(kind)
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
