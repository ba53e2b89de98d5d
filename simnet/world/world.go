package world

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A Config describes a World.
type Config struct {
	// Seed fixes every random choice: keys, links, what the library draws.
	Seed uint64
	// Channels of the game, one at least.
	Channels []tickwire.AnyChannel
	// Links is the access of each player who joins; Player.SetLinks changes it.
	Links simnet.Links
	// TickRate is how often the game steps in a second, 1 to 1000. 0: 60.
	TickRate int
	// Server and Client are what the two are configured with. ProtocolID, Channels, Now, Random and
	// Development are the world's to set; PrivateKey may be left out.
	Server tickwire.ServerConfig
	Client tickwire.ClientConfig
	// Manual leaves it to the game to take messages, with End.Receive.
	Manual bool
	// Tap may be nil.
	Tap Tap
	// Plant changes the configuration of each process behind the back of the checkers, so
	// that it may hold more than they allow. It may be nil.
	Plant func(*tickwire.Config)
	// Stream gives the server a reliable socket too, for paths of players.
	Stream bool
	// Ladder has players come on ladders of transports, with a WebSocket at first; see Player.Raise.
	Ladder bool
	// Redial lets players open another line when they have lost their way; see
	// tickwire.ClientConfig.Redial.
	Redial bool
	// JudgeGaps has the pauses of unreliable channels judged when a player roams. It is for games
	// that send on them in each tick, over lines that lose nothing and are wide enough.
	JudgeGaps bool
	// PlantBudget changes what reaches the library of the limits that End.LimitBudget sets,
	// likewise. It may be nil.
	PlantBudget func(bytes int) int
	// Dump, if not nil, gets lines of JSON: each datagram, where it leaves and where it is read, and all
	// keys. With it tests of the wire open all that goes over it. By "k", with all bytes in hex:
	//
	//	world    pid, key: the protocol id and the servers' private key
	//	channel  id, delivery, largest (0: the usual), name: a channel of the game
	//	token    b: a connect token that was made
	//	private  b: 32 bytes that a player's process drew; the private value of a share, maybe
	//	start    host: a process begins, a server or a player
	//	s, r     t: nanoseconds; at: when it arrived, -1 of one that is sent; host: who sends, or
	//	         reads; from, to: addresses, as that host sees them; ecn: the mark; way: the kind of
	//	         transport; stream: one that is reliable; b: the datagram
	Dump io.Writer
}

const protocolID = 0x776f726c64

var (
	serverAddr = netip.MustParseAddrPort("10.0.0.1:7777")
	streamAddr = netip.MustParseAddrPort("10.0.0.1:7778")
)

// A World is a server and its players in virtual time. One goroutine drives it.
type World struct {
	cfg     Config
	net     *simnet.Network
	random  *rand.ChaCha8
	step    time.Duration
	server  *tickwire.Server // nil while it is down
	home    *host            // the server's
	hosts   []*host          // server first, then players in the order of joining
	players []*Player
	byAddr  map[netip.AddrPort]*Line   // all addresses that players have had
	byConn  map[*tickwire.Conn]*Player // at the server
	outside strangers
	beside  []beside // all bystanders there have been
	judge   judge
	report  tally
	seals   seals
	runs    int    // of servers
	scratch []byte // what was opened
	dump    dump

	draft  *tickwire.Draft // the server's, for messages to many
	crowd  []*End          // who a broadcast goes to
	shared uint32          // how many of them were made up
	buf    []byte

	updated    int64 // when everybody last looked at what arrived
	droppables bool  // some were sent
	progress   int64 // when something reliable last got on
	grown      int   // bytes by which the windows of a server have grown at most
	stopped    int64 // when a server last went down; negative: none did
	seats      seats

	rungs        map[uint64]*Line // by their associations
	associations uint64
}

