package world

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	// StampBytes is the least length of a payload that names itself.
	StampBytes = 8
	// NumberBytes is the least length of a made up payload that no other message
	// of its lane has.
	NumberBytes = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendStamp appends a payload of size bytes that says which message of which
// lane it is:
//
//	counter u32 | hash u32 of key, counter and all that follows | bytes that depend on both
//
// A payload shorter than StampBytes is the beginning of one.
func AppendStamp(dst []byte, key, counter uint32, size int) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, counter)
	dst = binary.LittleEndian.AppendUint32(dst, 0)
	state := uint64(key)<<32 | uint64(counter) | 1
	for len(dst)-start < size {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		dst = binary.LittleEndian.AppendUint64(dst, state)
	}
	dst = dst[:start+max(size, StampBytes)]
	binary.LittleEndian.PutUint32(dst[start+4:], stampHash(key, dst[start:]))
	return dst[:start+size]
}

// ReadStamp returns the counter of a payload made by AppendStamp with the same
// key; false if it is none, or was changed.
func ReadStamp(key uint32, payload []byte) (counter uint32, ok bool) {
	if len(payload) < StampBytes {
		return 0, false
	}
	return binary.LittleEndian.Uint32(payload), binary.LittleEndian.Uint32(payload[4:]) == stampHash(key, payload)
}

func stampHash(key uint32, payload []byte) uint32 {
	h := crc32.Update(key, castagnoli, payload[:4])
	return crc32.Update(h, castagnoli, payload[StampBytes:])
}

// hashOf is the hash of any content: FNV-1a over words of eight bytes, with
// the high bits mixed back in.
func hashOf(b []byte) uint64 {
	const prime = 0x9e3779b97f4a7c15
	h := uint64(len(b)) * prime
	for ; len(b) >= 8; b = b[8:] {
		h = (h ^ binary.LittleEndian.Uint64(b)) * prime
		h ^= h >> 32
	}
	for _, c := range b {
		h = (h ^ uint64(c)) * prime
		h ^= h >> 32
	}
	return h
}
