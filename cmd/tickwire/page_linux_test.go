package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/browser"
)

// enterPage opens the page of a demo and plays.
func enterPage(chromium *browser.Browser, url string) *browser.Page {
	p := chromium.Open(url)
	browser.Eval[bool](p, `document.querySelector("#name").value = "Ada", document.querySelector("#knock").requestSubmit(), true`)
	return p
}

// pageShows waits until a condition holds on a page.
func pageShows(t *testing.T, p *browser.Page, condition string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !browser.Eval[bool](p, condition); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s; %s; the page shows %q", condition,
				browser.Eval[string](p, `JSON.stringify([arena.connected, arena.transport, arena.rtt, arena.reason, arena.paths])`),
				browser.Eval[string](p, "document.body.innerText"))
		}
	}
}

// TestLongDemoPage: a page of the demo climbs to a datagram transport, sees bots, plays over another link from the
// moment when somebody chooses it, by UDP and by TCP, and by each transport that its address names; a browser
// that is killed leaves nobody behind, and who stays to the end reads that it is over.
func TestLongDemoPage(t *testing.T) {
	browser.Run(t, func(chromium *browser.Browser) {
		at, end := startDemo(t, "--bots=3", "--link=lan")
		url := "http://" + at + "/"
		p := enterPage(chromium, url)
		pageShows(t, p, `arena.connected && arena.transport === "webtransport"`)
		pageShows(t, p, `["bot 1", "bot 2", "bot 3", "Ada"].every((name) => document.querySelector("#rows").innerText.includes(name))`)
		pageShows(t, p, `arena.ticks[0] > 0 && arena.rtt > 0 && arena.rtt < 100`)
		choose := func(link string) {
			browser.Eval[bool](p, fmt.Sprintf(`document.querySelector("#presets [data-name='%s']").click(), true`, link))
		}
		choose("satellite")
		pageShows(t, p, `arena.paths.every((way) => way.latestRtt > 560) && arena.paths.length === 2 && arena.rtt > 560`)
		choose("lan")
		pageShows(t, p, `arena.paths.every((way) => way.latestRtt < 100)`)
		for kind, ways := range map[string]string{"websocket": "websocket", "webrtc": "webrtc,websocket", "webtransport": "websocket,webtransport"} {
			p := enterPage(chromium, url+"?transport="+kind)
			pageShows(t, p, fmt.Sprintf(`arena.connected && arena.transport === %q && arena.ticks[0] > 0`, kind))
			if got := browser.Eval[string](p, `arena.paths.map((way) => way.kind).sort().join()`); got != ways {
				t.Errorf("?transport=%s has %s, want %s", kind, got, ways)
			}
			p.Close()
		}
		other := browser.Start(t)
		enterPage(other, url)
		pageShows(t, p, `document.querySelectorAll("#rows tr").length === 5`)
		other.Kill()
		pageShows(t, p, `document.querySelectorAll("#rows tr").length === 4`)
		if out := end(); !strings.Contains(out, "\nAda ") || !strings.Contains(out, "link lan lost") ||
			!strings.Contains(out, " WebSockets sent ") {
			t.Errorf("the demo says\n%s", out)
		}
		pageShows(t, p, `!arena.connected && arena.reason.includes("the demo is over")`)
		_, end = startDemoAt(t, at, at, "--bots=1", "--link=lan")
		pageShows(t, p, `document.querySelector("#why-headline").innerText === "The server is back."`)
		end()
	})
}

