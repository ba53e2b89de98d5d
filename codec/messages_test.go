package codec_test

import (
	"math"
	"time"

	"github.com/tickwire/tickwire/codec"
)

// The five messages of the benchmarks, as the generator would have them.

// Input is what a player does in a tick.
type Input struct {
	Tick    uint32
	Buttons uint16  // 0..4095
	MoveX   float32 // -1..1/0.01
	MoveY   float32 // -1..1/0.01
	Yaw     float32 // angle=14
	Pitch   float32 // -1.6..1.6/0.001
	Fire    bool
}

const InputMaxBytes = 12

func (m *Input) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Start(dst, InputMaxBytes)
	m.AppendBits(&w)
	return w.Finish()
}

func (m *Input) UnmarshalBinary(b []byte) error {
	var r codec.Reader
	r.Start(b)
	m.ReadBits(&r)
	return r.Finish("Input")
}

func (m *Input) AppendBits(w *codec.Writer) {
	buttons := uint64(m.Buttons)
	if buttons > 4095 {
		w.Range("Input.Buttons", m.Buttons, "0..4095")
	}
	moveX := codec.Quantize(float64(m.MoveX), -1, 100)
	if moveX > 200 {
		w.Range("Input.MoveX", m.MoveX, "-1..1")
	}
	moveY := codec.Quantize(float64(m.MoveY), -1, 100)
	if moveY > 200 {
		w.Range("Input.MoveY", m.MoveY, "-1..1")
	}
	yaw := codec.Angle(float64(m.Yaw), 14)
	if yaw == codec.Outside {
		w.Range("Input.Yaw", m.Yaw, "a finite angle")
	}
	pitch := codec.Quantize(float64(m.Pitch), -1.6, 1000)
	if pitch > 3200 {
		w.Range("Input.Pitch", m.Pitch, "-1.6..1.6")
	}
	w.Varint32(m.Tick)
	w.Bits(buttons|moveX<<12|moveY<<20|yaw<<28|pitch<<42|codec.Bool(m.Fire)<<54, 55)
}

func (m *Input) ReadBits(r *codec.Reader) {
	m.Tick = r.Varint32("Input.Tick")
	x := r.Bits(55)
	m.Buttons = uint16(x & 0xfff)
	moveX := x >> 12 & 0xff
	if moveX > 200 {
		r.Range("Input.MoveX", moveX, "a code of 0..200")
	}
	m.MoveX = float32(codec.Dequantize(moveX, -1, 0.01))
	moveY := x >> 20 & 0xff
	if moveY > 200 {
		r.Range("Input.MoveY", moveY, "a code of 0..200")
	}
	m.MoveY = float32(codec.Dequantize(moveY, -1, 0.01))
	m.Yaw = float32(codec.FromAngle(x>>28&0x3fff, 14))
	pitch := x >> 42 & 0xfff
	if pitch > 3200 {
		r.Range("Input.Pitch", pitch, "a code of 0..3200")
	}
	m.Pitch = float32(codec.Dequantize(pitch, -1.6, 0.001))
	m.Fire = x>>54 != 0
}

// Entity is the state of one of them.
type Entity struct {
	ID       uint16
	Kind     uint8      // 0..40
	Team     uint8      // enum of 4
	X, Y, Z  float32    // -512..512/0.01
	VX, VY   float32    // half
	Rotation [4]float32 // quat=10
	Health   uint8      // 0..100
	Crouched bool
	Carried  bool
}

const EntityMaxBytes = 24

func (m *Entity) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Start(dst, EntityMaxBytes)
	m.AppendBits(&w)
	return w.Finish()
}

func (m *Entity) UnmarshalBinary(b []byte) error {
	var r codec.Reader
	r.Start(b)
	m.ReadBits(&r)
	return r.Finish("Entity")
}

