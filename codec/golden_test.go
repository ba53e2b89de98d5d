package codec_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"testing"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

const vectorFile = "../testdata/vectors/codec.json"

// vectors are the golden ones. Numbers of up to 64 bits are strings, as JavaScript reads JSON.
type vectors struct {
	Comment  string
	Numbers  []numberVector
	Codes    []codeVector
	Strings  []stringVector
	Messages []messageVector
	Deltas   []deltaVector
	Refused  []refusedVector
}

// A numberVector is a number written alone: of a kind of varint, or of so many bits.
type numberVector struct{ Kind, Value, Hex string }

// A codeVector is a float, or several, the code it is written as, and what that is read as.
type codeVector struct {
	Kind     string
	Bits     uint    `json:",omitempty"`
	Lo, Step float64 `json:",omitzero"`
	Value    []float64
	Code     string
	Read     []float64
}

// A stringVector is a string behind so many bits, all ones.
type stringVector struct {
	Behind uint
	Limit  int
	Value  string
	Hex    string
}

// A messageVector is one of the five messages.
type messageVector struct {
	Type  string
	Value json.RawMessage
	Hex   string
}

// A refusedVector is what a reader must not take, and why.
type refusedVector struct{ Type, Hex, Field, Error string }

// number writes a number as its kind.
func number(kind string, value string) []byte {
	w := writer(nil, 16)
	u, _ := strconv.ParseUint(value, 10, 64)
	i, _ := strconv.ParseInt(value, 10, 64)
	switch kind {
	case "varint16":
		w.Varint16(uint16(u))
	case "varint32":
		w.Varint32(uint32(u))
	case "varint64":
		w.Varint64(u)
	case "zigzag16":
		w.Varint16(uint16(codec.Zigzag(i)))
	case "zigzag32":
		w.Varint32(uint32(codec.Zigzag(i)))
	case "zigzag64":
		w.Varint64(codec.Zigzag(i))
	}
	b, _ := w.Finish()
	return b
}

// encode makes Code and Read of Value.
func (v *codeVector) encode() {
	var code uint64
	switch v.Kind {
	case "quantized":
		code = codec.Quantize(v.Value[0], v.Lo, 1/v.Step)
		v.Read = []float64{codec.Dequantize(code, v.Lo, v.Step)}
	case "half":
		code = uint64(codec.Half(float32(v.Value[0])))
		v.Read = []float64{float64(codec.FromHalf(uint16(code)))}
	case "angle":
		code = codec.Angle(v.Value[0], v.Bits)
		v.Read = []float64{codec.FromAngle(code, v.Bits)}
	case "unit":
		code = codec.Unit(v.Value[0], v.Value[1], v.Value[2], v.Bits)
		x, y, z, _ := codec.FromUnit(code, v.Bits)
		v.Read = []float64{x, y, z}
	case "quat":
		code = quat([4]float64(v.Value), v.Bits)
		q, _ := fromQuat(code, v.Bits)
		v.Read = q[:]
	}
	v.Code = strconv.FormatUint(code, 10)
}

func (v *stringVector) encode() {
	w := writer(nil, 8)
	w.Bits(1<<v.Behind-1, v.Behind)
	w.String("s", v.Value, v.Limit)
	b, _ := w.Finish()
	v.Hex = hex.EncodeToString(b)
}

// make fills in the numbers of all kinds, around the edges of the classes of varints.
func (v *vectors) makeNumbers() {
	for _, kind := range []string{"varint16", "varint32", "varint64", "zigzag16", "zigzag32", "zigzag64"} {
		width, _ := strconv.Atoi(kind[6:])
		for _, bits := range []int{0, 1, 4, 5, 7, 8, 11, 15, 16, 18, 31, 32, 41, 53, 63, 64} {
			if bits > width || bits == width && kind[0] == 'z' {
				continue
			}
			top := uint64(1)<<bits - 1
			value := strconv.FormatUint(top, 10)
			if kind[0] == 'z' {
				value = strconv.FormatInt(-int64(top/2)-1, 10)
			}
			v.Numbers = append(v.Numbers, numberVector{kind, value, hex.EncodeToString(number(kind, value))})
		}
	}
}

func (v *vectors) makeCodes() {
	rng := rand.New(rand.NewPCG(9, 10))
	around := func() float64 { return rng.Float64()*2 - 1 }
	for range 16 {
		v.Codes = append(v.Codes,
			codeVector{Kind: "quantized", Lo: -512, Step: 0.01, Value: []float64{512 * around()}},
			codeVector{Kind: "quantized", Lo: 0.1, Step: 1.0 / 3, Value: []float64{0.1 + 1e6*rng.Float64()}},
			codeVector{Kind: "half", Value: []float64{float64(float32(math.Ldexp(around(), rng.IntN(40)-24)))}},
			codeVector{Kind: "angle", Bits: 10, Value: []float64{9 * around()}},
			codeVector{Kind: "unit", Bits: 12, Value: []float64{around(), around(), around()}},
			codeVector{Kind: "quat", Bits: 11, Value: []float64{around(), around(), around(), around()}})
	}
	for _, d := range [][3]float64{{0, 0, -1}, {0.7, -1e-5, -0.3}, {-0.7, 1e-5, -0.3}, {1e-5, -1, -1}, {-1, 0, 0}} { // at the edge
		v.Codes = append(v.Codes, codeVector{Kind: "unit", Bits: 9, Value: d[:]})
	}
	for _, q := range [][4]float64{{0.5, 0.5, 0.5, 0.5}, {-0.5, 0.5, 0.5, -0.5}, {0.7, 0.7001, 0, 0.1}, {0, 1, 0, -1}, {3, 0, -3, 3}} {
		v.Codes = append(v.Codes, codeVector{Kind: "quat", Bits: 9, Value: q[:]}, codeVector{Kind: "quat", Bits: 2, Value: q[:]})
	}
	for i := range v.Codes {
		v.Codes[i].encode()
	}
}

