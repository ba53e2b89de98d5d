//go:build js && browser

package tickwire_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/web"
)

// These tests run in a browser; TestLongGoGameInTheBrowser builds them, serves them and reads how they went. Who
// is with them in their world says everything back.

// home is where the page is from.
var home = os.Getenv("TICKWIRE_HOME")

// tokenOf asks for a connect token as a page does.
func tokenOf(t *testing.T, kind string) []byte {
	t.Helper()
	answer, err := http.Get(home + "/token?kind=" + kind)
	must(t, err)
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	must(t, err)
	return b
}

func gameConfig() tickwire.ClientConfig {
	cfg := tickwire.ClientConfig{Config: tickwire.Config{Logger: quiet}}
	for _, c := range webChannels {
		cfg.Channels = append(cfg.Channels, tickwire.NewRawChannel(c))
	}
	return cfg
}

// enter dials a server, and connects.
func enter(t *testing.T, token []byte, cfg web.DialConfig) (*tickwire.Session, *web.Ladder, error) {
	t.Helper()
	ctx := patiently(t)
	l, err := web.Dial(ctx, home, cfg)
	must(t, err)
	s, err := tickwire.Dial(ctx, gameConfig(), token, l)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, l, err
}

// until waits until a kind of transport carries the messages.
func until(t *testing.T, s *tickwire.Session, kind transport.Kind) {
	t.Helper()
	for ctx := patiently(t); s.Conn().Transport() != kind; time.Sleep(5 * time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("over %v, want %v", s.Conn().Transport(), kind)
		}
	}
}

// sayAll says something on all channels, and returns when it has.
func sayAll(t *testing.T, s *tickwire.Session, each int) {
	for i := range uint64(each) {
		for _, ch := range webChannels {
			if _, err := s.SendContext(t.Context(), ch.ID, binary.LittleEndian.AppendUint64(nil, i), tickwire.SendOptions{}); err != nil {
				t.Errorf("message %d on channel %d: %v", i, ch.ID, err)
			}
		}
		time.Sleep(4 * time.Millisecond)
	}
}

// playOver plays a game over one kind of transport: all channels, the statistics, and the end with its reason.
func playOver(t *testing.T, kind transport.Kind, cfg web.DialConfig) {
	s, _, err := enter(t, tokenOf(t, "good"), cfg)
	must(t, err)
	until(t, s, kind)
	const each = 200
	go sayAll(t, s, each)
	hearAll(t, s, each)
	st := s.Conn().Stats()
	if st.RTT <= 0 || st.BytesSent < 5*8*each || st.BytesReceived < 5*8*each {
		t.Errorf("RTT %v, %d bytes sent, %d received", st.RTT, st.BytesSent, st.BytesReceived)
	}
	must(t, s.Send(5, []byte("send me away")))
	for ev := range s.Events(patiently(t)) {
		if ev.Kind == tickwire.Disconnected {
			if ev.Reason.Code != tickwire.CodeBanned || ev.Reason.Text != "as you wish" || !ev.Reason.Remote {
				t.Errorf("told %v", ev.Reason)
			}
			return
		}
	}
	t.Error("it does not end")
}

func TestWebSocketGameInBrowser(t *testing.T) {
	playOver(t, transport.KindWebSocket, web.DialConfig{DisableWebRTC: true, DisableWebTransport: true})
}

func TestWebRTCGameInBrowser(t *testing.T) {
	playOver(t, transport.KindWebRTC, web.DialConfig{DisableWebTransport: true})
}

func TestWebTransportGameInBrowser(t *testing.T) {
	playOver(t, transport.KindWebTransport, web.DialConfig{})
}

// TestLadderGameInBrowser: the better way ends in mid-game, again and again, and of what is said nothing
// is lost, doubled or overtaken.
func TestLadderGameInBrowser(t *testing.T) {
	s, l, err := enter(t, tokenOf(t, "good"), web.DialConfig{})
	must(t, err)
	go func() {
		for range 2 {
			until(t, s, transport.KindWebTransport)
			time.Sleep(200 * time.Millisecond)
			for _, rung := range l.Rungs(nil) {
				if rung.Kind == transport.KindWebTransport {
					l.End(rung)
				}
			}
			until(t, s, transport.KindWebSocket)
		}
	}()
	const each = 1000
	go sayAll(t, s, each)
	hearAll(t, s, each)
	until(t, s, transport.KindWebTransport)
}

// TestClientGameInBrowser: a game with a loop of its own, as most are.
func TestClientGameInBrowser(t *testing.T) {
	l, err := web.Dial(patiently(t), home, web.DialConfig{})
	must(t, err)
	c, err := tickwire.NewClient(gameConfig(), l)
	must(t, err)
	defer c.Close()
	conn, err := c.Connect(tokenOf(t, "good"))
	must(t, err)
	said, heard := byte(0), byte(0)
	frames := time.NewTicker(time.Second / 60)
	defer frames.Stop()
	for ctx := patiently(t); heard < 100; <-frames.C {
		must(t, ctx.Err())
		c.Update(time.Now())
		for ev := range c.Events() {
			if ev.Kind == tickwire.Disconnected {
				t.Fatal(ev.Reason)
			}
		}
		for b := range conn.Receive(5) {
			if b[0] != heard {
				t.Fatalf("message %d, want %d", b[0], heard)
			}
			heard++
		}
		if conn.Open() && said < 100 {
			must(t, conn.Send(5, []byte{said}))
			said++
		}
		c.Flush(time.Now())
	}
}

// TestRefusedGameInBrowser: who is not let in reads why.
func TestRefusedGameInBrowser(t *testing.T) {
	for kind, want := range map[string]tickwire.Code{"expired": tickwire.CodeExpired, "of another key": tickwire.CodeTimeout} {
		_, l, err := enter(t, tokenOf(t, strings.ReplaceAll(kind, " ", "+")), web.DialConfig{})
		defer l.Close()
		if e, ok := errors.AsType[*tickwire.ConnError](err); !ok || e.Reason.Code != want || e.Reason.Text == "" {
			t.Errorf("a token that is %s: %v", kind, err)
		}
	}
	_, err := web.Dial(context.Background(), home+"/elsewhere", web.DialConfig{})
	if err == nil {
		t.Error("there is a server elsewhere")
	}
}
