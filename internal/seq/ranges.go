package seq

// A Range is the numbers [First, Last].
type Range struct{ First, Last uint64 }

// Ranges is a set of numbers as ranges in descending order, at most as many as
// its limit: the lowest range is dropped when there would be more. It is the
// acknowledgement state of RFC 9000, 13.2.3.
type Ranges struct {
	list  []Range // descending, disjoint and not adjacent
	limit int
}

// NewRanges returns an empty set of at most limit ranges.
func NewRanges(limit int) Ranges { return Ranges{limit: limit} }

// All returns the ranges, the highest first; valid until the next change.
func (r *Ranges) All() []Range { return r.list }

// Add adds n and reports whether it was not in the set.
func (r *Ranges) Add(n uint64) bool {
	i := 0
	for i < len(r.list) && r.list[i].First > n {
		i++
	}
	if i < len(r.list) && r.list[i].Last >= n {
		return false
	}
	above := i > 0 && r.list[i-1].First == n+1
	below := i < len(r.list) && r.list[i].Last+1 == n
	switch {
	case above && below:
		r.list[i-1].First = r.list[i].First
		r.list = append(r.list[:i], r.list[i+1:]...)
	case above:
		r.list[i-1].First = n
	case below:
		r.list[i].Last = n
	default:
		r.insert(i, n)
	}
	return true
}

func (r *Ranges) insert(i int, n uint64) {
	r.list = append(r.list, Range{})
	copy(r.list[i+1:], r.list[i:])
	r.list[i] = Range{n, n}
	if len(r.list) > r.limit {
		r.list = r.list[:len(r.list)-1]
	}
}

// Forget drops all numbers below n.
func (r *Ranges) Forget(n uint64) {
	for len(r.list) > 0 {
		low := &r.list[len(r.list)-1]
		if low.First >= n {
			return
		}
		if low.Last >= n {
			low.First = n
			return
		}
		r.list = r.list[:len(r.list)-1]
	}
}