func (v *vectors) makeStrings() {
	for i, s := range []string{"", "a", "seven b", "eight by", "nine byte", "ünïcödé ☺", "a longer one, of more than sixteen bytes"} {
		for _, behind := range []uint{0, 2, 7} {
			v.Strings = append(v.Strings, stringVector{Behind: behind, Limit: 64 << i, Value: s})
		}
	}
	for i := range v.Strings {
		v.Strings[i].encode()
	}
}

// blank is a message of each type, to be read into.
func blank(name string) message {
	switch name {
	case "Input":
		return &five.Input{}
	case "Entity":
		return &five.Entity{}
	case "Snapshot":
		return &five.Snapshot{}
	case "Chat":
		return &five.Chat{}
	}
	return &five.Inventory{}
}

func (v *vectors) makeMessages(t *testing.T) {
	e, s := five.AnEntity(7), five.ASnapshot()
	s.Entities = s.Entities[:5]
	for _, m := range []struct {
		name string
		m    message
	}{{"Input", five.AnInput()}, {"Entity", &e}, {"Snapshot", s}, {"Chat", five.AChat()}, {"Inventory", five.AnInventory()}} {
		wire, err := m.m.AppendBinary(nil)
		value, err2 := json.Marshal(m.m)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		v.Messages = append(v.Messages, messageVector{m.name, value, hex.EncodeToString(wire)})
		for _, damaged := range [][]byte{nil, wire[:len(wire)-1], append(wire[:len(wire):len(wire)], 0), damage(wire, 1), damage(wire, len(wire)-1)} {
			if field := (*codec.FieldError)(nil); errors.As(blank(m.name).UnmarshalBinary(damaged), &field) {
				v.Refused = append(v.Refused, refusedVector{m.name, hex.EncodeToString(damaged), field.Field, field.Err.Error()})
			}
		}
	}
}

// damage sets all bits of a byte.
func damage(b []byte, at int) []byte {
	b = append([]byte{}, b...)
	b[at] = 0xff
	return b
}

// TestGolden writes what the vectors say and reads it: also on processors of 32 bits, and on those
// that would fuse a multiplication and an addition.
func TestGolden(t *testing.T) {
	if *update {
		v := &vectors{Comment: "Golden vectors of SPEC.md, 10. Written by: go test ./codec -update"}
		v.makeNumbers()
		v.makeCodes()
		v.makeStrings()
		v.makeMessages(t)
		v.makeDeltas()
		text, err := json.MarshalIndent(v, "", " ")
		if err == nil {
			err = os.WriteFile(vectorFile, append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil || len(v.Refused) < 10 {
		t.Fatalf("%d refused, %v", len(v.Refused), err)
	}
	for _, n := range v.Numbers {
		if got := hex.EncodeToString(number(n.Kind, n.Value)); got != n.Hex {
			t.Errorf("%v: got %s", n, got)
		}
	}
	for _, c := range v.Codes {
		got := c
		if got.encode(); !reflect.DeepEqual(got, c) {
			t.Errorf("%+v: got %s, %v", c, got.Code, got.Read)
		}
	}
	for _, s := range v.Strings {
		got := s
		if got.encode(); got != s {
			t.Errorf("%+v: got %s", s, got.Hex)
		}
	}
	v.checkMessages(t)
	v.checkDeltas(t)
}

func (v *vectors) checkMessages(t *testing.T) {
	for _, m := range v.Messages {
		given, read := blank(m.Type), blank(m.Type)
		if err := json.Unmarshal(m.Value, given); err != nil {
			t.Fatal(err)
		}
		wire, _ := hex.DecodeString(m.Hex)
		if err := read.UnmarshalBinary(wire); err != nil {
			t.Errorf("%s: %v", m.Type, err)
		}
		for _, m2 := range []message{given, read} {
			if b, err := m2.AppendBinary(nil); err != nil || hex.EncodeToString(b) != m.Hex {
				t.Errorf("%s: %x, %v; want %s", m.Type, b, err, m.Hex)
			}
		}
	}
	for _, c := range v.Refused {
		wire, _ := hex.DecodeString(c.Hex)
		var field *codec.FieldError
		if err := blank(c.Type).UnmarshalBinary(wire); !errors.As(err, &field) || field.Field != c.Field || field.Err.Error() != c.Error {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
