package simnet

import (
	"container/heap"
	"math"
)

// A schedule knows which of many links has something to do first. Links that
// are due at the same time come in the order in which they were made.
type schedule struct {
	due   linkHeap
	links uint64
}

// scheduled is a link's place in a schedule.
type scheduled struct {
	at    int64
	order uint64
	index int // in the heap; -1 if nothing is inside the link
}

var unscheduled = scheduled{index: -1}

// adopt makes l a link of this schedule.
func (s *schedule) adopt(l *Link) {
	l.schedule.order = s.links
	s.links++
}

// update puts l where its next event belongs.
func (s *schedule) update(l *Link) {
	at, ok := l.Next()
	switch i := l.schedule.index; {
	case ok && i < 0:
		l.schedule.at = at
		heap.Push(&s.due, l)
	case ok && at != l.schedule.at:
		l.schedule.at = at
		heap.Fix(&s.due, i)
	case !ok && i >= 0:
		heap.Remove(&s.due, i)
	}
}

// front returns the link that is due first, or nil.
func (s *schedule) front() *Link {
	if len(s.due) == 0 {
		return nil
	}
	return s.due[0]
}

// earliest returns when front is due, the end of time if there is none.
func (s *schedule) earliest() int64 {
	if len(s.due) == 0 {
		return math.MaxInt64
	}
	return s.due[0].schedule.at
}

// remove takes l out.
func (s *schedule) remove(l *Link) {
	if l.schedule.index >= 0 {
		heap.Remove(&s.due, l.schedule.index)
	}
}

type linkHeap []*Link

func (h linkHeap) Len() int { return len(h) }
func (h linkHeap) Less(i, j int) bool {
	a, b := &h[i].schedule, &h[j].schedule
	return a.at < b.at || a.at == b.at && a.order < b.order
}
func (h linkHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].schedule.index, h[j].schedule.index = i, j
}
func (h *linkHeap) Push(x any) {
	l := x.(*Link)
	l.schedule.index = len(*h)
	*h = append(*h, l)
}
func (h *linkHeap) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	l.schedule.index = -1
	return l
}
