//go:build linux

package tickwire_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/web"
)

// TestLongPagesTold: who is not let in, or is sent away, reads the reason in his page.
func TestLongPagesTold(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesTell(t, b) })
}

func pagesTell(t *testing.T, b *browser.Browser) {
	w := newPageWorld(t, tickwire.ServerConfig{MaxClients: 1}, web.Config{})
	crowded := newPageWorld(t, tickwire.ServerConfig{}, web.Config{MaxPlayers: 1})
	elsewhere := httptest.NewServer(site(t))
	defer elsewhere.Close()
	mint := func(at time.Time, key netcode.Key) []byte {
		token, err := netcode.Mint(at, netcode.MintConfig{Key: key, ClientID: 9, Addresses: w.hub.PublicAddresses(), Timeout: time.Second})
		must(t, err)
		return token.Append(nil)
	}
	now := time.Now()
	player, other := w.enter(b, "webtransport", entry{}), crowded.enter(b, "websocket", entry{})
	player.reads("connected by webtransport")
	other.reads("connected")
	// by another name, since pages of the same host may play whatever their port
	stranger := &tab{b.Open(strings.Replace(elsewhere.URL, "127.0.0.1", "elsewhere.localhost", 1)), w, ""}
	defer stranger.Close()
	for _, c := range []struct {
		page *tab
		e    entry
		want string
	}{
		{w.open(b), entry{Token: mint(now.Add(-2*time.Minute), testKey)}, "expired (by the peer); try again with another connect token"},
		{w.open(b), entry{Token: mint(now, netcode.KeyFrom([netcode.KeyBytes]byte{5: 9}))}, "timeout: "},
		{w.open(b), entry{Token: w.token(2)}, "full (by the peer); try again"},
		{w.open(b), entry{Token: w.token(2)[:100]}, "TokenError"},
		{stranger, entry{Token: w.token(2)}, "unreachable: pages of this origin may not play here (by this side)"},
		{crowded.open(b), entry{Token: crowded.token(2)}, "unreachable: the server has no room for another browser player (1) (by this side)"},
	} {
		c.page.play(c.e)
		t.Logf("the person reads: %s", c.page.reads("it is over: "+c.want))
	}
	for _, c := range w.hub.Conns() {
		must(t, c.Close(tickwire.CodeBanned, "no shouting"))
	}
	player.reads("it is over: banned: no shouting (by the peer)")
	must(t, crowded.hub.Close())
	t.Logf("the person reads: %s", other.reads("it is over: "))
}

// TestLongPagesReload: a page that is loaded again is back with its ticket, and its seat is the same; with another token it takes
// the place of what it was before; and who says good-bye when his page is left has left.
func TestLongPagesReload(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesReload(t, b) })
}

func pagesReload(t *testing.T, b *browser.Browser) {
	w := newPageWorld(t, tickwire.ServerConfig{KeepSeats: time.Minute}, web.Config{})
	ticket, token := w.enter(b, "webtransport", entry{}), w.enter(b, "webtransport", entry{})
	watcher := w.enter(b, "webrtc", entry{})
	for _, p := range []*tab{ticket, token} {
		p.reads("connected by webtransport")
		browser.Eval[bool](p.Page, `until(() => player.conn.ticket() && player.saw[0]?.states > 3)`)
	}
	watcher.reads("connected by webrtc")
	for _, p := range []*tab{ticket, token} {
		if p == token {
			browser.Eval[bool](p.Page, `forget = true`)
		}
		p.Reload()
	}
	token.play(entry{Token: w.token(2), Transports: []string{"webtransport"}})
	for _, p := range []*tab{ticket, token} {
		p.reads("connected by webtransport")
		p.catchesUp(p.tells())
	}
	events := strings.Join(w.events(), "\n")
	t.Log(events)
	if n := len(w.hub.Conns()); n != 3 {
		t.Errorf("%d players are there", n)
	}
	for player, want := range map[string]int{"Connected 1": 1, "Back 1": 1, "Connected 2": 2, "Disconnected 2": 1} {
		if n := strings.Count(events, player); n != want {
			t.Errorf("%d times %s, want %d", n, player, want)
		}
	}
	watcher.catchesUp(watcher.tells())
	for _, kind := range pageKinds {
		p := w.enter(b, kind, entry{Leaves: true})
		p.reads("connected by " + kind)
		p.Reload()
		for ctx := within(t, 30*time.Second); len(w.hub.Conns()) > 3; time.Sleep(time.Millisecond) {
			if ctx.Err() != nil {
				t.Fatalf("who said good-bye over a %s is still there", kind)
			}
		}
	}
}

// TestLongPagesFifty: fifty pages at once play by all transports, and each sees the others.
func TestLongPagesFifty(t *testing.T) {
	t.Parallel()
	inPages(t, func(b *browser.Browser) { pagesFifty(t, b) })
}

func pagesFifty(t *testing.T, b *browser.Browser) {
	const many = 50
	// all handshakes at once may take a busy machine longer than players are waited for
	w := newPageWorld(t, tickwire.ServerConfig{DevelopmentTimeout: time.Minute}, web.Config{})
	w.every = 5
	began := time.Now()
	pages := make([]*tab, many)
	var all sync.WaitGroup
	for i := range pages {
		all.Go(func() { pages[i] = w.open(b) })
		if i%4 == 3 {
			all.Wait()
		}
	}
	all.Wait()
	t.Logf("all are open after %v", time.Since(began))
	for i, p := range pages {
		p.name = pageKinds[i%3]
		p.play(entry{Token: w.token(uint64(i + 1)), Transports: []string{p.name}, Every: 500, Silent: i%10 > 0})
		if i%10 == 9 { // as many handshakes at once as a busy machine can do in their time
			for _, p := range pages[i-9 : i+1] {
				p.reads("connected by " + p.name)
			}
		}
	}
	t.Logf("all play after %v", time.Since(began))
	for i, p := range pages {
		browser.Eval[bool](p.Page, fmt.Sprintf(`until(() => Object.values(player.saw).filter(of => of.states >= 3).length > %d)`, many))
		if tells := p.tells(); tells.Wrong != "" || slices.Contains(tells.Log, "Away") || slices.Contains(tells.Log, "Disconnected") {
			t.Errorf("page %d: %s, %v", i, tells.Wrong, tells.Log)
		}
	}
	t.Logf("each has seen all others after %v; %+v", time.Since(began), w.web.Stats())
}
