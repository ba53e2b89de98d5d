package tickwire_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
)

// A forgetful game leaves out a half of its loop, and knows no Service.
type forgetful struct {
	driver
	updates, flushes bool
}

func (f forgetful) Update(now time.Time) {
	if f.updates {
		f.driver.Update(now)
	}
}

func (f forgetful) Flush(now time.Time) time.Time {
	if f.flushes {
		f.driver.Flush(now)
	}
	return time.Time{}
}

func (f forgetful) Service(time.Time) time.Time { return time.Time{} }

// TestForgottenHalf: a game that forgets Update, or Flush, reads in the log what it has to call, once;
// one that forgets neither reads nothing.
func TestForgottenHalf(t *testing.T) {
	for name, f := range map[string]struct {
		updates, flushes bool
		want             string
	}{
		"neither": {true, true, ""},
		"Update":  {false, true, "Update was not"},
		"Flush":   {true, false, "Flush was not"},
		"both":    {false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			var ofClient, ofServer diary
			srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.Logger = ofServer.logger() })
			client := w.join(func(cfg *tickwire.ClientConfig) { cfg.Logger = ofClient.logger() })
			w.dial(client, srv, 1)
			w.remove(srv)
			w.remove(client)
			w.add(forgetful{srv, f.updates, f.flushes})
			w.add(forgetful{client, f.updates, f.flushes})
			w.run(900*time.Millisecond, nil)
			if early := ofClient.count(" was not") + ofServer.count(" was not"); early != 0 {
				t.Error("told in less than a second")
			}
			w.run(5*time.Second, nil)
			for whose, log := range map[string]*diary{"client": &ofClient, "server": &ofServer} {
				want := 0
				if f.want != "" {
					want = 1
				}
				if log.count(" was not") != want || want > 0 && log.count(f.want) != 1 {
					t.Errorf("the log of the %s:\n%v", whose, log)
				}
			}
		})
	}
}

// TestNeverFlushed: the timeout of a client that never calls Flush says so, and does not blame the
// server.
func TestNeverFlushed(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.DevelopmentTimeout = 2 * time.Second })
	client := w.join(nil)
	conn := w.dial(client, srv, 1)
	w.remove(client)
	w.add(forgetful{client, true, false})
	w.run(3*time.Second, nil)
	if r := conn.Reason(); r.Code != tickwire.CodeTimeout || !strings.HasPrefix(r.Text, "nothing was sent: is Flush called?") {
		t.Errorf("%v", r)
	}
}

// TestNobodyHears: when the events of a Hub are taken by nobody for five seconds the log says why,
// once; and not before, nor while a loop takes them.
func TestNobodyHears(t *testing.T) {
	for name, c := range map[string]struct {
		loop func(*tickwire.Hub)
		want string
	}{
		"no loop": {func(*tickwire.Hub) {}, "there is no loop over Events of this Hub"},
		"a sleeper": {func(hub *tickwire.Hub) {
			for range hub.Events(context.Background()) {
				time.Sleep(20 * time.Second)
			}
		}, "the body of the loop over Events has not returned for 5 s"},
		"a listener": {func(hub *tickwire.Hub) {
			for range hub.Events(context.Background()) {
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log diary
				srv, socket := callServer(t, func(cfg *tickwire.ServerConfig) { cfg.Logger = log.logger() })
				l := &lobby{t, tickwire.NewHub(srv), socket}
				var wg sync.WaitGroup
				wg.Go(func() { c.loop(l.hub) })
				s := l.enter(1)
				time.Sleep(time.Second)
				for range 12 {
					must(t, s.Send(2, []byte("hello?")))
					time.Sleep(time.Second)
				}
				if n := log.count("nobody takes them"); (n == 1) != (c.want != "") || log.count(c.want) < n {
					t.Errorf("told %d times:\n%v", n, &log)
				}
				must(t, l.hub.Close())
				wg.Wait()
			})
		})
	}
}
