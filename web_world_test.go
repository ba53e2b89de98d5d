//go:build !js

package tickwire_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// A webHouse is a server that native players and browsers come to, on one port; it tells everybody
// what one of them says.
type webHouse struct {
	t    *testing.T
	hub  *tickwire.Hub
	udp  *udp.Socket
	web  *web.Socket
	cfg  tickwire.Config
	work sync.WaitGroup
	stop context.CancelFunc
	met  int // Connected
	mu   sync.Mutex
}

func newWebHouse(t *testing.T, scfg tickwire.ServerConfig, wcfg web.Config) *webHouse {
	t.Helper()
	h := &webHouse{t: t}
	h.open(webChannels, scfg, wcfg, h.relay)
	return h
}

// onePort opens a UDP port, and over what is made of it the web's side with the TCP port of the same number. The system gives a number
// that is free for UDP: where somebody has it by TCP it is another one's turn.
func onePort(t testing.TB, cfg web.Config, over func(*udp.Socket) web.Port) (*udp.Socket, *web.Socket) {
	t.Helper()
	for tries := 0; ; tries++ {
		u, err := udp.Listen("127.0.0.1:0")
		must(t, err)
		w, err := web.New(over(u), cfg)
		if err == nil {
			return u, w
		}
		u.Close()
		if tries == 10 || !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
}

// open opens the server, and has it play.
func (h *webHouse) open(channels []tickwire.ChannelConfig, scfg tickwire.ServerConfig, wcfg web.Config, play func(context.Context)) {
	t := h.t
	t.Helper()
	h.cfg = tickwire.Config{Logger: quiet}
	for _, c := range channels {
		h.cfg.Channels = append(h.cfg.Channels, tickwire.NewRawChannel(c))
	}
	scfg.Config = h.cfg
	scfg.Logger = quiet
	h.udp, h.web = onePort(t, wcfg, func(u *udp.Socket) web.Port { return u })
	srv, err := tickwire.Listen(scfg, h.udp, h.web)
	must(t, err)
	h.hub = tickwire.NewHub(srv)
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.work.Go(func() { play(ctx) })
	t.Cleanup(func() {
		h.hub.Close()
		h.stop()
		h.work.Wait()
	})
}

// relay tells the others what one says.
func (h *webHouse) relay(ctx context.Context) {
	for ev := range h.hub.Events(ctx) {
		switch ev.Kind {
		case tickwire.Connected:
			h.mu.Lock()
			h.met++
			h.mu.Unlock()
		case tickwire.Message:
			for _, c := range h.hub.Conns() {
				if c != ev.Conn {
					_ = c.Send(ev.Channel, ev.Payload) // a full channel shows in what the others count
				}
			}
		}
	}
}

func (h *webHouse) connected() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.met
}

func (h *webHouse) token(player uint64) []byte {
	h.t.Helper()
	token, err := h.hub.DevToken(player)
	must(h.t, err)
	return token
}

// dial connects over sockets of one's own.
func (h *webHouse) dial(token []byte, socket transport.Socket) (*tickwire.Session, error) {
	return tickwire.Dial(patiently(h.t), tickwire.ClientConfig{Config: h.cfg}, token, socket)
}

func (h *webHouse) native(player uint64) *tickwire.Session {
	h.t.Helper()
	socket, err := udp.Listen("127.0.0.1:0")
	must(h.t, err)
	s, err := h.dial(h.token(player), socket)
	must(h.t, err)
	h.t.Cleanup(func() { s.Close() })
	return s
}

func (h *webHouse) ladder(cfg web.DialConfig) *web.Ladder {
	h.t.Helper()
	l, err := web.Dial(h.t.Context(), h.web.URL(), cfg)
	must(h.t, err)
	return l
}

func (h *webHouse) browser(player uint64) *tickwire.Session {
	h.t.Helper()
	s, err := h.dial(h.token(player), h.ladder(web.DialConfig{}))
	must(h.t, err)
	h.t.Cleanup(func() { s.Close() })
	return s
}

