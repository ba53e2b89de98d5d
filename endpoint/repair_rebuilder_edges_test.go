package endpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// sumOn is sumOf for another channel.
func sumOn(ch ChannelID, row uint8, newest uint64, messages ...[]byte) []byte {
	b := sumOf(row, newest, messages...)
	b[1] = byte(ch)
	return b
}

// TestRebuilderGoesUnused: what is kept for repair goes half a second after the last sum; of seventeen
// channels the one that was used least lately has none.
func TestRebuilderGoesUnused(t *testing.T) {
	cfg := Config{}
	for i := range ChannelID(17) {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: i + 1, Delivery: UnreliableLatest})
	}
	s := newScript(t, cfg)
	a, b := []byte("one"), []byte("two")
	for _, ch := range []ChannelID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 2, 17} {
		s.now += milli
		s.hears(sumOn(ch, 0, 5, a, b))
	}
	for ch := ChannelID(1); ch <= 17; ch++ {
		if has := s.e.inbox.receiver(uint16(ch)).rebuild != nil; has != (ch != 3) {
			t.Errorf("channel %d: %v", ch, has)
		}
	}
	last := s.now
	s.wait(last + rebuildLife - 20*milli)
	if n := len(s.e.inbox.rebuilders.list); n == 0 {
		t.Error("they are gone too early")
	}
	if s.wait(last + rebuildLife + milli); len(s.e.inbox.rebuilders.list) != 0 || len(s.e.inbox.rebuilders.free) > 2 {
		t.Errorf("%d are left, %d are kept", len(s.e.inbox.rebuilders.list), len(s.e.inbox.rebuilders.free))
	}
}

// TestLateMessageIsNoOther: one that comes 64 ids late is not taken for the newest.
func TestLateMessageIsNoOther(t *testing.T) {
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered}}})
	m := func(n int) []byte { return message(n, 20) }
	s.hears(sumOf(0, 65, m(65), m(64)))
	s.hears(run(1, 1, string(m(1))))
	s.hears(sumOf(1, 65, m(65), m(64)))
	s.e.Update()
	var got []string
	for in, ok := s.e.Receive(1); ok; in, ok = s.e.Receive(1) {
		got = append(got, string(in.Bytes()))
	}
	slices.Sort(got)
	if want := []string{string(m(1)), string(m(64)), string(m(65))}; !slices.Equal(got, want) {
		t.Errorf("%.12q came", got)
	}
}

// TestRepairIsLimited: sums count as messages of their channel and with all their bytes. What is beyond
// the limit is dropped and counted where messages may be lost, and taken where they may not.
func TestRepairIsLimited(t *testing.T) {
	for _, d := range []Delivery{UnreliableLatest, ReliableUnordered} {
		s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, Inbound: ChannelLimits{MessagesPerSecond: 20}}}})
		taken := uint64(0)
		for n := range uint64(30) { // half as many again as a second allows
			s.hears(sumOf(0, n, message(int(n), 20)))
			taken = s.e.Stats().MessagesRebuilt
		}
		st := s.e.Stats()
		if !s.e.Open() || d.Reliable() && (taken != 30 || st.MessagesTooFast != 0) ||
			!d.Reliable() && (taken < 20 || taken > 22 || st.MessagesTooFast != 30-taken) {
			t.Errorf("%v: %d rebuilt, %d were too fast, open %v", d, taken, st.MessagesTooFast, s.e.Open())
		}
		for n := uint64(30); n < 90; n++ {
			s.hears(sumOf(0, n, message(int(n), 20)))
		}
		if code := s.closed(); code != CodeTooFast {
			t.Errorf("%v: closed with %v", d, code)
		}
	}
	p := repairing(t, ReliableOrdered, RepairTwice)
	p.ticks(60)
	p.run(time.Second)
	a, came := p.ends[0].ChannelStats(1), p.ends[1].ChannelStats(1).BytesReceived
	if came > a.BytesSent || came+a.RepairsSent < a.BytesSent { // the last one in a packet saves a byte then
		t.Errorf("%d bytes were sent with %d sums, %d came", a.BytesSent, a.RepairsSent, came)
	}
}

