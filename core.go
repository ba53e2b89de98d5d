package tickwire

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/transport"
)

// A core is what a Server and a Client have in common: sockets, connections,
// and the verbs of a tick. It does no protocol of its own: it carries datagrams
// between sockets, netcode and the endpoints.
type core struct {
	cfg    *Config // that of the Server or Client, with its defaults
	role   role
	base   time.Time // where the monotonic nanoseconds begin
	clock  time.Time // the newest time that a call gave
	now    int64
	newest int64        // when the newest datagram came
	unix   atomic.Int64 // seconds since 1970; DevToken reads it from any goroutine
	ports  []*port
	unused bool // a port may not be needed any more
	wait   waiter

	encoders []encoder   // the configured channels by ID, PlainChannel first
	channels []ChannelID // the configured ones
	reliable []ChannelID // of these, those that are
	buffers  *endpoint.Buffers
	pool     *endpoint.WindowPool
	plan     *endpoint.Plan // of the endpoints of all connections
	random   seeds

	conns      []*Conn          // those that the game sees, in the order of Connected
	byID       map[uint64]*Conn // likewise
	live       []*Conn          // all that are not forgotten
	leaving    int              // how many of them have ended
	ending     []*Conn          // whose Disconnected was queued since the last Update
	touched    []*Conn          // something came, or was taken, since the last Update
	spare      []*Conn          // memory for touched
	dirty      []*Conn          // may have something to send
	marks      uint64           // how often that was noted
	jammed     []*Conn          // with paths whose sockets take nothing
	retryAt    int64            // when they are asked again; never: none has refused anything
	due        schedule
	limited    []*Conn // whose budget the game limits
	flushed    int64   // when the game called Flush last; 0: never
	step       int64   // time between its Flushes, smoothed
	events     eventQueue
	news       bool  // an Update would show something
	freshUntil int64 // until when an Update need not read
	lastID     uint64
	aside      []byte // where a packet is built that something else goes ahead of
	casts      []*broadcast
	incoming   [readBatch]transport.Datagram
	posted     postbox
	shared     *sharing // not nil under a Hub or a Session
	parting    bool     // everybody drains, and newcomers are refused
	shutBy     int64    // when a Shutdown gives up waiting; never: none is under way
	closed     bool
	counts     coreStats
}

// readBatch is how many datagrams are read in one call.
const readBatch = 64

// A role is what a Server and a Client do differently with what concerns no Conn, or none yet: the
// part of the Server or Client around a core. What they do differently with a Conn is its peer's.
type role interface {
	// handle takes a datagram that arrived.
	handle(arrival)
	// timeout does what the handshakes have to do now.
	timeout(now int64)
	// deadline is when timeout wants to be called.
	deadline() int64
	// doesWithout is told of a socket that has failed, and reports whether everything else
	// goes on without it.
	doesWithout(p *port) bool
	// sayGoodbye tells those who have no Conn yet that the core is being closed.
	sayGoodbye()
}

// An arrival is a datagram that one of our sockets has read, and when it came: before we
// looked, but not before the one ahead of it.
type arrival struct {
	at   int64
	port *port
	*transport.Datagram
}

const never = int64(math.MaxInt64)

func (k *core) init(cfg *Config, r role, sockets []transport.Socket, connections int) error {
	k.cfg, k.role = cfg, r
	k.base, k.clock = cfg.Now, cfg.Now
	k.unix.Store(k.base.Unix())
	k.buffers = endpoint.NewBuffers(cfg.BufferBytes)
	k.pool = endpoint.NewWindowPool(cfg.WindowPoolBytes, connections)
	k.random.reader = cfg.Random
	each := k.cfg.endpoint()
	each.Buffers, each.Pool = k.buffers, k.pool
	plan, err := endpoint.Prepare(each)
	if err != nil {
		return err
	}
	k.plan = plan
	k.events.limit = k.cfg.MaxEvents
	k.byID = make(map[uint64]*Conn)
	k.shutBy, k.retryAt, k.step = never, never, firstStep
	for _, s := range sockets {
		k.ports = append(k.ports, newPort(s))
	}
	k.wait.init(sockets)
	k.addEncoder(plainHandle)
	for _, ch := range cfg.Channels {
		k.addEncoder(ch)
		cfg := ch.Config()
		if k.channels = append(k.channels, cfg.ID); cfg.Delivery.Reliable() {
			k.reliable = append(k.reliable, cfg.ID)
		}
	}
	return nil
}

