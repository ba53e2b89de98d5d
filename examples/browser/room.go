//go:build !js

package main

import (
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/examples/browser/spark"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/netcode/tokenhttp"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// What is said arrives, in order. A spark, two bytes that say where somebody clicked, may as well not: the next is more
// interesting than one that is late. It has a type, which who speaks raw bytes need not know.
var (
	chat   = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Name: "chat", Delivery: tickwire.ReliableOrdered})
	sparks = tickwire.NewChannel[spark.Spark](tickwire.ChannelConfig{ID: 2, Name: "sparks", Delivery: tickwire.Unreliable})
)

// A room is the server: what one player says everybody hears.
type room struct {
	hub     *tickwire.Hub
	address netip.AddrPort
}

// open listens: for native players by UDP, for pages by TCP and UDP, all on one port.
func open(address string, client, typed fs.FS) (*room, error) {
	native, err := udp.Listen(address)
	if err != nil {
		return nil, err
	}
	key := newKey()
	site, err := newSite(key, native.LocalAddr(), client, typed)
	if err != nil {
		return nil, err
	}
	browsers, err := web.New(native, web.Config{Handler: site})
	if err != nil {
		return nil, err
	}
	return newRoom(key, native.LocalAddr(), native, browsers)
}

// newKey is what the login and the server share; one that stands elsewhere would have it in its configuration.
func newKey() netcode.Key {
	var secret [netcode.KeyBytes]byte
	rand.Read(secret[:])
	return netcode.KeyFrom(secret)
}

func newRoom(key netcode.Key, address netip.AddrPort, sockets ...transport.Socket) (*room, error) {
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config:     tickwire.Config{Channels: tickwire.Channels(chat, sparks)},
		PrivateKey: key, MaxTokenLifetime: -1, // the key is new, so no earlier run has seen a token
	}, sockets...)
	if err != nil {
		return nil, err
	}
	return &room{tickwire.NewHub(srv), address}, nil
}

//go:embed page.html typed.html go.html
var pages embed.FS

// newSite is what the port serves by HTTP: the pages, what they import, and the login.
func newSite(key netcode.Key, address netip.AddrPort, client, typed fs.FS) (http.Handler, error) {
	var guests atomic.Uint64
	tokens, err := tokenhttp.Handler(tokenhttp.Config{
		Login: func(*http.Request) (tokenhttp.Grant, error) { // everybody may come; examples/login asks for a password
			return tokenhttp.Grant{ClientID: guests.Add(1)}, nil
		},
		Token:   netcode.MintConfig{Key: key},
		Servers: []string{address.String()},
	})
	if err != nil {
		return nil, err
	}
	site := http.NewServeMux()
	site.Handle("/token", tokens)
	site.Handle("/client/", http.StripPrefix("/client/", http.FileServerFS(client)))
	site.Handle("/typed/", http.StripPrefix("/typed/", http.FileServerFS(typed)))
	for path, name := range map[string]string{"/{$}": "page.html", "/typed": "typed.html", "/go": "go.html"} {
		site.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, pages, name) })
	}
	return site, nil
}

// play passes on what is said, until the room closes.
func (r *room) play() error {
	for ev := range r.hub.Events(context.Background()) {
		switch {
		case ev.Kind == tickwire.Connected:
			r.say("player %d is here", ev.Conn.ClientID())
		case ev.Kind == tickwire.Disconnected:
			r.say("player %d has left", ev.Conn.ClientID())
		case ev.Kind == tickwire.Message && ev.Channel == 1:
			r.say("player %d: %s", ev.Conn.ClientID(), ev.Payload)
		case ev.Kind == tickwire.Message:
			var s spark.Spark
			if s.UnmarshalBinary(ev.Payload) == nil { // what players send need not be what they should
				_ = sparks.Broadcast(r.hub, slices.Values(r.hub.Conns()), s, tickwire.SendOptions{}, nil)
			}
		}
	}
	return r.hub.Close()
}

// say tells all; who takes nothing is told less.
func (r *room) say(format string, args ...any) {
	_ = chat.Broadcast(r.hub, slices.Values(r.hub.Conns()), fmt.Appendf(nil, format, args...), tickwire.SendOptions{}, nil)
}
