package tickwire_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/mem"
)

// panicOf is what f panics with; nil if it returns.
func panicOf(f func()) (what any) {
	defer func() { what = recover() }()
	f()
	return nil
}

// A diary is a log that a test reads while others write.
type diary struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (d *diary) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bytes.Write(b)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bytes.String()
}

func (d *diary) logger() *slog.Logger { return slog.New(slog.NewTextHandler(d, nil)) }

// count is how many lines have a text.
func (d *diary) count(text string) (n int) {
	for line := range strings.Lines(d.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// callServer listens in memory, with what change makes of its configuration.
func callServer(t *testing.T, change func(*tickwire.ServerConfig)) (*tickwire.Server, *mem.Server) {
	t.Helper()
	socket, err := mem.Listen()
	must(t, err)
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	change(&cfg)
	srv, err := tickwire.Listen(cfg, socket)
	must(t, err)
	return srv, socket
}

// TestAdmitUsesHub: an Admit that uses its own Hub, or a Conn of it, panics in place of waiting for
// itself for ever, and the client is answered.
func TestAdmitUsesHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub *tickwire.Hub
		var told []any
		uses := []func(){
			func() { hub.Conns() },
			func() { hub.Stats() },
			func() { hub.Close() },
			func() { hub.Shutdown(context.Background()) },
			func() { hub.Unreserve(1) },
			func() {
				for range hub.Events(t.Context()) {
				}
			},
		}
		srv, socket := callServer(t, func(cfg *tickwire.ServerConfig) {
			cfg.Admit = func(tickwire.Applicant) error {
				for _, use := range uses {
					told = append(told, panicOf(use))
				}
				_, err := hub.DevToken(2) // is legal
				return err
			}
		})
		hub = tickwire.NewHub(srv)
		l := &lobby{t, hub, socket}
		defer l.hub.Close()
		l.enter(1)
		if len(told) < len(uses) {
			t.Fatalf("%d of %d calls came back", len(told), len(uses))
		}
		for i, what := range told {
			if text, _ := what.(string); !strings.Contains(text, "ServerConfig.Admit calls its own Hub") {
				t.Errorf("call %d: %v", i%len(uses), what)
			}
		}
	})
}

// TestAdmitUsesServer: so does one that uses a Server which its own loop drives.
func TestAdmitUsesServer(t *testing.T) {
	w := newWorld(t)
	var srv *tickwire.Server
	var told []any
	srv = w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
		cfg.Admit = func(tickwire.Applicant) error {
			told = append(told, panicOf(func() { srv.Stats() }), panicOf(func() {
				for range srv.Conns() {
				}
			}), panicOf(func() { srv.Close() }))
			return srv.Post(func() {}) // is legal
		}
	})
	w.open(w.join(nil), srv, 1)
	if len(told) < 3 || slices.ContainsFunc(told, func(what any) bool {
		text, _ := what.(string)
		return !strings.Contains(text, "ServerConfig.Admit calls its own Server")
	}) {
		t.Errorf("%v", told)
	}
}

// TestSlowAdmitIsLogged: an Admit that has not returned for a second is named in the log, once for
// each time; one that takes half a second is not.
func TestSlowAdmitIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log diary
		takes := 3 * time.Second
		srv, socket := callServer(t, func(cfg *tickwire.ServerConfig) {
			cfg.Logger = log.logger()
			cfg.Admit = func(tickwire.Applicant) error {
				time.Sleep(takes)
				takes = time.Second / 2
				return nil
			}
		})
		l := &lobby{t, tickwire.NewHub(srv), socket}
		defer l.hub.Close()
		l.enter(1)
		l.enter(2)
		if n := log.count("ServerConfig.Admit has not returned for 1 s"); n != 1 {
			t.Errorf("told %d times:\n%v", n, &log)
		}
	})
}

