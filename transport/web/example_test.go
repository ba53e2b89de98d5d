//go:build !js

package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// hear waits for a datagram.
func hear(s transport.Socket) (transport.Datagram, error) {
	ds := make([]transport.Datagram, 1)
	for deadline := time.Now().Add(time.Minute); ; {
		if ready, err := s.Wait(deadline); err != nil || !ready {
			return ds[0], errors.Join(err, errors.New("nothing came"))
		}
		if n, err := s.Read(ds); n > 0 || err != nil {
			return ds[0], err
		}
	}
}

// A server for native players and browsers has two sockets of one port. Here both are read by hand;
// tickwire.Listen takes both.
func Example() {
	u, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer u.Close()
	pages := http.NotFoundHandler() // http.FileServerFS of the game's
	server, err := web.New(u, web.Config{Handler: pages})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	fmt.Println("one port:", server.LocalAddr() == u.LocalAddr())

	player, err := web.Dial(context.Background(), server.URL(), web.DialConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer player.Close()
	player.Write([]transport.Datagram{{Path: player.Peer(), Bytes: []byte("jump")}})
	d, err := hear(server)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s by %v, association %d\n", d.Bytes, d.Path.Kind, d.Path.Association)
	server.Write([]transport.Datagram{{Path: d.Path, Bytes: []byte("you are in the air")}})
	if d, err = hear(player); err == nil {
		fmt.Printf("%s\n", d.Bytes)
	}
	// Output:
	// one port: true
	// jump by websocket, association 1
	// you are in the air
}

// A program that serves HTTP itself opens no other port for that: the endpoint for WebSockets is a
// handler of its mux, at any path, and TLS may end in front of it.
func ExampleSocket_Handler() {
	server, err := web.Listen("127.0.0.1:0", web.Config{NoListen: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	mux := http.NewServeMux()
	mux.Handle("/games/arena/ws", server.Handler())
	site := httptest.NewServer(mux)
	defer site.Close()

	address := strings.Replace(site.URL, "http://", "ws://", 1) + "/games/arena/ws"
	player, err := web.Dial(context.Background(), address, web.DialConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer player.Close()
	player.Write([]transport.Datagram{{Path: player.Peer(), Bytes: []byte("jump")}})
	d, err := hear(server)
	fmt.Printf("%s %v\n", d.Bytes, err)
	// Output: jump <nil>
}

// Who may not play reads why. So does the page of another origin, whose JavaScript has the code and
// the reason in its close event.
func ExampleCloseError() {
	server, err := web.Listen("127.0.0.1:0", web.Config{Origins: []string{"https://play.example"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	for _, origin := range []string{"https://play.example", "https://elsewhere.example"} {
		player, err := web.Dial(context.Background(), server.URL(), web.DialConfig{Origin: origin})
		if refused, ok := errors.AsType[*web.CloseError](err); ok {
			fmt.Println(refused.Code == web.CodeOrigin, refused.Reason)
			continue
		}
		fmt.Println("welcome")
		player.Close()
	}
	fmt.Println(server.Stats().Refused.Origin)
	// Output:
	// welcome
	// true pages of this origin may not play here
	// 1
}
