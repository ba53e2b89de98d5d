package seq

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		expected, low uint64
		bits          uint
		want          uint64
	}{
		{0xa82f30eb, 0x9b32, 16, 0xa82f9b32}, // RFC 9000, A.3
		{0, 0xffff, 16, 0xffff},              // nothing lies below 0
		{0x10000, 0xffff, 16, 0xffff},
		{0x10000, 0x8000, 16, 0x18000}, // exactly half above belongs to the interval
		{0x18000, 0x0000, 16, 0x20000}, // exactly half below does not
		{1<<64 - 1, 0, 16, 1<<64 - 1<<16},
		{5, 1 << 40, 64, 1 << 40},
	} {
		if got := Nearest(c.expected, c.low, c.bits); got != c.want {
			t.Errorf("Nearest(%#x, %#x, %d) = %#x, want %#x", c.expected, c.low, c.bits, got, c.want)
		}
	}
}

func TestNearestUndoesTruncation(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		expected := r.Uint64() >> r.IntN(64)
		n := expected + r.Uint64N(1<<15) // within (−half, half]
		if r.IntN(2) == 0 && expected > 1<<15 {
			n = expected - r.Uint64N(1<<15)
		}
		if n < expected && expected < 1<<15 {
			continue // wrapped past the top
		}
		if got := Nearest(expected, n&0xffff, 16); got != n {
			t.Fatalf("Nearest(%#x, low of %#x) = %#x", expected, n, got)
		}
	}
}

// TestWindow compares the window with a map that remembers everything.
func TestWindow(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		w, seen := NewWindow(256), map[uint64]bool{}
		top := r.Uint64N(1 << 20)
		if seed%4 == 0 {
			top = 1<<64 - 3000 // runs into the end of the number space
		}
		largest, any := uint64(0), false
		for range 5000 {
			n := top - r.Uint64N(600)
			if top <= 1<<64-1-3 {
				top += r.Uint64N(3)
			}
			fresh := !seen[n] && (!any || n > largest || largest-n < 256)
			if got := w.Fresh(n); got != fresh {
				t.Fatalf("seed %d: Fresh(%d) = %v, largest %d, marked %v", seed, n, got, largest, seen[n])
			}
			if fresh {
				w.Mark(n)
				seen[n] = true
				if !any || n > largest {
					largest, any = n, true
				}
			}
		}
		if got, ok := w.Largest(); !ok || got != largest {
			t.Fatalf("Largest = %d, %v, want %d", got, ok, largest)
		}
	}
}

func TestWindowAtTheTop(t *testing.T) {
	w := NewWindow(256)
	w.Mark(1<<64 - 1)
	for _, n := range []uint64{1<<64 - 1, 1<<64 - 2, 0, 5} {
		if w.Fresh(n) {
			t.Errorf("%d is fresh after the last number of all", n)
		}
	}
}

func TestRing(t *testing.T) {
	r := Ring[uint64]{base: 1 << 40, end: 1 << 40}
	rnd := rand.New(rand.NewPCG(1, 3))
	for range 10_000 {
		if r.Len() > 0 && rnd.IntN(5) < 2 {
			if *r.At(r.Base()) != r.Base() {
				t.Fatalf("At(%d) = %d", r.Base(), *r.At(r.Base()))
			}
			r.Pop()
		} else {
			n := r.End()
			*r.Push() = n
		}
		if r.Has(r.End()) || r.Has(r.Base()-1) || r.Len() > 0 && !r.Has(r.End()-1) {
			t.Fatal("Has does not agree with Base and End")
		}
	}
}

