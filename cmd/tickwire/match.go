package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/examples/arena"
	"github.com/tickwire/tickwire/examples/arena/page"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// guests is how many may join beside the bots.
const guests = 64

// keepSeats is how long the score of a player waits for him who is off the field, since nothing was heard of him for his timeout.
const keepSeats = 30 * time.Second

// A match is everything of a demo that runs: the server with its game, the
// relay that is the link, the bots, and the site.
type match struct {
	cmd   *demoCmd
	news  *feed
	start time.Time

	srv   *tickwire.Server
	game  *arena.Game
	relay *simnet.Relay
	link  *linkSwitch
	site  *site
	bots  []*bot

	public    []netip.AddrPort // where players come, the best first
	elsewhere string           // where those on other machines come; "": nowhere

	stopBots context.CancelFunc
	playing  sync.WaitGroup // bots
	stop     context.CancelFunc
	tasks    sync.WaitGroup // relay and site
}

// A bot is a player that plays by itself, in a goroutine and over a socket of its own.
type bot struct {
	player *arena.Player
	client *tickwire.Client
	err    error // why it ended, if it should not have; read after playing.Wait
}

// startMatch opens every socket and starts the relay, the bots and the site.
// The game itself runs in play.
func startMatch(ctx context.Context, cmd *demoCmd, news *feed) (*match, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) // it all stays until the last look at it
	playing, stopBots := context.WithCancel(ctx)
	m := &match{cmd: cmd, news: news, start: time.Now(), stop: stop, stopBots: stopBots}
	if err := m.open(ctx, playing); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *match) open(ctx, playing context.Context) (err error) {
	if err := m.listen(ctx); err != nil {
		return err
	}
	for i := range m.cmd.Bots {
		if err := m.addBot(playing, uint64(i)+1); err != nil {
			return fmt.Errorf("bot %d: %w", i+1, err)
		}
	}
	return nil
}

// listen opens what players know, and behind the link what they do not: the server's own ports, on
// loopback.
func (m *match) listen(ctx context.Context) error {
	native, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	front, err := m.openFront(ctx, native.LocalAddr())
	if err != nil {
		native.Close()
		return err
	}
	if err := m.serve(native, front); err != nil {
		front.Close()
		return err
	}
	return nil
}

// serve starts the server, for native players and for browsers, and the site in front of it.
func (m *match) serve(native *udp.Socket, front net.Listener) error {
	browsers, err := m.openBrowsers(native)
	if err != nil {
		native.Close()
		return err
	}
	cfg := tickwire.ServerConfig{
		Config:          arena.NetConfig(),
		Development:     true,
		MaxClients:      m.cmd.Bots + guests,
		PublicAddresses: m.public,
		// A page that is loaded again comes back with its ticket, and so does a bot whose line was dead.
		KeepSeats: keepSeats,
	}
	cfg.Logger = m.news.logger()
	if m.srv, err = tickwire.Listen(cfg, native, browsers); err != nil {
		return err
	}
	m.game = arena.NewGame(m.srv, rand.New(rand.NewPCG(m.cmd.Seed, 0)))
	m.game.Tell = m.news.add
	m.site = newSite(front, m.srv, m.link, page.Files(), uint64(m.cmd.Bots)+1)
	m.tasks.Go(m.site.serve)
	return nil
}

func (m *match) addBot(ctx context.Context, id uint64) error {
	token, err := m.srv.DevToken(id)
	if err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(m.cmd.Seed, id))
	socket, err := udp.Open(udp.Config{ReceiveBuffer: -1, SendBuffer: -1})
	if err != nil {
		return err
	}
	client, player, err := enter(socket, token, fmt.Sprintf("bot %d", id), chance, m.news)
	if err != nil {
		return err
	}
	b := &bot{player: player, client: client}
	m.bots = append(m.bots, b)
	m.playing.Go(func() {
		b.err = player.Run(ctx, b.chatter(chance))
		client.Close()
		if b.err != nil {
			m.news.add(fmt.Sprintf("bot %d: %v", id, b.err))
		}
	})
	return nil
}

// enter connects a player that moves by itself, over a socket that becomes its own.
func enter(socket transport.Socket, token []byte, name string, chance *rand.Rand, news *feed) (*tickwire.Client, *arena.Player, error) {
	cfg := tickwire.ClientConfig{Config: arena.NetConfig(), ResumeFor: keepSeats}
	cfg.Logger = news.logger()
	client, err := tickwire.NewClient(cfg, socket)
	if err != nil {
		return nil, nil, err
	}
	player, err := arena.NewPlayer(client, token, name, arena.NewBot(chance))
	if err != nil {
		client.Close()
		return nil, nil, err
	}
	return client, player, nil
}

var phrases = []string{"good game", "who is there?", "behind you!", "that was close", "nice shot", "my turn", "over here", "not again"}

// chatter makes a bot say something about every 20 seconds.
func (b *bot) chatter(chance *rand.Rand) func(tickwire.Tick) {
	next := uint64(arena.Rate + chance.IntN(10*arena.Rate))
	return func(t tickwire.Tick) {
		if t.Number >= next && b.player.Conn().Open() {
			next = t.Number + uint64(arena.Rate*(10+chance.IntN(20)))
			_ = b.player.Say(phrases[chance.IntN(len(phrases))]) // a full queue: then it keeps quiet
		}
	}
}

// every makes what Run calls for each tick call f with a report now and then.
func (m *match) every(d time.Duration, f func(arena.Report)) func(tickwire.Tick) {
	var last time.Time
	return func(t tickwire.Tick) {
		if t.Now.Sub(last) >= d {
			last = t.Now
			f(m.game.Report(t.Now))
		}
	}
}

// end stops everything and sums up.
func (m *match) end(last arena.Report) summary {
	m.stopBots()
	m.playing.Wait()
	m.farewell()
	relay, streams := m.relay.Stats(), m.link.streams.Stats()
	m.close()
	return summarize(m, last, relay, streams)
}

// farewell drains the guests, tells them that the demo is over, and waits until they know. Who
// comes now is told so, too. The bots have left: nobody waits for them.
func (m *match) farewell() {
	m.site.close()
	guests := false
	for c := range m.srv.Conns() {
		if guest := c.ClientID() > uint64(len(m.bots)); guest && c.Open() {
			guests = true
			c.Drain(tickwire.CodeGoingAway, "the demo is over", farewellFor)
		}
	}
	if guests {
		_ = m.srv.Shutdown(context.Background()) // they have a reason already; close has the last word
	}
}

// farewellFor is how long what guests have still to hear may take.
const farewellFor = 2 * time.Second

// close stops what has been started, the link last.
func (m *match) close() {
	if m.site != nil {
		m.site.close()
	}
	m.stopBots()
	m.playing.Wait()
	if m.srv != nil {
		m.srv.Close()
	}
	m.stop()
	m.tasks.Wait()
}

// failure tells whether every bot could stay to the end.
func (m *match) failure() error {
	var errs []error
	for _, b := range m.bots {
		if b.err != nil {
			errs = append(errs, b.err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d bots did not stay to the end; the first: %w", len(errs), len(m.bots), errs[0])
}
