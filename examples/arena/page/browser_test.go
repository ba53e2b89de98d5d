//go:build linux

package page

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/examples/arena"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// An offer is a server of the game with its page. What goes by UDP goes over a link, and by TCP over such a one.
type offer struct {
	t    *testing.T
	url  string
	srv  *tickwire.Server
	stop func()     // ends the game, and tells everybody
	hold sync.Mutex // holds up the game

	// token is what a page gets that asks for one.
	token atomic.Pointer[func() ([]byte, error)]
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // the end of the test
	}
	return v
}

// serve plays until the test ends.
func serve(t *testing.T, links simnet.Links, maxClients int) *offer {
	t.Helper()
	o := &offer{t: t}
	native := must(udp.Listen("127.0.0.1:0"))
	relay := must(simnet.NewRelay(simnet.RelayConfig{Target: native.LocalAddr().String(), Up: links.Up, Down: links.Down, Seed: 1}))
	streams := must(simnet.NewStreamRelay(simnet.StreamRelayConfig{Up: links.Up, Down: links.Down, Seed: 1}))
	site := http.NewServeMux()
	site.Handle("/", http.FileServerFS(Files()))
	site.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		token, err := (*o.token.Load())()
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(token)
	})
	pages := must(web.New(native, web.Config{Handler: site, Listener: streams.Listener(), AdvertisePort: relay.Addr().Port()}))
	cfg := tickwire.ServerConfig{Config: arena.NetConfig(), Development: true, MaxClients: maxClients}
	cfg.Logger = slog.New(slog.DiscardHandler)
	o.srv = must(tickwire.Listen(cfg, native, pages))
	o.url = "http://" + streams.Addr().String()
	var guests atomic.Uint64
	o.tokens(func() ([]byte, error) { return o.srv.DevToken(100 + guests.Add(1)) })
	o.run(relay.Run, streams.Run)
	return o
}

// tokens says what a page gets from now on.
func (o *offer) tokens(f func() ([]byte, error)) { o.token.Store(&f) }

func (o *offer) run(relays ...func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	playing, end := context.WithCancel(ctx)
	var tasks, match sync.WaitGroup
	for _, run := range relays {
		tasks.Go(func() { _ = run(ctx) }) // it ends with the test
	}
	game := arena.NewGame(o.srv, rand.New(rand.NewPCG(1, 1)))
	match.Go(func() {
		game.Run(playing, func(tickwire.Tick) {
			o.hold.Lock()
			defer o.hold.Unlock()
		})
	})
	o.stop = sync.OnceFunc(func() {
		end()
		match.Wait()
		within, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		_ = o.srv.Shutdown(within) // the page says how it went
	})
	o.t.Cleanup(func() {
		o.stop()
		cancel()
		tasks.Wait()
	})
}

// bot is a native player, without a link.
func (o *offer) bot(id uint64) {
	cfg := tickwire.ClientConfig{Config: arena.NetConfig()}
	cfg.Logger = slog.New(slog.DiscardHandler)
	client := must(tickwire.NewClient(cfg, must(udp.Open(udp.Config{}))))
	player := must(arena.NewPlayer(client, must(o.srv.DevToken(id)), fmt.Sprint("bot ", id), arena.NewBot(rand.New(rand.NewPCG(1, id)))))
	ctx, cancel := context.WithCancel(context.Background())
	var task sync.WaitGroup
	task.Go(func() { _ = player.Run(ctx, nil) }) // it may end with the server
	o.t.Cleanup(func() {
		cancel()
		task.Wait()
		client.Close()
	})
}

// play opens the page and knocks at the door.
func play(t *testing.T, chromium *browser.Browser, url string) *browser.Page {
	t.Helper()
	p := chromium.Open(url)
	browser.Eval[bool](p, `document.querySelector("#name").value = "Zoë", document.querySelector("#knock").requestSubmit(), true`)
	return p
}

// until waits for something that a page shows.
func until(t *testing.T, p *browser.Page, condition string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !browser.Eval[bool](p, condition); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s; the page shows %q", condition, browser.Eval[string](p, "document.body.innerText"))
		}
	}
}

// thumb is what a finger does to an element of the page, at a part of its width and height.
func thumb(p *browser.Page, kind, id string, x, y float64) {
	browser.Eval[bool](p, fmt.Sprintf(`(() => {
		const e = document.getElementById(%q), {left, top, width, height} = e.getBoundingClientRect();
		const at = {clientX: left + %v * width, clientY: top + %v * height};
		return e.dispatchEvent(new PointerEvent(%q, {pointerId: 1, pointerType: "touch", bubbles: true, cancelable: true, ...at})), true;
	})()`, id, x, y, kind))
}

