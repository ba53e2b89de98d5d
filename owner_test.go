package tickwire_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
	"github.com/tickwire/tickwire/transport/udp"
)

// A taker is a part that is given a socket, and how to end what it made of it.
type taker struct {
	name, field string
	take        func(sockets ...transport.Socket) (end func() error, err error)
}

// takers are all that own sockets.
func takers(t *testing.T) []taker {
	dev := tickwire.ServerConfig{Config: config(), Development: true}
	mine := tickwire.ClientConfig{Config: config()}
	return []taker{
		{"Listen", "sockets[0]", func(s ...transport.Socket) (func() error, error) {
			srv, err := tickwire.Listen(dev, s...)
			return srv.Close, err
		}},
		{"NewClient", "sockets[0]", func(s ...transport.Socket) (func() error, error) {
			c, err := tickwire.NewClient(mine, s...)
			return func() error { return c.Close() }, err
		}},
		{"Dial", "sockets[0]", func(s ...transport.Socket) (func() error, error) {
			_, err := tickwire.Dial(t.Context(), mine, nil, s...)
			return func() error { return nil }, err
		}},
		{"Resume", "sockets[0]", func(s ...transport.Socket) (func() error, error) {
			_, err := tickwire.Resume(t.Context(), mine, nil, s...)
			return func() error { return nil }, err
		}},
		{"Wrap", "socket", func(s ...transport.Socket) (func() error, error) {
			l, err := simnet.Wrap(s[0], simnet.Links{}, 1)
			return func() error { return l.Close() }, err
		}},
	}
}

// TestOneOwner: a socket that belongs to one is refused by every other, which leaves it alone, and
// closes what was its own.
func TestOneOwner(t *testing.T) {
	for _, first := range takers(t)[:2] {
		for _, second := range takers(t) {
			socket, err := udp.Listen("127.0.0.1:0")
			must(t, err)
			end, err := first.take(socket)
			must(t, err)
			fresh, other, err := mem.Pair()
			must(t, err)
			defer other.Close()
			_, err = second.take(socket, fresh)
			wantField(t, err, second.field, "is one that has an owner already: want a socket of its own")
			if err := fresh.Close(); second.name != "Wrap" && err != transport.ErrClosed {
				t.Errorf("%s left its own socket open: %v", second.name, err)
			}
			if err := end(); err != nil {
				t.Errorf("%s closed the socket of %s: %v", second.name, first.name, err)
			}
			_, err = second.take(socket)
			wantField(t, err, second.field, "is closed: want one that is open")
		}
	}
}

// TestClosedSocket: one that is closed is refused where it is given, not found out by silence.
func TestClosedSocket(t *testing.T) {
	for _, one := range takers(t) {
		socket, err := udp.Listen("127.0.0.1:0")
		must(t, err)
		must(t, socket.Close())
		_, err = one.take(socket)
		wantField(t, err, one.field, "is closed: want one that is open")
	}
}

// A plainest socket does not know whether it has an owner, a value cannot be compared.
type (
	plainest struct{ transport.Socket }
	value    struct {
		transport.Socket
		_ []byte
	}
)

// TestSocketTwice: a socket that is there twice is named, whether or not it knows its owner.
func TestSocketTwice(t *testing.T) {
	for _, one := range takers(t)[:4] {
		for _, wrap := range []func(s transport.Socket) transport.Socket{
			func(s transport.Socket) transport.Socket { return s },
			func(s transport.Socket) transport.Socket { return plainest{s} },
		} {
			a, b, err := mem.Pair()
			must(t, err)
			defer b.Close()
			_, err = one.take(wrap(a), wrap(a))
			wantField(t, err, "sockets[1]", "is sockets[0] once more: want each socket once")
			if err := a.Close(); err != transport.ErrClosed {
				t.Errorf("%s left its socket open: %v", one.name, err)
			}
		}
		_, err := one.take(value{})
		wantField(t, err, "sockets[0]", "which cannot be compared: want a pointer")
	}
}

// TestHeaderBytes: what goes around a datagram is one number, though package endpoint, which knows no
// transport, has it under a name of its own.
func TestHeaderBytes(t *testing.T) {
	if endpoint.DatagramHeaderBytes != transport.HeaderBytes4 || simnet.DefaultOverheadBytes != transport.HeaderBytes4 {
		t.Errorf("%d, %d and %d bytes", endpoint.DatagramHeaderBytes, simnet.DefaultOverheadBytes, transport.HeaderBytes4)
	}
}

// TestOwnedDoors: OpenPath and Redial take no socket of somebody else either; one of the Client's own
// they do.
func TestOwnedDoors(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	theirs, closed, given := w.socket(w.address()), w.socket(w.address()), w.socket(w.address())
	must(t, transport.Own(theirs))
	must(t, closed.Close())
	doors := []transport.Socket{theirs, closed, given}
	client := w.join(func(cfg *tickwire.ClientConfig) {
		cfg.Redial = func(tickwire.Redial) (transport.Socket, error) {
			if len(doors) == 0 {
				return nil, errors.ErrUnsupported
			}
			next := doors[0]
			doors = doors[1:]
			return next, nil
		}
	})
	conn := w.open(client, srv, 1)
	_, err := conn.OpenPath(theirs, tickwire.PathConfig{})
	wantField(t, err, "socket", "owner already")
	_, err = conn.OpenPath(value{}, tickwire.PathConfig{})
	wantField(t, err, "socket", "cannot be compared")
	_, err = conn.OpenPath(closed, tickwire.PathConfig{})
	wantField(t, err, "socket", "closed")
	t.Log("# the way is gone: Redial is asked until it brings one that can be had")
	from, to := players(srv)[0].RemoteAddr().Addr(), srv.PublicAddresses()[0].Addr()
	w.nw.Cut(from, to)
	w.nw.Cut(to, from)
	w.until("redialed", func() bool { return len(doors) == 0 })
	w.run(time.Second, nil)
	if !conn.Open() || len(slices.Collect(client.Conns())) != 1 {
		t.Errorf("the connection is over: %v", conn.Reason())
	}
	must(t, theirs.Close())
}
