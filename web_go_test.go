//go:build linux

package tickwire_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/web"
)

// TestLongGoGameInTheBrowser: the client in Go, compiled for the browser, plays against a real server over
// each of the browser's transports and over the ladder.
func TestLongGoGameInTheBrowser(t *testing.T) {
	t.Parallel()
	browser.Run(t, func(c *browser.Browser) { playGo(t, c) })
}

func playGo(t *testing.T, chromium *browser.Browser) {
	tests, mux := browser.BuildTests(t, "GameInBrowser", nil), http.NewServeMux()
	mux.Handle("/", tests)
	h := newWebHouse(t, tickwire.ServerConfig{Development: true, PrivateKey: testKey, MaxTokenLifetime: -1}, web.Config{Handler: mux})
	mux.HandleFunc("GET /token", h.mint)
	go h.sayBack(h.native(1))
	tests.Play(chromium, "http://"+h.web.LocalAddr().String()+"/", 6)
}

// mint hands out tokens, good ones and others, each for the next player.
func (h *webHouse) mint(w http.ResponseWriter, r *http.Request) {
	at, cfg := time.Now(), netcode.MintConfig{Key: testKey, ClientID: 2, Addresses: h.hub.PublicAddresses()}
	switch r.FormValue("kind") {
	case "expired":
		at = at.Add(-2 * time.Minute)
	case "of another key":
		cfg.Key, cfg.Timeout = netcode.KeyFrom([netcode.KeyBytes]byte{5: 9}), time.Second
	}
	token, err := netcode.Mint(at, cfg)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(token.Append(nil)) // a page that is gone needs none
}

// sayBack has player 1 say everything back that he hears; who asks for it is sent away.
func (h *webHouse) sayBack(s *tickwire.Session) {
	for ev := range s.Events(h.t.Context()) {
		if ev.Kind != tickwire.Message {
			continue
		}
		if string(ev.Payload) != "send me away" {
			_, _ = s.SendContext(h.t.Context(), ev.Channel, ev.Payload, tickwire.SendOptions{}) // missing, it shows
			continue
		}
		for _, c := range h.hub.Conns() {
			if c.ClientID() != 1 {
				_ = c.Close(tickwire.CodeBanned, "as you wish") // he says if he was not told
			}
		}
	}
}

// TestLongGoPage: what the documentation of transport/web says makes a page that plays, with the player of
// examples/browser.
func TestLongGoPage(t *testing.T) {
	t.Parallel()
	browser.Run(t, func(c *browser.Browser) { playGoPage(t, c) })
}

func playGoPage(t *testing.T, chromium *browser.Browser) {
	commands, page := documented(t)
	dir := t.TempDir()
	for _, command := range commands {
		cmd := exec.Command("sh", "-c", strings.NewReplacer("game.wasm", filepath.Join(dir, "game.wasm"), " .\n", " "+dir).Replace(command))
		cmd.Dir = "examples/browser"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServer(http.Dir(dir)))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) })
	h := &webHouse{t: t}
	h.open([]tickwire.ChannelConfig{
		{ID: 1, Name: "chat", Delivery: tickwire.ReliableOrdered},
		{ID: 2, Name: "sparks", Delivery: tickwire.Unreliable},
	}, tickwire.ServerConfig{Development: true, PrivateKey: testKey, MaxTokenLifetime: -1}, web.Config{Handler: mux}, func(ctx context.Context) {
		for ev := range h.hub.Events(ctx) {
			if ev.Kind == tickwire.Message {
				_ = ev.Conn.Send(ev.Channel, append([]byte("you: "), ev.Payload...)) // the page shows it
			}
		}
	})
	mux.HandleFunc("POST /token", h.mint)
	p := chromium.Open("http://" + h.web.LocalAddr().String() + "/")
	for ctx := patiently(t); ; time.Sleep(20 * time.Millisecond) {
		shown := browser.Eval[string](p, `document.body.textContent`)
		if strings.Contains(shown, "you: hello\n") && strings.Contains(shown, "by webtransport\n") {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the page shows %q, want an answer to hello, by webtransport", shown)
		}
	}
}

// documented are the two commands and the page of the documentation.
func documented(t *testing.T) (commands []string, page string) {
	t.Helper()
	text, err := os.ReadFile("transport/web/doc.go")
	must(t, err)
	_, section, _ := strings.Cut(string(text), "// # Go in the browser\n")
	section, _, _ = strings.Cut(section, "// # ")
	for line := range strings.Lines(section) {
		switch line, ok := strings.CutPrefix(line, "//\t"); {
		case ok && (page != "" || strings.HasPrefix(line, "<")):
			page += line
		case ok:
			commands = append(commands, line)
		}
	}
	if len(commands) != 2 || page == "" {
		t.Fatalf("two commands and a page are wanted, not %q and %q", commands, page)
	}
	return commands, page
}
