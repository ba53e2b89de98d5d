package simnet

import (
	"cmp"
	"container/list"
	"context"
	"fmt"
	"math"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// Defaults of a [RelayConfig].
const (
	DefaultMaxClients  = 1024
	DefaultIdleTimeout = time.Minute
)

// relayPace is that of 60 datagrams a second, at which bursts of losses go on while nobody sends.
const relayPace = int64(time.Second) / 60

// relayBatch is how many datagrams leave between two looks at the clock.
const relayBatch = 64

// A RelayConfig says what a [Relay] stands between.
type RelayConfig struct {
	// Listen is the UDP address for clients. Empty: a free port on 127.0.0.1.
	Listen string
	// Target is the UDP address of the server. Required.
	Target string
	// Up and Down are the links from client to server and back.
	Up, Down LinkConfig
	// Shared makes all clients share one link in each direction, as players in
	// one household do. By default each client has links of its own.
	Shared bool
	// Seed fixes the choices of the links: the nth client always gets the same.
	Seed uint64
	// MaxClients bounds the clients at a time; further ones are ignored and
	// counted. 0: 1024.
	MaxClients int
	// IdleTimeout is how long a client without traffic is remembered. 0: a
	// minute. Negative: for ever.
	IdleTimeout time.Duration
	// Rebind is how often the server sees a client come from another port, as
	// behind a NAT that forgets its mappings. 0: never.
	Rebind time.Duration
	// KeepOld is how long what the server sends to the port before still arrives.
	// 0: not at all.
	KeepOld time.Duration
	// Dial opens a client's socket towards the server, connected to it, for instance in
	// another network namespace. nil: net.DialUDP.
	Dial func(server *net.UDPAddr) (*net.UDPConn, error)
	// Watch is told of each datagram that has passed the bottleneck of a link. It must be
	// quick, and not use the Relay, which waits for it. nil: nobody watches.
	Watch func(Crossing)
}

// Validate reports everything that is wrong with c but for the addresses: a
// joined error whose parts are of type [*ConfigError], or nil.
func (c RelayConfig) Validate() error {
	var v config.Check
	v.That(c.Target != "", "Target", c.Target, "the server's address, host:port")
	v.That(c.MaxClients >= 0, "MaxClients", c.MaxClients, "0 (1024) or more")
	v.That(c.Rebind == 0 || c.Rebind >= minRebind, "Rebind", c.Rebind, "0 (never) or at least "+minRebind.String())
	v.That(c.KeepOld >= 0 && c.KeepOld <= maxKeepOld, "KeepOld", c.KeepOld, "0 (not at all) to "+maxKeepOld.String())
	v.Take("", Links{c.Up, c.Down}.Validate())
	return v.Err()
}

// A Relay puts links between real UDP programs: clients talk to it as if it
// were the server, and the server sees each client as a port of the relay.
//
// Time is real here, and so the outcome is not exactly repeatable: which
// datagram meets which draw depends on when the programs send. A datagram
// leaves within about a millisecond of its time on a machine that is not busy.
// Bursts of losses come and go with time, too: a pause counts as 60 datagrams a second would.
//
// All methods may be called from any goroutine.
type Relay struct {
	cfg    RelayConfig
	target *net.UDPAddr
	listen *net.UDPConn
	start  time.Time
	wake   chan struct{} // the first event may have moved forward
	failed chan error    // from the reader of listen
	tasks  sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	pool     pool
	due      schedule
	sessions map[netip.AddrPort]*list.Element
	byAge    *list.List // of *session, the longest idle first
	created  uint64
	shared   *session // holds the links if cfg.Shared
	cut      bool
	rebindAt int64      // when somebody's port is to change next, or a former one to go
	stats    RelayStats // without what the links count
}

// A session is what the relay keeps of one client: a socket towards the server
// and a link each way.
type session struct {
	client   netip.AddrPort
	upstream *net.UDPConn
	since    int64        // it has had this one
	old      []formerPort // that still lead to the client
	up, down *Link
	last     int64 // traffic in either direction
}

// RelayStats count over all clients there have been.
type RelayStats struct {
	Up, Down    LinkStats
	Clients     int    // now
	Accepted    uint64 // clients so far
	Expired     uint64 // clients forgotten because they were idle
	Rebound     uint64 // ports changed towards the server
	Refused     uint64 // datagrams of clients beyond MaxClients
	Orphaned    uint64 // datagrams that came out of a shared link for a client forgotten meanwhile
	DialErrors  uint64 // datagrams for which no socket towards the server could be had
	ReadErrors  uint64 // errors of single reads, such as "port unreachable"
	WriteErrors uint64 // datagrams that the system refused to send
}

// NewRelay binds the relay's socket. Datagrams flow while [Relay.Run] runs.
func NewRelay(cfg RelayConfig) (*Relay, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Listen = cmp.Or(cfg.Listen, "127.0.0.1:0")
	cfg.MaxClients = cmp.Or(cfg.MaxClients, DefaultMaxClients)
	cfg.IdleTimeout = cmp.Or(cfg.IdleTimeout, DefaultIdleTimeout)
	if cfg.Dial == nil {
		cfg.Dial = func(server *net.UDPAddr) (*net.UDPConn, error) { return net.DialUDP("udp", nil, server) }
	}
	target, err := net.ResolveUDPAddr("udp", cfg.Target)
	if err != nil {
		return nil, fmt.Errorf("simnet: RelayConfig.Target: %w", err)
	}
	local, err := net.ResolveUDPAddr("udp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("simnet: RelayConfig.Listen: %w", err)
	}
	listen, err := net.ListenUDP("udp", local)
	if err != nil {
		return nil, fmt.Errorf("simnet: RelayConfig.Listen: %w", err)
	}
	enlarge(listen)
	r := &Relay{
		cfg: cfg, target: target, listen: listen, start: time.Now(),
		wake: make(chan struct{}, 1), failed: make(chan error, 1),
		sessions: make(map[netip.AddrPort]*list.Element), byAge: list.New(),
		rebindAt: math.MaxInt64,
	}
	if cfg.Shared {
		r.shared = new(session)
		r.addLinks(r.shared, 0, 0)
	}
	return r, nil
}

// enlarge asks for buffers that outlast a pause of this process. The system may
// give less, and that is fine.
func enlarge(c *net.UDPConn) {
	_ = c.SetReadBuffer(4 << 20)
	_ = c.SetWriteBuffer(4 << 20)
}

// Addr is the address for clients.
func (r *Relay) Addr() netip.AddrPort {
	a := r.listen.LocalAddr().(*net.UDPAddr).AddrPort()
	return unmap(a)
}

// Run relays until ctx ends or Close is called, and then returns nil; it
// returns an error if the relay's socket fails. It closes the relay.
func (r *Relay) Run(ctx context.Context) error {
	r.tasks.Go(r.readClients)
	err := r.pump(ctx)
	r.Close()
	r.tasks.Wait()
	return err
}

// Close ends Run and frees the sockets.
func (r *Relay) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	for e := r.byAge.Front(); e != nil; e = e.Next() {
		e.Value.(*session).close()
	}
	err := r.listen.Close()
	r.alert()
	return err
}

