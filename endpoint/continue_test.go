package endpoint

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// The size of TestContinueGames. A long run:
//
//	go test ./endpoint -run TestContinueGames -games 20000
var games = flag.Int("games", 300, "games of TestContinueGames")

// TestContinueGames plays games in which the lines are cut, ends are away and come back, and go
// on under new keys, each at its own time, over links that lose, repeat and reorder. The rules of
// the deliveries hold at each step.
func TestContinueGames(t *testing.T) {
	n := *games
	if raced {
		n = min(n, 40)
	}
	var total struct{ went, away, duplicates, resent uint64 }
	for seed := range uint64(n) {
		rnd := rand.New(rand.NewPCG(seed, 0x636f6e74696e7565))
		g := newGame(t, uint16(rnd.Uint32())&^1024|uint16(seed%4/3*1024^1024), second) // most with a timeout
		g.follow = seed%2 == 0
		for i := range g.links {
			l := &g.links[i]
			l.loss, l.dup = float64(rnd.IntN(4))*0.1, float64(rnd.IntN(2))*0.1
			l.jitter = time.Duration(rnd.IntN(2)) * 30 * time.Millisecond
		}
		for range 300 {
			switch end := rnd.IntN(2); rnd.IntN(24) {
			case 0:
				g.links[end].cut = true
			case 1:
				g.links[0].cut, g.links[1].cut = true, true
				g.pair.run(time.Duration(rnd.IntN(15)) * time.Second)
			case 2:
				g.links[0].cut, g.links[1].cut = false, false
			case 3:
				g.goOn(end)
			case 4:
				g.goOn(end)
				g.pair.run(time.Duration(rnd.IntN(300)) * time.Millisecond)
				g.goOn(1 - end)
			default:
				g.play(byte(rnd.Uint32()), byte(rnd.Uint32()))
			}
			if g.newest = max(g.newest, g.now); g.ends[0].Away() || g.ends[1].Away() {
				total.away++
			}
		}
		total.went += uint64(max(g.epoch[0], g.epoch[1]))
		if g.finish(); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		for _, e := range g.ends {
			st := e.Stats()
			total.duplicates += st.MessagesDuplicate
			total.resent += st.MessagesResent
		}
	}
	t.Logf("%d games: %d times on, %d steps with somebody away, %d messages once more, of which %d had come",
		n, total.went, total.away, total.resent, total.duplicates)
	if total.went < uint64(n) || total.away < uint64(n) || total.duplicates < uint64(n)/2 {
		t.Error("the games are too easy")
	}
}

// goOn has an end go on under new keys: those that the other one has already, or newer ones.
func (g *game) goOn(end int) {
	if epoch := max(g.epoch[0], g.epoch[1]); g.epoch[end] < epoch {
		g.pair.goOn(end, epoch)
	} else if g.ends[1-end].life.live() {
		g.pair.goOn(end, epoch+1)
	}
	for i := range g.ends[end].outbox.senders {
		for s := g.ends[end].outbox.senderAt(i); s != nil; s = s.droppables {
			for id := s.open.Base(); id < s.open.End(); id++ {
				if n := s.open.At(id).flying; n > 0 && g.ends[end].path(0).sent.Len() == 0 {
					g.t.Errorf("end %d, channel %d: message %d is in %d packets that are gone", end, s.id, id, n)
				}
			}
		}
	}
}

