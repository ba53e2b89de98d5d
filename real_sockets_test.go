package tickwire_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// The channels of a duet.
var (
	duetState  = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.Unreliable})
	duetEvents = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Delivery: tickwire.ReliableOrdered})
	duetLoose  = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 3, Delivery: tickwire.ReliableUnordered})
)

// duetRate is how many messages of each channel a side of a duet sends in a second.
const duetRate = 60

// A duet is a server and a player over real sockets and in real time. In each tick each of them
// sends the other a numbered message on every channel, and notes what it hears.
type duet struct {
	t        *testing.T
	began    time.Time
	server   *tickwire.Server
	client   *tickwire.Client
	up, down *voice
	playing  sync.WaitGroup
	stop     context.CancelFunc
}

// A voice is one direction: what one side says and the other hears.
type voice struct {
	name string

	mu     sync.Mutex
	open   bool
	ended  *tickwire.Reason
	silent bool // it says nothing more
	said   uint64
	next   uint64 // the event that is due
	loose  map[uint64]bool
	faults []string
	heard  []arrival       // of states
	spoke  []time.Duration // when each state was said
	late   []time.Duration // how late the ticks were in which they were said
}

// An arrival is when a state was heard, which one, and how long it was under way.
type arrival struct {
	at, took time.Duration
	number   uint64
}

// startDuet connects the two; the server's socket is where scfg.PublicAddresses leads.
func startDuet(t *testing.T, scfg tickwire.ServerConfig, ccfg tickwire.ClientConfig, server, client transport.Socket) *duet {
	t.Helper()
	shared := tickwire.Config{Channels: tickwire.Channels(duetState, duetEvents, duetLoose), Logger: quiet}
	scfg.Config, scfg.Development, ccfg.Config = shared, true, shared
	d := &duet{t: t, began: time.Now()}
	d.up, d.down = &voice{name: "player to server", loose: map[uint64]bool{}}, &voice{name: "server to player", loose: map[uint64]bool{}}
	var err error
	d.server, err = tickwire.Listen(scfg, server)
	must(t, err)
	d.client, err = tickwire.NewClient(ccfg, client)
	must(t, err)
	token, err := d.server.DevToken(1)
	must(t, err)
	_, err = d.client.Connect(token)
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.playing.Go(func() { d.play(d.server, d.server.Ticks(ctx, duetRate), d.down, d.up) })
	d.playing.Go(func() { d.play(d.client, d.client.Ticks(ctx, duetRate), d.up, d.down) })
	t.Cleanup(d.close)
	d.until("both are connected", func() bool { return d.up.is((*voice).speaks) && d.down.is((*voice).speaks) })
	return d
}

func (d *duet) close() {
	d.stop()
	d.playing.Wait()
	_ = d.client.Close()
	_ = d.server.Close()
}

// until waits for something, and fails if it does not come or the connection ends.
func (d *duet) until(what string, cond func() bool) {
	d.t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(5 * time.Millisecond) {
		if r := d.over(); r != nil {
			d.t.Fatalf("until %s: the connection ended: %v", what, *r)
		}
		if time.Now().After(end) {
			d.t.Fatalf("until %s: %v were not enough", what, patience)
		}
	}
}

func (d *duet) over() *tickwire.Reason {
	for _, v := range [2]*voice{d.up, d.down} {
		v.mu.Lock()
		r := v.ended
		v.mu.Unlock()
		if r != nil {
			return r
		}
	}
	return nil
}

// For plays on for a while.
func (d *duet) playOn(t time.Duration) {
	d.t.Helper()
	for end := time.Now().Add(t); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if r := d.over(); r != nil {
			d.t.Fatalf("the connection ended: %v", *r)
		}
	}
}

// play is one side, in its goroutine: says is what it says.
func (d *duet) play(self driver, ticks iter.Seq[tickwire.Tick], says, hears *voice) {
	var conn *tickwire.Conn
	for tick := range ticks {
		self.Update(tick.Now)
		for ev := range self.Events() {
			switch ev.Kind {
			case tickwire.Connected:
				conn = ev.Conn
				says.opened()
			case tickwire.Disconnected:
				says.closed(ev.Reason)
			}
		}
		if conn != nil {
			now := time.Since(d.began)
			hears.hear(conn, now)
			says.say(conn, now, tick.Late)
		}
		self.Flush(tick.Now)
	}
}

func (v *voice) opened() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open = true
}

func (v *voice) closed(r tickwire.Reason) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open, v.ended = false, &r
}

// is asks something of a voice.
func (v *voice) is(cond func(*voice) bool) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return cond(v)
}

func (v *voice) speaks() bool  { return v.open }
func (v *voice) through() bool { return v.next == v.said && uint64(len(v.loose)) == v.said }

