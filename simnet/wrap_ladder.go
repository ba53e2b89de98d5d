package simnet

import (
	"slices"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// Paths are what a line knows of those below it, where they come and go: its pump asks the socket, and
// the owner asks the line. All but the socket is under the line's lock.
type paths struct {
	mortal transport.Mortal // the socket; nil: its paths do not end by themselves
	ender  transport.Ender  // likewise
	keeper transport.Keeper // likewise
	ladder transport.Ladder

	over  []transport.Ending // that were not told
	tells bool               // somebody wants to hear of them
	ends  []pathEnd          // to be passed on, in this order
	kept  []transport.Path   // to be passed on

	peer    transport.Path
	rungs   []transport.Path
	asked   bool // somebody wants to hear of changes
	changed bool // since somebody asked
}

// A pathEnd is a path that the owner needs no more, and how long it waits for what was written to it.
type pathEnd struct {
	path transport.Path
	by   time.Time
}

// A mortalLine is a line over a socket whose paths end.
type mortalLine struct{ *line }

// A ladderLine is one over a ladder.
type ladderLine struct{ mortalLine }

var (
	_ transport.Mortal = mortalLine{}
	_ transport.Ender  = mortalLine{}
	_ transport.Keeper = mortalLine{}
	_ transport.Ladder = ladderLine{}
)

// know finds out what a socket is.
func (p *paths) know(socket transport.Socket) {
	p.mortal, _ = socket.(transport.Mortal)
	p.ender, _ = socket.(transport.Ender)
	p.keeper, _ = socket.(transport.Keeper)
	if p.ladder, _ = socket.(transport.Ladder); p.ladder != nil {
		p.rungs, p.peer = p.ladder.Rungs(nil), p.ladder.Peer()
	}
}

// news reports whether there is something that somebody waits for.
func (p *paths) news() bool { return p.tells && len(p.over) > 0 || p.asked && p.changed }

// lookAtPaths asks the socket what has become of its paths, and tells it which are needed no more.
func (l *line) lookAtPaths() {
	p := &l.paths
	var over []transport.Ending
	if p.mortal != nil {
		over = p.mortal.Ended(nil)
	}
	var rungs []transport.Path
	var peer transport.Path
	if p.ladder != nil {
		rungs, peer = p.ladder.Rungs(nil), p.ladder.Peer()
	}
	l.mu.Lock()
	p.over = append(p.over, over...)
	p.changed = p.changed || !slices.Equal(rungs, p.rungs)
	p.rungs, p.peer = rungs, peer
	ends, kept := l.endsDue(), p.kept
	p.kept = nil
	if p.news() {
		l.bell.Ring()
	}
	l.mu.Unlock()
	for _, path := range kept {
		p.keeper.Keep(path)
	}
	for _, path := range ends {
		p.ender.End(path)
	}
}

// endsDue takes out the paths to end now: nothing is on its way up any more, or for too long. The lock is held.
func (l *line) endsDue() (due []transport.Path) {
	p := &l.paths
	_, busy := l.up.Next()
	for len(p.ends) > 0 && (!busy || !time.Now().Before(p.ends[0].by)) {
		due = append(due, p.ends[0].path)
		p.ends = slices.Delete(p.ends, 0, 1)
	}
	return due
}

// Ended implements [transport.Mortal].
func (l mortalLine) Ended(dst []transport.Ending) []transport.Ending {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.paths
	p.tells = true
	dst = append(dst, p.over...)
	clear(p.over)
	p.over = p.over[:0]
	return dst
}

// End implements [transport.Ender], if the socket keeps something for a path: it ends when what was written
// before is through the links, or five seconds later.
func (l mortalLine) End(path transport.Path) {
	if l.paths.ender == nil {
		return
	}
	l.mu.Lock()
	l.paths.ends = append(l.paths.ends, pathEnd{path, time.Now().Add(lineLinger)})
	l.mu.Unlock()
	l.below.Wake()
}

// Keep implements [transport.Keeper], if the socket gives paths up by itself.
func (l mortalLine) Keep(path transport.Path) {
	if l.paths.keeper == nil {
		return
	}
	l.mu.Lock()
	l.paths.kept = append(l.paths.kept, path)
	l.mu.Unlock()
	l.below.Wake()
}

// Peer implements [transport.Ladder].
func (l ladderLine) Peer() transport.Path {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paths.peer
}

// Rungs implements [transport.Ladder].
func (l ladderLine) Rungs(dst []transport.Path) []transport.Path {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.paths
	p.asked, p.changed = true, false
	return append(dst, p.rungs...)
}
