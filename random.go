package tickwire

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"
)

// seeds gives each endpoint a seed of its own.
type seeds struct{ reader io.Reader }

// source is where all that is random comes from.
func (s *seeds) source() io.Reader {
	if s.reader == nil {
		return rand.Reader
	}
	return s.reader
}

func (s *seeds) next() (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(s.source(), b[:]); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// A sharedReader is a source of randomness that several goroutines read.
type sharedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (s *sharedReader) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(b)
}
