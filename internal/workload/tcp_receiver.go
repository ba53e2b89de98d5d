package workload

import "encoding/binary"

// A tcpReceiver answers each segment with what is expected next and with up to three ranges
// that arrived above that: the one which the segment is in, and then the highest (RFC 2018).
type tcpReceiver struct {
	expected uint32
	above    []tcpRange // ascending, none touches another one
	owed     []uint32   // segments that were not answered yet
	answers  uint64
	got      *meter
}

// A tcpRange is of segments, without to.
type tcpRange struct{ from, to uint32 }

const tcpRanges = 3 // what fits beside timestamps

// arrive implements host.
func (r *tcpReceiver) arrive(now int64, _ uint64, b []byte) {
	n := binary.LittleEndian.Uint32(b)
	r.owed = append(r.owed, n)
	if n < r.expected {
		return
	}
	r.insert(n)
	if first := r.above[0]; first.from == r.expected {
		r.got.add(now, int(first.to-first.from)*tcpBytes)
		r.expected = first.to
		r.above = r.above[:copy(r.above, r.above[1:])]
	}
}

// insert adds a segment to the ranges.
func (r *tcpReceiver) insert(n uint32) {
	i := 0
	for i < len(r.above) && r.above[i].to < n {
		i++
	}
	switch {
	case i == len(r.above) || n+1 < r.above[i].from:
		r.above = append(r.above, tcpRange{})
		copy(r.above[i+1:], r.above[i:])
		r.above[i] = tcpRange{n, n + 1}
	case n+1 == r.above[i].from:
		r.above[i].from = n
	case n == r.above[i].to:
		r.above[i].to++
		if i+1 < len(r.above) && r.above[i+1].from == n+1 {
			r.above[i].to = r.above[i+1].to
			r.above = append(r.above[:i+1], r.above[i+2:]...)
		}
	}
}

// wake implements host.
func (r *tcpReceiver) wake(now int64) {}

// next implements host.
func (r *tcpReceiver) next(now int64, dst []byte) (number uint64, _ []byte) {
	if len(r.owed) == 0 {
		return 0, dst
	}
	n := r.owed[0]
	r.owed = r.owed[:copy(r.owed, r.owed[1:])]
	dst = binary.LittleEndian.AppendUint32(dst, r.expected)
	room := tcpRanges
	for _, g := range r.above {
		if g.from <= n && n < g.to {
			dst = appendRange(dst, g)
			room--
		}
	}
	for i := len(r.above) - 1; i >= 0 && room > 0; i-- {
		if g := r.above[i]; n < g.from || n >= g.to {
			dst = appendRange(dst, g)
			room--
		}
	}
	r.answers++
	return r.answers, dst
}

func appendRange(dst []byte, g tcpRange) []byte {
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(dst, g.from), g.to)
}

// deadline implements host.
func (r *tcpReceiver) deadline(now int64) int64 { return never }
