package tickwire_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
)

// losing is a Session at a lobby with a Redial, the log of it, and how to take its socket away.
func losing(t *testing.T, l *lobby, log *diary, redial func(tickwire.Redial) (transport.Socket, error)) (s *tickwire.Session, lose func()) {
	t.Helper()
	token, err := l.hub.DevToken(1)
	must(t, err)
	mine, err := l.socket.Dial()
	must(t, err)
	cfg := tickwire.ClientConfig{Config: config(), Redial: redial}
	cfg.Logger = log.logger()
	s, err = tickwire.Dial(within(t, 5*time.Second), cfg, token, mine)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	synctest.Wait()
	return s, func() { must(t, mine.Close()) }
}

// TestRedialOfSession: the Redial of a Session is told for which Conn it is, may use the Session and
// take its time; the log says so, and the wire is served meanwhile. Then the Conn goes on.
func TestRedialOfSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, 4)
		defer l.hub.Close()
		var s *tickwire.Session
		var log diary
		var of *tickwire.Conn
		s, lose := losing(t, l, &log, func(r tickwire.Redial) (transport.Socket, error) {
			if of = r.Conn; s.Stats().Conns != 1 || r.Conn.Timeout() != 10*time.Second {
				t.Errorf("the Session has %d connections, and a timeout of %v", s.Stats().Conns, r.Conn.Timeout())
			}
			time.Sleep(3 * time.Second)
			return l.socket.Dial()
		})
		lose()
		must(t, s.Send(2, []byte("over the new socket")))
		for ev := range l.hub.Events(within(t, 9*time.Second)) {
			if ev.Kind == tickwire.Message {
				if string(ev.Payload) != "over the new socket" {
					t.Errorf("%q", ev.Payload)
				}
				break
			}
		}
		if of != s.Conn() || !of.Open() {
			t.Errorf("Redial was for %v, which is open: %v", of, of.Open())
		}
		if n := log.count("ClientConfig.Redial has not returned for 1 s"); n != 1 {
			t.Errorf("told %d times:\n%v", n, &log)
		}
	})
}

// TestRedialEnds: Close ends the context of a Redial that is under way, does not wait for it, and what it
// brings yet is closed.
func TestRedialEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLobby(t, 4)
		defer l.hub.Close()
		var log diary
		asked := make(chan struct{})
		late, err := l.socket.Dial()
		must(t, err)
		s, lose := losing(t, l, &log, func(r tickwire.Redial) (transport.Socket, error) {
			close(asked)
			<-r.Context.Done()
			time.Sleep(time.Minute)
			return late, nil
		})
		lose()
		<-asked
		must(t, s.Close())
		time.Sleep(2 * time.Minute)
		if _, err := late.Read(make([]transport.Datagram, 1)); err == nil {
			t.Error("the socket that came late is open")
		}
	})
}

// TestRedialOfClient: within the one goroutine of a Client Redial must not use the Client, and panics
// if it does; the Conn it is for it may know.
func TestRedialOfClient(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	first := w.socket(w.address())
	var client *tickwire.Client
	var told []any
	var of uint64
	client = w.joinOver(func(cfg *tickwire.ClientConfig) {
		cfg.Redial = func(r tickwire.Redial) (transport.Socket, error) {
			of = r.Conn.ID()
			told = append(told, panicOf(func() { client.Stats() }), panicOf(func() { r.Conn.RemoteAddr() }))
			return w.socket(w.address()), nil
		}
	}, first)
	conn := w.open(client, srv, 1)
	talk := w.talk(conn, players(srv)[0])
	talk.run(time.Second)
	w.cut(first, srv, true)
	talk.forgetGaps()
	talk.run(3 * time.Second)
	if len(told) != 2 || of != conn.ID() {
		t.Fatalf("%d calls came back, of conn %d", len(told), of)
	}
	for _, what := range told {
		if text, _ := what.(string); !strings.Contains(text, "ClientConfig.Redial calls its own Client") {
			t.Errorf("%v", what)
		}
	}
}
