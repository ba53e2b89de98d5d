package tickwire_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/timeline"
)

// A race is a server of 60 ticks a second and a player whose inputs are for the ticks that he
// simulates ahead of it. It counts which of them are there when their tick comes.
type race struct {
	t      *testing.T
	srv    *tickwire.Server
	client *tickwire.Client
	conn   *tickwire.Conn

	tick  uint64 // of the server
	heard uint64 // the first tick whose input came with an Update, and was not told of yet
	at    time.Duration

	clock timeline.Clock
	ticks *timeline.Ticks
	lead  *timeline.Lead
	fixed func(*timeline.Clock) time.Duration // in place of the lead, if not nil

	inTime, late int
	early        time.Duration // of all in time together
	most         time.Duration
}

const raceStep = time.Second / 60

func newRace(t *testing.T, w *world, links simnet.Links, fixed func(*timeline.Clock) time.Duration) *race {
	add := func(cfg *tickwire.Config) { cfg.Channels = append(cfg.Channels, moves, state) }
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { add(&cfg.Config) })
	at := w.address()
	must(t, w.nw.SetHost(at.Addr(), links))
	r := &race{t: t, srv: srv, fixed: fixed}
	r.client = w.joinOver(func(cfg *tickwire.ClientConfig) { add(&cfg.Config) }, w.socket(at))
	r.conn = w.open(r.client, r.srv, 1)
	var err error
	r.ticks, err = timeline.NewTicks(&r.clock, timeline.TicksConfig{})
	must(t, err)
	r.lead, err = timeline.NewLead(r.ticks, timeline.LeadConfig{})
	must(t, err)
	return r
}

// serve plays a tick of the server, which tells each third time how inputs have come.
func (r *race) serve(now time.Time) {
	r.tick++
	for _, c := range players(r.srv) {
		for b := range moves.Receive(c) {
			of := binary.LittleEndian.Uint64(b)
			if r.heard == 0 {
				r.heard, r.at = of, r.srv.Clock(now)
			}
			if of < r.tick {
				r.late++
				continue
			}
			early := time.Duration(of-r.tick) * raceStep
			r.inTime++
			r.early, r.most = r.early+early, max(r.most, early)
		}
		if r.tick%3 == 0 {
			b := make([]byte, 0, 300)
			for _, v := range []uint64{r.tick, uint64(r.srv.Clock(now)), r.heard, uint64(r.at)} {
				b = binary.LittleEndian.AppendUint64(b, v)
			}
			_, err := state.SendWith(c, b[:300], tickwire.SendOptions{TTL: 200 * time.Millisecond})
			must(r.t, err)
			r.heard = 0
		}
	}
}

// The inputs of a race, each sent once, and its snapshots.
var (
	moves = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 3, Delivery: tickwire.Unreliable, Name: "moves"})
	state = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 4, Delivery: tickwire.UnreliableLatest, Name: "state"})
)

// play plays a frame of the player.
func (r *race) play(now time.Time) {
	own := r.client.Clock(now)
	for s := range r.conn.ClockSamples() {
		r.clock.Add(timeline.Sample(s))
	}
	for b := range state.Receive(r.conn) {
		u := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
		r.ticks.Anchor(0, time.Duration(u(1))-time.Duration(u(0))*time.Second/60)
		if u(2) > 0 {
			r.lead.Arrived(u(2), time.Duration(u(3)))
		}
	}
	ahead := r.lead.Ahead()
	if r.fixed != nil {
		ahead = r.fixed(&r.clock)
	}
	tick, _ := r.ticks.Advance(own, ahead)
	due := uint64(r.ticks.Due())
	for n := tick + 1 - due; n <= tick; n++ {
		must(r.t, moves.Send(r.conn, binary.LittleEndian.AppendUint64(nil, n)))
		r.lead.Sent(n, own)
	}
}

// share is how many of a hundred inputs were late.
func (r *race) share() float64 { return 100 * float64(r.late) / float64(r.late+r.inTime) }

// runRace races for a while over a preset, and forgets the first seconds, in which all is learned.
func runRace(t *testing.T, preset string, d time.Duration, fixed func(*timeline.Clock) time.Duration) *race {
	links, err := simnet.Preset(preset)
	must(t, err)
	w := newWorld(t)
	r := newRace(t, w, links, fixed)
	play := func(d time.Duration) {
		w.run(d, func() bool { r.serve(w.nw.Now()); r.play(w.nw.Now()); return false })
	}
	play(5 * time.Second)
	r.late, r.inTime, r.early, r.most = 0, 0, 0, 0
	play(d)
	t.Logf("%s: %.1f %% of %d inputs late, the others early by %v, at most %v; ahead %v",
		preset, r.share(), r.late+r.inTime, (r.early / time.Duration(max(r.inTime, 1))).Round(time.Millisecond), r.most, r.lead.Stats())
	return r
}

// TestLead: whatever the network, hardly an input comes too late, and none waits for long; over a bad
// Wi-Fi what the clocks alone can say is not enough by far.
func TestLead(t *testing.T) {
	for preset, early := range map[string]time.Duration{
		"lan": raceStep, "wifi": raceStep, "wifi-bad": 4 * raceStep, "4g": 2 * raceStep, "4g-driving": 2 * raceStep, "satellite": 2 * raceStep,
	} {
		r := runRace(t, preset, 30*time.Second, nil)
		if mean := r.early / time.Duration(r.inTime); r.share() > 1 || mean > early {
			t.Errorf("%s: %.1f %% late, the others early by %v", preset, r.share(), mean)
		}
	}
	half := func(c *timeline.Clock) time.Duration { return c.Delay()/2 + 2*raceStep }
	if r := runRace(t, "wifi-bad", 30*time.Second, half); r.share() < 10 {
		t.Errorf("half of the delay and two ticks would do: %.1f %% late", r.share())
	}
}