func (m *Entity) AppendBits(w *codec.Writer) {
	kind := uint64(m.Kind)
	if kind > 40 {
		w.Range("Entity.Kind", m.Kind, "0..40")
	}
	team := uint64(m.Team)
	if team > 3 {
		w.Range("Entity.Team", m.Team, "0..3")
	}
	x := codec.Quantize(float64(m.X), -512, 100)
	if x > 102400 {
		w.Range("Entity.X", m.X, "-512..512")
	}
	y := codec.Quantize(float64(m.Y), -512, 100)
	if y > 102400 {
		w.Range("Entity.Y", m.Y, "-512..512")
	}
	z := codec.Quantize(float64(m.Z), -512, 100)
	if z > 102400 {
		w.Range("Entity.Z", m.Z, "-512..512")
	}
	rotation := codec.Quat(float64(m.Rotation[0]), float64(m.Rotation[1]), float64(m.Rotation[2]), float64(m.Rotation[3]), 10)
	if rotation == codec.Outside {
		w.Range("Entity.Rotation", m.Rotation, "a rotation")
	}
	health := uint64(m.Health)
	if health > 100 {
		w.Range("Entity.Health", m.Health, "0..100")
	}
	w.Varint16(m.ID)
	w.Bits(kind|team<<6|x<<8|y<<25, 42)
	w.Bits(z|uint64(codec.Half(m.VX))<<17|uint64(codec.Half(m.VY))<<33, 49)
	w.Bits(rotation|health<<32|codec.Bool(m.Crouched)<<39|codec.Bool(m.Carried)<<40, 41)
}

func (m *Entity) ReadBits(r *codec.Reader) {
	m.ID = r.Varint16("Entity.ID")
	b := r.Bits(42)
	if m.Kind = uint8(b & 0x3f); m.Kind > 40 {
		r.Range("Entity.Kind", m.Kind, "0..40")
	}
	m.Team = uint8(b >> 6 & 3)
	x := b >> 8 & 0x1ffff
	if x > 102400 {
		r.Range("Entity.X", x, "a code of 0..102400")
	}
	m.X = float32(codec.Dequantize(x, -512, 0.01))
	y := b >> 25
	if y > 102400 {
		r.Range("Entity.Y", y, "a code of 0..102400")
	}
	m.Y = float32(codec.Dequantize(y, -512, 0.01))
	b = r.Bits(49)
	z := b & 0x1ffff
	if z > 102400 {
		r.Range("Entity.Z", z, "a code of 0..102400")
	}
	m.Z = float32(codec.Dequantize(z, -512, 0.01))
	m.VX = codec.FromHalf(uint16(b >> 17))
	m.VY = codec.FromHalf(uint16(b >> 33))
	b = r.Bits(41)
	qx, qy, qz, qw, ok := codec.FromQuat(b&0xffffffff, 10)
	if !ok {
		r.Range("Entity.Rotation", b&0xffffffff, "a rotation")
	}
	m.Rotation = [4]float32{float32(qx), float32(qy), float32(qz), float32(qw)}
	if m.Health = uint8(b >> 32 & 0x7f); m.Health > 100 {
		r.Range("Entity.Health", m.Health, "0..100")
	}
	m.Crouched = b>>39&1 != 0
	m.Carried = b>>40 != 0
}

// Snapshot is what a player sees of the world.
type Snapshot struct {
	Tick     uint32
	Ack      uint32
	Entities []Entity // max=256
}

func (m *Snapshot) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Start(dst, 16)
	m.AppendBits(&w)
	return w.Finish()
}

func (m *Snapshot) UnmarshalBinary(b []byte) error {
	var r codec.Reader
	r.Start(b)
	m.ReadBits(&r)
	return r.Finish("Snapshot")
}

func (m *Snapshot) AppendBits(w *codec.Writer) {
	w.Varint32(m.Tick)
	w.Varint32(m.Ack)
	w.Count("Snapshot.Entities", len(m.Entities), 256)
	w.Grow(len(m.Entities) * EntityMaxBytes)
	for i := range m.Entities {
		m.Entities[i].AppendBits(w)
	}
}

