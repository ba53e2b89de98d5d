package arena

import (
	"strings"
	"unicode"
)

// Limits of what people type, in characters.
const (
	MaxNameLength = 16
	MaxChatLength = 200
)

// clean makes text of a stranger fit to be shown: nothing that moves a
// cursor, and not too much of it.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if r := []rune(text); len(r) > most {
		text = string(r[:most])
	}
	return strings.TrimSpace(text)
}
