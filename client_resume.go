package tickwire

import "github.com/tickwire/tickwire/netcode"

// Ticket is what a client needs to come back to its server with another process, without the
// backend: store it before the process ends, give it to Client.Resume afterwards, and keep it as one
// keeps a password, since whoever has it can come back as this player. It lets in once, at
// the server that gave it, until it expires: after twice the time for which a silent player is
// kept there (Config.MaxHold of the server, the timeout and ServerConfig.KeepSeats), at least two minutes.
//
// The first one comes a round trip after Connected, another one when half of its life is over, and
// others after each comeback; only the newest is sure to be good. No event tells of them: a
// process that may be killed asks each few seconds, and stores what is another one than before.
//
// nil: none has come yet; the server gives none, because it keeps no seats or speaks plain
// netcode; at a server; and after the end of the Conn.
func (c *Conn) Ticket() []byte {
	c.lock()
	defer c.unlock()
	d, ok := c.peer.(*dialed)
	if !ok || d.wallet.newest == nil || c.state > connOpen {
		return nil
	}
	b, _ := d.wallet.newest.AppendBinary(nil)
	return b
}

// Resume comes back to a server with a ticket that Conn.Ticket returned in an earlier process. The
// Conn is a new one here: Connected follows, its event is Resumed, or Disconnected with the reason
// why the ticket is of no use. If the server has kept the seat the Conn is the same there, with
// its Value, and its event is Back; but as this process knows of nothing, it is not Kept.
//
// It uses the first socket. The error is ErrClosed, a *ConfigError, also if the ticket is for
// another ProtocolID, or a *netcode.TicketError if it cannot be read or has expired.
func (c *Client) Resume(ticket []byte) (*Conn, error) {
	p, err := c.firstPort()
	if err != nil {
		return nil, err
	}
	t, err := netcode.ParseResumeTicket(ticket)
	if err != nil {
		return nil, err
	}
	if err := c.checkProtocol("ticket", t.ProtocolID); err != nil {
		return nil, err
	}
	d := c.newDialed()
	d.resumes, d.trail = true, c.newTrail()
	d.wallet.put(t)
	return c.begin(d, p, nil, d.resume)
}

// resume begins with the ticket of an earlier process.
func (d *dialed) resume() error {
	t := d.wallet.newest
	return d.begin(t.TimeoutSeconds, func(cfg netcode.ClientConfig) (*netcode.Client, error) {
		return netcode.NewResumeClient(d.client.now, d.client.unix.Load(), t, cfg)
	})
}
