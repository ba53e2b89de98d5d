package endpoint

import (
	"runtime"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// heap is how many bytes are in use.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// hoards are what a peer can make a connection with the documented defaults keep, a channel of each
// delivery and a game that takes what comes; and the most of it, as SECURITY.md has it in its table.
var hoards = []struct {
	name string
	most int
	play func(s *script)
}{
	{"pieces, unreliable", 1100 << 10, func(s *script) {
		for id := range uint64(60) {
			for _, d := range []Delivery{Unreliable, UnreliableLatest} {
				s.hears(fragment(chanOf(d), id, 4096, 0, []byte{1}))
			}
		}
	}},
	{"pieces, reliable", 1700 << 10, func(s *script) {
		for id := range uint64(1900) {
			for d := ReliableUnordered; d <= ReliableOrdered; d++ {
				s.hears(fragment(chanOf(d), id*8, 1, 0, []byte{1}))
			}
		}
	}},
	{"droppables", 2300 << 10, func(s *script) {
		for n := range uint64(100) {
			s.hears(droppableFragment(chanOf(ReliableOrdered), 5000, n, 16384, 0, "x"))
		}
	}},
	{"keys", 1800 << 10, func(s *script) {
		for id := uint64(0); id < 60_000; id += 100 {
			for _, d := range []Delivery{UnreliableLatest, ReliableLatest} {
				h := wire.Run{Channel: uint16(chanOf(d)), HasIDs: true, Wide: true, First: id, Count: 100, Options: wire.OptionKeyed}
				packet := wire.AppendRun(nil, &h)
				for i := range uint64(100) {
					packet = append(wire.AppendUvarint(packet, mix(id+i)), 0)
				}
				s.hears(packet)
				s.takes(chanOf(d))
			}
			s.now += millisecond
			s.says()
		}
	}},
	{"sums", 300 << 10, func(s *script) {
		for n := range uint64(200) {
			for d := Unreliable; d <= ReliableOrdered; d++ {
				f := wire.Repair{Channel: uint16(chanOf(d)), Newest: 40 + n, Row: uint8(n % 128), Mask: 0xffffffff}
				s.hears(wire.AppendBytes(wire.AppendRepair(nil, &f), make([]byte, wire.MaxSymbol)))
			}
		}
	}},
	{"acks, a path", 700 << 10, func(s *script) {
		for range 20_000 {
			s.hears([]byte{wire.TypePing})
			s.hears([]byte{wire.TypePing})
			s.packet()
			if s.now += millisecond / 10; s.e.Deadline() <= s.now {
				s.e.HandleTimeout(s.now)
			}
		}
	}},
}

// TestAllocMostOfOne: a peer has us keep all that he can, one kind after the other.
func TestAllocMostOfOne(t *testing.T) {
	if raced {
		return
	}
	for _, h := range hoards {
		s := newScript(t, channels())
		s.e.cfg.Buffers.limit = 0
		before := heap()
		h.play(s)
		kept := heap() - before
		t.Logf("%-20s %8d bytes kept, open %v", h.name, kept, s.e.life.state == stateOpen)
		if kept > h.most || s.e.life.state != stateOpen {
			t.Errorf("%s: %d bytes kept, want %d at most; %v", h.name, kept, h.most, s.e.life.state)
		}
		runtime.KeepAlive(s)
	}
}
