//go:build linux

package web_test

import (
	"bytes"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

//go:embed testdata/pages
var testdata embed.FS

func pages(t *testing.T) http.Handler {
	t.Helper()
	sub, err := fs.Sub(testdata, "testdata/pages")
	if err != nil {
		t.Fatal(err)
	}
	return http.FileServerFS(sub)
}

// echo sends back what comes to a socket with the name of its kind in front, until the socket closes.
func echo(t *testing.T, s transport.Socket) {
	var over sync.WaitGroup
	t.Cleanup(over.Wait)
	t.Cleanup(func() { s.Close() })
	over.Go(func() {
		ds := make([]transport.Datagram, 64)
		for {
			if _, err := s.Wait(time.Time{}); err != nil {
				return
			}
			n, err := s.Read(ds)
			if err != nil {
				return
			}
			for _, d := range ds[:n] {
				answer := append([]byte(d.Path.Kind.String()+" "), d.Bytes...)
				_, _ = s.Write([]transport.Datagram{{Path: d.Path, Bytes: answer, Local: d.Local}})
			}
			if m, ok := s.(transport.Mortal); ok {
				_ = m.Ended(nil)
			}
		}
	})
}

// shared opens a game's UDP port with WebRTC and WebTransport on it, and the TCP port of that number.
func shared(t *testing.T, cfg web.Config) (*udp.Socket, *web.Socket) {
	t.Helper()
	cfg.Handler = pages(t)
	for tries := 0; ; tries++ {
		u, err := udp.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		w, err := web.New(u, cfg)
		if err == nil {
			echo(t, u)
			echo(t, w)
			return u, w
		}
		u.Close()
		if tries == 10 || !errors.Is(err, syscall.EADDRINUSE) { // somebody has that number by TCP
			t.Fatal(err)
		}
	}
}

// page opens the page of echoes.
func page(t *testing.T, w *web.Socket, b *browser.Browser) *browser.Page {
	t.Helper()
	return b.Open(fmt.Sprintf("http://%v/echo.html", w.LocalAddr()))
}

// gamePacket is what begins as a packet of the game: of our dialect or of the netcode standard
// (SPEC.md, section 1), and is random behind that but for a number at its end.
func gamePacket(random *rand.Rand, number uint32) []byte {
	b := make([]byte, 24+random.IntN(1000))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	switch kind := number % 61; {
	case kind < 12:
		b[0] = 0x04 + byte(kind)
	case kind < 60:
		b[0] = byte(1+(kind-12)/6)<<4 | byte(1+(kind-12)%6)
	default:
		b = append(b, make([]byte, 1078)...)[:1078]
		copy(b, "\x00NETCODE 1.02\x00")
	}
	binary.LittleEndian.PutUint32(b[len(b)-4:], number)
	return b
}

// natives sends n packets of native players to a port, sixteen under way at a time, and returns how
// many came back as what they were.
func natives(t *testing.T, at string, n int) int {
	conn, err := net.Dial("udp", at)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer conn.Close()
	random := rand.New(rand.NewPCG(1, 2))
	want := map[uint32][]byte{}
	answer := make([]byte, 2048)
	good := 0
	for next := uint32(0); len(want) > 0 || int(next) < n; {
		for ; len(want) < 16 && int(next) < n; next++ {
			want[next] = gamePacket(random, next)
			_, _ = conn.Write(want[next])
		}
		_ = conn.SetReadDeadline(time.Now().Add(web.Patience))
		size, err := conn.Read(answer)
		if err != nil {
			t.Errorf("%d packets of native players were not answered, as % x…: %v", len(want), firstOf(want), err)
			return good
		}
		b, ok := bytes.CutPrefix(answer[:size], []byte("udp "))
		if !ok || len(b) < 4 {
			continue
		}
		number := binary.LittleEndian.Uint32(b[len(b)-4:])
		if bytes.Equal(b, want[number]) {
			good++
		}
		delete(want, number)
	}
	return good
}

func firstOf(m map[uint32][]byte) []byte {
	for _, b := range m {
		return b[:16]
	}
	return nil
}

// An outcome is what play in echo.html returns.
type outcome struct{ Good, Strange int }

// TestBrowserOnePort: one page plays by a WebSocket, by WebRTC and by WebTransport on one port number,
// while 2000 packets that begin as all those of native players do are answered on the same UDP port:
// every packet of every kind is answered by its own protocol.
func TestBrowserOnePort(t *testing.T) {
	browser.Run(t, func(chromium *browser.Browser) {
		u, w := shared(t, web.Config{})
		p := page(t, w, chromium)
		kinds := []string{"websocket", "webrtc", "webtransport"}
		for _, kind := range kinds {
			t.Logf("%s opened in %.0f ms", kind, browser.Eval[float64](p, fmt.Sprintf("connect(%q)", kind)))
		}
		const many = 2000
		var all sync.WaitGroup
		all.Go(func() {
			if n := natives(t, u.LocalAddr().String(), many); n != many {
				t.Errorf("%d of %d packets of native players were answered", n, many)
			}
		})
		for _, kind := range kinds {
			all.Go(func() {
				got, err := browser.Try[outcome](p, fmt.Sprintf("play(%q, %d)", kind, many))
				if err != nil || got.Good != many || got.Strange != 0 {
					t.Errorf("%s: %+v of %d, %v", kind, got, many, err)
				}
			})
		}
		all.Wait()
		st := w.Stats().UDP
		if st.STUN == 0 || st.DTLS < many/10 || st.QUICHandshake == 0 || st.QUIC < many/10 || st.Overflowed+st.Strangers+st.TooMany+st.Refused+st.Unsent != 0 {
			t.Errorf("on the UDP port: %+v", st)
		}
		if got := u.Stats(); got.Received != many {
			t.Errorf("%d datagrams were the game's, want %d", got.Received, many)
		}
	})
}

// TestBrowserAlone: the same port without native players.
func TestBrowserAlone(t *testing.T) {
	browser.Run(t, func(chromium *browser.Browser) {
		w, err := web.Listen("127.0.0.1:0", web.Config{Handler: pages(t)})
		if err != nil {
			t.Fatal(err)
		}
		echo(t, w)
		p := page(t, w, chromium)
		playsByEach(t, p, 100)
		// What dies with the page is over at the server, too.
		p.Reload()
		web.Eventually(t, "all that the page had is over", func() bool {
			s := w.Stats()
			return s.WebSocket.Open+s.WebRTC.Open+s.WebTransport.Open == 0
		})
	})
}

// playsByEach has a page connect by each transport, and send so many messages that have to come back.
func playsByEach(t *testing.T, p *browser.Page, messages int) {
	t.Helper()
	for _, kind := range []string{"websocket", "webrtc", "webtransport"} {
		browser.Eval[float64](p, fmt.Sprintf("connect(%q)", kind))
		if got := browser.Eval[outcome](p, fmt.Sprintf("play(%q, %d)", kind, messages)); got.Good != messages || got.Strange != 0 {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// TestBrowserByName: a page that came by a name of this machine plays by each transport, though browsers
// may take localhost for ::1 where the server listens by IPv4.
func TestBrowserByName(t *testing.T) {
	browser.Run(t, func(chromium *browser.Browser) {
		w, err := web.Listen("127.0.0.1:0", web.Config{Handler: pages(t)})
		if err != nil {
			t.Fatal(err)
		}
		echo(t, w)
		p := chromium.Open(fmt.Sprintf("http://localhost:%d/echo.html", w.LocalAddr().Port()))
		playsByEach(t, p, 10)
	})
}

// TestBrowserIsTold: who is not let in, or sent away, reads why in the page.
func TestBrowserIsTold(t *testing.T) {
	browser.Run(t, func(chromium *browser.Browser) {
		_, w := shared(t, web.Config{MaxPlayers: 1})
		b := chromium
		first, second := page(t, w, b), page(t, w, b)
		for _, kind := range []string{"websocket", "webrtc", "webtransport"} {
			browser.Eval[float64](first, fmt.Sprintf("connect(%q)", kind))
		}
		if _, err := browser.Try[float64](second, `connect("websocket")`); err == nil {
			t.Error("a second player has a WebSocket")
		}
		full := "no room for another browser player (1)"
		browser.Eval[string](second, `hello = {webtransport: `+browser.Eval[string](first, `JSON.stringify(hello.webtransport)`)+`}, ""`)
		browser.Eval[float64](second, `connect("webtransport")`)
		if got := browser.Eval[string](second, `ended("webtransport")`); !strings.Contains(got, fmt.Sprint(web.CodeFull)) || !strings.Contains(got, full) {
			t.Errorf("WebTransport: %q", got)
		}
		time.Sleep(time.Second) // between two wants of one WebSocket
		if _, err := browser.Try[float64](first, `connect("webrtc")`); err == nil || !strings.Contains(err.Error(), full) {
			t.Errorf("WebRTC: %v", err)
		}
		if _, err := browser.Try[float64](first, `openWebTransport("/elsewhere")`); err == nil {
			t.Error("there is a session at another path")
		}
		go w.Close() // which waits for what the page reads
		for kind, want := range map[string]string{"websocket": "1001", "webtransport": "1001", "webrtc": "closed"} {
			if got := browser.Eval[string](first, fmt.Sprintf("ended(%q)", kind)); !strings.Contains(got, want) {
				t.Errorf("%s ends with %q, want %s", kind, got, want)
			}
		}
	})
}