// TestNativeAndWebInOneWorld: a native player and one by a WebSocket hear all of each other, on
// channels of all deliveries.
func TestNativeAndWebInOneWorld(t *testing.T) {
	h := newWebHouse(t, tickwire.ServerConfig{Development: true}, web.Config{})
	players := []*tickwire.Session{h.native(1), h.browser(2)}
	for ctx := patiently(t); h.connected() < 2; time.Sleep(time.Millisecond) {
		must(t, ctx.Err())
	}
	const each = 300
	var wg sync.WaitGroup
	for _, s := range players {
		wg.Go(func() {
			for i := range uint64(each) {
				for _, ch := range webChannels {
					if _, err := s.SendContext(t.Context(), ch.ID, binary.LittleEndian.AppendUint64(nil, i), tickwire.SendOptions{}); err != nil {
						t.Errorf("message %d on channel %d: %v", i, ch.ID, err)
					}
				}
				time.Sleep(time.Millisecond)
			}
		})
		wg.Go(func() { hearAll(t, s, each) })
	}
	wg.Wait()
	if st := h.web.Stats().WebSocket; st.Open != 1 || st.Received == 0 || st.Sent == 0 || st.Overflowed+st.TooLarge > 0 {
		t.Errorf("%+v", st)
	}
}

// TestClimbInGame: a game goes on while its player moves from the WebSocket to WebTransport, and both ends
// show it. Of the messages none is lost, doubled or overtaken.
func TestClimbInGame(t *testing.T) {
	h := newWebHouse(t, tickwire.ServerConfig{Development: true}, web.Config{})
	other, s := h.native(1), h.browser(2)
	for ctx := patiently(t); h.connected() < 2; time.Sleep(time.Millisecond) {
		must(t, ctx.Err())
	}
	var climber *tickwire.Conn
	for _, c := range h.hub.Conns() {
		if c.ClientID() == 2 {
			climber = c
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		next, ctx := byte(0), patiently(t)
		for ev := range s.Events(ctx) {
			if ev.Kind == tickwire.Message {
				if ev.Payload[0] != next {
					t.Errorf("message %d, want %d", ev.Payload[0], next)
				}
				if next = ev.Payload[0] + 1; ev.Payload[1] == 1 {
					return
				}
			}
		}
	}()
	if kind := s.Conn().Transport(); kind != transport.KindWebSocket && kind != transport.KindWebTransport {
		t.Errorf("it begins by %v", kind)
	}
	send := func(n int, last byte) {
		_, err := other.SendContext(t.Context(), 5, []byte{byte(n), last}, tickwire.SendOptions{})
		must(t, err)
	}
	n := 0
	for ctx := patiently(t); s.Conn().Transport() != transport.KindWebTransport || climber.Transport() != transport.KindWebTransport; n++ {
		must(t, ctx.Err())
		send(n, 0)
		time.Sleep(2 * time.Millisecond)
	}
	send(n, 1)
	<-done
	if st := h.web.Stats(); st.WebTransport.Sent == 0 || st.WebSocket.Open != 1 {
		t.Errorf("%+v", st)
	}
	t.Logf("on WebTransport after %d messages", n)
}

// TestWebRefusals: who is not let in by a WebSocket reads why, as by UDP.
func TestWebRefusals(t *testing.T) {
	h := newWebHouse(t, tickwire.ServerConfig{PrivateKey: testKey, MaxTokenLifetime: -1, MaxClients: 1}, web.Config{MaxPlayers: 2})
	mint := func(player uint64, at time.Time, key netcode.Key, timeout time.Duration) []byte {
		token, err := netcode.Mint(at, netcode.MintConfig{Key: key, ClientID: player, Addresses: h.hub.PublicAddresses(), Timeout: timeout})
		must(t, err)
		return token.Append(nil)
	}
	refused := func(token []byte) tickwire.Reason {
		t.Helper()
		_, err := h.dial(token, h.ladder(web.DialConfig{}))
		e, ok := errors.AsType[*tickwire.ConnError](err)
		if !ok {
			t.Fatalf("let in: %v", err)
		}
		return e.Reason
	}
	now := time.Now()
	if r := refused(mint(1, now, netcode.KeyFrom([netcode.KeyBytes]byte{5: 9}), time.Second)); r.Code != tickwire.CodeTimeout || r.Text == "" {
		t.Errorf("token of another key: %v", r)
	}
	if r := refused(mint(1, now.Add(-2*time.Minute), testKey, 0)); r.Code != tickwire.CodeExpired || r.Text == "" {
		t.Errorf("expired token: %v", r)
	}
	native, err := udp.Open()
	must(t, err)
	first, err := h.dial(mint(1, now, testKey, 0), native)
	must(t, err)
	defer first.Close()
	if r := refused(mint(2, now, testKey, 0)); r.Code != tickwire.CodeFull || !r.Remote {
		t.Errorf("full server: %v", r)
	}
	if at := h.hub.PublicAddresses(); len(at) != 1 {
		t.Errorf("two sockets of one port are %v", at)
	}
	_, err = web.Dial(t.Context(), h.web.URL(), web.DialConfig{Origin: "https://evil.example"})
	if e, ok := errors.AsType[*web.CloseError](err); !ok || e.Code != web.CodeOrigin || e.Reason == "" {
		t.Errorf("another origin: %v", err)
	}
}

// TestKickedPlayerIsClosed: the WebSocket of a player who was sent away does not stay, though his end
// keeps it open, and opens another one when it is gone.
func TestKickedPlayerIsClosed(t *testing.T) {
	h := newWebHouse(t, tickwire.ServerConfig{Development: true}, web.Config{})
	kicked, stays := h.browser(1), h.browser(2)
	for ctx := patiently(t); h.connected() < 2; time.Sleep(time.Millisecond) {
		must(t, ctx.Err())
	}
	for _, c := range h.hub.Conns() {
		if c.ClientID() == 1 {
			c.Close(tickwire.CodeBanned, "no shouting")
		}
	}
	for ev := range kicked.Events(patiently(t)) {
		if ev.Kind == tickwire.Disconnected && ev.Reason.Text != "no shouting" {
			t.Errorf("told %v", ev.Reason)
		}
	}
	ended := func() uint64 { st := h.web.Stats().WebSocket; return st.Opened - uint64(st.Open) }
	for ctx := patiently(t); ended() == 0; time.Sleep(time.Millisecond) {
		must(t, ctx.Err())
	}
	must(t, stays.Send(5, []byte("still here")))
	if st := h.web.Stats().WebSocket; st.Broken != 0 {
		t.Errorf("%+v", st)
	}
}

// TestServerClosesByWebTransport: a server that closes tells a player who has WebTransport alone, which goes by the port of another
// socket of it. It tells him once, by a datagram, which may be lost where a reader gets no processor for a while: so one of three games has to hear it.
func TestServerClosesByWebTransport(t *testing.T) {
	for range 3 {
		why := closedByWebTransport(t)
		if why.Code == tickwire.CodeGoingAway {
			wantCode(t, why, tickwire.CodeGoingAway, true)
			return
		}
		t.Log(why)
	}
	t.Error("the player was not told")
}

// closedByWebTransport is what a player reads whose server closes when he has nothing but WebTransport.
func closedByWebTransport(t *testing.T) tickwire.Reason {
	t.Helper()
	h := newWebHouse(t, tickwire.ServerConfig{Development: true}, web.Config{})
	s, line := h.overCable(1)
	up := func(c *tickwire.Conn) bool { return c.Transport() == transport.KindWebTransport }
	for ctx := patiently(t); !up(s.Conn()) || !up(h.hub.Conns()[0]); time.Sleep(time.Millisecond) {
		must(t, ctx.Err())
	}
	line.listener.Close()
	line.pull()
	for ctx := patiently(t); h.web.Stats().WebSocket.Open > 0; time.Sleep(time.Millisecond) {
		must(t, ctx.Err())
	}
	h.hub.Close()
	for ev := range s.Events(patiently(t)) {
		if ev.Kind == tickwire.Disconnected {
			return ev.Reason
		}
	}
	t.Fatal("the player plays on")
	return tickwire.Reason{}
}
