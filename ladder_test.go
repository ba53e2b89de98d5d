package tickwire_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// wantTransport: both sides say so.
func (c *climber) wantTransport(want transport.Kind) {
	c.w.t.Helper()
	for side, conn := range map[string]*tickwire.Conn{"client": c.conn, "server": c.player} {
		if got := conn.Transport(); got != want {
			c.w.t.Errorf("the %s says %v, want %v", side, got, want)
		}
	}
}

// wantPause: nothing was missing for longer than that since it was asked last.
func (c *climber) wantPause(most time.Duration) {
	c.w.t.Helper()
	if pause := max(c.up.gap, c.down.gap); pause > most {
		c.w.t.Errorf("nothing came for %v, want %v at most", pause, most)
	}
	c.forgetGaps()
}

// climbUp connects on a WebSocket and climbs to the top; both rungs above go over lines of the same kind.
func climbUp(t *testing.T, line simnet.LinkConfig) (c *climber, socket, webrtc, top *rung) {
	t.Helper()
	c = newWorld(t).newClimber(nil)
	c.connect()
	socket = c.ladder.rungs[0]
	webrtc, top = c.raise(transport.KindWebRTC), c.raise(transport.KindWebTransport)
	webrtc.link(line)
	top.link(line)
	c.run(3 * time.Second)
	c.wantTransport(transport.KindWebTransport)
	c.forgetGaps()
	return c, socket, webrtc, top
}

// TestClimb: a client begins on the WebSocket and moves up as better rungs come, without being told to
// and without a pause; the game hears of it, and each path says what carries it.
func TestClimb(t *testing.T) {
	c := newWorld(t).newClimber(nil)
	c.connect()
	c.run(time.Second)
	c.wantTransport(transport.KindWebSocket)
	for _, kind := range []transport.Kind{transport.KindWebRTC, transport.KindWebTransport} {
		c.raise(kind)
		c.run(time.Second)
		c.wantTransport(kind)
	}
	c.wantPause(50 * time.Millisecond)
	c.settle()
	for _, d := range []driver{c.client, c.srv} {
		if got := c.w.pathStates(d); !slices.Equal(got, []string{"1 active", "2 active"}) {
			t.Errorf("it was told %v", got)
		}
	}
	for _, conn := range []*tickwire.Conn{c.conn, c.player} {
		for st := range conn.Paths() {
			use := tickwire.UseReserve
			if st.Kind == transport.KindWebTransport {
				use = tickwire.UseShare
			}
			if st.Use != use || st.MTU != min(rungBytes[st.Kind], 1472) || st.PacketsLost > 0 || st.Reliable != (st.Kind == transport.KindWebSocket) {
				t.Errorf("%v: %+v", st.Kind, st)
			}
		}
	}
}

// TestClimbAtOnce: what is there before the Conn is open is climbed as soon as that is.
func TestClimbAtOnce(t *testing.T) {
	c := newWorld(t).newClimber(nil)
	c.raise(transport.KindWebTransport)
	c.connect()
	c.run(100 * time.Millisecond)
	c.wantTransport(transport.KindWebTransport)
	c.settle()
}

// TestClimbCut: in mid-game nothing passes any more but the WebSocket, which nobody tells: it goes on
// there within a second, and up again when all is well.
func TestClimbCut(t *testing.T) {
	c, _, webrtc, top := climbUp(t, simnet.LinkConfig{Delay: 50 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.02})
	for range 10 {
		webrtc.cut(true)
		top.cut(true)
		c.run(2 * time.Second)
		c.wantTransport(transport.KindWebSocket)
		c.wantPause(time.Second)
		webrtc.cut(false)
		top.cut(false)
		c.run(30 * time.Second)
		c.wantTransport(transport.KindWebTransport)
		c.wantPause(250 * time.Millisecond)
	}
	c.settle()
}

