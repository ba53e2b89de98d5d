package tokenhttp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// A handler is one request after the other through the same steps: origin,
// method, size, login, turn, names, mint. Each may end it with a problem.
type handler struct {
	cfg     Config
	origins *origins
	names   *names
	often   *turnstile
	hush    *hush
}

// Handler returns a handler that gives tokens to who logs in. The error is a join
// of *ConfigErrors.
func Handler(cfg Config) (http.Handler, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	o, err := newOrigins(&cfg)
	if err != nil {
		return nil, err
	}
	h := &handler{cfg: cfg, origins: o, names: newNames(&cfg), hush: &hush{now: time.Now, kinds: map[string]*hushed{}}}
	h.often = newTurnstile(&cfg, h.crowded)
	return h, nil
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if done := h.origins.answer(w, r); done {
		return
	}
	token, err := h.issue(w, r)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", fmt.Sprint(len(token)))
	_, _ = w.Write(token) // who left has no use for an error
}

// issue logs in and mints.
func (h *handler) issue(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	switch {
	case r.TLS == nil && !h.cfg.PlainHTTP && !fromHere(r):
		return nil, &Refusal{Status: http.StatusForbidden, Code: "tls", Text: "ask over https"}
	case h.origins.foreign(r):
		return nil, &Refusal{Status: http.StatusForbidden, Code: "origin", Text: "pages of this origin may not ask for tokens"}
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return nil, &Refusal{Status: http.StatusMethodNotAllowed, Code: "method", Text: "ask with POST"}
	case r.ContentLength > h.cfg.MaxBodyBytes:
		return nil, &http.MaxBytesError{Limit: h.cfg.MaxBodyBytes}
	}
	ctx := r.Context()
	if h.cfg.MaxTime > 0 {
		deadline := time.Now().Add(h.cfg.MaxTime)
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
		_ = http.NewResponseController(w).SetReadDeadline(deadline) // where there is a connection
	}
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, h.cfg.MaxBodyBytes)
	grant, err := h.cfg.Login(r)
	if err != nil {
		return nil, err
	}
	if grant.ClientID == 0 {
		return nil, errors.New("tokenhttp: Grant.ClientID is 0: want the player's number, from 1")
	}
	if wait := h.often.pass(grant.ClientID); wait > 0 {
		return nil, &Refusal{Status: http.StatusTooManyRequests, Code: "too_often", Text: "you have had tokens just now", RetryAfter: wait}
	}
	return h.mint(ctx, &grant)
}

// crowded tells that there are more players than can be remembered.
func (h *handler) crowded() {
	if missed, ok := h.hush.speak("crowded"); ok {
		h.cfg.Logger.Warn("more players log in than are remembered: some may have their tokens sooner than Interval says", "missed", missed)
	}
}

// fromHere reports whether a request came from this machine: from a proxy on it, or its user.
func fromHere(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// mint makes what the grant says.
func (h *handler) mint(ctx context.Context, g *Grant) ([]byte, error) {
	servers, err := h.resolve(ctx, g)
	if err != nil {
		return nil, err
	}
	if g.Plain && len(servers) > 1 {
		return nil, fmt.Errorf("tokenhttp: Grant.Plain with %d servers: want one, which is all that a plain token can name", len(servers))
	}
	tokens, err := netcode.MintTokenList(h.cfg.Now(), h.terms(g), servers...)
	if err != nil {
		return nil, err
	}
	h.cfg.Logger.DebugContext(ctx, "connect token issued", "client", g.ClientID, "servers", servers)
	if g.Plain {
		return tokens[0].Append(nil), nil
	}
	return tokens.Append(nil), nil
}

// terms are those of the config, with what the grant changes.
func (h *handler) terms(g *Grant) netcode.MintConfig {
	c := h.cfg.Token
	c.ClientID, c.UserData = g.ClientID, g.UserData
	c.Lifetime, c.Timeout = cmp.Or(g.Lifetime, c.Lifetime), cmp.Or(g.Timeout, c.Timeout)
	if g.Plain && !c.Plain {
		c.Plain, c.Suite, c.TagBytes, c.ForwardSecrecy = true, 0, 0, false
	}
	if g.Suite != 0 {
		c.Suite, c.TagBytes = g.Suite, g.TagBytes
	}
	c.ForwardSecrecy = c.ForwardSecrecy || g.ForwardSecrecy
	return c
}

// resolve finds the addresses of the servers, in their order.
func (h *handler) resolve(ctx context.Context, g *Grant) (servers [][]netip.AddrPort, err error) {
	named := g.Servers
	if len(named) == 0 {
		named = h.cfg.Servers
	}
	for _, s := range named {
		at, err := parseServer(s)
		if err != nil {
			return nil, fmt.Errorf("tokenhttp: Grant.Servers has %q: want %w", s, err)
		}
		addresses, err := h.names.find(ctx, at)
		if err != nil {
			return nil, &nameError{s, err}
		}
		servers = append(servers, netcode.PerServer(addresses)...)
	}
	return servers, nil
}