// BenchmarkHostileRepair is the work that a packet of a cheat makes: sums that nothing can be solved
// from, many small ones or few large ones.
func BenchmarkHostileRepair(b *testing.B) {
	symbol := bytes.Repeat([]byte{0xa5}, wire.MaxSymbol)
	for _, size := range []int{1, 64, wire.MaxSymbol} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			rnd := rand.New(rand.NewPCG(5, 5))
			var packets [][]byte
			for n := range 512 {
				var packet []byte
				for len(packet) < 1100-size {
					f := wire.Repair{Channel: 1, Newest: uint64(40 + n/2), Row: uint8(rnd.IntN(128)), Mask: rnd.Uint32() | 1}
					packet = wire.AppendBytes(wire.AppendRepair(packet, &f), symbol[:size])
				}
				packets = append(packets, packet)
			}
			s := newScript(b, Config{Channels: []ChannelConfig{{ID: 1, Delivery: UnreliableLatest}}})
			for i := 0; b.Loop(); i++ {
				if s.hears(packets[i%len(packets)]); !s.e.Open() {
					b.StopTimer()
					s = newScript(b, Config{Channels: []ChannelConfig{{ID: 1, Delivery: UnreliableLatest}}})
					b.StartTimer()
				}
			}
		})
	}
}

// TestSolvedInOrder: what is solved together comes the oldest first, and no more than sixteen sums that
// cannot be solved are kept.
func TestSolvedInOrder(t *testing.T) {
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered}}})
	m := func(n int) []byte { return message(n, 20) }
	for row := range uint8(3) {
		s.hears(sumOf(row, 2, m(2), m(1), m(0)))
	}
	s.e.Update()
	for n := range 3 {
		if in, ok := s.e.Receive(1); !ok || !bytes.Equal(in.Bytes(), m(n)) {
			t.Errorf("message %d is not the next one", n)
		}
	}
	for n := range 40 {
		messages := make([][]byte, 20)
		for i := range messages {
			messages[i] = m(30 + n - i)
		}
		s.hears(sumOf(uint8(n), uint64(30+n), messages...))
		if have := len(s.e.inbox.receiver(1).rebuild.sums); have > maxSums || n > maxSums && have < maxSums {
			t.Fatalf("%d sums are kept after %d", have, n+1)
		}
	}
}

// TestIDsFollowWhatIsRebuilt: ids are rebuilt from those of messages that were rebuilt, too.
func TestIDsFollowWhatIsRebuilt(t *testing.T) {
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: UnreliableLatest}}})
	for _, id := range []uint64{30_000, 60_000, 90_000, 120_000} {
		s.now += second
		s.hears(sumOf(0, id, []byte("x")))
	}
	if st := s.e.Stats(); st.MessagesRebuilt != 4 || st.MessagesStale != 0 || s.e.inbox.receiver(1).next != 120_001 {
		t.Errorf("%d rebuilt, %d stale, the next one is %d", st.MessagesRebuilt, st.MessagesStale, s.e.inbox.receiver(1).next)
	}
}

// TestRebuiltIsSaid: which messages were rebuilt is said in a packet that elicits an ack, again if that
// is lost, and for the newest 64 at most.
func TestRebuiltIsSaid(t *testing.T) {
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered}}})
	for id := range uint64(100) {
		s.hears(sumOf(0, id, []byte("x")))
	}
	if n := len(s.e.inbox.receiver(1).rebuilt); n != maxStored {
		t.Errorf("%d wait", n)
	}
	named := func(frames [][]byte) (n, least int) {
		least = 1 << 16
		for _, f := range frames {
			if f[0] == wire.TypeRebuilt {
				_, newest, mask, _ := wire.ConsumeRebuilt(f)
				n += bits.OnesCount32(mask)
				least = min(least, int(newest)+1-wire.MaskSpan(mask))
			}
		}
		return n, least
	}
	if n, least := named(s.says()); n != maxStored || least != 100-maxStored {
		t.Errorf("%d are named, from %d on", n, least)
	}
	p := s.e.path(0)
	lost := p.sent.End() - 1
	if p.eliciting == 0 {
		t.Error("nobody is to acknowledge it")
	}
	for range packetThreshold {
		s.e.Ping()
		s.says()
	}
	s.now += 50 * milli
	s.hears(ack(lost+1, lost+packetThreshold))
	if n, _ := named(s.says()); n != maxStored {
		t.Errorf("%d are named again", n)
	}
}

