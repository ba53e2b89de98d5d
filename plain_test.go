package tickwire_test

import (
	"iter"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A plainPeer is a client or a server of plain netcode 1.02 on the network.
type plainPeer struct {
	w      *world
	socket *simnet.Socket
	client *netcode.Client // one of the two
	server *netcode.Server
	seat   *netcode.Seat
	got    []string
	over   bool
	state  netcode.State
}

func (p *plainPeer) clock() (now, unix int64) {
	return int64(p.w.nw.Now().Sub(simnet.Epoch)), p.w.nw.Now().Unix()
}

func (p *plainPeer) Events() iter.Seq[tickwire.Event] { return func(func(tickwire.Event) bool) {} }
func (p *plainPeer) Update(time.Time)                 {}
func (p *plainPeer) Flush(time.Time) (none time.Time) { return none }

// Service reads, and sends what is due.
func (p *plainPeer) Service(time.Time) time.Time {
	now, unix := p.clock()
	ds := make([]transport.Datagram, 1)
	for n, _ := p.socket.Read(ds); n > 0; n, _ = p.socket.Read(ds) {
		p.handle(now, unix, ds[0])
	}
	at := int64(0)
	if p.client != nil {
		p.client.HandleTimeout(now, unix)
		for b, to, ok := p.client.NextDatagram(nil); ok; b, to, ok = p.client.NextDatagram(nil) {
			p.write(transport.PathTo(to.AddrPort()), b)
		}
		p.state, at = p.client.State(), p.client.Deadline()
	} else {
		if ev := p.server.HandleTimeout(now, unix); ev.Kind == netcode.EventDisconnected {
			p.over = true
		}
		for b, to, ok := p.server.NextDatagram(nil); ok; b, to, ok = p.server.NextDatagram(nil) {
			p.write(transport.PathTo(to.AddrPort()), b)
		}
		at = p.server.Deadline()
	}
	return simnet.Epoch.Add(time.Duration(min(at, now+int64(time.Second))))
}

func (p *plainPeer) handle(now, unix int64, d transport.Datagram) {
	from := netcode.SourceFrom(d.Path.Remote)
	if p.client != nil {
		ev := p.client.HandleDatagram(now, unix, 0, from, d.Bytes)
		if ev.Kind == netcode.ClientPayload {
			p.got = append(p.got, string(ev.Frames))
		}
		p.over = p.over || ev.Kind == netcode.ClientEnded
		return
	}
	ev := p.server.HandleDatagram(now, unix, from, d.Bytes, nil)
	if len(ev.Reply) > 0 {
		p.write(d.Path, ev.Reply)
	}
	switch ev.Kind {
	case netcode.EventConnected:
		p.seat = ev.Seat
		if len(ev.Frames) > 0 {
			p.got = append(p.got, string(ev.Frames))
		}
	case netcode.EventPayload:
		p.got = append(p.got, string(ev.Frames))
	case netcode.EventDisconnected:
		p.over = true
	}
}

func (p *plainPeer) send(text string) {
	p.w.t.Helper()
	now, _ := p.clock()
	var b []byte
	var err error
	var to netcode.Source
	if p.client != nil {
		to = p.client.Server()
		b, err = p.client.AppendPayload(now, nil, []byte(text))
	} else {
		to = p.seat.Source()
		b, err = p.server.AppendPayload(now, p.seat, nil, []byte(text))
	}
	must(p.w.t, err)
	p.write(transport.PathTo(to.AddrPort()), b)
}

func (p *plainPeer) write(to transport.Path, b []byte) {
	_, err := p.socket.Write([]transport.Datagram{{Path: to, Bytes: b}})
	must(p.w.t, err)
}

func forPlain(cfg *netcode.MintConfig) { cfg.Plain = true }

func (w *world) plainClient(token []byte) *plainPeer {
	w.t.Helper()
	p := &plainPeer{w: w, socket: w.socket(w.address())}
	now, unix := p.clock()
	tok, err := netcode.ParseToken(token)
	must(w.t, err)
	p.client, err = netcode.NewClient(now, unix, tok, netcode.ClientConfig{Plain: netcode.PlainOnly})
	must(w.t, err)
	w.add(p)
	return p
}

func raw(c *tickwire.Conn) (got []string) {
	for b := range c.Receive(tickwire.PlainChannel) {
		got = append(got, string(b))
	}
	return got
}

func allowPlain(cfg *tickwire.ServerConfig) {
	withKey(cfg)
	cfg.Plain = tickwire.PlainRaw
}

func TestPlainClient(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv := w.serve(at, allowPlain)
	peer := w.plainClient(w.mint(8, forPlain, at))
	w.until("connected", func() bool { return len(players(srv)) == 1 })
	player := players(srv)[0]
	if !player.Plain() || player.ClientID() != 8 {
		t.Errorf("plain %v, client id %d", player.Plain(), player.ClientID())
	}
	t.Log("# payloads in both directions are messages of the one channel there is")
	peer.send("from the client")
	must(t, player.Send(tickwire.PlainChannel, []byte("from the server")))
	var got []string
	w.run(time.Second, func() bool { got = append(got, raw(player)...); return false })
	if !slices.Equal(got, []string{"from the client"}) || !slices.Equal(peer.got, []string{"from the server"}) {
		t.Errorf("the server got %q, the client %q", got, peer.got)
	}
	if _, err := player.SendWith(tickwire.PlainChannel, []byte{1}, tickwire.SendOptions{Receipt: true}); err != tickwire.ErrPlainReceipt {
		t.Errorf("with a receipt: %v", err)
	}
	for _, b := range [][]byte{nil, make([]byte, 1201)} {
		if player.Send(tickwire.PlainChannel, b) == nil {
			t.Errorf("sent %d bytes", len(b))
		}
	}
	if player.Send(1, []byte{1}) == nil {
		t.Error("sent on a channel that plain peers do not have")
	}
	t.Log("# it stays as long as it speaks, and is told when it has to go")
	w.run(20*time.Second, nil)
	if !player.Open() {
		t.Fatalf("ended: %v", player.Reason())
	}
	player.Close(tickwire.CodeNone, "")
	w.run(time.Second, nil)
	if !peer.over {
		t.Error("the client does not know that it is out")
	}
	t.Log("# another one leaves by itself, a third vanishes")
	leaver := w.plainClient(w.mint(9, forPlain, at))
	w.until("connected", func() bool { return len(players(srv)) == 1 })
	now, _ := leaver.clock()
	leaver.client.Disconnect(now)
	w.run(time.Second, nil)
	wantCode(t, w.last(srv).Reason, tickwire.CodeNone, true)
	gone := w.plainClient(w.mint(10, forPlain, at))
	w.until("connected", func() bool { return len(players(srv)) == 1 })
	w.remove(gone)
	w.run(11*time.Second, nil)
	wantCode(t, w.last(srv).Reason, tickwire.CodeTimeout, false)
	w.run(time.Second, nil)
	if n := srv.Stats().Conns; n != 0 {
		t.Errorf("%d connections", n)
	}
}

// TestPlainRefused: a server with channels does not talk to plain clients unless told to.
func TestPlainRefused(t *testing.T) {
	var log tap
	w := newWorld(t)
	at := w.address()
	srv := w.serve(at, func(cfg *tickwire.ServerConfig) { withKey(cfg); cfg.Logger = log.logger() })
	peer := w.plainClient(w.mint(8, forPlain, at))
	w.run(12*time.Second, nil)
	if len(w.heard[srv]) != 0 || peer.state == netcode.StateConnected {
		t.Errorf("state %v, events %v", peer.state, w.heard[srv])
	}
	if !strings.Contains(log.String(), "PlainRaw would let such clients in") {
		t.Errorf("log: %s", log.String())
	}
	t.Log("# our own client gets in with the same kind of token")
	client := w.join(nil)
	conn, err := client.Connect(w.mint(9, forPlain, at))
	must(t, err)
	w.until("connected", conn.Open)
	if conn.Plain() {
		t.Error("plain with a server of ours")
	}
}

func (w *world) plainServer(max int) (*plainPeer, []byte) {
	w.t.Helper()
	at := w.address()
	p := &plainPeer{w: w, socket: w.socket(at)}
	now, unix := p.clock()
	var err error
	p.server, err = netcode.NewServer(now, unix, netcode.ServerConfig{
		ProtocolID: 7, PrivateKey: testKey, Addresses: []netip.AddrPort{at}, MaxClients: max,
		MaxTokenLifetime: -1, Plain: netcode.PlainOnly,
	})
	must(w.t, err)
	w.add(p)
	return p, w.mint(4, forPlain, at)
}

func TestPlainServer(t *testing.T) {
	w := newWorld(t)
	_, other := w.plainServer(1)
	t.Log("# a client with channels does not want a plain server")
	wantCode(t, w.refused(other, nil), tickwire.CodePlainServer, false)
	t.Log("# unless its configuration says so")
	peer, token := w.plainServer(1)
	client := w.join(func(cfg *tickwire.ClientConfig) { cfg.Plain = tickwire.PlainRaw })
	conn, err := client.Connect(token)
	must(t, err)
	w.until("connected", conn.Open)
	if !conn.Plain() {
		t.Error("not plain")
	}
	must(t, conn.Send(tickwire.PlainChannel, []byte("up")))
	w.until("seated", func() bool { return peer.seat != nil })
	peer.send("down")
	var got []string
	w.run(20*time.Second, func() bool { got = append(got, raw(conn)...); return false })
	if !conn.Open() || !slices.Equal(got, []string{"down"}) || !slices.Equal(peer.got, []string{"up"}) {
		t.Errorf("the client got %q, the server %q", got, peer.got)
	}
	t.Log("# it says goodbye")
	conn.Close(tickwire.CodeNone, "")
	w.run(time.Second, nil)
	if !peer.over || client.Stats().Conns != 0 {
		t.Error("the server does not know that the client left")
	}
	t.Log("# a plain server that is full denies, one that ends tells")
	peer, _ = w.plainServer(1)
	at := peer.socket.LocalAddr()
	one := w.join(func(cfg *tickwire.ClientConfig) { cfg.Plain = tickwire.PlainRaw })
	first, err := one.Connect(w.mint(4, forPlain, at))
	must(t, err)
	w.until("connected", func() bool { return first.Open() && peer.seat != nil })
	plainToo := func(cfg *tickwire.ClientConfig) { cfg.Plain = tickwire.PlainRaw }
	wantCode(t, w.refused(w.mint(5, forPlain, at), plainToo), tickwire.CodeFull, true)
	now, _ := peer.clock()
	peer.server.Disconnect(now, peer.seat)
	wantCode(t, w.ends(one, first), tickwire.CodeNone, true)
}

// TestPlainOverTwoSockets: each plain client hears from the socket that it speaks to.
func TestPlainOverTwoSockets(t *testing.T) {
	w := newWorld(t)
	here, there := w.address(), w.address()
	cfg := tickwire.ServerConfig{Config: config()}
	allowPlain(&cfg)
	w.simulate(&cfg.Config)
	srv, err := tickwire.Listen(cfg, w.socket(here), w.socket(there))
	must(t, err)
	w.add(srv)
	a, b := w.plainClient(w.mint(1, forPlain, here)), w.plainClient(w.mint(2, forPlain, there))
	w.until("connected", func() bool { return len(players(srv)) == 2 })
	w.run(20*time.Second, nil)
	if a.state != netcode.StateConnected || b.state != netcode.StateConnected {
		t.Fatalf("states %v and %v", a.state, b.state)
	}
	must(t, srv.Close())
	w.remove(srv)
	w.run(time.Second, nil)
	if !a.over || !b.over {
		t.Error("not told that the server closed")
	}
}
