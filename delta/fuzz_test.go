package delta_test

import (
	"errors"
	"testing"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/endpoint"
)

// FuzzRead gives a Receiver bytes that are cut into messages: each is read or refused with an error of
// this package or of codec, and what one is told of can be had.
func FuzzRead(f *testing.F) {
	from, _ := delta.NewSender[uint16, state](delta.Config{})
	var all []byte
	for i := range endpoint.Receipt(6) {
		from.Begin(nil, 100)
		for k := range uint16(3) {
			from.Put(k*uint16(i), &state{X: uint16(i), Items: []byte("abc")})
		}
		b, _ := from.End()
		from.Sent(i + 1)
		if i%2 == 0 {
			from.Delivered(i + 1)
			from.Drop(0)
		}
		all = append(append(all, byte(len(b))), b...)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		to, _ := delta.NewReceiver[uint16, state](delta.Config{MaxKeys: 8})
		for len(b) > 0 {
			n := min(int(b[0]), len(b)-1)
			for c, err := range to.Read(b[1 : 1+n]) {
				_, key := errors.AsType[*delta.KeyError](err)
				_, field := errors.AsType[*codec.FieldError](err)
				if err != nil && !key && !field {
					t.Fatal(err)
				}
				if v, ok := to.Value(c.Key); err == nil && (ok == c.Gone || !c.Gone && v != c.Value) {
					t.Fatalf("key %d: %v, %v", c.Key, v, c)
				}
			}
			b = b[1+n:]
		}
		count := 0
		for range to.All() {
			count++
		}
		if count != to.Len() || count > 8 {
			t.Fatalf("%d values, Len is %d", count, to.Len())
		}
	})
}
