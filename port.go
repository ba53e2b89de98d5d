package tickwire

import (
	"log/slog"
	"slices"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/transport"
)

// A port is one socket of a Server or Client and the datagrams that wait to be
// written to it together.
type port struct {
	socket  transport.Socket
	peer    transport.Path   // of a socket that is joined
	joined  bool             // it reaches one peer only
	rungs   []transport.Path // of a ladder: what can be tried now
	roamer  transport.Roamer // nil: it does not know the host's address
	mortal  transport.Mortal // nil: its paths end with it
	ender   transport.Ender  // nil: it keeps nothing for a path
	keeper  transport.Keeper // nil: it gives none up by itself
	ladder  transport.Ladder // nil: it is none
	riders  riders           // nil: its paths neither end nor are ended
	wide    bool             // it listens on all addresses of the host
	later   bool             // it came after the start, and goes with its last path
	broken  bool             // the owner does without it
	vantage vantage
	out     [writeBatch]transport.Datagram
	bufs    [writeBatch][]byte
	n       int
	backlogs
	stats   SocketStats
	failure error     // of a Write, which the log was not told yet
	logged  [2]string // what it was told last, of Read and of Write
}

func newPort(socket transport.Socket) *port {
	p := &port{socket: socket, wide: socket.LocalAddr().Addr().IsUnspecified()}
	if one, ok := socket.(transport.Joined); ok {
		p.peer, p.joined = one.Peer(), true
	}
	p.roamer, _ = socket.(transport.Roamer)
	p.mortal, _ = socket.(transport.Mortal)
	p.ender, _ = socket.(transport.Ender)
	p.keeper, _ = socket.(transport.Keeper)
	p.ladder, _ = socket.(transport.Ladder)
	if p.mortal != nil || p.ender != nil {
		p.riders = riders{}
	}
	p.lookAtRungs()
	return p
}

// wayToPeer is the way to the one peer whom the socket reaches; if there are others its path is zero.
func (p *port) wayToPeer() way { return way{port: p, path: p.peer} }

// peerNow is the path to that peer, which stays what it is; that of a ladder is another one by and by.
func (p *port) peerNow() *transport.Path {
	if p.ladder == nil {
		return &p.peer
	}
	peer := p.peer
	return &peer
}

// writeBatch is how many datagrams are written in one call. Beyond 16 a batch
// gains nothing on Linux.
const writeBatch = 32

// datagramRoom is how large the buffers of a port begin.
const datagramRoom = 1536

// begin returns an empty buffer for the next datagram.
func (p *port) begin() []byte {
	if p.bufs[p.n] == nil {
		p.bufs[p.n] = make([]byte, 0, datagramRoom)
	}
	return p.bufs[p.n]
}

// commit queues the datagram that was built in the buffer of begin, with a mark.
func (p *port) commit(w *way, b []byte, mark transport.ECN) {
	p.bufs[p.n] = b[:0] // it may have grown
	p.out[p.n] = transport.Datagram{Path: w.path, Bytes: b, Local: w.local, ECN: mark}
	p.n++
	if p.n == writeBatch {
		p.flush()
	}
}

// hasNew reports whether something is queued that was not offered to the socket yet.
func (p *port) hasNew() bool { return p.n > 0 }

// flush writes what is queued. What the system does not take is lost, as on the way
// it might have been; unless it goes by a reliable path, on which nothing is: that is
// kept for the next time, with all that goes behind it.
func (p *port) flush() {
	n := p.n
	p.n = 0
	for i := 0; i < n; {
		if b := p.backlogOf(p.out[i].Path); b != nil {
			p.keep(b, i)
			i++
			continue
		}
		end := i + 1
		for end < n && p.backlogOf(p.out[end].Path) == nil {
			end++
		}
		wrote, err := p.write(p.out[i:end])
		if i += wrote; i < end {
			i = p.refused(i, end, err)
		}
	}
}

// refused decides what becomes of datagrams of which the socket did not take the first, and returns
// the next one to offer. What is lost on the way of one who loses now and then is lost for all of
// those: a system that takes nothing is not asked for each.
func (p *port) refused(i, end int, err error) int {
	if err == nil && p.isReliable(i) {
		p.keep(p.newBacklog(p.out[i].Path), i)
		return i + 1
	}
	for p.stats.Refused++; i+1 < end && (err != nil || !p.isReliable(i+1)); i++ {
		p.stats.Refused++
	}
	return i + 1
}

// isReliable reports whether a datagram that is queued goes by a way that repairs losses itself.
func (p *port) isReliable(i int) bool { return p.socket.Properties(p.out[i].Path).Reliable }

// write writes datagrams, and counts those that the socket took.
func (p *port) write(ds []transport.Datagram) (wrote int, err error) {
	if wrote, err = p.socket.Write(ds); err != nil {
		p.stats.Errors++
		p.failure = err
		wrote = min(max(wrote, 0), len(ds)) // whoever fails may not know
	}
	p.stats.Sent += uint64(wrote)
	for i := range ds[:wrote] {
		p.stats.SentBytes += uint64(len(ds[i].Bytes))
	}
	return wrote, err
}

// addPort takes a socket in, unless it is known.
func (k *core) addPort(p *port) {
	if !slices.Contains(k.ports, p) {
		k.ports = append(k.ports, p)
		k.wait.add(p.socket)
	}
}

// dropPorts closes the sockets that have failed, and those that came later and serve
// no connection any more.
func (k *core) dropPorts() {
	k.unused = false
	k.ports = slices.DeleteFunc(k.ports, func(p *port) bool {
		if !p.broken && (!p.later || slices.ContainsFunc(k.live, p.serves)) {
			return false
		}
		k.wait.remove(p.socket)
		p.socket.Close()
		return true
	})
}

// serves reports whether a Conn needs the socket.
func (p *port) serves(c *Conn) bool {
	if c.end == nil {
		return c.at().port == p
	}
	if c.peer.uses(p) {
		return true
	}
	for i, w := range c.routes {
		if w.port == p && c.end.Uses(endpoint.Route(i)) {
			return true
		}
	}
	return false
}

// What a socket fails to do.
const (
	toRead = iota
	toWrite
)

// report tells the log that a socket has failed to do something, once until there is another
// reason.
func (p *port) report(log *slog.Logger, what int, err error) {
	if text := err.Error(); text != p.logged[what] {
		p.logged[what] = text
		log.Error([...]string{"socket failed", "socket sends nothing"}[what], "socket", p.socket.LocalAddr(), "err", err)
	}
}

// reportWrites tells it of the Writes since the last time.
func (p *port) reportWrites(log *slog.Logger) {
	if p.failure != nil && !p.broken {
		p.report(log, toWrite, p.failure)
		p.failure = nil
	}
}
