package endpoint

import (
	"bytes"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// worstBytes is about how much fits a packet.
const worstBytes = 1100

func worstChannels() Config {
	cfg := channels()
	cfg.Congestion.Kind = CongestionOff
	cfg.MaxPaths = maxPaths
	return cfg
}

// repeated fills a packet with frames.
func repeated(frame func() []byte) []byte {
	var packet []byte
	for {
		f := frame()
		if len(packet)+len(f) > worstBytes {
			return packet
		}
		packet = append(packet, f...)
	}
}

// emptyRun is as many messages of a byte each as a packet has room for.
func emptyRun(h wire.Run) []byte {
	h.HasIDs, h.Wide, h.Count = true, true, worstBytes-20
	return append(wire.AppendRun(nil, &h), make([]byte, h.Count)...)
}

// worstPackets are packets of an authenticated peer that are as much work as he can make: what comes before
// them, and the nth of them.
var worstPackets = []struct {
	name   string
	before func(s *script)
	packet func(s *script, n uint64) []byte
}{
	{"PADDING", nil, func(*script, uint64) []byte { return make([]byte, worstBytes) }},
	{"PING", nil, func(*script, uint64) []byte { return bytes.Repeat([]byte{wire.TypePing}, worstBytes) }},
	{"ACK", func(s *script) {
		for range 3000 { // of which none is forgotten, since the first is not acknowledged
			if _, err := s.e.Send(chanOf(Unreliable), make([]byte, 1000), SendOptions{}); err == nil {
				s.says()
			}
		}
	}, func(s *script, _ uint64) []byte {
		sent := &s.e.paths.all[0].sent
		last := sent.End() - 1
		first := last
		for sent.Has(first-1) && first-1 > sent.Base() && sent.At(first-1).state != packetUnsent {
			first--
		}
		return append(ack(first, last), ack(first, last)...)
	}},
	{"ACK, of two paths", acksAloneOnPaths, func(s *script, _ uint64) []byte {
		return append(ackOfAll(s.e.paths.all[0], false), ackOfAll(s.e.paths.all[7], true)...)
	}},
	{"RUN, Unreliable", nil, func(_ *script, n uint64) []byte {
		return repeated(func() []byte {
			return append(wire.AppendRun(nil, &wire.Run{Channel: uint16(chanOf(Unreliable)), Count: 31}), make([]byte, 31)...)
		})
	}},
	{"RUN, ReliableUnordered", nil, func(s *script, n uint64) []byte {
		return emptyRun(wire.Run{Channel: uint16(chanOf(ReliableUnordered)), First: n * (worstBytes - 20)})
	}},
	{"RUN, the first comes last", nil, func(s *script, n uint64) []byte {
		return repeated(func() []byte {
			r := s.e.inbox.receiver(uint16(chanOf(ReliableOrdered)))
			at := r.seen.Base() + 1 + (n*977+s.number*31)%1500
			if n++; r.seen.Has(at) || r.limit-r.started < 1000 {
				return run(chanOf(ReliableOrdered), r.seen.Base(), "")
			}
			return run(chanOf(ReliableOrdered), at, "")
		})
	}},
	{"RUN, new keys", nil, func(_ *script, n uint64) []byte {
		h := wire.Run{Channel: uint16(chanOf(UnreliableLatest)), HasIDs: true, First: n * 100, Count: 100, Options: wire.OptionKeyed}
		b := wire.AppendRun(nil, &h)
		for i := range uint64(100) {
			b = append(wire.AppendUvarint(b, mix(n*100+i)), 0)
		}
		return b
	}},
	{"RUN, droppables before their turn", nil, func(_ *script, n uint64) []byte {
		return emptyRun(wire.Run{Channel: uint16(chanOf(ReliableOrdered)), First: 10_000 - n%5000, Options: wire.OptionDroppable})
	}},
	{"FRAGMENT, Unreliable", nil, func(_ *script, n uint64) []byte {
		id := n * 1000
		return repeated(func() []byte { id++; return fragment(chanOf(Unreliable), id, 1, 0, []byte{1}) })
	}},
	{"FRAGMENT, far ahead", nil, func(s *script, n uint64) []byte {
		r := s.e.inbox.receiver(uint16(chanOf(ReliableUnordered)))
		return repeated(func() []byte {
			n += 7919
			if r.limit-r.started < 10_000 {
				return []byte{wire.TypePing}
			}
			return fragment(chanOf(ReliableUnordered), r.seen.Base()+n%maxAhead, 1, 0, []byte{1})
		})
	}},
	{"FRAGMENT, crumbs", nil, func(s *script, n uint64) []byte {
		at := 60_000 - int(n%50)*600
		return repeated(func() []byte { at -= 2; return fragment(chanOf(ReliableLatest), 0, at, 0, []byte{1}) })
	}},
	{"SKIP", func(s *script) {
		far := wire.Run{Channel: uint16(chanOf(ReliableOrdered)), HasIDs: true, First: maxAhead - 1, Count: 1, Options: wire.OptionGroup, Back: 5}
		s.hears(append(wire.AppendRun(nil, &far), 0))
	}, func(_ *script, n uint64) []byte {
		return wire.AppendSkip(nil, uint16(chanOf(ReliableOrdered)), uint32(n%15*1000), make([]int, 1000))
	}},
	{"WINDOW", nil, func(_ *script, n uint64) []byte {
		return repeated(func() []byte { n++; return wire.AppendWindow(nil, uint16(chanOf(ReliableOrdered)), uint32(n)) })
	}},
	{"BLOCKED", func(s *script) {
		for id := range uint64(1000) {
			s.hears(run(chanOf(ReliableOrdered), id, ""))
		}
	}, func(_ *script, n uint64) []byte {
		return repeated(func() []byte { return wire.AppendBlocked(nil, uint16(chanOf(ReliableOrdered)), 1<<30) })
	}},
	{"STORED", nil, func(_ *script, n uint64) []byte {
		return wire.AppendStored(nil, uint16(chanOf(Unreliable)), make([]uint32, 60))
	}},
	{"STORED, droppables that nobody has", func(s *script) {
		droppablesUnderway(s, 1500)
	}, func(s *script, n uint64) []byte {
		if n%5 == 0 { // those from before are given up after a second
			droppablesUnderway(s, 50)
		}
		ids := make([]uint32, 270)
		for i := range ids {
			ids[i] = uint32(n*270+uint64(i))<<16 | uint32(i%3)
		}
		return wire.AppendStored(nil, uint16(chanOf(ReliableOrdered)), ids)
	}},
	{"REBUILT", nil, func(_ *script, n uint64) []byte {
		return repeated(func() []byte { return wire.AppendRebuilt(nil, uint16(chanOf(Unreliable)), n, 1<<31|1) })
	}},
	{"REPAIR", nil, func(_ *script, n uint64) []byte {
		row := uint8(n)
		return repeated(func() []byte {
			row++
			f := wire.Repair{Channel: uint16(chanOf(UnreliableLatest)), Newest: 40 + n*40, Row: row % 128, Mask: 0xffffffff}
			return wire.AppendBytes(wire.AppendRepair(nil, &f), bytes.Repeat([]byte{0xa5}, 64))
		})
	}},
	{"HOLD", nil, func(_ *script, n uint64) []byte {
		return repeated(func() []byte { n++; return wire.AppendHold(nil, n, 0) })
	}},
	{"PATH_CHALLENGE", nil, func(_ *script, n uint64) []byte {
		return repeated(func() []byte { n++; return wire.AppendPathChallenge(nil, n) })
	}},
	{"PATH_RESPONSE", nil, func(_ *script, n uint64) []byte {
		return repeated(func() []byte { n++; return wire.AppendPathResponse(nil, n) })
	}},
	{"PATH_STATUS", nil, func(_ *script, n uint64) []byte {
		return repeated(func() []byte {
			n++
			return wire.AppendPathStatus(nil, &wire.PathStatus{Path: uint8(n % 8), Serial: n, Weight: 1})
		})
	}},
}

// acksAloneOnPaths opens all paths, and has as many packets of acks alone remembered on each as there may
// be, since the first one is not acknowledged.
func acksAloneOnPaths(s *script) {
	var next [maxPaths]uint64
	hears := func(p uint8, frames []byte) {
		s.e.HandlePacket(s.now, Incoming{Path: p, From: Route(p), Number: next[p], Frames: frames})
		next[p]++
	}
	for p := uint8(1); p < maxPaths; p++ {
		s.opensFrom(Route(p), p, 1, 0)
		next[p]++
		hears(p, response(s.asked()[Route(p)]))
	}
	for range maxSentAcks {
		for p := range uint8(maxPaths) {
			hears(p, []byte{wire.TypePing, wire.TypePing})
			hears(p, []byte{wire.TypePing})
		}
		s.says()
		s.now += millisecond / 100
	}
	s.number = next[0]
}

// ackOfAll acknowledges all that is remembered of a path but its first packet, and what was left out.
func ackOfAll(p *path, other bool) []byte {
	last := p.sent.End() - 1
	a := &wire.Ack{HasPath: other, Path: p.id, Largest: last, Wide: true}
	for n := p.sent.Base() + 1; n <= last; n++ {
		end := n
		for end <= last && p.sent.At(end).state != packetUnsent {
			end++
		}
		if end > n {
			a.Ranges = append(a.Ranges, wire.AckRange{Newest: last - (end - 1), Oldest: last - n})
		}
		n = end
	}
	if slices.Reverse(a.Ranges); len(a.Ranges) == 0 {
		a.Ranges = []wire.AckRange{{}} // only one is left
	}
	return wire.AppendAck(nil, a)
}

// droppablesUnderway has the endpoint send droppables in pieces, with receipts. The peer acknowledges all
// pieces, and says of none that it has it whole.
func droppablesUnderway(s *script, n int) {
	ch, acked := chanOf(ReliableOrdered), s.e.paths.all[0].sent.Base()
	for range n {
		if _, err := s.e.Send(ch, make([]byte, 1300), SendOptions{Receipt: true, Droppable: true}); err != nil {
			return
		}
		s.says()
		for sent := &s.e.paths.all[0].sent; acked < sent.End(); acked++ {
			if sent.Has(acked) && sent.At(acked).state == packetInFlight {
				s.hears(ack(acked, acked))
			}
		}
	}
}

// visits is how many entries of the tables that a peer fills were looked at so far.
func (e *Endpoint) visits() (n uint64) {
	for _, p := range e.paths.all {
		n += p.ackVisits
	}
	for i := range e.outbox.senders {
		if s := e.outbox.senderAt(i); s.droppables != nil {
			n += s.droppables.storedVisits
		}
	}
	for i := range e.inbox.receivers {
		r := e.inbox.receiverAt(i)
		n += r.waiting.visits + r.droppables.visits + r.keys.table.visits + r.unfinished.visits
	}
	return n
}

// live has the game take what came, and the endpoint say what it has to.
func (s *script) live(buf []byte) {
	s.e.Update()
	for i := range s.e.inbox.receivers {
		for _, ok := s.e.Receive(ChannelID(s.e.inbox.receiverAt(i).id)); ok; {
			_, ok = s.e.Receive(ChannelID(s.e.inbox.receiverAt(i).id))
		}
	}
	s.now += 10 * millisecond
	s.e.HandleTimeout(s.now)
	for range 10 {
		if _, ok := nextPacket(s.e, s.now, func(Header) ([]byte, Envelope) { return buf[:0], Envelope{Tail: 1200 - worstBytes} }); !ok {
			break
		}
	}
}

// TestAllocWorstPackets: a packet is bounded work and bounded garbage, whatever is in it.
func TestAllocWorstPackets(t *testing.T) {
	if raced {
		return
	}
	for _, w := range worstPackets {
		s, buf := newScript(t, worstChannels()), make([]byte, 0, worstBytes)
		if w.before != nil {
			w.before(s)
		}
		const packets = 400
		began, most, garbage := s.e.visits(), uint64(0), 0
		for n := range uint64(packets) {
			packet := w.packet(s, n)
			before := s.e.visits()
			garbage += allocated(func() { s.e.HandlePacket(s.now, Incoming{Number: s.number, Frames: packet}) })
			s.number++
			if most = max(most, s.e.visits()-before); !s.e.Open() {
				t.Fatalf("%s: packet %d ended the connection: %v", w.name, n, s.closed())
			}
			s.live(buf)
		}
		usual := (s.e.visits() - began) / packets
		t.Logf("%-34s %5d visits, at most %5d; %5d bytes allocated for a packet", w.name, usual, most, garbage/packets)
		if usual > 8*worstBytes || most > 32*worstBytes || garbage/packets > 10*worstBytes {
			t.Errorf("%s: %d visits, at most %d, %d bytes for a packet", w.name, usual, most, garbage/packets)
		}
	}
}

// BenchmarkWorstPackets is what such a packet takes.
func BenchmarkWorstPackets(b *testing.B) {
	for _, w := range worstPackets {
		b.Run(w.name, func(b *testing.B) {
			s, buf := newScript(b, worstChannels()), make([]byte, 0, worstBytes)
			if w.before != nil {
				w.before(s)
			}
			b.ReportAllocs()
			for n := uint64(0); b.Loop(); n++ {
				b.StopTimer()
				packet := w.packet(s, n)
				s.live(buf)
				s.number++
				b.StartTimer()
				s.e.HandlePacket(s.now, Incoming{Number: s.number, Frames: packet})
			}
		})
	}
}
