//go:build !js

package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// byHand opens a WebSocket by hand.
func byHand(t *testing.T, url string, o *websocket.DialOptions) *websocket.Conn {
	t.Helper()
	if o == nil {
		o = &websocket.DialOptions{Subprotocols: []string{Subprotocol}}
	}
	ws, _, err := websocket.Dial(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	return ws
}

// farewell reads to the end of a WebSocket, and returns what the server said there.
func farewell(t *testing.T, ws *websocket.Conn) CloseError {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		if _, _, err := ws.Read(ctx); err != nil {
			if ctx.Err() != nil {
				t.Fatal("the server did not close it")
			}
			said, ok := errors.AsType[*CloseError](closeReason(err))
			if !ok {
				t.Fatalf("no farewell: %v", err)
			}
			return *said
		}
	}
}

// TestOrigins: whose pages may play, by what Config.Origins has.
func TestOrigins(t *testing.T) {
	const host = "game.example:7777"
	for _, c := range []struct {
		origins []string
		origin  string
		allowed bool
	}{
		{nil, "", true}, // no browser
		{nil, "http://game.example:7777", true},
		{nil, "https://GAME.example:7777", true},
		{nil, "https://game.example", true}, // by a proxy, as on 443
		{nil, "http://game.example:5173", true},
		{nil, "https://eu.game.example:7777", false},
		{nil, "https://game.example.evil.example:7777", false},
		{nil, "https://evil.example", false},
		{nil, "null", false},
		{nil, "http://", false},
		{[]string{"null"}, "null", true},
		{[]string{"https://play.example"}, "https://play.example", true},
		{[]string{"https://play.example"}, "http://play.example", false},
		{[]string{"https://play.example"}, "https://play.example.evil.example", false},
		{[]string{"play.example"}, "http://play.example", true},
		{[]string{"play.example"}, "http://play.example:81", false},
		{[]string{"*.play.example"}, "https://eu.play.example", true},
		{[]string{"*.play.example"}, "https://play.example", false},
		{[]string{"*.play.example"}, "https://evilplay.example", false},
		{[]string{"https://*.play.example:8443"}, "https://a.b.play.example:8443", true},
		{[]string{"a.example", "*"}, "https://evil.example", true},
		{[]string{"*"}, "null", true},
		{[]string{"http://[::1]:80"}, "http://[::1]", true}, // as browsers write it
		{[]string{"https://play.example:443"}, "https://play.example", true},
		{[]string{"https://play.example:443"}, "https://play.example:444", false},
		{[]string{"play.example:443"}, "http://play.example", false},
		{[]string{"*.play.example:443"}, "https://eu.play.example", true},
	} {
		s := &Socket{cfg: Config{Origins: c.origins}}
		if err := s.cfg.validate(); err != nil {
			t.Errorf("%v: %v", c.origins, err)
		}
		for _, o := range c.origins {
			parsed, _ := parseOrigin(o)
			s.origins = append(s.origins, parsed)
		}
		r := httptest.NewRequest("GET", "/tickwire", nil)
		r.Host = host
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := s.allowsOrigin(r); got != c.allowed {
			t.Errorf("origin %q, allowed beside the host: %v: %v", c.origin, c.origins, got)
		}
	}
}

