package codec

import (
	"slices"
	"strings"

	"github.com/tickwire/tickwire/bench/messages"
	"github.com/tickwire/tickwire/bench/messages/pb"
	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// Values are a value of each of the five messages.
type Values struct {
	Input     five.Input
	Entity    five.Entity
	Snapshot  five.Snapshot
	Chat      five.Chat
	Inventory five.Inventory
}

// TheValues are those that the page is about.
func TheValues() *Values {
	return &Values{*five.AnInput(), five.AnEntity(7), *five.ASnapshot(), *five.AChat(), *five.AnInventory()}
}

// Aloud is the same with all texts in capitals: as many bytes, and no text that a reader has already.
func (v *Values) Aloud() *Values {
	loud := *v
	loud.Chat.Text = strings.ToUpper(v.Chat.Text)
	loud.Inventory.Items = slices.Clone(v.Inventory.Items)
	for i := range loud.Inventory.Items {
		item := &loud.Inventory.Items[i]
		item.Name = strings.ToUpper(item.Name)
	}
	return &loud
}

// plain is the same in plain structs.
type plain struct {
	input     messages.Input
	entity    messages.Entity
	snapshot  messages.Snapshot
	chat      messages.Chat
	inventory messages.Inventory
}

func (v *Values) plain() *plain {
	in := &v.Input
	p := &plain{
		input: messages.Input{Tick: in.Tick, Buttons: in.Buttons, MoveX: in.MoveX, MoveY: in.MoveY,
			Yaw: in.Yaw, Pitch: in.Pitch, Fire: in.Fire},
		entity:   plainEntity(&v.Entity),
		snapshot: messages.Snapshot{Tick: v.Snapshot.Tick, Ack: v.Snapshot.Ack},
		chat: messages.Chat{From: v.Chat.From, To: v.Chat.To, Room: uint8(v.Chat.Room),
			At: uint32(v.Chat.At.Milliseconds()), Text: v.Chat.Text},
		inventory: messages.Inventory{Owner: v.Inventory.Owner, Gold: v.Inventory.Gold, Ammo: v.Inventory.Ammo},
	}
	for i := range v.Snapshot.Entities {
		p.snapshot.Entities = append(p.snapshot.Entities, plainEntity(&v.Snapshot.Entities[i]))
	}
	for _, m := range v.Inventory.Items {
		p.inventory.Items = append(p.inventory.Items,
			messages.Item{Kind: m.Kind, Count: m.Count, Wear: m.Wear, Name: m.Name, Enchants: m.Enchants})
	}
	return p
}

func plainEntity(e *five.Entity) messages.Entity {
	return messages.Entity{ID: e.ID, Kind: e.Kind, Team: uint8(e.Team), X: e.X, Y: e.Y, Z: e.Z, VX: e.VX, VY: e.VY,
		Rotation: e.Rotation, Health: e.Health, Crouched: e.Crouched, Carried: e.Carried}
}

// protos is the same in messages of protobuf.
type protos struct {
	input     *pb.Input
	entity    *pb.Entity
	snapshot  *pb.Snapshot
	chat      *pb.Chat
	inventory *pb.Inventory
}

func (v *Values) protos() *protos {
	in := &v.Input
	p := &protos{
		input: &pb.Input{Tick: in.Tick, Buttons: uint32(in.Buttons), MoveX: in.MoveX, MoveY: in.MoveY,
			Yaw: in.Yaw, Pitch: in.Pitch, Fire: in.Fire},
		entity:   protoEntity(&v.Entity),
		snapshot: &pb.Snapshot{Tick: v.Snapshot.Tick, Ack: v.Snapshot.Ack},
		chat: &pb.Chat{From: v.Chat.From, To: v.Chat.To, Room: pb.Room(v.Chat.Room),
			At: uint32(v.Chat.At.Milliseconds()), Text: v.Chat.Text},
		inventory: &pb.Inventory{Owner: v.Inventory.Owner, Gold: v.Inventory.Gold, Ammo: map[uint32]uint32{}},
	}
	for i := range v.Snapshot.Entities {
		p.snapshot.Entities = append(p.snapshot.Entities, protoEntity(&v.Snapshot.Entities[i]))
	}
	for _, m := range v.Inventory.Items {
		p.inventory.Items = append(p.inventory.Items, &pb.Item{Kind: uint32(m.Kind), Count: uint32(m.Count),
			Wear: m.Wear, Name: m.Name, Enchants: m.Enchants})
	}
	for kind, count := range v.Inventory.Ammo {
		p.inventory.Ammo[uint32(kind)] = uint32(count)
	}
	return p
}

// protoEntity: vtprotobuf takes -0 for 0, and sends neither; + 0 makes one of the other.
func protoEntity(e *five.Entity) *pb.Entity {
	return &pb.Entity{Id: uint32(e.ID), Kind: uint32(e.Kind), Team: pb.Team(e.Team), X: e.X, Y: e.Y, Z: e.Z,
		Vx: e.VX, Vy: e.VY + 0, Rotation: e.Rotation[:], Health: uint32(e.Health), Crouched: e.Crouched, Carried: e.Carried}
}
