package interop

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

const (
	quiet = 30 * time.Second // the timeout of who is not to be given up, however busy the machine is
	short = 3 * time.Second  // and of who is
)

// The five cases, with the plain client of this folder at our server.

func TestNodeClientConnectsAndExchanges(t *testing.T) {
	t.Parallel()
	g := newGoServer(t, 4)
	node := g.nodeClient(77, quiet)
	ev := g.until(netcode.EventConnected)
	if ev.Seat.ClientID() != 77 || !ev.Seat.Plain() || !bytes.HasPrefix(ev.Seat.UserData(), []byte("hello")) {
		t.Fatalf("connected %+v", ev)
	}
	if r := node.wantState(3); r.Index != ev.Seat.Index() || r.MaxClients != 4 {
		t.Fatalf("the client was told %+v", r)
	}
	large := bytes.Repeat([]byte("x"), netcode.MaxPayloadBytes)
	for _, payload := range [][]byte{[]byte("a"), large} {
		node.command(`{"cmd":"send","data":"%x"}`, payload)
		g.until(netcode.EventPayload)
		if got := g.frames[len(g.frames)-1]; got != string(payload) {
			t.Fatalf("got %d bytes of payload, want %d", len(got), len(payload))
		}
		now, _ := clocks(g.start)
		b, err := g.s.AppendPayload(now, ev.Seat, nil, payload)
		if err != nil {
			t.Fatal(err)
		}
		g.write(b, ev.Seat.Source())
		if r := node.want("payload", nil); r.Data != hex.EncodeToString(payload) {
			t.Fatalf("the client got %q", r.Data)
		}
	}
}

func TestNodeClientDisconnects(t *testing.T) {
	t.Parallel()
	g := newGoServer(t, 4)
	node := g.nodeClient(77, quiet)
	g.until(netcode.EventConnected)
	node.wantState(3)
	node.command(`{"cmd":"disconnect"}`)
	if ev := g.until(netcode.EventDisconnected); ev.Why != netcode.WhyPeer {
		t.Fatalf("disconnected: %v", ev.Why)
	}
}

func TestNodeClientIsDisconnected(t *testing.T) {
	t.Parallel()
	g := newGoServer(t, 4)
	node := g.nodeClient(77, quiet)
	ev := g.until(netcode.EventConnected)
	node.wantState(3)
	now, _ := clocks(g.start)
	g.s.Disconnect(now, ev.Seat)
	g.s.Release(now, ev.Seat)
	sent := 0
	for b, to, ok := g.s.NextDatagram(nil); ok; b, to, ok = g.s.NextDatagram(nil) {
		g.write(b, to)
		sent++
	}
	if sent != 10 {
		t.Fatalf("%d disconnects, want 10", sent)
	}
	node.wantState(0)
}

func TestNodeClientTimesOut(t *testing.T) {
	t.Parallel()
	t.Run("at the server", func(t *testing.T) {
		t.Parallel()
		g := newGoServer(t, 4)
		node := g.nodeClient(77, short)
		g.until(netcode.EventConnected)
		node.wantState(3)
		node.command(`{"cmd":"mute"}`)
		if ev := g.until(netcode.EventDisconnected); ev.Why != netcode.WhyTimeout {
			t.Fatalf("disconnected: %v", ev.Why)
		}
	})
	t.Run("at the client", func(t *testing.T) {
		t.Parallel()
		g := newGoServer(t, 4)
		node := g.nodeClient(77, short)
		g.until(netcode.EventConnected)
		node.wantState(3)
		g.muted = true
		node.wantState(-4)
	})
	t.Run("before a connection", func(t *testing.T) {
		t.Parallel()
		g := newGoServer(t, 4)
		g.muted = true
		node := g.nodeClient(77, short)
		node.wantState(-2)
	})
}

func TestNodeClientMeetsFullServer(t *testing.T) {
	t.Parallel()
	g := newGoServer(t, 1)
	first := g.nodeClient(77, quiet)
	g.until(netcode.EventConnected)
	first.wantState(3)
	second := g.nodeClient(78, quiet)
	g.serve(func() bool { return g.s.Counters().Drops[netcode.DropFull] > 0 })
	for b, to, ok := g.s.NextDatagram(nil); ok; b, to, ok = g.s.NextDatagram(nil) {
		g.write(b, to)
	}
	second.wantState(-1)
}

// The five cases, with our client at the plain server of this folder.

