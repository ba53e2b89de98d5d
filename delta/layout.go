package delta

import (
	"reflect"
	"unsafe"

	"github.com/tickwire/tickwire/codec"
)

// A message is its number in 24 bits, then entries, each behind a 1, then a 0. An entry is its kind,
// its key, for kindOther how far back its baseline is, and its value. SPEC.md, 10.6.

const (
	seqBits  = 24
	seqMask  = 1<<seqBits - 1
	headRoom = 16 // bytes, of what stands in front of a value, and of the number
	mostBack = 1<<16 - 1
)

// A kind is how the value of an entry is written.
type kind uint64

const (
	kindDelta kind = iota // against the baseline of the same message as that of the last such entry
	kindOther             // against that of another message
	kindFull
	kindGone // there is none any more
)

// A place is what entries of a message are told from: the one before.
type place[K Key] struct {
	key  K
	back uint16 // of the last that had one
}

// write writes the head of an entry, and makes it the place. back is of kindDelta.
func (p *place[K]) write(w *codec.Writer, k kind, key K, back uint16) {
	w.Grow(headRoom)
	other := k == kindDelta && back != p.back
	if other {
		k = kindOther
	}
	w.Bits(1|uint64(k)<<1, 3)
	if wide[K]() {
		w.Varint64(codec.Zigzag(int64(uint64(key) - uint64(p.key))))
	} else {
		w.Varint32(uint32(codec.Zigzag(int64(int32(uint32(key) - uint32(p.key))))))
	}
	p.key = key
	if other {
		w.Varint16(back)
		p.back = back
	}
}

// read reads the head of an entry, behind its 1.
func (p *place[K]) read(r *codec.Reader) kind {
	k := kind(r.Bits(2))
	if wide[K]() {
		key := uint64(p.key) + uint64(codec.Zagzig(r.Varint64("key")))
		if p.key = K(key); uint64(p.key) != key {
			r.Range("key", key, keyForm[K]())
		}
	} else {
		key := uint32(p.key) + uint32(codec.Zagzig(uint64(r.Varint32("key"))))
		if p.key = K(key); uint32(p.key) != key {
			r.Range("key", key, keyForm[K]())
		}
	}
	if k == kindOther {
		p.back = r.Varint16("baseline")
		return kindDelta
	}
	return k
}

// wide reports whether a key takes 64 bits: also an int of a machine that has 32 of them.
func wide[K Key]() bool {
	if unsafe.Sizeof(K(0)) > 4 {
		return true
	}
	if unsafe.Sizeof(0) > 4 {
		return false
	}
	kind := reflect.TypeFor[K]().Kind()
	return kind == reflect.Int || kind == reflect.Uint
}
