// Package wide has a struct of sixty fields, with all that a message can hold.
package wide

//go:generate go run github.com/tickwire/tickwire/cmd/tickwire gen

import (
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/codec"
)

// Edge is where the world ends.
const Edge = 4096.0

// A Mood is an enum whose constants leave values out.
type Mood int16

// The moods.
const (
	Angry Mood = -10
	Calm  Mood = 0
	Happy Mood = 7
	Merry Mood = 300
)

// A Side is an enum without gaps.
type Side uint8

// The sides.
const (
	Left Side = iota + 1
	Right
	Top
	Bottom
)

// A Name is a string.
type Name string

// A Fixed writes itself: a number in sixteenths.
type Fixed int32

// AppendBits implements codec.Bits.
func (f *Fixed) AppendBits(w *codec.Writer) {
	w.Grow(5)
	w.Varint32(uint32(codec.Zigzag(int64(*f))))
}

// ReadBits implements codec.Bits.
func (f *Fixed) ReadBits(r *codec.Reader) { *f = Fixed(codec.Zagzig(uint64(r.Varint32("Fixed")))) }

// A Vec is a place.
type Vec struct {
	X float32 `tw:"-Edge..Edge/0.125"`
	Y float32 `tw:"-Edge..Edge/0.125"`
}

// A Part is something that there are several of.
type Part struct {
	Label string `tw:"max=10"`
	At    Vec
	Worn  []uint8 `tw:"max=5,each:0..9"`
	Since uint32  `tw:"since=2"`
}

// A Deed is what can be done.
//
//tickwire:union Move Say Wait
type Deed interface{ deed() }

// Move is a Deed.
type Move struct {
	To   Vec
	Fast bool
}

// Say is a Deed.
type Say struct {
	Text string `tw:"max=60"`
}

// Wait is a Deed of no fields.
type Wait struct{}

func (Move) deed() {}
func (Say) deed()  {}
func (Wait) deed() {}

// Everything has sixty fields.
//
//tickwire:message
type Everything struct {
	Flag      bool
	I8        int8
	I16       int16
	I32       int32
	I64       int64
	I         int
	U8        uint8
	U16       uint16
	U32       uint32
	U64       uint64
	U         uint
	Small     int8   `tw:"-3..4"`
	Level     uint8  `tw:"1..60"`
	Score     int32  `tw:"-1000000..1000000"`
	Large     int64  `tw:"-9223372036854775808..9223372036854775807"`
	Most      uint64 `tw:"0..18446744073709551615"`
	Clamped   int    `tw:"0..100,clamp"`
	Mood      Mood   `tw:"enum"`
	Side      Side   `tw:"enum"`
	F32       float32
	F64       float64
	Step      float32       `tw:"-Edge..Edge/0.01"`
	Fine      float64       `tw:"-1e6..1e6/0.000001"`
	Half      float32       `tw:"half"`
	Yaw       float32       `tw:"angle=12"`
	Turn      float64       `tw:"angle=32"`
	Aim       [3]float32    `tw:"unit=11"`
	AimWide   [3]float64    `tw:"unit=24"`
	Pose      [4]float32    `tw:"quat=9"`
	PoseWide  [4]float64    `tw:"quat=18"`
	Name      Name          `tw:"max=24"`
	Viewed    string        `tw:"max=24,view"`
	Blob      []byte        `tw:"max=48"`
	BlobView  []byte        `tw:"max=48,view"`
	Wait      time.Duration `tw:"0s..1h/10ms"`
	Took      time.Duration
	When      time.Time `tw:"max=16"`
	Host      netip.Addr
	Peer      netip.AddrPort
	Net       netip.Prefix `tw:"max=18"`
	Fixed     Fixed
	Place     Vec
	Parts     []Part      `tw:"max=6"`
	Cells     [3][2]uint8 `tw:"each:each:0..15"`
	Flags     [5]bool
	Path      []Vec            `tw:"max=8"`
	Rows      [][]int32        `tw:"max=4,each:max=3,each:each:-5..5"`
	ByName    map[string]int32 `tw:"max=4,key:max=8,each:0..9"`
	BySide    map[Side]Vec     `tw:"max=4,key:enum"`
	ByBool    map[bool]string  `tw:"max=2,each:max=6"`
	ByMood    map[Mood][]uint8 `tw:"max=3,key:enum,each:max=4"`
	Target    *uint32
	Spare     *Part
	Bonus     int32  `tw:"0..500,opt"`
	Nick      string `tw:"max=12,opt"`
	Did       Deed
	Maybe     Deed          `tw:"opt"`
	Deeds     []Deed        `tw:"max=3"`
	LaterMood *Mood         `tw:"enum,since=2"`
	Gone      time.Duration `tw:"0s..1s/1ms,until=3"`
}
