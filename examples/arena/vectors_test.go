package arena

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write page/testdata/rules.json anew")

// vectors are the rules as the page has to follow them.
type vectors struct {
	Rules   map[string]int `json:"rules"`
	Flights [][2]int32     `json:"flights"` // by aim: where a shot goes in a step
	Walks   []walked       `json:"walks"`
}

// A walked is somebody who began somewhere, and where he was after each move.
type walked struct {
	From  [2]int32   `json:"from"`
	Moves [][2]int8  `json:"moves"`
	At    [][2]int32 `json:"at"`
}

// TestPageVectors: page/testdata/rules.json, which the tests of the page read, has the rules of the world. Walks are by
// seed, and every other one begins at an edge.
func TestPageVectors(t *testing.T) {
	const file = "page/testdata/rules.json"
	v := vectors{Rules: map[string]int{
		"ticksPerSecond": Rate, "fieldSize": FieldSize, "walkSpeed": walkSpeed, "slantSpeed": slantSpeed, "shotSpeed": shotSpeed,
		"shotLife": shotLife, "reload": reload, "hitRadius": hitRadius, "fullHealth": fullHealth,
	}}
	for aim := range 256 {
		x, y := direction(uint8(aim))
		v.Flights = append(v.Flights, [2]int32{x, y})
	}
	chance := rand.New(rand.NewPCG(7, 7))
	for i := range 8 {
		v.Walks = append(v.Walks, stroll(chance, i%2 == 0))
	}
	want, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(file, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s has other rules than the world, %v: go test -run PageVectors -update ./examples/arena", file, err)
	}
}

// stroll walks about in a World.
func stroll(chance *rand.Rand, edge bool) (s walked) {
	w := newWorld(1)
	s.From = [2]int32{chance.Int32N(FieldSize), chance.Int32N(FieldSize)}
	if edge {
		s.From[0] = chance.Int32N(2) * (fieldEnd - 5)
	}
	w.put(1, s.From[0], s.From[1])
	for range 60 {
		m := [2]int8{int8(chance.IntN(3) - 1), int8(chance.IntN(3) - 1)}
		w.Apply(1, Move{DX: m[0], DY: m[1]})
		w.Step()
		f := w.find(1)
		s.Moves, s.At = append(s.Moves, m), append(s.At, [2]int32{f.x, f.y})
	}
	return s
}
