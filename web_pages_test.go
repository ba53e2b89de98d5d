//go:build linux

package tickwire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport/web"
)

const (
	pageStates = 2 // UnreliableLatest
	pageChat   = 5 // ReliableOrdered
	pageTick   = 50 * time.Millisecond
)

// A pageWorld is a server whose players, in pages and elsewhere, say a number as their state and in the chat, and see
// and hear those of the others. The server says its own, as player 0.
type pageWorld struct {
	*webHouse
	newest  map[uint64]string // by player
	lines   map[*tickwire.Conn]int
	ticks   int
	every   int      // so many ticks the server says something
	notes   []string // events
	players uint64
}

// inPages plays a test with a browser whose hidden pages have slow timers soon.
func inPages(t *testing.T, play func(*browser.Browser)) {
	t.Helper()
	browser.Run(t, play, browser.SlowTimers())
}

// pagesOf builds the page of ts/testdata/world.ts, once in a process.
var pagesOf = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "tickwire-pages-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	const esbuild = "ts/node_modules/.bin/esbuild"
	out, err := exec.Command(esbuild, "ts/testdata/world.ts", "--bundle", "--format=esm", "--splitting", "--outdir="+dir).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s (make deps installs it)", esbuild, err, out)
	}
	files := map[string][]byte{}
	names, err := filepath.Glob(filepath.Join(dir, "*.js"))
	for _, name := range names {
		files["/"+filepath.Base(name)], err = os.ReadFile(name)
	}
	return files, err
})

// site serves the page.
func site(t *testing.T) http.Handler {
	t.Helper()
	files, err := pagesOf()
	must(t, err)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if script, ok := files[r.URL.Path]; ok {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(script) // who has gone needs none
			return
		}
		fmt.Fprint(w, `<!doctype html><title>a world</title><body></body><script type="module" src="/world.js"></script>`)
	})
}

func newPageWorld(t *testing.T, scfg tickwire.ServerConfig, wcfg web.Config) *pageWorld {
	t.Helper()
	w := &pageWorld{every: 1, newest: map[uint64]string{}, lines: map[*tickwire.Conn]int{}}
	scfg.Development, scfg.PrivateKey, scfg.MaxTokenLifetime = true, testKey, -1
	wcfg.Handler = site(t)
	w.webHouse = &webHouse{t: t}
	w.webHouse.open([]tickwire.ChannelConfig{
		{ID: pageStates, Delivery: tickwire.UnreliableLatest},
		{ID: pageChat, Delivery: tickwire.ReliableOrdered},
	}, scfg, wcfg, w.play)
	return w
}

// play is the game.
func (w *pageWorld) play(ctx context.Context) {
	w.work.Go(func() {
		for tick := time.NewTicker(pageTick); ctx.Err() == nil; <-tick.C {
			w.tell()
		}
	})
	for ev := range w.hub.Events(ctx) {
		player := ev.Conn.ClientID()
		w.mu.Lock()
		switch {
		case ev.Kind != tickwire.Message:
			w.notes = append(w.notes, fmt.Sprintf("%v %d", ev.Kind, player))
		case ev.Channel == pageStates:
			w.newest[player] = string(ev.Payload)
		default:
			line := fmt.Appendf(nil, "%d %s", player, ev.Payload)
			for _, c := range w.hub.Conns() {
				if c != ev.Conn {
					_ = c.Send(pageChat, line) // of a full channel the other page shows a gap
				}
			}
		}
		w.mu.Unlock()
	}
}

// tell sends everybody the state of the world, and a line.
func (w *pageWorld) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ticks++; w.ticks%w.every != 0 {
		return
	}
	world := fmt.Appendf(nil, "0=%d", w.ticks)
	for player, number := range w.newest {
		world = fmt.Appendf(world, " %d=%s", player, number)
	}
	for _, c := range w.hub.Conns() {
		_ = c.Send(pageStates, world) // likewise
		if c.Send(pageChat, fmt.Appendf(nil, "0 %d", w.lines[c])) == nil {
			w.lines[c]++
		}
	}
}

func (w *pageWorld) tick() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ticks
}

// events are what has happened at the server.
func (w *pageWorld) events() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.notes)
}

// A sight is what a player saw of another one.
type sight struct {
	States int `json:"states"`
	Newest int `json:"newest"`
	Lines  int `json:"lines"`
	Next   int `json:"next"`
}

