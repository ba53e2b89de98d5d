package swarm

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// deltas is the channel that values go over.
const deltas tickwire.ChannelID = 1

// A deltaGame has a server whose values all players see, and hears with the library's ears what came.
type deltaGame struct {
	t       *testing.T
	seed    uint64
	g       generator
	values  []*game.Move // by key; nil: there is none
	seen    map[*world.Player]*sight
	missing int // baselines
	bytes   int // of messages
	whole   int // what the values would have taken that were in them
}

// A sight is what one player sees.
type sight struct {
	from *delta.Sender[uint16, game.Move, *game.Move]
	to   *delta.Receiver[uint16, game.Move, *game.Move]
}

func (d *deltaGame) of(p *world.Player) *sight {
	s := d.seen[p]
	if s == nil {
		from, err := delta.NewSender[uint16, game.Move](delta.Config{Version: game.SchemaVersion})
		if err != nil {
			d.t.Fatal(err)
		}
		to, err := delta.NewReceiver[uint16, game.Move](delta.Config{Version: game.SchemaVersion})
		if err != nil {
			d.t.Fatal(err)
		}
		s = &sight{from, to}
		d.seen[p] = s
	}
	return s
}

func (d *deltaGame) Message(l *world.Lane, b []byte, pass func([]byte)) {
	for c, err := range d.of(l.From().Player()).to.Read(b) {
		if err != nil {
			d.missing++
			d.t.Errorf("key %d: %v; replay: go test ./internal/swarm -run TestSwarmDelta -first-seed %d -seeds 1", c.Key, err, d.seed)
		}
	}
	pass(b)
}

func (d *deltaGame) Event(e *world.End, ev tickwire.Event, pass func(tickwire.Event)) {
	switch from := d.of(e.Player()).from; ev.Kind {
	case tickwire.Delivered:
		from.Delivered(ev.Receipt)
	case tickwire.Lost:
		from.Lost(ev.Receipt)
	}
	pass(ev)
}

func (d *deltaGame) Sent(*world.Lane, []byte, bool) {}
func (d *deltaGame) Datagram(to netip.AddrPort, b []byte, pass func(netip.AddrPort, []byte)) {
	pass(to, b)
}
func (d *deltaGame) Place(_ *world.End, at netip.AddrPort) netip.AddrPort { return at }
func (d *deltaGame) Takes(*world.Lane) bool                               { return true }
func (d *deltaGame) Announces(*world.End) bool                            { return true }

// change lets the values live.
func (d *deltaGame) change() {
	for k, v := range d.values {
		switch n := d.g.IntN(200); {
		case v == nil && n == 0:
			d.values[k] = &game.Move{}
		case v != nil && n == 0:
			d.values[k] = nil
			for _, s := range d.seen {
				s.from.Drop(uint16(k))
			}
		case v != nil && n < 50:
			v.Tick++
			v.X, v.Fires = float32(d.g.IntN(201)-100)/100, n < 25
		case v != nil && n < 60:
			v.Seen = append(v.Seen[:d.g.IntN(len(v.Seen)+1)], uint16(d.g.IntN(1024)))
			v.Seen = v.Seen[:min(len(v.Seen), 64)]
		}
	}
}

// send has each player told what is new, as much as a datagram holds, another key first each time.
func (d *deltaGame) send(w *world.World, tick int) {
	for e := range w.Ends() {
		if e != e.Player().Server || !e.Open() {
			continue
		}
		s := d.of(e.Player())
		s.from.Begin(nil, 1000)
		for i := range d.values {
			k := (i + tick) % len(d.values)
			if v := d.values[k]; v != nil {
				fits, err := s.from.Put(uint16(k), v)
				if err != nil {
					d.t.Fatal(err)
				}
				if !fits {
					break
				}
				b, _ := v.AppendBinary(nil)
				d.whole += len(b)
			}
		}
		b, err := s.from.End()
		if err != nil {
			d.t.Fatal(err)
		}
		if len(b) > 0 && e.Send(deltas, world.Message{Payload: b, Tracked: true}) == nil {
			s.from.Sent(e.LastReceipt())
			d.bytes += len(b)
		}
	}
}

