package picture

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// A stage is where a scene is played: two endpoints, the links between them, and two games
// that take their turns. The first end sends the messages, the second takes them.
type stage struct {
	scene *Scene
	now   int64
	ends  [2]*endpoint.Lone
	links [2]*simnet.Link // links[0] carries from ends[0] to ends[1]
	turns [2]int64        // when each game has its next turn

	tap      tap
	cues     []Cue // that have not been given yet
	receipts []endpoint.Receipt
	line     Timeline
	recorded bool
	inbox    [][]byte // what arrived while the second end was not called
	buf      []byte
	err      error
}

const (
	curtain = int64(4 * time.Second) // when scenes begin
	turn    = 20 * time.Millisecond  // between two turns of a game
	later   = 14 * time.Millisecond  // the other game's turns come so much later
	tail    = time.Second            // played after the last moment that is shown
)

// time is now, as endpoints take it.
func (st *stage) time() time.Duration { return time.Duration(st.now) }

// Play plays the scene and returns what happened.
func (s *Scene) Play() (*Timeline, error) {
	st := &stage{scene: s, cues: s.cues(), turns: [2]int64{never, never}}
	for i := range st.ends {
		var err error
		cfg := endpoint.Config{Channels: unrepaired(s.channels), Seed: s.Seed*2 + uint64(i)}
		if s.rate > 0 {
			cfg.Controller = func() endpoint.Controller {
				return endpoint.NewAIMD(endpoint.AIMDConfig{MinBytesPerSecond: s.rate, MaxBytesPerSecond: s.rate})
			}
		}
		if st.ends[i], err = endpoint.NewLone(st.time(), cfg, endpoint.Carrier{}); err != nil {
			return nil, err
		}
	}
	if err := st.overture(); err != nil {
		return nil, err
	}
	if err := st.connect(s.there, s.back); err != nil {
		return nil, err
	}
	st.turns = [2]int64{curtain, curtain + int64(later)}
	st.recorded = true
	st.run(curtain + int64(s.Length+tail))
	st.line.store()
	return &st.line, st.err
}

// overture has the two ends meet and get to know the link, but for its losses: how long it
// takes and whether it reorders. Then they fall silent.
func (st *stage) overture() error {
	there, back := st.scene.there, st.scene.back
	there.Loss, back.Loss = 0, 0
	if err := st.connect(there, back); err != nil {
		return err
	}
	for at := int64(turn); at < curtain/2; at += int64(turn) {
		st.run(at)
		st.now = at
		st.ends[0].Ping()
	}
	st.run(curtain - 1)
	if !st.ends[0].Open() || !st.ends[1].Open() {
		return errors.New("picture: the two ends did not meet")
	}
	st.now = curtain
	return nil
}

// connect lays new links, which begin now.
func (st *stage) connect(there, back simnet.LinkConfig) error {
	for i, cfg := range []simnet.LinkConfig{there, back} {
		l, err := simnet.NewLink(st.now, cfg, st.scene.Seed*2+uint64(i))
		if err != nil {
			return err
		}
		st.links[i] = l
	}
	return nil
}

// run lets time pass, from one thing that happens to the next.
func (st *stage) run(until int64) {
	for st.err == nil {
		st.flush()
		next := min(int64(st.ends[0].Deadline()), st.turns[0], st.turns[1])
		if !st.asleep(1) {
			next = min(next, int64(st.ends[1].Deadline()))
		}
		for _, l := range st.links {
			if at, ok := l.Next(); ok {
				next = min(next, at)
			}
		}
		if next > until {
			return
		}
		st.now = max(st.now, next)
		for i := range st.ends {
			st.receive(i)
			if !st.asleep(i) {
				st.ends[i].HandleTimeout(st.time())
			}
		}
		for i, game := range []func(){st.send, st.take} {
			if st.turns[i] > st.now {
				continue
			}
			st.turns[i] += int64(turn)
			if !st.asleep(i) {
				st.ends[i].Update()
				game()
			}
		}
	}
}

// flush puts what both ends want to send on the links.
func (st *stage) flush() {
	for i, end := range st.ends {
		for !st.asleep(i) {
			st.buf = end.AppendDatagram(st.time(), st.buf[:0])
			if len(st.buf) == 0 {
				break
			}
			st.record(i, st.buf)
			st.links[i].Send(st.now, st.buf)
		}
	}
}

func (st *stage) record(from int, b []byte) {
	if !st.recorded || st.err != nil {
		return
	}
	p := Packet{Number: number(b), FromPeer: from == 1, Sent: st.now - curtain, Arrived: never, SizeBytes: len(b)}
	p.Frames, st.err = st.tap.frames(b)
	st.line.Packets = append(st.line.Packets, p)
}

