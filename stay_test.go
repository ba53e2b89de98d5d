package tickwire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
)

const drinks = tickwire.ChannelID(1)

var pubConfig = tickwire.Config{
	Channels: tickwire.Channels(tickwire.NewRawChannel(tickwire.ChannelConfig{ID: drinks, Delivery: tickwire.ReliableOrdered})),
	Logger:   quiet,
}

// A pub is a lobby that may be shut and opened anew, and a player's way to it.
type pub struct {
	t      *testing.T
	socket *mem.Server
	hub    *tickwire.Hub
	logins int
	tries  []time.Duration // since began
	began  time.Time
	heard  chan string // by the lobby
}

func newPub(t *testing.T, change func(*tickwire.ServerConfig)) *pub {
	p := &pub{t: t, began: time.Now(), heard: make(chan string, 100)}
	p.open(change)
	return p
}

func (p *pub) open(change func(*tickwire.ServerConfig)) {
	p.t.Helper()
	var err error
	p.socket, err = mem.Listen()
	must(p.t, err)
	cfg := tickwire.ServerConfig{
		Config: pubConfig, Development: true,
	}
	if change != nil {
		change(&cfg)
	}
	srv, err := tickwire.Listen(cfg, p.socket)
	must(p.t, err)
	hub := tickwire.NewHub(srv)
	p.hub = hub
	go func() {
		for ev := range hub.Events(context.Background()) {
			switch ev.Kind {
			case tickwire.Message:
				p.heard <- string(bytes.Clone(ev.Payload))
			case tickwire.Disconnected:
				p.heard <- "left: " + ev.Reason.Code.String()
			}
		}
	}()
}

func (p *pub) hears(want string) {
	p.t.Helper()
	if got := <-p.heard; got != want {
		p.t.Errorf("the lobby heard %q, want %q", got, want)
	}
}

// config is that of a player who counts his tries, and plays so.
func (p *pub) config(play func(context.Context, *tickwire.Session) error) tickwire.StayConfig {
	return tickwire.StayConfig{
		Client: tickwire.ClientConfig{Config: pubConfig},
		Login: func(context.Context) ([]byte, error) {
			p.logins++
			return p.hub.DevToken(1)
		},
		Open: func() (transport.Socket, error) {
			p.tries = append(p.tries, time.Since(p.began))
			return p.socket.Dial()
		},
		Play: play,
	}
}

// TestStay: a player outlives a server that is started anew, in a connection of its own each time,
// and leaves by himself in order: what he said last arrives.
func TestStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, plays := newPub(t, nil), 0
		cfg := p.config(func(ctx context.Context, s *tickwire.Session) error {
			plays++
			must(t, s.Send(drinks, fmt.Appendf(nil, "hello %d", plays)))
			p.hears(fmt.Sprintf("hello %d", plays))
			if plays == 3 {
				return s.Send(drinks, []byte("bye"))
			}
			must(t, p.hub.Shutdown(ctx))
			p.hears("left: server going away")
			p.open(nil)
			for range s.Events(ctx) {
			}
			return s.Send(drinks, nil) // ErrClosed, of which no harm comes
		})
		var told []string
		cfg.Again = func(why error, pause time.Duration) error {
			told = append(told, why.Error())
			if pause <= 0 || pause > 2*time.Second {
				t.Errorf("a pause of %v", pause)
			}
			return nil
		}
		if err := tickwire.Stay(t.Context(), cfg); err != nil || plays != 3 || p.logins < 3 {
			t.Errorf("%v after %d plays and %d logins", err, plays, p.logins)
		}
		p.hears("bye")
		p.hears("left: closed")
		if len(told) < 2 || !strings.Contains(told[0], "server going away") {
			t.Errorf("told of %q", told)
		}
		must(t, p.hub.Close())
	})
}

// TestStayInterrupted: Ctrl-C ends a player in order. Grace says how long that may take, and below
// zero it takes no time.
func TestStayInterrupted(t *testing.T) {
	for _, grace := range []time.Duration{0, 5 * time.Second, -1} {
		synctest.Test(t, func(t *testing.T) {
			p := newPub(t, nil)
			ctx, stop := context.WithCancelCause(t.Context())
			pressed := errors.New("Ctrl-C")
			cfg := p.config(func(ctx context.Context, s *tickwire.Session) error {
				must(t, s.Send(drinks, []byte("one")))
				p.hears("one")
				must(t, s.Send(drinks, []byte("two")))
				stop(pressed)
				for range s.Events(ctx) {
				}
				return ctx.Err()
			})
			cfg.Grace = grace
			if err := tickwire.Stay(ctx, cfg); !errors.Is(err, pressed) {
				t.Errorf("%v", err)
			}
			if grace >= 0 {
				p.hears("two")
				p.hears("left: closed")
			}
			must(t, p.hub.Close())
		})
	}
}

