package wire

import (
	"strings"
	"unicode"
)

// CleanText returns the text of a peer, of CLOSE or REASON, as it may go to a log or a terminal:
// valid UTF-8 without control characters, ends of lines, and marks that turn the direction of
// what follows. A question mark stands for each, and for bytes in a row that are no part of a
// character. It is never longer than b.
func CleanText(b []byte) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(string(b), "?"))
}
