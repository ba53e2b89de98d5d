// Package corpus makes the messages of an imagined game, by seed: what players, entities, snapshots,
// chat and inventories look like on the wire, one after the other as a match would send them. They
// are what compression is measured on.
package corpus

import "github.com/tickwire/tickwire/internal/gen/sample/five"

//go:generate go run github.com/tickwire/tickwire/cmd/tickwire gen

// A Snapshot is what a player sees of the world, or all of a level.
//
//tickwire:message
type Snapshot struct {
	Tick     uint32
	Ack      uint32
	Entities []five.Entity `tw:"max=2048"`
}
