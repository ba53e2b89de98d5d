package tickwire_test

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// TestRoam: a player whose address changes is followed within two round trips of the first
// packet from there; nothing is lost or doubled, and nobody has to do anything for it.
func TestRoam(t *testing.T) {
	const trip, tick = 30 * time.Millisecond, time.Second / 60
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: trip}))
	socket := w.socket(w.address())
	srv, client := w.serve(w.address(), nil), w.joinOver(nil, socket)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	talk.run(2 * time.Second)
	for range 5 {
		talk.forgetGaps()
		next, began := w.move(socket), w.nw.Now()
		if !w.run(time.Second, func() bool { talk.tick(); return player.RemoteAddr() == next }) {
			t.Fatalf("the player is at %v, and the server looks for him at %v", next, player.RemoteAddr())
		}
		if took := w.nw.Now().Sub(began); took > trip+2*2*trip+2*tick {
			t.Errorf("followed after %v", took)
		}
		talk.run(time.Second)
		if talk.up.gap > 2*2*trip || talk.down.gap > 2*2*trip {
			t.Errorf("nothing came for %v up, %v down", talk.up.gap, talk.down.gap)
		}
	}
	talk.settle()
	if got := w.pathStates(srv); !slices.Equal(got, slices.Repeat([]string{"0 moved"}, 5)) {
		t.Errorf("the server was told %v", got)
	}
	if st := player.PathStats(0); st.State != tickwire.PathActive || st.Remote != player.RemoteAddr() || st.RTT == 0 {
		t.Errorf("path 0: %+v", st)
	}
	if got := w.pathStates(client); len(got) > 0 {
		t.Errorf("the client, which did not notice, was told %v", got)
	}
}

// TestRoamEachSecond: a NAT forgets the player each second for a minute, on a line that loses
// five of a hundred packets. Nothing reliable is lost or doubled, and of the unreliable messages
// nothing is missed for longer than two round trips but once in a hundred times.
func TestRoamEachSecond(t *testing.T) {
	const trip = 25 * time.Millisecond
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: trip, Loss: 0.05}))
	socket := w.socket(w.address())
	srv, client := w.serve(w.address(), nil), w.joinOver(nil, socket)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	for range 60 {
		talk.run(time.Second)
		w.move(socket)
	}
	talk.run(time.Second)
	for name, s := range map[string]*speech{"up": &talk.up, "down": &talk.down} {
		slices.Sort(s.gaps)
		p99, most := s.gaps[len(s.gaps)*99/100], s.gaps[len(s.gaps)-1]
		t.Logf("%s: %d of %d unreliable messages came, p99 of the gaps %v, the longest %v", name, len(s.gaps), s.said, p99, most)
		if p99 > 4*trip {
			t.Errorf("%s: p99 of the gaps is %v", name, p99)
		}
	}
	talk.settle()
	if st := player.PathStats(0); st.Moves < 58 || player.RemoteAddr() != socket.PublicAddr() {
		t.Errorf("%d moves of 60, and the player is at %v: %+v", st.Moves, player.RemoteAddr(), st)
	}
}

// TestRoamBeforeConfirmed: the first packet of a player comes from elsewhere than the
// handshake; he is let in, and followed.
func TestRoamBeforeConfirmed(t *testing.T) {
	w := newWorld(t)
	socket := w.socket(w.address())
	srv, client := w.serve(w.address(), nil), w.joinOver(nil, socket)
	conn := w.dial(client, srv, 1)
	for !conn.Open() {
		w.nw.Advance(time.Millisecond)
		for _, d := range w.drivers {
			d.Service(w.nw.Now())
		}
	}
	next := w.move(socket)
	w.until("followed", func() bool { return len(players(srv)) == 1 && players(srv)[0].RemoteAddr() == next })
	talk := w.talk(conn, players(srv)[0])
	talk.run(time.Second)
	talk.settle()
}

