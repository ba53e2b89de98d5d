package netcode

import (
	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/wire"
)

// NewResumeClient begins to come back with a ticket in place of a token: RESUME in place of
// request and OFFER, RETRY in place of the challenge, and then as ever. The error is a *[TicketError] if the ticket
// is over at unix, in seconds since 1970.
//
// The ticket stays good until the server has heard a packet of the new connection. A ticket
// counts its attempts: if the process may end before, it is stored again afterwards.
func NewResumeClient(now, unix int64, ticket *ResumeTicket, cfg ClientConfig) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Plain == PlainOnly {
		return nil, config.Wrong("Plain", "PlainOnly", "another one, or a token to connect with: it knows no tickets")
	}
	if err := ticket.check(unix); err != nil {
		return nil, err
	}
	if lacking := ticket.pad.unfit(cfg.LeastProtection); lacking != "" {
		return nil, &TicketError{"pad", "asks for " + lacking}
	}
	token := &Token{
		ProtocolID: ticket.ProtocolID, Created: seconds(unix), Expires: ticket.Until, TimeoutSeconds: ticket.TimeoutSeconds,
		Addresses: ticket.Addresses, Pad: ticket.pad,
	}
	c := newClient(now, token, cfg)
	c.ticket, c.resumes = ticket, true
	ticket.attempt = max(ticket.attempt, seconds(unix)<<attemptBits)
	c.handshake = newResumeKeys(ticket.secret(), ticket.ProtocolID)
	if !c.begin(0) {
		return nil, errNoShare
	}
	return c, nil
}

// attemptBits is how many attempts of one second are told apart.
const attemptBits = 24

// beginResume is what is left to begin with an address.
func (c *Client) beginResume() {
	c.ticket.attempt++
	c.cookie = nil
	c.owe(dueResume)
}

// handleRetry: the server wants to know that we are where we seem to be. Others may have a say
// as with challenges: each cookie is used at once, and of several that wait for that one
// is drawn by lot.
func (c *Client) handleRetry(b []byte) ClientEvent {
	if !c.resumes || c.state != StateRequesting && c.state != StateResponding {
		return clientDrop(DropUnexpected)
	}
	number, cookie, drop := openRetry(c.handshake, b, c.wireID, &c.share)
	if drop != DropNone {
		return clientDrop(drop)
	}
	c.unheard = false
	if !c.challenges.Fresh(number) {
		return clientDrop(DropRepeated)
	}
	c.challenges.Mark(number)
	if c.unanswered++; c.unanswered == 1 || c.lot(c.unanswered) {
		c.cookie = append(c.cookie[:0], cookie...)
	}
	c.owe(dueResume)
	if c.state == StateResponding {
		return ClientEvent{}
	}
	c.state, c.attempt = StateResponding, c.now
	return ClientEvent{Kind: ClientState, State: c.state}
}

func (c *Client) appendResume(dst []byte) ([]byte, bool) {
	r := resume{
		version: wire.Version, share: c.share, wireID: c.wireID, cookie: c.cookie,
		attempt: c.ticket.attempt, hello: c.cfg.Hello,
	}
	if c.cfg.Continue != 0 {
		r.flags, r.instance = flagContinue, c.cfg.Continue
	}
	return r.append(c.random, c.handshake, dst, c.ticket.ticket)
}

// mayAccept are the flags that an ACCEPT for us may have.
func (c *Client) mayAccept() uint8 {
	if c.resumes && c.cfg.Continue != 0 {
		return flagContinue
	}
	return 0
}

// ResumeTicket makes what the client needs to come back out of the ticket that the server gave
// it on this connection, at unix by the client's clock, in seconds since 1970. It keeps
// nothing of b. The error is a *[TicketError], or a *[StateError] on a connection that has no
// tickets.
func (c *Client) ResumeTicket(unix int64, b []byte) (*ResumeTicket, error) {
	if c.state != StateConnected || c.plain {
		return nil, &StateError{"ResumeTicket", "not connected to a server that speaks our dialect"}
	}
	if len(b) < minTicketBytes || len(b) > maxTicketBytes {
		return nil, ticketLength(len(b))
	}
	secret := ticketSecret(c.resumption(), b[ticketNonceAt:ticketSealedAt])
	t := &ResumeTicket{
		ProtocolID: c.token.ProtocolID, TimeoutSeconds: c.token.TimeoutSeconds, pad: c.token.Pad,
		reveal: hide(&secret),
		ticket: append([]byte(nil), b...),
	}
	t.Until = seconds(unix) + ticketLifetime(b)
	t.Addresses = append(t.Addresses, c.token.Addresses[c.address])
	for i, a := range c.token.Addresses {
		if i != c.address {
			t.Addresses = append(t.Addresses, a)
		}
	}
	return t, nil
}
