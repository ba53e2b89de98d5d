package delta_test

import (
	"errors"
	"testing"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/delta"
)

// malformed is a Receiver that has a value under key 0 and one under key 300, and the message that
// changes both.
func malformed(t *testing.T) (to *delta.Receiver[uint16, state, *state], next []byte) {
	t.Helper()
	from, _ := delta.NewSender[uint16, state](delta.Config{})
	to, _ = delta.NewReceiver[uint16, state](delta.Config{})
	message := func(x uint16) []byte {
		from.Begin(nil, 1000)
		for _, key := range []uint16{0, 300} {
			if fits, err := from.Put(key, &state{X: x, Y: x, HP: 100, Items: []byte("abc")}); !fits || err != nil {
				t.Fatal(fits, err)
			}
		}
		b, _ := from.End()
		return b
	}
	for _, err := range to.Read(message(7)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return to, message(0xffff)
}

// TestCut: a message that was cut tells of no value but those that are there as a whole, and leaves the
// others as they were. The zeros that are read behind its end are neither a value nor a key.
func TestCut(t *testing.T) {
	_, whole := malformed(t)
	for n := range len(whole) {
		to, next := malformed(t)
		told, failed := 0, false
		for c, err := range to.Read(next[:n]) {
			if failed = err != nil; failed {
				if !errors.Is(err, codec.ErrShort) {
					t.Errorf("%d of %d bytes: %v", n, len(whole), err)
				}
			} else if told++; c.Gone || c.Value.X != 0xffff || c.Value.Y != 0xffff || string(c.Value.Items) != "abc" {
				t.Errorf("%d of %d bytes: key %d is %+v, gone: %v", n, len(whole), c.Key, *c.Value, c.Gone)
			}
		}
		if !failed {
			t.Errorf("%d of %d bytes are read", n, len(whole))
		}
		for i, key := range []uint16{0, 300} {
			want := uint16(7)
			if i < told {
				want = 0xffff
			}
			if v, ok := to.Value(key); !ok || v.X != want || v.Y != want || v.HP != 100 || string(v.Items) != "abc" {
				t.Errorf("%d of %d bytes: key %d is %+v, want %d", n, len(whole), key, v, want)
			}
		}
	}
}

// TestCutHead: a message without a whole number is older or newer than nothing.
func TestCutHead(t *testing.T) {
	to, _ := malformed(t)
	for _, err := range to.Read([]byte{200}) {
		if !errors.Is(err, codec.ErrShort) {
			t.Fatal(err)
		}
	}
	_, next := malformed(t)
	told := 0
	for _, err := range to.Read(next) {
		if told++; err != nil {
			t.Fatal(err)
		}
	}
	if told != 2 || to.Late() != 0 {
		t.Errorf("%d values, %d late: a message that was cut made others old", told, to.Late())
	}
}

// TestCutGone: who is gone is told by a whole key alone.
func TestCutGone(t *testing.T) {
	to, _ := malformed(t)
	var w codec.Writer
	w.Start(nil, 8)
	w.Grow(8)
	w.Bits(2, 24)
	w.Bits(1|3<<1, 5) // an entry, gone, a key of 5 bits, of which 3 are there
	b, _ := w.Finish()
	for c, err := range to.Read(b) {
		if !errors.Is(err, codec.ErrShort) {
			t.Errorf("%+v, %v", c, err)
		}
	}
	if to.Len() != 2 {
		t.Errorf("%d values", to.Len())
	}
}

// TestWrongValue: a value that cannot be read leaves the one before.
func TestWrongValue(t *testing.T) {
	_, next := malformed(t)
	for at := 24 + 1 + 2 + 7; at < 8*len(next); at++ { // behind the first key
		to, _ := malformed(t)
		next[at/8] ^= 1 << (at % 8)
		told := map[uint16]state{}
		for c, err := range to.Read(next) {
			if err == nil && !c.Gone {
				told[c.Key] = *c.Value
			}
		}
		next[at/8] ^= 1 << (at % 8)
		for _, key := range []uint16{0, 300} {
			v, ok := to.Value(key)
			if want, news := told[key]; !ok {
				continue // gone
			} else if news && (v.X != want.X || v.HP != want.HP) || !news && (v.X != 7 || v.Y != 7 || v.HP != 100 || string(v.Items) != "abc") {
				t.Errorf("bit %d: key %d is %+v, which nobody told", at, key, *v)
			}
		}
	}
}