// TestLongTouch: on a small screen a thumb on the stick walks, and one on the button fires.
func TestLongTouch(t *testing.T) {
	o := serve(t, simnet.Perfect(), 4)
	p := play(t, browser.Start(t), o.url)
	until(t, p, `arena.me !== undefined && document.getElementById("stick").checkVisibility()`)
	browser.Eval[bool](p, `window.was = arena.me, true`)
	thumb(p, "pointerdown", "stick", 0.5, 0.5)
	thumb(p, "pointermove", "stick", 0.9, 0.45)
	thumb(p, "pointerdown", "fire", 0.5, 0.5)
	until(t, p, `(arena.me.x > was.x + 50 || arena.me.x > 4000) && arena.me.y === was.y && arena.fired > 0`)
	thumb(p, "pointerup", "stick", 0.9, 0.45)
	thumb(p, "pointerup", "fire", 0.5, 0.5)
	browser.Eval[bool](p, `new Promise(done => setTimeout(done, 100, true))`)
	browser.Eval[bool](p, `window.was = {...arena.me, fired: arena.fired}, true`)
	browser.Eval[bool](p, `new Promise(done => setTimeout(done, 500, true))`)
	if !browser.Eval[bool](p, `arena.me.x === was.x && arena.fired === was.fired`) {
		t.Error("the thumbs are gone, and it goes on")
	}
}

// TestLongUnpredicted: who has the page predict nothing sees his key a round trip later, and at once when it does again; the
// others are there either way.
func TestLongUnpredicted(t *testing.T) {
	o := serve(t, must(simnet.Preset("satellite")), 4)
	o.bot(1)
	p := play(t, browser.Start(t), o.url)
	until(t, p, `arena.me !== undefined && arena.others === 1 && arena.rtt > 500`)
	press := func() {
		t.Helper()
		before := browser.Eval[int](p, `arena.reaction.presses`)
		for range 10 { // one who falls presses in vain
			browser.Eval[bool](p, `(async () => {
				const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
				const code = arena.me?.x > 2048 ? "KeyA" : "KeyD";
				for (const kind of ["keydown", "keyup"]) {
					document.body.dispatchEvent(new KeyboardEvent(kind, {code, bubbles: true}));
					await sleep(kind === "keydown" ? 200 : 1800);
				}
				return true;
			})()`)
			if browser.Eval[int](p, `arena.reaction.presses`) > before {
				return
			}
		}
		t.Fatal("no key is seen")
	}
	check := func(id string) { browser.Eval[bool](p, fmt.Sprintf(`document.getElementById(%q).click(), true`, id)) }
	check("predict")
	check("interpolate")
	time.Sleep(2 * time.Second)
	press()
	if late := browser.Eval[float64](p, `arena.key`); late < 500 {
		t.Errorf("without prediction a key is seen after %v ms", late)
	}
	until(t, p, `document.querySelector("#own-pace").textContent.startsWith("where the server has you; keys show in ")`)
	check("predict")
	time.Sleep(2 * time.Second)
	late := 1e9
	for range 8 { // a machine that does something else shows a key late
		press()
		if late = min(late, browser.Eval[float64](p, `arena.key`)); late <= 300 {
			break
		}
	}
	if late > 300 {
		t.Errorf("with prediction a key is seen after %v ms", late)
	}
}

// TestLongSilence: who hears nothing of the server is told so and stands still; when it is back he plays on.
func TestLongSilence(t *testing.T) {
	o := serve(t, simnet.Perfect(), 4)
	p := play(t, browser.Start(t), o.url)
	until(t, p, `arena.me !== undefined`)
	const told = `document.querySelector("#banner").checkVisibility()`
	if browser.Eval[bool](p, told) {
		t.Error("it is told before there is anything to tell")
	}
	o.hold.Lock()
	release := sync.OnceFunc(o.hold.Unlock)
	t.Cleanup(release)
	until(t, p, told)
	browser.Eval[bool](p, `window.was = arena.me, document.body.dispatchEvent(new KeyboardEvent("keydown", {code: "KeyD", bubbles: true}))`)
	browser.Eval[bool](p, `new Promise(done => setTimeout(done, 300, true))`)
	if !browser.Eval[bool](p, `arena.me.x === was.x`) {
		t.Error("one walks where nobody knows the way")
	}
	release()
	until(t, p, `!`+told+` && (arena.me.x > was.x || was.x === 4095)`)
}

// TestLongReasons: a person reads why he does not play.
func TestLongReasons(t *testing.T) {
	o := serve(t, simnet.Perfect(), 1)
	chromium := browser.Start(t)
	headline := func(p *browser.Page, words string) {
		t.Helper()
		until(t, p, fmt.Sprintf(`document.querySelector("#why").checkVisibility() && document.querySelector("#why-headline").textContent.includes(%q)`, words))
	}
	inside := play(t, chromium, o.url)
	until(t, inside, `arena.connected && !document.querySelector("#door").checkVisibility()`)
	headline(play(t, chromium, o.url), "The arena is full.")

	guest := *o.token.Load()
	o.tokens(func() ([]byte, error) { return []byte("let me in"), nil })
	headline(play(t, chromium, o.url), "a ticket that is none")
	o.tokens(func() ([]byte, error) { return nil, fmt.Errorf("closed for the night") })
	night := play(t, chromium, o.url)
	headline(night, "The server gives no ticket.")
	until(t, night, `document.querySelector("#why-detail").textContent === "closed for the night"`)

	o.tokens(guest)
	o.stop()
	headline(inside, "The server is going away.")
}
