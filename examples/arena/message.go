package arena

// The generated file holds the structs to what they were, and the generator is in a command that plays this game: so
// it goes first.
//
//go:generate rm -f tickwire_gen.go
//go:generate go run github.com/tickwire/tickwire/cmd/tickwire gen --ts page

// An Input is what a player wants to do in a tick of the server, and in those just before it: they go once more, in
// case that the packets which said so were lost.
//
//tickwire:message
type Input struct {
	Tick  uint32
	Moves []Move `tw:"max=8"` // of Tick, then of the tick before it, and so on
}

// A Move is what a player does from a tick on, as long as there is nothing newer.
type Move struct {
	DX   int8  `tw:"-1..1"` // which way to walk
	DY   int8  `tw:"-1..1"`
	Aim  uint8 // 256ths of a turn; 0 is along x, 64 along y
	Fire bool
}

// An Anchor says when a tick was, by the server's clock, and so when all others are. It comes once, and again if the
// server had to leave out ticks.
//
//tickwire:message
type Anchor struct {
	Tick         uint32
	Microseconds uint64 `tw:"0..9007199254740991"` // what JavaScript can count
}

// A State is what one player can see of the world after a tick.
//
//tickwire:message
type State struct {
	Tick    uint32
	You     uint16   // the id of the player whom it is for
	Heard   uint32   `tw:"opt"` // the first tick whose move came for this one; 0: none did
	Late    uint8    `tw:"opt"` // for how many ticks ago the move was that counted in this one; 0: for this one
	Avatars []Avatar `tw:"max=64"`
	Shots   []Shot   `tw:"max=64"`
}

// An Avatar is a player on the field.
type Avatar struct {
	ID     uint16
	X      uint16 `tw:"0..fieldEnd"`
	Y      uint16 `tw:"0..fieldEnd"`
	Aim    uint8
	Health uint8 `tw:"0..fullHealth"` // 0: waiting to come back
}

// A Shot is a bullet in flight.
type Shot struct {
	By  uint16
	X   uint16 `tw:"0..fieldEnd"`
	Y   uint16 `tw:"0..fieldEnd"`
	Aim uint8
}

// A Hit tells the one who shot and the one who was hit.
//
//tickwire:message
type Hit struct {
	By, On uint16
	Health uint8 `tw:"0..fullHealth"` // what is left
}

// A Chat is a line of talk. The server numbers the lines from 1, so that everybody can see that none is missing.
//
//tickwire:message
type Chat struct {
	Number uint32
	From   uint16
	Text   string `tw:"max=800"`
}

// A Name is what a player wants to be called.
//
//tickwire:message
type Name struct {
	Text string `tw:"max=64"`
}

// Scores is the whole table.
//
//tickwire:message
type Scores struct {
	Rows []Score `tw:"max=MaxPlayers"`
}

// A Score is one player's row.
type Score struct {
	ID            uint16
	Frags, Deaths uint16
	Name          string `tw:"max=64"`
}