// TestContinue: what was queued, on its way, half there, or there without its ack, arrives once
// each and in order under the new keys; of the unreliable messages nothing comes twice, and what
// was on its way is Lost.
func TestContinue(t *testing.T) {
	for _, ackLost := range []bool{false, true} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.run(time.Second)
		t.Logf("# messages of all deliveries are on their way when the path dies; acks only: %v", ackLost)
		p.links[1].cut = true
		p.links[0].cut = !ackLost
		receipts := map[Receipt]Delivery{}
		for n := range 40 {
			for _, d := range deliveries {
				receipts[p.send(0, chanOf(d), message(n, 30+n%4*1500))] = d
			}
		}
		p.run(300 * time.Millisecond)
		var got [5][]string
		window := p.ends[0].path(0).cc.WindowBytes()
		t.Log("# one end goes on, half a second later the other")
		p.links[0].cut, p.links[1].cut = false, false
		p.goOn(0, 1)
		p.runReading(500*time.Millisecond, 1, &got)
		p.goOn(1, 1)
		p.runReading(5*time.Second, 1, &got)
		if len(got[ReliableOrdered]) != 40 || !slices.IsSorted(got[ReliableOrdered]) || len(got[ReliableUnordered]) != 40 {
			t.Errorf("%d and %d reliable messages came", len(got[ReliableOrdered]), len(got[ReliableUnordered]))
		}
		for _, d := range deliveries {
			if all := slices.Clone(got[d]); len(slices.Compact(sorted(all))) != len(got[d]) {
				t.Errorf("%v: something came twice", d)
			}
		}
		if last := got[ReliableLatest]; len(last) == 0 || number(last[len(last)-1]) != 39 {
			t.Errorf("the newest value is not there")
		}
		fates := p.fates(0)
		lost := 0
		for r, d := range receipts {
			switch fate := fates[r]; {
			case fate.Kind == NoEvent:
				t.Errorf("%v: no fate", d)
			case fate.Kind == Lost && !d.Reliable() && fate.Why == NotKnown:
				lost++
			case fate.Kind == Lost && d.Reliable() && fate.Why != Superseded && fate.Why != Replaced:
				t.Errorf("%v: %v", d, fate.Why)
			}
		}
		if lost == 0 {
			t.Error("no unreliable message was lost")
		}
		st := p.ends[0].Stats()
		if st.PacketsLost == 0 || p.ends[0].path(0).cc.WindowBytes() < min(window, initialWindow) {
			t.Errorf("%d packets lost, the window is %d", st.PacketsLost, p.ends[0].path(0).cc.WindowBytes())
		}
		if dup := p.ends[1].Stats().MessagesDuplicate; dup > 0 != ackLost {
			t.Errorf("%d messages came again", dup)
		}
	}
}

func sorted(all []string) []string { slices.Sort(all); return all }

// TestContinueOpens: the new path is used at once, and its first packet measures it.
func TestContinueOpens(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	p.send(0, chanOf(ReliableOrdered), []byte("on its way"))
	p.flush()
	before := p.ends[0].Stats()
	p.goOn(0, 1)
	if n := p.ends[0].Stats().PacketsLost; n <= before.PacketsLost {
		t.Errorf("%d packets lost, before %d", n, before.PacketsLost)
	}
	if at := p.ends[0].Deadline(); at > p.now {
		t.Errorf("nothing is due before %d", at)
	}
	p.follow = true
	p.run(60 * time.Millisecond)
	if p.epoch != [2]int{1, 1} {
		t.Errorf("epochs %v", p.epoch)
	}
	st := p.ends[0].Stats()
	if st.RTT < 40*time.Millisecond || st.RTT > 45*time.Millisecond || st.PacketsSent <= before.PacketsSent {
		t.Errorf("RTT %v", st.RTT)
	}
	if n, _ := p.ends[0].LargestAcked(0); n > 2 {
		t.Errorf("numbers go on at %d", n)
	}
	t.Log("# a hold of either end is over, and later ones are understood")
	for range 3 {
		if err := p.ends[0].Hold(p.now, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		p.run(100 * time.Millisecond)
		if p.ends[1].Held(p.now) == 0 {
			t.Fatal("the peer does not know of the hold")
		}
		p.goOn(0, p.epoch[0]+1)
		p.run(100 * time.Millisecond)
		if p.ends[1].Held(p.now) != 0 || p.ends[0].life.ownHold.on {
			t.Fatal("the hold lasts")
		}
		if said, heard := p.ends[0].life.ownHold.serial, p.ends[1].life.peerHold.serial; heard != said {
			t.Fatalf("the holder is at serial %d, its peer knows %d", said, heard)
		}
	}
}

// TestContinueSaysAgain: what steers channels and was on its way is said again at once.
func TestContinueSaysAgain(t *testing.T) {
	cfg := channels()
	cfg.Channels[ReliableUnordered].WindowBytes = 1024
	s := newScript(t, cfg)
	ordered := chanOf(ReliableOrdered)
	for id := range uint64(3) {
		s.hears(run(ordered, id, string(message(int(id), 15_000))))
	}
	s.e.Update()
	for _, ok := s.e.Receive(ordered); ok; _, ok = s.e.Receive(ordered) {
	}
	for n := range 3 {
		_, _ = s.e.Send(chanOf(ReliableUnordered), message(n, 900), SendOptions{})
	}
	giveUp, _ := s.e.Send(ordered, []byte("x"), SendOptions{Receipt: true, TTL: time.Microsecond})
	large := fragment(chanOf(Unreliable), 0, 0, 5, []byte("whole"))
	large[0] |= 16 // STORED is wanted
	large = append([]byte{large[0], large[1], 0, 0}, large[4:]...)
	s.hears(large)
	first := s.says()
	s.now += 10_000_000
	s.e.HandleTimeout(s.now)
	first = append(first, s.says()...)
	if err := s.e.Continue(s.now, PathConfig{}); err != nil || giveUp == 0 {
		t.Fatal(err)
	}
	again := s.says()
	for _, kind := range []byte{wire.TypeWindow, wire.TypeBlocked, wire.TypeStored, wire.TypeSkip} {
		if count(first, kind) == 0 || count(again, kind) == 0 {
			t.Errorf("type %02x: said %d times, and then %d times", kind, count(first, kind), count(again, kind))
		}
	}
}

// TestContinueAway: going on counts as hearing the peer.
func TestContinueAway(t *testing.T) {
	p := newPair(t, kept(time.Hour), 20*time.Millisecond).open()
	p.cut(true)
	p.run(time.Minute)
	p.goOn(0, 1)
	p.run(3900 * time.Millisecond)
	if got := p.kinds(0); !slices.Equal(got, []EventKind{Away, Back}) {
		t.Errorf("%v", got)
	}
	p.run(200 * time.Millisecond)
	if got := p.kinds(0); !slices.Equal(got, []EventKind{Away}) {
		t.Errorf("%v", got)
	}
}

// TestContinueOver: an end that never began, or is over, does not go on.
func TestContinueOver(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond)
	if err := p.ends[0].Continue(p.now, PathConfig{}); err != ErrClosed {
		t.Errorf("before HELLO: %v", err)
	}
	p.open()
	if a, b := p.ends[0].Instance(), p.ends[1].Instance(); a != p.ends[1].PeerInstance() || b != p.ends[0].PeerInstance() || a == b {
		t.Errorf("instances %d and %d", a, b)
	}
	p.ends[0].Close(p.now, CodeNone, "")
	if err := p.ends[0].Continue(p.now, PathConfig{}); err != ErrClosed {
		t.Errorf("closed: %v", err)
	}
}

