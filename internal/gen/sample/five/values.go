package five

import (
	"math"
	"time"
)

// AnInput is one for benchmarks and tests.
func AnInput() *Input {
	return &Input{Tick: 123456, Buttons: 0x21, MoveX: 0.71, MoveY: -0.71, Yaw: 2.1, Pitch: -0.3, Fire: true}
}

// AnEntity is the i-th of a crowd that turns about the middle.
func AnEntity(i int) Entity {
	a := float64(i) * 0.37
	return Entity{ID: uint16(i * 7), Kind: uint8(i % 41), Team: Team(i % 4),
		X: float32(400 * math.Sin(a)), Y: float32(400 * math.Cos(a)), Z: float32(i % 30),
		VX: float32(7 * math.Cos(a)), VY: float32(-7 * math.Sin(a)),
		Rotation: [4]float32{0, float32(math.Sin(a / 2)), 0, float32(math.Cos(a / 2))},
		Health:   uint8(100 - i%60), Crouched: i%5 == 0, Carried: i%17 == 0}
}

// ASnapshot has a hundred entities.
func ASnapshot() *Snapshot {
	s := &Snapshot{Tick: 123456, Ack: 123450}
	for i := range 100 {
		s.Entities = append(s.Entities, AnEntity(i))
	}
	return s
}

// AChat is one for benchmarks and tests.
func AChat() *Chat {
	return &Chat{From: 1207, Room: 1, At: 5025 * time.Second, Text: "anyone at the north gate? two of them behind the wall"}
}

// AnInventory is one for benchmarks and tests.
func AnInventory() *Inventory {
	v := &Inventory{Owner: 76561198000000123, Gold: 5321, Ammo: map[uint8]uint16{1: 90, 2: 30, 7: 4}}
	names := []string{"Iron sword", "Bow of the marsh", "Healing potion", "Rope", "Torch"}
	for i := range 20 {
		v.Items = append(v.Items, Item{Kind: uint16(i * 37), Count: uint16(1 + i%9), Wear: float32(i) / 20,
			Name: names[i%len(names)], Enchants: []uint8{3, uint8(i)}[:i%3]})
	}
	return v
}
