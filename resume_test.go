package tickwire_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// keeping is a server that keeps seats for half a minute.
func keeping(cfg *tickwire.ServerConfig) {
	cfg.KeepSeats, cfg.PrivateKey, cfg.MaxTokenLifetime = 30*time.Second, testKey, -1
}

// kinds are the events Away, Back, Connected and Disconnected that a driver was told.
func (w *world) kinds(d driver) (kinds []string) {
	for _, ev := range w.heard[d] {
		switch ev.Kind {
		case tickwire.Away, tickwire.Disconnected:
			kinds = append(kinds, ev.Kind.String())
		case tickwire.Back:
			kinds = append(kinds, fmt.Sprintf("Back %v", ev.Kept))
		case tickwire.Connected:
			kinds = append(kinds, fmt.Sprintf("Connected %v", ev.Resumed))
		}
	}
	return kinds
}

func (w *world) wantKinds(d driver, want ...string) {
	w.t.Helper()
	if got := w.kinds(d); !slices.Equal(got, want) {
		w.t.Errorf("told %q, want %q", got, want)
	}
}

// An absence is a world of TestAwayAndBack: over links that lose, a player talks in all deliveries
// with his server, and is gone for a while.
type absence struct {
	*world
	srv          *tickwire.Server
	client       *tickwire.Client
	socket       *simnet.Socket
	conn, player *tickwire.Conn
	d            *dialogue
}

// newAbsence differs by seed in who loses messages, if anybody does, and in the wire id.
func newAbsence(t *testing.T, seed byte, lose bool) *absence {
	w := newWorld(t)
	w.seed = seed * 16
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.05}))
	policy := func(cfg *tickwire.Config, says bool) {
		cfg.Channels = fiveWays()
		if lose && says {
			cfg.Resume = tickwire.LoseMessages
		}
	}
	a := &absence{world: w}
	a.srv = w.serve(w.address(), func(cfg *tickwire.ServerConfig) { keeping(cfg); policy(&cfg.Config, seed%2 == 0) })
	a.socket = w.socket(w.address())
	a.client = w.joinOver(func(cfg *tickwire.ClientConfig) {
		policy(&cfg.Config, seed%2 == 1)
		cfg.WireIDBytes = int(seed/4) * 2 % 5 // 0, 2, 4
	}, a.socket)
	a.conn = w.open(a.client, a.srv, 1)
	a.player = players(a.srv)[0]
	a.player.Value = "state"
	a.d = w.dialogue(a.client, a.conn, a.srv, a.player)
	return a
}

// last lets the player be gone for so long, and come back, from another address if he moves.
func (a *absence) last(gone time.Duration, moves bool) {
	a.t.Helper()
	a.run(time.Second, a.d.tick)
	a.cut(a.socket, a.srv, true)
	a.run(gone, a.d.tick)
	conn, player := a.conn.Away(), a.player.Away()
	if conn <= 0 || player <= 0 || player > 30*time.Second || a.srv.Stats().Away != 1 || len(players(a.srv)) != 1 {
		a.t.Fatalf("seed %d: away for %v, %v; %d away", a.seed, conn, player, a.srv.Stats().Away)
	}
	if moves {
		a.move(a.socket)
	}
	a.cut(a.socket, a.srv, false)
	toldBack := func(d driver) bool {
		kinds := a.kinds(d)
		return kinds[len(kinds)-1] != "Away"
	}
	a.until("back", func() bool {
		a.d.tick()
		return a.conn.Away()+a.player.Away() == 0 && toldBack(a.srv) && toldBack(a.client)
	})
	a.run(time.Second, a.d.tick)
	a.d.settle()
}

// TestAwayAndBack: a player is gone for longer than his timeout, over links that lose and with
// messages of all deliveries under way in both directions. If the messages are kept nothing
// reliable is lost, doubled or out of order; if not, each of those that did not arrive is told.
func TestAwayAndBack(t *testing.T) {
	var resumed, found uint64
	for seed := range byte(12) {
		lose := seed%3 == 2
		a := newAbsence(t, seed, lose)
		// He moves so that nothing but the ticket brings him back.
		a.last(12*time.Second+time.Duration(seed)*time.Second/2, lose || seed%2 == 0)
		n := a.srv.Stats().Resumed
		if n != a.client.Stats().Resumed || n > 1 {
			t.Errorf("seed %d: resumed %d times, the client thinks %d", seed, n, a.client.Stats().Resumed)
		}
		resumed += n
		found += 1 - n
		kept := !lose || n == 0
		for _, drv := range []driver{a.srv, a.client} {
			a.wantKinds(drv, "Connected false", "Away", fmt.Sprintf("Back %v", kept))
		}
		if lost := a.d.up.check(t, kept) + a.d.down.check(t, kept); (lost == 0) != kept {
			t.Errorf("seed %d: %d messages lost with the connection", seed, lost)
		}
		if a.player.Value != "state" || players(a.srv)[0] != a.player || t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		must(t, a.srv.Close())
	}
	t.Logf("%d times with a ticket, %d times the old keys were answered first", resumed, found)
	if resumed == 0 || found == 0 {
		t.Error("only one way was taken")
	}
}