// TestSameHost: the machine itself has several names, and nobody else has one of them.
func TestSameHost(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"game.example", "game.example", true},
		{"localhost", "127.0.0.1", true},
		{"127.0.0.1", "::1", true},
		{"localhost", "localhost.example", false},
		{"localhost", "10.0.0.1", false},
		{"127.0.0.1.example", "127.0.0.1", false},
		{"", "", false},
	} {
		if got := sameHost(c.a, c.b); got != c.same {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

// TestRemote: only a trusted proxy is believed, and of what it forwards only what it added.
func TestRemote(t *testing.T) {
	s := &Socket{cfg: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("fe80::/10")}}}
	for _, c := range []struct {
		from, forwarded, want string
	}{
		{"192.0.2.1:5000", "", "192.0.2.1:5000"},
		{"192.0.2.1:5000", "198.51.100.7", "192.0.2.1:5000"},
		{"10.0.0.1:5000", "", "10.0.0.1:5000"},
		{"10.0.0.1:5000", "198.51.100.7", "198.51.100.7:0"},
		{"10.0.0.1:5000", "1.2.3.4, 198.51.100.7, 10.0.0.9", "198.51.100.7:0"},
		{"10.0.0.1:5000", "made up, 198.51.100.7", "198.51.100.7:0"},
		{"10.0.0.1:5000", "made up", "10.0.0.1:5000"},
		{"[::1]:5000", "2001:db8::5", "[2001:db8::5]:0"},
		{"[::1]:5000", "[2001:db8::5]:4711", "[2001:db8::5]:0"},
		{"[fe80::1%eth0]:5000", "198.51.100.7", "198.51.100.7:0"},
		{"[::ffff:10.0.0.1]:5000", "::ffff:198.51.100.7", "198.51.100.7:0"},
	} {
		r := httptest.NewRequest("GET", "/tickwire", nil)
		r.RemoteAddr = c.from
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := s.remoteOf(r); got.String() != c.want {
			t.Errorf("from %s, forwarded for %q: %v, want %s", c.from, c.forwarded, got, c.want)
		}
	}
}

// TestRefusals: who may not play reads why, as a page can.
func TestRefusals(t *testing.T) {
	s := listen(t, Config{MaxPlayers: 2, MaxPerAddress: -1})
	evil := http.Header{"Origin": {"https://evil.example"}}
	ws := byHand(t, s.URL(), &websocket.DialOptions{Subprotocols: []string{Subprotocol}, HTTPHeader: evil})
	if got, want := farewell(t, ws), (CloseError{CodeOrigin, "pages of this origin may not play here"}); got != want {
		t.Errorf("another origin is told %v, want %v", got, want)
	}
	ws = byHand(t, s.URL(), &websocket.DialOptions{})
	if got, want := farewell(t, ws), (CloseError{CodeRules, "want the subprotocol tickwire.1"}); got != want {
		t.Errorf("without a subprotocol is told %v, want %v", got, want)
	}
	dial(t, s, DialConfig{})
	leaver := dial(t, s, DialConfig{})
	_, err := Dial(t.Context(), s.URL(), DialConfig{})
	want := CloseError{CodeFull, "the server has no room for another browser player (2)"}
	if said, ok := errors.AsType[*CloseError](err); !ok || *said != want {
		t.Errorf("a third is told %v, want %v", err, want)
	}
	if _, err := Dial(t.Context(), s.URL(), DialConfig{Origin: "https://evil.example"}); err == nil || !strings.Contains(err.Error(), "origin") {
		t.Errorf("Dial with another origin: %v", err)
	}
	st := s.Stats()
	if st.Refused.Full != 1 || st.Refused.Origin != 2 || st.Refused.Rules != 1 || st.WebSocket.Open != 2 {
		t.Errorf("%+v", st)
	}
	leaver.Close()
	for deadline := time.Now().Add(patience); s.Stats().WebSocket.Open > 1; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("who left is still there")
		}
	}
	dial(t, s, DialConfig{}) // his room
}

