package ages

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/internal/netns"
	"github.com/tickwire/tickwire/internal/node"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

const (
	ticksPerSecond = 60
	stateBytes     = 300
)

// The channels that ts/testdata/states.ts has, too.
var (
	states = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Name: "states", Delivery: tickwire.UnreliableLatest})
	inputs = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Name: "inputs", Delivery: tickwire.UnreliableLatest})
	words  = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 3, Name: "words", Delivery: tickwire.ReliableOrdered})
)

// A world is a server that sends states to whoever is there, and a page behind a wire.
type world struct {
	t     *testing.T
	wire  *netns.Wire
	phone *netns.Host
	hub   *tickwire.Hub
	page  *browser.Page
	began time.Time
	url   string // of the server, but for the scheme and the path
	next  uint64 // player

	ctx   context.Context
	mu    sync.Mutex
	said  map[*tickwire.Conn]uint32
	heard map[*tickwire.Conn]uint32
	wrong string
}

// inWorld plays a test over a wire.
func inWorld(t *testing.T, link simnet.LinkConfig, seed uint64, play func(w *world)) {
	t.Helper()
	netns.Run(t, func(n *netns.Net) { play(newWorld(t, n, 0, link, seed)) })
}

// newWorld is the nth of a test. It ends with the test.
func newWorld(t *testing.T, n *netns.Net, nth int, link simnet.LinkConfig, seed uint64) *world {
	t.Helper()
	w := &world{t: t, phone: n.Here(), began: time.Now(), said: make(map[*tickwire.Conn]uint32), heard: make(map[*tickwire.Conn]uint32)}
	network := func(host int) string { return fmt.Sprintf("10.6.%d.%d", nth, host) }
	server := n.Host(fmt.Sprintf("server%d", nth))
	w.wire = n.Wire(server, "eth0", network(1)+"/24", w.phone, fmt.Sprintf("wlan%d", nth), network(2)+"/24",
		simnet.Links{Up: link, Down: link}, seed)
	w.serve(server, network(1))
	// A page has WebTransport where it comes from loopback, or by TLS.
	pages := httptest.NewServer(http.FileServer(http.Dir(bundled(t))))
	t.Cleanup(pages.Close)
	w.page = browser.Start(t).Open(pages.URL)
	return w
}

// bundled is a folder with the page.
func bundled(t *testing.T) (dir string) {
	t.Helper()
	const ts = "../../ts"
	dir = t.TempDir()
	node.Tool(t, ts, "esbuild", filepath.Join(ts, "testdata/states.ts"), "--bundle", "--splitting", "--format=esm",
		"--target=es2022", "--log-level=warning", "--outdir="+dir)
	page := []byte(`<!doctype html><title>states</title><script type="module" src="states.js"></script>`)
	if err := os.WriteFile(filepath.Join(dir, "index.html"), page, 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// serve opens the server on its host.
func (w *world) serve(host *netns.Host, address string) {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	w.ctx = ctx
	native := netns.Open(host, func() (*udp.Socket, error) { return udp.Listen(address + ":0") })
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", w.plain)
	browsers := netns.Open(host, func() (*web.Socket, error) { return web.New(native, web.Config{Handler: mux, Origins: []string{"*"}}) })
	w.url = native.LocalAddr().String()
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config:      tickwire.Config{Channels: tickwire.Channels(states, inputs, words), Logger: slog.New(slog.DiscardHandler)},
		Development: true,
	}, native, browsers)
	if err != nil {
		w.t.Fatal(err)
	}
	w.hub = tickwire.NewHub(srv)
	var work sync.WaitGroup
	work.Go(w.hear)
	work.Go(w.speak)
	w.t.Cleanup(func() {
		stop()
		if err := w.hub.Close(); err != nil {
			w.t.Error(err)
		}
		work.Wait()
	})
}

// clock is the server's, in milliseconds.
func (w *world) clock() float64 { return float64(time.Since(w.began)) / float64(time.Millisecond) }

// state is one as of now.
func (w *world) state() []byte {
	return append(binary.BigEndian.AppendUint64(nil, math.Float64bits(w.clock())), make([]byte, stateBytes-8)...)
}

// speak sends each player a state on each tick, and a word on each third.
func (w *world) speak() {
	tick := time.NewTicker(time.Second / ticksPerSecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-w.ctx.Done():
			return
		}
		state := w.state()
		for _, c := range w.hub.Conns() {
			_ = states.Send(c, state) // who is leaving gets none
			if n%3 == 0 {
				w.say(c)
			}
		}
	}
}