// TestFragmentsCountAlone: fragmented messages of an Unreliable channel have ids of their own, which
// no message that was rebuilt moves: STORED names the one that came, and what is unfinished stays
// (SPEC.md, 6.2).
func TestFragmentsCountAlone(t *testing.T) {
	cfg := Config{Channels: []ChannelConfig{{ID: 1, Delivery: Unreliable}}}
	part := func(id uint64, offset int, bytes string) []byte {
		f := wire.Fragment{Channel: 1, ID: id, Offset: offset, Total: 4, Length: len(bytes), Stored: true}
		return append(wire.AppendFragment(nil, &f), bytes...)
	}
	stored := func(frames [][]byte) (ids []uint32) {
		for _, f := range frames {
			if f[0] == wire.TypeStored {
				_, named, _ := wire.ConsumeStored(f)
				for ; len(named) > 0; named = named[4:] {
					ids = append(ids, binary.LittleEndian.Uint32(named))
				}
			}
		}
		return ids
	}
	for _, newest := range []uint64{2000, 40_000} {
		for _, c := range []struct {
			name   string
			frames [][]byte
			want   []uint32
		}{
			{"rebuilt before", [][]byte{sumOf(0, newest+1, []byte("x")), part(0, 0, "ab"), part(0, 2, "cd")}, []uint32{0}},
			{"rebuilt between", [][]byte{part(0, 0, "ab"), sumOf(0, newest+1, []byte("x")), part(1, 0, "ef"), part(0, 2, "cd")}, []uint32{0}},
		} {
			s := newScript(t, cfg)
			s.hears(run(1, newest, "w"))
			var said [][]byte
			for _, f := range c.frames {
				s.now += 10 * milli
				s.hears(f)
				said = append(said, s.says()...)
			}
			said = append(said, s.wait(s.now+100*milli)...)
			if got := stored(said); !slices.Equal(got, c.want) {
				t.Errorf("%s, %d: STORED names %d, want %d", c.name, newest, got, c.want)
			}
			if st := s.e.Stats(); st.MessagesRebuilt != 1 || st.MessagesExpired != 0 {
				t.Errorf("%s, %d: %d rebuilt, %d expired", c.name, newest, st.MessagesRebuilt, st.MessagesExpired)
			}
		}
	}
}

// TestSumsNotTooFarAhead: a sum is of messages that may be open.
func TestSumsNotTooFarAhead(t *testing.T) {
	for beyond := range uint64(2) {
		s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered}}})
		s.hears(sumOf(0, maxAhead-1+beyond, []byte("x"), []byte("y")))
		if beyond == 0 && !s.e.Open() {
			t.Error("the last one that may be open is refused")
		} else if beyond == 1 && s.closed() != CodeProtocol {
			t.Error("not PROTOCOL")
		}
	}
}

// TestRebuilderGoesAfterManyIDs: when 256 ids came after the newest of the last sum, what is kept for repair
// goes with the next one.
func TestRebuilderGoesAfterManyIDs(t *testing.T) {
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered}}})
	s.hears(sumOf(0, 5, []byte("one"), []byte("two")))
	for id := uint64(6); id <= 5+rebuildFor+1; id++ {
		s.hears(run(1, id, "x"))
		if has := s.e.inbox.receiver(1).rebuild != nil; has != (id <= 5+rebuildFor) {
			t.Fatalf("after id %d: kept %v", id, has)
		}
	}
}

// TestWorkOfASum: a sum costs what it and all that is known of it have to be added.
func TestWorkOfASum(t *testing.T) {
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered}}})
	m := func(n int) []byte { return message(n, 20) }
	s.hears(sumOf(0, 1, m(1), m(0)))
	for id := 2; id < 5; id++ {
		s.hears(run(1, uint64(id), string(m(id))))
	}
	s.hears(sumOf(1, 6, m(6), m(5), m(4), m(3), m(2)))
	symbol := wire.Symbol{Payload: m(6)}
	if spent := rebuildWork - s.e.inbox.rebuilders.work; spent != 4*symbol.Len() {
		t.Errorf("it costs %d bytes, want four of %d", spent, symbol.Len())
	}
}
