package loopback

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// The sizes and the rate of a game's traffic.
const (
	tickRate   = 60
	inputBytes = 60  // each player sends in a tick
	stateBytes = 300 // and gets in a tick
)

// A ServerKind is what the server of a game is built on.
type ServerKind string

// The servers that [Serve] plays.
const (
	BareServer    ServerKind = "bare"    // UDP sockets of package net
	SteppedServer ServerKind = "stepped" // a Server with a loop of ticks
	SharedServer  ServerKind = "shared"  // a Hub, and a goroutine that ticks
	IdleServer    ServerKind = "idle"    // a Hub that says nothing by itself
)

// A ServeConfig is the first line that a server process reads.
type ServeConfig struct {
	Kind       ServerKind `json:"kind"`
	CPU        int        `json:"cpu"` // to pin itself to; negative: none
	Key        []byte     `json:"key"` // of the tokens that the clients have
	MaxClients int        `json:"max_clients"`
	Offloads   bool       `json:"offloads"`
}

// A Cost is what a server process has used up since it started; it writes one for each line that
// it reads, the first with its address.
type Cost struct {
	Address  netip.AddrPort `json:"address"`
	CPU      time.Duration  `json:"cpu"`
	Allocs   uint64         `json:"allocs"`
	Heap     uint64         `json:"heap"` // live bytes, if the line asked for a collection
	Received uint64         `json:"received"`
	Sent     uint64         `json:"sent"`
}

// collectLine has the server collect garbage before it answers.
const collectLine = "collect"

// A game is one kind of server.
type game interface {
	address() netip.AddrPort
	// counts says how many of the players' messages came, and how many it sent.
	counts() (received, sent uint64)
	close()
}

// Serve is the server's process of tick and idle: it reads a [ServeConfig], then answers each line
// with its [Cost] until there are no more.
func Serve(in io.Reader, out io.Writer) error {
	lines, answers := bufio.NewScanner(in), json.NewEncoder(out)
	if !lines.Scan() {
		return io.ErrUnexpectedEOF
	}
	var cfg ServeConfig
	if err := json.Unmarshal(lines.Bytes(), &cfg); err != nil {
		return fmt.Errorf("the first line: %w", err)
	}
	if cfg.CPU >= 0 {
		if _, err := Pin(cfg.CPU); err != nil {
			return err
		}
	}
	g, err := openGame(cfg)
	if err != nil {
		return err
	}
	defer g.close()
	for ok := true; ok; ok = lines.Scan() {
		c := Cost{Address: g.address(), CPU: cpuTime(), Allocs: mallocs()}
		c.Received, c.Sent = g.counts()
		if lines.Text() == collectLine {
			c.Heap = liveHeap()
		}
		if err := answers.Encode(c); err != nil {
			return err
		}
	}
	return lines.Err()
}

func openGame(cfg ServeConfig) (game, error) {
	if cfg.Kind == BareServer {
		return openBareGame()
	}
	if len(cfg.Key) != netcode.KeyBytes {
		return nil, fmt.Errorf("a key of %d bytes: want %d", len(cfg.Key), netcode.KeyBytes)
	}
	socket, err := udp.Listen("127.0.0.1:0", udp.Config{DisableSegmentation: !cfg.Offloads})
	if err != nil {
		return nil, err
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config: config(), PrivateKey: netcode.KeyFrom([netcode.KeyBytes]byte(cfg.Key)),
		MaxClients: cfg.MaxClients, MaxTokenLifetime: -1, // there was no earlier run
	}, socket)
	if err != nil {
		return nil, err
	}
	g := &played{at: srv.PublicAddresses()[0], silent: cfg.Kind == IdleServer}
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	switch cfg.Kind {
	case SteppedServer:
		g.run(func() { g.step(ctx, srv) })
	case SharedServer, IdleServer:
		g.share(ctx, tickwire.NewHub(srv))
	default:
		return nil, fmt.Errorf("no server is called %q", cfg.Kind)
	}
	return g, nil
}

// A played game is one that the library carries.
type played struct {
	at             netip.AddrPort
	silent         bool
	received, sent atomic.Uint64
	stop           context.CancelFunc
	running        sync.WaitGroup
}

func (g *played) address() netip.AddrPort { return g.at }

func (g *played) counts() (received, sent uint64) { return g.received.Load(), g.sent.Load() }

func (g *played) run(f func()) { g.running.Go(f) }

func (g *played) close() {
	g.stop()
	g.running.Wait()
}

// step is a game with a loop of ticks.
func (g *played) step(ctx context.Context, srv *tickwire.Server) {
	defer srv.Close()
	state := make([]byte, stateBytes)
	for tick := range srv.Ticks(ctx, tickRate) {
		srv.Update(tick.Now)
		for range srv.Events() {
			continue // it knows its players by Conns
		}
		for c := range srv.Conns() {
			for range c.Receive(inputs) {
				g.received.Add(1)
			}
			if c.Send(states, state) == nil {
				g.sent.Add(1)
			}
		}
		srv.Flush(tick.Now)
	}
}

// share is a game whose goroutines share a Hub.
func (g *played) share(ctx context.Context, hub *tickwire.Hub) {
	g.run(func() {
		defer hub.Close()
		for ev := range hub.Events(ctx) {
			if ev.Kind == tickwire.Message {
				g.received.Add(1)
			}
		}
	})
	if g.silent {
		return
	}
	g.run(func() {
		state := make([]byte, stateBytes)
		everyTick(ctx, func() {
			for _, c := range hub.Conns() {
				if c.Send(states, state) == nil {
					g.sent.Add(1)
				}
			}
		})
	})
}

func everyTick(ctx context.Context, f func()) {
	t := time.NewTicker(time.Second / tickRate)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			f()
		case <-ctx.Done():
			return
		}
	}
}

// A bareGame reads and writes the same messages with nothing above UDP.
type bareGame struct {
	played
	socket *net.UDPConn
	mu     sync.Mutex
	known  map[netip.AddrPort]bool
	to     []netip.AddrPort
}

func openBareGame() (game, error) {
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	g := &bareGame{socket: socket, known: make(map[netip.AddrPort]bool)}
	g.at = socket.LocalAddr().(*net.UDPAddr).AddrPort()
	ctx, stop := context.WithCancel(context.Background())
	g.stop = func() { stop(); socket.Close() }
	g.run(g.read)
	g.run(func() { everyTick(ctx, g.write) })
	return g, nil
}

func (g *bareGame) read() {
	buf := make([]byte, 2048)
	for {
		_, from, err := g.socket.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		g.received.Add(1)
		g.mu.Lock()
		if !g.known[from] {
			g.known[from] = true
			g.to = append(g.to, from)
		}
		g.mu.Unlock()
	}
}

// write sends each player what he has to know.
func (g *bareGame) write() {
	g.mu.Lock()
	to := g.to
	g.mu.Unlock()
	state := make([]byte, stateBytes)
	for _, a := range to {
		if _, err := g.socket.WriteToUDPAddrPort(state, a); err == nil {
			g.sent.Add(1)
		}
	}
}
