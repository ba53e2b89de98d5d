package wire

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanText(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"banned: äöü 日本 👩‍🚀":            "banned: äöü 日本 👩‍🚀",
		"\x1b[2J\x1b]0;pwned\a\nclient": "?[2J?]0;pwned??client",
		"cut \xff\xfe short\u0085":      "cut ? short?",
		"a\u202eb\u2066c\u2028d\u200fe": "a?b?c?d?e",
		"tab\tand\x00zero\x7f":          "tab?and?zero?",
	} {
		if got := CleanText([]byte(text)); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// FuzzCleanText: whatever came, what is shown is harmless and no longer.
func FuzzCleanText(f *testing.F) {
	f.Add([]byte("\x1b[2J\xc3\x28\u202e"))
	f.Fuzz(func(t *testing.T, b []byte) {
		text := CleanText(b)
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || len(text) > len(b) {
			t.Fatalf("%q becomes %q", b, text)
		}
	})
}
