package tickwire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
	"github.com/tickwire/tickwire/internal/gen/sample/oldgame"
)

// A command is one of several types: two that write themselves, one as a value and one as a pointer,
// and one that JSON writes.
type command interface{}

var mixed = tickwire.NewChannelWith(tickwire.ChannelConfig{ID: 4, Delivery: tickwire.ReliableOrdered}, tickwire.Registry(
	tickwire.KindOf[command, pointed](1),
	tickwire.KindOf[command, *game.Move](200),
	tickwire.KindWith[command](3, jsonCodec[plainLine]()),
))

// TestRegistry: values of several types come as what they were, in the order in which they were sent.
func TestRegistry(t *testing.T) {
	p := typedPair(t, mixed)
	sent := []command{pointed{7}, &game.Move{Tick: 1, Jumps: true}, plainLine{"Ada", "hello"}, pointed{8}}
	for _, v := range sent {
		must(t, mixed.Send(p.conn, v))
	}
	var got []command
	p.arrive(func() bool {
		for v, err := range mixed.Receive(p.player) {
			must(t, err)
			got = append(got, v)
		}
		return len(got) == len(sent)
	})
	for i, v := range got {
		if fmt.Sprintf("%T%+v", v, v) != fmt.Sprintf("%T%+v", sent[i], sent[i]) {
			t.Errorf("message %d: %T%+v, sent %T%+v", i, v, v, sent[i], sent[i])
		}
	}
	t.Log("# what is none of them is not sent")
	var nobody *game.Move
	for _, v := range []command{nil, 7, &pointed{1}, nobody} {
		err := mixed.Send(p.conn, v)
		unknown, ok := errors.AsType[*tickwire.UnknownKindError](err)
		if isMove := v == command(nobody); ok == isMove || err == nil || ok && unknown.Type != fmt.Sprintf("%T", v) {
			t.Errorf("%T: %v", v, err)
		}
	}
}

// TestRegistryUnknown: a number that nobody here has, one that is cut, and a message of a known one that is
// broken are errors of their messages, and counted.
func TestRegistryUnknown(t *testing.T) {
	p := typedPair(t, mixed)
	bad := []string{"", "\x80", "\x07seven", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x01", "\xc8\x01\xff"}
	for _, b := range bad {
		must(t, p.conn.Send(4, []byte(b)))
	}
	must(t, mixed.Send(p.conn, pointed{9}))
	var errs []error
	var last command
	p.arrive(func() bool {
		for v, err := range mixed.Receive(p.player) {
			if last = v; err != nil {
				errs = append(errs, err)
			}
		}
		return last == pointed{9}
	})
	var numbers []uint64
	for _, err := range errs {
		if _, ok := errors.AsType[*tickwire.DecodeError](err); !ok {
			t.Errorf("%v is no DecodeError", err)
		}
		if unknown, ok := errors.AsType[*tickwire.UnknownKindError](err); ok {
			numbers = append(numbers, unknown.Number)
		}
	}
	st := p.player.Stats()
	if len(errs) != len(bad) || fmt.Sprint(numbers) != "[7 18446744073709551615]" || st.Undecoded != 6 || st.UnknownKinds != 2 {
		t.Errorf("errors %q, unknown %v, counted %d and %d", errs, numbers, st.Undecoded, st.UnknownKinds)
	}
}

// TestAllocRegistry: a pointer is sent, and received into the one that is there, without an allocation; a value
// costs one when it is received, that of the interface.
func TestAllocRegistry(t *testing.T) {
	p := typedPair(t, mixed)
	move := &game.Move{Tick: 1, Seen: make([]uint16, 20)}
	var got command
	arrive := func() {
		for end := time.Now().Add(patience); ; p.step() {
			came := false
			for err := range mixed.ReceiveInto(p.player, &got) {
				came = err == nil
			}
			if p.over(came, end) {
				return
			}
		}
	}
	allocs(t, "a pointer", func() {
		must(t, mixed.Send(p.conn, move))
		arrive()
	})
	value := command(pointed{200})
	if n := testing.AllocsPerRun(200, func() {
		must(t, mixed.Send(p.conn, value))
		arrive()
	}); n > 1 {
		t.Errorf("a value: %v allocations", n)
	}
}

// TestRegistryMistakes: what a Registry cannot be is named where the channel is given.
func TestRegistryMistakes(t *testing.T) {
	type line interface{ line() }
	for want, codec := range map[string]tickwire.AnyChannel{
		"tickwire_test.pointed has number 16384: want 0 to 16383": over(tickwire.KindOf[command, pointed](16384)),
		"tickwire_test.pointed has number -1: want 0 to 16383":    over(tickwire.KindOf[command, pointed](-1)),
		"is there twice: want a number for each type":             over(tickwire.KindOf[command, pointed](1), tickwire.KindOf[command, game.Line](1)),
		"game.Line, number 5, is there twice":                     over(tickwire.KindOf[command, game.Line](2), tickwire.KindOf[command, game.Line](5)),
		"plainLine, of which it neither writes nor reads itself":  over(tickwire.KindOf[command, plainLine](1)),
		"line, of which tickwire_test.pointed is none":            over(tickwire.KindOf[line, pointed](1)),
		"or NewChannelWith and a Registry of its types":           tickwire.NewChannel[command](tickwire.ChannelConfig{ID: 1}),
		"its Registry is empty: want at least one Kind":           over[command](),
		"a Registry has several types: want an interface":         over(tickwire.KindOf[pointed, pointed](1)),
	} {
		wantField(t, tickwire.Config{Channels: tickwire.Channels(codec)}.Validate(), "Channels[0]", want)
	}
}

// over is a channel of a registry.
func over[T any](kinds ...tickwire.Kind[T]) tickwire.AnyChannel {
	return tickwire.NewChannelWith(tickwire.ChannelConfig{ID: 1}, tickwire.Registry(kinds...))
}

// TestRegistryVersions: the forms of its types are among what two ends compare, and each message has the
// version that they have in common.
func TestRegistryVersions(t *testing.T) {
	type talk interface{}
	cfg := tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered}
	now := tickwire.NewChannelWith(cfg, tickwire.Registry(tickwire.KindOf[talk, game.Move](1), tickwire.KindOf[talk, pointed](2)))
	before := tickwire.NewChannelWith(cfg, tickwire.Registry(tickwire.KindOf[talk, pointed](2), tickwire.KindOf[talk, oldgame.Move](1)))
	w := newWorld(t)
	srv := w.serve(w.address(), serving(now))
	c := w.open(w.join(with(before)), srv, 1)
	must(t, now.Broadcast(srv, nil, game.Move{Tick: 5, Jumps: true}, tickwire.SendOptions{}, nil))
	var got talk
	w.until("received", func() bool {
		ok, err := before.LatestInto(c, &got)
		must(t, err)
		return ok
	})
	if m, ok := got.(oldgame.Move); !ok || m.Tick != 5 || c.SchemaVersion() != 1 {
		t.Errorf("got %T%+v in version %d", got, got, c.SchemaVersion())
	}
	other := tickwire.NewChannelWith(cfg, tickwire.Registry(tickwire.KindOf[talk, game.Move](1), tickwire.KindOf[talk, pointed](4)))
	client := w.join(with(other))
	r := w.ends(client, w.dial(client, srv, 2))
	if r.Code != tickwire.CodeMismatch || !strings.Contains(r.Text, "field 4 of talk (channel 1) is pointed here, and another one at the peer") {
		t.Errorf("%+v", r)
	}
}