// receive takes what has arrived at an end. Towards one that is not called it waits in the
// socket.
func (st *stage) receive(end int) {
	if end == 1 && !st.asleep(1) {
		for _, b := range st.inbox {
			st.ends[1].HandleDatagram(st.time(), b)
		}
		st.inbox = nil
	}
	for {
		b, ok := st.links[1-end].Receive(st.now)
		if !ok {
			return
		}
		st.arrived(end == 0, number(b))
		if st.asleep(end) {
			st.inbox = append(st.inbox, slices.Clone(b))
		} else {
			st.ends[end].HandleDatagram(st.time(), b)
		}
	}
}

// asleep reports whether nobody calls an end.
func (st *stage) asleep(end int) bool {
	away, at := st.scene.away, time.Duration(st.now-curtain)
	return end == 1 && st.scene.hold && away[0] < at && at < away[1]
}

func (st *stage) arrived(fromPeer bool, number uint16) {
	for i := len(st.line.Packets) - 1; i >= 0; i-- {
		if p := &st.line.Packets[i]; p.FromPeer == fromPeer && p.Number == number {
			p.Arrived = min(p.Arrived, st.now-curtain)
			return
		}
	}
}

// send is the turn of the game that sends: it reads its events and gives its cues.
func (st *stage) send() {
	at := st.now - curtain
	for ev, ok := st.ends[0].NextEvent(); ok; ev, ok = st.ends[0].NextEvent() {
		st.told(at, ev)
	}
	for len(st.cues) > 0 && int64(st.cues[0].At) <= at {
		st.give(at, st.cues[0])
		st.cues = st.cues[1:]
	}
	if d := st.scene.drain; d > 0 && at == int64(d) {
		st.note(false, true, "Drain")
		st.ends[0].Drain(st.time(), endpoint.CodeNone, "", time.Second)
	}
}

func (st *stage) note(atPeer, did bool, text string) {
	st.line.Notes = append(st.line.Notes, Note{st.now - curtain, atPeer, did, text})
}

func (st *stage) told(at int64, ev endpoint.Event) {
	switch ev.Kind {
	case endpoint.Writable:
		st.note(false, false, "Writable")
	case endpoint.Closed:
		st.note(false, false, fmt.Sprintf("Closed, %d left", ev.Undelivered))
	case endpoint.Delivered, endpoint.Lost:
		m := &st.line.Messages[slices.Index(st.receipts, ev.Receipt)]
		m.Told, m.Fate, m.Why = at, ev.Kind, ev.Why
	}
}

// unrepaired is channels without repair but where a scene is about it, so that what is lost stays
// lost, or is sent again.
func unrepaired(channels []endpoint.ChannelConfig) []endpoint.ChannelConfig {
	channels = slices.Clone(channels)
	for i := range channels {
		if channels[i].Repair == endpoint.RepairDefault {
			channels[i].Repair = endpoint.RepairOff
		}
	}
	return channels
}

func (st *stage) give(at int64, c Cue) {
	payload := make([]byte, c.bytes())
	fill(payload, len(st.line.Messages))
	opts := c.Options
	opts.Receipt = true
	st.ends[0].SetNow(time.Duration(st.now)) // from which a TTL counts
	m := Message{Cue: c, Sent: at, Stored: never, Seen: never, Told: never}
	r, err := st.ends[0].Send(c.Channel, payload, opts)
	switch {
	case errors.Is(err, endpoint.ErrFull), errors.Is(err, endpoint.ErrClosed):
		m.Refused, m.Told = true, at
	case err != nil:
		st.err = fmt.Errorf("picture: message %s: %w", c.Label, err)
	}
	st.receipts = append(st.receipts, r)
	st.line.Messages = append(st.line.Messages, m)
}

// take is the turn of the game that receives.
func (st *stage) take() {
	at := st.now - curtain
	away := st.scene.away
	st.line.Turns = append(st.line.Turns, at)
	if int64(away[0]) <= at && at < int64(away[1]) && !st.scene.hold {
		return
	}
	for ev, ok := st.ends[1].NextEvent(); ok; ev, ok = st.ends[1].NextEvent() {
		if ev.Kind == endpoint.Closed {
			st.note(true, false, "Closed")
		}
	}
	for _, ch := range st.scene.channels {
		for m, ok := st.ends[1].Receive(ch.ID); ok; m, ok = st.ends[1].Receive(ch.ID) {
			seen := &st.line.Messages[filled(m.Bytes(), 0)]
			seen.Seen, seen.Place = at, st.line.seen
			st.line.seen++
		}
	}
	if st.scene.hold && at == int64(away[0]) {
		st.note(true, true, "Hold")
		if err := st.ends[1].Hold(st.time(), away[1]-away[0]); err != nil {
			st.err = fmt.Errorf("picture: %w", err)
		}
	}
}
