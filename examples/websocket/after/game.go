//go:build !js

// The command after is the game of the folder before, over tickwire.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"sync/atomic"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

type dot struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// What was told apart by a type has a channel each, with the delivery that it needs.
var (
	moves = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Name: "moves", Delivery: tickwire.UnreliableLatest})
	dots  = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Name: "dots", Delivery: tickwire.UnreliableLatest})
	lines = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 3, Name: "lines", Delivery: tickwire.ReliableOrdered})
)

type game struct {
	srv  *tickwire.Server
	dots map[uint64]dot
}

// tick is a twentieth of a second. One goroutine has the game, so there is no lock.
func (g *game) tick(now tickwire.Tick) error {
	g.srv.Update(now.Now) // what has come
	for ev := range g.srv.Events() {
		switch ev.Kind {
		case tickwire.Connected:
			g.dots[ev.Conn.ClientID()] = dot{}
		case tickwire.Disconnected:
			delete(g.dots, ev.Conn.ClientID())
		}
	}
	for c := range g.srv.Conns() {
		var at dot
		if b, ok := moves.Latest(c); ok && json.Unmarshal(b, &at) == nil {
			g.dots[c.ClientID()] = at
		}
		for line := range lines.Receive(c) {
			_ = lines.Broadcast(g.srv, nil, line, tickwire.SendOptions{}, nil) // who is too slow for it misses it
		}
	}
	b, err := json.Marshal(g.dots)
	if err == nil {
		err = dots.Broadcast(g.srv, nil, b, tickwire.SendOptions{}, nil) // waits for nobody
	}
	g.srv.Flush(now.Now) // what has been said leaves
	return err
}

// open listens for pages, and for native players, on one port.
func open(address string) (*game, error) {
	native, err := udp.Listen(address)
	if err != nil {
		return nil, err
	}
	var srv atomic.Pointer[tickwire.Server]
	browsers, err := web.New(native, web.Config{Handler: login(&srv)})
	if err != nil {
		return nil, err
	}
	cfg := tickwire.ServerConfig{Config: tickwire.Config{Channels: tickwire.Channels(moves, dots, lines)}, Development: true}
	s, err := tickwire.Listen(cfg, native, browsers)
	if err != nil {
		return nil, err
	}
	srv.Store(s)
	return &game{srv: s, dots: map[uint64]dot{}}, nil
}

// login gives everybody a connect token. It is for one's own machine: examples/login is one with passwords.
func login(srv *atomic.Pointer[tickwire.Server]) http.Handler {
	var last atomic.Uint64
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		s := srv.Load()
		if s == nil {
			http.Error(w, "it begins", http.StatusServiceUnavailable)
			return
		}
		token, err := s.DevToken(last.Add(1))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(token)
	})
	return mux
}

func (g *game) play(ctx context.Context) error {
	for now := range g.srv.Ticks(ctx, 20) {
		if err := g.tick(now); err != nil {
			return err
		}
	}
	return g.srv.Close()
}

func main() {
	g, err := open("127.0.0.1:7777")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(g.play(context.Background()))
}
