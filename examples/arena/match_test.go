package arena

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// A match is a game and its players on a simulated network, in virtual time.
type match struct {
	nw      *simnet.Network
	game    *Game
	srv     *tickwire.Server
	clients []*tickwire.Client
	players []*Player
}

func newMatch(links simnet.Links, players int) (*match, error) {
	m := &match{nw: simnet.NewNetwork(1)}
	socket, err := m.nw.Socket(netip.MustParseAddrPort("10.0.0.1:7777"), simnet.SocketConfig{})
	if err != nil {
		return nil, err
	}
	cfg := tickwire.ServerConfig{Config: m.netConfig(0), Development: true, KeepSeats: 20 * time.Second}
	if m.srv, err = tickwire.Listen(cfg, socket); err != nil {
		return nil, err
	}
	m.game = NewGame(m.srv, rand.New(rand.NewPCG(1, 1)))
	for i := range players {
		if err := m.add(links, i+1); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *match) netConfig(seed byte) tickwire.Config {
	cfg := NetConfig()
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.Now, cfg.Random = m.nw.Now(), rand.NewChaCha8([32]byte{seed})
	return cfg
}

func (m *match) add(links simnet.Links, id int) error {
	host := netip.AddrFrom4([4]byte{10, 0, 1, byte(id)})
	if err := m.nw.SetHost(host, links); err != nil {
		return err
	}
	socket, err := m.nw.Socket(netip.AddrPortFrom(host, 4000), simnet.SocketConfig{})
	if err != nil {
		return err
	}
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: m.netConfig(byte(id))}, socket)
	if err != nil {
		return err
	}
	token, err := m.srv.DevToken(uint64(id))
	if err != nil {
		return err
	}
	p, err := NewPlayer(client, token, fmt.Sprintf("bot %d", id), NewBot(rand.New(rand.NewPCG(2, uint64(id)))))
	if err != nil {
		return err
	}
	m.clients, m.players = append(m.clients, client), append(m.players, p)
	return nil
}

// run plays for a while of virtual time.
func (m *match) run(d time.Duration, each func(step int)) error {
	for step := range int(d * Rate / time.Second) {
		now := m.nw.Now()
		m.game.Step(now)
		for _, p := range m.players {
			if err := p.Step(now); err != nil {
				return err
			}
		}
		if each != nil {
			each(step)
		}
		m.service(now.Add(time.Second / Rate))
	}
	return nil
}

