//go:build !js

package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// free is a port that nobody has, by TCP or UDP.
func free(t *testing.T) string {
	t.Helper()
	for range 10 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at := l.Addr().String()
		c, err := net.ListenPacket("udp", at)
		if err == nil {
			err = errors.Join(c.Close(), l.Close())
		}
		if err == nil {
			return at
		}
	}
	t.Fatal("no port is free for both")
	return ""
}

// opened is a server that plays until the test ends, its address, and the end.
func opened(t *testing.T, s settings) (r *room, end func()) {
	t.Helper()
	s.key = netcode.KeyFrom([netcode.KeyBytes]byte([]byte(rand.Text() + rand.Text())[:netcode.KeyBytes]))
	s.pages = t.TempDir()
	if err := os.WriteFile(filepath.Join(s.pages, "index.html"), []byte("the game"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := open(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() { defer close(over); r.play() }()
	t.Cleanup(func() { r.end(); <-over })
	time.Sleep(time.Second) // tokens made before the next second are too early
	return r, r.end
}

// get is what the server answers, and the status.
func get(t *testing.T, c *http.Client, method, at string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, b
}

// echoes has a player say something, and hear it.
func echoes(t *testing.T, token []byte, socket transport.Socket) *tickwire.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cfg := tickwire.ClientConfig{Config: tickwire.Config{Channels: tickwire.Channels(chat, sparks)}}
	player, err := tickwire.Dial(ctx, cfg, token, socket)
	if err != nil {
		t.Fatal(err)
	}
	if err := player.Send(1, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	for ev := range player.Events(ctx) {
		if ev.Kind == tickwire.Message {
			if string(ev.Payload) != "hello" {
				t.Errorf("heard %q", ev.Payload)
			}
			return player
		}
	}
	t.Fatal("heard nothing")
	return nil
}

// TestOnline: one port has pages, login, game and health; who ends the server tells the players and the health check.
func TestOnline(t *testing.T) {
	at := free(t)
	r, end := opened(t, settings{listen: at})
	home := "http://" + at
	if code, b := get(t, http.DefaultClient, "GET", home+"/"); code != 200 || string(b) != "the game" {
		t.Errorf("the page is %d %q", code, b)
	}
	_, token := get(t, http.DefaultClient, "POST", home+"/token")
	native, err := udp.Open()
	if err != nil {
		t.Fatal(err)
	}
	player := echoes(t, token, native)
	if code, b := get(t, http.DefaultClient, "GET", home+"/healthz"); code != 200 || string(b) != "1 players\n" {
		t.Errorf("health is %d %q", code, b)
	}
	r.open.Store(nil) // as end does first
	if code, _ := get(t, http.DefaultClient, "GET", home+"/healthz"); code != 503 {
		t.Errorf("a server that ends is healthy: %d", code)
	}
	end()
	for ev := range player.Events(t.Context()) {
		if ev.Kind == tickwire.Disconnected && ev.Reason.Code != tickwire.CodeGoingAway {
			t.Errorf("the player is told %v", ev.Reason)
		}
	}
}

// TestBehindProxy: with a proxy in front that has TLS a player begins by it, and climbs to WebTransport past it; pages
// of others are refused.
func TestBehindProxy(t *testing.T) {
	at := free(t)
	inside, err := url.Parse("http://" + at)
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(inside)
		r.Out.Host = "game.example" // which is not where UDP comes
		r.SetXForwarded()
	}})
	t.Cleanup(site.Close)
	const origin = "https://game.example"
	opened(t, settings{listen: at, public: at, proxy: netip.MustParsePrefix("127.0.0.1/32"), origin: origin})
	_, token := get(t, site.Client(), "POST", site.URL+"/token")
	trust := &tls.Config{RootCAs: site.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	if _, err := web.Dial(t.Context(), site.URL, web.DialConfig{TLS: trust, Origin: "https://other.example"}); err == nil {
		t.Error("a page of another site plays")
	}
	ladder, err := web.Dial(t.Context(), site.URL, web.DialConfig{TLS: trust, Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	player := echoes(t, token, ladder)
	defer player.Close()
	for deadline := time.Now().Add(time.Minute); player.Conn().Transport() != transport.KindWebTransport; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("he plays by %v", player.Conn().Transport())
		}
	}
}

// TestNowhere: a server that nobody told where players find it says what it wants.
func TestNowhere(t *testing.T) {
	for _, s := range []settings{{listen: ":7777"}, {listen: "127.0.0.1:7777", public: ":7777"}} {
		if _, err := open(t.Context(), s); err == nil || !strings.Contains(err.Error(), "such as game.example:7777") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

// TestTyped: the flags that the Dockerfile and docs/deploy.md give are those of the program, and what the former
// builds is it.
func TestTyped(t *testing.T) {
	image, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	built := regexp.MustCompile(`(?m)^RUN CGO_ENABLED=0 go build -o /online \./examples/online$`)
	start := regexp.MustCompile(`(?m)^ENTRYPOINT \["/online", "(.*)"\]$`).FindSubmatch(image)
	if start == nil || !built.Match(image) {
		t.Fatal("the Dockerfile builds and starts something else")
	}
	typed := [][]string{strings.Split(string(start[1]), `", "`)}
	for _, m := range regexp.MustCompile(`(?m)^(?:go run ./examples/online|docker run .* game) ([^#\n]*)`).FindAllSubmatch(page, -1) {
		typed = append(typed, strings.Fields(string(m[1])))
	}
	if len(typed) < 5 {
		t.Errorf("found %d command lines", len(typed))
	}
	for _, args := range typed {
		var s settings
		f := flag.NewFlagSet("online", flag.ContinueOnError)
		f.SetOutput(io.Discard)
		if s.flags(f); f.Parse(args) != nil || f.NArg() > 0 {
			t.Errorf("%q: %v, and left are %q", args, f.Parse(args), f.Args())
		}
	}
}
