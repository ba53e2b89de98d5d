// Package messages has the five messages of the benchmarks as other formats have them: plain structs for
// msgpack, CBOR, gob and JSON, the same as messages of protobuf (pb) and of FlatBuffers (flat).
//
// Their fields are what those who use these formats would write: float32 where tickwire's tags have a
// range and a step, the smallest integer that fits elsewhere, and a time in milliseconds, all that the tag keeps of
// it. Structs are arrays, not maps, where the format has both: that is smaller and faster.
package messages

//go:generate go run github.com/tinylib/msgp@v1.6.5 -tests=false -io=false
//go:generate protoc -I pb --go_out=pb --go_opt=paths=source_relative --go-vtproto_out=pb --go-vtproto_opt=paths=source_relative,features=marshal+unmarshal+size+pool,pool=github.com/tickwire/tickwire/bench/messages/pb.Input,pool=github.com/tickwire/tickwire/bench/messages/pb.Entity,pool=github.com/tickwire/tickwire/bench/messages/pb.Snapshot,pool=github.com/tickwire/tickwire/bench/messages/pb.Chat,pool=github.com/tickwire/tickwire/bench/messages/pb.Inventory,pool=github.com/tickwire/tickwire/bench/messages/pb.Item messages.proto
//go:generate flatc --go --gen-onefile --go-namespace flat -o flat flat/messages.fbs
//go:generate gofmt -w flat

//msgp:tuple Input Entity Snapshot Chat Inventory Item
//msgp:maps binkeys

// Input is what a player does in a tick.
type Input struct {
	_       struct{} `cbor:",toarray"`
	Tick    uint32   `json:"tick"`
	Buttons uint16   `json:"buttons"`
	MoveX   float32  `json:"moveX"`
	MoveY   float32  `json:"moveY"`
	Yaw     float32  `json:"yaw"`
	Pitch   float32  `json:"pitch"`
	Fire    bool     `json:"fire"`
}

// Entity is the state of one of them.
type Entity struct {
	_        struct{}   `cbor:",toarray"`
	ID       uint16     `json:"id"`
	Kind     uint8      `json:"kind"`
	Team     uint8      `json:"team"`
	X        float32    `json:"x"`
	Y        float32    `json:"y"`
	Z        float32    `json:"z"`
	VX       float32    `json:"vx"`
	VY       float32    `json:"vy"`
	Rotation [4]float32 `json:"rotation"`
	Health   uint8      `json:"health"`
	Crouched bool       `json:"crouched"`
	Carried  bool       `json:"carried"`
}

// Snapshot is what a player sees of the world.
type Snapshot struct {
	_        struct{} `cbor:",toarray"`
	Tick     uint32   `json:"tick"`
	Ack      uint32   `json:"ack"`
	Entities []Entity `json:"entities"`
}

// Chat is what one player says to others.
type Chat struct {
	_    struct{} `cbor:",toarray"`
	From uint32   `json:"from"`
	To   *uint32  `json:"to"`
	Room uint8    `json:"room"`
	At   uint32   `json:"at"` // milliseconds
	Text string   `json:"text"`
}

// Inventory is what a player has.
type Inventory struct {
	_     struct{}         `cbor:",toarray"`
	Owner uint64           `json:"owner"`
	Gold  uint32           `json:"gold"`
	Items []Item           `json:"items"`
	Ammo  map[uint8]uint16 `json:"ammo"`
}

// Item is a thing in an inventory.
type Item struct {
	_        struct{} `cbor:",toarray"`
	Kind     uint16   `json:"kind"`
	Count    uint16   `json:"count"`
	Wear     float32  `json:"wear"`
	Name     string   `json:"name"`
	Enchants []uint8  `json:"enchants"`
}
