//go:build !js

package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme/autocert"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/netcode/tokenhttp"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

var (
	chat   = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Name: "chat", Delivery: tickwire.ReliableOrdered})
	sparks = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Name: "sparks", Delivery: tickwire.Unreliable})
)

// A room is the server, and the game that is played there.
type room struct {
	hub  *tickwire.Hub
	open atomic.Pointer[tickwire.Hub] // while players are welcome
}

func open(ctx context.Context, s settings) (_ *room, err error) {
	if _, _, err := net.SplitHostPort(s.listen); err != nil {
		return nil, fmt.Errorf("-listen is %q: want host:port, such as 127.0.0.1:7777, or :7777 for all addresses", s.listen)
	}
	if s.public == "" {
		s.public = s.listen
	}
	if strings.HasPrefix(s.public, ":") {
		return nil, fmt.Errorf("-public: want where players find this server, such as game.example%s", s.public)
	}
	public, err := udp.Resolve(ctx, s.public)
	if err != nil {
		return nil, fmt.Errorf("-public: %w", err)
	}
	if info, err := os.Stat(s.pages); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("-pages is %q: want the folder that npm run build has written", s.pages)
	}
	r := &room{}
	site, err := r.site(s, public)
	if err != nil {
		return nil, err
	}
	native, browsers, err := sockets(s, public, site)
	if err != nil {
		return nil, err
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config:          tickwire.Config{Channels: tickwire.Channels(chat, sparks)},
		PrivateKey:      s.key,
		PublicAddresses: public, // what tokens say, which need not be an address of this machine
		KeepSeats:       30 * time.Second,
	}, native, browsers)
	if err != nil {
		return nil, err
	}
	r.hub = tickwire.NewHub(srv)
	r.open.Store(r.hub)
	return r, nil
}

// sockets listen by UDP for native players, and beside that for pages.
func sockets(s settings, public []netip.AddrPort, site http.Handler) (*udp.Socket, *web.Socket, error) {
	at := s.udp
	if at == "" {
		at = s.listen
	}
	native, err := udp.Listen(at)
	if err != nil {
		return nil, nil, fmt.Errorf("-listen or -udp: %w", err)
	}
	tcp, err := net.Listen("tcp", s.listen)
	if err != nil {
		return nil, nil, fmt.Errorf("-listen: %w; stop the program that has this port, or name another", err)
	}
	host, _, err := net.SplitHostPort(s.public)
	if err != nil {
		return nil, nil, err
	}
	cfg := web.Config{Handler: site, Listener: tcp, CertFile: s.cert, KeyFile: s.certKey}
	for _, a := range public { // behind a NAT, in a container: the interfaces do not show them
		cfg.Advertise = append(cfg.Advertise, a.Addr())
	}
	cfg.AdvertiseHost, cfg.AdvertisePort = host, public[0].Port()
	if s.proxy.IsValid() {
		cfg.TrustedProxies = []netip.Prefix{s.proxy}
	}
	if s.origin != "" {
		cfg.Origins = []string{s.origin}
	}
	if s.autocert != "" {
		cfg.GetCertificate = certificates(host, s.autocert)
	}
	browsers, err := web.New(native, cfg)
	return native, browsers, err
}

// certificates come from Let's Encrypt, when somebody asks first, and are renewed in time. Port 80 proves whose
// the name is, and sends who comes there to HTTPS.
func certificates(host, folder string) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(host), Cache: autocert.DirCache(folder),
	}
	go func() { _ = http.ListenAndServe(":80", m.HTTPHandler(nil)) }() // without it, port 443 proves it
	return m.GetCertificate
}

// site is what the port serves by HTTP.
func (r *room) site(s settings, public []netip.AddrPort) (http.Handler, error) {
	var servers []string
	for _, a := range public {
		servers = append(servers, a.String())
	}
	tokens, err := tokenhttp.Handler(tokenhttp.Config{
		Login:     guest,
		Token:     netcode.MintConfig{Key: s.key},
		Servers:   servers,
		PlainHTTP: s.proxy.IsValid(), // the proxy has TLS
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/token", tokens)
	mux.HandleFunc("GET /healthz", r.health)
	mux.Handle("/", http.FileServerFS(os.DirFS(s.pages)))
	return mux, nil
}

// guest lets everybody in; examples/login asks for a password.
func guest(*http.Request) (tokenhttp.Grant, error) {
	var id [8]byte
	rand.Read(id[:])
	return tokenhttp.Grant{ClientID: binary.LittleEndian.Uint64(id[:])}, nil
}

// health is 200 while players are welcome. It waits for the Hub, so one that hangs does not answer.
func (r *room) health(w http.ResponseWriter, _ *http.Request) {
	hub := r.open.Load()
	if hub == nil {
		http.Error(w, "it begins, or ends", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "%d players\n", len(hub.Conns()))
}

// play passes on what is said, until the room closes.
func (r *room) play() {
	for ev := range r.hub.Events(context.Background()) {
		if ev.Kind == tickwire.Message {
			all := slices.Values(r.hub.Conns())
			_ = r.hub.Broadcast(all, ev.Channel, ev.Payload, tickwire.SendOptions{}, nil) // who takes nothing is told less
		}
	}
}