// TestClimbKilled: what ends is left at once, whichever rung it is and whoever hears of it first, and
// taken again when it has come again.
func TestClimbKilled(t *testing.T) {
	for _, delays := range [][2]time.Duration{{0, 0}, {0, time.Second}, {time.Second, 0}} {
		c, socket, webrtc, top := climbUp(t, simnet.LinkConfig{Delay: 50 * time.Millisecond, Loss: 0.02})
		kill := func(r *rung, then transport.Kind) {
			t.Helper()
			r.kill("gone", delays[0], delays[1])
			c.run(1500 * time.Millisecond)
			c.wantTransport(then)
			c.wantPause(500 * time.Millisecond)
		}
		kill(socket, transport.KindWebTransport)
		kill(top, transport.KindWebRTC)
		c.raise(transport.KindWebSocket)
		c.run(2 * time.Second)
		kill(webrtc, transport.KindWebSocket)
		top = c.raise(transport.KindWebTransport)
		c.run(5 * time.Second)
		c.wantTransport(transport.KindWebTransport)
		kill(top, transport.KindWebSocket)
		c.settle()
		for _, conn := range []*tickwire.Conn{c.conn, c.player} {
			if n := len(slices.Collect(conn.Paths())); n != 1 {
				t.Errorf("heard after %v: %d paths are left", delays, n)
			}
		}
	}
}

// TestClimbFromNothing: no rung is left for a while. The Conn stays, and goes on by the one that comes;
// by its ticket if that takes longer than its timeout.
func TestClimbFromNothing(t *testing.T) {
	for _, gone := range []time.Duration{time.Second, 4 * time.Second, 14 * time.Second} {
		for _, comes := range ranks {
			w := newWorld(t)
			c := w.newClimber(func(s *tickwire.ServerConfig, _ *tickwire.ClientConfig) { s.KeepSeats = time.Minute })
			c.connect()
			c.raise(transport.KindWebRTC)
			c.run(3 * time.Second)
			for _, r := range c.ladder.rungs {
				r.kill("out of reach", 0, 100*time.Millisecond)
			}
			c.run(gone)
			c.raise(comes)
			c.run(8 * time.Second)
			c.wantTransport(comes)
			c.settle()
			if n := len(slices.Collect(c.player.Paths())); n != 1 {
				t.Errorf("%v, gone for %v: %d paths", comes, gone, n)
			}
			if resumed := c.client.Stats().Resumed; (resumed > 0) != (gone > 10*time.Second) {
				t.Errorf("%v, gone for %v: resumed %d times", comes, gone, resumed)
			}
		}
	}
}

// TestClimbTakenBack: both rungs are cut, and the client has given the better one up when it hears the server there again,
// which has not heard of that and asks. The client takes the path back, and asks there as well, which does not come
// through for as long as it asks. When all is well it climbs there again, since the server still asks on that path.
func TestClimbTakenBack(t *testing.T) {
	takenBack := 0
	for cut := time.Second; cut < 2*time.Second; cut += 100 * time.Millisecond {
		c := newWorld(t).newClimber(nil)
		c.connect()
		socket := c.ladder.rungs[0]
		top := c.raise(transport.KindWebTransport)
		c.run(3 * time.Second)
		c.wantTransport(transport.KindWebTransport)
		top.cut(true)
		c.run(cut)
		c.wantTransport(transport.KindWebSocket)
		socket.cut(true)
		c.conn.ClosePath(1)
		c.run(2500 * time.Millisecond) // it is opened twice, and not for a while after that
		c.w.until("the client's path is closed", func() bool { return c.conn.PathStats(1).State == tickwire.PathClosed })
		top.faults = []*fault{{off: [2]bool{true, false}}}
		top.relink()
		c.run(3 * time.Second)
		if c.conn.PathStats(1).State == tickwire.PathFailed {
			takenBack++
		}
		socket.kill("killed", 0, 0) // with all that says what was given up
		c.raise(transport.KindWebSocket)
		c.run(time.Second)
		top.cut(false)
		c.run(15 * time.Second)
		c.wantTransport(transport.KindWebTransport)
		c.settle()
	}
	if takenBack == 0 {
		t.Error("the client has never taken the path back")
	}
}

