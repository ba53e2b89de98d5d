package world

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// With Config.Ladder a player's socket is a transport.Ladder, as a browser's is. Each of its rungs is one of
// the player's lines, and a transport association: the server knows it by a number, wherever the line
// goes, until it ends. They come and end as the game says: Player.Raise, Line.Kill.

// A rung is what makes a line a transport association.
type rung struct {
	kind        transport.Kind // 0: the line is none
	association uint64
	max         int            // bytes
	sniffer     *sniffer       // the line's socket
	remote      netip.AddrPort // where the server heard of it last
	dead        bool
	told        [2]bool // of its end: the player, the server
}

var (
	floorAddr = netip.MustParseAddrPort("10.0.0.1:7779") // for rungs that lose datagrams
	towerAddr = netip.MustParseAddrPort("10.0.0.1:7780") // for those that do not

	// ranks are the kinds of rungs, the best first, and how many bytes they carry.
	ranks     = []transport.Kind{transport.KindWebTransport, transport.KindWebRTC, transport.KindWebSocket}
	rungBytes = map[transport.Kind]int{
		transport.KindWebTransport: 1200, transport.KindWebRTC: 1150, transport.KindWebSocket: simnet.DefaultMaxDatagram,
	}
	errKilled = errors.New("killed by the world")
)

// door is the server's address that a line leads to.
func (l *Line) door() netip.AddrPort { return doorOf(l.kind) }

func doorOf(kind transport.Kind) netip.AddrPort {
	switch kind {
	case 0:
		return serverAddr
	case transport.KindWebSocket:
		return towerAddr
	}
	return floorAddr
}

// from and to are the association as the player, and the server, know it.
func (l *Line) from() transport.Path {
	return transport.Path{Kind: l.kind, Remote: l.door(), Association: l.association}
}

func (l *Line) to() transport.Path {
	return transport.Path{Kind: l.kind, Remote: l.addrs[0], Association: l.association}
}

// Raise gives a player of a world with ladders another rung, of a kind of which there is none that lives; nil if there is
// one, or the player is over.
func (p *Player) Raise(kind transport.Kind, links simnet.Links) (*Line, error) {
	if p.Client.Over() || p.Rung(kind) != nil {
		return nil, nil
	}
	if p.severed() {
		p.Troubled()
	}
	return p.raise(kind, links)
}

func (p *Player) raise(kind transport.Kind, links simnet.Links) (*Line, error) {
	l, err := p.addLine(links, kind == transport.KindWebSocket)
	if err != nil {
		return nil, err
	}
	w := p.world
	w.associations++
	l.rung = rung{kind: kind, association: w.associations, max: rungBytes[kind], remote: l.addr}
	l.sniffer = &sniffer{Socket: l.socket, world: w, line: l}
	w.rungs[l.association] = l
	w.report.rungs++
	p.host.add(l.socket)
	p.host.next = w.net.Now()
	return l, nil
}

// Rung is the player's line of a kind that lives; nil if there is none.
func (p *Player) Rung(kind transport.Kind) *Line {
	for _, l := range p.lines {
		if l.kind == kind && !l.dead {
			return l
		}
	}
	return nil
}

// Kill ends a rung: what is on its way is lost, and nobody is told before Tell.
func (l *Line) Kill() {
	if l.kind == 0 || l.dead || l.closed {
		return
	}
	l.world().report.falls++
	l.dead = true
	_ = l.sniffer.Close() // it is open
	if l.player.severed() {
		l.player.Troubled()
	}
}

// Tell has one side hear of a rung's end: the server, or the player.
func (l *Line) Tell(server bool) {
	if !l.dead {
		return
	}
	h, side := l.player.host, 0
	if server {
		h, side = l.world().home, 1
	}
	if l.told[side] = true; h != nil {
		h.next = l.world().net.Now()
	}
}

func (l *Line) world() *World { return l.player.world }

// ends are what both sides of all rungs have in common.
type ends struct {
	transport.Ownership
	world  *World
	basket basket
	closed bool
	heard  map[uint64]bool // associations of whose end it was told
}

// hears appends what has ended among some lines.
func (e *ends) hears(dst []transport.Ending, l *Line, side int, path transport.Path) []transport.Ending {
	if !l.told[side] || e.heard[l.association] {
		return dst
	}
	e.heard[l.association] = true
	return append(dst, transport.Ending{Path: path, Reason: errKilled})
}

// Wait only looks: time is virtual.
func (e *ends) Wait(time.Time) (bool, error) { return false, nil }

// Wake has nobody to wake.
func (e *ends) Wake() {}

// LocalAddr is none: associations have several.
func (e *ends) LocalAddr() netip.AddrPort { return netip.AddrPort{} }

// Properties say that a WebSocket loses nothing.
func (e *ends) Properties(p transport.Path) transport.Properties {
	return transport.Properties{Reliable: p.Kind == transport.KindWebSocket}
}

// MaxDatagram is what the kind of the rung carries.
func (e *ends) MaxDatagram(p transport.Path) int { return rungBytes[p.Kind] }

// find is the line of a path that takes datagrams of some size; nil: what is written there is gone.
func (e *ends) find(d *transport.Datagram) *Line {
	l := e.world.rungs[d.Path.Association]
	if l == nil || l.dead || l.closed || len(d.Bytes) > l.max {
		return nil
	}
	return l
}

// A ladder is a player's socket.
type ladder struct {
	ends
	player *Player
}

// A floor is the server's, at the other end of all ladders.
type floor struct {
	ends
	doors [2]*sniffer
}

