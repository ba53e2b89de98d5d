package tickwire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
	"github.com/tickwire/tickwire/transport/udp"
)

// The channels of a game with generated messages.
var (
	gameMoves  = tickwire.NewChannel[game.Move](tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	gameLines  = tickwire.NewChannel[game.Line](tickwire.ChannelConfig{ID: 2, Delivery: tickwire.ReliableOrdered})
	gameSights = tickwire.NewChannel[game.Sight](tickwire.ChannelConfig{ID: 3, Delivery: tickwire.ReliableOrdered})
	gameOrders = tickwire.NewChannel[game.Order](tickwire.ChannelConfig{ID: 4, Delivery: tickwire.ReliableOrdered})
)

// typedPair is a server and a client, with channels of types, over sealed UDP.
func typedPair(t *testing.T, channels ...tickwire.AnyChannel) *steadyPair {
	t.Helper()
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	mine, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	cfg := config()
	cfg.Channels = channels
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	must(t, err)
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, mine)
	must(t, err)
	p := &tickPair{srv: srv, client: client}
	t.Cleanup(p.close)
	p.connect(t)
	return &steadyPair{p, t, nil}
}

// into waits for a message, and reads it into memory that was there before.
func into[T any](p *steadyPair, ch *tickwire.Channel[T], v *T) {
	for end := time.Now().Add(patience); ; p.step() {
		came := false
		for err := range ch.ReceiveInto(p.player, v) {
			came = err == nil
		}
		if p.over(came, end) {
			return
		}
	}
}

// intoMove is into of a Move, whose loop the compiler sees through: a generic one allocates.
func (p *steadyPair) intoMove(v *game.Move) {
	for end := time.Now().Add(patience); ; p.step() {
		came := false
		for err := range gameMoves.ReceiveInto(p.player, v) {
			came = err == nil
		}
		if p.over(came, end) {
			return
		}
	}
}

// intoLine is into of a Line.
func (p *steadyPair) intoLine(v *game.Line) {
	for end := time.Now().Add(patience); ; p.step() {
		came := false
		for err := range gameLines.ReceiveInto(p.player, v) {
			came = err == nil
		}
		if p.over(came, end) {
			return
		}
	}
}

// intoSight is into of a Sight.
func (p *steadyPair) intoSight(v *game.Sight) {
	for end := time.Now().Add(patience); ; p.step() {
		came := false
		for err := range gameSights.ReceiveInto(p.player, v) {
			came = err == nil
		}
		if p.over(came, end) {
			return
		}
	}
}

// intoOrder is into of an Order.
func (p *steadyPair) intoOrder(v *game.Order) {
	for end := time.Now().Add(patience); ; p.step() {
		came := false
		for err := range gameOrders.ReceiveInto(p.player, v) {
			came = err == nil
		}
		if p.over(came, end) {
			return
		}
	}
}

// arriveMove waits for the newest Move at the client.
func (p *steadyPair) arriveMove(v *game.Move) {
	for end := time.Now().Add(patience); ; p.step() {
		ok, err := gameMoves.LatestInto(p.conn, v)
		if p.over(ok && err == nil, end) {
			return
		}
	}
}

// anew is into with memory of the message's own.
func anew[T any](p *steadyPair, ch *tickwire.Channel[T]) (last T) {
	for end := time.Now().Add(patience); ; p.step() {
		came := false
		for v, err := range ch.Receive(p.player) {
			last, came = v, err == nil
		}
		if p.over(came, end) {
			return last
		}
	}
}

// TestAllocTyped: to send a generated message and to receive it into memory that is used again costs no
// allocation; each string that is another costs one, a view of it none.
func TestAllocTyped(t *testing.T) {
	p := typedPair(t, gameMoves, gameLines, gameSights)
	move := game.Move{Tick: 1, X: 0.5, Fires: true, Jumps: true, Seen: make([]uint16, 40)}
	var gotMove game.Move
	allocs(t, "a message without strings", func() {
		move.Tick++
		must(t, gameMoves.Send(p.conn, move))
		p.intoMove(&gotMove)
	})
	if gotMove.Tick != move.Tick || !slices.Equal(gotMove.Seen, move.Seen) || !gotMove.Jumps {
		t.Errorf("got %+v", gotMove)
	}
	all, opts := p.srv.Conns(), tickwire.SendOptions{TTL: time.Second}
	allocs(t, "a broadcast of it", func() {
		must(t, gameMoves.Broadcast(p.srv, all, move, opts, nil))
		p.arriveMove(&gotMove)
	})
	texts := [2]string{"where is everybody?", "over here, of course"}
	lines := [2]game.Line{{From: "Ada", Text: texts[0]}, {From: "Bob", Text: texts[1]}}
	turn := 0
	var gotLine game.Line
	talk := func() {
		turn++
		must(t, gameLines.Send(p.conn, lines[turn&1]))
		p.intoLine(&gotLine)
	}
	if n := testing.AllocsPerRun(200, talk); n != 2 || gotLine != lines[turn&1] {
		t.Errorf("two strings that change: %v allocations, got %+v", n, gotLine)
	}
	allocs(t, "strings that stay", func() {
		must(t, gameLines.Send(p.conn, lines[0]))
		p.intoLine(&gotLine)
	})
	seen := [2]game.Sight{{From: "Ada", Text: []byte(texts[0])}, {From: "Bob", Text: []byte(texts[1])}}
	var gotSight game.Sight
	allocs(t, "views", func() {
		turn++
		must(t, gameSights.Send(p.conn, seen[turn&1]))
		p.intoSight(&gotSight)
	})
}

