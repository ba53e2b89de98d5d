// Package oldgame has messages as package game had them before: Move in its version 1, and a Line
// that nobody reads any more.
package oldgame

//go:generate go run github.com/tickwire/tickwire/cmd/tickwire gen --ts ../../../../ts/testdata/messages

// A Move is what a player does in a tick.
//
//tickwire:message
type Move struct {
	Tick  uint32
	X     float32 `tw:"-1..1/0.01"`
	Y     float32 `tw:"-1..1/0.01"`
	Fires bool
	Seen  []uint16 `tw:"max=64,each:0..1023"`
}

// A Line is what somebody says.
//
//tickwire:message
type Line struct {
	From string `tw:"max=32"`
	Text string `tw:"max=100"`
}
