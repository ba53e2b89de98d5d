package tickwire

import (
	"math"
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// A core is what a Server and a Client have in common: sockets, connections,
// and the verbs of a tick. It does no protocol of its own: it carries datagrams
// between sockets, netcode and the endpoints.
type core struct {
	cfg     Config
	owner   owner
	base    time.Time // where the monotonic nanoseconds begin
	clock   time.Time // the newest time that the owner gave
	now     int64
	arrived int64        // when the newest datagram came
	unix    int64        // seconds since 1970
	mark    endpoint.ECN // of the datagram that is being handled
	ports   []*port
	unused  bool // a port may not be needed any more
	wait    waiter

	lanes   []lane // the configured channels by ID, PlainChannel first
	buffers *endpoint.Buffers
	pool    *endpoint.WindowPool
	plan    *endpoint.Plan // of the endpoints of all connections
	random  seeds

	conns    []*Conn          // those that the game sees, in the order of Connected
	byID     map[uint64]*Conn // likewise
	live     []*Conn          // all that are not forgotten
	leaving  int              // how many of them have ended
	ending   []*Conn          // whose Disconnected was queued since the last Update
	touched  []*Conn          // something came, or was taken, since the last Update
	spare    []*Conn          // memory for touched
	dirty    []*Conn          // may have something to send
	marks    uint64           // how often that was noted
	jammed   []*Conn          // with paths whose sockets take nothing
	retryAt  int64            // when they are asked again; never: none has refused anything
	due      schedule
	limited  []*Conn // whose budget the game limits
	flushed  int64   // when the game called Flush last; 0: never
	step     int64   // time between its Flushes, smoothed
	events   eventQueue
	news     bool // an Update would show something
	lastID   uint64
	scratch  []byte // what is read twice is copied to it
	casts    []*broadcast
	incoming [readBatch]transport.Datagram
	posted   postbox
	shared   *sharing // not nil under a Hub or a Session
	shutBy   int64    // when a Shutdown gives up waiting; never: none is under way
	closed   bool
	counts   coreStats
}

// readBatch is how many datagrams are read in one call.
const readBatch = 64

// An owner is the Server or the Client around a core.
type owner interface {
	// handle takes a datagram that arrived at the time now.
	handle(now int64, p *port, d *transport.Datagram)
	// timeout does what the handshake has to do now.
	timeout(now int64)
	// deadline is when timeout wants to be called.
	deadline() int64
	// beforeData is called before a packet of c is sent.
	beforeData(c *Conn)
	// closePlain says goodbye to a plain peer.
	closePlain(c *Conn)
	// appendPayload appends a packet for a plain peer.
	appendPayload(c *Conn, dst, payload []byte) ([]byte, error)
	// lapsed is called when time has done something to the endpoint of c.
	lapsed(c *Conn)
	// failed is called when a socket has failed, and reports whether the owner does
	// without it.
	failed(p *port) bool
	// abort ends a Conn whose handshake is not complete.
	abort(c *Conn, r Reason)
	// dismiss says goodbye to plain peers that have no Conn yet.
	dismiss()
	// handOver gives a Conn to another server, and reports whether it does.
	handOver(c *Conn, within time.Duration) bool
	// left makes room for another; the Conn's endpoint may still say goodbye.
	left(c *Conn)
	// release forgets what the owner knows of a Conn that is over.
	release(c *Conn)
	// retire gives back what belongs to no Conn; the core is being closed.
	retire()
}

const never = int64(math.MaxInt64)

func (k *core) init(cfg Config, o owner, sockets []transport.Socket, connections int) (err error) {
	k.cfg, k.owner = cfg.withDefaults(), o
	k.base, k.clock = k.cfg.Now, k.cfg.Now
	k.unix = k.base.Unix()
	k.buffers = endpoint.NewBuffers(cfg.BufferBytes)
	k.pool = endpoint.NewWindowPool(cfg.WindowPoolBytes, connections)
	k.random.reader = cfg.Random
	if err := k.prepare(); err != nil {
		return err
	}
	k.events.limit = k.cfg.MaxEvents
	k.byID = make(map[uint64]*Conn)
	k.shutBy, k.retryAt, k.step = never, never, firstStep
	if len(sockets) == 0 {
		return &ConfigError{"sockets", "none", "at least one, from udp.Listen or udp.Open say"}
	}
	for _, s := range sockets {
		k.ports = append(k.ports, newPort(s))
	}
	k.wait.init(sockets)
	k.addLane(plainLane)
	for _, ch := range cfg.Channels {
		k.addLane(ch)
	}
	return nil
}

// prepare makes the plan of the endpoints to come.
func (k *core) prepare() (err error) {
	each := k.cfg.endpoint()
	each.Buffers, each.Pool = k.buffers, k.pool
	k.plan, err = endpoint.Prepare(each)
	return err
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
	k.unix = t.Unix()
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

// update is Update of the owner.
func (k *core) update(t time.Time) {
	if k.closed {
		return
	}
	k.setNow(t)
	k.receive(false)
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

// service is Service of the owner: everything that the game cannot see. Lazily
// means that a Wait follows, which tells if something was left to read.
func (k *core) service(t time.Time, lazily bool) time.Time {
	if k.closed {
		return time.Time{}
	}
	k.listen(t, lazily)
	return k.flush(t)
}

// listen is the part of service that sends nothing.
func (k *core) listen(t time.Time, lazily bool) {
	k.setNow(t)
	k.receive(lazily)
	k.timeouts()
}

// flush is Flush of the owner.
func (k *core) flush(t time.Time) time.Time {
	if k.closed {
		return time.Time{}
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
	}
	if k.retryAt == never && k.isJammed() {
		k.retryAt = k.now + retryJam
	}
	if k.unused {
		k.dropPorts()
	}
	return k.timeAt(k.nextDeadline())
}

func (k *core) nextDeadline() int64 {
	return min(k.owner.deadline(), k.due.earliest(), k.shutBy, k.retryAt)
}

// receive reads what has arrived, a bounded number of datagrams.
func (k *core) receive(lazily bool) {
	for _, p := range k.ports {
		for left := k.cfg.MaxReadsPerCall; left > 0 && !p.broken; {
			want := min(left, len(k.incoming))
			n, err := p.socket.Read(k.incoming[:want])
			if err != nil {
				p.fail(k, err)
				p.broken = k.owner.failed(p)
				break
			}
			left -= n
			for i := range k.incoming[:n] {
				k.take(p, &k.incoming[i])
			}
			if n == 0 || lazily && n < want/2 {
				break
			}
		}
	}
}

// take handles one datagram at the time when it came, which is before we looked,
// but not before the one ahead of it.
func (k *core) take(p *port, d *transport.Datagram) {
	p.stats.Received++
	p.stats.ReceivedBytes += uint64(len(d.Bytes))
	at := k.now
	if !d.Received.IsZero() {
		at = min(at, max(int64(d.Received.Sub(k.base)), k.arrived))
	}
	k.arrived = at
	k.mark = endpoint.ECN(d.ECN)
	k.owner.handle(at, p, d)
}

// timeouts does what is due by time.
func (k *core) timeouts() {
	k.owner.timeout(k.now)
	for k.due.earliest() <= k.now {
		c := k.due.heap[0].conn
		k.due.remove(c) // until pump says when it is due again
		if c.end != nil {
			c.end.HandleTimeout(k.now)
			k.heard(c)
			k.owner.lapsed(c)
		}
		k.markDirty(c)
	}
}

// heard has the next Update look at a Conn if there is anything new to see.
func (k *core) heard(c *Conn) {
	if c.plain != nil || c.end.News() {
		k.news = true
		k.touch(c)
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

// close ends everything at once: peers are told, as far as one packet goes.
func (k *core) close(code Code, text string) error {
	if k.closed {
		return ErrClosed
	}
	for _, c := range slices.Clone(k.live) {
		c.close(code, text)
		c.pump(k.now)
		if c.takeEvents(); c.former != nil {
			c.takeEvents() // those of the endpoint that came after
		}
	}
	k.owner.dismiss()
	for _, p := range k.ports {
		p.flush()
	}
	k.closed = true
	k.posted.close()
	k.wait.close()
	var err error
	for _, p := range k.ports {
		if e := p.socket.Close(); err == nil && !p.broken {
			err = e
		}
	}
	k.forgetAll()
	return err
}

// forgetAll gives all memory back. What is queued of events can still be taken.
func (k *core) forgetAll() {
	for _, c := range k.live {
		c.state = connGone
		c.retire()
	}
	k.owner.retire()
	clear(k.byID)
	k.live, k.conns, k.touched, k.dirty, k.ending, k.limited, k.jammed = nil, nil, nil, nil, nil, nil, nil
	k.leaving = 0
	k.events.visible = k.events.ring.End()
}

// source is what netcode knows a path by.
func source(p transport.Path) netcode.Source {
	if p.Kind == transport.KindUDP {
		return netcode.SourceFrom(p.Remote)
	}
	return netcode.SourceOf(uint16(p.Kind), p.Association)
}