var (
	_ transport.Ladder = (*ladder)(nil)
	_ transport.Mortal = (*floor)(nil)
)

// ladder is a player's socket with its first rung.
func (p *Player) ladder() (*ladder, error) {
	_, err := p.raise(transport.KindWebSocket, p.world.cfg.Links)
	return &ladder{ends: ends{world: p.world, heard: make(map[uint64]bool)}, player: p}, err
}

// floor opens the server's end of ladders.
func (w *World) floor(h *host) (*floor, error) {
	f := &floor{ends: ends{world: w, heard: make(map[uint64]bool)}}
	for i, at := range []netip.AddrPort{floorAddr, towerAddr} {
		socket, err := w.net.Socket(at, simnet.SocketConfig{Reliable: at == towerAddr})
		if err != nil {
			return nil, err
		}
		h.add(socket)
		f.doors[i] = &sniffer{Socket: socket, world: w}
	}
	return f, nil
}

// Read implements transport.Socket.
func (l *ladder) Read(ds []transport.Datagram) (n int, err error) {
	if l.closed {
		return 0, transport.ErrClosed
	}
	if l.basket.empty() {
		for _, line := range l.player.lines {
			if line.kind == 0 || line.dead {
				continue
			}
			if err := l.basket.fill(line.sniffer); err != nil {
				return 0, err
			}
		}
	}
	return l.basket.pour(ds, func(d *taken) bool {
		if d.by.line.dead {
			return false
		}
		d.by.dumpOne("r", d.Path.Remote, d.by.LocalAddr(), &d.Datagram)
		d.Path = d.by.line.from()
		return true
	}), nil
}

// Write implements transport.Socket.
func (l *ladder) Write(ds []transport.Datagram) (int, error) {
	if l.closed {
		return 0, transport.ErrClosed
	}
	for i := range ds {
		line := l.find(&ds[i])
		if line == nil {
			l.world.dumpLost(l.player, l.player.lines[0].addr, &ds[i])
			continue
		}
		d := ds[i]
		d.Path = transport.PathTo(line.door())
		if n, err := line.sniffer.Write([]transport.Datagram{d}); n == 0 || err != nil {
			return i, err
		}
	}
	return len(ds), nil
}

// Ended implements transport.Mortal.
func (l *ladder) Ended(dst []transport.Ending) []transport.Ending {
	for _, line := range l.player.lines {
		dst = l.hears(dst, line, 0, line.from())
	}
	return dst
}

// Rungs implements transport.Ladder.
func (l *ladder) Rungs(dst []transport.Path) []transport.Path {
	for _, kind := range ranks {
		for _, line := range l.player.lines {
			if line.kind == kind && !line.told[0] {
				dst = append(dst, line.from())
			}
		}
	}
	return dst
}

// Peer implements transport.Ladder: the WebSocket, or what there is.
func (l *ladder) Peer() transport.Path {
	if rungs := l.Rungs(nil); len(rungs) > 0 {
		return rungs[len(rungs)-1]
	}
	return l.player.lines[0].from()
}

// Close implements transport.Socket.
func (l *ladder) Close() error {
	if l.closed {
		return transport.ErrClosed
	}
	l.closed = true
	for _, line := range l.player.lines {
		if line.kind != 0 && !line.dead {
			_ = line.sniffer.Close() // it is open
		}
	}
	return nil
}

// Read implements transport.Socket. What comes by an association that has ended is nobody's.
func (f *floor) Read(ds []transport.Datagram) (n int, err error) {
	if f.closed {
		return 0, transport.ErrClosed
	}
	for n == 0 {
		if f.basket.empty() {
			for _, door := range f.doors {
				if err := f.basket.fill(door); err != nil {
					return 0, err
				}
			}
		}
		if f.basket.empty() {
			break
		}
		n = f.basket.pour(ds, f.takes)
	}
	return n, nil
}

func (f *floor) takes(d *taken) bool {
	l := f.world.byAddr[d.Path.Remote]
	if l == nil || l.kind == 0 || l.told[1] {
		return false
	}
	d.by.dumpOne("r", d.Path.Remote, d.by.LocalAddr(), &d.Datagram)
	l.remote, d.Path = d.Path.Remote, l.to()
	return true
}

// Write implements transport.Socket.
func (f *floor) Write(ds []transport.Datagram) (int, error) {
	if f.closed {
		return 0, transport.ErrClosed
	}
	for i := range ds {
		line := f.find(&ds[i])
		if line == nil {
			f.world.dumpLost(nil, doorOf(ds[i].Path.Kind), &ds[i])
			continue
		}
		door, d := f.doors[0], ds[i]
		if line.door() == towerAddr {
			door = f.doors[1]
		}
		d.Path = transport.PathTo(line.remote)
		if n, err := door.Write([]transport.Datagram{d}); n == 0 || err != nil {
			return i, err
		}
	}
	return len(ds), nil
}

// Ended implements transport.Mortal.
func (f *floor) Ended(dst []transport.Ending) []transport.Ending {
	for _, p := range f.world.players {
		for _, line := range p.lines {
			dst = f.hears(dst, line, 1, line.to())
		}
	}
	return dst
}

// Close implements transport.Socket.
func (f *floor) Close() error {
	if f.closed {
		return transport.ErrClosed
	}
	f.closed = true
	return errors.Join(f.doors[0].Close(), f.doors[1].Close())
}

// isServers reports whether an address is one of the server's.
func isServers(at netip.AddrPort) bool {
	return slices.Contains([]netip.AddrPort{serverAddr, streamAddr, floorAddr, towerAddr}, at)
}
