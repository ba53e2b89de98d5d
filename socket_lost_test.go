package tickwire_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A fragile socket fails from when it is told to.
type fragile struct {
	*simnet.Socket
	failed bool
}

var errUnplugged = errors.New("the cable is out")

func (f *fragile) Read(ds []transport.Datagram) (int, error) {
	if f.failed {
		return 0, errUnplugged
	}
	return f.Socket.Read(ds)
}

// TestLastSocketFails: a client does without a socket as long as it has another. The last one it
// keeps, and Wait tells the game.
func TestLastSocketFails(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	first, second := &fragile{Socket: w.socket(w.address())}, &fragile{Socket: w.socket(w.address())}
	client := w.joinOver(nil, first, second)
	conn := w.open(client, srv, 1)
	_, err := conn.OpenPath(second, tickwire.PathConfig{})
	must(t, err)
	w.run(time.Second, nil)
	for i, s := range []*fragile{first, second} {
		s.failed = true
		w.run(time.Second, nil)
		if n := len(client.Stats().Sockets); n != 1 || !conn.Open() {
			t.Fatalf("after %d of 2 have failed: %d sockets, %v", i+1, n, conn.Reason())
		}
	}
	if first.Close() != transport.ErrClosed {
		t.Error("the socket that the client does without is left open")
	}
}

// TestRedialWhenLost: Redial is asked when the last path has gone with its socket, not before.
func TestRedialWhenLost(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	first, second := &fragile{Socket: w.socket(w.address())}, &fragile{Socket: w.socket(w.address())}
	asked := 0
	client := w.joinOver(func(cfg *tickwire.ClientConfig) {
		cfg.Redial = func(tickwire.Redial) (transport.Socket, error) {
			asked++
			return w.socket(w.address()), nil
		}
	}, first)
	conn := w.open(client, srv, 1)
	_, err := conn.OpenPath(second, tickwire.PathConfig{})
	must(t, err)
	w.run(time.Second, nil)
	second.failed = true
	w.run(2*time.Second, nil)
	if asked != 0 || !conn.Open() {
		t.Fatalf("one of two sockets has failed: asked %d times, %v", asked, conn.Reason())
	}
	first.failed = true
	w.run(2*time.Second, nil)
	if asked != 1 || !conn.Open() || len(client.Stats().Sockets) != 1 {
		t.Fatalf("both have failed: asked %d times, %d sockets, %v", asked, len(client.Stats().Sockets), conn.Reason())
	}
	must(t, chat.Send(conn, []byte("still here")))
	w.run(time.Second, nil)
	if b, _ := players(srv)[0].Next(2); string(b) != "still here" {
		t.Errorf("the server got %q", b)
	}
}
