package tickwire_test

import (
	"context"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport/udp"
)

// TestPathMTU: server and client find out what the network between them carries, above all
// layers; when that shrinks nothing reliable is lost.
func TestPathMTU(t *testing.T) {
	w := newWorld(t)
	carries := func(mtu int) {
		must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond, MTU: mtu}))
	}
	carries(1420) // WireGuard's
	raw := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.Channels = tickwire.Channels(raw) })
	client := w.join(func(cfg *tickwire.ClientConfig) { cfg.Channels = tickwire.Channels(raw) })
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	sent, got := 0, 0
	tick := func() bool {
		for range player.Receive(1) {
			got++
		}
		must(t, conn.Send(1, make([]byte, 3000)))
		sent++
		return false
	}
	w.run(8*time.Second, tick)
	for _, c := range []*tickwire.Conn{conn, player} {
		if st := c.Stats(); st.MTU != 1392 || st.PacketsLost != 0 || st.ProbesLost == 0 {
			t.Errorf("%d bytes, %d packets lost, %d of %d probes", st.MTU, st.PacketsLost, st.ProbesLost, st.Probes)
		}
	}
	carries(1300)
	w.run(8*time.Second, tick)
	w.until("all arrived", func() bool {
		for range player.Receive(1) {
			got++
		}
		return got == sent
	})
	if st := conn.PathStats(0); st.MTU > 1272 || st.MTU < 1272-16 || st.BlackHoles != 1 {
		t.Errorf("%d bytes after %d black holes", st.MTU, st.BlackHoles)
	}
}

// TestMarkedByRouters: the marks of a router whose queue grows reach the sender of what it
// marked, from one socket to the other and back.
func TestMarkedByRouters(t *testing.T) {
	for _, off := range []bool{false, true} {
		w := newWorld(t)
		must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond, BitsPerSecond: 8_000_000, QueuePackets: 200, MarkPackets: 30}))
		raw := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
		srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
			cfg.Channels, cfg.DisableECN = tickwire.Channels(raw), off
			cfg.Congestion.Kind = tickwire.CongestionAIMD // which fills the queue, if nobody marks
		})
		socket := w.socket(w.address())
		client := w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.Channels = tickwire.Channels(raw) }, socket)
		conn := w.open(client, srv, 1)
		player := players(srv)[0]
		w.run(10*time.Second, func() bool {
			for range conn.Receive(1) {
				continue
			}
			for player.Stats().QueuedBytes < 100_000 {
				must(t, player.Send(1, make([]byte, 5000)))
			}
			return false
		})
		st := w.nw.PairStats(srv.PublicAddresses()[0].Addr(), socket.LocalAddr().Addr())
		t.Logf("off %v: %d marked, %d dropped, %d packets lost", off, st.Marked, st.QueueDropped, player.Stats().PacketsLost)
		if off != (st.Marked == 0) || off != (st.QueueDropped > 0) {
			t.Errorf("off %v: %d marked, %d dropped", off, st.Marked, st.QueueDropped)
		}
	}
}

// TestMTUOverSockets: over real sockets, whose interface carries all, one probe is enough.
func TestMTUOverSockets(t *testing.T) {
	server, err := udp.Listen("127.0.0.1:0", udp.Config{MaxDatagram: 9000, DSCP: 46})
	must(t, err)
	raw := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(raw), MaxDatagramBytes: 9000}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, server)
	must(t, err)
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token, err := hub.DevToken(1)
	must(t, err)
	mine, err := udp.Listen("127.0.0.1:0", udp.Config{MaxDatagram: 9000})
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine)
	must(t, err)
	defer session.Close()
	for range hub.Events(ctx) {
		if session.Conn().Stats().MTU == 9000 {
			break
		}
		must(t, session.Send(1, []byte("hello")))
	}
	if st := session.Conn().Stats(); st.MTU != 9000 || st.ProbesLost > 1 {
		t.Errorf("%d bytes, %d of %d probes lost", st.MTU, st.ProbesLost, st.Probes)
	}
}
