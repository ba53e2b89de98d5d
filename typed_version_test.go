package tickwire_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
	"github.com/tickwire/tickwire/internal/gen/sample/oldgame"
	"github.com/tickwire/tickwire/transport/mem"
)

// The channels of a game as it was before: Moves of version 1, and Lines that are shorter.
var (
	oldMoves = tickwire.NewChannel[oldgame.Move](gameMoves.Config())
	oldLines = tickwire.NewChannel[oldgame.Line](gameLines.Config())
)

// with makes channels those of a client.
func with(channels ...tickwire.AnyChannel) func(*tickwire.ClientConfig) {
	return func(cfg *tickwire.ClientConfig) { cfg.Channels = channels }
}

// serving makes channels those of a server.
func serving(channels ...tickwire.AnyChannel) func(*tickwire.ServerConfig) {
	return func(cfg *tickwire.ServerConfig) { cfg.Channels = channels }
}

// releases is a server of this release with three clients: one of this release, one of that before, and one
// that does not say what its messages look like.
func releases(t *testing.T) (w *world, srv *tickwire.Server, now, before, raw *tickwire.Conn) {
	t.Helper()
	w = newWorld(t)
	srv = w.serve(w.address(), serving(gameMoves))
	now = w.open(w.join(with(gameMoves)), srv, 1)
	before = w.open(w.join(with(oldMoves)), srv, 2)
	raw = w.open(w.join(with(tickwire.NewRawChannel(gameMoves.Config()))), srv, 3)
	for i, c := range []*tickwire.Conn{now, before, raw} {
		theirs := slices.IndexFunc(players(srv), func(p *tickwire.Conn) bool { return p.ClientID() == uint64(i+1) })
		if mine, other := c.SchemaVersion(), players(srv)[theirs].SchemaVersion(); [2]int{mine, other} != [][2]int{{2, 2}, {1, 1}, {0, 2}}[i] {
			t.Errorf("player %d uses version %d, the server %d", i+1, mine, other)
		}
	}
	return w, srv, now, before, raw
}

// TestTypedVersions: a server talks to clients of this release and of the one before, to each in its own
// version, and what is told to all is encoded for each of them.
func TestTypedVersions(t *testing.T) {
	w, srv, now, before, raw := releases(t)
	move := game.Move{Tick: 7, X: 0.5, Y: -0.25, Jumps: true, Seen: []uint16{1, 1000}}
	told := 0
	must(t, gameMoves.Broadcast(srv, nil, move, tickwire.SendOptions{}, func(_ *tickwire.Conn, _ tickwire.Receipt, err error) {
		must(t, err)
		told++
	}))
	var got game.Move
	var old oldgame.Move
	bytes := 0
	w.run(time.Second, func() bool {
		for v, err := range gameMoves.Receive(now) {
			must(t, err)
			got = v
		}
		for v, err := range oldMoves.Receive(before) {
			must(t, err)
			old = v
		}
		for b := range raw.Receive(gameMoves.Config().ID) {
			bytes = len(b)
		}
		return false
	})
	if !slices.Equal(got.Seen, move.Seen) || got.Tick != 7 || !got.Jumps || told != 3 {
		t.Errorf("this release got %+v, %d were told", got, told)
	}
	if !slices.Equal(old.Seen, move.Seen) || old.Tick != 7 || old.X != 0.5 {
		t.Errorf("the one before got %+v", old)
	}
	if b, err := move.AppendBinary(nil); err != nil || len(b) != bytes {
		t.Errorf("who does not say a version got %d bytes, not %d, %v", bytes, len(b), err)
	}
}

// TestTypedVersionsDraft: a draft to many is of one version: who has another one is not sent what he would
// misread, and its owner is told. A draft without typed messages goes to all.
func TestTypedVersionsDraft(t *testing.T) {
	w, srv, now, before, raw := releases(t)
	d := srv.NewDraft()
	failed := map[uint64]string{}
	cast := func() {
		clear(failed)
		must(t, d.Broadcast(nil, gameMoves.Config().ID, tickwire.SendOptions{}, func(c *tickwire.Conn, _ tickwire.Receipt, err error) {
			if err != nil {
				failed[c.ClientID()] = err.Error()
			}
			if _, ok := errors.AsType[*tickwire.VersionError](err); ok != (err != nil) {
				t.Error(err)
			}
		}))
	}
	move := game.Move{Tick: 7, Jumps: true}
	must(t, d.AppendBinary(&move))
	cast()
	const want = "tickwire: the draft has schema version 2, and the Conn 1: use Channel.Broadcast, which writes the message for each version"
	if len(failed) != 1 || failed[2] != want {
		t.Errorf("not sent: %v", failed)
	}
	for _, reset := range []func(){func() {}, func() { must(t, d.AppendBinary(&move)); d.Reset() }} {
		reset()
		must(t, d.WriteByte(3))
		if cast(); len(failed) != 0 {
			t.Errorf("not sent: %v", failed)
		}
	}
	count := func(c *tickwire.Conn) (n int) {
		for range c.Receive(gameMoves.Config().ID) {
			n++
		}
		return n
	}
	var n [3]int
	w.run(time.Second, func() bool {
		for i, c := range []*tickwire.Conn{now, before, raw} {
			n[i] += count(c)
		}
		return n[0] == 3 && n[2] == 3
	})
	if n[1] > 2 || n[0] != 3 {
		t.Errorf("got %d", n)
	}
}

