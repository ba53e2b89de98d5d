package tickwire_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
	"github.com/tickwire/tickwire/transport/udp"
)

// wantField wants an error that names a field, and says a word.
func wantField(t *testing.T, err error, field, word string) {
	t.Helper()
	var bad *tickwire.ConfigError
	if !errors.As(err, &bad) || bad.Field != field || !strings.Contains(err.Error(), word) {
		t.Errorf("error %v, want one that names %s and says %q", err, field, word)
	}
}

// TestNoSocket: a socket that is not there, as after an error that nobody looked at, is named, and
// those that are there are closed.
func TestNoSocket(t *testing.T) {
	var none *udp.Socket
	for _, missing := range []transport.Socket{nil, none} {
		there, _, err := mem.Pair()
		must(t, err)
		_, err = tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true}, there, missing)
		wantField(t, err, "sockets[1]", "udp.Open")
		_, err = tickwire.NewClient(tickwire.ClientConfig{Config: config()}, missing)
		wantField(t, err, "sockets[0]", "udp.Open")
		_, err = tickwire.Resume(t.Context(), tickwire.ClientConfig{Config: config()}, nil, missing)
		wantField(t, err, "sockets[0]", "udp.Open")
		if there.Close() != transport.ErrClosed {
			t.Error("the other socket was left open")
		}
		w := newWorld(t)
		srv, client := w.serve(w.address(), nil), w.join(nil)
		_, err = w.open(client, srv, 1).OpenPath(missing, tickwire.PathConfig{})
		wantField(t, err, "socket", "udp.Open")
	}
	_, err := tickwire.NewClient(tickwire.ClientConfig{WireIDBytes: 9})
	wantField(t, err, "WireIDBytes", "sockets is none")
}

// A small socket says how little it carries.
type small struct {
	transport.Socket
	bytes int
}

func (s small) MaxDatagram(transport.Path) int { return s.bytes }

// TestSmallSocket: a socket that a handshake does not fit into is refused at once, not by a timeout.
func TestSmallSocket(t *testing.T) {
	for size, fits := range map[int]bool{-1: false, 100: false, 1077: false, 1078: true, 0: true} {
		server, client, err := mem.Pair()
		must(t, err)
		_, err = tickwire.NewClient(tickwire.ClientConfig{Config: config()}, small{client, size})
		_, err2 := tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true}, small{server, size})
		if fits {
			must(t, errors.Join(err, err2))
			continue
		}
		wantField(t, err, "sockets[0]", "1078")
		wantField(t, err2, "sockets[0]", fmt.Sprintf("carries %d bytes", size))
	}
}

// TestVirtualSocket: what waits for the system's clock ends with a word about it when its socket is in
// virtual time.
func TestVirtualSocket(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	if err := srv.Wait(time.Time{}); err != simnet.ErrVirtualTime {
		t.Errorf("Wait: %v", err)
	}
	for tick := range srv.Ticks(t.Context(), 1) {
		if tick.Number > 0 {
			t.Fatal("it ticks")
		}
	}
	token, err := srv.DevToken(1)
	must(t, err)
	if _, err := tickwire.Dial(t.Context(), tickwire.ClientConfig{Config: config()}, token, w.socket(w.address())); !errors.Is(err, simnet.ErrVirtualTime) {
		t.Errorf("Dial: %v", err)
	}
	hub := tickwire.NewHub(srv)
	for ev := range hub.Events(t.Context()) {
		t.Errorf("heard %v", ev)
	}
}

// TestTimeout: how long silence may last is said where tokens are made, and told by the Conn.
func TestTimeout(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{0: 10 * time.Second, 3 * time.Second: 3 * time.Second, -1: -1} {
		w := newWorld(t)
		srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.DevelopmentTimeout = given })
		client := w.join(nil)
		conn := w.open(client, srv, 1)
		player := players(srv)[0]
		if a, b := conn.Timeout(), player.Timeout(); a != want || b != want {
			t.Errorf("given %v: %v and %v", given, a, b)
		}
		if want != 3*time.Second {
			continue
		}
		w.remove(client)
		began := w.nw.Now()
		w.until("missed", func() bool { return player.Reason().Code == tickwire.CodeTimeout })
		if took := w.nw.Now().Sub(began); took < want-time.Millisecond || took > want+time.Second || player.Timeout() != 0 {
			t.Errorf("missed after %v, and then %v", took, player.Timeout())
		}
	}
	w := newWorld(t)
	_, err := w.serve(w.address(), nil).DevToken(0)
	wantField(t, err, "clientID", "from 1")
}

// TestNoReceipts: where there are none nobody is sent to wait for room.
func TestNoReceipts(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxReceipts = -1 })
	w.open(w.join(nil), srv, 1)
	c := players(srv)[0]
	if _, err := chat.SendWith(c, nil, tickwire.SendOptions{Receipt: true}); !errors.Is(err, tickwire.ErrOption) || !strings.Contains(err.Error(), "MaxReceipts") {
		t.Errorf("error %v", err)
	}
	must(t, chat.Send(c, nil))
}