// service lets the wire work until the time of the next step.
func (m *match) service(until time.Time) {
	for m.nw.Now().Before(until) {
		next := until
		wakes := []time.Time{m.srv.Service(m.nw.Now())}
		for _, c := range m.clients {
			wakes = append(wakes, c.Service(m.nw.Now()))
		}
		if at, ok := m.nw.Next(); ok {
			wakes = append(wakes, at)
		}
		for _, at := range wakes {
			if !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		m.nw.AdvanceTo(maxTime(next, m.nw.Now().Add(100*time.Microsecond)))
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// TestMatch plays over a bad network and holds every delivery to its promise.
func TestMatch(t *testing.T) {
	const players, lines = 6, 12
	m, err := newMatch(simnet.WiFiBad(), players)
	if err != nil {
		t.Fatal(err)
	}
	heard := make([][]string, players)
	for i, p := range m.players {
		p.OnChat = func(from, text string) { heard[i] = append(heard[i], from+": "+text) }
	}
	said := 0
	err = m.run(20*time.Second, func(step int) {
		if step >= 2*Rate && step%Rate == 0 && said < lines {
			said++
			if err := m.players[said%players].Say(fmt.Sprint("line ", said)); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	r := m.game.Report(m.nw.Now())
	if len(r.Players) != players {
		t.Fatalf("%d of %d players are connected", len(r.Players), players)
	}
	frags := 0
	for i, p := range m.players {
		if p.Counts.States < 15*Rate || p.Counts.StaleStates != 0 {
			t.Errorf("%s: %d states, %d of them stale", p.name, p.Counts.States, p.Counts.StaleStates)
		}
		if len(heard[i]) != lines || p.Counts.ChatGaps != 0 || !slices.Equal(heard[i], heard[0]) {
			t.Errorf("%s heard %q, another %q", p.name, heard[i], heard[0])
		}
		if row := r.Players[i]; row.Inputs < 10*Rate || row.StaleInputs != 0 || row.Stats.RTT < 30*time.Millisecond {
			t.Errorf("%s: %d inputs, %d of them stale, RTT %v", row.Name, row.Inputs, row.StaleInputs, row.Stats.RTT)
		}
		frags += int(r.Players[i].Frags)
	}
	if frags == 0 {
		t.Error("20 seconds, and nobody hit anybody")
	}
}

// TestScoresSettle stops the shooting: then everybody has the server's table.
func TestScoresSettle(t *testing.T) {
	m, err := newMatch(simnet.WiFiBad(), 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.run(10*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	for _, p := range m.players {
		p.brain = idle{}
	}
	if err := m.run(4*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	want := m.game.scores()
	for _, p := range m.players {
		if !slices.Equal(p.Scores.Rows, want.Rows) {
			t.Errorf("%s has the scores %v, the server %v", p.name, p.Scores.Rows, want.Rows)
		}
	}
}

type idle struct{}

func (idle) Think(State) Move { return Move{} }

// TestLeaving: a player who goes is taken off the field, and why is told.
func TestLeaving(t *testing.T) {
	m, err := newMatch(simnet.LAN(), 2)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	m.game.Tell = func(line string) { told = append(told, line) }
	if err := m.run(time.Second, nil); err != nil {
		t.Fatal(err)
	}
	m.players[0].Conn().Close(tickwire.CodeApplication, "supper")
	if err := m.run(time.Second, nil); err == nil {
		t.Error("the player who left was not told that it is over")
	}
	m.players = m.players[1:]
	if err := m.run(time.Second, nil); err != nil {
		t.Fatal(err)
	}
	if n := len(m.players[0].State.Avatars); n != 1 {
		t.Errorf("%d players are seen on the field, want 1", n)
	}
	if !slices.ContainsFunc(told, func(s string) bool { return s == "bot 1 left: application code 256: supper (by the peer)" }) {
		t.Errorf("told %q", told)
	}
}

// TestComesBack: whose line is dead for longer than his timeout is off the field meanwhile, and plays on with what he has
// reached; after some more he comes as somebody new, by his own name.
func TestComesBack(t *testing.T) {
	for name, c := range map[string]struct {
		dead time.Duration
		kept bool
	}{"kept": {18 * time.Second, true}, "given up": {40 * time.Second, false}} {
		t.Run(name, func(t *testing.T) {
			m, err := newMatch(simnet.LAN(), 2)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			m.game.Tell = func(line string) { told = append(told, line) }
			play := func(d time.Duration) {
				t.Helper()
				if err := m.run(d, nil); err != nil {
					t.Fatal(err)
				}
			}
			play(time.Second)
			m.game.world.find(1).frags = 40
			player, server := netip.MustParseAddr("10.0.1.1"), netip.MustParseAddr("10.0.0.1")
			m.nw.Partition([]netip.Addr{player}, []netip.Addr{server})
			play(c.dead)
			if n := len(m.players[1].State.Avatars); n != 1 || len(m.players[1].Scores.Rows) != 1 {
				t.Errorf("%d players are seen on the field, and %v", n, m.players[1].Scores.Rows)
			}
			m.nw.HealAll()
			play(10 * time.Second)
			r := m.game.Report(m.nw.Now())
			if len(r.Players) != 2 || r.Players[0].Name != "bot 1" && r.Players[1].Name != "bot 1" || len(m.players[1].State.Avatars) != 2 || max(r.Players[0].Frags, r.Players[1].Frags) >= 40 != c.kept {
				t.Errorf("%+v", r.Players)
			}
			if p := m.players[0]; p.Counts.StaleStates != 0 || p.Counts.ChatGaps != 0 {
				t.Errorf("%+v", p.Counts)
			}
			if !slices.Contains(told, "bot 1 is away") || slices.Contains(told, "bot 1 is back") != c.kept {
				t.Errorf("told %q", told)
			}
		})
	}
}