// TestTypedVersionsBack: and what they send is read in theirs, be it written into a draft.
func TestTypedVersionsBack(t *testing.T) {
	w, srv, now, before, _ := releases(t)
	must(t, oldMoves.Send(before, oldgame.Move{Tick: 8, Fires: true}))
	must(t, now.Draft().AppendBinary(&game.Move{Tick: 9, Jumps: true}))
	must(t, only(now.Draft().SendWith(gameMoves.Config().ID, tickwire.SendOptions{})))
	sent := map[uint64]game.Move{}
	w.run(time.Second, func() bool {
		for _, c := range players(srv) {
			for v, err := range gameMoves.Receive(c) {
				must(t, err)
				sent[c.ClientID()] = v
			}
		}
		return false
	})
	if got := sent[1]; got.Tick != 9 || !got.Jumps {
		t.Errorf("by a draft the server got %+v", got)
	}
	if got := sent[2]; got.Tick != 8 || !got.Fires || got.Jumps {
		t.Errorf("the server got %+v", got)
	}
}

// TestTypedMismatch: two releases without a common version do not talk, and the player reads which field of
// which type it is.
func TestTypedMismatch(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), serving(gameMoves, gameLines))
	client := w.join(with(oldMoves, oldLines))
	r := w.ends(client, w.dial(client, srv, 1))
	const want = "typed messages, version 1: field Text of Line (channel 2) is string<=100 here, and another one at the peer"
	if r.Code != tickwire.CodeMismatch || !r.Remote || r.Text != want {
		t.Errorf("%+v", r)
	}
}

// TestTypedMinimum: a server that speaks no version below 2 refuses a player of the release before, who reads why.
func TestTypedMinimum(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
		cfg.Channels, cfg.MinSchemaVersion = tickwire.Channels(gameMoves), 2
	})
	w.open(w.join(with(gameMoves)), srv, 1)
	client := w.join(with(oldMoves))
	r := w.ends(client, w.dial(client, srv, 2))
	const want = "typed messages: no version is common: we have 1, the peer 2: this end needs a newer release"
	if r.Code != tickwire.CodeMismatch || !r.Remote || r.Text != want {
		t.Errorf("%+v", r)
	}
}

// TestTypedVersionEvents: under a Hub and a Session messages are read in the version of their Conn, too,
// and one goroutine's SendContext writes it.
func TestTypedVersionEvents(t *testing.T) {
	ctx := patiently(t)
	cfg := tickwire.Config{ProtocolID: 7, Channels: tickwire.Channels(gameMoves), Logger: quiet}
	socket, err := mem.Listen()
	must(t, err)
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket)
	must(t, err)
	hub := tickwire.NewHub(srv)
	t.Cleanup(func() { hub.Close() })
	token, err := hub.DevToken(1)
	must(t, err)
	mine, err := socket.Dial()
	must(t, err)
	cfg.Channels = tickwire.Channels(oldMoves)
	s, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, mine)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	must(t, only(oldMoves.SendContext(ctx, s.Conn(), oldgame.Move{Tick: 9}, tickwire.SendOptions{})))
	for ev := range hub.Events(ctx) {
		if gameMoves.Is(ev) {
			v, err := gameMoves.Decode(ev)
			if err != nil || v.Tick != 9 || ev.Conn.SchemaVersion() != 1 {
				t.Errorf("%+v of version %d, %v", v, ev.Conn.SchemaVersion(), err)
			}
			must(t, only(gameMoves.SendContext(ctx, ev.Conn, game.Move{Tick: 10, Jumps: true}, tickwire.SendOptions{})))
			break
		}
	}
	var got oldgame.Move
	for ev := range s.Events(ctx) {
		if oldMoves.Is(ev) {
			must(t, oldMoves.DecodeInto(ev, &got))
			break
		}
	}
	if got.Tick != 10 {
		t.Errorf("got %+v", got)
	}
}

