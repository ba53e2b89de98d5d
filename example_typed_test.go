package tickwire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/mem"
)

// A Line is a message of a chat. It appends itself to a slice, as a value, and reads itself back, by
// its pointer: that is all that a channel asks of it.
type Line struct {
	From string `json:"from"`
	Text string `json:"text"`
}

// AppendBinary implements encoding.BinaryAppender.
func (l Line) AppendBinary(b []byte) ([]byte, error) {
	text, err := json.Marshal(l)
	return append(b, text...), err
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (l *Line) UnmarshalBinary(b []byte) error { return json.Unmarshal(b, l) }

// Lines is declared once, and named in the configuration of both ends.
var Lines = tickwire.NewChannel[Line](tickwire.ChannelConfig{ID: 1, Name: "lines", Delivery: tickwire.ReliableOrdered})

// A typed channel carries values in place of bytes.
func ExampleChannel() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cfg := tickwire.Config{Channels: tickwire.Channels(Lines), Logger: slog.New(slog.DiscardHandler)}
	socket, err := mem.Listen()
	if err != nil {
		log.Fatal(err)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	if err != nil {
		log.Fatal(err)
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token, err := hub.DevToken(42)
	if err != nil {
		log.Fatal(err)
	}
	mine, err := socket.Dial()
	if err != nil {
		log.Fatal(err)
	}
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	if err := Lines.Send(session.Conn(), Line{"Ada", "hello"}); err != nil {
		log.Fatal(err)
	}
	for ev := range hub.Events(ctx) {
		if !Lines.Is(ev) { // with several channels: a switch { case Lines.Is(ev): … }
			continue
		}
		line, err := Lines.Decode(ev)
		fmt.Printf("%s says %s, %v\n", line.From, line.Text, err)
		break
	}
	// Output:
	// Ada says hello, <nil>
}
