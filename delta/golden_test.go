package delta_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

var update = flag.Bool("update", false, "write the golden vectors anew")

const vectorFile = "../testdata/vectors/delta.json"

// goldenGames are what two ends in any language are to write and to read. Values are in full, in hex.
type goldenGames struct {
	About string
	Games []*goldenGame
}

// A goldenGame is a Sender and a Receiver over a line that loses and reorders, in ticks.
type goldenGame struct {
	Name  string
	Keys  string
	Room  int
	Ticks []goldenTick
}

// A goldenTick is what happens in one: what is known of earlier messages by their numbers, from 0; what is
// dropped and put; what is written of that; and which messages come, with what is new in them.
type goldenTick struct {
	Delivered []int        `json:",omitempty"`
	Lost      []int        `json:",omitempty"`
	Drop      []string     `json:",omitempty"`
	Put       []goldenPut  `json:",omitempty"`
	Message   string       `json:",omitempty"`
	Read      []goldenRead `json:",omitempty"`
}

type goldenPut struct {
	Key, Value string
	Fits       bool
}

type goldenRead struct {
	Number int
	News   []goldenNews `json:",omitempty"`
}

type goldenNews struct {
	Key   string
	Value string `json:",omitempty"` // none: it is gone
}

func hexOf(t *testing.T, m *five.Input) string {
	b, err := m.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b)
}

// A goldenPlay is a game under way.
type goldenPlay[K delta.Key] struct {
	t        *testing.T
	rng      *rand.Rand
	from     *delta.Sender[K, five.Input, *five.Input]
	to       *delta.Receiver[K, five.Input, *five.Input]
	keys     []K
	values   map[K]*five.Input
	messages [][]byte
	due      map[int][]int // messages by the tick in which they come,
	fates    map[int][]int // or their fates become known
}

// playGolden has a few values change, come and go.
func playGolden[K delta.Key](t *testing.T, name, keys string, room int, seed uint64, all []K) *goldenGame {
	from, err := delta.NewSender[K, five.Input](delta.Config{})
	if err != nil {
		t.Fatal(err)
	}
	to, err := delta.NewReceiver[K, five.Input](delta.Config{})
	if err != nil {
		t.Fatal(err)
	}
	p := &goldenPlay[K]{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), from: from, to: to, keys: all,
		values: map[K]*five.Input{}, due: map[int][]int{}, fates: map[int][]int{},
	}
	g := &goldenGame{Name: name, Keys: keys, Room: room}
	for now := range 45 {
		var tick goldenTick
		p.learn(now, &tick)
		p.change(&tick)
		p.put(room, &tick)
		p.send(now, &tick)
		p.read(now, &tick)
		g.Ticks = append(g.Ticks, tick)
	}
	return g
}

func (p *goldenPlay[K]) learn(now int, tick *goldenTick) {
	for _, n := range p.fates[now] {
		if n < 0 {
			tick.Lost = append(tick.Lost, ^n)
			p.from.Lost(endpoint.Receipt(^n + 1))
		} else {
			tick.Delivered = append(tick.Delivered, n)
			p.from.Delivered(endpoint.Receipt(n + 1))
		}
	}
}

func (p *goldenPlay[K]) change(tick *goldenTick) {
	for _, k := range p.keys {
		switch v := p.values[k]; {
		case v == nil && p.rng.IntN(8) == 0:
			p.values[k] = five.AnInput()
		case v == nil:
		case p.rng.IntN(30) == 0:
			delete(p.values, k)
			p.from.Drop(k)
			tick.Drop = append(tick.Drop, fmt.Sprint(k))
		case p.rng.IntN(2) == 0:
			v.Tick++
			v.Buttons = uint16(p.rng.IntN(4096))
		case p.rng.IntN(8) == 0:
			v.MoveX = float32(p.rng.IntN(200))/100 - 1
		}
	}
}

func (p *goldenPlay[K]) put(room int, tick *goldenTick) {
	p.from.Begin(nil, room)
	for _, k := range p.keys {
		if v := p.values[k]; v != nil {
			fits, err := p.from.Put(k, v)
			if err != nil {
				p.t.Fatal(err)
			}
			tick.Put = append(tick.Put, goldenPut{fmt.Sprint(k), hexOf(p.t, v), fits})
		}
	}
}

func (p *goldenPlay[K]) send(now int, tick *goldenTick) {
	b, err := p.from.End()
	if err != nil {
		p.t.Fatal(err)
	}
	if len(b) == 0 {
		return
	}
	n := len(p.messages)
	tick.Message = hex.EncodeToString(b)
	p.messages = append(p.messages, slices.Clone(b))
	p.from.Sent(endpoint.Receipt(n + 1))
	if at := now + p.rng.IntN(4); p.rng.IntN(5) > 0 {
		p.due[at] = append(p.due[at], n)
		p.fates[at+2] = append(p.fates[at+2], n)
	} else {
		p.fates[at+5] = append(p.fates[at+5], ^n)
	}
}

func (p *goldenPlay[K]) read(now int, tick *goldenTick) {
	for _, n := range p.due[now] {
		read := goldenRead{Number: n}
		for c, err := range p.to.Read(p.messages[n]) {
			if err != nil {
				p.t.Fatal(err)
			}
			news := goldenNews{Key: fmt.Sprint(c.Key)}
			if !c.Gone {
				news.Value = hexOf(p.t, c.Value)
			}
			read.News = append(read.News, news)
		}
		tick.Read = append(tick.Read, read)
	}
}

// TestGolden holds the vectors to what the package does. The tests of ts/delta write and read the same.
func TestGolden(t *testing.T) {
	v := &goldenGames{
		About: "Games of SPEC.md, 10.6, with values that are messages Input of codec.json. Written by: go test ./delta -run TestGolden -update",
		Games: []*goldenGame{
			playGolden(t, "few values", "uint16", 1000, 1, []uint16{1, 2, 3, 700, 65535}),
			playGolden(t, "too many for a message", "int32", 40, 2, []int32{-5, 0, 7, 1 << 30, -1 << 31}),
			playGolden(t, "keys of 64 bits", "int64", 200, 3, []int64{-1 << 63, -1, 5, 1<<63 - 1}),
			playGolden(t, "keys of 64 bits without a sign", "uint64", 200, 4, []uint64{0, 1 << 40, 1<<64 - 1}),
		},
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	text = append(bytes.ReplaceAll(text, []byte(`,{"Put"`), []byte(",\n{\"Put\"")), '\n')
	if *update {
		if err := os.WriteFile(vectorFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, text) {
		t.Errorf("%s is not what the package does now: go test ./delta -run TestGolden -update, if that is meant", vectorFile)
	}
}