func (m *Snapshot) ReadBits(r *codec.Reader) {
	m.Tick = r.Varint32("Snapshot.Tick")
	m.Ack = r.Varint32("Snapshot.Ack")
	m.Entities = codec.Resize(m.Entities, r.Count("Snapshot.Entities", 256, 137))
	for i := range m.Entities {
		m.Entities[i].ReadBits(r)
	}
}

// Chat is what one player says to others.
type Chat struct {
	From uint32
	To   *uint32
	Room uint8         // enum of 3
	At   time.Duration // 0s..24h/1ms
	Text string        // max=200
}

func (m *Chat) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Start(dst, 24)
	m.AppendBits(&w)
	return w.Finish()
}

func (m *Chat) UnmarshalBinary(b []byte) error {
	var r codec.Reader
	r.Start(b)
	m.ReadBits(&r)
	return r.Finish("Chat")
}

func (m *Chat) AppendBits(w *codec.Writer) {
	room := uint64(m.Room)
	if room > 2 {
		w.Range("Chat.Room", m.Room, "0..2")
	}
	at := uint64(m.At / time.Millisecond)
	if at > 86400000 {
		w.Range("Chat.At", m.At, "0s..24h0m0s")
	}
	w.Varint32(m.From)
	if m.To == nil {
		w.Bits(0, 1)
	} else {
		w.Bits(1, 1)
		w.Varint32(*m.To)
	}
	w.Bits(room|at<<2, 29)
	w.String("Chat.Text", m.Text, 200)
}

func (m *Chat) ReadBits(r *codec.Reader) {
	m.From = r.Varint32("Chat.From")
	if !r.Bool() {
		m.To = nil
	} else {
		if m.To == nil {
			m.To = new(uint32)
		}
		*m.To = r.Varint32("Chat.To")
	}
	b := r.Bits(29)
	if m.Room = uint8(b & 3); m.Room > 2 {
		r.Range("Chat.Room", m.Room, "0..2")
	}
	at := b >> 2
	if at > 86400000 {
		r.Range("Chat.At", at, "a code of 0..86400000")
	}
	m.At = time.Duration(at) * time.Millisecond
	m.Text = r.String("Chat.Text", m.Text, 200)
}

// Inventory is what a player has.
type Inventory struct {
	Owner uint64
	Gold  uint32
	Items []Item // max=64
	Ammo  map[uint8]uint16
}

// Item is a thing in an inventory.
type Item struct {
	Kind     uint16  // 0..2000
	Count    uint16  // 1..999
	Wear     float32 // 0..1/0.01
	Name     string  // max=32
	Enchants []uint8 // max=4,each:0..99
}

const ItemMinBits = 11 + 10 + 7 + 6 + 3

func (m *Inventory) AppendBinary(dst []byte) ([]byte, error) {
	var w codec.Writer
	w.Start(dst, 24)
	m.AppendBits(&w)
	return w.Finish()
}

func (m *Inventory) UnmarshalBinary(b []byte) error {
	var r codec.Reader
	r.Start(b)
	m.ReadBits(&r)
	return r.Finish("Inventory")
}

func (m *Inventory) AppendBits(w *codec.Writer) {
	w.Varint64(m.Owner)
	w.Varint32(m.Gold)
	w.Count("Inventory.Items", len(m.Items), 64)
	for i := range m.Items {
		m.Items[i].AppendBits(w)
	}
	w.Count("Inventory.Ammo", len(m.Ammo), 16)
	w.Grow(len(m.Ammo) * 4)
	var keys [16]uint8
	for _, k := range codec.Keys(keys[:0], m.Ammo) {
		w.Bits(uint64(k), 8)
		w.Varint16(m.Ammo[k])
	}
}

func (m *Inventory) ReadBits(r *codec.Reader) {
	m.Owner = r.Varint64("Inventory.Owner")
	m.Gold = r.Varint32("Inventory.Gold")
	m.Items = codec.Resize(m.Items, r.Count("Inventory.Items", 64, ItemMinBits))
	for i := range m.Items {
		m.Items[i].ReadBits(r)
	}
	n := r.Count("Inventory.Ammo", 16, 14)
	if m.Ammo == nil {
		m.Ammo = make(map[uint8]uint16, n)
	}
	clear(m.Ammo)
	var last uint8
	for i := range n {
		k := uint8(r.Bits(8))
		if !codec.Ascends(r, "Inventory.Ammo", i == 0, last, k) {
			return
		}
		m.Ammo[k], last = r.Varint16("Inventory.Ammo"), k
	}
}

