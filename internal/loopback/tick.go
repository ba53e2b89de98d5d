package loopback

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// A TickConfig is what a game of [Tick] is like.
type TickConfig struct {
	Launch  Launcher // of the server's process
	Players int      // 0: 200
	CPU     int      // that both processes are pinned to; negative: none
}

// The servers of a game, as rows of the report.
const (
	SteppedGame = "Server, a loop of ticks"
	SharedGame  = "Hub"
)

// Tick is a game: players who send 60 bytes and get 300, 60 times a second. Only the server's
// process is measured; the players are in this one.
func Tick(cfg TickConfig) *Bench {
	if cfg.Players == 0 {
		cfg.Players = 200
	}
	return &Bench{
		Name: "tick",
		What: fmt.Sprintf("%d players, %d bytes up and %d down %d times a second, spread over each tick; the server's process alone",
			cfg.Players, inputBytes, stateBytes, tickRate),
		Contestants: []Contestant{
			{Bare, cfg.runner(BareServer)}, {SteppedGame, cfg.runner(SteppedServer)}, {SharedGame, cfg.runner(SharedServer)},
		},
		columns: []column{
			{"CPU", "ns a message", func(s *Sample) float64 { return s.each(float64(s.CPU)) }, true},
			{"of one CPU", "%", func(s *Sample) float64 { return 100 * over(s.CPU.Seconds(), s.Wall.Seconds()) }, false},
			{"messages", "a player and tick", func(s *Sample) float64 {
				return over(float64(s.Messages), s.Wall.Seconds()*tickRate*float64(cfg.Players))
			}, false},
			allocsColumn,
		},
		floors: func(r *Report) []Floor {
			return []Floor{
				{Name: SteppedGame + ": CPU, as a multiple of bare UDP's", Value: r.Figure(SteppedGame, "CPU "+timesBare), Bound: 1.3},
				{Name: SharedGame + ": CPU, as a multiple of bare UDP's", Value: r.Figure(SharedGame, "CPU "+timesBare), Bound: 1.3},
				allocsFloor(r, SteppedGame), allocsFloor(r, SharedGame),
			}
		},
	}
}

// settleTime is how long a game runs at most before it is measured: until what each connection
// remembers of its packets has grown as large as it gets.
const settleTime = 2 * time.Second

func (cfg TickConfig) runner(kind ServerKind) Runner {
	return func(ctx context.Context, t Trial) (s Sample, err error) {
		key, err := newKey()
		if err != nil {
			return s, err
		}
		server, err := launch(cfg.Launch, ServeConfig{
			Kind: kind, CPU: cfg.CPU, Key: key[:], MaxClients: cfg.Players, Offloads: t.Offloads,
		})
		if err != nil {
			return s, err
		}
		defer server.close()
		var players crowd
		defer players.close()
		for i := range cfg.Players {
			p, err := newPlayer(kind, t, server, key, i)
			if err != nil {
				return s, err
			}
			players.add(p)
		}
		if err := players.join(); err != nil {
			return s, err
		}
		return players.measure(t, server)
	}
}

func newPlayer(kind ServerKind, t Trial, server *child, key [netcode.KeyBytes]byte, i int) (player, error) {
	to := server.began.Address
	if kind == BareServer {
		return newBarePlayer(t, to)
	}
	return newClientPlayer(t, to, netcode.KeyFrom(key), uint64(i)+1)
}

// newKey is a secret for one round.
func newKey() (key [netcode.KeyBytes]byte, err error) {
	_, err = rand.Read(key[:])
	return key, err
}

// measure plays for the time of the trial, and asks the server what that took it.
func (c *crowd) measure(t Trial, server *child) (s Sample, err error) {
	c.begin(time.Now())
	c.play(min(settleTime, 4*t.Time))
	before, err := server.ask("")
	if err != nil {
		return s, err
	}
	began := time.Now()
	c.play(t.Time)
	s.Wall = time.Since(began)
	after, err := server.ask("")
	if err != nil {
		return s, err
	}
	s.CPU, s.Allocs = after.CPU-before.CPU, after.Allocs-before.Allocs
	s.Messages = int(after.Received - before.Received + after.Sent - before.Sent)
	return s, nil
}