// A filter is a socket that does not send everything.
type filter struct {
	*simnet.Socket
	drops func(b []byte) bool
}

func (s *filter) Write(ds []transport.Datagram) (int, error) {
	for i := range ds {
		if s.drops(ds[i].Bytes) {
			continue
		}
		if _, err := s.Socket.Write(ds[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(ds), nil
}

// filtered is a server that keeps seats, and does not send everything.
func (w *world) filtered(drops func(b []byte) bool) *tickwire.Server {
	w.t.Helper()
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&cfg.Config)
	keeping(&cfg)
	srv, err := tickwire.Listen(cfg, &filter{w.socket(w.address()), drops})
	must(w.t, err)
	w.add(srv)
	return srv
}

// TestAwayOneSided: a client hears nothing from its server, which hears it. It comes back with its ticket, and
// the game at the server is told nothing, since nobody was missed there and nothing is lost.
func TestAwayOneSided(t *testing.T) {
	w := newWorld(t)
	mute := false
	srv := w.filtered(func(b []byte) bool { return mute && b[0] != 7 })
	client := w.join(nil)
	conn, _ := w.ticketed(client, srv, 1)
	talk := w.talk(conn, players(srv)[0])
	talk.run(time.Second)
	mute = true
	w.until("resumed", func() bool { talk.tick(); return srv.Stats().Resumed == 1 })
	mute = false
	w.until("back", func() bool { talk.tick(); return conn.Away() == 0 })
	talk.run(time.Second)
	talk.settle()
	w.wantKinds(srv, "Connected false")
	w.wantKinds(client, "Connected false", "Away", "Back true")
}

// TestLetInUnheard: a server lets its client in twice, and the line dies each time: at first before the server hears
// of it, then before the client has other tickets. As the first time has used none up there is one left.
func TestLetInUnheard(t *testing.T) {
	w := newWorld(t)
	mute, deaf := false, false
	srv := w.filtered(func(b []byte) bool { return mute && b[0] != 7 })
	client := w.joinOver(nil, &filter{w.socket(w.address()), func(b []byte) bool { return deaf && b[0] != 7 }})
	conn, _ := w.ticketed(client, srv, 1)
	w.run(time.Second, nil)
	mute, deaf = true, true
	w.until("let in", func() bool { return client.Stats().Resumed == 1 })
	w.until("away again", func() bool { return conn.Away() > 0 })
	deaf = false
	w.until("let in again", func() bool { return srv.Stats().Resumed == 1 })
	w.until("away once more", func() bool { return conn.Away() > 0 })
	mute = false
	w.until("back", func() bool { return srv.Stats().Resumed == 2 && conn.Away() == 0 })
	if !conn.Open() {
		t.Error(conn.Reason())
	}
}

// TestBackCounts: how many messages are undelivered is said of the comeback that has lost them, and not of the
// next one, which loses none.
func TestBackCounts(t *testing.T) {
	w := newWorld(t)
	p := w.process(keeping)
	socket := w.socket(w.address())
	client := w.joinOver(nil, socket)
	conn, _ := w.ticketed(client, p.srv, 1)
	p.restart()
	for range 3 {
		must(t, chat.Send(conn, []byte("to the first")))
	}
	w.until("back", func() bool { return conn.Away() == 0 && len(players(p.srv)) == 1 })
	w.run(time.Second, nil)
	w.cut(socket, p.srv, true)
	w.until("away", func() bool { return conn.Away() > 0 })
	w.cut(socket, p.srv, false)
	w.until("back again", func() bool { return conn.Away() == 0 })
	w.wantKinds(client, "Connected false", "Away", "Back false", "Away", "Back true")
	var undelivered []int
	for _, ev := range w.heard[client] {
		if ev.Kind == tickwire.Back {
			undelivered = append(undelivered, ev.Undelivered)
		}
	}
	if !slices.Equal(undelivered, []int{3, 0}) {
		t.Errorf("undelivered: %v", undelivered)
	}
}

// TestLateUpdateTwice: the server was restarted twice before the game calls Update. It hears what became of
// everything that it sent to any of the three.
func TestLateUpdateTwice(t *testing.T) {
	w := newWorld(t)
	p := w.process(keeping)
	client := w.join(nil)
	conn, _ := w.ticketed(client, p.srv, 1)
	w.remove(client)
	var sent []tickwire.Receipt
	for range 2 {
		p.restart()
		r, err := chat.SendWith(conn, []byte("under way"), tickwire.SendOptions{Receipt: true})
		must(t, err)
		sent = append(sent, r)
		for range 360 {
			w.run(time.Second/60, nil)
			client.Service(w.nw.Now())
		}
	}
	w.add(client)
	w.run(time.Second, nil)
	for _, r := range sent {
		if !slices.ContainsFunc(w.heard[client], func(ev tickwire.Event) bool {
			return ev.Kind == tickwire.Lost && ev.Receipt == r && ev.Why == tickwire.ConnClosed
		}) {
			t.Errorf("message %d has no fate: %v", r, w.states(client))
		}
	}
	must(t, client.Close())
	if n := client.Stats().Buffers.InUse; n != 0 {
		t.Errorf("%d buffers are in use", n)
	}
}

// TestAwayWhenTicketIsDue: a player is away when he should be given another ticket. He gets it when he is back.
func TestAwayWhenTicketIsDue(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), keeping)
	socket := w.socket(w.address())
	client := w.joinOver(nil, socket)
	conn, ticket := w.ticketed(client, srv, 1)
	w.run(80*time.Second, nil)
	w.cut(socket, srv, true)
	w.run(30*time.Second, nil)
	if player := players(srv)[0]; player.Away() == 0 || !bytes.Equal(conn.Ticket(), ticket) {
		t.Fatalf("away for %v", player.Away())
	}
	w.cut(socket, srv, false)
	w.until("another ticket has come", func() bool { return conn.Away() == 0 && !bytes.Equal(conn.Ticket(), ticket) })
}

