package tickwire

import (
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// A handshake is netcode's conversation with a server by one of our sockets: that in which a Conn
// connects, or one try of its to come back. The last that succeeded goes on as long as the Conn
// does, for what comes of resume tickets, GONE and plain netcode.
type handshake struct {
	netcode *netcode.Client
	port    *port
	peer    *transport.Path // at the other end of a socket that is joined; nobody changes it
}

// An origin is from where the datagrams of a server come on a path.
type origin struct {
	port *port
	from netcode.Source
}

func (h *handshake) origin() origin { return origin{h.port, h.netcode.Server()} }

// way is where the server is asked. That of a ladder stays as long as the handshake does.
func (h *handshake) way() way {
	if h.port.joined {
		return way{port: h.port, path: *h.peer}
	}
	return way{port: h.port, path: transport.PathTo(h.netcode.Server().AddrPort())}
}

// sendDue sends what netcode has to send.
func (h *handshake) sendDue() {
	w := h.way()
	for b, _, ok := h.netcode.NextDatagram(h.port.begin()); ok; b, _, ok = h.netcode.NextDatagram(h.port.begin()) {
		w.commit(b)
	}
}

// netcodeConfig is how netcode asks a server by a socket.
func (d *dialed) netcodeConfig(hello []byte, p *port) netcode.ClientConfig {
	cfg, at := &d.client.cfg, p.wayToPeer()
	asks := netcode.ClientConfig{
		Hello:    hello,
		WireID:   d.wireID.bytes(cfg.WireIDBytes),
		Plain:    cfg.plain(cfg.Plain),
		Random:   cfg.Random,
		Reliable: at.reliable(),

		LeastProtection: cfg.LeastProtection,
		EpochPackets:    cfg.EpochPackets,
	}
	if p.joined {
		asks.Via = sourceOf(p.peer)
	}
	return asks
}

// A question makes netcode ask a server, with a connect token or a resume ticket.
type question func(netcode.ClientConfig) (*netcode.Client, error)

// ask begins the handshake of a Conn that opens, under another wire id than the last.
func (d *dialed) ask(p *port, hello []byte, q question) error {
	c, before := d.client, d.wireID
	id, err := c.nextWireID()
	if err != nil {
		return err
	}
	d.wireID = id
	h := handshake{port: p, peer: p.peerNow()}
	if h.netcode, err = q(d.netcodeConfig(hello, p)); err == nil {
		err = c.checkFree(h.origin(), d)
	}
	if err != nil {
		d.wireID = before
		return err
	}
	delete(c.byWireID, before)
	d.replaceHandshake(h)
	if id != 0 {
		c.byWireID[id] = d
	}
	return nil
}

// replaceHandshake goes on with another handshake.
func (d *dialed) replaceHandshake(h handshake) {
	d.client.retire(d.handshake)
	d.handshake = h
}

// retire keeps what was counted of a handshake that is over, if there was one.
func (c *Client) retire(h handshake) {
	if h.netcode != nil {
		addCounters(&c.retired, h.netcode.Counters())
	}
}