// TestHungAdmit: while Admit hangs the context ends a loop over Events, Shutdown returns, and Close
// says who is to blame; when Admit returns at last all is closed.
func TestHungAdmit(t *testing.T) {
	asked, hang := make(chan struct{}), make(chan struct{})
	srv, socket := callServer(t, func(cfg *tickwire.ServerConfig) {
		once := sync.OnceFunc(func() { close(asked) })
		cfg.Admit = func(tickwire.Applicant) error { once(); <-hang; return nil }
	})
	hub := tickwire.NewHub(srv)
	token, err := hub.DevToken(1)
	must(t, err)
	mine, err := socket.Dial()
	must(t, err)
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: config()}, mine)
	must(t, err)
	defer client.Close()
	_, err = client.Connect(token)
	must(t, err)
	for done := false; !done; {
		must(t, client.Wait(time.Now().Add(time.Millisecond)))
		select {
		case <-asked:
			done = true
		default:
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	begun, looped := make(chan struct{}), make(chan struct{})
	must(t, srv.Post(func() { close(begun) })) // the loop is about to take the lock
	go func() {
		defer close(looped)
		for range hub.Events(ctx) {
		}
	}()
	<-begun
	cancel()
	<-looped
	err = hub.Shutdown(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "ServerConfig.Admit has not returned") {
		t.Errorf("Shutdown: %v", err)
	}
	close(hang)
	for err = hub.Close(); !errors.Is(err, tickwire.ErrClosed); err = hub.Close() {
		must(t, err)
	}
}

// TestLoggerUsesHub: a handler of the log is inside, too.
func TestLoggerUsesHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hub *tickwire.Hub
		var told []any
		handler := func() {
			if hub != nil {
				told = append(told, panicOf(func() { hub.Conns() }))
			}
		}
		srv, socket := callServer(t, func(cfg *tickwire.ServerConfig) {
			cfg.Logger = slog.New(&calling{slog.DiscardHandler, handler})
			cfg.Admit = func(tickwire.Applicant) error { return errors.New("the database is away") }
		})
		hub = tickwire.NewHub(srv)
		l := &lobby{t, hub, socket}
		defer hub.Close()
		if _, err := l.dial(1); err == nil {
			t.Fatal("let in")
		}
		if len(told) == 0 || !strings.Contains(told[0].(string), "Logger calls its own Hub") {
			t.Errorf("%v", told)
		}
	})
}

// calling is a handler that calls the game.
type calling struct {
	slog.Handler
	call func()
}

func (*calling) Enabled(context.Context, slog.Level) bool { return true }

func (c *calling) Handle(context.Context, slog.Record) error { c.call(); return nil }

// TestPostUnderHub: what is posted to a Server that a Hub drives may use the Hub.
func TestPostUnderHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := callServer(t, func(*tickwire.ServerConfig) {})
		hub := tickwire.NewHub(srv)
		defer hub.Close()
		ctx, cancel := context.WithCancel(t.Context())
		must(t, srv.Post(func() {
			if len(hub.Conns()) == 0 {
				cancel()
			}
		}))
		for range hub.Events(ctx) {
		}
	})
}

// ofServerUnderHub says of each method of a Server what becomes of it when a Hub drives the Server:
// whether any goroutine may go on calling it. The others panic.
var ofServerUnderHub = map[string]bool{
	"Broadcast": false, "Close": false, "Conn": false, "Conns": false,
	"Drain": false, "Drained": false, "Events": false, "Flush": false, "NewDraft": false,
	"Reserve": false, "Reserved": false, "Service": false, "Shutdown": false, "Stats": false,
	"Ticks": false, "Unreserve": false, "Update": false, "Wait": false, "WaitNews": false,

	"Clock": true, "DevToken": true, "GoString": true, "LogValue": true, "Post": true,
	"PublicAddresses": true, "String": true,
}

// TestServerUnderHub: beside the Hub that drives it no method of a Server is a race: each panics with
// the way out, or is for any goroutine. A new method has to be decided here.
func TestServerUnderHub(t *testing.T) {
	srv := benchServer(t)
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	v := reflect.ValueOf(srv)
	if v.NumMethod() != len(ofServerUnderHub) {
		t.Errorf("a Server has %d methods, and of %d it is said what becomes of them", v.NumMethod(), len(ofServerUnderHub))
	}
	for m, method := range v.Methods() {
		anybody, decided := ofServerUnderHub[m.Name]
		if !decided {
			t.Errorf("%s is not decided", m.Name)
			continue
		}
		what := panicOf(func() { callWithNothing(method) })
		text, _ := what.(string)
		if anybody && what != nil || !anybody && !strings.Contains(text, "given to a Hub") {
			t.Errorf("%s panics with %v", m.Name, what)
		}
	}
}

// callWithNothing calls a method with zero values, but for a context and a function, and goes
// through what it returns if that is an iterator.
func callWithNothing(method reflect.Value) {
	var args []reflect.Value
	for in := range method.Type().Ins() {
		switch {
		case in == reflect.TypeFor[context.Context]():
			args = append(args, reflect.ValueOf(context.Background()))
		case in == reflect.TypeFor[func()]():
			args = append(args, reflect.ValueOf(func() {}))
		default:
			args = append(args, reflect.Zero(in))
		}
	}
	for _, out := range method.Call(args) {
		if out.Kind() == reflect.Func {
			for range out.Seq() {
			}
		}
	}
}
