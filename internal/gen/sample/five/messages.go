// Package five has the five messages that the benchmarks and the golden vectors are about, as a game would
// have them, and a value of each.
package five

//go:generate go run github.com/tickwire/tickwire/cmd/tickwire gen --ts ../../../../ts/testdata

import "time"

// Input is what a player does in a tick.
//
//tickwire:message
type Input struct {
	Tick    uint32
	Buttons uint16  `tw:"0..4095"`
	MoveX   float32 `tw:"-1..1/0.01"`
	MoveY   float32 `tw:"-1..1/0.01"`
	Yaw     float32 `tw:"angle=14"`
	Pitch   float32 `tw:"-1.6..1.6/0.001"`
	Fire    bool
}

// A Team is one of four.
type Team uint8

// The teams.
const (
	Nobody Team = iota
	Red
	Blue
	Monsters
)

// World is how far it is from the middle to an edge.
const World = 512.0

// Entity is the state of one of them.
//
//tickwire:message
type Entity struct {
	ID       uint16
	Kind     uint8      `tw:"0..40"`
	Team     Team       `tw:"enum"`
	X        float32    `tw:"-World..World/0.01"`
	Y        float32    `tw:"-World..World/0.01"`
	Z        float32    `tw:"-World..World/0.01"`
	VX       float32    `tw:"half"`
	VY       float32    `tw:"half"`
	Rotation [4]float32 `tw:"quat=10"`
	Health   uint8      `tw:"0..100"`
	Crouched bool
	Carried  bool
}

// Snapshot is what a player sees of the world.
//
//tickwire:message
type Snapshot struct {
	Tick     uint32
	Ack      uint32
	Entities []Entity `tw:"max=256"`
}

// A Room is who hears what is said.
type Room uint8

// The rooms.
const (
	ToAll Room = iota
	ToTeam
	ToOne
)

// Chat is what one player says to others.
//
//tickwire:message
type Chat struct {
	From uint32
	To   *uint32
	Room Room          `tw:"enum"`
	At   time.Duration `tw:"0s..24h/1ms"`
	Text string        `tw:"max=200"`
}

// Inventory is what a player has.
//
//tickwire:message
type Inventory struct {
	Owner uint64
	Gold  uint32
	Items []Item           `tw:"max=64"`
	Ammo  map[uint8]uint16 `tw:"max=16"`
}

// Item is a thing in an inventory.
type Item struct {
	Kind     uint16  `tw:"0..2000"`
	Count    uint16  `tw:"1..999"`
	Wear     float32 `tw:"0..1/0.01"`
	Name     string  `tw:"max=32"`
	Enchants []uint8 `tw:"max=4,each:0..99"`
}
