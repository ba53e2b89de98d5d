//go:build !js

package main

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// TestGame: two players see where the other goes, and hear what he says.
func TestGame(t *testing.T) {
	g := &game{players: map[*websocket.Conn]uint64{}, dots: map[uint64]dot{}}
	go g.play(t.Context())
	site := httptest.NewServer(g)
	defer site.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	enter := func() *websocket.Conn {
		c, _, err := websocket.Dial(ctx, site.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ada, bob := enter(), enter()
	defer ada.CloseNow()
	defer bob.CloseNow()
	var first message // who got one is in the game
	if err := wsjson.Read(ctx, bob, &first); err != nil {
		t.Fatal(err)
	}
	for _, m := range []message{{Type: "move", At: dot{3, 4}}, {Type: "line", Line: "hello"}} {
		if err := wsjson.Write(ctx, ada, m); err != nil {
			t.Fatal(err)
		}
	}
	for seen, heard := false, false; !seen || !heard; {
		var m message
		if err := wsjson.Read(ctx, bob, &m); err != nil {
			t.Fatalf("seen %t, heard %t: %v", seen, heard, err)
		}
		heard = heard || m.Line == "hello"
		for _, at := range m.Dots {
			seen = seen || at == dot{3, 4}
		}
	}
}
