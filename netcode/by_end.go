package netcode

// A byEnd has what ends first on top, by container/heap. Each member knows its place, which
// is -1 for one that was taken out.
type byEnd[T mortal[T]] []T

type mortal[T any] interface {
	endsBefore(other T) bool
	place() *int
}

func (h byEnd[T]) Len() int           { return len(h) }
func (h byEnd[T]) Less(i, j int) bool { return h[i].endsBefore(h[j]) }

func (h byEnd[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	*h[i].place(), *h[j].place() = i, j
}

// Push implements heap.Interface.
func (h *byEnd[T]) Push(x any) {
	t := x.(T)
	*t.place() = len(*h)
	*h = append(*h, t)
}

// Pop implements heap.Interface.
func (h *byEnd[T]) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	clear((*h)[last:])
	*h, *t.place() = (*h)[:last], -1
	return t
}
