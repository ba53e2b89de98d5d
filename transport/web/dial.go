package web

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// DialConfig sets up a Ladder. The zero value is a good one.
type DialConfig struct {
	// TLS says whom to trust by wss://. nil: whom the system trusts. In a browser the browser decides.
	TLS *TLSConfig
	// Origin is what to send as such, as a browser does: "https://game.example". "": none.
	Origin string
	// DisableWebRTC and DisableWebTransport leave a rung out.
	DisableWebRTC, DisableWebTransport bool
	// Timeout is how long a rung may take to open. 0: 10 s.
	Timeout time.Duration
	// Silence is how long a rung may take nothing, or leave several datagrams without an answer, before
	// it is given up and opened again. 0: 10 s; negative: for ever.
	Silence time.Duration
	// Queue is how many datagrams may wait to be read. 0: 1024.
	Queue int
}

// The defaults of [DialConfig].
const (
	DefaultDialTimeout = 10 * time.Second
	DefaultDialSilence = 10 * time.Second
	DefaultDialQueue   = 1024
)

func (c *DialConfig) resolve() error {
	var v config.Check
	v.That(c.Timeout >= 0, "Timeout", c.Timeout, fmt.Sprintf("more than 0, or 0 for %v", DefaultDialTimeout))
	v.That(c.Queue >= 0, "Queue", c.Queue, fmt.Sprintf("1 or more, or 0 for %d", DefaultDialQueue))
	if c.Origin != "" {
		u, err := url.Parse(c.Origin)
		v.That(err == nil && u.Host != "", "Origin", c.Origin, `a scheme and a host such as "https://game.example", or "" for none`)
	}
	if err := v.Err(); err != nil {
		return err
	}
	orDefault(&c.Timeout, DefaultDialTimeout)
	orDefault(&c.Silence, DefaultDialSilence)
	orDefault(&c.Queue, DefaultDialQueue)
	return nil
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// DefaultPath is where a server has its WebSocket.
const DefaultPath = "/tickwire"

// A target is where a Ladder leads.
type target struct {
	url    string // of the WebSocket
	host   string // for the other transports, without a port
	secure bool
}

// parseTarget reads the URL of a server.
func parseTarget(address string) (target, error) {
	wrong := config.Wrong("address", address, `a URL such as "wss://game.example:7777`+DefaultPath+`"`)
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return target{}, wrong
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return target{}, wrong
	}
	if u.Path == "" {
		u.Path = DefaultPath
	}
	u.Fragment, u.RawFragment = "", ""
	return target{url: u.String(), host: u.Hostname(), secure: u.Scheme == "wss"}, nil
}

// Dial opens a client's socket to a server of this package, whose URL is such as
// "wss://game.example:7777/tickwire". It returns as soon as the WebSocket is open, which is the first rung; what is
// better follows. Give it to tickwire.Dial or NewClient. The error is a [*CloseError] if the
// server refuses, whose text says why.
func Dial(ctx context.Context, address string, cfg DialConfig) (*Ladder, error) {
	if err := cfg.resolve(); err != nil {
		return nil, err
	}
	to, err := parseTarget(address)
	if err != nil {
		return nil, err
	}
	l := &Ladder{cfg: cfg, target: to, news: make(chan struct{}, 1), signal: make(chan signal, 32)}
	l.board.init(cfg.Queue, limits{})
	l.missed = make(chan struct{}, 1)
	ws, hello, err := l.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("web: dial %s: %w", to.url, err)
	}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	a, err := l.enter(ws, hello)
	if err != nil {
		l.cancel()
		return nil, fmt.Errorf("web: dial %s: %w", to.url, err)
	}
	l.run.Go(func() { l.keep(ws, a) })
	l.run.Go(func() { l.sweep(l.look) })
	l.run.Go(l.climb)
	return l, nil
}
