//go:build !js

package tickwire_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// A vanisher plays in a browser that may be gone without a word.
type vanisher struct {
	web  *web.Socket
	hub  *tickwire.Hub
	wire *cable   // of his WebSocket
	line *cutPort // of all else
	gone chan tickwire.Reason
}

// newVanisher has one play by a session, with a WebSocket in reserve.
func newVanisher(ctx context.Context, t *testing.T, timeout time.Duration) *vanisher {
	t.Helper()
	v := &vanisher{gone: make(chan tickwire.Reason, 1)}
	u, w := onePort(t, web.Config{}, func(u *udp.Socket) web.Port {
		v.line = &cutPort{Socket: u}
		return v.line
	})
	v.web = w
	chat := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 5, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(chat), Logger: quiet}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true, DevelopmentTimeout: timeout}, u, v.web)
	must(t, err)
	v.hub = tickwire.NewHub(srv)
	t.Cleanup(func() { v.hub.Close() })
	go func() {
		for ev := range v.hub.Events(ctx) {
			if ev.Kind == tickwire.Disconnected {
				v.gone <- ev.Reason
			}
		}
	}()
	at, err := url.Parse(v.web.URL())
	must(t, err)
	v.wire = newCable(t, at.Host)
	at.Host = v.wire.listener.Addr().String()
	token, err := v.hub.DevToken(1)
	must(t, err)
	l, err := web.Dial(ctx, at.String(), web.DialConfig{})
	must(t, err)
	s, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: cfg}, token, l)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	go func() { // a Session works in its loop
		for range s.Events(ctx) {
		}
	}()
	for s.Conn().Transport() != transport.KindWebTransport {
		must(t, ctx.Err())
		time.Sleep(time.Millisecond)
	}
	return v
}

// TestLongPageVanishes: of a player who is gone without a word, by UDP and by TCP, nothing is left a few seconds
// after the timeout of his Conn, though he plays by a session that QUIC would keep for half a minute, and has a
// WebSocket in reserve that would stay for five.
func TestLongPageVanishes(t *testing.T) {
	const timeout = 2 * time.Second
	ctx := patiently(t)
	v := newVanisher(ctx, t, timeout)
	time.Sleep(200 * time.Millisecond)
	if st := v.web.Stats(); st.WebTransport.Open != 1 || st.WebSocket.Open != 1 {
		t.Fatalf("he has %d sessions and %d WebSockets, want one of each", st.WebTransport.Open, st.WebSocket.Open)
	}
	began := time.Now()
	v.line.cut.Store(true)
	v.wire.frozen.Store(true)
	go speak(ctx, v.hub)
	select {
	case why := <-v.gone:
		if took := time.Since(began); why.Code != tickwire.CodeTimeout || took > timeout+10*time.Second {
			t.Errorf("his Conn ended after %v with %v, want %v after %v", took, why, tickwire.CodeTimeout, timeout)
		}
	case <-ctx.Done():
		t.Fatal("his Conn did not end")
	}
	ended := time.Now()
	for st := v.web.Stats(); st.WebTransport.Open+st.WebSocket.Open > 0; st = v.web.Stats() {
		if time.Since(ended) > 15*time.Second { // and with that of the Conn less than QUIC's half a minute
			t.Fatalf("15 s later he has %d sessions and %d WebSockets", st.WebTransport.Open, st.WebSocket.Open)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("the Conn ended after %v, and what carried it %v later", ended.Sub(began), time.Since(ended))
}
