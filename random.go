package tickwire

import (
	"crypto/rand"
	"encoding/binary"
	"io"
)

// seeds gives each endpoint a seed of its own.
type seeds struct{ reader io.Reader }

func (s *seeds) next() (uint64, error) {
	r := s.reader
	if r == nil {
		r = rand.Reader
	}
	var b [8]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}
