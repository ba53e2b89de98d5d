//go:build !js

// The command online is a game server for the Internet: pages, login and game on one port, with TLS
// or behind a proxy, with a health check, and with an orderly end. Its game is the chat of
// ts/README.md; docs/deploy.md says where it can run.
//
//	export TICKWIRE_KEY=$(openssl rand -hex 32)
//	go run ./examples/online -pages game/dist                                              # at home
//	go run ./examples/online -pages game/dist -listen :443 -public game.example:443 -autocert certs
//	go run ./examples/online -pages game/dist -public udp.game.example:7777 -proxy 127.0.0.1/32
package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// settings are the flags.
type settings struct {
	listen   string // where this machine has it
	udp      string // and UDP, if that is elsewhere
	public   string // where players have it
	pages    string
	cert     string
	certKey  string
	autocert string
	proxy    netip.Prefix
	origin   string
	key      netcode.Key
}

func main() {
	log.SetFlags(0)
	var s settings
	s.flags(flag.CommandLine)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil {
		log.Fatal(err)
	}
}

// flags has them parsed into s.
func (s *settings) flags(f *flag.FlagSet) {
	f.StringVar(&s.listen, "listen", "127.0.0.1:7777", "where to listen, for TCP and for UDP")
	f.StringVar(&s.udp, "udp", "", "where to listen by UDP, if that is not where -listen says")
	f.StringVar(&s.public, "public", "", "where players find the UDP port: a name or an address, and a port; if empty, where -listen says")
	f.StringVar(&s.pages, "pages", ".", "the folder of the pages")
	f.StringVar(&s.cert, "cert", "", "the file of the certificate")
	f.StringVar(&s.certKey, "cert-key", "", "the file of its key")
	f.StringVar(&s.autocert, "autocert", "", "a folder for certificates from Let's Encrypt; needs the ports 443 and 80")
	f.TextVar(&s.proxy, "proxy", netip.Prefix{}, "the addresses of the proxy that does TLS for this server, such as 127.0.0.1/32")
	f.StringVar(&s.origin, "origin", "", "where the pages come from, if that is another host: https://game.example")
}

func run(ctx context.Context, s settings) error {
	if err := s.readKey(); err != nil {
		return err
	}
	r, err := open(ctx, s)
	if err != nil {
		return err
	}
	log.Printf("players come to %v", r.hub.PublicAddresses())
	go func() {
		<-ctx.Done()
		r.end()
	}()
	r.play()
	return nil
}

// readKey takes the key from where no list of processes shows it.
func (s *settings) readKey() error {
	key, err := hex.DecodeString(os.Getenv("TICKWIRE_KEY"))
	if err != nil || len(key) != netcode.KeyBytes {
		return fmt.Errorf("TICKWIRE_KEY: want %d hex digits, such as `openssl rand -hex 32` prints", 2*netcode.KeyBytes)
	}
	s.key = netcode.KeyFrom([netcode.KeyBytes]byte(key))
	return nil
}

// end has what was sent arrive, and tells every player. A runtime for containers waits ten seconds or more between
// SIGTERM and SIGKILL.
func (r *room) end() {
	r.open.Store(nil) // so that the health check has nobody else sent here
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	if err := r.hub.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		log.Print(err)
	}
}
