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
// and the two verbs of a tick. It does no protocol of its own: it carries
// datagrams between sockets, netcode and the endpoints.
type core struct {
	cfg   Config
	owner owner
	base  time.Time // where the monotonic nanoseconds begin
	now   int64
	unix  int64 // seconds since 1970
	ports []*port
	wait  waiter

	buffers *endpoint.Buffers
	pool    *endpoint.WindowPool
	random  seeds

	conns    []*Conn // those that the game sees, in the order of Connected
	live     []*Conn // all that have an endpoint or a plain peer
	touched  []*Conn // something came, or was taken, since the last Update
	dirty    []*Conn // may have something to send
	events   eventQueue
	lastID   uint64
	scratch  []byte // where typed messages are encoded
	incoming [64]transport.Datagram
	reply    []byte
	posted   postbox
	shared   *sharing // not nil under a Hub or a Session
	closed   bool
	counts   coreStats
}

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
	// sendPlain sends a payload to a plain peer.
	appendPayload(c *Conn, dst, payload []byte) ([]byte, error)
	// release forgets what the owner knows of a Conn that is over.
	release(c *Conn)
}

const never = int64(math.MaxInt64)

func (k *core) init(cfg Config, o owner, sockets []transport.Socket) error {
	k.cfg, k.owner = cfg.withDefaults(), o
	k.base = k.cfg.Now
	k.unix = k.base.Unix()
	k.buffers = endpoint.NewBuffers(cfg.BufferBytes)
	k.pool = endpoint.NewWindowPool(cfg.WindowPoolBytes)
	k.random.reader = cfg.Random
	k.events.limit = k.cfg.MaxEvents
	if len(sockets) == 0 {
		return &ConfigError{"sockets", "none", "at least one, from udp.Listen or udp.Open say"}
	}
	for i, s := range sockets {
		k.ports = append(k.ports, newPort(i, s))
	}
	k.wait.init(sockets)
	return nil
}

// setNow moves the clocks; time never runs backwards.
func (k *core) setNow(t time.Time) {
	k.now = max(k.now, int64(t.Sub(k.base)))
	k.unix = t.Unix()
}

// timeAt turns a deadline into a time; the zero time if it is never.
func (k *core) timeAt(at int64) time.Time {
	if at == never {
		return time.Time{}
	}
	return k.base.Add(time.Duration(at))
}

// update is Update of the owner.
func (k *core) update(t time.Time) {
	k.setNow(t)
	k.receive()
	k.timeouts()
	k.reveal()
}

// reveal shows the game what has happened since the last time.
func (k *core) reveal() {
	k.posted.run()
	k.removeEnded()
	for _, c := range k.touched {
		c.touched = false
		c.takeEvents()
	}
	clear(k.touched)
	k.touched = k.touched[:0]
	k.events.visible = k.events.ring.End()
}

// service is Service of the owner: everything that the game cannot see.
func (k *core) service(t time.Time) time.Time {
	k.setNow(t)
	k.receive()
	k.timeouts()
	return k.flush(t)
}

// flush is Flush of the owner.
func (k *core) flush(t time.Time) time.Time {
	k.setNow(t)
	for i := 0; i < len(k.dirty); i++ {
		c := k.dirty[i]
		c.dirty = false
		c.pump(k.now)
	}
	clear(k.dirty)
	k.dirty = k.dirty[:0]
	for _, p := range k.ports {
		p.flush()
	}
	return k.timeAt(k.nextDeadline())
}

func (k *core) nextDeadline() int64 {
	at := k.owner.deadline()
	for _, c := range k.live {
		at = min(at, c.deadline)
	}
	return at
}

// receive reads what has arrived, a bounded number of datagrams.
func (k *core) receive() {
	for _, p := range k.ports {
		for left := k.cfg.MaxReadsPerCall; left > 0; {
			n, err := p.socket.Read(k.incoming[:min(left, len(k.incoming))])
			if err != nil {
				p.fail(k, err)
				break
			}
			if n == 0 {
				break
			}
			left -= n
			for i := range k.incoming[:n] {
				k.take(p, &k.incoming[i])
			}
		}
	}
}

