package world

import (
	"fmt"
	"net/netip"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
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
	lines []*Line
	host  *host
	spy   *spy
	done  bool // finished

	coming  *anew  // with which both sides begin anew, until both have; nil: there is none
	retired []*End // of before, until both sides are done with them
	lives   int    // how often both sides have begun
	stored  []byte // the ticket that its process had when it crashed
	resumes bool   // its process has begun with a ticket

	joined   int64
	cut      bool
	bursts   bool  // its links lose datagrams in bursts, or did
	trouble  int64 // until then the connection may time out
	grown    int   // bytes by which its windows have grown at most
	waitFrom int64 // when waiting for an end began that may never come to be; 0: not yet

	roaming    roaming
	settledAt  int64 // when its last change of address is long ago
	bystanders []*simnet.Bystander
	shadowed   shadow
}

// Addr is the address at which others see the player's first line now.
func (p *Player) Addr() netip.AddrPort { return p.lines[0].addr }

// SetLinks changes the access of all the player's lines. A burst of losses is counted in
// datagrams, so to somebody who is down to a probe now and then it may last
// longer than the timeout: a player whose links have had bursts may time out.
func (p *Player) SetLinks(links simnet.Links) error {
	for _, l := range p.lines {
		if err := l.SetLinks(links); err != nil {
			return err
		}
	}
	return nil
}

// Cut drops everything between the player and the server until Heal, in the
// directions that are chosen. A connection that is cut may time out.
func (p *Player) Cut(up, down bool) {
	p.cut = true
	for _, l := range p.lines {
		l.block(up, down)
	}
}

// CutOff reports whether there is a Cut, and no Heal yet.
func (p *Player) CutOff() bool { return p.cut }

// Heal ends a Cut, and those of single lines.
func (p *Player) Heal() {
	p.cut = false
	for _, l := range p.lines {
		l.Heal()
	}
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
	if p.Client.state == endOpen {
		p.stored = p.Client.conn.Ticket()
	}
	p.Client.state = endGone
	p.settleComing()
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
	p, err := w.enter(clientID, func(d *draws) *spy { return newSpy(token, d) }, func(c *tickwire.Client) (*tickwire.Conn, error) {
		return c.Connect(token)
	})
	if err != nil {
		return nil, err
	}
	w.dump.line(`{"k":"token","b":"%x"}`, token[tokenAt:])
	if what := w.minted(token[tokenAt:]); what != "" {
		w.fault(NonceOnce, p.Client.String(), what)
	}
	return p, nil
}

// Resume starts a player again whose process has crashed, with the ticket that it had stored: another
// Player, with the same ClientID. The error is that of Client.Resume; ErrClosed if there was no ticket.
func (w *World) Resume(crashed *Player) (*Player, error) {
	if crashed.stored == nil {
		return nil, tickwire.ErrClosed
	}
	p, err := w.enter(crashed.ClientID, crashed.spy.again, func(c *tickwire.Client) (*tickwire.Conn, error) {
		return c.Resume(crashed.stored)
	})
	if err != nil {
		return nil, err
	}
	crashed.stored, p.resumes = nil, true
	return p, nil
}

// enter starts a process that plays, and has it connect.
func (w *World) enter(
	clientID uint64, watch func(*draws) *spy, connect func(*tickwire.Client) (*tickwire.Conn, error),
) (*Player, error) {
	n := len(w.players)
	p := &Player{Number: n, ClientID: clientID, world: w, joined: w.now()}
	p.host = &host{player: p}
	socket, err := p.firstSocket()
	if err != nil {
		return nil, err
	}
	cfg := w.cfg.Client
	cfg.Channels, cfg.ProtocolID = w.cfg.Channels, protocolID
	cfg.Now, cfg.Random = w.net.Now(), w.newRandom()
	if w.cfg.Redial {
		cfg.Redial = p.redial
	}
	w.plant(&cfg.Config)
	w.dump.line(`{"k":"start","host":"player %d"}`, n)
	d := &draws{Reader: cfg.Random, dump: &w.dump}
	cfg.Random, p.spy = d, watch(d)
	client, err := tickwire.NewClient(cfg, socket)
	if err != nil {
		return nil, err
	}
	p.Client, p.Server = p.newEnds()
	conn, err := connect(client)
	if err != nil {
		return nil, err
	}
	p.Client.conn = conn
	p.host.name, p.host.driver = p.Client.String(), client
	w.players = append(w.players, p)
	w.hosts = append(w.hosts, p.host)
	return p, nil
}

// firstSocket is what a player comes with.
func (p *Player) firstSocket() (transport.Socket, error) {
	if p.world.cfg.Ladder {
		return p.ladder()
	}
	first, err := p.addLine(p.world.cfg.Links, false)
	if err != nil {
		return nil, err
	}
	p.host.add(first.socket)
	return first.sniff(), nil
}
