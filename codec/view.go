package codec

import "unsafe"

// String reads a string of at most limit bytes. If it is old it is returned, and nothing is
// allocated. Its bytes need not be UTF-8.
func (r *Reader) String(field, old string, limit int) string {
	n := r.length(field, limit)
	if n == 0 {
		return ""
	}
	if n == len(old) && r.holds(bytesOf(old)) {
		r.pos += 8 * uint(n)
		return old
	}
	s := make([]byte, n)
	r.pull(s)
	return unsafe.String(unsafe.SliceData(s), n) // nobody else has s
}

// ViewString reads a string as [Reader.View] reads bytes: it changes when the memory of the
// message does.
func (r *Reader) ViewString(field string, limit int) string {
	s := r.View(field, limit)
	return unsafe.String(unsafe.SliceData(s), len(s))
}

// bytesOf is the memory of a string, to be read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