// TestClimbClose: a connection ends in order over what is left, whatever ends beside it; and without
// anything left both sides end by themselves.
func TestClimbClose(t *testing.T) {
	for _, last := range []bool{false, true} {
		c, socket, webrtc, top := climbUp(t, simnet.LinkConfig{Delay: 50 * time.Millisecond})
		top.kill("gone", 0, 0)
		c.conn.Close(tickwire.CodeApplication, "enough")
		if last {
			socket.kill("gone", 0, 0)
			webrtc.kill("gone", 0, 0)
		}
		c.w.run(20*time.Second, nil)
		wantCode(t, c.conn.Reason(), tickwire.CodeApplication, false)
		if last {
			wantCode(t, c.player.Reason(), tickwire.CodeTimeout, false)
		} else {
			wantCode(t, c.player.Reason(), tickwire.CodeApplication, true)
		}
		if st := c.srv.Stats(); st.Conns != 0 || c.client.Stats().Conns != 0 {
			t.Errorf("the last rung is gone %v: %d connections are left", last, st.Conns)
		}
	}
}

// TestClimbRedial: the whole ladder is gone, and the game brings another one, which is climbed in its place.
func TestClimbRedial(t *testing.T) {
	w := newWorld(t)
	var c *climber
	next := &ladder{ends{w: w}}
	c = w.newClimber(func(_ *tickwire.ServerConfig, client *tickwire.ClientConfig) {
		client.Redial = func(tickwire.Redial) (transport.Socket, error) {
			if c.ladder == next {
				return nil, errors.New("there is no third one")
			}
			c.ladder = next
			c.raise(transport.KindWebSocket)
			return next, nil
		}
	})
	c.connect()
	c.raise(transport.KindWebTransport)
	c.run(time.Second)
	c.wantTransport(transport.KindWebTransport)
	for _, r := range c.ladder.rungs {
		r.kill("gone", 0, 0)
	}
	c.run(time.Second)
	c.wantTransport(transport.KindWebSocket)
	c.raise(transport.KindWebRTC)
	c.run(time.Second)
	c.wantTransport(transport.KindWebRTC)
	for _, r := range c.ladder.rungs {
		r.kill("gone", 0, 0)
	}
	c.run(2 * time.Second)
	c.raise(transport.KindWebTransport) // by the ladder's own doing
	c.run(2 * time.Second)
	c.wantTransport(transport.KindWebTransport)
	c.settle()
	if n := len(c.client.Stats().Sockets); n != 2 {
		t.Errorf("%d sockets", n)
	}
}

// TestClimbHandshake: the rung of a handshake ends, at any moment of it. It goes on over another one that
// is large enough; without one the player hears why, in the words of the transport.
func TestClimbHandshake(t *testing.T) {
	const why = "the server has no room for another browser player (1000)"
	for at := time.Millisecond; at < 60*time.Millisecond; at += 3 * time.Millisecond {
		for _, other := range []string{"there", "comes", "small", "none"} {
			w := newWorld(t)
			c := w.newClimber(nil)
			socket := c.ladder.rungs[0]
			raise := func() {
				if r := c.raise(transport.KindWebRTC); other == "small" {
					r.max = transport.MinDatagram - 1
				}
			}
			if other != "none" && other != "comes" {
				raise()
			}
			conn := w.dial(c.client, c.srv, 1)
			c.client.Flush(w.nw.Now())
			w.service(w.nw.Now().Add(at))
			opened := conn.Open()
			if other == "comes" {
				raise()
			}
			socket.kill(why, 0, 0)
			if other == "there" || other == "comes" {
				w.until("connected", func() bool { return conn.Open() && len(players(c.srv)) == 1 })
				c.conn, c.player = conn, players(c.srv)[0]
				c.talk = w.talk(c.conn, c.player)
				c.run(time.Second)
				c.settle()
				c.wantTransport(transport.KindWebRTC)
				continue
			}
			w.run(time.Second, nil)
			if r := conn.Reason(); !opened && (r.Code != tickwire.CodeUnreachable || r.Text != why || !r.Retry() || r.NeedsToken()) {
				t.Errorf("ended after %v, the other one %s: %v", at, other, r)
			}
		}
	}
}