// TestClosedErrors: what is closed says so in its own words, and all of them are one error.
func TestClosedErrors(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.dial(client, srv, 1)
	says := func(word string) {
		t.Helper()
		err := chat.Send(conn, nil)
		if !errors.Is(err, tickwire.ErrClosed) || !errors.Is(err, endpoint.ErrClosed) || !errors.Is(err, transport.ErrClosed) || !strings.Contains(err.Error(), word) {
			t.Errorf("error %v, want %q", err, word)
		}
	}
	says("not connected yet")
	w.until("connected", conn.Open)
	must(t, conn.Drain(tickwire.CodeNone, "", time.Second))
	says("drains")
	w.ends(client, conn)
	says("has ended")
}

// TestNoWritableAtTheEnd: who waits for room is not told of some when nothing can be sent any more.
func TestNoWritableAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := straitPair(t)
		fill(t, s.Conn())
		must(t, s.Close())
		var kinds []tickwire.EventKind
		for ev := range s.Events(t.Context()) {
			kinds = append(kinds, ev.Kind)
		}
		if len(kinds) != 1 || kinds[0] != tickwire.Disconnected {
			t.Errorf("heard %v", kinds)
		}
	})
}

// TestPrintedEvents: an event prints what belongs to it, and nothing that does not.
func TestPrintedEvents(t *testing.T) {
	for want, ev := range map[string]tickwire.Event{
		"NoEvent":                             {},
		"Connecting: answering":               {Kind: tickwire.Connecting, State: tickwire.Answering},
		"Connected":                           {Kind: tickwire.Connected},
		"Connected: resumed":                  {Kind: tickwire.Connected, Resumed: true},
		"Delivered: receipt 7, channel 2":     {Kind: tickwire.Delivered, Receipt: 7, Channel: 2},
		"Lost: receipt 7, channel 2: expired": {Kind: tickwire.Lost, Receipt: 7, Channel: 2, Why: tickwire.Expired},
		"Writable: channel 2":                 {Kind: tickwire.Writable, Channel: 2},
		"PathChanged: path 1 is active":       {Kind: tickwire.PathChanged, Path: 1, PathState: tickwire.PathActive},
		"RateChanged: 5000 bytes a second":    {Kind: tickwire.RateChanged, BytesPerSecond: 5000},
		"Away":                                {Kind: tickwire.Away},
		"Back: kept":                          {Kind: tickwire.Back, Kept: true},
		"Message: channel 2, 3 bytes":         {Kind: tickwire.Message, Channel: 2, Payload: make([]byte, 3)},
		"Disconnected: timed out (by this side), 2 reliable and 1 unreliable messages not known to have arrived": {
			Kind: tickwire.Disconnected, Reason: tickwire.Reason{Code: tickwire.CodeTimeout}, Undelivered: 3, Unreliable: 1,
		},
		"Back: not kept, 1 reliable and 0 unreliable messages not known to have arrived": {Kind: tickwire.Back, Undelivered: 1},
	} {
		if got := fmt.Sprintf("%+v", ev); got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	}
	if got := (tickwire.Reason{}).String(); got != "not ended" {
		t.Errorf("no reason prints %q", got)
	}
}

// TestReasonAdvice: what a loop that connects again asks of a reason.
func TestReasonAdvice(t *testing.T) {
	const stop, same, other = "stop", "the same token", "another token"
	for code := range tickwire.Code(70) {
		want := stop
		switch code {
		case tickwire.CodeFull, tickwire.CodeConnected, tickwire.CodeUnreachable:
			want = same
		case tickwire.CodeExpired, tickwire.CodeTooEarly, tickwire.CodeGoingAway, tickwire.CodePad, tickwire.CodeUsed,
			tickwire.CodeInternal, tickwire.CodeTimeout, tickwire.CodeForgotten:
			want = other
		}
		r := tickwire.Reason{Code: code}
		got := stop
		switch {
		case r.Retry() && r.NeedsToken():
			got = other
		case r.Retry():
			got = same
		case r.NeedsToken():
			got = "nonsense"
		}
		if got != want {
			t.Errorf("%v: %s, want %s", code, got, want)
		}
		if r.RetryAfter = time.Minute; !r.Retry() {
			t.Errorf("%v: no, though the server says when", code)
		}
	}
	if (tickwire.Reason{Code: tickwire.CodeApplication}).Retry() {
		t.Error("the library knows what a game's code means")
	}
}

// TestPublicAddressesOfNone: sockets without addresses have one all the same, which a backend can name.
func TestPublicAddressesOfNone(t *testing.T) {
	socket, err := mem.Listen()
	must(t, err)
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: config(), PrivateKey: testKey}, socket)
	must(t, err)
	defer srv.Close()
	if all := srv.PublicAddresses(); len(all) != 1 || all[0] != netip.MustParseAddrPort("127.0.0.1:1") {
		t.Errorf("addresses %v", all)
	}
}