// New returns a world in which a server runs and nobody has joined. The error is a join of
// *ConfigErrors of package tickwire.
func New(cfg Config) (*World, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	var seed [32]byte
	for i := range 8 {
		seed[i] = byte(cfg.Seed >> (8 * i))
	}
	w := &World{
		cfg:     cfg,
		net:     simnet.NewNetwork(cfg.Seed),
		random:  rand.NewChaCha8(seed),
		step:    time.Second / 60,
		stopped: -1,
		byAddr:  make(map[netip.AddrPort]*Line),
		byConn:  make(map[*tickwire.Conn]*Player),
		outside: make(strangers),
		rungs:   make(map[uint64]*Line),
		seals:   newSeals(),
		scratch: make([]byte, 1<<16),
		dump:    dump{out: cfg.Dump},
	}
	if cfg.TickRate > 0 {
		w.step = time.Second / time.Duration(cfg.TickRate)
	}
	if w.cfg.Server.PrivateKey.IsZero() {
		var key [32]byte
		w.random.Read(key[:])
		if err := w.cfg.Server.PrivateKey.UnmarshalBinary(key[:]); err != nil {
			return nil, err
		}
	}
	w.dumpGame()
	return w, w.StartServer()
}

// validate finds what no game can be tested with; Listen finds the rest.
func (c *Config) validate() error {
	var faults []error
	if len(c.Channels) == 0 {
		faults = append(faults, &tickwire.ConfigError{
			Field: "Channels", Value: "empty", Want: "what the game calls tickwire.Channels with",
		})
	}
	if c.TickRate < 0 || c.TickRate > 1000 {
		faults = append(faults, &tickwire.ConfigError{Field: "TickRate", Value: c.TickRate, Want: "1 to 1000, or 0 for 60"})
	}
	return errors.Join(faults...)
}

func (w *World) plant(cfg *tickwire.Config) {
	if w.cfg.Plant != nil {
		w.cfg.Plant(cfg)
	}
}

// newRandom returns a source of its own for one process.
func (w *World) newRandom() *rand.ChaCha8 {
	var seed [32]byte
	w.random.Read(seed[:])
	return rand.NewChaCha8(seed)
}

// Network is what the world runs on, for partitions and the like.
func (w *World) Network() *simnet.Network { return w.net }

// Now is the virtual time.
func (w *World) Now() time.Time { return w.net.Now() }

// Elapsed is how long the world has run.
func (w *World) Elapsed() time.Duration { return w.net.Now().Sub(simnet.Epoch) }

func (w *World) now() int64 { return int64(w.Elapsed()) }

// Server is the server that runs, nil while it is down.
func (w *World) Server() *tickwire.Server { return w.server }

// Players lists all who ever joined, those who are gone included.
func (w *World) Players() []*Player { return w.players }

// Ends lists the ends that are open and whose games do not load: of each player first the
// player's, then the server's.
func (w *World) Ends() iter.Seq[*End] {
	return func(yield func(*End) bool) {
		for _, p := range w.players {
			for _, e := range [2]*End{p.Client, p.Server} {
				if e.Open() && !e.Busy() && !yield(e) {
					return
				}
			}
		}
	}
}

// StartServer starts the server, at the beginning and after StopServer or CrashServer. The first one has
// had no earlier run, and lets players in at once, unless Server.MaxTokenLifetime is set; a later one
// from its second second on.
func (w *World) StartServer() error {
	if w.server != nil {
		return fmt.Errorf("world: the server runs")
	}
	h := &host{name: "server"}
	sockets, err := w.listen(h)
	if err != nil {
		return err
	}
	cfg := w.cfg.Server
	cfg.Channels, cfg.ProtocolID, cfg.Development = w.cfg.Channels, protocolID, true
	cfg.Now, cfg.Random = w.net.Now(), w.newRandom()
	if w.runs == 0 && cfg.MaxTokenLifetime == 0 {
		cfg.MaxTokenLifetime = -1
	}
	if w.cfg.Stream || w.cfg.Ladder { // which are for paths alone, or have no address
		cfg.PublicAddresses = []netip.AddrPort{serverAddr}
	}
	w.plant(&cfg.Config)
	srv, err := tickwire.Listen(cfg, sockets...)
	if err != nil {
		return err
	}
	w.server, w.draft = srv, srv.NewDraft()
	w.runs++
	w.dump.line(`{"k":"start","host":"server"}`)
	h.driver, w.home = srv, h
	w.hosts = slices.Insert(w.hosts, 0, w.home)
	return nil
}

// listen opens the server's sockets.
func (w *World) listen(h *host) (all []transport.Socket, err error) {
	for _, at := range []netip.AddrPort{serverAddr, streamAddr} {
		if at == streamAddr && !w.cfg.Stream {
			break
		}
		socket, err := w.net.Socket(at, simnet.SocketConfig{Reliable: at == streamAddr})
		if err != nil {
			return nil, err
		}
		h.add(socket)
		all = append(all, &sniffer{Socket: socket, world: w})
	}
	if !w.cfg.Ladder {
		return all, nil
	}
	f, err := w.floor(h)
	return append(all, f), err
}

