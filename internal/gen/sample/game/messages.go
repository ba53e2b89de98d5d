// Package game has the messages of a small game, for the tests of typed channels.
package game

//go:generate go run github.com/tickwire/tickwire/cmd/tickwire gen --ts ../../../../ts/testdata/messages

// A Move is what a player does in a tick.
//
//tickwire:message
type Move struct {
	Tick  uint32
	X     float32 `tw:"-1..1/0.01"`
	Y     float32 `tw:"-1..1/0.01"`
	Fires bool
	Jumps bool     `tw:"since=2"`
	Seen  []uint16 `tw:"max=64,each:0..1023"`
}

// A Line is what somebody says.
//
//tickwire:message
type Line struct {
	From string `tw:"max=32"`
	Text string `tw:"max=200"`
}

// A Sight is a Line that is looked at and not kept.
//
//tickwire:message
type Sight struct {
	From string `tw:"max=32,view"`
	Text []byte `tw:"max=200,view"`
}

// An Order is what a player wants somebody to do.
//
//tickwire:message
type Order struct {
	Unit uint16
	Do   Command
}

// A Command is one of them. Pointers are read into the memory that they point to.
//
//tickwire:union *Walk *Build
type Command interface{ command() }

type Walk struct {
	Path []uint16 `tw:"max=64,each:0..1023"`
}

type Build struct {
	What uint8 `tw:"0..20"`
	At   uint16
}

func (*Walk) command()  {}
func (*Build) command() {}