// TestAllocUnion: of a union of pointers the value that is there is read into, if it is of the same type.
func TestAllocUnion(t *testing.T) {
	p := typedPair(t, gameOrders)
	walk, build := &game.Walk{Path: make([]uint16, 40)}, &game.Build{What: 7}
	var got game.Order
	send := func(what game.Command) {
		must(t, gameOrders.Send(p.conn, game.Order{Unit: 9, Do: what}))
		p.intoOrder(&got)
	}
	allocs(t, "a type that stays", func() {
		walk.Path[3]++
		send(walk)
	})
	if w, ok := got.Do.(*game.Walk); !ok || !slices.Equal(w.Path, walk.Path) || w == walk {
		t.Errorf("got %+v", got.Do)
	}
	builds, turn := [2]*game.Build{build, {What: 8}}, 0
	send(build)
	allocs(t, "another one", func() {
		turn++
		send(builds[turn&1])
	})
	if b, ok := got.Do.(*game.Build); !ok || *b != *builds[turn&1] {
		t.Errorf("got %+v", got.Do)
	}
}

// TestTypedViews: a view is valid until the next Update: then its memory is that of other messages. What
// is no view may be kept.
func TestTypedViews(t *testing.T) {
	p := typedPair(t, gameMoves, gameLines, gameSights)
	const first, second = "the first of two", "another of these"
	must(t, gameSights.Send(p.conn, game.Sight{From: "Ada", Text: []byte(first)}))
	must(t, gameLines.Send(p.conn, game.Line{From: "Ada", Text: first}))
	line := anew(p, gameLines)
	var sight game.Sight
	into(p, gameSights, &sight)
	if string(sight.Text) != first || sight.From != "Ada" {
		t.Fatalf("a view of %q of %q", sight.Text, sight.From)
	}
	for range 20 {
		must(t, gameSights.Send(p.conn, game.Sight{From: "Bob", Text: []byte(second)}))
		anew(p, gameSights)
	}
	if string(sight.Text) == first || sight.From == "Ada" {
		t.Errorf("a view that was kept still reads %q of %q: it is a copy", sight.Text, sight.From)
	}
	if line.Text != first || line.From != "Ada" {
		t.Errorf("a string that is no view has changed: %+v", line)
	}
}

// TestTypedMemory: what Receive yields may be kept; ReceiveInto reads into the memory that is there.
func TestTypedMemory(t *testing.T) {
	p := typedPair(t, gameMoves)
	send := func(n int) {
		must(t, gameMoves.Send(p.conn, game.Move{Tick: uint32(n), Seen: []uint16{uint16(n), uint16(n)}}))
	}
	var kept []game.Move
	for n := range 3 {
		send(n)
		kept = append(kept, anew(p, gameMoves))
	}
	for n, m := range kept {
		if !slices.Equal(m.Seen, []uint16{uint16(n), uint16(n)}) {
			t.Errorf("message %d was overwritten: %v", n, m.Seen)
		}
	}
	mine := game.Move{Seen: make([]uint16, 0, 8), Fires: true}
	memory := mine.Seen[:1]
	send(7)
	into(p, gameMoves, &mine)
	if memory[0] != 7 || mine.Fires {
		t.Errorf("it was not read into memory that was there: %v, %+v", memory, mine)
	}
	t.Log("# a message that cannot be written is not sent")
	if err := gameMoves.Send(p.conn, game.Move{X: 2}); err == nil || !strings.Contains(err.Error(), "Move.X (2)") {
		t.Errorf("out of range: %v", err)
	}
}

// A marshaled value has the older pair of methods.
type marshaled struct{ text string }

func (m marshaled) MarshalBinary() ([]byte, error) { return []byte(m.text), nil }

func (m *marshaled) UnmarshalBinary(b []byte) error {
	m.text = string(b)
	return nil
}