// TestHostileFrames: whatever comes by a WebSocket, its sender is told what was wrong, and nobody
// else notices.
func TestHostileFrames(t *testing.T) {
	s := listen(t, Config{})
	honest := dial(t, s, DialConfig{})
	meet(t, s, honest)
	for name, c := range map[string]struct {
		kind websocket.MessageType
		body string
		code int
	}{
		"a datagram too large":     {websocket.MessageBinary, strings.Repeat("x", MaxWebSocketDatagram+1), CodeTooLarge},
		"a datagram far too large": {websocket.MessageBinary, strings.Repeat("x", 1<<20), CodeTooLarge},
		"a text too large":         {websocket.MessageText, strings.Repeat(" ", mostSignal+1), CodeTooLarge},
		"a text that is no JSON":   {websocket.MessageText, "hello", CodeRules},
		"an array":                 {websocket.MessageText, `["want"]`, CodeRules},
		"two members":              {websocket.MessageText, `{"want":{},"answer":{}}`, CodeRules},
		"a member twice":           {websocket.MessageText, `{"want":{},"want":{}}`, CodeRules},
		"none":                     {websocket.MessageText, `{}`, CodeRules},
		"two objects":              {websocket.MessageText, `{"want":{}}{"want":{}}`, CodeRules},
		"of another type":          {websocket.MessageText, `{"want":[]}`, CodeRules},
	} {
		ws := byHand(t, s.URL(), nil)
		go func() { _ = ws.Write(t.Context(), c.kind, []byte(c.body)) }() // of the largest the server reads no more than it has to
		if got := farewell(t, ws); got.Code != c.code || got.Reason == "" {
			t.Errorf("%s: told %v, want code %d", name, got, c.code)
		}
	}
	meet(t, s, honest)
	if n := s.Stats().WebSocket.TooLarge; n != 2 {
		t.Errorf("TooLarge = %d, want 2", n)
	}
}

// TestFramesBesideMessages: who sends what is no message without end is sent away, and who sends as much in messages stays.
func TestFramesBesideMessages(t *testing.T) {
	t.Parallel()
	s := listen(t, Config{})
	answerAll(s)
	for i, f := range []struct{ begin, again string }{
		{"", "\x89\x80\x00\x00\x00\x00"},                                                    // pings
		{"", "\x8A\x80\x00\x00\x00\x00"},                                                    // pongs
		{"\x02\x81\x00\x00\x00\x00x", "\x00\x80\x00\x00\x00\x00"},                           // fragments without bytes
		{"\x01\x81\x00\x00\x00\x00{", "\x00\x81\x00\x00\x00\x00 "},                          // fragments of one
		{"", "\x82\x81\x00\x00\x00\x00x" + strings.Repeat("\x89\x80\x00\x00\x00\x00", 100)}, // beside datagrams
	} {
		c, _ := bare(t, s)
		go func() { _, _ = io.Copy(io.Discard, c) }()
		_, err := io.WriteString(c, f.begin)
		c.SetWriteDeadline(time.Now().Add(patience))
		for block := strings.Repeat(f.again, 1+4096/len(f.again)); err == nil; {
			_, err = io.WriteString(c, block)
		}
		if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
			t.Errorf("%d: it goes on", i)
		}
	}
	if n := s.Stats().Refused.Rules; n != 5 {
		t.Errorf("Rules = %d, want 5", n)
	}
	honest := byHand(t, s.URL(), nil)
	go func() {
		for _, _, err := honest.Read(t.Context()); err == nil; _, _, err = honest.Read(t.Context()) {
		}
	}()
	datagram := make([]byte, 100)
	for i := range 8_000 { // almost a megabyte, of which 112 KB are heads: more than mostBeside
		if err := honest.Write(t.Context(), websocket.MessageBinary, datagram); err != nil {
			t.Fatal(i, err)
		}
	}
}

