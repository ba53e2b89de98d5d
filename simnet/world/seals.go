package world

import "fmt"

// seals remembers what was sealed in a world, by all its processes.
type seals struct {
	contents map[seal]uint64   // hashes, but of DATA, of which it has
	keys     map[[32]byte]bool // the keys; see numbers
}

// A seal is a key and a nonce. A key that nobody but a server knows is named by the run of
// the server.
type seal struct {
	key   [32]byte
	run   int
	nonce [24]byte
}

func newSeals() seals {
	return seals{contents: make(map[seal]uint64), keys: make(map[[32]byte]bool)}
}

// nonceOf is a nonce that has so many zeros in front.
func nonceOf(zeros int, b []byte) (nonce [24]byte) {
	copy(nonce[zeros:], b)
	return nonce
}

// add notes a content, and says what is wrong if the key and nonce had another.
func (s *seals) add(of seal, content []byte) string {
	hash := hashOf(content)
	if other, ok := s.contents[of]; ok && other != hash {
		return fmt.Sprintf("key and nonce %x sealed two contents", of.nonce)
	}
	s.contents[of] = hash
	return ""
}

// addLong notes a handshake packet, under the key of its purpose.
func (s *seals) addLong(purpose string, of *handshake, b []byte, nonce int) string {
	key := [32]byte(expand(of.secret, "world "+purpose, 32)) // stands for the purpose's own
	what := s.add(seal{key: key, nonce: [24]byte(b[nonce:])}, b)
	if what != "" {
		what = purpose + ": " + what
	}
	return what
}

// own notes a key of DATA, which belongs to one epoch of one direction of one connection.
func (s *seals) own(key [32]byte) string {
	if s.keys[key] {
		return "keys of another connection, or another epoch, come again"
	}
	s.keys[key] = true
	return ""
}

// numbers remembers the last packets of one direction of a connection: their numbers and a
// hash of their bytes.
type numbers struct {
	next uint64 // one more than the largest number seen
	seen [256]uint64
}

// whole rebuilds a number that was cut: the nearest one to the next (SPEC.md, section 0).
func (s *numbers) whole(cut []byte) uint64 {
	low := uint64(0)
	for i, b := range cut {
		low |= uint64(b) << (8 * i)
	}
	span := uint64(1) << (8 * len(cut))
	number := s.next&^(span-1) | low
	if number+span/2 <= s.next {
		number += span
	} else if number > s.next+span/2 && number >= span {
		number -= span
	}
	return number
}

// fresh reports whether a number may have sealed these bytes: none yet, or the same. A packet for
// another socket may be written a little later than one that was sealed after it.
func (s *numbers) fresh(number uint64, b []byte) bool {
	if number >= s.next {
		return true
	}
	place := s.seen[number%uint64(len(s.seen))]
	return s.next-number <= uint64(len(s.seen)) && (place == mark(number, b) || place&numberBits != number&numberBits)
}

// again reports whether the number has sealed these bytes before.
func (s *numbers) again(number uint64, b []byte) bool {
	return number < s.next && s.seen[number%uint64(len(s.seen))] == mark(number, b)
}

// note remembers a packet.
func (s *numbers) note(number uint64, b []byte) {
	s.next = max(s.next, number+1)
	s.seen[number%uint64(len(s.seen))] = mark(number, b)
}

const numberBits = 1<<24 - 1

func mark(number uint64, b []byte) uint64 { return hashOf(b)<<24 | number&numberBits }
