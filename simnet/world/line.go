package world

import (
	"net/netip"
	"slices"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A Line is one way of a player into the network: a socket, the addresses that it has had, and an
// access. Every player has one from the beginning, and one more for each path that is opened. It
// has two hosts, such as a phone's in the Wi-Fi and in the cellular network, and is at one of them.
type Line struct {
	player *Player
	place  int // among the player's lines
	socket *simnet.Socket
	links  simnet.Links // as set last
	hosts  [2]netip.Addr
	addr   netip.AddrPort   // now
	addrs  []netip.AddrPort // all that it has had
	cut    bool             // by itself; the player may be cut as well
	closed bool             // by the library, or as the rung that it is
	rung
	path uint8 // that goes by it

	calmFrom int64 // since when it carries, at one address; see checkBack
}

// firstPort is the first of each line's ports.
const firstPort = 4000

// numbered is the address of the nth host of a network.
func numbered(network, n int) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(network), 1 + byte(n>>16), byte(n >> 8), byte(n)})
}

// A LineConfig describes a path that a player opens beside the first one, and the line below it.
type LineConfig struct {
	Links simnet.Links
	// Reliable makes it a stream, to the server's reliable socket (Config.Stream).
	Reliable bool
	// Use and Weight are those of tickwire.PathConfig.
	Use    tickwire.PathUse
	Weight int
}

// addLine gives a player another socket.
func (p *Player) addLine(links simnet.Links, reliable bool) (*Line, error) {
	k, w := len(p.lines), p.world
	l := &Line{player: p, place: k}
	l.hosts = [2]netip.Addr{numbered(10+2*(k%40), p.Number), numbered(11+2*(k%40), p.Number)}
	l.addr = netip.AddrPortFrom(l.hosts[0], firstPort+uint16(k/40))
	if err := l.SetLinks(links); err != nil {
		return nil, err
	}
	socket, err := w.net.Socket(l.addr, simnet.SocketConfig{Reliable: reliable})
	if err != nil {
		return nil, err
	}
	l.socket = socket
	p.lines = append(p.lines, l)
	l.known()
	if p.cut {
		l.block(true, true)
	}
	return l, nil
}

// known notes the address at which the line is now.
func (l *Line) known() {
	l.addrs = append(l.addrs, l.addr)
	l.player.world.byAddr[l.addr] = l
}

// sniff is the line's socket as the library gets it.
func (l *Line) sniff() transport.Socket {
	return &sniffer{Socket: l.socket, world: l.player.world, line: l}
}

// OpenPath opens another path from the player to the server, as Conn.OpenPath does, and returns the
// line below it.
func (p *Player) OpenPath(cfg LineConfig) (*Line, error) {
	if !p.Client.Open() {
		return nil, tickwire.ErrClosed
	}
	l, err := p.addLine(cfg.Links, cfg.Reliable)
	if err != nil {
		return nil, err
	}
	path := tickwire.PathConfig{Use: cfg.Use, Weight: cfg.Weight, Server: serverAddr}
	if cfg.Reliable {
		path.Server = streamAddr
	}
	p.host.add(l.socket)
	if _, err = p.Client.conn.OpenPath(l.sniff(), path); err != nil {
		return nil, err // the socket is closed
	}
	return l, nil
}

// redial is the player's ClientConfig.Redial.
func (p *Player) redial(tickwire.Redial) (transport.Socket, error) {
	l, err := p.addLine(p.lines[0].links, false)
	if err != nil {
		return nil, err
	}
	p.host.add(l.socket)
	return l.sniff(), nil
}

// Lines lists the player's lines, those of closed paths included.
func (p *Player) Lines() []*Line { return p.lines }

// Addr is the address at which others see the line now.
func (l *Line) Addr() netip.AddrPort { return l.addr }

// SetLinks changes the line's access; see Player.SetLinks.
func (l *Line) SetLinks(links simnet.Links) error {
	p := l.player
	p.bursts = p.bursts || links.Up.LossBurst > 1 || links.Down.LossBurst > 1
	later := l.socket != nil && roundTrip(links) > roundTrip(l.links)
	p.shadowed.lossy = p.shadowed.lossy || lossy(links.Up) || lossy(links.Down) || later
	l.links, p.roaming = links, roaming{}
	l.unsettle(p.world.now())
	return p.world.net.SetHost(l.addr.Addr(), links)
}

// Cut takes the line down in both directions. A connection that has another one goes on.
func (l *Line) Cut() {
	l.checkBack()
	l.cut = true
	l.block(true, true)
}

// Heal ends it.
func (l *Line) Heal() {
	l.cut = false
	l.free()
	if l.player.cut {
		l.block(true, true)
	}
	if !l.player.Spare(l) {
		l.player.Troubled() // it was the only one
	}
}

func (l *Line) block(up, down bool) {
	l.player.roaming, l.player.shadowed.lossy = roaming{}, true
	l.unsettle(l.player.world.now())
	for _, host := range l.hosts {
		if up {
			l.player.world.net.Cut(host, serverAddr.Addr())
		}
		if down {
			l.player.world.net.Cut(serverAddr.Addr(), host)
		}
	}
}

func (l *Line) free() {
	l.unsettle(l.player.world.now())
	for _, host := range l.hosts {
		l.player.world.net.Heal(host, serverAddr.Addr())
		l.player.world.net.Heal(serverAddr.Addr(), host)
	}
}

// Whole reports whether the line carries what is sent on it, as links do.
func (l *Line) Whole() bool { return !l.cut && !l.player.cut && !l.closed }

// Spare reports whether the player has another line that is whole.
func (p *Player) Spare(beside *Line) bool {
	return slices.ContainsFunc(p.lines, func(l *Line) bool { return l != beside && l.Whole() })
}

// severed reports whether the player has no line that is whole.
func (p *Player) severed() bool { return !slices.ContainsFunc(p.lines, (*Line).Whole) }

// Roam changes the address at which others see the line: to another port of its host, as by a
// NAT that forgets, or elsewhere, to its other host, as from Wi-Fi to cellular. What is sent to the
// old address arrives for as long as that is kept. The player's game does not notice. A stream
// stays where it is.
func (l *Line) Roam(elsewhere bool, keep time.Duration) error {
	p := l.player
	if p.Client.Over() || p.done || l.closed || l.socket.Properties(transport.Path{}).Reliable {
		return nil
	}
	l.checkBack()
	now, hasty := p.world.now(), !l.followed()
	host := l.addr.Addr()
	if elsewhere {
		host = l.hosts[1-slices.Index(l.hosts[:], host)]
	}
	to := netip.AddrPortFrom(host, firstPort+1000+uint16(len(l.addrs)%60_000))
	if err := p.world.net.RebindSlowly(l.addr, to, keep); err != nil {
		return err
	}
	l.addr = to
	l.known()
	p.world.report.roams++
	p.shadowed.moved = p.shadowed.forwards
	p.roaming = roaming{line: l, under: l.Whole(), roundTrip: roundTrip(l.links), hasty: hasty || now < p.settledAt}
	p.settledAt = max(p.settledAt, now+int64(settled+keep))
	l.unsettle(now + int64(keep))
	return nil
}

// settled is how long somebody has to be at one address alone before his next move is judged.
const settled = 2 * time.Second

func roundTrip(l simnet.Links) int64 {
	return int64(l.Up.Delay + l.Up.Jitter + l.Down.Delay + l.Down.Jitter)
}

// forget takes the line's addresses out of the world's books.
func (l *Line) forget() {
	for _, at := range l.addrs {
		delete(l.player.world.byAddr, at)
	}
	delete(l.player.world.rungs, l.association)
}
