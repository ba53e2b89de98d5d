package seq

import "slices"

// A Span is the bytes [From, To) of a message.
type Span struct{ From, To int }

// Spans is a set of bytes as spans in ascending order, disjoint and not
// adjacent: which bytes of a message have come, or were acknowledged. One that
// is in use must not be copied, unless what it was copied from is not used any
// more: the first spans, which are all that most messages need, lie in it.
type Spans struct {
	list  []Span
	first [3]Span
}

// All returns the spans in ascending order; valid until the next change.
func (s *Spans) All() []Span { return s.list }

// Len is how many spans there are.
func (s *Spans) Len() int { return len(s.list) }

// Reset empties the set and keeps its memory.
func (s *Spans) Reset() { s.list = s.list[:0] }

// Covers reports whether all of [from, to) is in the set.
func (s *Spans) Covers(from, to int) bool {
	i := s.find(from)
	return from >= to || i < len(s.list) && s.list[i].From <= from && to <= s.list[i].To
}

// Touches reports whether [from, to) overlaps a span or borders on one, so that
// adding it makes no further one.
func (s *Spans) Touches(from, to int) bool {
	i := s.find(from - 1)
	return i < len(s.list) && s.list[i].From <= to
}

// find returns the first span that ends behind at.
func (s *Spans) find(at int) int {
	lo, hi := 0, len(s.list)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if s.list[mid].To <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// Gap returns the first part of [from, to) that is not in the set; false if
// there is none.
func (s *Spans) Gap(from, to int) (Span, bool) {
	for i := s.find(from); from < to; i++ {
		if i == len(s.list) || s.list[i].From >= to {
			return Span{from, to}, true
		}
		if s.list[i].From > from {
			return Span{from, s.list[i].From}, true
		}
		from = s.list[i].To
	}
	return Span{}, false
}

// Add adds [from, to) and returns how many of its bytes were new.
func (s *Spans) Add(from, to int) (fresh int) {
	if from >= to {
		return 0
	}
	if s.list == nil {
		s.list = s.first[:0]
	}
	if last := len(s.list) - 1; last >= 0 && s.list[last].To == from { // in order
		s.list[last].To = to
		return to - from
	}
	i := s.find(from)
	if i > 0 && s.list[i-1].To == from {
		i--
	}
	j, lo, hi, had := i, from, to, 0
	for j < len(s.list) && s.list[j].From <= to {
		lo, hi = min(lo, s.list[j].From), max(hi, s.list[j].To)
		had += min(to, s.list[j].To) - max(from, s.list[j].From)
		j++
	}
	if i == j {
		s.list = slices.Insert(s.list, i, Span{lo, hi})
	} else {
		s.list[i] = Span{lo, hi}
		s.list = slices.Delete(s.list, i+1, j)
	}
	return to - from - had
}

// Remove takes [from, to) out of the set.
func (s *Spans) Remove(from, to int) {
	for i := s.find(from); from < to && i < len(s.list) && s.list[i].From < to; {
		sp := s.list[i]
		switch {
		case sp.From < from && sp.To > to:
			s.list[i].To = from
			s.list = slices.Insert(s.list, i+1, Span{to, sp.To})
			return
		case sp.From < from:
			s.list[i].To = from
			i++
		case sp.To > to:
			s.list[i].From = to
			return
		default:
			s.list = slices.Delete(s.list, i, i+1)
		}
	}
}
