package compress

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrRecords is what the errors of Records wrap.
var ErrRecords = errors.New("no recording, or one that ends early: want messages, each behind its length in four bytes, little-endian")

// AppendRecord appends a message to a recording, from which `tickwire dict train` learns:
//
//	length u32, little-endian | bytes
func AppendRecord(dst, message []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(message))), message...)
}

// Records reads a recording. The messages lie in it. The error wraps ErrRecords and says where; the
// messages before that place are there.
func Records(b []byte) (messages [][]byte, err error) {
	for at := 0; at < len(b); {
		rest := b[at:]
		if len(rest) < 4 {
			return messages, fmt.Errorf("compress: %w: byte %d", ErrRecords, at)
		}
		n := uint64(binary.LittleEndian.Uint32(rest))
		if n > uint64(len(rest)-4) {
			return messages, fmt.Errorf("compress: %w: byte %d says that %d follow, and %d do", ErrRecords, at, n, len(rest)-4)
		}
		messages = append(messages, rest[4:4+n:4+n])
		at += 4 + int(n)
	}
	return messages, nil
}
