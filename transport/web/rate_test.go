//go:build !js

package web

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

var (
	somebody = netip.MustParseAddr("192.0.2.1")
	here     = netip.MustParseAddr("127.0.0.1")
)

// rated is a rate as a server has it, of which a trusted proxy is another.
func rated(perSecond int) *rate {
	r := new(rate)
	r.init(perSecond, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	return r
}

// TestRateOfAClass: as many players as there may be behind one address load a page of a hundred files at the same moment, and
// again a minute later.
func TestRateOfAClass(t *testing.T) {
	r := rated(DefaultRatePerAddress)
	for _, now := range []time.Duration{0, time.Minute} {
		for player := range DefaultMaxPerAddress {
			for range 6 + 1 + 1 + 1 { // connections by which browsers load pages, a WebSocket and its connection, a better transport
				if wait := r.take(int64(now), somebody, rateUnits); wait > 0 {
					t.Fatalf("player %d waits %v", player, wait)
				}
			}
			for range 100 {
				if wait := r.take(int64(now), somebody, onePage); wait > 0 {
					t.Fatalf("player %d waits %v for a file", player, wait)
				}
			}
		}
	}
}

// TestRate: who goes on is held to his rate, hears how long he has to wait, and is nobody else's concern.
func TestRate(t *testing.T) {
	r := rated(2)
	counts := func(from, to time.Duration, who string) (n int) {
		for now := from; now < to; now += time.Millisecond {
			if r.take(int64(now), netip.MustParseAddr(who), rateUnits) == 0 {
				n++
			}
		}
		return n
	}
	if n := counts(0, time.Second, "192.0.2.1"); n != 121 {
		t.Errorf("%d in the first second, want those of a minute and one", n)
	}
	if n := counts(time.Second, 11*time.Second, "192.0.2.1"); n != 20 {
		t.Errorf("%d in ten seconds, want 20", n)
	}
	if wait := r.owes(int64(10900*time.Millisecond), somebody, rateUnits); wait != 100*time.Millisecond || tooOften(wait).seconds() != 1 {
		t.Errorf("the next has to wait %v", wait)
	}
	if n := counts(11*time.Second, 12*time.Second, "192.0.2.2"); n != 121 {
		t.Errorf("a neighbour has %d", n)
	}
	for _, c := range []struct {
		who  string
		more bool
	}{{"2001:db8::1", true}, {"2001:db8::2", false}, {"2001:db8:0:1::1", true}, {"192.0.2.3", true}, {"::ffff:192.0.2.3", false}} {
		if more := r.take(int64(12*time.Second), netip.MustParseAddr(c.who), 60*2*rateUnits) == 0; more != c.more {
			t.Errorf("%s has a minute's worth: %v", c.who, more)
		}
	}
}

// TestRateHasNoLimit: for trusted proxies, whose address is not known, and where the limit is off.
func TestRateHasNoLimit(t *testing.T) {
	r, off := rated(1), rated(-1)
	for range 1000 {
		for _, a := range []netip.Addr{netip.MustParseAddr("10.1.2.3"), {}} {
			if wait := r.take(0, a, rateUnits); wait > 0 {
				t.Fatalf("%v waits %v", a, wait)
			}
		}
		if off.take(0, somebody, rateUnits) > 0 {
			t.Fatal("a limit that is off")
		}
	}
}

// owing is a server to whom this machine owes so much that nothing can be begun from here for ten minutes.
func owing(t *testing.T, cfg Config) *Socket {
	t.Helper()
	s := listen(t, cfg)
	owe(s, here)
	return s
}

func owe(s *Socket, who netip.Addr) {
	for range 11 { // minutes' worth
		s.rate.mu.Lock()
		s.rate.each.Charge(s.now(), maphash.Comparable(s.rate.seed, sourceOf(0, who)), int64(rateBurst/time.Second)*DefaultRatePerAddress*rateUnits)
		s.rate.mu.Unlock()
	}
}

// TestTooOftenByTCP: a few who are too many are let in, and read 429 and when to come again, whatever they ask for; the others
// are closed when they are accepted.
func TestTooOftenByTCP(t *testing.T) {
	s := owing(t, Config{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the program is asked") })})
	for _, path := range []string{"/", DefaultPath, "//x"} {
		said, err := io.ReadAll(tcp(t, s, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"))
		if err != nil || !strings.HasPrefix(string(said), "HTTP/1.1 429 ") || !strings.Contains(string(said), "\r\nRetry-After: ") ||
			!strings.Contains(string(said), "\r\nConnection: close\r\n") || !strings.Contains(string(said), "come again in ") {
			t.Errorf("%s is answered %q, %v", path, said, err)
		}
	}
	s.rate.mu.Lock()
	s.rate.telling.Owe(s.now(), 600*toldPerSecond)
	s.rate.mu.Unlock()
	for range 5 {
		if took := cutOff(t, tcp(t, s, "")); took > 3*time.Second {
			t.Errorf("nobody has to be told, and it is kept for %v", took)
		}
	}
	if n := s.Stats().Refused.TooOften; n != 3+5 {
		t.Errorf("TooOften = %d", n)
	}
	if n := s.Stats().Refused.Rules; n != 0 {
		t.Errorf("%d were found to break rules", n)
	}
}

// TestTooOftenDialed: a client reads it, too.
func TestTooOftenDialed(t *testing.T) {
	s := owing(t, Config{})
	_, err := Dial(t.Context(), s.URL(), DialConfig{})
	if err == nil || !strings.Contains(err.Error(), "429") || !strings.Contains(err.Error(), "come again in") {
		t.Errorf("Dial says %v", err)
	}
}

// TestTooOftenBehindAProxy: whom a trusted proxy names is counted, and not the proxy; so is who asks a program's own server.
func TestTooOftenBehindAProxy(t *testing.T) {
	s := listen(t, Config{NoListen: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	owe(s, somebody)
	owe(s, netip.MustParseAddr("10.0.0.1"))
	for _, c := range []struct {
		from, forwarded string
		status          int
	}{
		{"10.0.0.1:5", "192.0.2.1", http.StatusTooManyRequests},
		{"10.0.0.1:5", "192.0.2.7", http.StatusUpgradeRequired},
		{"10.0.0.1:5", "", http.StatusUpgradeRequired},
		{"192.0.2.1:5", "192.0.2.7", http.StatusTooManyRequests},
	} {
		r, w := httptest.NewRequest("GET", DefaultPath, nil), httptest.NewRecorder()
		r.RemoteAddr = c.from
		r.Header.Set("X-Forwarded-For", c.forwarded)
		s.Handler().ServeHTTP(w, r)
		if retry := w.Header().Get("Retry-After"); w.Code != c.status || (retry != "") != (c.status == http.StatusTooManyRequests) {
			t.Errorf("%s for %q is answered %d, Retry-After %q", c.from, c.forwarded, w.Code, retry)
		}
	}
}

// TestTooOftenWanted: an offer of a data channel is refused by a text that says why, and the WebSocket goes on.
func TestTooOftenWanted(t *testing.T) {
	s := listen(t, Config{})
	ws := byHand(t, s.URL(), nil)
	readSignal(t, ws)
	owe(s, here)
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(`{"want":{"transport":"webrtc"}}`)); err != nil {
		t.Fatal(err)
	}
	if m := readSignal(t, ws); m.Refused == nil || !strings.Contains(m.Refused.Reason, "come again in") || s.Stats().Refused.TooOften != 1 {
		t.Errorf("answered with %+v, %+v", m, s.Stats().Refused)
	}
}

// TestTooOftenBySession: who asks for a session reads 429, and his connection counts as one that came to nothing; where there are
// many of those he does not get as far.
func TestTooOftenBySession(t *testing.T) {
	s := owing(t, Config{})
	hashes, err := s.udp.cert.hashes()
	if err != nil {
		t.Fatal(err)
	}
	session := func() string {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := dialSession(ctx, fmt.Sprintf("https://%v%s", s.LocalAddr(), DefaultPath), [][]byte{hashes[0][:]})
		return fmt.Sprint(err)
	}
	if said := session(); !strings.Contains(said, "429") || s.udp.wt.pending.Load() != 1 {
		t.Errorf("answered %s; %d are without a session", said, s.udp.wt.pending.Load())
	}
	s.udp.wt.pending.Add(quicWary)
	defer s.udp.wt.pending.Add(-quicWary)
	if said := session(); !strings.Contains(said, "CONNECTION_REFUSED") {
		t.Errorf("one who has to prove himself is answered %s", said)
	}
	if n := s.Stats().Refused.TooOften; n < 2 {
		t.Errorf("TooOften = %d", n)
	}
}
