package seq

// A Window remembers which of the newest numbers were seen: a bitmap whose
// size is a power of two, behind the largest number so far. It is the replay
// window of RFC 6479 without its blocks: advancing clears the bits that it
// skips, so a lost number never reads as seen after a lap.
//
// All comparisons are by subtraction, so the top of the number space works.
type Window struct {
	bits []uint64
	next uint64 // one more than the largest number marked; 0: nothing yet
	mask uint64
	full bool // the number 2^64 − 1 was marked, next has wrapped to 0
}

// NewWindow returns a window of the given size in numbers, a power of two and
// at least 64.
func NewWindow(size int) Window {
	return Window{bits: make([]uint64, size/64), mask: uint64(size - 1)}
}

// Fresh reports whether n was not marked and is not older than the window.
func (w *Window) Fresh(n uint64) bool {
	if w.full {
		return false
	}
	if n >= w.next {
		return true
	}
	if w.next-n > w.mask+1 {
		return false
	}
	i := n & w.mask
	return w.bits[i/64]&(1<<(i%64)) == 0
}

// Mark records n. Numbers older than the window are ignored, and all of them
// after the last number of all: the window would begin anew.
func (w *Window) Mark(n uint64) {
	if w.full {
		return
	}
	if n >= w.next {
		w.advance(n)
	} else if w.next-n > w.mask+1 {
		return
	}
	i := n & w.mask
	w.bits[i/64] |= 1 << (i % 64)
}

// advance makes n the largest number; its own bit is about to be set.
func (w *Window) advance(n uint64) {
	if n-w.next > w.mask {
		clear(w.bits)
	} else {
		for k := w.next; k < n; k++ {
			i := k & w.mask
			w.bits[i/64] &^= 1 << (i % 64)
		}
	}
	w.next = n + 1
	w.full = w.next == 0
}

// Largest returns the largest number marked; false if there is none.
func (w *Window) Largest() (uint64, bool) {
	return w.next - 1, w.next != 0 || w.full
}

// Reset forgets everything.
func (w *Window) Reset() {
	clear(w.bits)
	w.next, w.full = 0, false
}
