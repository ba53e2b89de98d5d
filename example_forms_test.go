package tickwire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
	"github.com/tickwire/tickwire/transport/mem"
)

// meet is a server and a client of it in this process. A game has them apart, and over UDP.
func meet(channels ...tickwire.AnyChannel) (*tickwire.Hub, *tickwire.Session) {
	cfg := tickwire.Config{Channels: channels, Logger: slog.New(slog.DiscardHandler)}
	socket := try(mem.Listen())
	srv := try(tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket))
	hub := tickwire.NewHub(srv)
	session := try(tickwire.Dial(context.Background(), tickwire.ClientConfig{Config: cfg}, try(hub.DevToken(42)), try(socket.Dial())))
	return hub, session
}

// A generated message: package game has the struct, with the ranges of its fields in tags and
// //tickwire:message above it, and tickwire gen has written the rest. A Move of one seen entity takes six
// bytes; one that is out of range is not sent.
func ExampleNewChannel() {
	moves := tickwire.NewChannel[game.Move](tickwire.ChannelConfig{ID: 1, Name: "moves", Delivery: tickwire.ReliableOrdered})
	hub, session := meet(moves)
	defer hub.Close()
	defer session.Close()

	fmt.Println(moves.Send(session.Conn(), game.Move{Tick: 7, X: 1.5}))
	if err := moves.Send(session.Conn(), game.Move{Tick: 7, X: 0.5, Fires: true, Seen: []uint16{1000}}); err != nil {
		fmt.Println(err)
	}
	for ev := range hub.Events(context.Background()) {
		if moves.Is(ev) {
			move, err := moves.Decode(ev)
			fmt.Println(move.Tick, move.X, move.Fires, move.Seen, err)
			fmt.Println(len(ev.Payload), "bytes, version", ev.Conn.SchemaVersion())
			break
		}
	}
	// Output:
	// codec: Move.X (1.5): out of range, want -1..1
	// 7 0.5 true [1000] <nil>
	// 6 bytes, version 2
}

// A Score has no methods: encoding/json writes it. In the same way protobuf, msgpack or CBOR do, each in
// as few lines.
type Score struct {
	Player string
	Points int
}

// A Codec takes a type as it is over a channel.
func ExampleNewChannelWith() {
	scores := tickwire.NewChannelWith(
		tickwire.ChannelConfig{ID: 1, Name: "scores", Delivery: tickwire.ReliableLatest},
		tickwire.Codec[Score]{
			Append: func(v *Score, dst []byte) ([]byte, error) {
				text, err := json.Marshal(v)
				return append(dst, text...), err
			},
			Decode: func(v *Score, b []byte) error { return json.Unmarshal(b, v) },
		},
	)
	hub, session := meet(scores)
	defer hub.Close()
	defer session.Close()

	if err := scores.Send(session.Conn(), Score{"Ada", 3}); err != nil {
		fmt.Println(err)
	}
	for ev := range hub.Events(context.Background()) {
		if scores.Is(ev) {
			score, err := scores.Decode(ev)
			fmt.Printf("%s: %+v %v\n", ev.Payload, score, err)
			break
		}
	}
	// Output:
	// {"Player":"Ada","Points":3}: {Player:Ada Points:3} <nil>
}

// An Order is what a player wants: a Walk, or to Say something.
type Order interface{ order() }

// A Walk writes itself, as generated messages do.
type Walk struct{ X, Y int8 }

// Say is text.
type Say struct{ Text string }

func (Walk) order() {}
func (Say) order()  {}

// AppendBinary implements encoding.BinaryAppender.
func (w Walk) AppendBinary(b []byte) ([]byte, error) { return append(b, byte(w.X), byte(w.Y)), nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (w *Walk) UnmarshalBinary(b []byte) error {
	if len(b) != 2 {
		return fmt.Errorf("a walk of %d bytes", len(b))
	}
	w.X, w.Y = int8(b[0]), int8(b[1])
	return nil
}

// One channel carries messages of several types, in the order in which they were sent. Each type has a
// number, and may have a Codec of its own.
func ExampleRegistry() {
	text := tickwire.Codec[Say]{
		Append: func(v *Say, dst []byte) ([]byte, error) { return append(dst, v.Text...), nil },
		Decode: func(v *Say, b []byte) error { v.Text = string(b); return nil },
	}
	orders := tickwire.NewChannelWith(
		tickwire.ChannelConfig{ID: 1, Name: "orders", Delivery: tickwire.ReliableOrdered},
		tickwire.Registry(tickwire.KindOf[Order, Walk](1), tickwire.KindWith[Order](2, text)),
	)
	hub, session := meet(orders)
	defer hub.Close()
	defer session.Close()

	for _, order := range []Order{Walk{3, -4}, Say{"here I am"}} {
		if err := orders.Send(session.Conn(), order); err != nil {
			fmt.Println(err)
		}
	}
	for ev := range hub.Events(context.Background()) {
		if !orders.Is(ev) {
			continue
		}
		order, err := orders.Decode(ev)
		switch order := order.(type) {
		case nil:
			fmt.Println(err) // the peer has an order that we do not know
		case Walk:
			fmt.Println("walks by", order.X, order.Y)
		case Say:
			fmt.Println("says", order.Text)
			return
		}
	}
	// Output:
	// walks by 3 -4
	// says here I am
}