// TestRoamLong: a thousand players move in the same second, and are all followed; and what
// their messages cost, the second before and that second.
func TestRoamLong(t *testing.T) {
	const n = 1000
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: 0.02}))
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxClients = n })
	address := func(net byte, i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, 16 + net, byte(i >> 8), byte(i)}), 7000)
	}
	sockets, talks := make([]*simnet.Socket, n), make([]*talk, 0, n)
	conns := make([]*tickwire.Conn, n)
	for i := range sockets {
		sockets[i] = w.socket(address(0, i))
		conns[i] = w.dial(w.joinOver(nil, sockets[i]), srv, uint64(i)+1)
	}
	w.until("everybody is in", func() bool { return len(players(srv)) == n })
	for _, player := range players(srv) {
		talks = append(talks, w.talk(conns[player.ClientID()-1], player))
	}
	all := func() bool {
		for _, talk := range talks {
			talk.tick()
		}
		return false
	}
	w.run(time.Second, all)
	began := w.nw.Now()
	for i := range n {
		at := began.Add(time.Duration(i) * time.Second / n)
		if at.After(w.nw.Now()) && i%16 == 0 {
			w.run(at.Sub(w.nw.Now()), all)
		}
		must(t, w.nw.Rebind(address(0, i), address(1, i)))
	}
	w.run(2*time.Second, all)
	moved := 0
	for _, player := range players(srv) {
		if player.RemoteAddr() == address(1, int(player.ClientID())-1) {
			moved++
		}
	}
	if moved != n {
		t.Errorf("%d of %d players were followed", moved, n)
	}
	gaps := make([]time.Duration, 0, 2*n)
	for _, talk := range talks {
		gaps = append(gaps, talk.up.gap, talk.down.gap)
	}
	for _, talk := range talks {
		talk.settle()
	}
	slices.Sort(gaps)
	t.Logf("the longest silence of unreliable messages: median %v, p99 %v, most %v",
		gaps[n], gaps[2*n*99/100], gaps[2*n-1])
	if gaps[2*n*99/100] > 2*40*time.Millisecond+time.Second/60 {
		t.Errorf("one of a hundred heard nothing for %v", gaps[2*n*99/100])
	}
}

// TestRoamPlain: a plain netcode peer is where its handshake was: its packets name nobody.
func TestRoamPlain(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
		cfg.Plain, cfg.Channels, cfg.PrivateKey, cfg.Development, cfg.MaxTokenLifetime = tickwire.PlainRaw, nil, testKey, false, -1
	})
	home := w.address()
	token, err := netcode.ParseToken(w.mint(7, func(cfg *netcode.MintConfig) { cfg.Plain = true }, srv.PublicAddresses()...))
	must(t, err)
	client, err := netcode.NewClient(0, w.nw.Now().Unix(), token, netcode.ClientConfig{Plain: netcode.PlainOnly})
	must(t, err)
	peer := &plainPeer{w: w, socket: w.socket(home), client: client}
	w.add(peer)
	w.until("connected", func() bool { return len(players(srv)) == 1 })
	player := players(srv)[0]
	w.move(peer.socket)
	w.run(2*time.Second, nil)
	if player.RemoteAddr() != home {
		t.Errorf("moved to %v", player.RemoteAddr())
	}
	for range player.Paths() {
		t.Error("a plain peer has a path")
	}
	w.until("over", func() bool { return player.Reason().Code == tickwire.CodeTimeout })
}

// TestRoamOff: where either end says so a connection stays where it is, and one path of one
// still follows.
func TestRoamOff(t *testing.T) {
	for _, c := range []struct {
		server, client int
		follows        bool
	}{{-1, 0, false}, {0, -1, false}, {1, 0, true}, {0, 1, true}} {
		w := newWorld(t)
		socket := w.socket(w.address())
		srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxPaths = c.server })
		client := w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.MaxPaths = c.client }, socket)
		conn := w.open(client, srv, 1)
		player := players(srv)[0]
		talk := w.talk(conn, player)
		talk.run(time.Second)
		next := w.move(socket)
		talk.run(2 * time.Second)
		if got := player.RemoteAddr() == next; got != c.follows {
			t.Errorf("MaxPaths %d and %d: followed %v", c.server, c.client, got)
		}
		if _, err := conn.OpenPath(w.socket(w.address()), tickwire.PathConfig{}); c.client != 0 && !errors.Is(err, tickwire.ErrPaths) {
			t.Errorf("MaxPaths %d and %d: %v", c.server, c.client, err)
		}
	}
}

