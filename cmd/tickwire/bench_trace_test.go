package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type traceCase struct{ text, want string }

// length is how long such a link is played: until a connection over one that carries nothing ends.
func (c traceCase) length() string {
	if strings.Contains(c.want, "timed out") {
		return "11s"
	}
	return "3s"
}

// TestBenchLinkTraces: a trace is a file of a stranger. One that is none is refused by its line,
// and the greatest and the least capacity that one can have end like any other.
func TestBenchLinkTraces(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]traceCase{
		"text":      {"1\ntwo\n", `text: trace line 2 is "two": want a time in milliseconds, digits only`},
		"back":      {"5\n4\n", `back: trace line 2 is "4": want a time not before the 5`},
		"binary":    {"\x00\x01\xff", `binary: trace line 1 is "\x00\x01\xff": want a time in milliseconds, digits only`},
		"empty":     {"", "empty: trace line 1 is \"\": want a line with a time above 0"},
		"long":      {strings.Repeat("1", 100_000), "long: trace line 1 is \"…\": want a line of digits, not thousands of bytes"},
		"late":      {"86400001\n", "late: trace line 1 is \"86400001\": want a time of at most 24 hours"},
		"still":     {"0\n0\n", "still: trace line 3 is \"\": want a line with a time above 0"},
		"one a day": {"86400000\n", "the connection ended with timed out"},
		"dense":     {strings.Repeat("0\n", 20_000) + "1\n", ""},
	} {
		file := filepath.Join(dir, strings.ReplaceAll(name, " ", ""))
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := benchOf(t.Context(), t, "--trace", file, "--rtt", "20ms", "--workload", "bulk", "--for", c.length(), "--seeds", "1")
		switch {
		case c.want == "" && (err != nil || !strings.Contains(out, "self-inflicted")):
			t.Errorf("%s: %v\n%s", name, err, out)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), strings.ReplaceAll(c.want, "one a day", "oneaday"))):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := benchOf(t.Context(), t, "--trace", dir, "--seeds", "1"); err == nil || !strings.Contains(err.Error(), "--trace: "+dir) {
		t.Errorf("a folder: %v", err)
	}
}