// TestSignals: what a server of WebSockets alone answers.
func TestSignals(t *testing.T) {
	s := listen(t, Config{DisableWebRTC: true, DisableWebTransport: true})
	ws := byHand(t, s.URL(), nil)
	say := func(text string) {
		t.Helper()
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(want string) {
		t.Helper()
		kind, b, err := ws.Read(t.Context())
		if err != nil || kind != websocket.MessageText || string(b) != want {
			t.Errorf("heard %s, %v, want %s", b, err, want)
		}
	}
	hear(`{"hello":{}}`)
	say(`{"tomorrow":{"any":["thing"]}}`) // of a later version
	say(`{"answer":{"id":7,"sdp":"to nothing"}}`)
	say(`{"candidate":{"id":7,"candidate":"","mid":"0"}}`)
	say(`{"want":{"transport":"webrtc"}}`)
	hear(`{"refused":{"transport":"webrtc","reason":"this server does not offer it"}}`)
	say(`{"want":{"transport":"carrier pigeons"}}`)
	hear(`{"refused":{"transport":"carrier pigeons","reason":"this server does not offer it"}}`)
	go func() {
		for ws.Write(context.Background(), websocket.MessageText, []byte(`{"tomorrow":{}}`)) == nil {
		}
	}()
	if got, want := farewell(t, ws), (CloseError{CodeRules, "too many text messages"}); got != want {
		t.Errorf("who floods is told %v, want %v", got, want)
	}
}

// TestWantsInARow: who asks for another data channel at once is told to wait, and keeps the one that is under way.
func TestWantsInARow(t *testing.T) {
	s := listen(t, Config{})
	again(t, func() error { // within a second
		ws := byHand(t, s.URL(), nil)
		readSignal(t, ws)
		for range 2 {
			if err := ws.Write(t.Context(), websocket.MessageText, []byte(`{"want":{"transport":"webrtc"}}`)); err != nil {
				t.Fatal(err)
			}
		}
		first, second := readSignal(t, ws), readSignal(t, ws)
		if first.Offer == nil || second.Refused == nil || second.Refused.Reason != "the last one was wanted less than a second ago" {
			return fmt.Errorf("answered with %+v and %+v", first, second)
		}
		return nil
	})
}

// TestSlowRequest: who begins a request and does not go on is cut off, and so is who opens a
// WebSocket and never plays.
func TestSlowRequest(t *testing.T) {
	t.Parallel()
	s := listen(t, Config{HandshakeTimeout: 300 * time.Millisecond})
	again(t, func() error {
		if took := cutOff(t, tcp(t, s, "GET /tickwire HTTP/1.1\r\nHost: x\r\n")); took > 3*time.Second {
			return fmt.Errorf("half a request was kept for %v", took)
		}
		return nil
	})
	again(t, func() error {
		ws, _, err := websocket.Dial(t.Context(), s.URL(), &websocket.DialOptions{Subprotocols: []string{Subprotocol}})
		if err != nil {
			return err // the request came too late
		}
		defer ws.CloseNow()
		if got := farewell(t, ws); got.Code != CodeIdle {
			t.Errorf("who does not play is told %v", got)
		}
		return nil
	})
	if n := s.Stats().Idle; n != 1 {
		t.Errorf("Idle = %d", n)
	}
}

// TestPortIsGuarded: one address does not hold all connections of the port.
func TestPortIsGuarded(t *testing.T) {
	s := listen(t, Config{MaxPerAddress: 1})
	var all []net.Conn
	for range 1 + spareConnections + 5 {
		c, err := net.Dial("tcp", s.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		all = append(all, c)
	}
	last := all[len(all)-1]
	last.SetReadDeadline(time.Now().Add(patience))
	if _, err := last.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one connection too many: %v", err)
	}
	for _, c := range all {
		c.Close()
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if l, err := Dial(t.Context(), s.URL(), DialConfig{}); err == nil {
			l.Close()
			break
		} else if time.Now().After(deadline) {
			t.Fatal("after they left:", err)
		}
	}
	if n := s.Stats().Refused.Crowded; n < 5 {
		t.Errorf("Crowded = %d", n)
	}
}

// TestPortTrustsProxies: a trusted proxy has as many connections as it likes, be it the neighbour by a network card.
func TestPortTrustsProxies(t *testing.T) {
	s := &Socket{cfg: Config{MaxPerAddress: 1, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("10.0.0.0/8")}}}
	g := s.newGate(nil)
	for from, trusted := range map[string]bool{"[fe80::1%eth0]:5000": true, "[::ffff:10.0.0.1]:5000": true, "192.0.2.1:5000": false} {
		entered := 0
		for range 2 + spareConnections {
			if g.enter(connFrom{addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))}) != nil {
				entered++
			}
		}
		if (entered == 2+spareConnections) != trusted {
			t.Errorf("%s has %d connections", from, entered)
		}
	}
}

// A connFrom is a connection from an address, and no more.
type connFrom struct {
	net.Conn
	addr net.Addr
}

func (c connFrom) RemoteAddr() net.Addr { return c.addr }