// SetLinks changes the links of all clients, present and future. The error is
// that of [Links.Validate], and then nothing changes.
func (r *Relay) SetLinks(up, down LinkConfig) error {
	if err := (Links{up, down}).Validate(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cfg.Up, r.cfg.Down = up, down
	now := r.now()
	r.eachLinks(func(s *session) {
		s.up.reconfigure(now, up)
		s.down.reconfigure(now, down)
		r.due.update(s.up)
		r.due.update(s.down)
	})
	r.alert()
	return nil
}

// Cut takes all links down, in both directions. What is under way arrives.
func (r *Relay) Cut() { r.setCut(true) }

// Heal ends a Cut.
func (r *Relay) Heal() { r.setCut(false) }

func (r *Relay) setCut(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	r.eachLinks(func(s *session) { s.up.cut, s.down.cut = cut, cut })
}

// Stats returns the counters.
func (r *Relay) Stats() RelayStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Clients = len(r.sessions)
	r.eachLinks(func(e *session) {
		s.Up.add(e.up.Stats())
		s.Down.add(e.down.Stats())
	})
	return s
}

// eachLinks calls f with every session that has links of its own.
func (r *Relay) eachLinks(f func(*session)) {
	if r.shared != nil {
		f(r.shared)
		return
	}
	for e := r.byAge.Front(); e != nil; e = e.Next() {
		f(e.Value.(*session))
	}
}

func (r *Relay) now() int64 { return int64(time.Since(r.start)) }

// alert makes pump look again.
func (r *Relay) alert() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// add sums up the counters of several links.
func (s *LinkStats) add(o LinkStats) {
	s.Sent += o.Sent
	s.Delivered += o.Delivered
	s.Lost += o.Lost
	s.QueueDropped += o.QueueDropped
	s.Overflowed += o.Overflowed
	s.TooLarge += o.TooLarge
	s.Cut += o.Cut
	s.Duplicated += o.Duplicated
	s.Corrupted += o.Corrupted
	s.Reordered += o.Reordered
	s.Marked += o.Marked
	s.Resent += o.Resent
	s.SentBytes += o.SentBytes
	s.DeliveredBytes += o.DeliveredBytes
	s.Queued += o.Queued
	s.InFlight += o.InFlight
}
