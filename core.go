package tickwire

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/transport"
)

// A core is what a Server and a Client have in common: sockets, connections,
// and the verbs of a tick. It does no protocol of its own: it carries datagrams
// between sockets, netcode and the endpoints. Its parts keep an invariant each, which their
// comments say, and know nothing of one another.
type core struct {
	cfg    *Config      // that of the Server or Client, with its defaults
	logger *slog.Logger // the game's own; that of cfg makes a callout of it
	role   role

	clocks
	catalogue // of channels
	supply    // of endpoints
	roster    // of Conns
	marks     // what is to be looked at
	jams      // sockets that take nothing
	budgets   // of the game

	ports      []*port
	unused     bool // a port may not be needed any more
	wait       waiter
	incoming   [readBatch]transport.Datagram
	endings    []transport.Ending
	bereft     []*Conn // whose path has ended
	freshUntil int64   // until when an Update need not read
	aside      []byte  // where a packet is built that something else goes ahead of

	due     schedule
	events  eventQueue
	casts   []*broadcast
	posted  postbox
	shared  *sharing                // not nil under a Hub or a Session
	inside  atomic.Pointer[callout] // the game's function that is called at the moment
	neglect neglect                 // of the game whose loop it is
	parting bool                    // everybody drains, and newcomers are refused
	shutBy  int64                   // when a Shutdown gives up waiting; never: none is under way
	lost    losses                  // of that
	closed  bool
	counts  coreStats
}

// readBatch is how many datagrams are read in one call.
const readBatch = 64

// A role is what a Server and a Client do differently with what concerns no Conn, or none yet: the
// part of the Server or Client around a core. What they do differently with a Conn is its peer's.
type role interface {
	// handle takes a datagram that arrived.
	handle(reading)
	// timeout does what the handshakes have to do now.
	timeout(now int64)
	// deadline is when timeout wants to be called.
	deadline() int64
	// doesWithout is told of a socket that has failed, and reports whether everything else
	// goes on without it.
	doesWithout(p *port) bool
	// climb is told that the rungs of a socket have changed, a ladder, or that some have ended.
	climb(p *port, ended []transport.Ending)
	// sayGoodbye tells those who have no Conn yet that the core is being closed.
	sayGoodbye()
}

// A reading is a datagram that one of our sockets has read.
type reading struct {
	at   int64 // when it came, but not before the one ahead of it
	came int64 // the same, as its socket says
	port *port
	*transport.Datagram
}

const never = seq.Never

func (k *core) init(cfg *Config, r role, sockets []transport.Socket, connections int) error {
	k.cfg, k.role, k.logger = cfg, r, cfg.Logger
	cfg.Logger = slog.New(logCallout{k, cfg.Logger.Handler()})
	k.clocks.init(cfg.Now)
	if err := k.supply.init(cfg, connections); err != nil {
		return err
	}
	k.catalogue.init(cfg.Channels, k.buffers)
	k.roster.init()
	k.jams.init()
	k.budgets.init()
	k.events.limit = k.cfg.MaxEvents
	k.shutBy = never
	for _, s := range sockets {
		k.ports = append(k.ports, newPort(s))
	}
	k.wait.init(sockets)
	return nil
}

// lock and unlock are of consequence under a Hub or a Session only.
func (k *core) lock() {
	if k.shared != nil {
		k.shared.lock()
		return
	}
	k.mustBeOutside()
}

func (k *core) unlock() {
	if k.shared != nil {
		k.shared.unlock()
	}
}

// update is Update of the Server or Client.
func (k *core) update(t time.Time) {
	if k.closed {
		return
	}
	k.setNow(t)
	k.noteUpdate()
	if k.now >= k.freshUntil {
		k.receive(readAll)
		k.timeouts()
	}
	k.freshUntil = 0
	k.reveal()
}

// reveal shows the game what has happened since the last time. Looking at a Conn
// may touch it again, for the next time.
func (k *core) reveal() {
	k.news = false
	if k.shared == nil { // else the loop over Events has, without the lock
		k.posted.run()
	}
	k.removeEnded()
	k.lookAtTouched((*Conn).takeEvents)
	k.shown()
	k.events.visible = k.events.ring.End()
}

// service is Service: everything that the game cannot see.
func (k *core) service(t time.Time, much howMuch) time.Time {
	if k.closed {
		return time.Time{}
	}
	k.setNow(t)
	k.receive(much)
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
	k.neglect.updates.calls, k.neglect.flushed = 0, true
	if k.now >= k.retryAt {
		k.retry()
	}
	k.pumpDirty(k.now)
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

// hasToFlush reports whether a flush would do anything.
func (k *core) hasToFlush() bool {
	return len(k.dirty) > 0 || k.unused || k.now >= k.retryAt || slices.ContainsFunc(k.ports, (*port).hasNew)
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
			k.leaveSeat(c)
		}
	}
}