// say sends a message on every channel.
func (v *voice) say(conn *tickwire.Conn, now, late time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.open || v.silent {
		return
	}
	var b [120]byte
	binary.LittleEndian.PutUint64(b[:], v.said)
	binary.LittleEndian.PutUint64(b[8:], uint64(now))
	_ = duetState.Send(conn, b[:]) // what finds no room is too old anyway
	// Both or neither, so that one number counts them.
	if conn.Stats().QueuedBytes > 1<<20 {
		return
	}
	for _, ch := range [2]*tickwire.RawChannel{duetEvents, duetLoose} {
		if err := ch.Send(conn, b[:16]); err != nil {
			v.fault("message %d: %v", v.said, err)
		}
	}
	v.said++
	v.spoke, v.late = append(v.spoke, now), append(v.late, late)
}

// hear takes what came, and holds it to what the channels promise.
func (v *voice) hear(conn *tickwire.Conn, now time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for b := range conn.Receive(duetState.Config().ID) {
		sent := time.Duration(binary.LittleEndian.Uint64(b[8:]))
		v.heard = append(v.heard, arrival{now, now - sent, binary.LittleEndian.Uint64(b)})
	}
	for b := range conn.Receive(duetEvents.Config().ID) {
		if n := binary.LittleEndian.Uint64(b); n != v.next {
			v.fault("event %d came when %d was due", n, v.next)
		}
		v.next++
	}
	for b := range conn.Receive(duetLoose.Config().ID) {
		n := binary.LittleEndian.Uint64(b)
		if v.loose[n] {
			v.fault("message %d came twice", n)
		}
		v.loose[n] = true
	}
}

func (v *voice) fault(format string, args ...any) {
	if len(v.faults) < 10 {
		v.faults = append(v.faults, fmt.Sprintf(format, args...))
	}
}

// finish lets everything arrive, and fails for what was lost or doubled.
func (d *duet) finish() {
	d.t.Helper()
	for _, v := range [2]*voice{d.up, d.down} {
		v.is(func(v *voice) bool { v.silent = true; return true })
	}
	d.until("everything reliable has arrived", func() bool { return d.up.is((*voice).through) && d.down.is((*voice).through) })
	for _, v := range [2]*voice{d.up, d.down} {
		for _, fault := range v.faults {
			d.t.Errorf("%s: %s", v.name, fault)
		}
		latency := v.latency()
		at := func(perMille int) time.Duration {
			return latency[(len(latency)-1)*perMille/1000].Round(time.Millisecond / 10)
		}
		d.t.Logf("%s: %d messages on each reliable channel, none lost, none twice; of %d states %d arrived, latency p50 %v, p99 %v, most %v",
			v.name, v.said, v.said, len(latency), at(500), at(990), at(1000))
	}
}

// latency is that of the states, sorted.
func (v *voice) latency() (all []time.Duration) {
	for _, a := range v.heard {
		all = append(all, a.took)
	}
	slices.Sort(all)
	return all
}

// gap is the longest time without a state that begins or ends between two times.
func (v *voice) gap(from, to time.Duration) (longest time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	last := from
	for _, a := range v.heard {
		if a.at >= from && last < to {
			longest = max(longest, a.at-last)
		}
		last = max(last, a.at)
	}
	if last < to {
		longest = max(longest, to-last)
	}
	return longest
}

// idle is what a busy machine may add to a pause.
const idle = 500 * time.Millisecond

// checkGaps shows how long a voice was silent after each change of an address, and compares that
// with two round trips and the time that it may take to notice.
func (v *voice) checkGaps(t *testing.T, twice, notice time.Duration, gaps []time.Duration) {
	t.Helper()
	slices.Sort(gaps)
	n := len(gaps)
	at := func(i int) time.Duration { return gaps[i].Round(time.Millisecond) }
	t.Logf("%s: longest silence after each of %d changes of address: p50 %v, p99 %v, most %v; two round trips are %v, a tick is 17ms, noticing takes %v",
		v.name, n, at(n/2), at(n*99/100), at(n-1), twice, notice)
	if gaps[n/2] > twice+notice+idle {
		t.Errorf("%s: silent for %v", v.name, at(n/2))
	}
}

// now is the time of the duet.
func (d *duet) now() time.Duration { return time.Since(d.began) }

// startRelay runs a relay until the test ends.
func startRelay(t *testing.T, cfg simnet.RelayConfig) *simnet.Relay {
	t.Helper()
	r, err := simnet.NewRelay(cfg)
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- r.Run(context.Background()) }()
	t.Cleanup(func() {
		must(t, r.Close())
		must(t, <-done)
	})
	return r
}