// TestOldKeysAnswer: while a client shows its ticket, which nobody answers, it reads what comes under the
// keys that it has, at once, and stays with them.
func TestOldKeysAnswer(t *testing.T) {
	w := newWorld(t)
	mute := false
	srv := w.filtered(func(b []byte) bool { return mute && b[0] == 7 })
	socket := w.socket(w.address())
	client := w.joinOver(nil, socket)
	conn, _ := w.ticketed(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	talk.run(time.Second)
	mute = true
	server := srv.PublicAddresses()[0].Addr()
	w.nw.Cut(server, socket.PublicAddr().Addr())
	w.until("away", func() bool { talk.tick(); return conn.Away() > 0 })
	talk.run(500 * time.Millisecond)
	w.nw.Heal(server, socket.PublicAddr().Addr()) // a quarter of the first try is over
	began := w.nw.Now()
	w.until("back", func() bool { talk.tick(); return conn.Away() == 0 })
	if took := w.nw.Now().Sub(began); took > 1300*time.Millisecond || srv.Stats().Resumed != 0 {
		t.Errorf("back after %v, resumed %d times", took, srv.Stats().Resumed)
	}
	talk.run(time.Second)
	talk.settle()
	w.wantKinds(client, "Connected false", "Away", "Back true")
}

// A process is a server that may end without a word.
type process struct {
	w      *world
	srv    *tickwire.Server
	socket *simnet.Socket
	change func(*tickwire.ServerConfig)
}

func (w *world) process(change func(*tickwire.ServerConfig)) *process {
	p := &process{w: w, change: change}
	p.start(w.address())
	return p
}

func (p *process) start(at netip.AddrPort) {
	p.w.t.Helper()
	p.socket = p.w.socket(at)
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	p.w.simulate(&cfg.Config)
	p.change(&cfg)
	srv, err := tickwire.Listen(cfg, p.socket)
	must(p.w.t, err)
	p.srv = srv
	p.w.add(srv)
}

// restart ends the server as if it were killed, and starts another one at the same address.
func (p *process) restart() {
	p.w.t.Helper()
	p.kill()
	p.start(p.socket.LocalAddr())
}

func (p *process) kill() {
	p.w.t.Helper()
	p.w.remove(p.srv)
	must(p.w.t, p.socket.Close())
}

// TestServerRestart: the server's process ends without a word and another one begins with the
// same key. GONE tells the clients, who are back within about two seconds, as the same players;
// what was under way reads Lost. The game finds its state by ClientID.
func TestServerRestart(t *testing.T) {
	w := newWorld(t)
	five := func(cfg *tickwire.ServerConfig) { keeping(cfg); cfg.Channels = fiveWays() }
	p := w.process(func(cfg *tickwire.ServerConfig) {
		five(cfg)
		cfg.DevelopmentToken = func(cfg *netcode.MintConfig) { cfg.UserData = []byte("red team") }
	})
	client := w.join(func(cfg *tickwire.ClientConfig) { cfg.Channels = fiveWays() })
	conn := w.open(client, p.srv, 42)
	up := w.ledger(client, conn, players(p.srv)[0])
	w.run(time.Second, func() bool { up.listen(); up.say(); return false })
	w.run(time.Second/60, func() bool { up.listen(); return false }) // what was acknowledged is taken
	p.change = func(cfg *tickwire.ServerConfig) {
		five(cfg)
		cfg.Admit = func(a tickwire.Applicant) error {
			if !a.Resumes || a.ClientID != 42 {
				t.Errorf("asked about %+v", a)
			}
			return nil
		}
	}
	p.srv.Update(w.nw.Now())
	up.listen() // to what came since the last tick: it may be Delivered
	p.restart()
	next, began := p.srv, w.nw.Now()
	w.until("back", func() bool {
		up.say()
		return conn.Away() == 0 && len(players(next)) == 1 && len(w.kinds(client)) == 3
	})
	took := w.nw.Now().Sub(began)
	player := players(next)[0]
	t.Logf("back after %v", took)
	if took > 2*time.Second || player.ClientID() != 42 || string(player.UserData()[:8]) != "red team" {
		t.Errorf("back after %v as %d with %q", took, player.ClientID(), player.UserData())
	}
	w.wantKinds(next, "Connected true")
	w.wantKinds(client, "Connected false", "Away", "Back false")
	up.to = player
	for range 60 {
		w.run(time.Second/60, func() bool { up.listen(); up.say(); return false })
	}
	w.until("settled", func() bool { up.listen(); return up.open() == 0 })
	if lost := up.check(t, false); lost == 0 {
		t.Error("nothing is lost with the server")
	}
	ev := w.heard[client][slices.IndexFunc(w.heard[client], func(ev tickwire.Event) bool { return ev.Kind == tickwire.Back })]
	if ev.Undelivered == 0 {
		t.Error("nothing is said to be undelivered")
	}
	t.Log("# and once more, with the ticket that the second one gave")
	p.restart()
	w.until("back again", func() bool { return len(players(p.srv)) == 1 && conn.Away() == 0 })
	if conn.Reason() != (tickwire.Reason{}) || !conn.Open() {
		t.Errorf("ended: %v", conn.Reason())
	}
}

// TestLateUpdate: a game that does not call Update for a while, as one that loads a level in a
// Service loop, hears of everything that came before its server was restarted, then that it was,
// and then what the new one says; and what was closed meanwhile is told, too.
func TestLateUpdate(t *testing.T) {
	for _, closes := range []bool{false, true} {
		w := newWorld(t)
		p := w.process(keeping)
		client := w.join(nil)
		conn, _ := w.ticketed(client, p.srv, 1)
		w.remove(client)
		idle := func(d time.Duration) { // the client serves the wire, and nothing else
			for end := w.nw.Now().Add(d); w.nw.Now().Before(end); {
				w.run(time.Second/60, nil)
				client.Service(w.nw.Now())
			}
		}
		must(t, chat.Send(conn, []byte("under way")))
		must(t, chat.Send(players(p.srv)[0], []byte("from the first")))
		idle(500 * time.Millisecond)
		p.restart()
		idle(5 * time.Second)
		must(t, chat.Send(players(p.srv)[0], []byte("from the second")))
		idle(500 * time.Millisecond)
		if closes {
			must(t, client.Close())
		}
		var told []string
		for range 3 {
			client.Update(w.nw.Now())
			for ev := range client.Events() {
				told = append(told, ev.Kind.String())
			}
			for b := range chat.Receive(conn) {
				told = append(told, string(b))
			}
		}
		want := []string{"Away", "Back", "from the first", "from the second"}
		if closes {
			want = []string{"Away", "Back", "Disconnected"}
		}
		if !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
	}
}