// TestStayPauses: pauses double up to MostPause, are up to a half shorter by chance, never shorter than
// advised, and small again after a connection that lasted. A token is kept that nobody has used.
func TestStayPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const advice = 5 * time.Second
		refuse := 6
		p := newPub(t, func(cfg *tickwire.ServerConfig) {
			cfg.Admit = func(tickwire.Applicant) error {
				if refuse--; refuse >= 0 {
					return &tickwire.Refusal{Code: tickwire.CodeFull, RetryAfter: advice}
				}
				return nil
			}
			cfg.DevelopmentToken = func(m *netcode.MintConfig) { m.Lifetime = 10 * time.Minute }
			cfg.MaxTokenLifetime = 10 * time.Minute
		})
		time.Sleep(2 * time.Second) // the restart rule
		var pauses []time.Duration
		cfg := p.config(func(ctx context.Context, s *tickwire.Session) error {
			time.Sleep(40 * time.Second)
			p.hub.Conns()[0].Close(tickwire.CodeGoingAway, "")
			for range s.Events(ctx) {
			}
			return nil
		})
		over := errors.New("enough")
		cfg.Again = func(why error, pause time.Duration) error {
			t.Logf("%v, in %v", why, pause)
			if pauses = append(pauses, pause); len(pauses) == 7 {
				return over
			}
			return nil
		}
		if err := tickwire.Stay(t.Context(), cfg); err != over {
			t.Fatal(err)
		}
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 1} {
			want *= time.Second
			least, most := want/2, want
			if i < 6 {
				least, most = max(advice, want/2), max(advice, want/2)+want/2
			}
			if pauses[i] < least || pauses[i] > most {
				t.Errorf("pause %d: %v, want %v to %v", i, pauses[i], least, most)
			}
		}
		if p.logins != 1 || len(p.tries) != 7 {
			t.Errorf("%d logins for %d tries", p.logins, len(p.tries))
		}
		must(t, p.hub.Close())
	})
}

// A refusal of a backend knows whether it passes.
type refusal struct {
	text  string
	after time.Duration
}

func (r *refusal) Error() string                { return r.text }
func (r *refusal) Retry() (time.Duration, bool) { return r.after, r.after > 0 }

// TestStayEnds: what does not pass ends it, and what does is tried again.
func TestStayEnds(t *testing.T) {
	down := errors.New("the network is down")
	for name, c := range map[string]struct {
		login func(try int) ([]byte, error)
		tries int
		want  string
	}{
		"password": {func(int) ([]byte, error) { return nil, &refusal{text: "password"} }, 1, "password"},
		"down": {func(try int) ([]byte, error) {
			if try < 4 {
				return nil, down
			}
			return nil, &refusal{text: "banned"}
		}, 4, "banned"},
		"busy": {func(try int) ([]byte, error) {
			if try < 3 {
				return nil, &refusal{"busy", time.Minute}
			}
			return []byte("{}"), nil
		}, 3, "token"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, began := newPub(t, nil), time.Now()
			cfg, tries := p.config(func(context.Context, *tickwire.Session) error { return nil }), 0
			cfg.Login = func(context.Context) ([]byte, error) {
				tries++
				return c.login(tries)
			}
			err := tickwire.Stay(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) || tries != c.tries {
				t.Errorf("%s: %v after %d tries", name, err, tries)
			}
			if took := time.Since(began); name == "busy" && took < 2*time.Minute {
				t.Errorf("came after %v, not when advised", took)
			}
			must(t, p.hub.Close())
		})
	}
}

// TestStayRefused: a ban ends it, so does what Play returns, and a connection that Play has closed.
func TestStayRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		banned := true
		p := newPub(t, func(cfg *tickwire.ServerConfig) {
			cfg.Admit = func(tickwire.Applicant) error {
				if banned {
					return &tickwire.Refusal{Code: tickwire.CodeBanned, Text: "for a week"}
				}
				return nil
			}
		})
		time.Sleep(2 * time.Second)
		quit := errors.New("quit")
		cfg := p.config(func(context.Context, *tickwire.Session) error { return quit })
		var why *tickwire.ConnError
		if err := tickwire.Stay(t.Context(), cfg); !errors.As(err, &why) || why.Reason.Code != tickwire.CodeBanned {
			t.Errorf("banned: %v", err)
		}
		banned = false
		if err := tickwire.Stay(t.Context(), cfg); !errors.Is(err, quit) {
			t.Errorf("quit: %v", err)
		}
		cfg.Play = func(_ context.Context, s *tickwire.Session) error { return s.Close() }
		if err := tickwire.Stay(t.Context(), cfg); err != nil {
			t.Errorf("closed: %v", err)
		}
		must(t, p.hub.Close())
	})
}

// TestStayConfig: every wrong field is named.
func TestStayConfig(t *testing.T) {
	cfg := tickwire.StayConfig{LeastPause: time.Minute, MostPause: time.Second}
	cfg.Client.MaxSockets = -1
	err := tickwire.Stay(t.Context(), cfg)
	for _, field := range []string{"Login", "Open", "Play", "MostPause", "Client.MaxSockets"} {
		if err == nil || !strings.Contains(err.Error(), "tickwire: "+field+" is ") {
			t.Errorf("%s is not named by %v", field, err)
		}
	}
}
