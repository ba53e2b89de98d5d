package tickwire_test

import (
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// TestStates: a client goes through its states, and either end knows the other's Conn.
func TestStates(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	must(t, w.nw.SetHost(netip.MustParseAddr("10.0.0.2"), simnet.LTE4G())) // the client's
	conn := w.open(client, srv, 42)
	if got := w.states(client); !slices.Equal(got, []string{"requesting", "answering", "Connected"}) {
		t.Errorf("states %v", got)
	}
	player := players(srv)[0]
	if player.ClientID() != 42 || srv.Conn(player.ID()) != player || client.Conn(conn.ID()) != conn {
		t.Errorf("client id %d, id %d", player.ClientID(), player.ID())
	}
}

// TestMatch: the player's input and a line of chat arrive, typed and in order, and he leaves.
func TestMatch(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	must(t, w.nw.SetHost(netip.MustParseAddr("10.0.0.2"), simnet.LTE4G())) // the client's
	conn := w.open(client, srv, 42)
	player := players(srv)[0]
	must(t, inputs.Send(conn, input{3, -4}))
	receipt, err := chat.SendWith(conn, []byte("hello"), tickwire.SendOptions{Receipt: true})
	must(t, err)
	var got []input
	var lines []string
	w.run(time.Second, func() bool {
		for in, err := range inputs.Receive(player) {
			must(t, err)
			got = append(got, in)
		}
		for b := range chat.Receive(player) {
			lines = append(lines, string(b))
		}
		return false
	})
	if !slices.Equal(got, []input{{3, -4}}) || !slices.Equal(lines, []string{"hello"}) {
		t.Errorf("received %v and %q", got, lines)
	}
	if ev := w.last(client); ev.Kind != tickwire.Delivered || ev.Receipt != receipt || ev.Conn != conn {
		t.Errorf("heard %v, want that receipt %v is delivered", ev, receipt)
	}
	w.wantFarewell(client, srv, conn)
}

// wantFarewell lets a client leave: the server hears why, each side once.
func (w *world) wantFarewell(client *tickwire.Client, srv *tickwire.Server, conn *tickwire.Conn) {
	w.t.Helper()
	conn.Close(tickwire.CodeApplication+1, "good night")
	if conn.Open() {
		w.t.Error("open after Close")
	}
	w.run(time.Second, nil)
	for d, remote := range map[driver]bool{client: false, srv: true} {
		want := tickwire.Reason{Code: tickwire.CodeApplication + 1, Text: "good night", Remote: remote}
		if ev := w.last(d); ev.Kind != tickwire.Disconnected || ev.Reason != want {
			w.t.Errorf("last event %v", ev)
		}
		n := 0
		for _, ev := range w.heard[d] {
			if ev.Kind == tickwire.Disconnected {
				n++
			}
		}
		if n != 1 {
			w.t.Errorf("%d times Disconnected", n)
		}
	}
}

// TestCallerDrives: nothing happens outside of the game's calls, however much time goes by, and
// nobody is there who could do it.
func TestCallerDrives(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	sent, received := client.Stats().Sockets[0].Sent, srv.Stats().Sockets[0].Received
	must(t, chat.Send(conn, []byte("hello")))
	w.nw.Advance(time.Second)
	if n := client.Stats().Sockets[0].Sent; n != sent {
		t.Errorf("%d datagrams left before the Flush", n-sent)
	}
	client.Flush(w.nw.Now())
	w.nw.Advance(time.Second)
	if _, ok := player.Next(2); ok {
		t.Error("shown before the Update")
	}
	srv.Update(w.nw.Now())
	if _, ok := player.Next(2); !ok || srv.Stats().Sockets[0].Received != received+1 {
		t.Error("not read by the Update")
	}
	buf := make([]byte, 1<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	if n := strings.Count(stacks, "created by "+module+"."); n != 0 {
		t.Errorf("the library has %d goroutines:\n%s", n, stacks)
	}
}

func TestTypedChannel(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	t.Log("# what does not decode is an error of the loop, which goes on")
	must(t, conn.Send(1, []byte("three")))
	var errs []error
	w.run(time.Second, func() bool {
		for _, err := range inputs.Receive(player) {
			errs = append(errs, err)
		}
		return false
	})
	if len(errs) != 1 || errs[0] == nil || !strings.Contains(errs[0].Error(), "4 bytes") {
		t.Errorf("errors %v", errs)
	}
	if bad, ok := errors.AsType[*tickwire.DecodeError](errs[0]); !ok || bad.Conn != player || bad.Channel != 1 || bad.Bytes != 5 || errors.Unwrap(bad) != bad.Err {
		t.Errorf("error %+v", bad)
	}
	t.Log("# several values of another channel, and a loop that is left early")
	for _, text := range []string{"a", "b", "c"} {
		must(t, chat.Send(conn, []byte(text)))
	}
	var lines []string
	w.run(time.Second, func() bool {
		for b := range chat.Receive(player) {
			lines = append(lines, string(b))
			break
		}
		return false
	})
	if !slices.Equal(lines, []string{"a", "b", "c"}) {
		t.Errorf("lines %q", lines)
	}
	var full *tickwire.SendError
	if err := conn.Send(9, nil); !errors.As(err, &full) || !errors.Is(err, tickwire.ErrNoChannel) {
		t.Errorf("Send on no channel: %v", err)
	}
	if err := conn.Send(1, make([]byte, 1<<20)); !errors.Is(err, tickwire.ErrTooLarge) {
		t.Errorf("Send of too much: %v", err)
	}
	ev := tickwire.Event{Kind: tickwire.Message, Channel: 1, Payload: []byte{1, 0, 2, 0}}
	if v, err := inputs.Decode(ev); err != nil || v != (input{1, 2}) || !inputs.Is(ev) || chat.Is(ev) {
		t.Errorf("decoded %v, %v", v, err)
	}
	for _, other := range []tickwire.Event{{}, {Kind: tickwire.Message, Channel: 2, Payload: ev.Payload}, {Kind: tickwire.Lost, Channel: 1}} {
		if _, err := inputs.Decode(other); !errors.Is(err, tickwire.ErrNoChannel) || inputs.Is(other) {
			t.Errorf("decoded %v: %v", other, err)
		}
	}
}

// TestStaleHandles: a Conn that is over does nothing, whatever its place is used for since.
func TestStaleHandles(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	t.Log("# a player leaves, another one takes the seat")
	old := w.open(client, srv, 1)
	seat := players(srv)[0]
	data := string(seat.UserData())
	must(t, chat.Send(old, []byte("last words")))
	old.Close(tickwire.CodeNone, "")
	w.run(15*time.Second, nil)
	if srv.Conn(seat.ID()) != nil || srv.Stats().Conns != 0 {
		t.Error("the server still lists a connection that is over")
	}
	conn := w.open(client, srv, 2)
	for _, c := range []*tickwire.Conn{old, seat} {
		if _, ok := c.Next(2); ok || c.Open() || len(slices.Collect(c.Receive(2))) > 0 {
			t.Error("a Conn that is over gives messages")
		}
		if err := chat.Send(c, nil); !errors.Is(err, tickwire.ErrClosed) {
			t.Errorf("Send: %v", err)
		}
		if err := inputs.Send(c, input{}); !errors.Is(err, tickwire.ErrClosed) {
			t.Errorf("typed Send: %v", err)
		}
		c.Close(tickwire.CodeApplication, "again")
		if c.Reason().Code != tickwire.CodeNone || c.Stats().PacketsSent == 0 {
			t.Errorf("reason %v, %d packets", c.Reason(), c.Stats().PacketsSent)
		}
	}
	if seat.ClientID() != 1 || string(seat.UserData()) != data {
		t.Error("a Conn that is over took another player's identity")
	}
	w.run(time.Second, nil)
	if !conn.Open() || len(players(srv)) != 1 {
		t.Error("the second player was hurt")
	}
}

// TestLastMessages: what arrived before the end can be taken with the Disconnected, and not
// any longer.
func TestLastMessages(t *testing.T) {
	w := newWorld(t)
	srv, client := w.serve(w.address(), nil), w.join(nil)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	must(t, chat.Send(conn, []byte("bye")))
	client.Flush(w.nw.Now())
	conn.Close(tickwire.CodeNone, "")
	client.Flush(w.nw.Now())
	w.nw.Advance(time.Second)
	srv.Update(w.nw.Now())
	events := slices.Collect(srv.Events())
	if len(events) != 1 || events[0].Kind != tickwire.Disconnected {
		t.Fatalf("events %v", events)
	}
	if b, ok := player.Next(2); !ok || string(b) != "bye" {
		t.Errorf("message %q %v", b, ok)
	}
	if n := len(slices.Collect(srv.Conns())); n != 1 {
		t.Errorf("%d connections with the Disconnected", n)
	}
	srv.Update(w.nw.Now())
	if n := len(slices.Collect(srv.Conns())); n != 0 {
		t.Errorf("%d connections one Update later", n)
	}
}

// TestOtherChannel: a channel that is not in the configuration is none, though its ID may be
// there. One that was made a second time is the same.
func TestOtherChannel(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	c := w.dial(w.join(nil), srv, 5)
	w.until("open", c.Open)
	twin := tickwire.NewRawChannel(chat.Config())
	other := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Delivery: tickwire.Unreliable, Name: "chat"})
	renamed := tickwire.NewChannel[input](tickwire.ChannelConfig{ID: 2, Delivery: tickwire.ReliableOrdered})
	unknown := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 9})
	must(t, twin.Send(c, []byte("hi")))
	_, tracked := other.SendWith(c, []byte("hi"), tickwire.SendOptions{Receipt: true})
	for _, err := range []error{other.Send(c, []byte("hi")), tracked, renamed.Send(c, input{}), unknown.Send(c, nil)} {
		var e *tickwire.SendError
		if !errors.Is(err, tickwire.ErrNoChannel) || !errors.As(err, &e) {
			t.Errorf("error %v", err)
		}
	}
}
