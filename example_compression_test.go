package tickwire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/compress"
	"github.com/tickwire/tickwire/transport/mem"
)

// A channel compresses its messages, and counts what that saves. Both ends have the same
// ChannelConfig, and if there is a dictionary the same one.
func ExampleChannelConfig_compression() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	small, err := compress.New(compress.Config{}) // with a Dictionary also for messages below some hundred bytes
	if err != nil {
		log.Fatal(err)
	}
	levels := tickwire.NewRawChannel(tickwire.ChannelConfig{
		ID: 1, Name: "levels", Delivery: tickwire.ReliableOrdered, Compression: small,
	})
	cfg := tickwire.Config{Channels: tickwire.Channels(levels), Logger: slog.New(slog.DiscardHandler)}
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
	level, err := json.Marshal(strings.Split(strings.Repeat("wall wall door wall grass ", 400), " "))
	if err == nil {
		err = levels.Send(session.Conn(), level)
	}
	if err != nil {
		log.Fatal(err)
	}
	for ev := range hub.Events(ctx) {
		if levels.Is(ev) {
			fmt.Println(len(ev.Payload) == len(level), ev.Payload[0] == '[')
			break
		}
	}
	st := session.Conn().ChannelStats(1)
	fmt.Println("less than a twentieth:", st.CompressedTo*20 < st.CompressedFrom)
	// Output:
	// true true
	// less than a twentieth: true
}
