//go:build !js

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/web"
)

// TestGame: two players see where the other goes, and hear what he says.
func TestGame(t *testing.T) {
	g, err := open("127.0.0.1:0")
	for tries := 0; tries < 10 && errors.Is(err, syscall.EADDRINUSE); tries++ { // somebody has that number by TCP
		g, err = open("127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	playing, end := context.WithCancel(t.Context())
	over := make(chan error)
	go func() { over <- g.play(playing) }()
	defer func() {
		end()
		if err := <-over; err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ada, bob := enter(ctx, t, g), enter(ctx, t, g)
	speak := sync.OnceFunc(func() {
		for ch, b := range map[tickwire.ChannelID]string{1: `{"x":3,"y":4}`, 3: "hello"} {
			if err := ada.Send(ch, []byte(b)); err != nil {
				t.Error(err)
			}
		}
	})
	seen, heard := false, false
	for ev := range bob.Events(ctx) {
		switch {
		case lines.Is(ev):
			heard = heard || string(ev.Payload) == "hello"
		case dots.Is(ev):
			speak() // bob is in the game, and hears it
			var all map[uint64]dot
			if err := json.Unmarshal(ev.Payload, &all); err != nil {
				t.Error(err)
			}
			for _, at := range all {
				seen = seen || at == dot{3, 4}
			}
		}
		if seen && heard {
			return
		}
	}
	t.Errorf("seen %t, heard %t", seen, heard)
}

// enter has a player come as a page does.
func enter(ctx context.Context, t *testing.T, g *game) *tickwire.Session {
	t.Helper()
	home := "http://" + g.srv.PublicAddresses()[0].String()
	login, err := http.Post(home+"/token", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer login.Body.Close()
	token, err := io.ReadAll(login.Body)
	if err != nil {
		t.Fatal(err)
	}
	ladder, err := web.Dial(ctx, home, web.DialConfig{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := tickwire.ClientConfig{Config: tickwire.Config{Channels: tickwire.Channels(moves, dots, lines)}}
	player, err := tickwire.Dial(ctx, cfg, token, ladder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { player.Close() })
	return player
}
