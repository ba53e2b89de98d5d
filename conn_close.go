package tickwire

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/wire"
)

// Close ends the connection: the peer is told the code and the text (of more than 200 bytes the
// first 200, and the error is a *ConfigError). Messages that wait are not sent any more; if they should
// still arrive, use Drain. Disconnected follows with the next Update, and only then does
// Reason say why. If a server closes a Conn the player's resume tickets are worthless, unless
// the code is CodeGoingAway, or the player has closed it first. To keep him out, refuse him in
// ServerConfig.Admit.
//
// Applications use codes from CodeApplication (256) on, CodeNone, CodeProtocol, CodeBanned and
// CodeGoingAway. A code from 64 to 255 is for this side only: the peer reads CodeNone. All other
// codes belong to the library: for them the error is a *ConfigError, and the connection ends all
// the same, with CodeNone.
func (c *Conn) Close(code Code, text string) error {
	c.lock()
	defer c.unlock()
	code, err := wordsOfGame(code, text)
	c.close(code, text)
	return err
}

// wordsOfGame is the code with which a game ends a connection, and what is wrong with that or the text.
func wordsOfGame(code Code, text string) (Code, error) {
	var v config.Check
	code, err := codeOfGame(code)
	v.Take("", err)
	v.That(len(text) <= wire.MaxTextBytes, "text", fmt.Sprintf("%d bytes", len(text)),
		fmt.Sprintf("at most %d: the peer reads as many", wire.MaxTextBytes))
	return code, v.Err()
}

// codeOfGame is the code with which a game ends a connection; CodeNone and an error if a peer
// would take it for a word of the library, as that the server is full.
func codeOfGame(code Code) (Code, error) {
	switch code {
	case CodeNone, CodeProtocol, CodeBanned, CodeGoingAway:
		return code, nil
	}
	if code >= firstLocalCode {
		return code, nil
	}
	return CodeNone, config.Wrong("code", fmt.Sprintf("%d (%v)", uint64(code), code),
		"CodeApplication (256) or above, CodeNone, CodeProtocol, CodeBanned or CodeGoingAway: the others below 64 are the library's")
}

// firstLocalCode and those up to 255 are never sent.
const firstLocalCode Code = 64

// Drain ends the connection as Close does, but not before what was sent has arrived.
// From now on Send fails with ErrClosed; messages that wait and those on their way
// go on being sent, resent and acknowledged, and what the peer sends is still
// received. When every message is acknowledged or lost, or the time is over (at once if
// within is 0 or less), the peer is told
// the code and the text, and Disconnected follows; its Undelivered says how many
// are not known to have arrived, and their receipts become Lost with ConnClosed.
// The connection may also end earlier, by its timeout or because the peer closes; then that is
// the reason.
//
// A peer whose game reads nothing grants no credit, and so holds up a drain until its time is
// over. If both ends drain, the first to be done waits for the other, as long as its own time
// allows. A peer that does not answer for about a second is not waited for, unless something is
// known to be on its way. Close cuts a drain short; another Drain can only make it end sooner.
// Towards a plain peer what waits is sent once. The error is that of Close.
func (c *Conn) Drain(code Code, text string, within time.Duration) error {
	c.lock()
	defer c.unlock()
	code, err := wordsOfGame(code, text)
	c.drain(code, text, within)
	return err
}

func (c *Conn) drain(code Code, text string, within time.Duration) {
	switch {
	case c.state != connOpen:
		c.close(code, text)
	case c.plain != nil:
		c.flushPlain()
		c.close(code, text)
	default:
		c.end.Drain(c.core.nowOfCall(), code, text, within)
		c.core.showLater(c)
		c.core.markDirty(c)
	}
}

// close begins the end, unless it has begun.
func (c *Conn) close(code Code, text string) {
	switch {
	case c.state > connOpen:
	case c.state == connOpening:
		c.peer.abort(Reason{Code: code, Text: text})
	case c.plain != nil:
		c.plain.peer.sayGoodbye()
		c.core.disconnected(c, Reason{Code: code, Text: text})
	default:
		c.state = connClosing
		c.end.Close(c.core.now, code, text)
		c.core.showLater(c)
		c.core.markDirty(c)
	}
}

// Hold announces that this side falls silent for so long at most, for a game whose
// loop stops while it loads a level, say:
//
//	if err := c.Hold(30 * time.Second); err != nil { … }
//	client.Flush(time.Now())
//	level := load() // neither Update nor Flush nor Service is called
//
// What was sent before leaves with that Flush, as far as the path takes it at once.
// Meanwhile the peer sends signs of life only, what its game sends us waits there,
// and neither its timeout nor ours counts. The silence ends when its time is over,
// with the next message that is sent, or by Hold(0).
//
// The announcement goes out three times. Should that not be enough on a bad line,
// call Service until HoldKnown before you stop. A Hub or a Session serves the wire
// by itself while the game is busy, and needs no Hold.
//
// The error is ErrClosed, ErrAway, or a *HoldError if the peer does not grant so much by its
// Config.MaxHold; a plain peer grants nothing.
func (c *Conn) Hold(d time.Duration) error {
	c.lock()
	defer c.unlock()
	switch {
	case !c.open():
		return c.shut()
	case c.plain != nil && d > 0:
		return &HoldError{Asked: d}
	case c.plain != nil:
		return nil
	}
	c.core.markDirty(c)
	return c.end.Hold(c.core.nowOfCall(), d)
}

// HoldKnown reports whether the peer is known to have heard of the Hold that lasts.
func (c *Conn) HoldKnown() bool {
	c.lock()
	defer c.unlock()
	return c.end != nil && c.end.HoldKnown()
}

// Timeout is how long nothing may be heard of the peer before the connection ends, or the peer is
// Away (ServerConfig.KeepSeats); negative: for ever. The connect token says so, to both ends. 0 when
// the connection is over.
func (c *Conn) Timeout() time.Duration {
	c.lock()
	defer c.unlock()
	if c.state >= connEnded || c.peer == nil {
		return 0
	}
	return endpointTimeout(c.peer.silence())
}

// Held is how much longer the peer may be silent because its game announced so by
// Hold: it is loading, not gone. 0: it has not, or is back.
func (c *Conn) Held() time.Duration {
	c.lock()
	defer c.unlock()
	if c.end == nil {
		return 0
	}
	return c.end.Held(c.core.nowOfCall())
}
