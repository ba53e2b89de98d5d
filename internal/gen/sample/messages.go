// Package sample has a message with a field of each kind, for the tests of package gen.
package sample

//go:generate go run github.com/tickwire/tickwire/cmd/tickwire gen --ts ../../../ts/testdata

import (
	"net/netip"
	"time"
)

// MaxItems is how many items a bag has.
const MaxItems = 12

// A Weapon is what is held.
type Weapon uint8

// The weapons.
const (
	Fists Weapon = iota
	Sword
	Bow
)

// All is a message.
//
//tickwire:message
type All struct {
	Alive    bool
	Health   int    `tw:"0..1000"`
	Heat     int16  `tw:"-40..85,clamp"`
	Score    uint32 // what it comes to
	Debt     int64
	Raw      uint8
	Weapon   Weapon `tw:"enum"`
	Exact    float64
	X        float32        `tw:"-512..512/0.01"`
	Rough    float32        `tw:"half"`
	Facing   float32        `tw:"angle=10"`
	Aim      [3]float32     `tw:"unit=12"`
	Turn     [4]float32     `tw:"quat=9"`
	Name     string         `tw:"max=32"`
	Blob     []byte         `tw:"max=64,view"`
	Grid     [4]uint8       `tw:"each:0..15"`
	Items    []Item         `tw:"max=MaxItems"`
	Deep     [][]int32      `tw:"max=3,each:max=2,each:each:0..9"`
	Ammo     map[Weapon]int `tw:"max=3,key:enum,each:0..99"`
	Target   *Item
	Bonus    int32 `tw:"0..9,opt"`
	Did      Event
	Maybe    Event         `tw:"opt"`
	Cooldown time.Duration `tw:"0s..10s/1ms"`
	Since    time.Duration
	From     netip.Addr
	Back     netip.AddrPort
	New      bool `tw:"since=2"`
	Old      bool `tw:"until=3"`
	cache    int  `tw:"-"`
}

// An Item is one of a bag.
type Item struct {
	Kind  uint16 `tw:"0..500"`
	Count uint8  `tw:"1..99"`
}

// An Event is what has happened.
//
//tickwire:union Joined Left
type Event interface{ event() }

// Joined is an Event.
type Joined struct{ Player uint32 }

// Left is an Event.
type Left struct {
	Player uint32
	Why    string `tw:"max=100"`
}

func (Joined) event() {}
func (Left) event()   {}

// Size is how long a message is. It calls what is generated, which the generator need not have seen.
func (m *All) Size() int {
	if m.cache == 0 {
		b, err := m.AppendBinary(nil)
		if err != nil {
			return 0
		}
		m.cache = len(b)
	}
	return m.cache
}