// TestAbandon: an owner who does not want to go on closes the endpoint and drives it no more: what
// waited and what was on its way is Lost, and all memory is back.
func TestAbandon(t *testing.T) {
	cfg := channels()
	cfg.KeepFor = time.Hour
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.links[0].cut, p.links[1].cut = true, true
	receipts := []Receipt{}
	for n := range 10 {
		receipts = append(receipts, p.send(0, chanOf(ReliableOrdered), message(n, 100)))
	}
	p.run(20 * time.Second)
	for n := range 10 {
		receipts = append(receipts, p.send(0, chanOf(ReliableUnordered), message(n, 3000)))
	}
	p.ends[0].Close(p.now, CodeTimeout, "")
	all := p.events(0)
	if len(all) != 22 || all[0].Kind != Away || all[21].Kind != Closed || all[21].Undelivered != 20 {
		t.Fatalf("%v", all)
	}
	for i, r := range receipts {
		if !slices.ContainsFunc(all, func(ev Event) bool { return ev.Receipt == r && ev.Kind == Lost && ev.Why == ConnClosed }) {
			t.Errorf("message %d has no fate", i)
		}
	}
	p.ends[0].Release()
	if !p.ends[0].Done() {
		t.Error("not done")
	}
}

// TestFollow: an endpoint that takes the place of another one numbers receipts on, has the
// instance that its HELLO was said to have, and keeps to the limit of each flush.
func TestFollow(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond, 1)
	p.open()
	old := p.ends[0]
	old.LimitBudget(777)
	first, err := old.Send(chanOf(ReliableOrdered), []byte("old"), SendOptions{Receipt: true})
	if err != nil {
		t.Fatal(err)
	}
	e, err := New(p.now, Config{Channels: channels().Channels, Handshake: true, Instance: old.Instance()})
	if err != nil {
		t.Fatal(err)
	}
	e.Follow(old.Endpoint)
	if err := e.HandleHello(p.now, p.ends[1].AppendHello(p.now, nil)); err != nil {
		t.Fatal(err)
	}
	next, err := e.Send(chanOf(ReliableOrdered), []byte("new"), SendOptions{Receipt: true})
	if err != nil || next <= first || e.Instance() != old.Instance() || e.outbox.flush.next != 777 {
		t.Errorf("receipt %d after %d, %v; instance %d; limit %d", next, first, err, e.Instance(), e.outbox.flush.next)
	}
}
