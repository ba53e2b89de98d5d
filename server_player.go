package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// A player is who has a seat at a Server: the peer of a Conn there.
//
//	seated, its Conn is opening → confirmed by its first packet, the Conn is open → the Conn is over
//
// Coming back with a resume ticket he has another seat for the same Conn.
type player struct {
	server  *Server
	conn    *Conn
	seat    *netcode.Seat // nil when all is over
	renewAt int64         // when he needs another resume ticket; never: not at all
	newest  int64         // when the newest packet of his came
}

// seated makes the Conn of a player who has a seat.
func (s *Server) seated(seat *netcode.Seat, w way) *player {
	p := &player{server: s, conn: s.newConn(w), seat: seat, renewAt: never}
	p.conn.peer, seat.Owner = p, p
	s.enroll(p.conn)
	p.conn.clientID, p.conn.userData = seat.ClientID(), seat.UserData().Text()
	return p
}

// playerOn is the player on a seat; nil if there is none, or not yet.
func playerOn(seat *netcode.Seat) *player {
	if seat == nil {
		return nil
	}
	p, _ := seat.Owner.(*player)
	return p
}

// begin gives the Conn of a player who was expected its endpoint.
func (p *player) begin(e expected) {
	c := p.conn
	c.end, c.newcomer = p.server.endpointFor(&e, p.seat), p
	c.seal(p.seat.Sealer())
	c.core.due.set(c, c.end.Deadline())
}

// foundAt notes that the player is by another way on a path, if his endpoint has found that.
// Until then whatever comes by it counts as moved.
func (p *player) foundAt(w way, path uint8) {
	c, s := p.conn, p.server
	st := c.end.PathStats(path)
	if at := c.wayBy(st.Route); at == nil || *at != w || st.State != PathActive {
		return
	}
	s.netcode.Settled(p.seat, path, sourceOf(w.path))
	if w.reliable() && !st.Reliable {
		c.setReliable(path, st)
	}
	c.aimAtActive()
}

// handled implements peer. What a player says on the library's own channel is of no use to a
// server, but it is taken.
func (p *player) handled() {
	p.seat.Absent = false
	for _, _, ok := p.conn.nextControl(); ok; _, _, ok = p.conn.nextControl() {
		continue
	}
}

// timePassed implements peer: a server's players find it, not the other way round.
func (p *player) timePassed() {
	c := p.conn
	if p.seat.Absent = c.end.Away(); p.server.now >= p.renewAt && c.open() && !c.end.Away() {
		p.giveTicket()
	}
}

// deadline implements peer.
func (p *player) deadline() int64 {
	if end := p.conn.end; end.Open() && !end.Away() {
		return p.renewAt
	}
	return never
}

// sendAccept queues an ACCEPT, without which a client cannot read our packets, unless that was
// just done.
func (p *player) sendAccept() {
	w := p.conn.at()
	if b := p.server.netcode.AppendAccept(p.server.now, p.seat, w.port.begin()); len(b) > 0 {
		w.commit(b)
	}
}

// silence implements peer.
func (p *player) silence() time.Duration { return p.seat.Timeout() }

// keptUntil implements peer.
func (p *player) keptUntil() int64 { return p.conn.keptUntil() }

// uses implements peer: a player is where his Conn says.
func (p *player) uses(*port) bool { return false }

// drain implements peer: he is handed over to another server, if there is one for him.
func (p *player) drain(within time.Duration, code Code, text string) {
	if !p.handOver(within) {
		p.conn.drain(code, text, within)
	}
}

// abort implements peer: the client, which may have its ACCEPT or get it again, is
// told as every other one is, until it has confirmed that. The game never saw the Conn.
func (p *player) abort(r Reason) {
	c := p.conn
	p.server.netcode.Leave(p.seat)
	c.end.Close(p.server.now, r.Code, r.Text)
	c.core.neverConnected(c)
	c.core.markDirty(c)
}

// disconnected implements peer. Whom the server has sent away does not come back with a ticket.
func (p *player) disconnected() {
	s, r := p.server, p.conn.reason
	if !r.Remote && r.Code != CodeTimeout && r.Code != CodeGoingAway && !s.netcode.Revoke(p.seat) {
		s.cfg.Logger.Error("no room to remember that a player was sent away: his resume tickets stay good",
			"client", p.conn.clientID)
	}
	s.netcode.Leave(p.seat)
}

// forget implements peer.
func (p *player) forget() {
	if p.seat == nil {
		return
	}
	if p.conn.plain != nil {
		p.server.plainWays.forget(sourceOf(p.conn.at().path))
	}
	p.server.netcode.Release(p.server.now, p.seat)
	p.seat = nil
	p.conn.endWays()
}

// leaveSeat gives the seat of a player who has left to others before the game hears of it, if no loop
// over Events is there to hear. What nobody hears of stays bounded: the Conn keeps its slot of
// netcode's table, which has some more than there are seats.
func (k *core) leaveSeat(c *Conn) {
	if p, ok := c.peer.(*player); ok && k.shared != nil && !k.shared.loops.Load() && p.seat != nil && c.state <= connClosing {
		p.server.netcode.Leave(p.seat)
	}
}

// neverConnected forgets a player whom the game never saw, and of whom nothing was heard.
func (p *player) neverConnected() {
	c := p.conn
	c.end.Release()
	c.end, c.sealer = nil, nil
	c.core.due.remove(c)
	p.forget()
	c.core.neverConnected(c)
}

// appendPayload implements plainPeer.
func (p *player) appendPayload(dst, payload []byte) ([]byte, error) {
	return p.server.netcode.AppendPayload(p.server.now, p.seat, dst, payload)
}

// sayGoodbye implements plainPeer.
func (p *player) sayGoodbye() {
	p.server.netcode.Disconnect(p.server.now, p.seat)
	p.server.sendDue(*p.conn.at())
}