// differs says how many values a player does not see as they are.
func (d *deltaGame) differs(s *sight) (n int) {
	for k, want := range d.values {
		got, ok := s.to.Value(uint16(k))
		if ok != (want != nil) || ok && !(got.Tick == want.Tick && got.X == want.X && got.Y == want.Y &&
			got.Fires == want.Fires && slices.Equal(got.Seen, want.Seen)) {
			n++
		}
	}
	return n
}

// play plays one seed: players on lines that are bad, change, break and move; then all is well, and
// everybody sees what is.
func (d *deltaGame) play() {
	d.g = generator{rand.New(rand.NewPCG(d.seed, 0x64656c7461))}
	d.values = make([]*game.Move, 1+d.g.IntN(60))
	d.seen = map[*world.Player]*sight{}
	base := quiet().Base
	w, err := world.New(world.Config{
		Seed: d.seed, Links: simnet.Links{Up: d.g.link(), Down: d.g.link()}, Tap: d,
		TickRate: []int{20, 30, 60}[d.g.IntN(3)],
		Channels: tickwire.Channels(tickwire.NewRawChannel(tickwire.ChannelConfig{ID: deltas, Delivery: tickwire.Unreliable})),
		Server:   tickwire.ServerConfig{Config: base}, Client: tickwire.ClientConfig{Config: base},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	for id := range uint64(1 + d.g.IntN(3)) {
		if _, err := w.Join(id + 1); err != nil {
			d.t.Fatal(err)
		}
	}
	tick := 0
	w.Run(20*time.Second, func() {
		tick++
		d.change()
		d.trouble(w)
		d.send(w, tick)
	})
	for _, p := range w.Players() {
		p.Heal()
		if err := p.SetLinks(simnet.Links{Up: simnet.LinkConfig{Delay: 20 * time.Millisecond}, Down: simnet.LinkConfig{Delay: 20 * time.Millisecond}}); err != nil {
			d.t.Fatal(err)
		}
	}
	w.Run(10*time.Second, func() { tick++; d.send(w, tick) })
	for _, p := range w.Players() {
		if n := d.differs(d.of(p)); p.Server.Open() && n > 0 {
			d.t.Errorf("seed %d: player %d sees %d of %d values wrong", d.seed, p.Number, n, len(d.values))
		}
	}
	w.Settle(20*time.Second, nil)
	w.Close()
	for _, v := range w.Violations() {
		d.t.Errorf("seed %d: %v", d.seed, v)
	}
}

// trouble changes, cuts and mends lines, and has players move.
func (d *deltaGame) trouble(w *world.World) {
	p := w.Players()[d.g.IntN(len(w.Players()))]
	if p.Gone() {
		return
	}
	switch d.g.IntN(300) {
	case 0:
		if err := p.SetLinks(simnet.Links{Up: d.g.link(), Down: d.g.link()}); err != nil {
			d.t.Fatal(err)
		}
	case 1:
		p.Cut(d.g.IntN(2) == 0, d.g.IntN(2) == 0)
	case 2, 3, 4:
		p.Heal()
	case 5:
		if err := p.Roam(d.g.IntN(2) == 0, 0); err != nil {
			d.t.Fatal(err)
		}
	}
}

// TestSwarmDelta: over whatever lines, no baseline is ever missing, and when all is well for a while
// everybody has the newest of each value.
func TestSwarmDelta(t *testing.T) {
	n := *seeds / 3
	if raced {
		n = min(n, 5)
	}
	bytes, whole := 0, 0
	for seed := *firstSeed; seed < *firstSeed+max(n, 1); seed++ {
		d := &deltaGame{t: t, seed: seed}
		d.play()
		bytes, whole = bytes+d.bytes, whole+d.whole
		if t.Failed() {
			break
		}
	}
	t.Logf("%d bytes in messages, %d of values in full", bytes, whole)
}
