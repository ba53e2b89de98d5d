package codec_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/codec"
)

// slowly writes the low n bits of v, and then s, bit by bit.
func slowly(front int, v uint64, n uint, s string) []byte {
	var bits []bool
	put := func(v uint64, n uint) {
		for i := range n {
			bits = append(bits, v>>i&1 != 0)
		}
	}
	put(1<<front-1, uint(front))
	put(v, n)
	for _, c := range []byte(s) {
		put(uint64(c), 8)
	}
	wire := make([]byte, (len(bits)+7)/8)
	for i, bit := range bits {
		wire[i/8] |= byte(codec.Bool(bit)) << (i % 8)
	}
	return wire
}

// someText has n bytes of which any two neighbours differ.
func someText(n int) string {
	s := make([]byte, n)
	for i := range s {
		s[i] = byte(i*37 + i/7 + 11)
	}
	return string(s)
}

// TestTextAt writes and reads texts of all lengths at all places of a byte, behind heads of all
// widths, into memory that is exactly as large as must be.
func TestTextAt(t *testing.T) {
	for size := range 72 {
		s := someText(size)
		for front := range 8 {
			for n := uint(7); n <= 56; n += 1 + uint(size)%5 {
				head := uint64(size) | 0x1a5a5a5a5a5a5a<<7&(1<<n-1)
				want := slowly(front, head, n, s)
				w := writer(make([]byte, 0, len(want)+8), len(want))
				w.Bits(1<<front-1, uint(front))
				w.Text(head, n, s)
				got, err := w.Finish()
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%d bytes behind %d and %d bits: %x, want %x, %v", size, front, n, got, want, err)
				}
				readsText(t, fmt.Sprintf("%d bytes behind %d and %d bits", size, front, n), want, uint(front), n, s)
			}
		}
	}
}

// readsText reads a text in each way that there is.
func readsText(t *testing.T, what string, wire []byte, front, n uint, s string) {
	t.Helper()
	start := func(wire []byte) (r codec.Reader, size uint64) {
		r = reader(wire)
		r.Bits(front)
		return r, r.Bits(n) & 0x7f
	}
	check := func(way, got string, r *codec.Reader) {
		t.Helper()
		if err := r.Finish("m"); got != s || err != nil || !r.Complete() {
			t.Fatalf("%s, %s: %q, want %q, %v", what, way, got, s, err)
		}
	}
	r, size := start(wire)
	check("new", r.Text("m", "", size, 100), &r)
	r, size = start(wire)
	check("the same", r.Text("m", strings.Clone(s), size, 100), &r)
	for i := range s { // nearly the same
		other := []byte(s)
		other[i] ^= 0x80 >> (i % 8)
		r, size = start(wire)
		check("but for one bit", r.Text("m", string(other), size, 100), &r)
	}
	r, size = start(wire)
	check("into memory", string(r.Raw("m", make([]byte, 3, 80), size, 100)), &r)
	r, size = start(append(wire[:len(wire):len(wire)], 1, 2, 3, 4, 5, 6, 7, 8, 9))
	if got := r.Text("m", "", size, 100); got != s || !errors.Is(r.Finish("m"), codec.ErrTrailing) {
		t.Fatalf("%s, with bytes behind: %q, want %q", what, got, s)
	}
	if len(s) == 0 {
		return
	}
	r, size = start(wire[:len(wire)-1])
	if got := r.Text("m", s, size, 100); got != "" || !errors.Is(r.Finish("m"), codec.ErrShort) || r.Complete() {
		t.Fatalf("%s, without the last: %q, %v", what, got, r.Finish("m"))
	}
	r, size = start(wire)
	if got := r.Text("m", s, size, len(s)-1); len(s) > 1 && (got != "" || !errors.Is(r.Finish("m"), codec.ErrTooLong)) {
		t.Fatalf("%s, with a lower limit: %q, %v", what, got, r.Finish("m"))
	}
}

// TestViewAt reads texts of all lengths at all places of a byte where they are: what is in front of
// them and behind stays, as far as it is read.
func TestViewAt(t *testing.T) {
	for size := range 72 {
		s := someText(size)
		for front := range 16 {
			w := writer(nil, 100)
			w.Bits(1<<front-1, uint(front))
			w.String("m", s, 100)
			w.Bits(0x2d, 6)
			wire, err := w.Finish()
			r := reader(wire)
			r.Bits(uint(front))
			got := r.View("m", 100)
			if behind := r.Bits(6); err != nil || string(got) != s || cap(got) != size || behind != 0x2d || r.Finish("m") != nil {
				t.Fatalf("%d bytes behind %d bits: %q, want %q, then %#x, %v, %v", size, front, got, s, behind, err, r.Finish("m"))
			}
			if clear(wire); !bytes.Equal(got, make([]byte, size)) {
				t.Fatalf("%d bytes behind %d bits: the view is no part of the message", size, front)
			}
		}
	}
}

// TestTextWithoutRoom panics, and so do texts that nothing was read in front of.
func TestTextWithoutRoom(t *testing.T) {
	for _, size := range []int{0, 5, 9, 60} {
		w := writer(make([]byte, 0, size+8), size)
		if size > 0 {
			if !panics(func() { w.Text(1, 7, strings.Repeat("x", size+8)) }) {
				t.Errorf("%d bytes fit into %d", size+8, size)
			}
		}
	}
	r := reader(make([]byte, 20))
	if s := r.Text("m", "", 9, 100); s != "" || !errors.Is(r.Finish("m"), codec.ErrShort) {
		t.Errorf("%q is read in front of the message, %v", s, r.Finish("m"))
	}
}

func panics(call func()) (did bool) {
	defer func() { did = recover() != nil }()
	call()
	return false
}