// StopServer closes the server: the players are told.
func (w *World) StopServer() error {
	err := w.server.Close()
	w.checkEmpty(w.home)
	w.serverGone()
	return err
}

// CrashServer ends the server without a goodbye.
func (w *World) CrashServer() {
	w.home.crash()
	w.serverGone()
}

func (w *World) serverGone() {
	w.dropHost(w.home)
	w.server, w.home, w.stopped = nil, nil, w.now()
	w.seats.booked = nil
	for _, p := range w.players {
		if p.Server.state == endOpening && p.Client.state == endOpening {
			continue // on its way in, and the next server may be the one that it meets
		}
		if p.coming != nil && p.Server != p.coming.server {
			p.coming.server.state = endGone
		}
		if !p.Server.Over() {
			p.Server.state = endGone
			w.troubled(p)
		}
		p.settleComing()
	}
}

// Step plays one tick: everybody sees what arrived, play is called, and what
// was sent leaves. Then the wire works until the next tick.
func (w *World) Step(play func()) {
	now := w.net.Now()
	w.updated = w.now()
	w.pauses()
	for _, h := range w.hosts {
		if h.pause.asleep {
			continue
		}
		h.driver.Update(now)
		for ev := range h.driver.Events() {
			w.event(ev, h == w.home)
		}
		if h == w.home {
			w.checkSeats()
			w.noteCrowd()
		}
	}
	w.receive()
	w.checkPlaces()
	if play != nil {
		play()
	}
	w.checkFlows()
	for _, h := range w.hosts {
		if !h.pause.asleep {
			h.next = h.driver.Flush(now)
		}
	}
	w.wire(now.Add(w.step))
	w.checkMemory()
}

// Run steps for a while.
func (w *World) Run(d time.Duration, play func()) {
	for end := w.net.Now().Add(d); w.net.Now().Before(end); {
		w.Step(play)
	}
}

// event finds the end that an event belongs to.
func (w *World) event(ev tickwire.Event, atServer bool) {
	p := w.playerOf(ev.Conn, atServer)
	if p == nil {
		w.fault(Life, "server", fmt.Sprintf("event %v of a connection from %v that nobody made", ev.Kind, ev.Conn.RemoteAddr()))
		return
	}
	if atServer && ev.Kind == tickwire.Connected && ev.Resumed {
		p.returned()
	}
	e := p.Client
	if atServer {
		e = p.Server
	}
	if w.cfg.Tap != nil {
		w.cfg.Tap.Event(e, ev, e.pass)
		return
	}
	e.handle(ev)
}

func (w *World) playerOf(c *tickwire.Conn, atServer bool) *Player {
	if atServer {
		p := w.byConn[c]
		if p == nil { // its first event
			if l := w.lineTo(c.RemoteAddr()); l != nil {
				p = l.player
				w.byConn[c] = p
			}
		}
		return p
	}
	for i := len(w.players) - 1; i >= 0; i-- {
		if w.players[i].Client.conn == c {
			return w.players[i]
		}
	}
	return nil
}

// receive takes what arrived, at the ends that do not stall, and makes an end
// of those that are over.
func (w *World) receive() {
	for _, p := range w.players {
		p.bury()
		for _, e := range [2]*End{p.Client, p.Server} {
			switch {
			case e.born == w.now() && e.born > 0: // what came until now is of the End before
			case p.done || e.state == endOpening || e.state == endGone:
			case e.state == endLast:
				if !w.cfg.Manual {
					e.drained = e.receiveAll()
				}
				e.state = endOver
			case e.state == endOver:
				e.receiveAll() // there must be nothing
			case !w.cfg.Manual && !e.stalled:
				e.receiveAll()
			}
			e.checkClosedLosses()
			e.checkRoom()
			e.checkComings()
		}
		w.giveUp(p)
		if !p.done && p.Gone() {
			w.finish(p, false)
		}
	}
}

// fault notes a violation.
func (w *World) fault(c Checker, where, what string) {
	w.judge.add(Violation{c, w.Elapsed(), where, what})
}

// Violations are the promises that were broken, the first hundred of them.
func (w *World) Violations() []Violation { return w.judge.kept }
