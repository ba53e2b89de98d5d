package endpoint

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// sumOf is a REPAIR of some messages of channel 1, the newest first, which has the id.
func sumOf(row uint8, newest uint64, messages ...[]byte) []byte {
	f, symbol := wire.Repair{Channel: 1, Newest: newest, Row: row}, []byte{}
	for i, m := range messages {
		if m == nil {
			continue
		}
		s := wire.Symbol{Payload: m}
		f.Mask |= 1 << i
		symbol = append(symbol, make([]byte, max(0, s.Len()-len(symbol)))...)
		s.AddTo(symbol, wire.Coefficient(row, newest-uint64(i)))
	}
	return wire.AppendBytes(wire.AppendRepair(nil, &f), symbol)
}

// TestHostileRepair: what no honest peer sends closes the connection.
func TestHostileRepair(t *testing.T) {
	raw := func(channel uint16, newest uint64, mask uint32, symbol string) []byte {
		b := wire.AppendRepair(nil, &wire.Repair{Channel: channel, Newest: newest, Mask: mask})
		return wire.AppendBytes(b, []byte(symbol))
	}
	for name, c := range map[string]struct {
		d      Delivery
		frames [][]byte
	}{
		"a channel that is not there":  {ReliableOrdered, [][]byte{raw(9, 0, 1, "\x00")}},
		"the library's own channel":    {ReliableOrdered, [][]byte{raw(0, 0, 1, "\x00")}},
		"an id below 0":                {ReliableOrdered, [][]byte{raw(1, 0, 3, "\x00")}},
		"an id far ahead":              {ReliableOrdered, [][]byte{raw(1, 1<<14, 1, "\x00")}},
		"a message that is cut":        {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x05abc")}},
		"bytes behind a message":       {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x01a\x00\x01")}},
		"a droppable":                  {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x01a\x04\x00")}},
		"a key in an ordered channel":  {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x01a\x01\x00")}},
		"a group that begins below 0":  {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x01a\x02\x01")}},
		"a group in a Latest channel":  {ReliableLatest, [][]byte{raw(1, 0, 1, "\x01a\x02\x00")}},
		"options of Unreliable":        {Unreliable, [][]byte{raw(1, 0, 1, "\x01a\x01\x00")}},
		"a message that is too large":  {UnreliableLatest, [][]byte{raw(1, 0, 1, "\xfb\x01"+string(make([]byte, 251)))}},
		"shorter than what is in it":   {ReliableOrdered, [][]byte{raw(1, 0, 1, "\x00"), run(1, 1, "hello"), raw(1, 2, 6, "\x00\x00")[:0], raw(1, 2, 7, "\x00\x00")}},
		"REBUILT of another channel":   {ReliableOrdered, [][]byte{wire.AppendRebuilt(nil, 9, 0, 1)}},
		"REBUILT of the library's own": {ReliableOrdered, [][]byte{wire.AppendRebuilt(nil, 0, 0, 1)}},
	} {
		s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: c.d, MaxMessageBytes: 250}}})
		s.hears(c.frames...)
		if code := s.closed(); code != CodeProtocol {
			t.Errorf("%s: %v", name, code)
		}
	}
	t.Log("# credit holds for what is rebuilt")
	s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableUnordered, WindowBytes: 1024}}})
	for id := range uint64(4) {
		s.hears(sumOf(0, id, make([]byte, 250)))
	}
	if code := s.closed(); code != CodeFlow {
		t.Errorf("%v", code)
	}
	t.Log("# REBUILT of what was never sent, or is long settled, means nothing")
	s = newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: ReliableOrdered}}})
	s.hears(wire.AppendRebuilt(nil, 1, 77, 0xffff))
	if !s.e.Open() || s.e.Stats().MessagesRepaired != 0 {
		t.Errorf("%+v", s.e.Stats())
	}
}

