package tickwire_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/mem"
)

// Admit tells a player why he is not let in: by a Refusal with a Text, and a Code of the library's if one
// fits; without it is CodeRefused. Any other error is for the operator's log alone.
func ExampleRefusal() {
	chat := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(chat), Logger: slog.New(slog.DiscardHandler)}
	socket, err := mem.Listen()
	if err != nil {
		fmt.Println(err)
		return
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config: cfg, Development: true,
		Admit: func(a tickwire.Applicant) error {
			if a.ClientID < 100 {
				return &tickwire.Refusal{Text: "come back at level 100"}
			}
			return nil
		},
	}, socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token, err := hub.DevToken(7)
	if err != nil {
		fmt.Println(err)
		return
	}
	mine, err := socket.Dial()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = tickwire.Dial(context.Background(), tickwire.ClientConfig{Config: cfg}, token, mine)
	var refused *tickwire.ConnError
	if errors.As(err, &refused) {
		fmt.Println(refused.Reason.Code == tickwire.CodeRefused, refused.Reason.Text)
	}
	// Output: true come back at level 100
}
