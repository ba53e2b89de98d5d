package compress

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/klauspost/compress/s2"
)

// A Dictionary is bytes that messages are likely to repeat. Both ends of a channel need the same:
// its ID is a digest, which they compare. It does not change.
type Dictionary struct {
	id      uint32
	content []byte // what is most likely repeated stands last
	s2      *s2.Dict
}

// Limits of what a dictionary holds.
const (
	LeastDictionaryBytes = s2.MinDictSize
	MostDictionaryBytes  = s2.MaxDictSize
)

// dictionaryMagic begins the file.
const dictionaryMagic = "tickwire dictionary 1\n"

// Errors of ParseDictionary.
var (
	ErrNoDictionary = errors.New("compress: this is no dictionary: one is made by tickwire dict train")
	ErrDamaged      = errors.New("compress: the dictionary is damaged: its bytes do not have the ID that it was written with")
)

// NewDictionary makes a dictionary of bytes, 16 to 65536 of them: what is most likely repeated
// stands last. They are copied. Train finds good ones.
func NewDictionary(content []byte) (*Dictionary, error) {
	if n := len(content); n < LeastDictionaryBytes || n > MostDictionaryBytes {
		return nil, fmt.Errorf("compress: a dictionary of %d bytes: want %d to %d", n, LeastDictionaryBytes, MostDictionaryBytes)
	}
	content = append(make([]byte, 0, len(content)+16), content...) // 16 spare ones are for s2
	return &Dictionary{digest(content), content, s2.MakeDict(content, nil)}, nil
}

// digest is the low half of FNV-1a, 64 bits, of the content; 0 and 1 mean something else.
func digest(content []byte) uint32 {
	h := fnv.New64a()
	h.Write(content)
	return max(uint32(h.Sum64()), withoutDictionary+1)
}

// ParseDictionary reads what AppendBinary has written. The error wraps ErrNoDictionary or ErrDamaged.
//
//	magic, 22 bytes | id u32 | content, to the end
func ParseDictionary(b []byte) (*Dictionary, error) {
	head := len(dictionaryMagic) + 4
	if len(b) < head || string(b[:len(dictionaryMagic)]) != dictionaryMagic {
		return nil, ErrNoDictionary
	}
	d, err := NewDictionary(b[head:])
	if err != nil || d.id != binary.LittleEndian.Uint32(b[len(dictionaryMagic):]) {
		return nil, ErrDamaged
	}
	return d, nil
}

// AppendBinary appends the bytes of a file. The error is always nil.
func (d *Dictionary) AppendBinary(b []byte) ([]byte, error) {
	b = binary.LittleEndian.AppendUint32(append(b, dictionaryMagic...), d.id)
	return append(b, d.content...), nil
}

// ID is a digest of the content, by which both ends find out whether they have the same.
func (d *Dictionary) ID() uint32 { return d.id }

// Bytes is the content, which must not be changed.
func (d *Dictionary) Bytes() []byte { return d.content }
