// The command login is a login backend: who knows a name and its password gets a
// connect token, over HTTP, and plays on a game server that knows nothing but the key.
//
//	export TICKWIRE_KEY=$(openssl rand -hex 32)
//	go run ./cmd/tickwire serve --protocol 7 &
//	go run ./examples/login &
//	curl -fsS -X POST -u ada:lovelace -o token http://127.0.0.1:8080/token
//	go run ./cmd/tickwire connect --token token
//
// A login for the world has HTTPS: tokens are keys.
package main

import (
	"encoding/hex"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where players log in")
	server := flag.String("server", "127.0.0.1:7777", "the game server, by address or name")
	protocol := flag.Uint64("protocol", 7, "protocol id of the game")
	flag.Parse()

	key, err := hex.DecodeString(os.Getenv("TICKWIRE_KEY"))
	if err != nil || len(key) != netcode.KeyBytes {
		log.Fatal("TICKWIRE_KEY: want the key of the game server, 64 hex digits, such as `openssl rand -hex 32` prints")
	}
	tokens, err := newTokens(netcode.KeyFrom([netcode.KeyBytes]byte(key)), *protocol, *server)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/token", tokens)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	desk, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatalf("-listen %s: %v; stop what has this port, or say another, such as -listen 127.0.0.1:0", *listen, err)
	}
	log.Printf("log in at http://%s/token, to play on %s", desk.Addr(), *server)
	log.Fatal(srv.Serve(desk))
}
