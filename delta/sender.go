package delta

import (
	"bytes"
	"slices"

	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/endpoint"
)

// A Sender writes the messages of one Conn and knows what of them arrived:
//
//	Begin ─▶ Put, Put, … ─▶ End ─▶ (the message is sent) ─▶ Sent ─▶ Delivered or Lost
//
// A message for which Sent was not called, before the next Begin, was not sent.
type Sender[K Key, T any, P Message[T]] struct {
	cfg  Config
	keys map[K]*outgoing[T, P]
	gone []tomb[K] // dropped, which the peer may not know

	seq     uint64 // of the last message
	arrived uint64 // the newest that was delivered
	news    bool   // some were since learn
	open    []*letter[K]
	free    []*letter[K]
	written *letter[K] // under construction, or waiting for Sent

	w     codec.Writer
	room  int // bytes that the message may have
	start uint
	near  place[K]
	whole codec.Writer
	bits  []byte       // of the value that is put, in full
	r     codec.Reader // of baselines
}

// A letter is a message whose fate is open.
type letter[K Key] struct {
	seq     uint64
	receipt endpoint.Receipt
	arrived bool
	keys    []K // whose values it has
	gone    []K // that it says are gone
}

// A tomb is a key that was dropped, and the message behind which that was.
type tomb[K Key] struct {
	key   K
	since uint64
}

// outgoing is a value of a Sender: what the peer is known to have, and what it may have.
type outgoing[T any, P Message[T]] struct {
	base    baseline[T, P]
	pending history
	put     uint64 // the last message that has it
	count   uint64 // of messages that had it
}

// NewSender makes the Sender of one Conn. Here P need not be named; in a variable's type it is:
// *Sender[uint16, Move, *Move].
func NewSender[K Key, T any, P Message[T]](cfg Config) (*Sender[K, T, P], error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Sender[K, T, P]{cfg: cfg, keys: map[K]*outgoing[T, P]{}}
	s.w.Version, s.whole.Version, s.r.Version = cfg.Version, cfg.Version, cfg.Version
	return s, nil
}

// Begin starts a message behind dst that has so many bytes at most. What the peer may not know to
// be gone is in it from the start, as far as there is room.
func (s *Sender[K, T, P]) Begin(dst []byte, room int) {
	s.unsent()
	s.learn()
	s.seq++
	s.written = s.take()
	s.written.seq = s.seq
	s.w.Start(dst, max(room, 0))
	s.room, s.near = room, place[K]{}
	s.start = s.w.Mark()
	s.w.Grow(headRoom)
	s.w.Bits(s.seq&seqMask, seqBits)
	for _, t := range s.gone {
		mark, near := s.w.Mark(), s.near
		if s.near.write(&s.w, kindGone, t.key, 0); s.over() {
			s.w.Rewind(mark)
			s.near = near
			return
		}
		s.written.gone = append(s.written.gone, t.key)
	}
}

// over reports whether the message has become too long, with the bit behind its last entry.
func (s *Sender[K, T, P]) over() bool { return int(s.w.Mark()-s.start+8)/8 > s.room }

// Put writes a value into the message, unless the peer has it; fits is false if there is no room
// for it. v is the caller's again on return. The error is a *KeyError: the value cannot be written,
// there are too many keys, or the message has this one already; the message is as it was.
func (s *Sender[K, T, P]) Put(key K, v *T) (fits bool, err error) {
	full, err := s.encode(v)
	if err != nil {
		return false, &KeyError{Key: key, Err: err}
	}
	o := s.keys[key]
	if o == nil {
		if len(s.keys)+len(s.gone) >= s.cfg.MaxKeys {
			return false, &KeyError{Key: key, Err: ErrKeys}
		}
		if s.since(key) == s.seq {
			return false, nil // dropped while this message is written, which may have its value
		}
		o = &outgoing[T, P]{}
		s.keys[key] = o
		s.bury(key, s.seq)
	} else if o.put == s.seq {
		return false, &KeyError{Key: key, Err: ErrTwice}
	} else if o.has(s.bits) {
		return true, nil
	}
	mark, near := s.w.Mark(), s.near
	s.write(key, o, v, full)
	if s.over() {
		s.w.Rewind(mark)
		s.near = near
		return false, nil
	}
	s.written.keys = append(s.written.keys, key)
	o.note(s.seq, s.bits)
	return true, nil
}

// encode writes a value in full into s.bits, and returns how many bits it has.
func (s *Sender[K, T, P]) encode(v *T) (bits uint, err error) {
	s.whole.Start(s.bits[:0], 0)
	P(v).AppendBits(&s.whole)
	bits = s.whole.Mark()
	s.bits, err = s.whole.Finish()
	return bits, err
}

// write writes an entry, against the baseline if that is shorter.
func (s *Sender[K, T, P]) write(key K, o *outgoing[T, P], v *T, full uint) {
	mark, near := s.w.Mark(), s.near
	if back := s.seq - o.base.seq; o.base.seq != 0 && back <= mostBack {
		s.near.write(&s.w, kindDelta, key, uint16(back))
		value := s.w.Mark()
		if P(v).AppendDeltaBits(&s.w, &o.base.value); s.w.Mark()-value <= full {
			return
		}
		s.w.Rewind(mark)
		s.near = near
	}
	s.near.write(&s.w, kindFull, key, 0)
	P(v).AppendBits(&s.w)
}

// since is the message behind which a key was dropped, if the peer may not know; or 0.
func (s *Sender[K, T, P]) since(key K) uint64 {
	for _, t := range s.gone {
		if t.key == key {
			return t.since
		}
	}
	return 0
}