// lock keeps other goroutines out, under a Hub or a Session.
func (k *core) lock() {
	if k.shared != nil {
		k.shared.lock()
	}
}

func (k *core) unlock() {
	if k.shared != nil {
		k.shared.unlock()
	}
}

// setNow moves the clocks; time never runs backwards.
func (k *core) setNow(t time.Time) {
	k.now = max(k.now, int64(t.Sub(k.base)))
	if unix := t.Unix(); unix != k.unix.Load() { // a Load costs nothing, and a Store does
		k.unix.Store(unix)
	}
	k.clock = t
}

// nanosAt turns a time that may have no monotonic reading into a deadline, by how
// far off it is now.
func (k *core) nanosAt(t time.Time) int64 {
	d := int64(t.Sub(k.clock))
	if d > never-1-k.now {
		return never - 1
	}
	return k.now + d
}

// timeAt turns a deadline into a time; the zero time if it is never.
func (k *core) timeAt(at int64) time.Time {
	if at == never {
		return time.Time{}
	}
	return k.base.Add(time.Duration(max(at, 0)))
}

// update is Update of the Server or Client.
func (k *core) update(t time.Time) {
	if k.closed {
		return
	}
	k.setNow(t)
	if k.now >= k.freshUntil {
		k.receive(false)
	}
	k.freshUntil = 0
	k.timeouts()
	k.reveal()
}

// reveal shows the game what has happened since the last time. Looking at a Conn
// may touch it again, for the next time.
func (k *core) reveal() {
	k.news = false
	k.posted.run()
	k.removeEnded()
	touched := k.touched
	k.touched = k.spare[:0]
	for i, c := range touched {
		c.touched = false
		c.takeEvents()
		touched[i] = nil
	}
	k.spare = touched
	for i, c := range k.ending {
		c.shown = true
		k.ending[i] = nil
	}
	k.ending = k.ending[:0]
	k.events.visible = k.events.ring.End()
}

// service is Service: everything that the game cannot see. Lazily
// means that a Wait follows, which tells if something was left to read.
func (k *core) service(t time.Time, lazily bool) time.Time {
	if k.closed {
		return time.Time{}
	}
	k.setNow(t)
	k.receive(lazily)
	k.timeouts()
	k.flush(t)
	return k.nextTime()
}

// flush is Flush, but for the budgets of the game.
func (k *core) flush(t time.Time) {
	if k.closed {
		return
	}
	k.setNow(t)
	if k.now >= k.retryAt {
		k.retry()
	}
	for i, c := range k.dirty {
		c.dirty = false
		c.pump(k.now)
		k.dirty[i] = nil
	}
	k.dirty = k.dirty[:0]
	for _, p := range k.ports {
		p.flush()
		p.reportWrites(k.cfg.Logger)
	}
	if k.retryAt == never && k.isJammed() {
		k.retryAt = k.now + retryJam
	}
	if k.unused {
		k.dropPorts()
	}
}

// nextTime is when Service wants to be called at the latest; the zero time if never.
func (k *core) nextTime() time.Time {
	if k.closed {
		return time.Time{}
	}
	return k.timeAt(k.nextDeadline())
}

func (k *core) nextDeadline() int64 {
	return min(k.role.deadline(), k.due.earliest(), k.shutBy, k.retryAt)
}

// showLater has the next Update look at a Conn if there is anything new to see.
func (k *core) showLater(c *Conn) {
	if c.plain != nil || c.end.News() {
		k.news = true
		k.touch(c)
		if c.end != nil && c.end.Over() {
			k.vacate(c)
		}
	}
}

// touch has the next Update look at a Conn.
func (k *core) touch(c *Conn) {
	if !c.touched {
		c.touched = true
		k.touched = append(k.touched, c)
	}
}

// markDirty notes that a Conn may have something to send.
func (k *core) markDirty(c *Conn) {
	k.marks++
	if !c.dirty {
		c.dirty = true
		k.dirty = append(k.dirty, c)
	}
}
