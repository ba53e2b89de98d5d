package netcode

import (
	"testing"
	"time"
)

// TestTokensOfOnePlayer: whoever gets as many tokens as he likes, and shows them all, leaves the
// others their room. Of his own the newest count, and an older one may be shown again.
func TestTokensOfOnePlayer(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 256 })
	var tokens []*Token
	for i := range 3000 {
		token := w.mint(666, nil)
		tokens = append(tokens, token)
		if ev := w.request(token, uint16(i)); ev.Drop != DropNone {
			t.Fatalf("token %d: %v", i, ev.Drop)
		}
		w.now += ms
	}
	if n := w.server.Admission().Tokens(); n != maxPending {
		t.Errorf("%d tokens of one player are remembered, want %d", n, maxPending)
	}
	if _, seat := w.confirmed(w.mint(1, nil), 60000); seat == nil {
		t.Error("another player does not get in")
	}
	p, seat := w.confirmed(tokens[2000], 60001)
	if seat == nil {
		t.Fatal("a token that was forgotten does not admit")
	}
	used := p.token
	for _, token := range tokens[:100] {
		w.request(token, 60002)
	}
	if ev := w.request(used, 60003); ev.Drop != DropUsed {
		t.Errorf("the used token: %v", ev.Drop)
	}
}

// TestTokensUsedByOnePlayer: tokens that were used are not forgotten, but the last quarter of the
// table is for those who have none there.
func TestTokensUsedByOnePlayer(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxTokens = 40 })
	n := 0
	for ; n < 100; n++ {
		token := w.mint(666, nil)
		if ev := w.request(token, uint16(n)); ev.Drop == DropHistoryFull {
			break
		}
		w.server.adm.consume(w.server.adm.find((*[macBytes]byte)(token.private[privateTokenBytes-macBytes:])))
	}
	if n != 30 {
		t.Errorf("one player has %d of 40 places", n)
	}
	for i := range uint64(10) {
		if ev := w.request(w.mint(i, nil), uint16(i)); ev.Drop != DropNone {
			t.Errorf("player %d: %v", i, ev.Drop)
		}
	}
	if ev := w.request(w.mint(99, nil), 99); ev.Drop != DropHistoryFull {
		t.Errorf("a full table: %v", ev.Drop)
	}
	w.now += int64(DefaultLifetime + time.Second)
	w.server.HandleTimeout(w.now, w.unix())
	if a := w.server.Admission(); a.Tokens() != 0 || len(a.wallets) != 0 {
		t.Errorf("%d tokens, %d wallets are left", a.Tokens(), len(a.wallets))
	}
}
