package netcode

import (
	"bytes"
	"io"
	"unicode/utf8"

	"github.com/tickwire/tickwire/internal/wire"
)

// A Code says why an attempt or a connection ended: a number, a uint32, whose String is words and whose
// Local tells that no peer says it, 64 to 255. It is the Code of all packages.
type Code = wire.Code

// The codes that the handshake uses; the others of the table are the
// endpoint's and the application's.
const (
	CodeNone         = wire.CodeNone
	CodeVersion      = wire.CodeVersion
	CodeMismatch     = wire.CodeMismatch
	CodeFull         = wire.CodeFull
	CodeBanned       = wire.CodeBanned
	CodeExpired      = wire.CodeExpired
	CodeTooEarly     = wire.CodeTooEarly
	CodeWrongAddress = wire.CodeWrongAddress
	CodeReplaced     = wire.CodeReplaced
	CodeGoingAway    = wire.CodeGoingAway
	CodePad          = wire.CodePad
	CodeSuite        = wire.CodeSuite
	CodeRefused      = wire.CodeRefused
	CodeUsed         = wire.CodeUsed
	CodeInternal     = wire.CodeInternal
	CodeConnected    = wire.CodeConnected
	CodeTooLong      = wire.CodeTooLong

	// CodePlainServer never travels: the client found a server that speaks
	// plain netcode only, and its config asks for more.
	CodePlainServer = wire.CodePlainServer
)

// A Refusal is why a peer is not let in: what a REASON packet says.
type Refusal struct {
	// Code is below 64; any other is sent as CodeRefused.
	Code Code
	// Text is for people, at most 200 bytes of UTF-8; longer ones are cut. One that came has question
	// marks in place of control characters.
	Text string
	// RetryAfter is a hint in seconds; zero: none.
	RetryAfter uint16
	// Rows are the refuser's channel rows, twelve bytes each, with
	// CodeMismatch only. What does not fit is left out.
	Rows []byte
}

func (r Refusal) String() string {
	if r.Text == "" {
		return r.Code.String()
	}
	return r.Code.String() + ": " + r.Text
}

const reasonFixed = 2 + nonceXBytes + 8 + 1 + 2 + 1 + macBytes

// An echo ties a REASON to the OFFER it answers: the first bytes of the
// client's share, zeros towards a request.
type echo [8]byte

// appendReason builds a REASON of at most limit bytes:
//
//	07 03 | client id | nonce 24 | sealed{ echo 8 | code u8 | retry after u16 | n v, text | rows, 12 bytes each } | tag
//
// Rows are cut first, then the text; false if not even an empty one fits or
// randomness failed.
func appendReason(random io.Reader, k *handshakeKeys, dst []byte, r Refusal, id wireID, e echo, limit int) ([]byte, bool) {
	room := limit - reasonFixed - int(id.n)
	if room < 0 {
		return dst, false
	}
	text := cutText(r.Text, wire.MaxTextBytes)
	if over := len(text) + wire.UvarintLen(uint64(len(text))) - 1 - room; over > 0 {
		text = cutText(text, max(len(text)-over, 0))
	}
	room -= len(text) + wire.UvarintLen(uint64(len(text))) - 1
	var rows []byte
	if r.Code == CodeMismatch {
		rows = r.Rows[:min(len(r.Rows), room)/wire.ChannelRowSize*wire.ChannelRowSize]
	}
	code := r.Code
	if code >= wire.CodeTimeout { // local ones, and the application's, which have no room
		code = CodeRefused
	}

	start := len(dst)
	dst = append(dst, wire.PrefixHandshake, longReason)
	dst = append(dst, id.bytes()...)
	nonce := len(dst)
	dst = append(dst, make([]byte, nonceXBytes)...)
	dst = append(dst, e[:]...)
	dst = append(dst, byte(code), byte(r.RetryAfter), byte(r.RetryAfter>>8))
	dst = wire.AppendBytes(dst, []byte(text))
	dst = append(dst, rows...)
	return sealLong(random, k.reason, dst, nonce, dst[start:nonce])
}

// openReason opens a REASON in place. What it returns is a copy, but for Rows.
func openReason(k *handshakeKeys, b []byte, id wireID) (r Refusal, e echo, drop Drop) {
	head := 2 + int(id.n)
	if len(b) < head || !bytes.Equal(b[2:head], id.bytes()) {
		return r, e, DropForged
	}
	body, ok := openLong(k.reason, b, head, b[:head])
	if !ok {
		return r, e, DropForged
	}
	rd := wire.NewReader(body)
	copy(e[:], rd.Take(len(e)))
	r.Code = Code(rd.U8())
	r.RetryAfter = rd.U16()
	text := rd.Bytes()
	r.Rows = rd.Rest()
	if rd.Bad() || r.Code >= wire.CodeTimeout || len(text) > wire.MaxTextBytes || len(r.Rows)%wire.ChannelRowSize != 0 {
		return Refusal{}, e, DropMalformed
	}
	r.Text = wire.CleanText(text)
	return r, e, DropNone
}

// cutText shortens s to at most n bytes without cutting a rune in two.
func cutText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