// TestLongDemoReload: who loads the page again plays on in his own seat, and as somebody new where that is gone; the link that
// the page's address asks for is played over, and the address follows the choice.
func TestLongDemoReload(t *testing.T) {
	browser.Run(t, func(chromium *browser.Browser) {
		at, end := startDemo(t, "--bots=1", "--link=lan")
		p := enterPage(chromium, "http://"+at+"/?link=wifi")
		const plays = `arena.connected && arena.id > 0 && !document.querySelector("#door").checkVisibility()`
		pageShows(t, p, plays+` && arena.transport === "webtransport" && sessionStorage.getItem("arena.seat") !== null`)
		pageShows(t, p, `document.querySelector("#presets [aria-checked=true]").textContent === "wifi"`)
		browser.Eval[bool](p, `document.querySelector("#presets [data-name='lan']").click(), true`)
		pageShows(t, p, `location.search === "?link=lan"`)
		id := browser.Eval[int](p, "arena.id")
		p.Reload()
		pageShows(t, p, fmt.Sprintf("%s && arena.id === %d", plays, id))
		pageShows(t, p, `document.querySelector("#rows .you").innerText.includes("Ada")`)
		// another page of this tab took the ticket
		browser.Eval[bool](p, `sessionStorage.setItem("arena.seat", '{"ticket": [1, 2, 3], "name": "Eve"}'), Storage.prototype.setItem = () => {}, true`)
		p.Reload()
		pageShows(t, p, fmt.Sprintf("%s && arena.id !== %d", plays, id))
		pageShows(t, p, `document.querySelector("#rows .you").innerText.includes("Eve")`)
		if out := end(); !strings.Contains(out, "\nEve ") {
			t.Errorf("the demo says\n%s", out)
		}
	})
}

// TestLongDemoRestart: where a demo was killed and started again nobody answers its tickets. A page that is loaded again
// then, and one that was playing, begin anew without waiting for that.
func TestLongDemoRestart(t *testing.T) {
	browser.Run(t, func(chromium *browser.Browser) {
		binary, at := buildProgram(t), freePort(t)
		var demo *program
		restart := func() {
			if demo != nil {
				if err := demo.cmd.Process.Signal(os.Kill); err != nil {
					t.Fatal(err)
				}
				demo.wait()
			}
			demo = start(t, binary, "demo", "--bots=1", "--link=lan", "--listen="+at)
			waitFor(t, demo.out, "play in a browser: ")
		}
		restart()
		p := enterPage(chromium, "http://"+at)
		const run = `JSON.parse(sessionStorage.getItem("arena.seat") ?? "{}").run`
		pageShows(t, p, `arena.connected && `+run+` !== undefined`)
		anew := func(before string) {
			pageShows(t, p, fmt.Sprintf(`arena.connected && arena.id > 0 && (%s ?? %q) !== %[2]q`, run, before))
		}
		before := browser.Eval[string](p, run)
		restart()
		anew(before) // who waits for the ticket is at the door in the end
		for tries := 3; ; tries-- {
			before, seat := browser.Eval[string](p, run), browser.Eval[string](p, `sessionStorage.getItem("arena.seat")`)
			restart()
			browser.Eval[bool](p, fmt.Sprintf(`sessionStorage.setItem("arena.seat", %q), Storage.prototype.setItem = () => {}, true`, seat))
			p.Reload()
			anew(before)
			took := browser.Eval[float64](p, "performance.now() / 1000")
			if took < 9 { // who waits does so for ten
				break
			}
			if tries == 1 {
				t.Fatalf("the page took %.1f s", took) // not because the machine was busy, three times
			}
		}
	})
}

// TestLongDemoAnyone: a demo that is open to the network says where, and a page that comes from there plays by what
// browsers have for it.
func TestLongDemoAnyone(t *testing.T) {
	browser.Run(t, func(chromium *browser.Browser) {
		_, port, _ := strings.Cut(freePort(t), ":")
		_, end := startDemoAt(t, "0.0.0.0:"+port, "127.0.0.1:"+port, "--anyone", "--bots=1", "--link=lan")
		p := enterPage(chromium, "http://10.77.0.1:"+port)
		pageShows(t, p, `!isSecureContext && arena.connected && arena.transport === "webrtc" && arena.ticks[0] > 0`)
		p.Close()
		if out := end(); !strings.Contains(out, "\non a phone in your network: http://10.77.0.1:"+port) {
			t.Errorf("the demo says\n%s", out)
		}
	})
}