// TestRebuildersAreBounded: a cheat sends sums that can never be solved, on all the channels that
// there are: neither memory nor work grows beyond what is said.
func TestRebuildersAreBounded(t *testing.T) {
	cfg := Config{}
	for i := range 40 {
		cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(i + 1), Delivery: []Delivery{ReliableOrdered, UnreliableLatest, Unreliable}[i%3]})
	}
	s := newScript(t, cfg)
	rnd := rand.New(rand.NewPCG(5, 5))
	symbol := bytes.Repeat([]byte{0xa5}, wire.MaxSymbol)
	least := rebuildWork
	for n := range 4000 {
		var frames [][]byte
		for size := 0; size < 1100; {
			f := wire.Repair{Channel: uint16(1 + rnd.IntN(40)), Newest: uint64(40 + n/8), Row: uint8(rnd.IntN(128)), Mask: rnd.Uint32() | 1}
			frames = append(frames, wire.AppendBytes(wire.AppendRepair(nil, &f), symbol[:1+rnd.IntN(wire.MaxSymbol)]))
			size += len(frames[len(frames)-1])
		}
		if n%4 == 0 {
			frames = append(frames, run(ChannelID(3*(n%13)+1), uint64(rnd.IntN(40)), "x"))
		}
		if s.hears(frames...); !s.e.Open() {
			t.Fatalf("packet %d closed it: %v", n, s.closed())
		}
		least = min(least, s.e.inbox.rebuilders.work)
		st := s.e.cfg.Buffers.Stats()
		if len(s.e.inbox.rebuilders.list) > maxRebuilders || st.BytesInUse > maxRebuilders*(pastIDs*wire.MaxSymbol+maxSums*1024)+64<<10 {
			t.Fatalf("%d rebuilders, %+v", len(s.e.inbox.rebuilders.list), st)
		}
	}
	t.Logf("%d rebuilders, %+v", len(s.e.inbox.rebuilders.list), s.e.cfg.Buffers.Stats())
	if least < 0 || least > wire.MaxSymbol {
		t.Errorf("%d bytes of work are left in the worst packet", least)
	}
}

// FuzzRepair hands an endpoint sums and messages of a peer that may lie: whatever it is, the
// bounds hold, and what is honest is rebuilt as it was.
func FuzzRepair(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0x83, 4, 5, 0x86, 7, 8, 9}, uint8(0))
	f.Add([]byte{0x80, 0x81, 2, 3, 0x84, 5, 6, 0x87, 8, 9, 10, 11}, uint8(1))
	f.Add([]byte{0, 0x81, 0x82, 0x83, 4, 5, 6, 7, 8, 0xc3, 0xc9}, uint8(2))
	f.Add([]byte{0, 1, 0xff, 3, 4}, uint8(4))
	f.Fuzz(func(t *testing.T, b []byte, kind uint8) {
		d := deliveries[int(kind)%len(deliveries)]
		s := newScript(t, Config{Channels: []ChannelConfig{{ID: 1, Delivery: d, WindowBytes: 1 << 20, MaxMessageBytes: 1000}}})
		of := func(id uint64) []byte { return message(int(id), 8+int(id*7)%200) }
		seen := map[string]bool{}
		for n, op := range b[:min(len(b), 300)] {
			id := uint64(n)
			switch {
			case op >= 0xf0:
				s.hears(append([]byte{wire.TypeRepair, 1}, b[n:]...))
				checkBounds(t, s.e)
				return // it was malformed, or may have been a lie about what comes
			case op < 0x80: // it arrives, with a sum of some before it
				run := wire.Run{Channel: 1, HasIDs: true, First: id, Count: 1}
				s.hears(wire.AppendBytes(wire.AppendRun(nil, &run), of(id)), sumBefore(id, uint8(n), op, of))
			case op < 0xc0: // it is lost
			default: // it comes late
				late := id - min(id, uint64(op&7))
				run := wire.Run{Channel: 1, HasIDs: true, First: late, Count: 1}
				s.hears(wire.AppendBytes(wire.AppendRun(nil, &run), of(late)))
			}
			if !s.e.Open() {
				t.Fatalf("an honest peer: %v", s.closed())
			}
			checkBounds(t, s.e)
			s.e.Update()
			for m, ok := s.e.Receive(1); ok; m, ok = s.e.Receive(1) {
				var k uint64
				if _, err := fmt.Sscanf(string(m.Bytes()[:8]), "%d", &k); err != nil || !bytes.Equal(m.Bytes(), of(k)) || seen[string(m.Bytes())] {
					t.Fatalf("%q came", m.Bytes())
				}
				seen[string(m.Bytes())] = true
			}
		}
	})
}

// sumBefore is a sum of messages below an id.
func sumBefore(id uint64, row, mask byte, of func(uint64) []byte) []byte {
	if id == 0 {
		return nil
	}
	messages := make([][]byte, min(id, 7))
	for i := range messages {
		if i == 0 || mask>>i&1 != 0 {
			messages[i] = of(id - 1 - uint64(i))
		}
	}
	return sumOf(row&wire.MaxRepairRow, id-1, messages...)
}
