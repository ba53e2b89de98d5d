package tickwire_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport/udp"
)

var (
	inputs = tickwire.NewChannel[input](tickwire.ChannelConfig{ID: 1, Delivery: tickwire.UnreliableLatest, Name: "inputs"})
	chat   = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Delivery: tickwire.ReliableOrdered, Name: "chat"})
)

// An input is a small typed message.
type input struct{ X, Y int16 }

func (in input) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint16(b, uint16(in.X))
	return binary.LittleEndian.AppendUint16(b, uint16(in.Y)), nil
}

func (in *input) UnmarshalBinary(b []byte) error {
	if len(b) != 4 {
		return errors.New("input: want 4 bytes")
	}
	in.X, in.Y = int16(binary.LittleEndian.Uint16(b)), int16(binary.LittleEndian.Uint16(b[2:]))
	return nil
}

// A seeded source of keys, for simulations.
type seeded struct{ *rand.ChaCha8 }

func newSeeded(seed byte) seeded { return seeded{rand.NewChaCha8([32]byte{seed})} }

func config() tickwire.Config {
	return tickwire.Config{
		ProtocolID: 7,
		Channels:   tickwire.Channels(inputs, chat),
		Logger:     slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// A world is a server and a client over a simulated link.
type world struct {
	t      *testing.T
	nw     *simnet.Network
	srv    *tickwire.Server
	client *tickwire.Client
	conn   *tickwire.Conn // the client's
	events []tickwire.Event
	heard  []tickwire.Event // the client's
}

var serverAddr = netip.MustParseAddrPort("10.0.0.1:7777")

func newWorld(t *testing.T, links simnet.Links) *world {
	t.Helper()
	nw := simnet.NewNetwork(1)
	w := &world{t: t, nw: nw}
	w.srv = w.listen(config())
	host := netip.MustParseAddr("10.0.0.2")
	if err := nw.SetHost(host, links); err != nil {
		t.Fatal(err)
	}
	socket, err := nw.Socket(netip.AddrPortFrom(host, 4000), simnet.SocketConfig{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := tickwire.ClientConfig{Config: config()}
	cfg.Now, cfg.Random = nw.Now(), newSeeded(2)
	w.client, err = tickwire.NewClient(cfg, socket)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) listen(cfg tickwire.Config) *tickwire.Server {
	w.t.Helper()
	socket, err := w.nw.Socket(serverAddr, simnet.SocketConfig{})
	if err != nil {
		w.t.Fatal(err)
	}
	sc := tickwire.ServerConfig{Config: cfg, Development: true}
	sc.Now, sc.Random = w.nw.Now(), newSeeded(1)
	srv, err := tickwire.Listen(sc, socket)
	if err != nil {
		w.t.Fatal(err)
	}
	return srv
}

func (w *world) connect() {
	w.t.Helper()
	token, err := w.srv.DevToken(42)
	if err != nil {
		w.t.Fatal(err)
	}
	w.conn, err = w.client.Connect(token)
	if err != nil {
		w.t.Fatal(err)
	}
}

// run plays at 60 Hz for a while, or until done.
func (w *world) run(d time.Duration, done func() bool) bool {
	end := w.nw.Now().Add(d)
	for w.nw.Now().Before(end) {
		now := w.nw.Now()
		w.srv.Update(now)
		w.client.Update(now)
		w.events = slices.AppendSeq(w.events, w.srv.Events())
		w.heard = slices.AppendSeq(w.heard, w.client.Events())
		if done != nil && done() {
			return true
		}
		w.srv.Flush(now)
		w.client.Flush(now)
		w.service(now.Add(time.Second / 60))
	}
	return done == nil
}

// service lets the wire work until the time.
func (w *world) service(until time.Time) {
	for {
		next := until
		for _, at := range []time.Time{w.srv.Service(w.nw.Now()), w.client.Service(w.nw.Now())} {
			if !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if at, ok := w.nw.Next(); ok && at.Before(next) {
			next = at
		}
		if !next.After(w.nw.Now()) {
			next = w.nw.Now().Add(time.Microsecond)
		}
		w.nw.AdvanceTo(next)
		if !next.Before(until) {
			return
		}
	}
}

func (w *world) open() *world {
	w.t.Helper()
	w.connect()
	if !w.run(10*time.Second, func() bool { return w.conn.Open() && len(w.events) > 0 }) {
		w.t.Fatalf("not connected: %v", w.conn.Reason())
	}
	return w
}

func (w *world) player() *tickwire.Conn {
	for c := range w.srv.Conns() {
		return c
	}
	w.t.Fatal("nobody is connected")
	return nil
}

func TestWorld(t *testing.T) {
	w := newWorld(t, simnet.LTE4G()).open()
	t.Log("# the player's input and a line of chat arrive, typed and in order")
	if id := w.player().ClientID(); id != 42 {
		t.Errorf("client id %d", id)
	}
	if err := inputs.Send(w.conn, input{3, -4}); err != nil {
		t.Fatal(err)
	}
	receipt, err := chat.SendTracked(w.conn, []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	var got []input
	var lines []string
	w.run(time.Second, func() bool {
		for in, err := range inputs.Receive(w.player()) {
			if err != nil {
				t.Error(err)
			}
			got = append(got, in)
		}
		for b := range chat.Receive(w.player()) {
			lines = append(lines, string(b))
		}
		return false
	})
	if !slices.Equal(got, []input{{3, -4}}) || !slices.Equal(lines, []string{"hello"}) {
		t.Errorf("received %v and %q", got, lines)
	}
	if !slices.ContainsFunc(w.heard, func(ev tickwire.Event) bool {
		return ev.Kind == tickwire.Delivered && ev.Receipt == receipt && ev.Conn == w.conn
	}) {
		t.Errorf("no Delivered in %v", w.heard)
	}
	t.Log("# the client leaves, the server hears why")
	w.conn.Close(tickwire.CodeApplication+1, "good night")
	w.run(time.Second, nil)
	last := w.events[len(w.events)-1]
	want := tickwire.Reason{Code: tickwire.CodeApplication + 1, Text: "good night", Remote: true}
	if last.Kind != tickwire.Disconnected || last.Reason != want {
		t.Errorf("last event %v", last)
	}
	if err := chat.Send(w.conn, nil); !errors.Is(err, tickwire.ErrClosed) {
		t.Errorf("Send on a closed Conn: %v", err)
	}
}

func TestHubAndSession(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	socket, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: config(), Development: true}, socket)
	if err != nil {
		t.Fatal(err)
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()
	go func() {
		for ev := range hub.Events(ctx) {
			if ev.Kind == tickwire.Message {
				ev.Conn.Send(ev.Channel, ev.Payload)
			}
		}
	}()
	token, err := hub.DevToken(1)
	if err != nil {
		t.Fatal(err)
	}
	client, err := udp.Open()
	if err != nil {
		t.Fatal(err)
	}
	s, err := tickwire.Dial(ctx, tickwire.ClientConfig{Config: config()}, token, client)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Send(2, []byte("echo")); err != nil {
		t.Fatal(err)
	}
	for ev := range s.Events(ctx) {
		if ev.Kind == tickwire.Message {
			if !bytes.Equal(ev.Payload, []byte("echo")) {
				t.Errorf("echo was %q", ev.Payload)
			}
			return
		}
	}
	t.Error("no echo")
}
