//go:build !js

package web

import (
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	// mostHead bounds the head of a request, with the cookies of the pages.
	mostHead = 16 << 10
	// idlePage is how long a browser may keep a connection that loaded pages.
	idlePage = time.Minute
)

// Handler returns the endpoint for WebSockets, for a program that serves HTTP itself: behind its own
// mux, at any path, with TLS ended by it or by a proxy in front. It answers other requests with an
// error. WebSockets need HTTP/1.1.
func (s *Socket) Handler() http.Handler { return http.HandlerFunc(s.accept) }

// serve opens the TCP port. It speaks HTTP/1.1 alone: WebSockets need it, and by HTTP/2 who takes nothing of a page holds
// a goroutine and its buffers for each of 250 streams, of which no deadline of a connection hears.
func (s *Socket) serve(l net.Listener) {
	mux := http.NewServeMux()
	mux.Handle(s.cfg.Path, s.Handler())
	if s.cfg.Handler != nil && s.cfg.Path != "/" {
		mux.Handle("/", s.cfg.Handler)
	}
	s.server = &http.Server{
		Handler:        s.hurriedBodies(s.ratedPages(mux)),
		Protocols:      new(http.Protocols),
		MaxHeaderBytes: mostHead,
		IdleTimeout:    idlePage,
		ErrorLog:       s.errorLog(),
		TLSConfig:      s.udp.tlsConfig(),
		ConnState:      became,
	}
	s.server.Protocols.SetHTTP1(true)
	if t := s.cfg.HandshakeTimeout; t > 0 {
		s.server.ReadHeaderTimeout = t
	}
	s.serving.Go(func() {
		l = s.newGate(l)
		if s.server.TLSConfig != nil {
			_ = s.server.ServeTLS(l, "", "") // ends with Close
		} else {
			_ = s.server.Serve(l)
		}
	})
}

// ratedPages counts requests, of each address, but for WebSockets, which are counted where they are accepted.
func (s *Socket) ratedPages(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == s.cfg.Path || s.mayBegin(w, r, onePage) {
			h.ServeHTTP(w, r)
		}
	})
}

// mayBegin counts n units of who sends a request. Where that is too much it has answered.
func (s *Socket) mayBegin(w http.ResponseWriter, r *http.Request, n int64) bool {
	err := s.begins(s.remoteOf(r).Addr(), n)
	if err != nil {
		w.Header().Set("Connection", "close") // the next costs a connection, which is cheaper to refuse
		sayTooOften(w, err)
	}
	return err == nil
}

// sayTooOften answers a request that is one too many (RFC 6585, section 4).
func sayTooOften(w http.ResponseWriter, err error) {
	if why, ok := errors.AsType[tooOften](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(why.seconds()))
	}
	http.Error(w, err.Error(), http.StatusTooManyRequests)
}

// hurriedBodies gives the body of a request as long as its head has: what a handler leaves of one net/http reads, and waits
// for it without end. A handler that has read all of it may take its time.
func (s *Socket) hurriedBodies(h http.Handler) http.Handler {
	if s.cfg.HandshakeTimeout <= 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			body := &hurriedBody{r.Body, http.NewResponseController(w)}
			_ = body.response.SetReadDeadline(time.Now().Add(s.cfg.HandshakeTimeout))
			r.Body = body
		}
		h.ServeHTTP(w, r)
	})
}

// A hurriedBody is read before a deadline, which ends with it.
type hurriedBody struct {
	io.ReadCloser
	response *http.ResponseController
}

// Read implements io.Reader.
func (b *hurriedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.response.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (s *Socket) errorLog() *log.Logger {
	if s.cfg.Logger == nil {
		return log.New(discard{}, "", 0)
	}
	return slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelWarn)
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
