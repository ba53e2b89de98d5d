package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/web"
)

// A site is what the port of a demo serves by HTTP:
//
//	GET  /          the page, and its files
//	GET  /token     a connect token for a new guest, good for one player, for 45 seconds
//	GET  /link      which link is played over, which there are, and which run of the demo this is, in JSON
//	POST /link      {"name": "wifi-bad"} has everybody play over another
//	     /tickwire  the WebSocket of a player, which goes over the link
//
// Only the WebSocket goes over the link: a page that loads slowly shows nothing of the game.
type site struct {
	listener net.Listener
	server   *http.Server
	srv      *tickwire.Server
	link     *linkSwitch
	onward   http.Transport // to the relay for streams
	lastID   atomic.Uint64
	run      string // tells a page that its ticket is of a server that is gone
}

const (
	// maxTokenBytes bounds what a site is believed, and maxRequestBytes what it believes.
	maxTokenBytes   = 64 << 10
	maxRequestBytes = 4 << 10
	// siteTimeout is how long a request may take to come, and an answer to go.
	siteTimeout = 10 * time.Second
)

// newSite makes the site of a server, whose guests have ids from first on.
func newSite(l net.Listener, srv *tickwire.Server, link *linkSwitch, files fs.FS, first uint64) *site {
	s := &site{listener: l, srv: srv, link: link, run: rand.Text()}
	s.lastID.Store(first - 1)
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /token", s.token)
	mux.HandleFunc("GET /link", s.links)
	mux.HandleFunc("POST /link", s.setLink)
	mux.Handle("GET "+web.DefaultPath, &httputil.ReverseProxy{
		Transport: &s.onward,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: link.streams.Addr().String()})
			r.Out.Host = r.In.Host // which is the origin of pages that may play
			r.SetXForwarded()
		},
	})
	s.server = &http.Server{Handler: neighbours(ownPages(mux)), ReadHeaderTimeout: siteTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	return s
}

// serve answers until the site is closed.
func (s *site) serve() { _ = s.server.Serve(s.listener) }

func (s *site) close() {
	_ = s.server.Close()
	s.onward.CloseIdleConnections()
}

// neighbours lets in who is on this machine or in its network.
func neighbours(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if at, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || !sheltered(at.Addr()) {
			http.Error(w, "a demo is not for the Internet", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ownPages lets in the pages of this site and programs that are no browsers. A page of another host could read
// nothing here, but change the link; and one whose name was made to lead here, once it was loaded, could do all,
// so the site has no name but localhost.
func ownPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isAddress(r.Host) {
			http.Error(w, fmt.Sprintf("this is a demo at an address, not at %q", r.Host), http.StatusForbidden)
			return
		}
		if o := r.Header.Get("Origin"); o != "" && o != "http://"+r.Host {
			http.Error(w, "a demo is for its own pages", http.StatusForbidden)
			return
		}
		if f := r.Header.Get("Sec-Fetch-Site"); r.URL.Path != "/" && f != "" && f != "same-origin" && f != "none" {
			http.Error(w, "a demo is for its own pages", http.StatusForbidden)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; connect-src 'self' ws: https:; img-src 'self' data:; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache") // the next demo may be of another version
		next.ServeHTTP(w, r)
	})
}

// isAddress reports whether a Host is an address or localhost.
func isAddress(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || host == "localhost"
}

// token plays the login backend: everybody is let in.
func (s *site) token(w http.ResponseWriter, _ *http.Request) {
	token, err := s.srv.DevToken(s.lastID.Add(1))
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(token)
}

// links says which link it is, and which there are.
func (s *site) links(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	report := s.link.report()
	report.Run = s.run
	_ = json.NewEncoder(w).Encode(report)
}

func (s *site) setLink(w http.ResponseWriter, r *http.Request) {
	var want struct {
		Name string `json:"name"`
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err == nil {
		err = json.Unmarshal(b, &want)
	}
	if err != nil {
		err = fmt.Errorf(`want {"name": "wifi"}: %w`, err)
	} else {
		err = s.link.set(want.Name)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.links(w, r)
}

// fetchToken asks the site of a demo for a token.
func fetchToken(address string) ([]byte, error) {
	c := http.Client{Timeout: 3 * time.Second}
	r, err := c.Get("http://" + address + "/token")
	if err != nil {
		return nil, fmt.Errorf("no demo hands out tokens at %s: start one with `%s`, or say --addr (%w)", address, commandLine("demo"), err)
	}
	defer r.Body.Close()
	token, err := io.ReadAll(io.LimitReader(r.Body, maxTokenBytes))
	switch {
	case err == nil && r.StatusCode != http.StatusOK:
		err = fmt.Errorf("%s: %.200s", r.Status, token)
	case err == nil && len(token) == 0:
		err = errors.New("nothing came")
	}
	if err != nil {
		return nil, fmt.Errorf("no token from %s: %w", address, err)
	}
	return token, nil
}
