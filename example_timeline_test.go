package tickwire_test

import (
	"encoding/binary"
	"fmt"
	"log"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/timeline"
)

// A Car is driven by one player, whose inputs are used in the tick that he meant.
const (
	carRate = 60
	carStep = time.Second / carRate
	repeats = 4 // ticks whose input is in each message: it takes four losses in a row to miss one
)

var (
	pedals = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Name: "pedals", Delivery: tickwire.Unreliable})
	places = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Name: "places", Delivery: tickwire.UnreliableLatest})
)

// A carServer steps the car with the input of each tick.
type carServer struct {
	srv     *tickwire.Server
	began   time.Duration // when tick 0 did, by srv.Clock
	tick    uint64
	place   float64
	inputs  map[uint64]byte // by tick
	newest  uint64          // of these
	heard   uint64          // the first tick that came since the last snapshot, 0: none
	heardAt time.Duration
	missed  int
}

func (s *carServer) step(now time.Time) {
	at := s.srv.Clock(now)
	for c := range s.srv.Conns() {
		for b := range pedals.Receive(c) { // the newest tick, and the inputs of some before it
			newest := binary.LittleEndian.Uint64(b)
			for i, pedal := range b[8:] {
				s.inputs[newest-uint64(i)] = pedal
			}
			if newest > s.newest && s.heard == 0 { // what an older message brings is no news for Lead
				s.heard, s.heardAt = newest, at
			}
			s.newest = max(s.newest, newest)
		}
		if s.tick%3 == 0 { // twenty snapshots a second
			if err := places.Send(c, s.snapshot(at)); err != nil {
				log.Fatal(err)
			}
			s.heard = 0
		}
	}
	pedal, ok := s.inputs[s.tick]
	if delete(s.inputs, s.tick); !ok && s.newest > 0 {
		s.missed++
	}
	s.place += float64(pedal) / carRate
	s.tick++
}

// snapshot says when it was made, when tick 0 was, how inputs come, and where the car is.
func (s *carServer) snapshot(at time.Duration) (b []byte) {
	for _, v := range []uint64{uint64(at), uint64(s.began), s.heard, uint64(s.heardAt), math.Float64bits(s.place)} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

// A carPlayer sends the input of each tick ahead of its time, and draws a little behind.
type carPlayer struct {
	client *tickwire.Client
	conn   *tickwire.Conn
	clock  timeline.Clock            // what the server's clock shows
	ticks  *timeline.Ticks           // the tick that an input sent now is for
	lead   *timeline.Lead            // how far ahead of the server that is
	place  *timeline.Buffer[float64] // what is drawn
	drawn  timeline.View[float64]
	inputs []byte // the newest first
}

func (p *carPlayer) frame(wall time.Time) {
	now := p.client.Clock(wall)
	for s := range p.conn.ClockSamples() { // they come with acknowledgements
		p.clock.Add(timeline.Sample(s))
	}
	for b := range places.Receive(p.conn) {
		u := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
		p.ticks.Anchor(0, time.Duration(u(1)))
		if u(2) > 0 {
			p.lead.Arrived(u(2), time.Duration(u(3)))
		}
		p.place.Push(now, time.Duration(u(0)), math.Float64frombits(u(4)))
	}
	tick, _ := p.ticks.Advance(now, p.lead.Ahead())
	for n := tick + 1 - uint64(p.ticks.Due()); n <= tick; n++ {
		const pedal = 30 // what the player does: full speed
		p.inputs = append([]byte{pedal}, p.inputs[:min(len(p.inputs), repeats-1)]...)
		message := append(binary.LittleEndian.AppendUint64(nil, n), p.inputs...)
		if err := pedals.Send(p.conn, message); err != nil {
			log.Fatal(err)
		}
		p.lead.Sent(n, now)
	}
	p.drawn, _ = p.place.Show(now)
}

// A game's clocks, whole: over a bad Wi-Fi, in virtual time, inputs are there when the server comes to
// their tick, and what is drawn never waits for a snapshot.
func Example_timeline() {
	nw, srv, client, conn := carNetwork()
	s := &carServer{srv: srv, began: srv.Clock(nw.Now()), inputs: map[uint64]byte{}}
	p := &carPlayer{client: client, conn: conn}
	var err error
	if p.ticks, err = timeline.NewTicks(&p.clock, timeline.TicksConfig{TicksPerSecond: carRate}); err != nil {
		log.Fatal(err)
	}
	if p.lead, err = timeline.NewLead(p.ticks, timeline.LeadConfig{Late: 0.005}); err != nil {
		log.Fatal(err)
	}
	if p.place, err = timeline.NewBuffer[float64](&p.clock, timeline.BufferConfig{}); err != nil {
		log.Fatal(err)
	}
	for end := nw.Now().Add(20 * time.Second); nw.Now().Before(end); {
		now := nw.Now()
		if s.tick == 5*carRate {
			s.missed = 0 // by now all is learned
		}
		srv.Update(now)
		client.Update(now)
		if s.step(now); conn.Open() {
			p.frame(now)
		}
		srv.Flush(now)
		client.Flush(now)
		for range 10 { // the wire works in between
			nw.AdvanceTo(nw.Now().Add(carStep / 10))
			srv.Service(nw.Now())
			client.Service(nw.Now())
		}
	}
	behind := s.place - p.drawn.From
	fmt.Println("one tick in fifty, or more, is without its input:", s.missed >= 15*carRate/50)
	fmt.Println("the lead is sane:", p.lead.Ahead() > 20*time.Millisecond && p.lead.Ahead() < 200*time.Millisecond)
	fmt.Println("drawn a little behind:", behind > 0 && behind < 30*0.3)
	fmt.Println("time jumped:", p.ticks.Jumps() > 1 || p.place.Stats().JumpsOver > 1)
	// Output:
	// one tick in fifty, or more, is without its input: false
	// the lead is sane: true
	// drawn a little behind: true
	// time jumped: false
}

// carNetwork is a server, and a player on a bad Wi-Fi.
func carNetwork() (*simnet.Network, *tickwire.Server, *tickwire.Client, *tickwire.Conn) {
	nw := simnet.NewNetwork(1)
	home, phone := netip.MustParseAddrPort("10.0.0.1:7777"), netip.MustParseAddrPort("10.0.0.2:5000")
	if err := nw.SetHost(phone.Addr(), simnet.WiFiBad()); err != nil {
		log.Fatal(err)
	}
	here, err := nw.Socket(home, simnet.SocketConfig{})
	if err != nil {
		log.Fatal(err)
	}
	there, err := nw.Socket(phone, simnet.SocketConfig{})
	if err != nil {
		log.Fatal(err)
	}
	cfg := tickwire.Config{
		Channels: tickwire.Channels(pedals, places), Now: nw.Now(), Logger: slog.New(slog.DiscardHandler),
		Random: rand.NewChaCha8([32]byte{1}),
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, here)
	if err != nil {
		log.Fatal(err)
	}
	cfg.Random = rand.NewChaCha8([32]byte{2})
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, there)
	if err != nil {
		log.Fatal(err)
	}
	token, err := srv.DevToken(42)
	if err != nil {
		log.Fatal(err)
	}
	conn, err := client.Connect(token)
	if err != nil {
		log.Fatal(err)
	}
	return nw, srv, client, conn
}