func (m *Item) AppendBits(w *codec.Writer) {
	kind := uint64(m.Kind)
	if kind > 2000 {
		w.Range("Item.Kind", m.Kind, "0..2000")
	}
	count := uint64(m.Count) - 1
	if count > 998 {
		w.Range("Item.Count", m.Count, "1..999")
	}
	wear := codec.Quantize(float64(m.Wear), 0, 100)
	if wear > 100 {
		w.Range("Item.Wear", m.Wear, "0..1")
	}
	w.Grow(4)
	w.Bits(kind|count<<11|wear<<21, 28)
	w.String("Item.Name", m.Name, 32)
	w.Count("Item.Enchants", len(m.Enchants), 4)
	w.Grow(len(m.Enchants))
	for _, e := range m.Enchants {
		if e > 99 {
			w.Range("Item.Enchants", e, "0..99")
		}
		w.Bits(uint64(e), 7)
	}
}

func (m *Item) ReadBits(r *codec.Reader) {
	b := r.Bits(28)
	if m.Kind = uint16(b & 0x7ff); m.Kind > 2000 {
		r.Range("Item.Kind", m.Kind, "0..2000")
	}
	if m.Count = uint16(b>>11&0x3ff) + 1; m.Count > 999 {
		r.Range("Item.Count", m.Count, "1..999")
	}
	wear := b >> 21
	if wear > 100 {
		r.Range("Item.Wear", wear, "a code of 0..100")
	}
	m.Wear = float32(codec.Dequantize(wear, 0, 0.01))
	m.Name = r.String("Item.Name", m.Name, 32)
	m.Enchants = codec.Resize(m.Enchants, r.Count("Item.Enchants", 4, 7))
	for i := range m.Enchants {
		if m.Enchants[i] = uint8(r.Bits(7)); m.Enchants[i] > 99 {
			r.Range("Item.Enchants", m.Enchants[i], "0..99")
		}
	}
}

// Five examples of them.

func input() *Input {
	return &Input{Tick: 123456, Buttons: 0x21, MoveX: 0.71, MoveY: -0.71, Yaw: 2.1, Pitch: -0.3, Fire: true}
}

func entity(i int) Entity {
	a := float64(i) * 0.37
	return Entity{ID: uint16(i * 7), Kind: uint8(i % 41), Team: uint8(i % 4),
		X: float32(400 * math.Sin(a)), Y: float32(400 * math.Cos(a)), Z: float32(i % 30),
		VX: float32(7 * math.Cos(a)), VY: float32(-7 * math.Sin(a)),
		Rotation: [4]float32{0, float32(math.Sin(a / 2)), 0, float32(math.Cos(a / 2))},
		Health:   uint8(100 - i%60), Crouched: i%5 == 0, Carried: i%17 == 0}
}

func snapshot() *Snapshot {
	s := &Snapshot{Tick: 123456, Ack: 123450}
	for i := range 100 {
		s.Entities = append(s.Entities, entity(i))
	}
	return s
}

func chat() *Chat {
	return &Chat{From: 1207, Room: 1, At: 5025 * time.Second, Text: "anyone at the north gate? two of them behind the wall"}
}

func inventory() *Inventory {
	v := &Inventory{Owner: 76561198000000123, Gold: 5321, Ammo: map[uint8]uint16{1: 90, 2: 30, 7: 4}}
	names := []string{"Iron sword", "Bow of the marsh", "Healing potion", "Rope", "Torch"}
	for i := range 20 {
		v.Items = append(v.Items, Item{Kind: uint16(i * 37), Count: uint16(1 + i%9), Wear: float32(i) / 20,
			Name: names[i%len(names)], Enchants: []uint8{3, uint8(i)}[:i%3]})
	}
	return v
}
