//go:build linux

package page

import (
	"fmt"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/internal/netns"
	"github.com/tickwire/tickwire/simnet"
)

// walks has somebody walk this way and that for as long as the page is open, with a rest before each new way. All the while it looks, frame by
// frame, what was put right, in window.walked, which can be begun anew.
//
// A machine that does something else is no bad link. So a time is fair in which the page was given frames, and news
// came of the server as the link lets it, by the transport that is asked; what was put right counts in fair times alone, and a hitch spoils the 600 ms
// behind it, in which the moves that it delayed are put right.
const walks = `((gap, transport) => {
	const {presses} = arena.reaction;
	const begin = window.begin = () => {
		arena.reaction.worst = arena.reaction.worstMilliseconds = 0;
		return !!(window.walked = {fair: 0, pixels: 0, all: 0, hitches: 0});
	};
	begin();
	let [last, hitch, pixels, tick, news] = [performance.now(), performance.now(), arena.correctedPixels, 0, performance.now()];
	const look = () => {
		const [w, now] = [window.walked, performance.now()];
		if (arena.ticks[0] !== tick) [tick, news] = [arena.ticks[0], now];
		if (now - last > 60 || gap > 0 && now - news > gap || arena.transport !== transport) {
			if (now - hitch > 600) w.hitches++;
			hitch = now;
		}
		if (arena.me) {
			w.all += now - last;
			if (now - hitch > 600) [w.fair, w.pixels] = [w.fair + now - last, w.pixels + arena.correctedPixels - pixels];
		}
		[last, pixels] = [now, arena.correctedPixels];
		Object.assign(w, {
			presses: arena.reaction.presses - presses, frames: arena.reaction.worst, milliseconds: arena.reaction.worstMilliseconds,
			rtt: arena.rtt, loss: arena.loss, others: arena.others, ahead: arena.pace[0], behind: arena.pace[1], transport: arena.transport,
		});
		requestAnimationFrame(look);
	};
	requestAnimationFrame(look);
	(async () => {
		const sleep = ms => new Promise(done => setTimeout(done, ms));
		const press = (kind, code) => document.body.dispatchEvent(new KeyboardEvent(kind, {code, bubbles: true, cancelable: true}));
		const ways = ["KeyD", "ArrowDown", "KeyA", "ArrowUp", "KeyW", "ArrowRight", "KeyS", "ArrowLeft"];
		for (let i = 0; ; i++) {
			press("keydown", ways[i %% 8]);
			await sleep(120 + 37 * (i %% 5));
			if (i %% 3 === 0) press("keydown", ways[(i + 1) %% 8]);
			await sleep(90);
			for (const code of ways) press("keyup", code);
			await sleep(110);
		}
	})();
	return true;
})(%d, %q)`

// A walk is what the page measured of one. Times are milliseconds.
type walk struct {
	Fair, All    float64 // on the field
	Pixels       float64 // put right in fair times
	Hitches      int
	Presses      int
	Frames       int     // from a key to the step, at worst
	Milliseconds float64 // that too
	RTT, Loss    float64
	Ahead        float64
	Behind       float64
	Others       int
	Transport    string
}

// corrected is by how many pixels a second one's own place was put right.
func (w walk) corrected() float64 { return 1000 * w.Pixels / w.Fair }

// A demand is what is asked of a transport over a link of 150 ms and 5 % loss.
type demand struct {
	transport string
	corrected float64       // pixels a second
	gap       time.Duration // between states, as the link alone makes it; 0: it can be anything
	leastLoss float64
	mostRTT   float64 // milliseconds
}

// TestLongBadLink: over a link of 150 ms and 5 % loss a key is seen in the next frame by every transport; by those of datagrams
// one's own place is put right by less than three pixels a second. By TCP moves wait behind those that were lost, some for longer
// than anybody acts ahead.
func TestLongBadLink(t *testing.T) {
	// Five lost in a row are no link.
	const row = 90 * time.Millisecond
	for _, d := range []demand{
		{transport: "webtransport", corrected: 3, gap: row, leastLoss: 0.01, mostRTT: 300},
		{transport: "webrtc", corrected: 3, gap: row, leastLoss: 0.01, mostRTT: 300},
		{transport: "websocket", corrected: 100, mostRTT: 3000},
	} {
		t.Run(d.transport, func(t *testing.T) {
			netns.Run(t, func(n *netns.Net) { // where Chromium makes data channels and reaches nobody else
				n.Pair(n.Here(), "eth0", "10.77.0.1/24", n.Host("nobody"), "eth0", "10.77.0.2/24")
				playBadly(t, d)
			})
		})
	}
}

func playBadly(t *testing.T, d demand) {
	link := simnet.LinkConfig{Delay: 70 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.05}
	o := serve(t, simnet.Links{Up: link, Down: link}, 16)
	o.bot(1)
	o.bot(2)
	p := play(t, browser.Start(t), o.url+"?transport="+d.transport)
	until(t, p, fmt.Sprintf(`arena.transport === %q && arena.me !== undefined && arena.rtt > 140`, d.transport))
	browser.Eval[bool](p, fmt.Sprintf(walks, d.gap.Milliseconds(), d.transport))
	before := fairWalk(p, 5*time.Second, 15*time.Second) // which tells the page what the link is like
	var got walk
	const least = 4 * time.Second
	for range 3 { // a machine that does something else shows a key late, or has the page play by its reserve for a while
		browser.Eval[bool](p, `begin()`)
		got = fairWalk(p, 8*time.Second, 40*time.Second)
		t.Logf("at first %.1f pixels a second; %+v", before.corrected(), got)
		if got.Fair >= float64(least.Milliseconds()) && d.wrong(got) == "" {
			return
		}
	}
	if got = fairWalk(p, least, time.Minute); got.Fair < float64(least.Milliseconds()) {
		t.Fatalf("in minutes the machine had %.1f seconds for the page: it does too much else to say anything", got.Fair/1000)
	}
	if wrong := d.wrong(got); wrong != "" {
		t.Error(wrong)
	}
}

// wrong says in what a walk is not what is asked.
func (d demand) wrong(got walk) string {
	switch {
	case got.Transport != d.transport || got.RTT < 140 || got.RTT > d.mostRTT || got.Loss < d.leastLoss || got.Others != 2:
		return fmt.Sprintf("that is another game than it should be: %+v", got)
	case got.Presses < 8:
		return fmt.Sprintf("%d keys are too few to say anything", got.Presses)
	case got.Frames != 1:
		return fmt.Sprintf("a key was seen after %d frames, %.0f ms", got.Frames, got.Milliseconds)
	case got.corrected() > d.corrected:
		return fmt.Sprintf("%.1f pixels a second were put right, want %v at most", got.corrected(), d.corrected)
	}
	return ""
}

// fairWalk waits until the walk was fair for so long, or has taken as long as it may.
func fairWalk(p *browser.Page, fair, most time.Duration) (got walk) {
	for end := time.Now().Add(most); ; time.Sleep(100 * time.Millisecond) {
		if got = browser.Eval[walk](p, `walked`); got.Fair >= float64(fair.Milliseconds()) || time.Now().After(end) {
			return got
		}
	}
}
