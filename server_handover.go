package tickwire

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
)

// A handing over moves a player from one server to another:
//
//	server   sends a token list, and drains
//	client   connects to the other server beside that, and drains here when it is there, or cannot be
//	both     are over when both have drained
//
// So for a while the client has two Conns, and neither loses anything reliable.

// handedOver is what both say of the end of the old Conn.
const handedOver = "handed over to another server"

// HandOver gives a server's player to another server: it sends him connect tokens for that, one
// token or several (at most seven) as a backend mints them, with his ClientID and UserData. The
// Conn drains from now on, as by Drain, but waits for what the player sends until he is there.
// Disconnected with CodeGoingAway follows then, or when the time is over. Share the state of the
// game with the other server before. A player who does not follow (ClientConfig.StayPut) is
// disconnected.
//
// The error is ErrClosed, ErrHandOver at a client and towards a plain peer, a *netcode.TokenError
// if the tokens cannot be read, or a *ConfigError if they are too many, or if the connection is
// signed only: everybody on the way would read the keys in them.
func (c *Conn) HandOver(tokens []byte, within time.Duration) error {
	c.lock()
	defer c.unlock()
	return c.handOver(tokens, within)
}

func (c *Conn) handOver(tokens []byte, within time.Duration) error {
	p, seated := c.peer.(*player)
	switch {
	case !c.open():
		return c.shut()
	case !seated || c.plain != nil:
		return ErrHandOver
	}
	if suite := p.seat.Suite(); !suite.Encrypts() {
		return config.Wrong("Suite", suite, "one that encrypts: the tokens would be readable on the way, with their keys")
	}
	ts, err := netcode.ParseTokenList(tokens)
	if err != nil {
		return err
	}
	if len(ts) > wire.MaxTokens {
		return config.Wrong("tokens", fmt.Sprintf("%d tokens", len(ts)), fmt.Sprintf("at most %d", wire.MaxTokens))
	}
	if err := c.end.SendControl(wire.ControlTokenList, ts.Append(nil)); err != nil {
		return err
	}
	c.end.DrainBoth(c.core.nowOfCall(), CodeGoingAway, handedOver, within)
	c.core.showLater(c)
	c.core.markDirty(c)
	return nil
}

// tokensFor asks the game where a player shall go.
func (s *Server) tokensFor(c *Conn) []byte {
	defer s.enter("ServerConfig.HandOver").leave()
	return s.cfg.HandOver(c)
}

// handOver gives a player to the server that the game names, if it names one.
func (p *player) handOver(within time.Duration) bool {
	c, s := p.conn, p.server
	if s.cfg.HandOver == nil || !c.open() || c.plain != nil {
		return false
	}
	tokens := s.tokensFor(c)
	if len(tokens) == 0 {
		return false
	}
	err := c.handOver(tokens, within)
	if err != nil {
		s.cfg.Logger.Error("a player is not handed over", "client", c.clientID, "err", err)
	}
	return err == nil
}