// TestTypedComeback: a server is started anew with a newer release: from then on a client that comes back
// uses its version.
func TestTypedComeback(t *testing.T) {
	w := newWorld(t)
	p := w.process(func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		cfg.Channels = tickwire.Channels(oldMoves)
	})
	client := w.join(with(gameMoves))
	conn, _ := w.ticketed(client, p.srv, 1)
	if v := conn.SchemaVersion(); v != 1 {
		t.Fatalf("version %d", v)
	}
	p.change = func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		cfg.Channels = tickwire.Channels(gameMoves)
	}
	p.restart()
	w.until("back", func() bool { return len(players(p.srv)) > 0 && conn.SchemaVersion() == 2 })
	must(t, gameMoves.Send(players(p.srv)[0], game.Move{Tick: 3, Jumps: true}))
	var got game.Move
	w.until("received", func() bool {
		ok, err := gameMoves.LatestInto(conn, &got)
		must(t, err)
		return ok
	})
	if got.Tick != 3 || !got.Jumps {
		t.Errorf("got %+v", got)
	}
}

// TestTypedVersionWaits: what waits for room while the player's process gives way to one of another release
// is not sent: that would not read it.
func TestTypedVersionWaits(t *testing.T) {
	cfg := gameMoves.Config()
	cfg.MaxMessageBytes, cfg.MaxQueuedBytes, cfg.WindowBytes = 100, 2000, 1024
	now, before := tickwire.NewChannel[game.Move](cfg), tickwire.NewChannel[oldgame.Move](cfg)
	synctest.Test(t, func(t *testing.T) {
		listening, err := mem.Listen()
		must(t, err)
		server := tickwire.ServerConfig{Config: config(), Development: true}
		keeping(&server)
		server.Channels, server.WindowPoolBytes = tickwire.Channels(now), -1
		srv, err := tickwire.Listen(server, listening)
		must(t, err)
		hub := tickwire.NewHub(srv)
		client := func(ch tickwire.AnyChannel) tickwire.ClientConfig {
			cfg := config()
			cfg.Channels, cfg.WindowPoolBytes = tickwire.Channels(ch), -1
			return tickwire.ClientConfig{Config: cfg}
		}
		token, err := hub.DevToken(1)
		must(t, err)
		mine, err := listening.Dial()
		must(t, err)
		old, err := tickwire.Dial(t.Context(), client(before), token, mine)
		must(t, err)
		time.Sleep(time.Second)
		player := hub.Conns()[0]
		for now.Send(player, game.Move{Seen: make([]uint16, 64)}) == nil {
			time.Sleep(10 * time.Millisecond)
		}
		sent := make(chan error, 1)
		go func() {
			sent <- only(now.SendContext(t.Context(), player, game.Move{Seen: make([]uint16, 64)}, tickwire.SendOptions{}))
		}()
		synctest.Wait()
		if len(sent) > 0 || player.SchemaVersion() != 1 {
			t.Fatalf("it does not wait, in version %d", player.SchemaVersion())
		}
		mine, err = listening.Dial()
		must(t, err)
		s, err := tickwire.Resume(t.Context(), client(now), old.Conn().Ticket(), mine)
		must(t, err)
		if err := <-sent; err == nil || !strings.Contains(err.Error(), "another version of the messages") {
			t.Errorf("it was sent, or: %v", err)
		}
		if v := player.SchemaVersion(); v != 2 {
			t.Errorf("version %d", v)
		}
		must(t, s.Close())
		must(t, old.Close())
		must(t, hub.Close())
	})
}

// TestTypedBroadcastOutOfRange: a value that cannot be written goes to nobody.
func TestTypedBroadcastOutOfRange(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), serving(gameMoves))
	w.open(w.join(with(oldMoves)), srv, 1)
	err := gameMoves.Broadcast(srv, nil, game.Move{Y: -9}, tickwire.SendOptions{}, func(*tickwire.Conn, tickwire.Receipt, error) {
		t.Error("it was sent")
	})
	if err == nil || !strings.Contains(err.Error(), "Move.Y (-9)") {
		t.Error(err)
	}
	none := func(func(*tickwire.Conn) bool) {}
	if err := gameMoves.Broadcast(srv, none, game.Move{Y: -9}, tickwire.SendOptions{}, nil); err == nil {
		t.Error("nobody is told, and nothing is wrong")
	}
}
