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
	const patience = 200 * time.Millisecond
	h := newWebHouse(t, tickwire.ServerConfig{Development: true}, web.Config{HandshakeTimeout: patience, DisableWebRTC: true, DisableWebTransport: true})
	player := h.browser(1)
	stranger := h.ladder(web.DialConfig{})
	defer stranger.Close()
	began := time.Now()
	nobodys := make([]byte, 40)
	for h.web.Stats().Idle == 0 {
		rand.Read(nobodys)
		nobodys[0], nobodys[1] = 0x08, 0 // DATA, with an id of this server that nobody has
		_, err := stranger.Write([]transport.Datagram{{Path: stranger.Peer(), Bytes: nobodys}})
		must(t, err)
		if time.Since(began) > 25*patience {
			t.Fatalf("a stranger was answered %d times, and is still there", h.web.Stats().WebSocket.Sent)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if st := h.web.Stats(); st.WebSocket.Sent == 0 || time.Since(began) < 6*patience || st.WebSocket.Opened-st.WebSocket.Open != 1 {
		t.Errorf("after %v: %+v", time.Since(began), st)
	}
	if err := player.Send(5, []byte("still here")); err != nil {
		t.Error(err)
	}
}
