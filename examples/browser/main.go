//go:build !js

// The command browser is a chat for everything that can hold a connection: pages, bots in Node, programs in
// Python, each a file of this folder. One port has the login, the pages and the game.
//
//	make client                      # what the page and the bot import; needs Node
//	go run ./examples/browser        # then open http://127.0.0.1:7777, or http://127.0.0.1:7777/typed
//	node examples/browser/bot.mjs    # and ask it something on the page
//	python3 examples/browser/python/chat.py
package main

import (
	"errors"
	"flag"
	"log"
	"os"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:7777", "where pages and players come; for a phone beside this machine its address in the network, such as 192.168.1.5:7777")
	client := flag.String("client", "ts/dist/browser", "the folder of the client, built for browsers")
	typed := flag.String("typed", "examples/browser/dist", "the folder of typed.js, and of game.wasm")
	flag.Parse()

	if _, err := os.Stat(*client); errors.Is(err, os.ErrNotExist) {
		log.Printf("no page will find its client: there is no %s; make client builds it", *client)
	}
	r, err := open(*listen, os.DirFS(*client), os.DirFS(*typed))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("open http://%v", r.address)
	log.Fatal(r.play())
}
