package corpus

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// A Half is one of two halves of what is said in chat: a dictionary is trained on Train and measured
// on Test.
type Half int

// The halves.
const (
	Train Half = iota
	Test
)

type message = encoding.BinaryAppender

// A Stream is the messages of one kind in the order in which a match sends them.
type Stream struct {
	Name string
	JSON bool // they are written as JSON, else by the generated code
	next func() message
}

// Streams returns the streams of a match, each kind in our bits and then as JSON. A seed and a half
// give the same messages each time.
func Streams(seed uint64, half Half) []*Stream {
	var all []*Stream
	for i, name := range kinds {
		for _, asJSON := range []bool{false, true} {
			rng := rand.New(rand.NewPCG(seed, uint64(2*i)+uint64(half)))
			all = append(all, &Stream{name, asJSON, source(i, rng, half, asJSON)})
		}
	}
	return all
}

// Next returns the next message; it is the caller's.
func (s *Stream) Next() []byte {
	var b []byte
	var err error
	if m := s.next(); s.JSON {
		b, err = json.Marshal(m)
	} else {
		b, err = m.AppendBinary(nil)
	}
	if err != nil {
		panic(fmt.Sprintf("corpus: %s: %v", s.Name, err)) // not possible: what is made here keeps the ranges
	}
	return b
}

// Take returns the next n messages.
func (s *Stream) Take(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = s.Next()
	}
	return all
}

var kinds = []string{"input", "entity state", "chat", "inventory", "snapshot of 10", "snapshot of 100", "whole level"}

// Sizes of the whole level, which comes to about 64 KiB.
const (
	levelEntities     = 1800
	levelEntitiesJSON = 360
)

func source(kind int, rng *rand.Rand, half Half, asJSON bool) func() message {
	switch kind {
	case 0:
		return (&player{rng: rng}).next
	case 1:
		w := newWorld(rng, 64)
		return func() message { w.step(); e := w.entities[rng.IntN(len(w.entities))]; return &e }
	case 2:
		return (&chatter{rng: rng, half: half}).next
	case 3:
		return func() message { return inventory(rng) }
	case 4:
		return newWorld(rng, 10).snapshot
	case 5:
		return newWorld(rng, 100).snapshot
	}
	n := levelEntities
	if asJSON {
		n = levelEntitiesJSON
	}
	return newWorld(rng, n).snapshot
}

// A player turns, runs and shoots.
type player struct {
	rng        *rand.Rand
	tick       uint32
	buttons    uint16
	x, y       float64
	yaw, pitch float64
}

func (p *player) next() message {
	p.tick++
	if p.rng.IntN(12) == 0 { // takes another direction
		a := float64(p.rng.IntN(8)) * math.Pi / 4
		p.x, p.y = math.Cos(a), math.Sin(a)
		p.buttons = uint16(1) << p.rng.IntN(12) & 0x35
	}
	p.yaw += p.rng.NormFloat64() * 0.05
	p.pitch = min(max(p.pitch+p.rng.NormFloat64()*0.02, -1.5), 1.5)
	return &five.Input{Tick: 40000 + p.tick, Buttons: p.buttons, MoveX: float32(p.x), MoveY: float32(p.y),
		Yaw: float32(p.yaw), Pitch: float32(p.pitch), Fire: p.rng.IntN(9) == 0}
}

// A world has entities that walk about, a third of them not at all.
type world struct {
	rng      *rand.Rand
	tick     uint32
	entities []five.Entity
}

func newWorld(rng *rand.Rand, n int) *world {
	w := &world{rng: rng, tick: 120000}
	for i := range n {
		w.entities = append(w.entities, five.Entity{ID: uint16(i * 3), Kind: uint8(rng.IntN(12)), Team: five.Team(rng.IntN(3)),
			X: float32(rng.Float64()*800 - 400), Y: float32(rng.Float64()*800 - 400), Z: float32(rng.IntN(8)),
			Health: 100})
		w.turn(&w.entities[i])
	}
	return w
}

// turn lets an entity walk in another direction, or stand.
func (w *world) turn(e *five.Entity) {
	a := w.rng.Float64() * 2 * math.Pi
	e.Rotation = [4]float32{0, float32(math.Sin(a / 2)), 0, float32(math.Cos(a / 2))}
	e.VX, e.VY = float32(5*math.Cos(a)), float32(5*math.Sin(a))
	if w.rng.IntN(3) == 0 {
		e.VX, e.VY = 0, 0
	}
}

func (w *world) step() {
	w.tick += 3
	for i := range w.entities {
		e := &w.entities[i]
		e.X = min(max(e.X+e.VX/20, -500), 500)
		e.Y = min(max(e.Y+e.VY/20, -500), 500)
		if w.rng.IntN(30) == 0 {
			w.turn(e)
			e.Crouched = w.rng.IntN(5) == 0
		}
		if w.rng.IntN(50) == 0 {
			e.Health = uint8(w.rng.IntN(101))
		}
	}
}

func (w *world) snapshot() message {
	w.step()
	return &Snapshot{Tick: w.tick, Ack: w.tick - 6, Entities: w.entities}
}

func inventory(rng *rand.Rand) message {
	v := &five.Inventory{Owner: 76561198000000000 + uint64(rng.IntN(1e6)), Gold: uint32(rng.IntN(9000)), Ammo: map[uint8]uint16{}}
	for range 8 + rng.IntN(24) {
		kind := rng.IntN(len(things))
		it := five.Item{Kind: uint16(100 + kind*7), Count: 1, Name: things[kind]}
		if rng.IntN(3) == 0 {
			it.Count = uint16(1 + rng.IntN(20))
			it.Wear = float32(rng.IntN(100)) / 100
		}
		for range max(0, rng.IntN(6)-3) {
			it.Enchants = append(it.Enchants, uint8(rng.IntN(100)))
		}
		v.Items = append(v.Items, it)
	}
	for i := range rng.IntN(5) {
		v.Ammo[uint8(i)] = uint16(rng.IntN(300))
	}
	return v
}