// A wiretap is a socket of which somebody on the way sees what is sent.
type wiretap struct {
	*simnet.Socket
	see func(b []byte)
}

func (s *wiretap) Write(ds []transport.Datagram) (int, error) {
	for _, d := range ds {
		s.see(bytes.Clone(d.Bytes))
	}
	return s.Socket.Write(ds)
}

// TestRoamForwarded: somebody near the player sends copies of what he sends from an address
// of his own, faster than they arrive. The player keeps the connection, and whoever forwards
// gets no more than three times what he sent.
func TestRoamForwarded(t *testing.T) {
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 30 * time.Millisecond}))
	thief := w.socket(w.address())
	srv := w.serve(w.address(), nil)
	to := srv.PublicAddresses()[0]
	must(t, w.nw.SetLink(thief.PublicAddr().Addr(), to.Addr(), simnet.LinkConfig{Delay: time.Millisecond}))
	must(t, w.nw.SetLink(to.Addr(), thief.PublicAddr().Addr(), simnet.LinkConfig{Delay: time.Millisecond}))
	sent, stealing := 0, false
	home := &wiretap{Socket: w.socket(w.address()), see: func(b []byte) {
		if stealing {
			sent += len(b)
			_, err := thief.Write([]transport.Datagram{{Path: transport.PathTo(to), Bytes: b}})
			must(t, err)
		}
	}}
	client := w.joinOver(nil, home)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	talk.run(time.Second)
	stealing = true
	got := 0
	ds := make([]transport.Datagram, 64)
	w.run(20*time.Second, func() bool {
		for n, _ := thief.Read(ds); n > 0; n, _ = thief.Read(ds) {
			for _, d := range ds[:n] {
				got += len(d.Bytes)
			}
		}
		if player.RemoteAddr() != home.PublicAddr() {
			t.Fatalf("the player is at %v, his packets go to %v", home.PublicAddr(), player.RemoteAddr())
		}
		return talk.tick()
	})
	talk.settle()
	if sent == 0 || got > 3*sent {
		t.Errorf("the thief sent %d bytes and got %d", sent, got)
	}
	st := player.Stats()
	t.Logf("the thief sent %d bytes and got %d; the player heard nothing for %v at most, RTT %v",
		sent, got, talk.down.gap, st.RTT)
	if talk.up.gap > 200*time.Millisecond || talk.down.gap > 200*time.Millisecond {
		t.Errorf("nothing came for %v up, %v down", talk.up.gap, talk.down.gap)
	}
}