// bury forgets that a key is gone, if it was dropped before a message.
func (s *Sender[K, T, P]) bury(key K, seq uint64) {
	i := slices.IndexFunc(s.gone, func(t tomb[K]) bool { return t.key == key })
	if i >= 0 && s.gone[i].since < seq {
		s.gone = slices.Delete(s.gone, i, i+1)
	}
}

// End returns dst of Begin with the message behind it. If there is nothing that the peer does not
// have, it returns dst alone, and nothing is to be sent.
func (s *Sender[K, T, P]) End() ([]byte, error) {
	if l := s.written; l == nil || len(l.keys)+len(l.gone) == 0 {
		s.w.Rewind(s.start)
		return s.w.Finish()
	}
	s.w.Grow(1)
	s.w.Bits(0, 1)
	return s.w.Finish()
}

// Sent notes that the message went, and as what.
func (s *Sender[K, T, P]) Sent(r endpoint.Receipt) {
	if s.written == nil {
		return
	}
	if len(s.open) >= s.cfg.MaxOpen {
		s.lose(s.open[0])
		s.settle(0)
	}
	s.written.receipt = r
	s.open = append(s.open, s.written)
	s.written = nil
}

// unsent takes a message back that did not go.
func (s *Sender[K, T, P]) unsent() {
	if s.written != nil {
		s.lose(s.written)
		s.give(s.written)
		s.written = nil
	}
}

// Delivered notes that the message of a receipt arrived. Receipts of others are passed over.
func (s *Sender[K, T, P]) Delivered(r endpoint.Receipt) {
	if i := s.index(r); i >= 0 {
		s.open[i].arrived, s.news = true, true
		s.arrived = max(s.arrived, s.open[i].seq)
	}
}

// learn takes what arrived as baselines, but for messages that so many others had overtaken that the
// Receiver has dropped them. Which those are is known when all that was acknowledged at one time is.
func (s *Sender[K, T, P]) learn() {
	if !s.news {
		return
	}
	s.news = false
	for i := 0; i < len(s.open); {
		l := s.open[i]
		if !l.arrived {
			i++
			continue
		}
		if l.seq+reorderSpan < s.arrived {
			s.lose(l)
		} else {
			s.known(l)
		}
		s.settle(i)
	}
}

// known takes what a message said as what the peer knows.
func (s *Sender[K, T, P]) known(l *letter[K]) {
	for _, k := range l.keys {
		if o := s.keys[k]; o != nil {
			o.delivered(&s.r, l.seq)
		}
	}
	for _, k := range l.gone {
		s.bury(k, l.seq)
	}
}

// Lost notes that the message of a receipt is not known to have arrived.
func (s *Sender[K, T, P]) Lost(r endpoint.Receipt) {
	if i := s.index(r); i >= 0 {
		s.lose(s.open[i])
		s.settle(i)
	}
}

func (s *Sender[K, T, P]) lose(l *letter[K]) {
	for _, k := range l.keys {
		if o := s.keys[k]; o != nil {
			o.lost(l.seq)
		}
	}
}

// Drop notes that a value is gone, which the next messages say until one has arrived. A key that is
// put again before is one whose value has changed.
func (s *Sender[K, T, P]) Drop(key K) {
	if _, ok := s.keys[key]; ok {
		delete(s.keys, key)
		s.gone = append(s.gone, tomb[K]{key, s.seq})
	}
}

// Len is how many values there are.
func (s *Sender[K, T, P]) Len() int { return len(s.keys) }

// Reset forgets what the peer has: all values go in full until they are acknowledged anew. It is the
// answer to ErrBaseline there.
func (s *Sender[K, T, P]) Reset() {
	for _, o := range s.keys {
		o.base.seq, o.base.bits = 0, o.base.bits[:0]
		o.pending.forget(len(o.pending.versions))
	}
}

// index finds the letter of a receipt: mostly one of the first.
func (s *Sender[K, T, P]) index(r endpoint.Receipt) int {
	return slices.IndexFunc(s.open, func(l *letter[K]) bool { return l.receipt == r })
}

// settle forgets the letter at a place.
func (s *Sender[K, T, P]) settle(i int) {
	l := s.open[i]
	s.open = slices.Delete(s.open, i, i+1)
	s.give(l)
}

func (s *Sender[K, T, P]) take() *letter[K] {
	if n := len(s.free); n > 0 {
		l := s.free[n-1]
		s.free = s.free[:n-1]
		return l
	}
	return &letter[K]{}
}

func (s *Sender[K, T, P]) give(l *letter[K]) {
	l.arrived, l.keys, l.gone = false, l.keys[:0], l.gone[:0]
	s.free = append(s.free, l)
}

// has reports whether the peer has a value for certain: it is the baseline, and nothing else was
// sent since.
func (o *outgoing[T, P]) has(bits []byte) bool {
	if o.base.seq == 0 || !bytes.Equal(bits, o.base.bits) {
		return false
	}
	for i := range o.pending.versions {
		if !bytes.Equal(bits, o.pending.versions[i].bits) {
			return false
		}
	}
	return true
}

// note notes what a message has, and forgets what is too old for a baseline by now.
func (o *outgoing[T, P]) note(seq uint64, bits []byte) {
	o.put = seq
	o.pending.add(version{seq: seq, nth: o.count, bits: bits})
	for o.pending.versions[0].nth+mostVersions < o.count {
		o.pending.drop(0)
	}
	o.count++
}

// delivered makes the version of a message the baseline, if it is newer.
func (o *outgoing[T, P]) delivered(r *codec.Reader, seq uint64) {
	at, found := o.pending.index(seq)
	if !found {
		return
	}
	o.base.set(r, seq, o.pending.versions[at].bits)
	o.pending.forget(at + 1)
}

func (o *outgoing[T, P]) lost(seq uint64) {
	if at, found := o.pending.index(seq); found {
		o.pending.drop(at)
	}
}
