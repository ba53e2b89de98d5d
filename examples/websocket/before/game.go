//go:build !js

// The command before is a game over plain WebSockets: everybody moves a dot and may say something. Beside it is the
// same game over tickwire; docs/from-websocket.md goes from the one to the other.
package main

import (
	"context"
	"log"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// A message is all that both ends say: Type tells which of it counts.
type message struct {
	Type string         `json:"type"` // move, dots or line
	At   dot            `json:"at"`
	Dots map[uint64]dot `json:"dots,omitempty"`
	Line string         `json:"line,omitempty"`
}

type dot struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

type game struct {
	mu      sync.Mutex
	players map[*websocket.Conn]uint64
	dots    map[uint64]dot
	last    uint64
}

// ServeHTTP has a player until he leaves.
func (g *game) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	id := g.enter(c)
	defer g.leave(c)
	for {
		var m message
		if wsjson.Read(r.Context(), c, &m) != nil {
			return
		}
		switch m.Type {
		case "move":
			g.mu.Lock()
			g.dots[id] = m.At
			g.mu.Unlock()
		case "line":
			g.tell(message{Type: "line", Line: m.Line})
		}
	}
}

func (g *game) enter(c *websocket.Conn) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last++
	g.players[c], g.dots[g.last] = g.last, dot{}
	return g.last
}

func (g *game) leave(c *websocket.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.dots, g.players[c])
	delete(g.players, c)
	_ = c.CloseNow() // he has gone, or said nonsense
}

// play tells everybody where the dots are, twenty times a second.
func (g *game) play(ctx context.Context) {
	for range time.Tick(time.Second / 20) {
		if ctx.Err() != nil {
			return
		}
		g.mu.Lock()
		dots := make(map[uint64]dot, len(g.dots))
		for id, at := range g.dots {
			dots[id] = at
		}
		g.mu.Unlock()
		g.tell(message{Type: "dots", Dots: dots})
	}
}

// tell waits for whoever is slowest.
func (g *game) tell(m message) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.players {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = wsjson.Write(ctx, c, m) // his ServeHTTP notices
		cancel()
	}
}

func main() {
	g := &game{players: map[*websocket.Conn]uint64{}, dots: map[uint64]dot{}}
	go g.play(context.Background())
	http.Handle("/game", g)
	log.Fatal(http.ListenAndServe("127.0.0.1:7777", nil))
}
