//go:build !js

package tickwire_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/web"
)

// TestWebStrangersGo: who has no token keeps no WebSocket, also when he says what a server answers to strangers, while who
// plays keeps his.
func TestWebStrangersGo(t *testing.T) {
	const timeout = 200 * time.Millisecond
	h := newWebHouse(t, tickwire.ServerConfig{Development: true}, web.Config{HandshakeTimeout: timeout, DisableWebRTC: true, DisableWebTransport: true})
	player := h.browser(1)
	closed := func() uint64 { st := h.web.Stats().WebSocket; return st.Opened - uint64(st.Open) }
	before, idle := closed(), h.web.Stats().Idle // a busy machine may have let the player wait
	stranger := h.ladder(web.DialConfig{})
	defer stranger.Close()
	began := time.Now()
	nobodys := make([]byte, 40)
	for h.web.Stats().Idle == idle {
		rand.Read(nobodys)
		nobodys[0], nobodys[1] = 0x08, 0 // DATA, with an id of this server that nobody has
		_, err := stranger.Write([]transport.Datagram{{Path: stranger.Peer(), Bytes: nobodys}})
		must(t, err)
		if time.Since(began) > patience {
			t.Fatalf("a stranger was answered %d times, and is still there", h.web.Stats().WebSocket.Sent)
		}
		time.Sleep(20 * time.Millisecond)
	}
	took := time.Since(began)
	for ctx := patiently(t); closed() == before; time.Sleep(time.Millisecond) {
		must(t, ctx.Err())
	}
	if st := h.web.Stats(); st.WebSocket.Sent == 0 || took < 6*timeout || closed() != before+1 {
		t.Errorf("after %v: %+v", took, st)
	}
	if err := player.Send(5, []byte("still here")); err != nil {
		t.Error(err)
	}
}
