package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// A feed holds the last lines of news: chat, who comes and goes, the log.
type feed struct {
	pass io.Writer // gets the log instead, if not nil

	mu    sync.Mutex
	lines []string
}

const feedLines = 6

// add appends a line.
func (f *feed) add(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, line)
	if n := len(f.lines) - feedLines; n > 0 {
		f.lines = append(f.lines[:0], f.lines[n:]...)
	}
}

// Write implements io.Writer for a logger, one line a call.
func (f *feed) Write(b []byte) (int, error) {
	if f.pass != nil {
		return f.pass.Write(b)
	}
	f.add(strings.TrimSpace(string(b)))
	return len(b), nil
}

// latest returns the newest lines, at most n.
func (f *feed) latest(n int) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.lines[max(0, len(f.lines)-n):]...)
}

// logger writes to the feed, without the time: a table in motion has a clock of its own.
func (f *feed) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// commandLine is how the user starts another subcommand the way this one was started.
func commandLine(rest string) string {
	if goRun(os.Args[0]) {
		return "go run ./cmd/tickwire " + rest
	}
	return os.Args[0] + " " + rest
}

// inCache is where Go's build cache has programs: a folder by the first two digits of a hash.
var inCache = regexp.MustCompile(`/([0-9a-f]{2})/([0-9a-f]{2})[0-9a-f]{62}-d/[^/]+$`)

// goRun reports whether `go run` started the program of this path: from the folder where it was
// built, or, the second time, from Go's cache.
func goRun(program string) bool {
	program = filepath.ToSlash(program)
	m := inCache.FindStringSubmatch(program)
	return strings.Contains(program, "/go-build") || m != nil && m[1] == m[2]
}
