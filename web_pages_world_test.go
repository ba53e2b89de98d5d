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
func TestLongPagesMeet(t *testing.T) { inPages(t, func(b *browser.Browser) { pagesMeet(t, b) }) }

func pagesMeet(t *testing.T, b *browser.Browser) {
	w := newPageWorld(t, tickwire.ServerConfig{}, web.Config{})
	first, second := w.enter(b, "webtransport", entry{}), w.enter(browser.Start(t), "webrtc", entry{})
	third := w.native(w.webHouse.native(3))
	stream, err := w.dial(w.token(4), w.ladder(web.DialConfig{DisableWebTransport: true}))
	must(t, err)
	fourth := w.native(stream)
	first.reads("connected by webtransport")
	second.reads("connected by webrtc")
	time.Sleep(2 * time.Second)
	by := map[uint64]string{}
	for _, c := range w.hub.Conns() {
		by[c.ClientID()] = c.Transport().String()
	}
	if got := fmt.Sprint(by); got != "map[1:webtransport 2:webrtc 3:udp 4:websocket]" {
		t.Errorf("they play by %s", got)
	}
	sights := map[string]map[string]sight{}
	wrongs := map[string]string{}
	for id, p := range map[string]*tab{"1": first, "2": second} {
		tells := p.tells()
		sights[id], wrongs[id] = tells.Saw, tells.Wrong
	}
	sights["3"], wrongs["3"] = third.sees()
	sights["4"], wrongs["4"] = fourth.sees()
	for id, saw := range sights {
		if wrongs[id] != "" {
			t.Errorf("player %s: %s", id, wrongs[id])
		}
		for other := range sights {
			if of := saw[other]; of.States < 20 || other != id && of.Lines < 20 {
				t.Errorf("player %s saw of player %s %+v", id, other, of)
			}
		}
	}
}