func TestSeen(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 4))
		first := r.Uint64N(1 << 33)
		s, model, base := NewSeen(first), map[uint64]bool{}, first
		for range 20_000 {
			n := base + r.Uint64N(1+r.Uint64N(1+seed%3*1000)) // also in order, with nothing missing
			if r.IntN(3) == 0 {
				n = base
			}
			if s.Has(n) != model[n] || s.Add(n) == model[n] {
				t.Fatalf("seed %d: %d: model says %v", seed, n, model[n])
			}
			model[n] = true
			for model[base] {
				base++
			}
			if s.Base() != base {
				t.Fatalf("seed %d: Base = %d, want %d", seed, s.Base(), base)
			}
		}
	}
}

func TestRanges(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		s, model := NewRanges(32), map[uint64]bool{}
		top := uint64(0)
		for range 5000 {
			top += r.Uint64N(3)
			n := top - min(top, r.Uint64N(40))
			if got := s.Add(n); got == model[n] {
				t.Fatalf("seed %d: Add(%d) = %v", seed, n, got)
			}
			model[n] = true
			forgotten := uint64(0)
			if r.IntN(500) == 0 {
				forgotten = top - min(top, 20)
				s.Forget(forgotten)
			} else if len(s.All()) == 32 {
				forgotten = s.All()[31].First
			}
			maps.DeleteFunc(model, func(n uint64, _ bool) bool { return n < forgotten })
			checkRanges(t, &s, model)
		}
	}
}

func checkRanges(t *testing.T, s *Ranges, model map[uint64]bool) {
	t.Helper()
	if len(s.All()) > 32 {
		t.Fatalf("%d ranges", len(s.All()))
	}
	above, count := ^uint64(0), 0
	for _, x := range s.All() {
		if x.First > x.Last || above != ^uint64(0) && x.Last+1 >= above {
			t.Fatalf("ranges %v are not descending and apart", s.All())
		}
		for n := x.First; n <= x.Last; n++ {
			if !model[n] {
				t.Fatalf("%d was never added", n)
			}
		}
		count += int(x.Last - x.First + 1)
		above = x.First
	}
	if count != len(model) {
		t.Fatalf("%d numbers in %v, want %d", count, s.All(), len(model))
	}
}

func TestSpans(t *testing.T) {
	const size = 300
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 6))
		var s Spans
		var model [size]bool
		for range 200 {
			from := r.IntN(size)
			if n := s.Len(); n > 0 && r.IntN(4) == 0 {
				from = s.All()[n-1].To % size // in order
			}
			to := from + r.IntN(size-from+1)/(1+r.IntN(10))
			if more := s; from < to && r.IntN(4) == 0 {
				more.list = slices.Clone(s.list)
				more.Add(from, to)
				if s.Touches(from, to) != (more.Len() <= s.Len()) {
					t.Fatalf("seed %d: Touches(%d, %d) = %v in %v", seed, from, to, s.Touches(from, to), s.All())
				}
			}
			if r.IntN(3) == 0 {
				s.Remove(from, to)
				clear(model[from:to])
			} else {
				want := 0
				for i := from; i < to; i++ {
					if !model[i] {
						model[i] = true
						want++
					}
				}
				if got := s.Add(from, to); got != want {
					t.Fatalf("seed %d: Add(%d, %d) = %d, want %d", seed, from, to, got, want)
				}
			}
			checkSpans(t, &s, model[:])
		}
	}
}

func checkSpans(t *testing.T, s *Spans, model []bool) {
	t.Helper()
	got := make([]bool, len(model))
	last := -1
	for _, x := range s.All() {
		if x.From <= last || x.From >= x.To {
			t.Fatalf("spans %v", s.All())
		}
		for i := x.From; i < x.To; i++ {
			got[i] = true
		}
		last = x.To
	}
	if !slices.Equal(got, model) {
		t.Fatalf("spans %v do not match the model", s.All())
	}
	gap, ok := s.Gap(0, len(model))
	first := slices.Index(model, false)
	if ok != (first >= 0) || ok && gap.From != first {
		t.Fatalf("Gap = %v, %v; first missing byte %d", gap, ok, first)
	}
	if s.Covers(0, len(model)) != !ok {
		t.Fatal("Covers does not agree with Gap")
	}
}