// A seer is a native player who plays as the page does.
type seer struct {
	mu    sync.Mutex
	saw   map[string]sight
	wrong string
}

// native has a seer play over a socket.
func (w *pageWorld) native(s *tickwire.Session) *seer {
	n := &seer{saw: map[string]sight{}}
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		for i, tick := 0, time.NewTicker(pageTick); ctx.Err() == nil; <-tick.C {
			number := strconv.AppendInt(nil, int64(i), 10)
			_ = s.Send(pageStates, number) // what is missing shows at the others
			_ = s.Send(pageChat, number)
			i++
		}
	})
	work.Go(func() {
		for ev := range s.Events(ctx) {
			if ev.Kind == tickwire.Message {
				n.take(ev.Channel, string(ev.Payload))
			}
		}
	})
	w.t.Cleanup(func() { stop(); work.Wait(); s.Close() })
	return n
}

func (n *seer) take(channel tickwire.ChannelID, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if channel == pageStates {
		for one := range strings.FieldsSeq(text) {
			id, number, _ := strings.Cut(one, "=")
			of, ok := n.saw[id]
			if newest, _ := strconv.Atoi(number); !ok || newest != of.Newest {
				of.States, of.Newest = of.States+1, newest
			}
			n.saw[id] = of
		}
		return
	}
	id, number, _ := strings.Cut(text, " ")
	of, line := n.saw[id], 0
	if line, _ = strconv.Atoi(number); of.Lines > 0 && line != of.Next {
		n.wrong = fmt.Sprintf("%s said %d, want %d", id, line, of.Next)
	}
	of.Lines, of.Next = of.Lines+1, line+1
	n.saw[id] = of
}

func (n *seer) sees() (map[string]sight, string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.saw), n.wrong
}

// A tab is a page that plays.
type tab struct {
	*browser.Page
	world *pageWorld
	name  string
}

// open opens a page of the world, without a player.
func (w *pageWorld) open(b *browser.Browser) *tab {
	w.t.Helper()
	p := &tab{b.Open(strings.Replace(strings.TrimSuffix(w.web.URL(), web.DefaultPath), "ws", "http", 1)), w, ""}
	w.t.Cleanup(p.Close)
	return p
}

// enter opens a page, in which the next player plays by a kind of transport.
func (w *pageWorld) enter(b *browser.Browser, kind string, e entry) *tab {
	w.t.Helper()
	p := w.open(b)
	p.name = kind
	w.players++
	e.Token, e.Transports = w.token(w.players), []string{kind}
	p.play(e)
	return p
}

// An entry is what a page is told.
type entry struct {
	URL        string   `json:"url"`
	Token      []byte   `json:"token"`
	Transports []string `json:"transports,omitempty"`
	Every      int      `json:"every,omitempty"`
	Silent     bool     `json:"silent,omitempty"`
	Frames     bool     `json:"frames,omitempty"`
	Leaves     bool     `json:"leaves,omitempty"`
}

func (p *tab) play(g entry) {
	p.world.t.Helper()
	if g.URL == "" {
		g.URL = p.world.web.URL()
	}
	b, err := json.Marshal(g)
	must(p.world.t, err)
	browser.Eval[bool](p.Page, fmt.Sprintf(`play(%s), true`, b))
}

// reads waits until the person in front of the page reads something that begins so.
func (p *tab) reads(want string) string {
	p.world.t.Helper()
	text := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) { // a busy machine climbs at the second try
		if text = browser.Eval[string](p.Page, `document.body.textContent`); strings.HasPrefix(text, want) {
			return text
		}
	}
	p.world.t.Fatalf("the page shows %q, want %q", text, want)
	return ""
}

// A told is what a page tells.
type told struct {
	Saw   map[string]sight `json:"saw"`
	Log   []string         `json:"log"`
	Wrong string           `json:"wrong"`
	Said  int              `json:"said"`

	asked time.Time     // when
	stood time.Duration // for so long since then it was frozen
}

func (p *tab) tells() told {
	p.world.t.Helper()
	asked := time.Now()
	tells := browser.Eval[told](p.Page, `({saw: player.saw, log: player.log, wrong: player.wrong, said: player.said})`)
	tells.asked = asked
	return tells
}
