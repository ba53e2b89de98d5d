package ages

import (
	"fmt"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/netns"
	"github.com/tickwire/tickwire/simnet"
)

// kinds are the transports that a page may climb to.
var kinds = []string{"webtransport", "webrtc"}

// home is a link that loses nothing by itself.
var home = simnet.LinkConfig{Delay: 20 * time.Millisecond, Jitter: 4 * time.Millisecond}

// patience is for what comes soon; a busy machine takes longer.
const patience = time.Minute

// inGame plays a test with a player who has climbed to each of the transports.
func inGame(t *testing.T, play func(w *world, by string)) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, home, 1, func(w *world) {
				w.join("a", fmt.Sprintf("[%q]", kind))
				by := fmt.Sprintf("p.transport === %q", kind)
				w.until(patience, "a", by)
				time.Sleep(500 * time.Millisecond)
				play(w, by)
			})
		})
	}
}

// checkSilence holds the time for which no new state comes while something is played to a bound. A busy machine makes it longer,
// so it may be played again.
func (w *world) checkSilence(most time.Duration, play func()) {
	w.t.Helper()
	var gap time.Duration
	for range 5 {
		from := w.now()
		play()
		gap = w.silence("a", from)
		w.t.Logf("for %v no state came", gap)
		if gap <= most {
			return
		}
	}
	w.t.Errorf("for %v no state came, want %v at the most: %s", gap, most, w.tell("a"))
}

// TestLongUDPBlocked: where the network lets no UDP through, a page plays over its WebSocket, and stays there.
func TestLongUDPBlocked(t *testing.T) {
	inWorld(t, home, 1, func(w *world) {
		w.wire.Cut(netns.Packet.UDP)
		w.join("a", `["webtransport", "webrtc"]`)
		w.until(patience, "a", `p.transport === "websocket" && p.arrivals.came.length > 10`)
		w.checkSilence(time.Second, func() { time.Sleep(3 * time.Second) })
		w.until(0, "a", `p.log.length === 1 && p.transport === "websocket"`)
		if w.wire.Stats().Cut < 2 {
			t.Errorf("it did not try: %+v", w.wire.Stats())
		}
		w.allArrived("a")
	})
}

// TestLongUDPCut: the network cuts UDP in mid-game, without a word. Within a second states come again, over the
// WebSocket, and nothing that is reliable is lost or doubled; when UDP is back the page climbs again.
func TestLongUDPCut(t *testing.T) {
	inGame(t, func(w *world, by string) {
		w.checkSilence(time.Second, func() {
			heal := w.wire.Cut(netns.Packet.UDP)
			w.until(patience, "a", `p.transport === "websocket"`)
			time.Sleep(time.Second)
			heal()
			from := w.now()
			w.until(patience, "a", by)
			w.t.Logf("%.0f ms later it is back", w.now()-from)
		})
		w.allArrived("a")
	})
}

// TestLongTCPCut: the network cuts TCP in mid-game, without a word, at a moment at which something was given to the
// WebSocket, since UDP stood still. The game goes on by UDP: what is reliable comes by it too, long before TCP is back.
func TestLongTCPCut(t *testing.T) {
	inGame(t, func(w *world, by string) {
		w.checkSilence(2500*time.Millisecond, func() {
			thaw := w.wire.Cut(netns.Packet.UDP)
			time.Sleep(150 * time.Millisecond)
			heal := w.wire.Cut(netns.Packet.TCP)
			thaw()
			time.Sleep(1500 * time.Millisecond)
			w.until(patience, "a", by)
			w.until(patience, "a", fmt.Sprintf("p.heard > %d", w.told()-10))
			heal()
		})
		w.allArrived("a")
	})
}

// TestLongMoves: a phone gets another address in mid-game, as it does in another network. Whatever it had open ends without a word to
// the server; the page is back soon, with all that was under way, and climbs.
func TestLongMoves(t *testing.T) {
	inWorld(t, home, 1, func(w *world) {
		w.join("a", `["webtransport", "webrtc"]`)
		w.until(patience, "a", `p.transport === "webtransport"`)
		time.Sleep(500 * time.Millisecond)
		at, next := "10.6.0.2/24", "10.6.0.3/24"
		w.checkSilence(4*time.Second, func() {
			w.phone.Take("wlan0", at)
			w.phone.Give("wlan0", next)
			at, next = next, at
			w.until(patience, "a", `p.transport !== "webtransport"`)
			w.until(patience, "a", `p.transport === "webtransport"`)
			time.Sleep(500 * time.Millisecond)
		})
		w.allArrived("a")
	})
}
