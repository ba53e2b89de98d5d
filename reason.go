package tickwire

import (
	"fmt"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// A Code says why a connection ended or was refused. It is a uint32; String returns it in words, and
// Local reports whether it is one of 64 to 255, which are never sent. The application's own codes begin at
// CodeApplication. Reason.Retry and Reason.NeedsToken say whether, and how, a client may try again.
type Code = wire.Code

// What ends a connection that was open, or is about to be.
const (
	CodeNone      = wire.CodeNone      // 0: closed without a reason
	CodeProtocol  = wire.CodeProtocol  // 1: the peer sent something malformed
	CodeFlow      = wire.CodeFlow      // 2: the peer sent more than it was allowed
	CodeReplaced  = wire.CodeReplaced  // 10: the same player has connected again (ServerConfig.KeepOldest)
	CodeGoingAway = wire.CodeGoingAway // 11: the server shuts down, or hands the player over
	CodeTooFast   = wire.CodeTooFast   // 14: far more than Config.Inbound or ChannelConfig.Inbound
	CodeInternal  = wire.CodeInternal  // 17: the server failed

	// CodeApplication, 256, is the first code of the application's own.
	CodeApplication = wire.CodeApplication
)

// Why a server refuses a client. Most are about the connect token, or the resume ticket.
const (
	CodeVersion      = wire.CodeVersion      // 3: the two have no version of the wire in common: one of them must be updated
	CodeMismatch     = wire.CodeMismatch     // 4: the channels of the two differ; the text says how
	CodeFull         = wire.CodeFull         // 5: no free seat (ServerConfig.MaxClients, Server.Reserve)
	CodeBanned       = wire.CodeBanned       // 6: this player may not enter; the library never says it by itself
	CodeExpired      = wire.CodeExpired      // 7: the token's life is over (netcode.MintConfig.Lifetime)
	CodeTooEarly     = wire.CodeTooEarly     // 8: the token is older than this run of the server, so that an earlier run may have seen it
	CodeWrongAddress = wire.CodeWrongAddress // 9: the token does not name this server (ServerConfig.PublicAddresses)
	CodePad          = wire.CodePad          // 12: the token is damaged, or somebody on the way has changed it
	CodeSuite        = wire.CodeSuite        // 13: the token asks for protection that the server does not have
	CodeRefused      = wire.CodeRefused      // 15: ServerConfig.Admit refused
	CodeUsed         = wire.CodeUsed         // 16: the token, or a newer ticket, was used before, or the player has begun a newer attempt
	CodeConnected    = wire.CodeConnected    // 18: the player is connected already (ServerConfig.KeepOldest)
	CodeTooLong      = wire.CodeTooLong      // 19: the token lives longer than ServerConfig.MaxTokenLifetime
)

// What this side finds out by itself; these are never sent.
const (
	CodeTimeout     = wire.CodeTimeout     // 64: nothing was heard for the timeout; of a client that was not connected yet: nobody let it in
	CodeForgotten   = wire.CodeForgotten   // 65: the server does not know the connection, since it was started anew, say
	CodePlainServer = wire.CodePlainServer // 66: the server speaks plain netcode 1.02, and ClientConfig.Plain does not want that
	CodeUnreachable = wire.CodeUnreachable // 67: what carried the handshake has ended, and there is nothing else; the text says why
)

// A Reason says why a connection ended, and which side decided. The zero Reason is that of a
// connection which has not ended.
type Reason struct {
	Code       Code
	Text       string        // for people, in the words of who decided; a peer's has no control characters
	Remote     bool          // the peer decided
	RetryAfter time.Duration // when a server that refused us advises to try again; 0: no advice
}

// String tells the reason in a line.
func (r Reason) String() string {
	if r == (Reason{}) {
		return "not ended"
	}
	side := "by this side"
	if r.Remote {
		side = "by the peer"
	}
	if r.Text == "" || r.Text == r.Code.String() {
		return fmt.Sprintf("%v (%s)", r.Code, side)
	}
	return fmt.Sprintf("%v: %s (%s)", r.Code, r.Text, side)
}

// Retry reports whether it is of use for a client to connect again, after RetryAfter: what was
// in the way passes, or another token will do. If not, trying again ends in the same way, or takes
// the seat from the player's own other device (CodeReplaced). It is true of CodeFull,
// CodeExpired, CodeTooEarly, CodeGoingAway, CodePad, CodeUsed, CodeInternal, CodeConnected,
// CodeTimeout, CodeForgotten and CodeUnreachable, and of every refusal that says when to come again.
// What the application's own codes mean is its own to know: they are no.
func (r Reason) Retry() bool {
	switch r.Code {
	case CodeFull, CodeConnected, CodeUnreachable:
		return true
	}
	return r.RetryAfter > 0 || r.NeedsToken()
}

// NeedsToken reports whether it takes another connect token to connect again: this one was used, or
// does not serve any more. Without need for one the same token may be tried until its life is
// over, which CodeExpired tells.
func (r Reason) NeedsToken() bool {
	switch r.Code {
	case CodeExpired, CodeTooEarly, CodeGoingAway, CodePad, CodeUsed, CodeInternal, CodeTimeout, CodeForgotten:
		return true
	}
	return false
}
