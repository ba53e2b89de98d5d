//go:build !js

package tickwire_test

import (
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// A cutPort is a UDP port whose line to browsers can be cut, both ways and without a word, as by a
// firewall that changes its mind.
type cutPort struct {
	*udp.Socket
	cut atomic.Bool
}

func (p *cutPort) Write(ds []transport.Datagram) (int, error) {
	if p.cut.Load() {
		return len(ds), nil
	}
	return p.Socket.Write(ds)
}

func (p *cutPort) SetDiverter(d transport.Diverter) {
	if d == nil {
		p.Socket.SetDiverter(nil)
		return
	}
	p.Socket.SetDiverter(cutDiverter{p, d})
}

type cutDiverter struct {
	port *cutPort
	to   transport.Diverter
}

func (d cutDiverter) Divert(one transport.Datagram) bool {
	return d.port.cut.Load() || d.to.Divert(one)
}

// TestLongUDPCutInGame: when UDP is cut in mid-game the player is back on his WebSocket within a second, and
// no reliable message is lost, doubled or overtaken; when it is mended he climbs again.
func TestLongUDPCutInGame(t *testing.T) {
	var line *cutPort
	u, w := onePort(t, web.Config{}, func(u *udp.Socket) web.Port {
		line = &cutPort{Socket: u}
		return line
	})
	chat := tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 5, Delivery: tickwire.ReliableOrdered})
	cfg := tickwire.Config{Channels: tickwire.Channels(chat), Logger: quiet}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, u, w)
	must(t, err)
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	token, err := hub.DevToken(1)
	must(t, err)
	l, err := web.Dial(t.Context(), w.URL(), web.DialConfig{})
	must(t, err)
	s, err := tickwire.Dial(patiently(t), tickwire.ClientConfig{Config: cfg}, token, l)
	must(t, err)
	defer s.Close()
	ctx, stop := context.WithCancel(patiently(t))
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	all.Go(func() { speak(ctx, hub) })
	var heard ear
	all.Go(func() { heard.listen(ctx, t, s) })
	by := func(kind transport.Kind) {
		t.Helper()
		for s.Conn().Transport() != kind {
			must(t, ctx.Err())
			time.Sleep(time.Millisecond)
		}
	}
	for round := range 3 {
		gap := shortest(time.Second, func() time.Duration {
			by(transport.KindWebTransport)
			time.Sleep(300 * time.Millisecond)
			heard.longest()
			line.cut.Store(true)
			defer line.cut.Store(false)
			by(transport.KindWebSocket)
			time.Sleep(300 * time.Millisecond)
			return heard.longest()
		})
		t.Logf("round %d: %v of silence", round, gap)
		if gap > time.Second {
			t.Errorf("round %d: %v of silence", round, gap)
		}
	}
}

// speak sends numbered messages 60 times a second.
func speak(ctx context.Context, hub *tickwire.Hub) {
	tick := time.NewTicker(time.Second / 60)
	defer tick.Stop()
	for n := uint64(0); ctx.Err() == nil; <-tick.C {
		for _, c := range hub.Conns() {
			if c.Send(5, binary.LittleEndian.AppendUint64(nil, n)) == nil {
				n++
			}
		}
	}
}

// An ear hears messages in order, and knows the longest silence.
type ear struct {
	mu   sync.Mutex
	next uint64
	last time.Time
	gap  time.Duration
}

func (e *ear) listen(ctx context.Context, t *testing.T, s *tickwire.Session) {
	for ev := range s.Events(ctx) {
		if ev.Kind != tickwire.Message {
			continue
		}
		n := binary.LittleEndian.Uint64(ev.Payload)
		e.mu.Lock()
		if n != e.next {
			t.Errorf("message %d, want %d", n, e.next)
		}
		e.next = n + 1
		e.gap, e.last = max(e.gap, time.Since(e.last)), time.Now()
		e.mu.Unlock()
	}
}

// longest is the longest silence since it was asked last.
func (e *ear) longest() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	gap := max(e.gap, time.Since(e.last))
	e.gap, e.last = 0, time.Now()
	return gap
}
