package wire

import "strconv"

// A Code says why a connection ended or was refused (SPEC.md, 6.5).
type Code uint32

// The codes of the library. Those from 64 are local and never on the wire;
// those from 256 are the application's.
const (
	CodeNone Code = iota
	CodeProtocol
	CodeFlow
	CodeVersion
	CodeMismatch
	CodeFull
	CodeBanned
	CodeExpired
	CodeTooEarly
	CodeWrongAddress
	CodeReplaced
	CodeGoingAway
	CodePad
	CodeSuite
	CodeTooFast
	CodeRefused
	CodeUsed
	CodeInternal
	CodeConnected
	CodeTooLong

	CodeTimeout     Code = 64 // nothing was heard for the timeout
	CodeForgotten   Code = 65 // the server does not know the connection (GONE)
	CodePlainServer Code = 66 // a client wants more than plain netcode, which is all that the server speaks
	CodeUnreachable Code = 67 // what carried the handshake has ended, and there is nothing else
	CodeApplication Code = 256
)

var codeText = [...]string{
	CodeNone:         "closed",
	CodeProtocol:     "protocol error",
	CodeFlow:         "credit exceeded",
	CodeVersion:      "no common wire version",
	CodeMismatch:     "channels differ",
	CodeFull:         "server full",
	CodeBanned:       "banned",
	CodeExpired:      "token expired",
	CodeTooEarly:     "server started too recently for this token",
	CodeWrongAddress: "token does not name this server",
	CodeReplaced:     "replaced by a newer connection",
	CodeGoingAway:    "server going away",
	CodePad:          "token copies differ",
	CodeSuite:        "protection not supported",
	CodeTooFast:      "too fast",
	CodeRefused:      "refused",
	CodeUsed:         "token already used",
	CodeInternal:     "internal failure",
	CodeConnected:    "this player is connected already",
	CodeTooLong:      "token lives longer than the server allows",
	CodeTimeout:      "timed out",
	CodeForgotten:    "server forgot this connection",
	CodePlainServer:  "the server speaks plain netcode",
	CodeUnreachable:  "no way to the server",
}

// String names the code.
func (c Code) String() string {
	if uint64(c) < uint64(len(codeText)) && codeText[c] != "" {
		return codeText[c]
	}
	if c >= CodeApplication {
		return "application code " + strconv.FormatUint(uint64(c), 10)
	}
	return "code " + strconv.FormatUint(uint64(c), 10)
}

// Local reports whether the code may not be on the wire.
func (c Code) Local() bool { return c >= 64 && c < CodeApplication }