func (w *world) say(c *tickwire.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if words.Send(c, binary.LittleEndian.AppendUint32(nil, w.said[c])) == nil {
		w.said[c]++
	}
}

// hear takes what players say.
func (w *world) hear() {
	for ev := range w.hub.Events(w.ctx) {
		switch {
		case words.Is(ev):
			w.mu.Lock()
			if n := binary.LittleEndian.Uint32(ev.Payload); n != w.heard[ev.Conn] && w.wrong == "" {
				w.wrong = fmt.Sprintf("the server heard %d in place of %d", n, w.heard[ev.Conn])
			}
			w.heard[ev.Conn]++
			w.mu.Unlock()
		case ev.Kind == tickwire.Disconnected && w.ctx.Err() == nil:
			w.mu.Lock()
			w.wrong += fmt.Sprintf("a player left: %v; ", ev.Reason)
			w.mu.Unlock()
		}
	}
}

// plain sends states as a game does that has a WebSocket and nothing else.
func (w *world) plain(out http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(out, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	defer c.CloseNow()
	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	var gone atomic.Bool
	go func() {
		defer gone.Store(true)
		for {
			if _, _, err := c.Read(ctx); err != nil {
				return
			}
		}
	}()
	tick := time.NewTicker(time.Second / ticksPerSecond)
	defer tick.Stop()
	for ; !gone.Load() && ctx.Err() == nil; <-tick.C {
		if c.Write(ctx, websocket.MessageBinary, w.state()) != nil {
			return
		}
	}
}

// join has a player of a name come by the WebSocket and by transports.
func (w *world) join(name string, transports string) {
	w.t.Helper()
	w.next++
	token, err := w.hub.DevToken(w.next)
	if err != nil {
		w.t.Fatal(err)
	}
	browser.Eval[bool](w.page, fmt.Sprintf(`(all[%q] = new Player("ws://%s%s", %q, %s), true)`,
		name, w.url, web.DefaultPath, base64.StdEncoding.EncodeToString(token), transports))
}

// until waits until a player of the page is as he should be.
func (w *world) until(within time.Duration, player, condition string) {
	w.t.Helper()
	for deadline := time.Now().Add(within); !browser.Eval[bool](w.page, "(p => "+condition+")(all["+fmt.Sprintf("%q", player)+"])"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within %v: %s; %s; %+v", within, condition, w.tell(player), w.wire.Stats())
		}
	}
}

// tell is how a player is, for the log.
func (w *world) tell(player string) string {
	return browser.Eval[string](w.page, fmt.Sprintf(`(p => JSON.stringify([p.transport, p.paths, p.log, p.said, p.heard, p.wrong]))(all[%q])`, player))
}

// now is the page's clock.
func (w *world) now() float64 { return browser.Eval[float64](w.page, "performance.now()") }

// silence is how long a player has seen no new state, since a time of the page's clock.
func (w *world) silence(player string, from float64) time.Duration {
	return time.Duration(browser.Eval[float64](w.page, fmt.Sprintf("all[%q].arrivals.silence(%v)", player, from)) * float64(time.Millisecond))
}

// told is how many words were said to the first player.
func (w *world) told() uint32 {
	conn := w.hub.Conns()[0]
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said[conn]
}

// allArrived checks that what was said has arrived once and in order, both ways.
func (w *world) allArrived(player string) {
	w.t.Helper()
	said := browser.Eval[uint32](w.page, fmt.Sprintf("all[%q].hush()", player))
	conn, told := w.hub.Conns()[0], w.told()
	w.until(patience, player, fmt.Sprintf("p.heard >= %d", told))
	if wrong := browser.Eval[string](w.page, fmt.Sprintf("all[%q].wrong", player)); wrong != "" {
		w.t.Errorf("%s heard %s", player, wrong)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		w.mu.Lock()
		heard, wrong := w.heard[conn], w.wrong
		w.mu.Unlock()
		if heard == said && wrong == "" && said > 0 && told > 0 {
			w.t.Logf("%d words down and %d up arrived", told, said)
			return
		}
		if heard > said || wrong != "" || time.Now().After(deadline) {
			w.t.Fatalf("the server heard %d of %d, %s", heard, said, wrong)
		}
	}
}
