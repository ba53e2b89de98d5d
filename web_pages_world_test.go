//go:build linux

package tickwire_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport/web"
)

// TestLongPagesMeet: two browsers and two native players, each by a transport of his own, see the states of all others and hear
// all that they say.
func TestLongPagesMeet(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesMeet(t, b) })
}

func pagesMeet(t *testing.T, b *browser.Browser) {
	w := newPageWorld(t, tickwire.ServerConfig{}, web.Config{})
	first, second := w.enter(b, "webtransport", entry{}), w.enter(browser.Start(t), "webrtc", entry{})
	third := w.native(w.webHouse.native(3))
	stream, err := w.dial(w.token(4), w.ladder(web.DialConfig{DisableWebTransport: true}))
	must(t, err)
	fourth := w.native(stream)
	first.reads("connected by webtransport")
	second.reads("connected by webrtc")
	const want = "map[1:webtransport 2:webrtc 3:udp 4:websocket]"
	by := map[uint64]string{}
	for ctx := patiently(t); fmt.Sprint(by) != want && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		for _, c := range w.hub.Conns() {
			by[c.ClientID()] = c.Transport().String()
		}
	}
	if got := fmt.Sprint(by); got != want {
		t.Errorf("they play by %s", got)
	}
	tells := func(p *tab) func() (map[string]sight, string) {
		return func() (map[string]sight, string) { told := p.tells(); return told.Saw, told.Wrong }
	}
	for id, sees := range map[string]func() (map[string]sight, string){"1": tells(first), "2": tells(second), "3": third.sees, "4": fourth.sees} {
		seesAll(t, "player "+id, sees, func(other string, of sight) bool {
			return of.States >= 20 && (other == id || of.Lines >= 20)
		}, "1", "2", "3", "4")
	}
}

// seesAll waits until somebody has seen enough of all others, and wants it to be right.
func seesAll(t *testing.T, name string, sees func() (map[string]sight, string), enough func(other string, of sight) bool, others ...string) {
	t.Helper()
	ctx := patiently(t)
	saw, wrong := sees()
	for _, other := range others {
		for ; !enough(other, saw[other]); saw, wrong = sees() {
			if ctx.Err() != nil {
				t.Fatalf("%s saw of player %s %+v", name, other, saw[other])
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if wrong != "" {
		t.Errorf("%s: %s", name, wrong)
	}
}
