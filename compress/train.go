package compress

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// TrainConfig says what dictionary Train makes. The zero value is fine.
type TrainConfig struct {
	// MaxBytes is how large it becomes at most, 256 to 65536. 0: 16 KiB, behind which little is gained.
	MaxBytes int
}

const (
	defaultDictionaryBytes = 16 << 10
	leastTrained           = 256
	leastMessages          = 8
	trainedText            = 8 << 20 // of that much is learned, of messages spread over all
)

// Errors of Train.
var (
	ErrFewMessages = errors.New("compress: too few messages: want 8 or more, better some hundred of each kind")
	ErrNoPattern   = errors.New("compress: nothing in these messages is found in several of them: a dictionary would save nothing")
)

// Train makes a dictionary of messages like those that will be sent; the same messages in the same
// order make the same one. What stands in many of them is worth most. Each fourth message is held
// back to find out which of several dictionaries is best. The error is a *ConfigError, or wraps
// ErrFewMessages or ErrNoPattern.
func Train(messages [][]byte, cfg TrainConfig) (*Dictionary, error) {
	size := cmp.Or(cfg.MaxBytes, defaultDictionaryBytes)
	switch {
	case size < leastTrained || size > MostDictionaryBytes:
		return nil, &ConfigError{"MaxBytes", cfg.MaxBytes, "256 to 65536, or 0 for 16384"}
	case len(messages) < leastMessages:
		return nil, ErrFewMessages
	}
	learned, held := split(messages)
	t := newTrainer(learned)
	var best *Dictionary
	least := 0
	for _, piece := range []int{12, 24, 48, 96, 256} {
		d, err := NewDictionary(t.dictionary(size, piece))
		if err != nil {
			continue
		}
		if n := d.total(held); best == nil || n < least {
			best, least = d, n
		}
	}
	if best == nil {
		return nil, ErrNoPattern
	}
	return best, nil
}

// split sets each fourth message aside, and leaves some out if they are too many to learn from.
func split(messages [][]byte) (learned, held [][]byte) {
	bytes := 0
	for _, m := range messages {
		bytes += len(m)
	}
	step := 1 + bytes/trainedText
	for i := 0; i < len(messages); i += step {
		if i/step%4 == 3 {
			held = append(held, messages[i])
		} else {
			learned = append(learned, messages[i])
		}
	}
	return learned, held
}

// total is what messages are together, compressed with the dictionary.
func (d *Dictionary) total(messages [][]byte) (n int) {
	c, err := New(Config{Dictionary: d, Effort: Small})
	if err != nil {
		return 0
	}
	var b []byte
	for _, m := range messages {
		b = c.AppendCompressed(b[:0], m)
		n += len(b)
	}
	return n
}

// A trainer knows in how many messages each word, of six bytes, is found. It goes through the
// messages in as many parts as the dictionary has room for pieces, takes of each part the piece whose
// words are found most, and forgets these words (the idea of COVER: Liao, Petri, Moffat, Wirth,
// "Effective Construction of Relative Lempel-Ziv Dictionaries", 2016).
type trainer struct {
	messages [][]byte
	found    []uint32 // by word: how many messages have it
	left     []uint32 // likewise, without what the dictionary has already
	inside   []uint16 // by word: how often it is in the window
}

const (
	wordBytes = 6
	wordBits  = 20
)

// word is where a table has the word that b begins with.
func word(b []byte) uint32 {
	v := uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint16(b[4:]))<<32
	return uint32(v * 0x9e3779b97f4a7c15 >> (64 - wordBits))
}

func newTrainer(messages [][]byte) *trainer {
	t := &trainer{messages: messages, found: make([]uint32, 1<<wordBits),
		left: make([]uint32, 1<<wordBits), inside: make([]uint16, 1<<wordBits)}
	last := make([]uint32, 1<<wordBits) // the message that was counted last, plus one
	for i, m := range messages {
		for at := 0; at+wordBytes <= len(m); at++ {
			if w := word(m[at:]); last[w] != uint32(i+1) {
				last[w] = uint32(i + 1)
				t.found[w]++
			}
		}
	}
	for w, n := range t.found {
		if n == 1 {
			t.found[w] = 0 // it saves nothing
		}
	}
	return t
}

// A piece is a part of a message and what it is worth.
type piece struct {
	bytes []byte
	worth uint64
}

// dictionary chooses pieces of a length until they fill size bytes, or nothing is left.
func (t *trainer) dictionary(size, length int) []byte {
	copy(t.left, t.found)
	var chosen []piece
	for room := size; room >= length; {
		before := room
		parts := min(max(1, room/length), len(t.messages))
		for i := range parts {
			from, to := i*len(t.messages)/parts, (i+1)*len(t.messages)/parts
			p := t.best(t.messages[from:to], min(length, room))
			if p.worth > 0 {
				t.forget(p.bytes)
				chosen = append(chosen, p)
				room -= len(p.bytes)
			}
		}
		if room == before {
			break
		}
	}
	slices.SortStableFunc(chosen, func(a, b piece) int { return cmp.Compare(a.worth, b.worth) })
	var content []byte
	for _, p := range chosen { // the best comes last: what is near takes fewer bytes to name
		content = append(content, p.bytes...)
	}
	return content
}

// best is the piece of at most a length that is worth most.
func (t *trainer) best(messages [][]byte, length int) (best piece) {
	for _, m := range messages {
		window := min(length, len(m))
		worth, words := uint64(0), window-wordBytes+1
		for at := 0; words > 0 && at+wordBytes <= len(m); at++ {
			worth += t.enter(word(m[at:]))
			if at >= words {
				worth -= t.leave(word(m[at-words:]))
			}
			if from := at - words + 1; from >= 0 && worth > best.worth {
				best = piece{m[from : from+window], worth}
			}
		}
		for at := max(0, len(m)-window); words > 0 && at+wordBytes <= len(m); at++ {
			t.leave(word(m[at:]))
		}
	}
	return best
}

// enter puts a word into the window, and returns what that adds: each counts once.
func (t *trainer) enter(w uint32) uint64 {
	if t.inside[w]++; t.inside[w] > 1 {
		return 0
	}
	return uint64(t.left[w])
}

// leave takes it out.
func (t *trainer) leave(w uint32) uint64 {
	if t.inside[w]--; t.inside[w] > 0 {
		return 0
	}
	return uint64(t.left[w])
}

// forget makes the words of a piece worth nothing.
func (t *trainer) forget(b []byte) {
	for at := 0; at+wordBytes <= len(b); at++ {
		t.left[word(b[at:])] = 0
	}
}
