package transport_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
	"github.com/tickwire/tickwire/transport/udp"
)

// TestOwn: the first gets a socket, and every other error says why not, and what would do.
func TestOwn(t *testing.T) {
	var none *udp.Socket
	owned, closed, err := mem.Pair()
	if err != nil {
		t.Fatal(err)
	}
	if err := transport.Own(owned); err != nil {
		t.Fatal(err)
	}
	both, _, err := mem.Pair()
	if err != nil {
		t.Fatal(err)
	}
	if err := transport.Own(both); err != nil {
		t.Fatal(err)
	}
	closed.Close()
	both.Close()
	const closedText = "transport: socket is closed: want one that is open: " +
		"who owns a socket closes it at its own end, so that the next one needs another"
	for _, c := range []struct {
		socket transport.Socket
		is     error
		text   string
	}{
		{nil, transport.ErrNoSocket, "transport: socket is nil: want one, from udp.Open say, whose error tells why there is none"},
		{none, transport.ErrNoSocket, "transport: socket is nil: want one, from udp.Open say, whose error tells why there is none"},
		{owned, transport.ErrOwned, "transport: socket is one that has an owner already: want a socket of its own: " +
			"a Server, a Client, a Session and simnet.Wrap each own what they were given, until they close it"},
		{both, transport.ErrClosed, closedText},
		{closed, transport.ErrClosed, closedText},
	} {
		if err := transport.Own(c.socket); !errors.Is(err, c.is) || err.Error() != c.text {
			t.Errorf("%v, want %s", err, c.text)
		}
	}
}

// TestOwnOnce: of many who ask at once one becomes the owner.
func TestOwnOnce(t *testing.T) {
	socket, _, err := mem.Pair()
	if err != nil {
		t.Fatal(err)
	}
	var owners atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if transport.Own(socket) == nil {
				owners.Add(1)
			}
		})
	}
	wg.Wait()
	if n := owners.Load(); n != 1 {
		t.Errorf("%d owners", n)
	}
}
