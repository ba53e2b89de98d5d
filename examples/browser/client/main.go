//go:build js

// The command client is the page's player in Go: compiled for the browser it dials the chat that it was loaded from, says
// hello, and shows what everybody says.
//
//	GOOS=js GOARCH=wasm go build -o game.wasm ./client
//	cp "$(go env GOROOT)/lib/wasm/wasm_exec.js" .
package main

import (
	"context"
	"io"
	"net/http"
	"syscall/js"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/web"
)

var (
	chat   = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Name: "chat", Delivery: tickwire.ReliableOrdered})
	sparks = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Name: "sparks", Delivery: tickwire.Unreliable})
)

func main() {
	err := play(context.Background(), js.Global().Get("location").Get("origin").String())
	show("it is over: " + err.Error())
}

func play(ctx context.Context, home string) error {
	login, err := http.Post(home+"/token", "", nil) // which is the browser's fetch
	if err != nil {
		return err
	}
	token, err := io.ReadAll(login.Body)
	if err != nil {
		return err
	}
	ladder, err := web.Dial(ctx, home, web.DialConfig{})
	if err != nil {
		return err
	}
	player, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: tickwire.Config{Channels: tickwire.Channels(chat, sparks)}}, token, ladder)
	if err != nil {
		return err
	}
	if err := player.Send(1, []byte("hello")); err != nil {
		return err
	}
	for ev := range player.Events(ctx) {
		switch {
		case ev.Kind == tickwire.Message && ev.Channel == 1:
			show(string(ev.Payload))
		case ev.Kind == tickwire.PathChanged:
			show("by " + player.Conn().Transport().String())
		case ev.Kind == tickwire.Disconnected:
			return &tickwire.ConnError{Reason: ev.Reason}
		}
	}
	return ctx.Err()
}

// show adds a line to the page.
func show(line string) {
	js.Global().Get("document").Get("body").Call("append", line+"\n")
}