func TestNodeServerConnectsAndExchanges(t *testing.T) {
	t.Parallel()
	for _, policy := range []netcode.PlainPolicy{netcode.PlainAllow, netcode.PlainOnly} {
		node, at := nodeServer(t, 4)
		g := newGoClient(t, mint(t, 99, quiet, at), policy)
		g.until(netcode.StateConnected)
		if r := node.want("connected", nil); r.ClientID != "99" || r.UserData[:10] != hex.EncodeToString([]byte("hello")) {
			t.Fatalf("connected %+v", r)
		}
		if index, most := g.c.Index(); index != 0 || most != 4 || !g.c.Plain() {
			t.Fatalf("index %d of %d, plain %v", index, most, g.c.Plain())
		}
		large := bytes.Repeat([]byte("x"), netcode.MaxPayloadBytes)
		for i, payload := range [][]byte{[]byte("a"), large} {
			now, _ := clocks(g.start)
			b, err := g.c.AppendPayload(now, nil, payload)
			if err != nil {
				t.Fatal(err)
			}
			g.write(b, g.c.Server())
			if r := node.want("payload", nil); r.Data != hex.EncodeToString(payload) {
				t.Fatalf("the server got %q", r.Data)
			}
			node.command(`{"cmd":"send","index":0,"data":"%x"}`, payload)
			g.run(func() bool { return len(g.frames) > i })
			if g.frames[i] != string(payload) {
				t.Fatalf("got %d bytes of payload, want %d", len(g.frames[i]), len(payload))
			}
		}
	}
}

func TestNodeServerIsLeft(t *testing.T) {
	t.Parallel()
	node, at := nodeServer(t, 4)
	g := newGoClient(t, mint(t, 99, quiet, at), netcode.PlainOnly)
	g.until(netcode.StateConnected)
	now, _ := clocks(g.start)
	g.c.Disconnect(now)
	g.flush(make([]byte, 2048))
	if r := node.want("disconnected", nil); r.Reason != "peer" {
		t.Fatalf("disconnected: %+v", r)
	}
}

func TestNodeServerDisconnects(t *testing.T) {
	t.Parallel()
	node, at := nodeServer(t, 4)
	g := newGoClient(t, mint(t, 99, quiet, at), netcode.PlainOnly)
	g.until(netcode.StateConnected)
	node.command(`{"cmd":"kick","index":0}`)
	g.until(netcode.StateDisconnected)
}

func TestNodeServerTimesOut(t *testing.T) {
	t.Parallel()
	t.Run("at the client", func(t *testing.T) {
		t.Parallel()
		node, at := nodeServer(t, 4)
		g := newGoClient(t, mint(t, 99, short, at), netcode.PlainOnly)
		g.until(netcode.StateConnected)
		node.command(`{"cmd":"mute"}`)
		g.until(netcode.StateTimedOut)
	})
	t.Run("at the server", func(t *testing.T) {
		t.Parallel()
		node, at := nodeServer(t, 4)
		g := newGoClient(t, mint(t, 99, short, at), netcode.PlainOnly)
		g.until(netcode.StateConnected)
		g.muted = true
		if r := node.want("disconnected", nil); r.Reason != "timeout" {
			t.Fatalf("disconnected: %+v", r)
		}
	})
	t.Run("before a connection", func(t *testing.T) {
		t.Parallel()
		g := newGoClient(t, mint(t, 99, short, address(listen(t))), netcode.PlainOnly)
		g.until(netcode.StateRequestTimedOut)
	})
}

func TestNodeServerIsFull(t *testing.T) {
	t.Parallel()
	for _, policy := range []netcode.PlainPolicy{netcode.PlainAllow, netcode.PlainOnly} {
		_, at := nodeServer(t, 1)
		first := newGoClient(t, mint(t, 99, quiet, at), netcode.PlainOnly)
		first.until(netcode.StateConnected)
		second := newGoClient(t, mint(t, 100, quiet, at), policy)
		second.until(netcode.StateDenied)
	}
}

// TestNodeServerWhereMoreIsNeeded: a client that needs our dialect says so
// instead of timing out.
func TestNodeServerWhereMoreIsNeeded(t *testing.T) {
	t.Parallel()
	_, at := nodeServer(t, 1)
	g := newGoClient(t, mint(t, 99, quiet, at), netcode.PlainRefuse)
	g.until(netcode.StateDenied)
	if ev := g.events[len(g.events)-1]; ev.Refusal.Code != netcode.CodePlainServer {
		t.Fatalf("ended with %+v", ev)
	}
}
