//go:build linux

package tickwire_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport/web"
)

var pageKinds = []string{"websocket", "webrtc", "webtransport"}

// onEach opens a page for each transport, with a player of that number, and waits until all are on theirs.
func (w *pageWorld) onEach(b *browser.Browser, e entry) []*tab {
	w.t.Helper()
	var pages []*tab
	for _, kind := range pageKinds {
		pages = append(pages, w.enter(b, kind, e))
	}
	for _, p := range pages {
		p.reads("connected by " + p.name)
	}
	return pages
}

// catchesUp wants a page that is seen again to show soon what the server says now, and not all that is old on the way
// there. Nothing that is reliable is missing.
func (p *tab) catchesUp(before told) {
	t := p.world.t
	t.Helper()
	began := time.Now()
	now := p.tells()
	for ; now.Saw["0"].Newest < p.world.tick()-3; now = p.tells() {
		if time.Since(began) > 5*time.Second {
			t.Fatalf("%s: at tick %d of %d, and it shows %q", p.name, now.Saw["0"].Newest, p.world.tick(), p.reads(""))
		}
		time.Sleep(10 * time.Millisecond)
	}
	took := time.Since(began)
	if states := now.Saw["0"].States - before.Saw["0"].States; states > 10+int(took/pageTick) {
		t.Errorf("%s: it was shown %d states before it was up to date, after %v", p.name, states, took)
	}
	lines := now.Saw["0"].Lines
	time.Sleep(300 * time.Millisecond)
	now = p.tells()
	if now.Wrong != "" || now.Saw["0"].Lines <= lines {
		t.Errorf("%s: %d lines, %d lines, %s", p.name, lines, now.Saw["0"].Lines, now.Wrong)
	}
	t.Logf("%s: up to date after %v, %+v before, %+v now", p.name, took, before.Saw["0"], now.Saw["0"])
}

// TestLongPagesHidden: pages that nobody sees, whose timers go once a second, and then once a minute, stay in the game although
// the server gives everybody up after two seconds of silence; and when they are seen again they are up to date at once.
func TestLongPagesHidden(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesHide(t, b) })
}

func pagesHide(t *testing.T, b *browser.Browser) {
	cfg := tickwire.ServerConfig{DevelopmentTimeout: 2 * time.Second}
	w := newPageWorld(t, cfg, web.Config{})
	idle := newPageWorld(t, cfg, web.Config{})
	idle.every = 1 << 30
	// a data channel keeps the timers of all pages of a process at once a second
	pages := w.onEach(browser.Start(t), entry{})
	slow := []*tab{w.enter(b, "websocket", entry{}), w.enter(b, "websocket", entry{Frames: true})}
	idler := idle.enter(b, "websocket", entry{Silent: true, Every: 1 << 30})
	for _, p := range append(slow, idler) {
		p.reads("connected")
	}
	for _, p := range slices.Concat(pages, slow, []*tab{idler}) {
		p.Hide()
	}
	for began, said := time.Now(), -10; ; { // until timers go once a minute
		time.Sleep(3 * time.Second)
		now := slow[0].tells().Said
		if now == said {
			break
		} else if time.Since(began) > 2*time.Minute {
			t.Fatalf("a page that nobody sees says %d numbers in three seconds", now-said)
		}
		said = now
	}
	time.Sleep(3 * time.Second)
	for _, p := range append(pages, slow...) {
		before := p.tells()
		p.Show()
		p.catchesUp(before)
		if log := strings.Join(p.tells().Log, " "); strings.Contains(log, "Away") || strings.Contains(log, "Disconnected") {
			t.Errorf("%s: %s", p.name, log)
		}
	}
	idler.Show()
	if log := idler.tells().Log; log[len(log)-1] != "Connected" {
		t.Errorf("who neither says nor hears anything: %v", log)
	}
}

// TestLongPagesFrozen: pages that are frozen, and shorter than the timeout, go on where they were.
func TestLongPagesFrozen(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesFreeze(t, b) })
}

func pagesFreeze(t *testing.T, b *browser.Browser) {
	w := newPageWorld(t, tickwire.ServerConfig{DevelopmentTimeout: 6 * time.Second}, web.Config{})
	pages := w.onEach(b, entry{Frames: true})
	var before []told
	for _, p := range pages {
		before = append(before, p.tells())
		p.Freeze()
	}
	time.Sleep(2500 * time.Millisecond)
	for i, p := range pages {
		p.Thaw()
		p.Show()
		p.catchesUp(before[i])
		if log := p.tells().Log; slices.Contains(log, "Away") || slices.Contains(log, "Disconnected") {
			t.Errorf("%s: %v", p.name, log)
		}
	}
}

// TestLongPagesOverslept: who is frozen longer than the server waits comes back with his ticket, where seats are kept, and is
// told what has happened where they are not.
func TestLongPagesOverslept(t *testing.T) {
	inPages(t, func(b *browser.Browser) { pagesOversleep(t, b) })
}

func pagesOversleep(t *testing.T, b *browser.Browser) {
	cfg := tickwire.ServerConfig{DevelopmentTimeout: time.Second}
	strict := newPageWorld(t, cfg, web.Config{})
	cfg.KeepSeats = time.Minute
	kind := newPageWorld(t, cfg, web.Config{})
	out, back := strict.onEach(b, entry{}), kind.onEach(b, entry{})
	for _, p := range append(out, back...) {
		p.Freeze()
	}
	time.Sleep(3 * time.Second)
	for _, p := range out {
		p.Thaw()
		p.Show()
		if text := p.reads("it is over: "); text != "it is over: timeout: nothing was heard for the timeout (by this side); try again with another connect token" {
			t.Errorf("%s: %s", p.name, text)
		}
	}
	for _, p := range back {
		p.Thaw()
		p.Show()
		p.reads("connected by " + p.name)
		p.catchesUp(p.tells())
	}
	for _, note := range []string{"Away 1", "Away 2", "Away 3", "Back 1", "Back 2", "Back 3"} {
		if !slices.Contains(kind.events(), note) {
			t.Errorf("%v: no %s", kind.events(), note)
		}
	}
}
