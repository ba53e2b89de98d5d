package endpoint

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// FuzzMeddling plays a game of two ends, as FuzzOperations does, while somebody on the way changes
// packets, and slips others in, at both ends at once. What arrives then is anybody's word; but
// nothing panics, memory stays within its bounds at each step, every receipt resolves once, and all
// memory comes back.
func FuzzMeddling(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(meddlingSeed(rand.New(rand.NewPCG(seed, 0x6d6564646c65))), uint16(seed)+uint16(seed%4)<<7)
	}
	f.Fuzz(func(t *testing.T, ops []byte, variant uint16) {
		m := meddled{game: newGame(t, variant, second)}
		for ops = ops[:min(len(ops), 1500)]; len(ops) > 1; {
			ops = m.play(ops[0], ops[1], ops[2:])
		}
		m.finish()
	})
}

// meddlingSeed makes up a game in which most packets are let alone, so that it goes on for a while.
func meddlingSeed(rnd *rand.Rand) (ops []byte) {
	d := deliveries[rnd.IntN(5)]
	slips := [][]byte{
		run(chanOf(d), 500, "far"), run(chanOf(d), 0, "near"), fragment(chanOf(d), 600, 0, 20, []byte("0123456789")),
		wire.AppendWindow(nil, uint16(chanOf(d)), 1<<20), wire.AppendBlocked(nil, uint16(chanOf(d)), 1<<20), {wire.TypePing},
		wire.AppendPathChallenge(nil, 5), wire.AppendPathResponse(nil, 5), wire.AppendPathStatus(nil, &wire.PathStatus{Path: uint8(rnd.IntN(3)), Serial: 1, State: wire.PathState(rnd.IntN(4)), Weight: 1}),
		wire.AppendDraining(nil, wire.Draining), wire.AppendDraining(nil, wire.Drained), run(0, 0, "\x01a ticket"), run(0, 1, "\x03"),
		ack(0, 1), ack(3, 3), wire.AppendSkip(nil, uint16(chanOf(d)), 3, []int{1, 2, 3}), wire.AppendStored(nil, uint16(chanOf(d)), []uint32{0, 1}),
	}
	for range 200 {
		side, b := byte(rnd.IntN(2))<<7, byte(rnd.Uint32())
		switch n := rnd.IntN(100); {
		case n < 50:
			ops = append(ops, side|byte(rnd.IntN(8))<<4, b)
		case n < 75:
			ops = append(ops, 4, b%40)
		case n < 92:
			ops = append(ops, side|5, 0)
		case n < 98:
			ops = append(ops, side|byte(rnd.IntN(16))<<3|6, b)
		default:
			p := append([]byte{byte(rnd.IntN(60)), 0}, slips[rnd.IntN(len(slips))]...)
			ops = append(append(ops, side|7, byte(len(p))), p...)
		}
	}
	return ops
}

// A meddled game is one whose rules nobody keeps.
type meddled struct {
	*game
	fates [2]map[Receipt]EventKind
}

// play makes one thing happen, and returns what is left to play.
func (m *meddled) play(a, b byte, rest []byte) []byte {
	end := int(a >> 7)
	m.closed = m.closed || !m.ends[0].Open() || !m.ends[1].Open()
	switch a & 7 {
	case 0, 1:
		m.message(end, deliveries[int(b)%5], 8+20*int(b), a>>4&7, b)
	case 2:
		m.jump(a>>4&7, b)
	case 3:
		if m.mesh != nil && b >= 70 {
			m.path(end, a>>4&7, b)
		} else {
			m.leave(end, b)
		}
	case 4:
		m.pair.run(time.Duration(b) * time.Millisecond)
	case 5:
		m.take(end)
	case 6: // a packet that is under way changes, most likely towards its end
		m.flush()
		if l := m.link(end, a); len(l.flight) > 0 {
			p := l.flight[int(b)%len(l.flight)].b
			p[len(p)-1-int(b)*int(b)/256%len(p)] ^= a>>3&15 + 1
		}
	case 7: // and one comes that nobody sent
		n := min(int(b), len(rest))
		if m.mesh != nil {
			m.slipIn(end, rest[:n])
		} else {
			m.ends[end].HandleDatagram(m.now, rest[:n])
		}
		rest = rest[n:]
	}
	for _, e := range m.ends {
		checkBounds(m.t.(*testing.T), e.Endpoint)
	}
	return rest
}

// take reads what an end has for its game.
func (m *meddled) take(end int) {
	for _, d := range deliveries {
		m.received(end, chanOf(d))
	}
	if m.fates[end] == nil {
		m.fates[end] = map[Receipt]EventKind{}
	}
	for _, ev := range m.events(end) {
		if ev.Kind != Delivered && ev.Kind != Lost {
			continue
		}
		if was := m.fates[end][ev.Receipt]; was != NoEvent || m.of[end][ev.Receipt] == nil {
			m.t.Fatalf("end %d: %v, after %v", end, ev, was)
		}
		m.fates[end][ev.Receipt] = ev.Kind
	}
}

// finish closes both ends: each receipt has its fate, and checkLeaks looks for the rest.
func (m *meddled) finish() {
	for end := range m.ends {
		m.ends[end].Close(m.now, CodeNone, "")
	}
	m.pair.run(20 * second)
	for end := range m.ends {
		m.take(end)
		if n := len(m.of[end]); len(m.fates[end]) != n {
			m.t.Errorf("end %d: %d receipts of %d have a fate", end, len(m.fates[end]), n)
		}
	}
}
