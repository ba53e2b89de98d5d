package tickwire_test

import (
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
)

var (
	inputs = tickwire.NewChannel[input](tickwire.ChannelConfig{
		ID: 1, Delivery: tickwire.UnreliableLatest, Name: "inputs",
	})
	chat = tickwire.NewRawChannel(tickwire.ChannelConfig{
		ID: 2, Delivery: tickwire.ReliableOrdered, Name: "chat",
	})
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

// testKey is what backend and servers of a test share.
var testKey = netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3})

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func config() tickwire.Config {
	return tickwire.Config{ProtocolID: 7, Channels: tickwire.Channels(inputs, chat), Logger: quiet}
}

// A driver is a Server or a Client, or another peer that a test drives.
type driver interface {
	Update(time.Time)
	Flush(time.Time) time.Time
	Service(time.Time) time.Time
	Events() iter.Seq[tickwire.Event]
}

// A world is servers and clients on a simulated network, driven at 60 Hz in
// virtual time. What each of them heard is kept.
type world struct {
	t       testing.TB
	nw      *simnet.Network
	drivers []driver
	heard   map[driver][]tickwire.Event
	hosts   uint16
	seed    byte
}

// newWorld returns a world without anybody. It takes 10 ms from one to the other.
func newWorld(t testing.TB) *world { return newWorldOf(t, 1) }

// newWorldOf returns a world whose network rolls its dice by a seed.
func newWorldOf(t testing.TB, seed uint64) *world {
	w := &world{t: t, nw: simnet.NewNetwork(seed), heard: make(map[driver][]tickwire.Event)}
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 10 * time.Millisecond}))
	return w
}

// address returns that of another host, with the port 7000.
func (w *world) address() netip.AddrPort {
	w.hosts++
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(w.hosts >> 8), byte(w.hosts)}), 7000)
}

func (w *world) socket(at netip.AddrPort) *simnet.Socket {
	w.t.Helper()
	s, err := w.nw.Socket(at, simnet.SocketConfig{})
	must(w.t, err)
	return s
}

func (w *world) simulate(cfg *tickwire.Config) {
	w.seed++
	cfg.Now, cfg.Random = w.nw.Now(), newSeeded(w.seed)
}

// serve starts a server at an address, in development mode unless change says else.
func (w *world) serve(at netip.AddrPort, change func(*tickwire.ServerConfig)) *tickwire.Server {
	w.t.Helper()
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&cfg.Config)
	if change != nil {
		change(&cfg)
	}
	srv, err := tickwire.Listen(cfg, w.socket(at))
	must(w.t, err)
	w.add(srv)
	return srv
}

// join starts a client on a host of its own.
func (w *world) join(change func(*tickwire.ClientConfig)) *tickwire.Client {
	w.t.Helper()
	cfg := tickwire.ClientConfig{Config: config()}
	w.simulate(&cfg.Config)
	if change != nil {
		change(&cfg)
	}
	client, err := tickwire.NewClient(cfg, w.socket(w.address()))
	must(w.t, err)
	w.add(client)
	return client
}

func (w *world) add(d driver) { w.drivers = append(w.drivers, d) }

func (w *world) remove(d driver) {
	w.drivers = slices.DeleteFunc(w.drivers, func(other driver) bool { return other == d })
}

// dial lets a client connect to a server that is in development mode.
func (w *world) dial(c *tickwire.Client, srv *tickwire.Server, player uint64) *tickwire.Conn {
	w.t.Helper()
	token, err := srv.DevToken(player)
	must(w.t, err)
	conn, err := c.Connect(token)
	must(w.t, err)
	return conn
}

// mint makes a token as a backend does, for one server.
func (w *world) mint(player uint64, change func(*netcode.MintConfig), at ...netip.AddrPort) []byte {
	w.t.Helper()
	cfg := netcode.MintConfig{ProtocolID: 7, Key: testKey, ClientID: player, Addresses: at}
	w.seed++
	cfg.Random = newSeeded(w.seed)
	if change != nil {
		change(&cfg)
	}
	token, err := netcode.Mint(w.nw.Now(), cfg)
	must(w.t, err)
	return token.Append(nil)
}

// run plays at 60 Hz for a while, or until done.
func (w *world) run(d time.Duration, done func() bool) bool {
	end := w.nw.Now().Add(d)
	for w.nw.Now().Before(end) {
		now := w.nw.Now()
		for _, d := range w.drivers {
			d.Update(now)
			w.heard[d] = slices.AppendSeq(w.heard[d], d.Events())
		}
		if done != nil && done() {
			return true
		}
		for _, d := range w.drivers {
			d.Flush(now)
		}
		w.service(now.Add(time.Second / 60))
	}
	return done == nil
}

// until is run, and fails the test if it does not come to pass.
func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	if !w.run(30*time.Second, done) {
		w.t.Fatalf("after 30 s: not %s", what)
	}
}

// service lets the wire work until the time. It fails if that never waits.
func (w *world) service(until time.Time) {
	for turns := 0; ; turns++ {
		if turns > 2000+int(until.Sub(w.nw.Now())/time.Millisecond) {
			w.t.Fatal("the deadlines do not move on")
		}
		next := until
		for _, d := range w.drivers {
			if at := d.Service(w.nw.Now()); !at.IsZero() && at.Before(next) {
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

// players are the open connections of a server.
func players(srv *tickwire.Server) (open []*tickwire.Conn) {
	for c := range srv.Conns() {
		if c.Open() {
			open = append(open, c)
		}
	}
	return open
}

// open connects and waits until both sides know it.
func (w *world) open(c *tickwire.Client, srv *tickwire.Server, player uint64) *tickwire.Conn {
	w.t.Helper()
	before := len(players(srv))
	conn := w.dial(c, srv, player)
	w.until("connected", func() bool { return conn.Open() && len(players(srv)) > before })
	return conn
}

// last returns the last event of a driver.
func (w *world) last(d driver) tickwire.Event {
	w.t.Helper()
	if len(w.heard[d]) == 0 {
		w.t.Fatal("nothing was heard")
	}
	return w.heard[d][len(w.heard[d])-1]
}

// ends waits for the end of a client's connection and returns the reason.
func (w *world) ends(c *tickwire.Client, conn *tickwire.Conn) tickwire.Reason {
	w.t.Helper()
	w.until("disconnected", func() bool { return conn.Reason() != tickwire.Reason{} })
	ev := w.last(c)
	if ev.Kind != tickwire.Disconnected || ev.Reason != conn.Reason() {
		w.t.Errorf("the last event is %v, the reason %v", ev, conn.Reason())
	}
	return ev.Reason
}

// states are the states that a client reported, and the kinds of its other events.
func (w *world) states(d driver) (names []string) {
	for _, ev := range w.heard[d] {
		if ev.Kind == tickwire.Connecting {
			names = append(names, ev.State.String())
		} else {
			names = append(names, ev.Kind.String())
		}
	}
	return names
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, r tickwire.Reason, code tickwire.Code, remote bool) {
	t.Helper()
	if r.Code != code || r.Remote != remote {
		t.Errorf("reason %+v, want %v, remote %v", r, code, remote)
	}
}