// A pointed value has both methods by its pointer.
type pointed struct{ n byte }

func (p *pointed) AppendBinary(b []byte) ([]byte, error) { return append(b, p.n), nil }

func (p *pointed) UnmarshalBinary(b []byte) error {
	if len(b) != 1 {
		return errors.New("want a byte")
	}
	p.n = b[0]
	return nil
}

type plainLine struct {
	From, Text string
}

// jsonCodec writes any type as JSON.
func jsonCodec[T any]() tickwire.Codec[T] {
	return tickwire.Codec[T]{
		Append: func(v *T, dst []byte) ([]byte, error) {
			text, err := json.Marshal(v)
			return append(dst, text...), err
		},
		Decode: func(v *T, b []byte) error { return json.Unmarshal(b, v) },
	}
}

// TestTypedForms: each way in which a type may write and read itself.
func TestTypedForms(t *testing.T) {
	one := tickwire.NewChannel[marshaled](tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	two := tickwire.NewChannel[pointed](tickwire.ChannelConfig{ID: 2, Delivery: tickwire.ReliableOrdered})
	three := tickwire.NewChannelWith(tickwire.ChannelConfig{ID: 3, Delivery: tickwire.ReliableOrdered}, jsonCodec[plainLine]())
	p := typedPair(t, one, two, three)
	must(t, one.Send(p.conn, marshaled{"older"}))
	must(t, two.Send(p.conn, pointed{7}))
	must(t, three.Send(p.conn, plainLine{"Ada", "hello"}))
	if got := anew(p, one); got.text != "older" {
		t.Errorf("MarshalBinary: %+v", got)
	}
	if got := anew(p, two); got.n != 7 {
		t.Errorf("methods of the pointer: %+v", got)
	}
	if got := anew(p, three); got != (plainLine{"Ada", "hello"}) {
		t.Errorf("a Codec: %+v", got)
	}
}

// A onlyWrites value cannot be read.
type onlyWrites struct{}

func (onlyWrites) AppendBinary(b []byte) ([]byte, error) { return b, nil }

// A onlyReads value cannot be written.
type onlyReads struct{}

func (*onlyReads) UnmarshalBinary([]byte) error { return nil }

// TestTypedMistakes: a type that has no form is named where the channel is given, with the way out, and
// wherever the channel is used.
func TestTypedMistakes(t *testing.T) {
	cfg := tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered}
	p := typedPair(t, tickwire.NewRawChannel(cfg))
	for _, c := range []struct {
		channel tickwire.AnyChannel
		send    error
		want    []string
	}{
		mistaken(p, tickwire.NewChannel[plainLine](cfg), "tickwire_test.plainLine", "neither", "tickwire gen", "NewChannelWith"),
		mistaken(p, tickwire.NewChannel[onlyWrites](cfg), "onlyWrites", "does not read itself", "UnmarshalBinary of *tickwire_test.onlyWrites"),
		mistaken(p, tickwire.NewChannel[onlyReads](cfg), "onlyReads", "does not write itself", "AppendBinary"),
		mistaken(p, tickwire.NewChannel[*plainLine](cfg), "*tickwire_test.plainLine", "neither", "tickwire gen"),
		mistaken(p, tickwire.NewChannelWith(cfg, tickwire.Codec[plainLine]{}), "plainLine", "lacks a function", "both Append and Decode"),
	} {
		all := tickwire.Config{Channels: tickwire.Channels(gameMoves, c.channel)}
		all.Channels[0] = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 9})
		valid := all.Validate()
		for _, word := range c.want {
			wantField(t, valid, "Channels[1]", word)
		}
		if _, ok := errors.AsType[*tickwire.CodecError](c.send); !ok {
			t.Errorf("Send: %v", c.send)
		}
		for _, word := range c.want {
			if !strings.Contains(fmt.Sprint(c.send), word) {
				t.Errorf("Send: %v, which lacks %q", c.send, word)
			}
		}
	}
}

// mistaken is a channel without a form, and what it gameLines to a Send.
func mistaken[T any](p *steadyPair, ch *tickwire.Channel[T], want ...string) (c struct {
	channel tickwire.AnyChannel
	send    error
	want    []string
}) {
	var v T
	c.channel, c.send, c.want = ch, ch.Send(p.conn, v), want
	must(p.t, p.conn.Send(1, nil))
	for end := time.Now().Add(patience); ; p.step() {
		for _, err := range ch.Receive(p.player) {
			if _, ok := errors.AsType[*tickwire.CodecError](err); !ok {
				p.t.Errorf("Receive: %v", err)
			}
			return c
		}
		p.over(false, end)
	}
}