// TestOpenCopied: somebody near the player's second socket sends a copy of the packet that opens a path there
// from an address of his own, faster. The path opens where the player is all the same, and whoever
// copied gets no more than three times what he sent.
func TestOpenCopied(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	to := srv.PublicAddresses()[0]
	thief, got, sent := w.socket(w.address()), 0, 0
	second := &wiretap{Socket: w.socket(w.address()), see: func(b []byte) {
		if sent == 0 {
			sent = len(b)
			_, err := thief.Write([]transport.Datagram{{Path: transport.PathTo(to), Bytes: b}})
			must(t, err)
		}
	}}
	w.delay(thief, srv, time.Millisecond)
	w.delay(second.Socket, srv, 30*time.Millisecond)
	conn := w.open(w.joinOver(nil, w.socket(w.address())), srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	talk.run(time.Second)
	path, err := conn.OpenPath(second, tickwire.PathConfig{})
	must(t, err)
	ds := make([]transport.Datagram, 64)
	w.run(3*time.Second, func() bool {
		n, _ := thief.Read(ds)
		for _, d := range ds[:n] {
			got += len(d.Bytes)
		}
		return talk.tick()
	})
	talk.settle()
	st := player.PathStats(path)
	if st.State != tickwire.PathActive || st.Remote != second.PublicAddr() || conn.PathStats(path).State != tickwire.PathActive {
		t.Errorf("the player is at %v, his path %+v", second.PublicAddr(), st)
	}
	const header = 28 // that each datagram has, too
	if got == 0 || got > 3*(sent+header) {
		t.Errorf("the thief sent %d bytes and got %d", sent, got)
	}
}

// TestRoamForged: who repeats, from elsewhere, what has arrived, or changes it, or makes it
// up, moves nobody and is answered by nobody.
func TestRoamForged(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	to := transport.PathTo(srv.PublicAddresses()[0])
	var seen [][]byte
	home := &wiretap{Socket: w.socket(w.address()), see: func(b []byte) { seen = append(seen, b) }}
	client := w.joinOver(nil, home)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	seen = nil
	var strangers []*simnet.Socket
	for range 8 {
		strangers = append(strangers, w.socket(w.address()))
	}
	noise := newSeeded(99)
	ds := make([]transport.Datagram, 64)
	for round := range 200 {
		talk.run(time.Second / 20)
		for i, b := range seen[max(0, len(seen)-8):] {
			s := strangers[(round+i)%len(strangers)]
			forged := bytes.Clone(b)
			for forged[0]&0xf8 == 8 && bytes.Equal(forged, b) {
				forged[5+noise.Uint64()%uint64(len(b)-5)] ^= byte(noise.Uint64())
			}
			other := bytes.Clone(b)
			other[4] ^= byte(1 + noise.Uint64()%7) // another path
			s.Write([]transport.Datagram{{Path: to, Bytes: b}, {Path: to, Bytes: forged}, {Path: to, Bytes: other}})
			if n, _ := s.Read(ds); n > 0 {
				t.Fatalf("a stranger was answered with % x", ds[0].Bytes)
			}
		}
		seen = nil
	}
	talk.settle()
	if player.RemoteAddr() != home.PublicAddr() || len(w.pathStates(srv)) > 0 {
		t.Errorf("the player was moved to %v: %v", player.RemoteAddr(), w.pathStates(srv))
	}
	if talk.up.gap > 100*time.Millisecond {
		t.Errorf("nothing came for %v", talk.up.gap)
	}
}

// TestRoamSlowly: a NAT, or a phone that leaves a network, lets what is sent to the old address
// arrive for a while longer. So the old address answers, and the server stays there; when it falls
// silent messages go the new way within two round trips and the time for which an answer may be held.
func TestRoamSlowly(t *testing.T) {
	const trip, tick, hold = 20 * time.Millisecond, time.Second / 60, 20 * time.Millisecond
	for _, keep := range []time.Duration{20, 60, 100, 300, 500, 700, 1500} {
		keep *= time.Millisecond
		w := newWorld(t)
		must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: trip}))
		socket := w.socket(w.address())
		srv, client := w.serve(w.address(), nil), w.joinOver(nil, socket)
		conn := w.open(client, srv, 1)
		player := players(srv)[0]
		talk := w.talk(conn, player)
		talk.run(2 * time.Second)
		for range 5 {
			next := w.address()
			must(t, w.nw.RebindSlowly(socket.PublicAddr(), next, keep))
			talk.forgetGaps()
			talk.run(keep)
			began := w.nw.Now()
			if !w.run(time.Second, func() bool { talk.tick(); return player.RemoteAddr() == next }) {
				t.Fatalf("kept for %v: the player is at %v, and the server looks for him at %v", keep, next, player.RemoteAddr())
			}
			took := w.nw.Now().Sub(began)
			talk.run(time.Second)
			if most := 2*2*trip + hold + tick; took > most+tick || talk.down.gap > most || talk.up.gap > 2*tick {
				t.Errorf("kept for %v: followed after %v, nothing came for %v up, %v down", keep, took, talk.up.gap, talk.down.gap)
			}
		}
		talk.settle()
	}
}
