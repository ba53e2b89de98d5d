package simnet

import "container/heap"

// A flight holds the datagrams that are past the bottleneck, and yields them in
// order of arrival. Nearly all arrive in the order they set out in; these are
// in a ring, and only the stragglers need a heap.
type flight struct {
	steady ring
	stray  strays
	order  uint64
}

func (f *flight) len() int { return f.steady.n + len(f.stray) }

// launch takes in p, which arrives at p.at.
func (f *flight) launch(p *packet, stray bool) {
	p.order = f.order
	f.order++
	if stray {
		heap.Push(&f.stray, p)
	} else {
		f.steady.push(p)
	}
}

// front returns the packet that arrives first, or nil.
func (f *flight) front() *packet {
	p := f.steady.front()
	if len(f.stray) > 0 && (p == nil || sooner(f.stray[0], p)) {
		p = f.stray[0]
	}
	return p
}

// pop removes what front returned.
func (f *flight) pop(p *packet) {
	if f.steady.front() == p {
		f.steady.pop()
	} else {
		heap.Pop(&f.stray)
	}
}

func sooner(a, b *packet) bool {
	return a.at < b.at || a.at == b.at && a.order < b.order
}

// strays is a heap by time of arrival.
type strays []*packet

func (s strays) Len() int           { return len(s) }
func (s strays) Less(i, j int) bool { return sooner(s[i], s[j]) }
func (s strays) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *strays) Push(x any)        { *s = append(*s, x.(*packet)) }
func (s *strays) Pop() any {
	last := len(*s) - 1
	p := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	return p
}
