package tickwire_test

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
)

// Streams are a connection over two sockets at both ends: near, on which datagrams may get lost,
// and far, which is a stream.
type streams struct {
	*talk
	srv          *tickwire.Server
	client       *tickwire.Client
	conn, player *tickwire.Conn
	near, far    [2]*simnet.Socket // of the client, of the server
	path         uint8             // that is a stream
}

// streams connects, and opens the path over the stream. Each end changes its keys after so many
// packets.
func (w *world) streams(epoch, sendBytes int) *streams {
	w.t.Helper()
	s := &streams{}
	for end := range 2 {
		s.near[end] = w.socket(w.address())
		far, err := w.nw.Socket(w.address(), simnet.SocketConfig{Reliable: true, SendBytes: sendBytes})
		must(w.t, err)
		s.far[end] = far
	}
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&cfg.Config)
	cfg.EpochPackets = epoch
	var err error
	s.srv, err = tickwire.Listen(cfg, s.near[1], s.far[1])
	must(w.t, err)
	w.add(s.srv)
	s.client = w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.EpochPackets = epoch }, s.near[0])
	s.conn = w.open(s.client, s.srv, 1)
	s.player = players(s.srv)[0]
	s.talk = w.talk(s.conn, s.player)
	s.path, err = s.conn.OpenPath(s.far[0], tickwire.PathConfig{Server: s.far[1].LocalAddr()})
	must(w.t, err)
	w.until("both paths active and reliable", func() bool {
		s.tick()
		a, b := s.conn.PathStats(s.path), s.player.PathStats(s.path)
		return a.State == tickwire.PathActive && b.State == tickwire.PathActive && a.Reliable && b.Reliable
	})
	return s
}

// stop holds up what both ends send by the stream, or lets it go on.
func (s *streams) stop(off bool) {
	a, b := s.far[0].PublicAddr().Addr(), s.far[1].PublicAddr().Addr()
	if off {
		s.w.nw.Cut(a, b)
		s.w.nw.Cut(b, a)
		return
	}
	s.w.nw.Heal(a, b)
	s.w.nw.Heal(b, a)
}

// TestStreamOutlivesKeys: a stream is held up for longer than a peer keeps the keys of an epoch
// that is over. What was on it cannot be read any more when it comes, and goes again: nothing
// reliable is missing.
func TestStreamOutlivesKeys(t *testing.T) {
	w := newWorld(t)
	s := w.streams(5, 0)
	forged := func() (n uint64) {
		for _, st := range []tickwire.Stats{s.srv.Stats(), s.client.Stats()} {
			n += st.Handshake.Drops[netcode.DropForged] + st.Handshake.Drops[netcode.DropEpoch]
		}
		return n
	}
	for stall := 7 * time.Second; stall < 10*time.Second; stall += time.Second / 2 {
		s.stop(true)
		s.run(stall)
		if st := s.conn.PathStats(s.path); st.State != tickwire.PathActive {
			t.Fatalf("after %v the stream is %v", stall, st.State)
		}
		s.stop(false)
		s.run(3 * time.Second)
		s.settle()
	}
	if forged() == 0 {
		t.Error("everything could be read: the test shows nothing")
	}
	for end, c := range []*tickwire.Conn{s.conn, s.player} {
		if st := c.PathStats(s.path); st.State != tickwire.PathActive || st.PacketsLost == 0 {
			t.Errorf("end %d: %+v", end, st)
		}
	}
}

// TestCloseOverFullStream: a connection ends in order over a stream that takes nothing more when
// it is closed: its last words wait behind what is kept.
func TestCloseOverFullStream(t *testing.T) {
	w := newWorld(t)
	s := w.streams(0, 2000)
	s.conn.ClosePath(0)
	s.run(time.Second)
	s.stop(true)
	s.run(time.Second)
	s.conn.Close(tickwire.CodeApplication, "enough")
	w.run(time.Second, nil)
	if st := s.client.Stats().Sockets[1]; st.Kept == 0 || s.player.Reason() != (tickwire.Reason{}) {
		t.Errorf("%+v; the player's end: %v", st, s.player.Reason())
	}
	s.stop(false)
	w.run(time.Second, nil)
	wantCode(t, s.player.Reason(), tickwire.CodeApplication, true)
}

// TestStreamTakesNoMore: the buffer of a stream is full for a while, once while there is another
// path and once while there is none. What the socket refused is kept, nothing more is packed for
// the path meanwhile, and in the end nothing was lost, nor left out.
func TestStreamTakesNoMore(t *testing.T) {
	for _, alone := range []bool{false, true} {
		w := newWorld(t)
		s := w.streams(0, 2000)
		if alone {
			s.conn.ClosePath(0)
			s.run(time.Second)
		}
		for range 5 {
			s.stop(true)
			s.run(4 * time.Second)
			sent := s.conn.PathStats(s.path).PacketsSent
			s.run(time.Second)
			if n := s.conn.PathStats(s.path).PacketsSent - sent; n > 0 {
				t.Errorf("alone %v: %d packets were made that nobody takes", alone, n)
			}
			s.stop(false)
			s.run(time.Second)
		}
		s.settle()
		for end, stats := range [][]tickwire.SocketStats{s.client.Stats().Sockets, s.srv.Stats().Sockets} {
			st := stats[len(stats)-1]
			if st.Kept == 0 || st.Kept > 200 || st.Refused > 0 {
				t.Errorf("alone %v, end %d: %+v", alone, end, st)
			}
		}
		for end, c := range []*tickwire.Conn{s.conn, s.player} {
			if st := c.PathStats(s.path); st.State != tickwire.PathActive || st.PacketsLost > 0 {
				t.Errorf("alone %v, end %d: %+v", alone, end, st)
			}
		}
	}
}