// TestClimbSizes: a message that was cut for datagrams of one size goes on in those of another.
func TestClimbSizes(t *testing.T) {
	c, _, webrtc, top := climbUp(t, simnet.LinkConfig{Delay: 50 * time.Millisecond, Loss: 0.02})
	large := func() int { return 1100 + len(c.up.gaps)%300 }
	c.up.more, c.down.more = large, large
	c.run(time.Second)
	for range 4 {
		top.kill("gone", 0, 0)
		c.run(time.Second)
		c.wantTransport(transport.KindWebRTC)
		webrtc.kill("gone", 0, 0)
		c.run(time.Second)
		c.wantTransport(transport.KindWebSocket)
		webrtc, top = c.raise(transport.KindWebRTC), c.raise(transport.KindWebTransport)
		c.run(20 * time.Second)
		c.wantTransport(transport.KindWebTransport)
	}
	c.settle()
}

// TestSlowRung: the WebSocket is all there is, and carries a third of what the game says. What is
// unreliable is replaced in its channel before it is written: so what comes is never older than what
// the stream itself holds takes to get across, however long this lasts, and nothing is sent twice.
func TestSlowRung(t *testing.T) {
	const (
		rate   = 20_000 // bytes a second
		buffer = 4 << 10
		trip   = 40 * time.Millisecond
		most   = time.Second*(buffer+2*1500)/rate + trip // the stream, what it refused, and what is being written
	)
	state := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 3, Delivery: tickwire.UnreliableLatest, Name: "state"})
	w := newWorld(t)
	c := w.newClimber(func(server *tickwire.ServerConfig, client *tickwire.ClientConfig) {
		channels := tickwire.Channels(inputs, chat, state)
		server.Channels, client.Channels = channels, channels
	})
	c.ladder.rungs[0].kill("its buffer is too large", 0, 0)
	c.buffer = buffer
	c.raise(transport.KindWebSocket).link(simnet.LinkConfig{Delay: trip, BitsPerSecond: 8 * rate, QueueBytes: 1 << 20, QueuePackets: -1})
	c.connect()
	var came, said int
	var oldest, oldestChat time.Duration
	began := w.nw.Now()
	age := func(b []byte) time.Duration {
		return w.nw.Now().Sub(began) - time.Duration(binary.LittleEndian.Uint64(b))
	}
	w.run(time.Minute, func() bool {
		for b := range state.Receive(c.player) {
			came++
			oldest = max(oldest, age(b))
		}
		for b := range chat.Receive(c.player) {
			oldestChat = max(oldestChat, age(b))
		}
		now := binary.LittleEndian.AppendUint64(nil, uint64(w.nw.Now().Sub(began)))
		if said++; said%30 == 0 {
			must(t, chat.Send(c.conn, now))
		}
		must(t, state.Send(c.conn, append(now, make([]byte, 1000)...)))
		return false
	})
	st := c.conn.PathStats(0)
	for st = range c.conn.Paths() {
	}
	t.Logf("%d of %d came, the oldest %v old, of what is reliable %v; %+v", came, said, oldest, oldestChat, st)
	if oldest > most || oldestChat > most {
		t.Errorf("what came was %v old, what is reliable %v, want %v at most", oldest, oldestChat, most)
	}
	if came < 60*rate*8/10/1100 || st.PacketsLost > 0 || st.PacketsOverdue > 0 || !st.Reliable {
		t.Errorf("%d of %d came; %+v", came, said, st)
	}
}
