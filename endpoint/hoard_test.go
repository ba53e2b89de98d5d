package endpoint

import (
	"runtime"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// allocated is how many bytes f has allocated.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// hundred is a configuration of a hundred channels.
func hundred(d Delivery) (cfg Config) {
	for id := range ChannelID(100) {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: id + 1, Delivery: d})
	}
	return cfg
}

// TestAllocFarAhead: of each of a hundred channels a message comes, or a piece of one, before all
// others that may. The ids between take a bit each.
func TestAllocFarAhead(t *testing.T) {
	if raced {
		return
	}
	for _, d := range []Delivery{ReliableUnordered, ReliableLatest, ReliableOrdered} {
		for kind, frame := range map[string]func(ChannelID) []byte{
			"whole": func(ch ChannelID) []byte { return run(ch, maxAhead-1, "") },
			"piece": func(ch ChannelID) []byte { return fragment(ch, maxAhead-1, 1, 0, []byte{1}) },
		} {
			s := newScript(t, hundred(d))
			var packet []byte
			for ch := range ChannelID(100) {
				packet = append(packet, frame(ch+1)...)
			}
			if n := allocated(func() { s.hears(packet) }); n > 100*(maxAhead/8+1024) || !s.e.Open() {
				t.Errorf("%v, %s: open %v, %d bytes allocated for %d", d, kind, s.e.Open(), n, len(packet))
			}
		}
	}
}

// TestUnfinishedTable compares the table with a map.
func TestUnfinishedTable(t *testing.T) {
	table, want := unfinishedTable{seed: 7}, map[uint64]*partial{}
	for n := range uint64(100_000) {
		id := mix(n) % 700
		p := want[id]
		if table.find(id) != p {
			t.Fatalf("%d: found %v, want %v", id, table.find(id), p)
		}
		if p == nil && n < 90_000 {
			want[id] = &partial{head: head{id: id}}
			table.add(want[id])
		} else if p != nil {
			table.remove(id)
			delete(want, id)
		}
		if table.used != len(want) || table.used > 0 && want[table.any().id] != table.any() {
			t.Fatalf("%d messages, want %d", table.used, len(want))
		}
	}
	if table.used != 0 || len(table.places) > keptUnfinished || table.visits > 100_000*20 {
		t.Errorf("%d messages, %d places, %d visits", table.used, len(table.places), table.visits)
	}
}

// TestUnfinishedWork: many messages are unfinished, of ids that would lie in
// one place of a table that is not seeded.
func TestUnfinishedWork(t *testing.T) {
	s, ch := newScript(t, channels()), chanOf(ReliableUnordered)
	table := &s.e.inbox.receiver(uint16(ch)).unfinished
	pieces := 0
	for id := uint64(0); id < maxAhead && pieces < 800; id += 8 {
		s.hears(fragment(ch, id, 1, 0, []byte{1}))
		pieces++
	}
	if !s.e.Open() || table.used != pieces || table.visits > uint64(pieces)*20 {
		t.Errorf("open %v, %d of %d are unfinished, %d visits", s.e.Open(), table.used, pieces, table.visits)
	}
	s.hears(wire.AppendSkip(nil, uint16(ch), 0, slices.Repeat([]int{5}, 800)))
	if !s.e.Open() || table.used != pieces-100 {
		t.Errorf("open %v, %d are unfinished", s.e.Open(), table.used)
	}
}

// TestPiecesFromTheMiddle: of messages a byte comes just above a power of two, and their lengths are
// not known. What is kept is at most twice of what is charged.
func TestPiecesFromTheMiddle(t *testing.T) {
	for _, at := range []int{64, 1024, 16384} {
		for d := Unreliable; d <= ReliableOrdered; d++ {
			s, ch := newScript(t, channels()), chanOf(d)
			r := s.e.inbox.receiver(uint16(ch))
			for id := range uint64(60) {
				if d.Reliable() && r.started+uint64(charge(at+1)) > r.limit {
					break
				}
				s.hears(fragment(ch, id, at, 0, []byte{1}))
			}
			charged := r.held
			if d.Reliable() {
				charged = int(r.started)
			}
			if n := s.e.cfg.Buffers.Stats().BytesInUse; n > 2*charged || n == 0 || !s.e.Open() {
				t.Errorf("%v, at %d: %d bytes charged, %d kept", d, at, charged, n)
			}
		}
	}
}

// TestAcksAloneAreBounded: a peer makes us acknowledge without end, and acknowledges nothing.
func TestAcksAloneAreBounded(t *testing.T) {
	s := newScript(t, channels())
	p := s.e.path(0)
	for range 50_000 {
		s.hears([]byte{wire.TypePing})
		s.hears([]byte{wire.TypePing})
		s.packet()
		if s.now += millisecond / 10; s.e.Deadline() <= s.now {
			s.e.HandleTimeout(s.now)
		}
	}
	if !s.e.Open() || p.sent.Len() > maxSentAcks+maxSentAcks/8 || p.next < 50_000 {
		t.Errorf("open %v, %d packets remembered of %d", s.e.Open(), p.sent.Len(), p.next)
	}
	t.Log("# what it is sent it can still acknowledge")
	r, err := s.e.Send(chanOf(ReliableUnordered), []byte("x"), SendOptions{Receipt: true})
	if err != nil {
		t.Fatal(err)
	}
	number := s.nextNumber()
	s.says()
	s.hears(ack(number, number))
	s.e.Update()
	delivered := false
	for ev, ok := s.e.NextEvent(); ok; ev, ok = s.e.NextEvent() {
		delivered = delivered || ev.Receipt == r && ev.Kind == Delivered
	}
	if !delivered {
		t.Error("it is not Delivered")
	}
}

// TestAllocOpenedAgain: a path that is opened again and again, and never used, is no garbage.
func TestAllocOpenedAgain(t *testing.T) {
	if raced {
		return
	}
	s := newScript(t, channels())
	open := func(serial uint64) {
		b := wire.AppendPathStatus(nil, &wire.PathStatus{Path: 1, Serial: serial, Weight: 1})
		s.e.HandlePacket(s.now, Incoming{Path: 1, From: 1, Number: serial, Frames: wire.AppendPathChallenge(b, serial)})
	}
	open(1)
	const times = 1000
	if n := allocated(func() {
		for serial := range uint64(times) {
			open(serial + 2)
		}
	}); n > 500*times || s.e.paths.path(1).serial != times+1 {
		t.Errorf("%d bytes for each, serial %d", n/times, s.e.paths.path(1).serial)
	}
}

// TestPiecesFromTheMiddleHoldLittle: of a message whose beginning is missing no more memory is held than
// twice of what counts against the sender, wherever the piece stands that came.
func TestPiecesFromTheMiddleHoldLittle(t *testing.T) {
	for end := 100; end <= 1<<20; end += end / 3 {
		cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered, MaxMessageBytes: 2 << 20, WindowBytes: 4 << 20}}}
		s := newScript(t, cfg)
		s.hears(fragment(1, 0, end-50, 0, make([]byte, 50)))
		if used, counts := s.e.cfg.Buffers.Stats().BytesInUse, s.e.inbox.receiver(1).started; !s.e.Open() || uint64(used) >= 2*counts {
			t.Errorf("a piece that ends at %d: open %v, %d bytes in use, %d count", end, s.e.Open(), used, counts)
		}
	}
}
