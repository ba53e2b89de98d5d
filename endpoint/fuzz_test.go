package endpoint

import (
	"slices"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// FuzzHandlePacket gives an open endpoint, which has messages under way, the packets of a peer
// that does what it likes. Each packet is a length byte, in units of four bytes, whose high bits
// say from which route it comes, and its frames; one that begins with PATH_STATUS comes on the path
// that it names.
func FuzzHandlePacket(f *testing.F) {
	add := func(packets ...[]byte) {
		var b []byte
		for _, p := range packets {
			n := (len(p) + 3) / 4
			b = append(append(append(b, byte(n)), p...), make([]byte, 4*n-len(p))...) // zeros are PADDING
		}
		f.Add(b, true)
		f.Add(b, false)
	}
	for _, d := range deliveries {
		seedMessages(add, chanOf(d))
	}
	seedLife(add)
	seedPaths(add)
	squeezed := []ChannelConfig{{ID: 9, Delivery: Unreliable, Compression: plainCompression(f)}, {ID: 10, Delivery: ReliableOrdered, Compression: plainCompression(f)}}
	for _, ch := range squeezed {
		seedMessages(add, ch.ID)
		add(run(ch.ID, 0, "\x00as it is", "\x01\x0b\x00a\x19\x01"), run(ch.ID, 2, "\x01\xff\xff\xff\x7f\x00"), run(ch.ID, 3, ""))
	}
	f.Fuzz(func(t *testing.T, b []byte, trusted bool) {
		cfg := channels()
		cfg.Trusted = trusted
		cfg.Channels = append(cfg.Channels, squeezed...)
		s := newScript(t, cfg)
		s.sendsAll()
		for len(b) > 0 {
			n := min(4*int(b[0]), len(b)-1)
			s.hearsAnywhere(Route(b[0]>>6), b[1:1+n])
			s.now += int64(b[0]) * 100_000
			s.e.HandleTimeout(s.now)
			checkBounds(t, s.e)
			if b[0]&3 == 0 {
				s.e.Update()
				for _, d := range deliveries {
					s.e.Receive(chanOf(d))
				}
				for _, ch := range squeezed {
					s.e.Receive(ch.ID)
				}
			}
			b = b[1+n:]
		}
		s.e.Close(s.now, CodeNone, "")
		s.waitAnywhere(s.now + 20*second)
		if !s.e.Done() {
			t.Error("not done")
		}
	})
}

// seedMessages adds what a peer can say on a channel, in pieces and with options, right and wrong.
func seedMessages(add func(packets ...[]byte), ch ChannelID) {
	add(run(ch, 0, "a", "b"), run(ch, 1, "b", "c"), run(ch, 1000, "far"))
	add(fragment(ch, 0, 0, 20, []byte("0123456789")), fragment(ch, 0, 10, 0, []byte("0123456789")))
	add(fragment(ch, 7, 500, 0, []byte("x")), run(ch, 7, "whole"))
	add(withOptions(ch, 3, wire.OptionKeyed, 0, 0, "a", "b"), withOptions(ch, 3, wire.OptionGroup, 2, 0, "c"),
		withOptions(ch, 2, wire.OptionGroup, 1, 0, "d"))
	add(withOptions(ch, 1, wire.OptionDroppable, 0, 0, "a", "b"), withOptions(ch, 0, wire.OptionDroppable, 0, 5, "c"),
		run(ch, 0, "d"))
	add(droppableFragment(ch, 1, 0, 0, 10, "01234"), droppableFragment(ch, 1, 0, 5, 0, "56789"), run(ch, 0, "x"))
	add(wire.AppendWindow(nil, uint16(ch), 1<<20), wire.AppendBlocked(nil, uint16(ch), 1<<20), ack(0, 1))
	add(wire.AppendSkip(nil, uint16(ch), 0, []int{1, 2, 3}), wire.AppendStored(nil, uint16(ch), []uint32{0, 1}))
}

// seedLife adds acks, holds, drains, a close, and the messages of channel 0.
func seedLife(add func(packets ...[]byte)) {
	ping := []byte{wire.TypePing}
	add(ack(0, 0), ack(0, 5), ack(3, 3), ping, nil, ping)
	add(wire.AppendHold(nil, 1, 9000), wire.AppendHold(nil, 2, 0), wire.AppendHold(nil, 1, 60_000), ping,
		run(chanOf(ReliableOrdered), 0, "x"))
	add(wire.AppendHold(nil, 9, 60_001))
	add(wire.AppendDraining(nil, wire.Draining), ping, wire.AppendDraining(nil, wire.Drained), ack(0, 3))
	add(run(0, 1, "\x01and a ticket"), run(0, 0, "\x4d"), fragment(0, 2, 0, 12, []byte("\x03\x01\x00\x00\x00\x01")),
		run(0, 3, "\x02TWTK"))
	add(wire.AppendClose(nil, &wire.Close{Code: CodeMismatch, Rows: make([]byte, 24)}), []byte{wire.TypeCloseAck})
}

// seedPaths adds a peer that moves, and paths that open and end in each state.
func seedPaths(add func(packets ...[]byte)) {
	status := func(path uint8, serial uint64, state wire.PathState) []byte {
		return wire.AppendPathStatus(nil, &wire.PathStatus{Path: path, Serial: serial, State: state, Weight: 3})
	}
	ping, challenge := []byte{wire.TypePing}, wire.AppendPathChallenge(nil, 77)
	long := slices.Concat(challenge, wire.AppendPathResponse(nil, 77),
		run(chanOf(ReliableOrdered), 0, string(make([]byte, 300)))) // from route 1
	add(challenge, long, ping, ack(0, 3), challenge, wire.AppendPathResponse(nil, 1), long)
	for state := range wire.PathCopy + 1 {
		open := slices.Concat(status(1, 1, state), challenge)
		add(open, ping, open, slices.Concat(status(1, 2, wire.PathCopy), ack(0, 0)), status(1, 3, wire.PathAbandon),
			status(0, 1, state), status(6, 1, state))
		add(status(0, 1, wire.PathAbandon), open, slices.Concat(status(1, 9, state), challenge), ack(0, 1),
			run(chanOf(Unreliable), 0, "a", "b"), run(chanOf(Unreliable), 0, "a"))
	}
}

// sendsAll sends messages of all deliveries and sizes, with options and without.
func (s *script) sendsAll() {
	for _, d := range deliveries {
		for _, size := range []int{0, 30, 3000} {
			_, _ = s.e.Send(chanOf(d), make([]byte, size), SendOptions{Receipt: true})
			_, _ = s.e.Send(chanOf(d), make([]byte, size),
				SendOptions{Keyed: d.latest(), Droppable: d == ReliableOrdered, Receipt: true})
			_, _ = s.e.Send(chanOf(d), make([]byte, size), SendOptions{TTL: 100 * 1_000_000})
		}
	}
}

// hearsAnywhere lets the endpoint say what it has to say, and then hear the frames, from a route and on
// the path that they name.
func (s *script) hearsAnywhere(from Route, frames []byte) {
	s.saysAnywhere()
	path := uint8(0)
	if len(frames) > 1 && frames[0] == wire.TypePathStatus {
		path = frames[1] & 7
	}
	s.e.HandlePacket(s.now, Incoming{Path: path, From: from, Number: s.number, Frames: frames})
	s.number++
}

// saysAnywhere lets the endpoint say what it has to say on all its paths.
func (s *script) saysAnywhere() {
	s.t.Helper()
	n := 0
	for out := s.packet(); len(out.Packet) > 0; out = s.packet() {
		framesOf(s.t, out.Packet)
		if n++; n > 20_000 {
			s.t.Fatal("it never stops talking")
		}
	}
}

// waitAnywhere lets time pass likewise.
func (s *script) waitAnywhere(until int64) {
	s.t.Helper()
	for n := 0; s.now < until; n++ {
		if n > 100_000 {
			s.t.Fatalf("time stands still: the deadline is %d, now is %d", s.e.Deadline(), s.now)
		}
		s.saysAnywhere()
		s.now = min(max(s.e.Deadline(), s.now), until)
		s.e.HandleTimeout(s.now)
	}
}

// checkPaths wants paths and what is kept for them to be bounded.
func checkPaths(t *testing.T, e *Endpoint) {
	t.Helper()
	remembered, data := 0, 0
	for _, p := range e.paths.all {
		remembered += p.sent.Len()
		if p.carries() {
			data++
		}
		if p.inFlight < 0 || p.eliciting < 0 {
			t.Fatalf("path %d: %d bytes, %d packets in flight", p.id, p.inFlight, p.eliciting)
		}
		for i := 0; p.roam != nil && i < len(p.roam.rivals); i++ {
			if q := &p.roam.rivals[i]; q.asking && e.life.state == stateOpen && q.went > proofFactor*q.came {
				t.Fatalf("path %d: %d bytes went to a rival, %d came", p.id, q.went, q.came)
			}
		}
		if p.stage == stageClosed && (p.inFlight != 0 || p.eliciting != 0) {
			t.Fatalf("path %d is closed, with %d bytes in flight", p.id, p.inFlight)
		}
	}
	if n := e.paths.copySets(); len(e.paths.all) > max(e.cfg.MaxPaths, 1) || n > maxCopySets || n > 0 && remembered == 0 {
		t.Fatalf("%d paths, %d sets of copies of %d packets", len(e.paths.all), n, remembered)
	}
	if data == 0 && slices.ContainsFunc(e.paths.all, func(p *path) bool { return p.active() }) {
		t.Fatal("a path is active, and none carries messages")
	}
}

// checkBounds wants an endpoint to keep to its limits.
func checkBounds(t *testing.T, e *Endpoint) {
	t.Helper()
	checkListed(t, e)
	checkPaths(t, e)
	for i := range e.inbox.receivers {
		r, memory, dropped := e.inbox.receiverAt(i), 0, 0
		for n := r.ready.Base(); n < r.ready.End(); n++ {
			if m := r.ready.At(n); m.droppable {
				dropped += charge(len(m.payload))
			} else {
				memory += charge(len(m.payload))
			}
		}
		if memory+dropped != r.untaken {
			t.Fatalf("channel %d: %d bytes were not taken, %d counted", r.id, memory+dropped, r.untaken)
		}
		unfinished := 0
		for _, p := range r.unfinished.places {
			if p != nil {
				memory += charge(p.known)
				unfinished++
			}
		}
		if unfinished != r.unfinished.used || len(r.unfinished.places) > max(keptUnfinished, 4*r.window/messageCharge) {
			t.Fatalf("channel %d: %d unfinished, %d counted, %d places", r.id, unfinished, r.unfinished.used, len(r.unfinished.places))
		}
		for _, m := range r.waiting.items {
			memory += charge(len(m.payload))
		}
		held := dropped
		for _, p := range r.partials {
			held += charge(p.known)
		}
		for _, d := range r.droppables.items {
			held += charge(len(d.payload))
		}
		if !r.cfg.Delivery.Reliable() {
			held += memory
			memory = held
		}
		if memory > r.window && memory > r.cfg.WindowBytes && e.life.state == stateOpen {
			t.Fatalf("channel %d holds %d bytes in a window of %d", r.id, memory, r.window)
		}
		if e.life.state == stateOpen && held != r.held {
			t.Fatalf("channel %d holds %d bytes and counts %d", r.id, held, r.held)
		}
		if r.cfg.Delivery.Reliable() && held > r.droppableBudget() || r.droppables.len() > maxWaiting {
			t.Fatalf("channel %d holds %d bytes of droppables, %d wait", r.id, held, r.droppables.len())
		}
		if len(r.partials) > maxPartials || len(r.stored) > maxStored || len(r.rebuilt) > maxStored {
			t.Fatalf("channel %d: %d partials, %d and %d to confirm", r.id, len(r.partials), len(r.stored), len(r.rebuilt))
		}
	}
}

// checkListed wants all that an endpoint has to say to be where its packets are built from.
func checkListed(t testing.TB, e *Endpoint) {
	t.Helper()
	owing := false
	for i := range e.inbox.receivers {
		r, s := e.inbox.receiverAt(i), e.outbox.senderAt(i)
		owing = owing || r.limitDue || len(r.stored) > 0 || len(r.rebuilt) > 0
		if !s.idle() && !slices.Contains(s.turn.class.active, s) {
			t.Fatalf("channel %d has something to send and gets no turn", s.id)
		}
	}
	if owing != e.inbox.owing && e.life.talks() {
		t.Fatalf("WINDOW, STORED or REBUILT to send: %v, but noted as %v", owing, e.inbox.owing)
	}
}

// copySets is how many sets of copies are remembered.
func (ps *paths) copySets() int {
	if ps.copies.copied == nil {
		return 0
	}
	return ps.copies.sets.Len()
}
