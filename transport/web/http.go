//go:build !js

package web

import (
	"log"
	"log/slog"
	"net"
	"net/http"
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

// serve opens the TCP port.
func (s *Socket) serve(l net.Listener) {
	mux := http.NewServeMux()
	mux.Handle(s.cfg.Path, s.Handler())
	if s.cfg.Handler != nil && s.cfg.Path != "/" {
		mux.Handle("/", s.cfg.Handler)
	}
	s.server = &http.Server{
		Handler:        mux,
		MaxHeaderBytes: mostHead,
		IdleTimeout:    idlePage,
		ErrorLog:       s.errorLog(),
		TLSConfig:      s.udp.tlsConfig(),
	}
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

func (s *Socket) errorLog() *log.Logger {
	if s.cfg.Logger == nil {
		return log.New(discard{}, "", 0)
	}
	return slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelWarn)
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
