//go:build !js

package tickwire_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/web"
)

// A cable carries connections of TCP from its address to another one, until it is pulled.
type cable struct {
	listener net.Listener
	to       string
	frozen   atomic.Bool // nothing goes through, and nobody is told
	mu       sync.Mutex
	ends     []net.Conn
}

// A freezer is an end of a cable that swallows what comes while that is frozen.
type freezer struct {
	to    net.Conn
	cable *cable
}

func (f freezer) Write(b []byte) (int, error) {
	if f.cable.frozen.Load() {
		return len(b), nil
	}
	return f.to.Write(b)
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	c := &cable{listener: listener, to: to}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			here, err := listener.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", to)
			if err != nil {
				here.Close()
				continue
			}
			c.mu.Lock()
			c.ends = append(c.ends, here, there)
			c.mu.Unlock()
			work.Go(func() { _, _ = io.Copy(freezer{here, c}, there); here.Close() })
			work.Go(func() { _, _ = io.Copy(freezer{there, c}, here); there.Close() })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		c.pull()
		work.Wait()
	})
	return c
}

// pull ends all connections that it carries, with what is on them.
func (c *cable) pull() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, end := range c.ends {
		_ = end.(*net.TCPConn).SetLinger(0)
		end.Close()
	}
	c.ends = nil
}

// overCable is a player who reaches the house's TCP port by a cable.
func (h *webHouse) overCable(id uint64) (*tickwire.Session, *cable) {
	h.t.Helper()
	u, err := url.Parse(h.web.URL())
	must(h.t, err)
	line := newCable(h.t, u.Host)
	u.Host = line.listener.Addr().String()
	ladder, err := web.Dial(h.t.Context(), u.String(), web.DialConfig{})
	must(h.t, err)
	s, err := h.dial(h.token(id), ladder)
	must(h.t, err)
	h.t.Cleanup(func() { s.Close() })
	return s, line
}

// TestWebSocketPulled: in mid-game the only WebSocket dies, again and again. The ladder brings another
// one, and the Session goes on there: nothing reliable is lost or doubled, and the game does nothing.
func TestWebSocketPulled(t *testing.T) {
	h := newWebHouse(t, tickwire.ServerConfig{Development: true}, web.Config{DisableWebTransport: true})
	s, line := h.overCable(1)
	hears := h.native(2)
	for ctx := patiently(t); h.connected() < 2; time.Sleep(time.Millisecond) {
		must(t, ctx.Err())
	}
	const pulls, each, most = 4, 100, 600 * time.Millisecond
	ctx := patiently(t)
	go func() { // a Session works in its loop
		for range s.Events(ctx) {
		}
	}()
	next := uint64(1)
	pause := shortest(most, func() (longest time.Duration) {
		go pullAndTalk(ctx, s, line, next, pulls, each)
		began, last := time.Now(), next+pulls*each
		for ev := range hears.Events(ctx) {
			if ev.Kind != tickwire.Message {
				continue
			}
			longest, began = max(longest, time.Since(began)), time.Now()
			if n := binary.LittleEndian.Uint64(ev.Payload); n != next {
				t.Fatalf("message %d came where %d was due", n, next)
			}
			if next++; next == last {
				return longest
			}
		}
		t.Fatalf("message %d has not come: %v, %v", next, s.Conn().Reason(), s.Conn().PathStats(0))
		return 0
	})
	if kind := s.Conn().Transport(); kind != transport.KindWebSocket {
		t.Errorf("over %v", kind)
	}
	t.Logf("the longest pause was %v", pause)
	if pause > most {
		t.Errorf("nothing came for %v, want a WebSocket that is opened anew at once", pause)
	}
}

// pullAndTalk says numbered things on a reliable channel, from that number on, and pulls the cable now and then.
func pullAndTalk(ctx context.Context, s *tickwire.Session, line *cable, said uint64, pulls, each int) {
	for range pulls {
		for i := range each {
			if _, err := s.SendContext(ctx, 5, binary.LittleEndian.AppendUint64(nil, said), tickwire.SendOptions{}); err != nil {
				return
			}
			said++
			time.Sleep(5 * time.Millisecond)
			if i == each/2 {
				line.pull()
			}
		}
	}
}

// TestLadderBehindLinks: with links before a ladder's socket it is climbed as without.
func TestLadderBehindLinks(t *testing.T) {
	h := newWebHouse(t, tickwire.ServerConfig{Development: true}, web.Config{})
	slow := simnet.LinkConfig{Delay: 5 * time.Millisecond}
	line, err := simnet.Wrap(h.ladder(web.DialConfig{}), simnet.Links{Up: slow, Down: slow}, 1)
	must(t, err)
	s, err := h.dial(h.token(1), line)
	must(t, err)
	defer s.Close()
	ctx := patiently(t)
	for ev := range s.Events(ctx) {
		if ev.Kind == tickwire.PathChanged && s.Conn().Transport() == transport.KindWebTransport {
			break
		}
	}
	if kind, rtt := s.Conn().Transport(), s.Conn().PathStats(1).MinRTT; kind != transport.KindWebTransport || rtt < 2*slow.Delay {
		t.Errorf("it plays over %v, with a round trip of %v", kind, rtt)
	}
}