func (k *core) take(p *port, d *transport.Datagram) {
	p.received++
	p.receivedBytes += uint64(len(d.Bytes))
	at := k.now
	if !d.Received.IsZero() { // when it came, not when we looked
		at = min(k.now, max(int64(d.Received.Sub(k.base)), 0))
	}
	k.owner.handle(at, p, d)
}

// timeouts does what is due by time.
func (k *core) timeouts() {
	k.owner.timeout(k.now)
	for i := 0; i < len(k.live); i++ {
		c := k.live[i]
		if c.deadline > k.now {
			continue
		}
		if c.end != nil {
			c.end.HandleTimeout(k.now)
			if c.end.Done() {
				k.touch(c)
			}
		}
		k.markDirty(c)
	}
}

// touch notes that the next Update has to look at a Conn.
func (k *core) touch(c *Conn) {
	if !c.touched {
		c.touched = true
		k.touched = append(k.touched, c)
	}
}

// markDirty notes that a Conn may have something to send.
func (k *core) markDirty(c *Conn) {
	if !c.dirty {
		c.dirty = true
		k.dirty = append(k.dirty, c)
	}
}

// newConn makes a Conn that the game does not see yet.
func (k *core) newConn(p *port, path transport.Path) *Conn {
	k.lastID++
	c := &Conn{core: k, id: k.lastID, port: p, path: path, deadline: never}
	k.live = append(k.live, c)
	return c
}

// opened shows a Conn to the game.
func (k *core) opened(c *Conn) {
	c.state = connOpen
	k.conns = append(k.conns, c)
	k.events.push(Event{Kind: Connected, Conn: c})
	k.touch(c)
	k.markDirty(c)
}

// ended queues Disconnected, once.
func (k *core) ended(c *Conn, r Reason) {
	if c.state >= connEnded {
		return
	}
	if r.Text == "" {
		r.Text = r.Code.String()
	}
	c.state, c.reason = connEnded, r
	k.events.push(Event{Kind: Disconnected, Conn: c, Reason: r})
}

// removeEnded takes away the Conns whose end the game has seen, and those
// whose endpoint has said its last goodbye.
func (k *core) removeEnded() {
	k.conns = slices.DeleteFunc(k.conns, func(c *Conn) bool { return c.state == connEnded && c.shown })
	k.live = slices.DeleteFunc(k.live, k.forget)
}

// forget reports whether a Conn is over and forgotten.
func (k *core) forget(c *Conn) bool {
	if c.state == connEnded {
		if !c.shown {
			c.shown = true // its last event is shown by this Update
			return false
		}
		c.state = connGone
	}
	if c.state != connGone || c.end != nil && !c.end.Done() {
		return false
	}
	k.owner.release(c)
	c.releaseMemory()
	return true
}

// close ends everything at once: peers are told, as far as one packet goes.
func (k *core) close(code Code, text string) error {
	if k.closed {
		return ErrClosed
	}
	k.closed = true
	for _, c := range slices.Clone(k.live) {
		if c.state <= connOpen {
			c.close(code, text)
		}
		c.pump(k.now)
	}
	for _, p := range k.ports {
		p.flush()
	}
	k.wait.close()
	var err error
	for _, p := range k.ports {
		if e := p.socket.Close(); err == nil {
			err = e
		}
	}
	for _, c := range k.live {
		c.state = connGone
		c.releaseMemory()
	}
	k.live, k.conns = nil, nil
	return err
}

func (c *Conn) releaseMemory() {
	if c.end != nil {
		c.end.Release()
	}
	if c.plain != nil {
		c.plain.release()
	}
}

// source is what netcode knows a path by.
func source(p transport.Path) netcode.Source {
	if p.Kind == transport.KindUDP {
		return netcode.SourceFrom(p.Remote)
	}
	return netcode.SourceOf(uint16(p.Kind), p.Association)
}