// TestTypedPointers: a channel of pointers copies nothing to send, and reads into what it is given.
func TestTypedPointers(t *testing.T) {
	pointers := tickwire.NewChannel[*game.Move](gameMoves.Config())
	p := typedPair(t, pointers)
	must(t, pointers.Send(p.conn, &game.Move{Tick: 3}))
	must(t, pointers.Send(p.conn, &game.Move{Tick: 4}))
	var all []*game.Move
	p.arrive(func() bool {
		for v, err := range pointers.Receive(p.player) {
			must(t, err)
			all = append(all, v)
		}
		return len(all) == 2
	})
	mine := all[1]
	must(t, pointers.Send(p.conn, &game.Move{Tick: 5}))
	into(p, pointers, &all[1])
	if all[0].Tick != 3 || mine.Tick != 5 || all[1] != mine {
		t.Errorf("%+v, %+v", all[0], mine)
	}
	if err := pointers.Send(p.conn, nil); err == nil || !strings.Contains(err.Error(), "nil pointer") {
		t.Error(err)
	}
}

// FuzzRegistry reads messages of whatever bytes: what they are does not depend on what the memory held.
func FuzzRegistry(f *testing.F) {
	mixed := tickwire.NewChannelWith(mixed.Config(), tickwire.Registry(
		tickwire.KindOf[command, pointed](1), tickwire.KindOf[command, *game.Move](200), tickwire.KindOf[command, game.Line](16383)))
	for _, b := range []string{"", "\x01\x07", "\xc8\x01\x00\x00\x00\x00\x00\x00", "\xff\x7f\x02hi", "\x80\x00", "\x07", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"} {
		f.Add([]byte(b))
	}
	var used command
	f.Fuzz(func(t *testing.T, b []byte) {
		ev := tickwire.Event{Kind: tickwire.Message, Channel: mixed.Config().ID, Payload: b}
		v, err := mixed.Decode(ev)
		again := mixed.DecodeInto(ev, &used)
		if (err == nil) != (again == nil) {
			t.Fatalf("%x: %v, and into memory that was used %v", b, err, again)
		}
		if err == nil && fmt.Sprintf("%+v", v) != fmt.Sprintf("%+v", used) {
			t.Errorf("%x: %+v, and into memory that was used %+v", b, v, used)
		}
	})
}
