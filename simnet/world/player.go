package world

import (
	"fmt"
	"net/netip"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// A Player is one process that plays: a host with a socket, a
// [tickwire.Client] and one connection, of which it holds both ends. A player who
// comes back after a crash is another Player, maybe with the same ClientID.
type Player struct {
	Number   int // counts all players of the world from 0
	ClientID uint64
	Client   *End // the player's end
	Server   *End // the server's

	world *World
	addr  netip.AddrPort
	host  *host
	spy   *spy
	done  bool // finished

	joined   int64
	cut      bool
	bursts   bool  // its links lose datagrams in bursts, or did
	trouble  int64 // until then the connection may time out
	grown    int   // bytes by which its windows have grown at most
	waitFrom int64 // when waiting for an end began that may never come to be; 0: not yet
}

// Addr is the player's address, one of its own.
func (p *Player) Addr() netip.AddrPort { return p.addr }

// SetLinks changes the player's access. A burst of losses is counted in
// datagrams, so to somebody who is down to a probe now and then it may last
// longer than the timeout: a player whose links have had bursts may time out.
func (p *Player) SetLinks(links simnet.Links) error {
	p.bursts = p.bursts || links.Up.LossBurst > 1 || links.Down.LossBurst > 1
	return p.world.net.SetHost(p.addr.Addr(), links)
}

// Cut drops everything between the player and the server until Heal, in the
// directions that are chosen. A connection that is cut may time out.
func (p *Player) Cut(up, down bool) {
	if up {
		p.world.net.Cut(p.addr.Addr(), serverAddr.Addr())
	}
	if down {
		p.world.net.Cut(serverAddr.Addr(), p.addr.Addr())
	}
	p.cut = true
}

// Heal ends a Cut.
func (p *Player) Heal() {
	p.world.net.Heal(p.addr.Addr(), serverAddr.Addr())
	p.world.net.Heal(serverAddr.Addr(), p.addr.Addr())
	p.cut = false
	p.Troubled()
}

// Troubled says that the connection may time out, for instance because the
// links were set to lose everything: from now on for a while.
func (p *Player) Troubled() { p.world.troubled(p) }

// Crash ends the player's process without a goodbye.
func (p *Player) Crash() {
	if p.Client.state == endGone {
		return
	}
	p.Client.state = endGone
	p.world.troubled(p)
	p.host.crash()
	p.world.dropHost(p.host)
}

// Gone reports whether both ends are over.
func (p *Player) Gone() bool { return p.Client.Over() && p.Server.Over() }

// Join starts a player: a new host, its access, and the way to the server
// with a connect token. It has joined when its ends are open.
func (w *World) Join(clientID uint64) (*Player, error) {
	if w.server == nil {
		return nil, fmt.Errorf("world: there is no server to join")
	}
	token, err := w.server.DevToken(clientID)
	if err != nil {
		return nil, err
	}
	n := len(w.players)
	ip := netip.AddrFrom4([4]byte{10, 1 + byte(n>>16), byte(n >> 8), byte(n)})
	p := &Player{Number: n, ClientID: clientID, world: w, joined: w.now(), addr: netip.AddrPortFrom(ip, 4000)}
	if err := p.SetLinks(w.cfg.Links); err != nil {
		return nil, err
	}
	socket, err := w.net.Socket(p.addr, simnet.SocketConfig{})
	if err != nil {
		return nil, err
	}
	cfg := w.cfg.Client
	cfg.Channels, cfg.ProtocolID = w.cfg.Channels, protocolID
	cfg.Now, cfg.Random = w.net.Now(), w.newRandom()
	w.plant(&cfg.Config)
	d := &draws{Reader: cfg.Random}
	cfg.Random, p.spy = d, newSpy(token, d)
	client, err := tickwire.NewClient(cfg, &sniffer{Socket: socket, world: w, player: p})
	if err != nil {
		return nil, err
	}
	p.Client, p.Server = newEnd(p, false), newEnd(p, true)
	p.Client.peer, p.Server.peer = p.Server, p.Client
	p.Client.addLanes(w.cfg.Channels)
	p.Server.addLanes(w.cfg.Channels)
	conn, err := client.Connect(token)
	if err != nil {
		return nil, err
	}
	p.Client.conn = conn
	p.host = &host{name: p.Client.String(), player: p, driver: client, socket: socket}
	if what := w.minted(token[tokenAt:]); what != "" {
		w.fault(NonceOnce, p.Client.String(), what)
	}
	w.players = append(w.players, p)
	w.byAddr[p.addr] = p
	w.hosts = append(w.hosts, p.host)
	return p, nil
}
