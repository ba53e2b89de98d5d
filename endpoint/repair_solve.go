package endpoint

import (
	"math/bits"
	"slices"

	"github.com/tickwire/tickwire/internal/wire"
)

// A sum is one row: the coefficients of 64 ids, each at its id modulo 64, and the bytes.
type sum struct {
	row    []byte // owned
	n      int    // bytes of row that are not zero for certain
	column uint8  // in which it has 1 and all others 0
	newest uint64 // id in it
}

// dropSums gives up all sums.
func (b *rebuilder) dropSums() {
	for len(b.sums) > 0 {
		b.dropSum(len(b.sums) - 1)
	}
}

// dropSum gives up a sum.
func (b *rebuilder) dropSum(i int) { b.all.freeSum(b.take(i)) }

// take removes a sum.
func (b *rebuilder) take(i int) *sum {
	s, last := b.sums[i], len(b.sums)-1
	b.sums[i], b.sums[last] = b.sums[last], nil
	b.sums = b.sums[:last]
	return s
}

// freeSum takes the memory of a sum back.
func (all *rebuilders) freeSum(s *sum) {
	all.buffers.release(s.row)
	*s = sum{}
	all.sums.releaseFew(s, 64)
}

// with returns a sum that has the column; negative: there is none.
func (b *rebuilder) with(slot int) int {
	return slices.IndexFunc(b.sums, func(s *sum) bool { return s.row[slot] != 0 })
}

// takeOut takes a message that is known out of a sum, which then needs another column of its own.
func (b *rebuilder) takeOut(i, slot int, symbol []byte, c byte) {
	s := b.sums[i]
	if !b.all.mayAdd(len(symbol)) {
		b.dropSum(i)
		return
	}
	s.row[slot] = 0
	s.add(symbol, c)
	if int(s.column) == slot && !b.pivot(s) {
		b.dropSum(i)
	}
	b.ripe = true
}

// add adds c times a symbol.
func (s *sum) add(symbol []byte, c byte) {
	wire.MulAdd(s.row[pastIDs:], symbol, c)
	s.n = max(s.n, pastIDs+len(symbol))
}

// addSum adds a sum to what is to be solved, if a message in it is missing.
// One that cannot be solved yet is kept, but not if it is about a message that came and was not
// kept: of that sum nothing will ever come.
func (b *rebuilder) addSum(newest uint64, f *wire.Repair, bytes []byte) error {
	b.moveTo(newest)
	missing, known := 0, 0
	for mask := f.Mask; mask != 0; mask &= mask - 1 {
		id := newest - uint64(bits.TrailingZeros32(mask))
		switch {
		case !b.has(id):
			return nil // it came too late
		case b.past[id%pastIDs].symbol != nil:
			known++
		case b.of.resolvedBefore(id):
			return nil // it is here, and its bytes are not
		default:
			missing++
		}
	}
	if missing == 0 || !b.all.mayAdd((known+1)*len(bytes)) {
		return nil
	}
	s := b.all.sums.fetch()
	s.row, s.n, s.newest = b.all.buffers.fetch(rowBytes), pastIDs+len(bytes), newest
	clear(s.row)
	copy(s.row[pastIDs:], bytes)
	for mask := f.Mask; mask != 0; mask &= mask - 1 {
		id := newest - uint64(bits.TrailingZeros32(mask))
		switch symbol := b.past[id%pastIDs].symbol; {
		case symbol == nil:
			s.row[id%pastIDs] = wire.Coefficient(f.Row, id)
		case len(symbol) > len(bytes):
			b.all.freeSum(s)
			return errProtocol
		default:
			s.add(symbol, wire.Coefficient(f.Row, id))
		}
	}
	b.enter(s)
	return nil
}

// resolvedBefore reports whether a message is known to have come, or not to come.
func (r *receiver) resolvedBefore(id uint64) bool {
	switch {
	case r.cfg.Delivery.Reliable():
		return r.seen.Has(id)
	case r.cfg.Delivery == Unreliable:
		return r.copied != nil && !r.copied.Fresh(id)
	}
	return false
}

// enter makes a sum one of the rows. The one that goes back furthest makes room.
func (b *rebuilder) enter(s *sum) {
	for _, other := range b.sums {
		if c := s.row[other.column]; c != 0 && !b.all.eliminate(s, other, c) {
			b.all.freeSum(s)
			return
		}
	}
	if !b.pivot(s) {
		b.all.freeSum(s) // it says what the others say
		return
	}
	if len(b.sums) == maxSums {
		oldest := 0
		for i := range b.sums {
			if b.sums[i].newest < b.sums[oldest].newest {
				oldest = i
			}
		}
		b.dropSum(oldest)
	}
	b.sums = append(b.sums, s)
	b.ripe = true
}

// eliminate adds c times other to a sum. False: that was too much work for one packet.
func (all *rebuilders) eliminate(s, other *sum, c byte) bool {
	if !all.mayAdd(other.n) {
		return false
	}
	wire.MulAdd(s.row, other.row[:other.n], c)
	s.n = max(s.n, other.n)
	return true
}

// pivot gives a sum a column of its own: the oldest id that is missing in it. False: there is
// none, or that was too much work.
func (b *rebuilder) pivot(s *sum) bool {
	oldest := (b.newest + 1) % pastIDs
	for n := range uint64(pastIDs) {
		slot := (oldest + n) % pastIDs
		c := s.row[slot]
		if c == 0 {
			continue
		}
		s.column = uint8(slot)
		wire.Scale(s.row[:s.n], wire.Reciprocal(c))
		for i := len(b.sums) - 1; i >= 0; i-- {
			other := b.sums[i]
			if c := other.row[slot]; other != s && c != 0 && !b.all.eliminate(other, s, c) {
				b.dropSum(i)
			}
		}
		return true
	}
	return false
}

// solved reports whether a sum has become a message.
func (s *sum) solved() bool {
	for slot, c := range s.row[:pastIDs] {
		if c != 0 && slot != int(s.column) {
			return false
		}
	}
	return true
}

// solve hands on what can be rebuilt, the oldest first.
func (r *receiver) solve(now int64) error {
	b := r.rebuild
	for b != nil && b.ripe {
		first, id := -1, uint64(0)
		for i, s := range b.sums {
			if n := b.newest - (b.newest-uint64(s.column))%pastIDs; (first < 0 || n < id) && s.solved() {
				first, id = i, n
			}
		}
		if b.ripe = first >= 0; !b.ripe {
			return nil
		}
		s := b.take(first)
		err := r.rebuiltArrived(now, id, s.row[pastIDs:s.n])
		b.all.freeSum(s)
		if err != nil {
			return err
		}
		b = r.rebuild
	}
	return nil
}
