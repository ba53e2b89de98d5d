package delta

import (
	"bytes"
	"iter"

	"github.com/tickwire/tickwire/codec"
)

// A Receiver reads the messages of one Sender and has the newest of each value.
type Receiver[K Key, T any, P Message[T]] struct {
	cfg    Config
	keys   map[K]*incoming[T, P]
	alive  int    // keys that are not gone
	newest uint64 // message
	gone   []parting[K]

	from reading[K, T, P] // the message that is read
	old  T                // a value that is outdated as it comes
	late uint64           // messages that were dropped
	base codec.Reader     // of baselines
	w    codec.Writer
	bits []byte // of the value that was read, in full
}

// incoming is a value of a Receiver.
type incoming[T any, P Message[T]] struct {
	value  T
	seq    uint64 // of the message that brought it, or said that it is gone
	gone   bool
	base   baseline[T, P] // that of the last message
	before history        // all that may be a baseline yet
}

// A parting is a key that is gone. What is known of it stays for reorderSpan messages, for those
// that come late.
type parting[K Key] struct {
	key K
	seq uint64
}

// A Change is what a message says of a key.
type Change[K Key, T any] struct {
	Key   K
	Value *T   // the newest. It is valid until the next Read, its views until the next Update
	Gone  bool // there is none any more: Value is the last
}

// NewReceiver makes the Receiver of one Conn. P is as for [NewSender].
func NewReceiver[K Key, T any, P Message[T]](cfg Config) (*Receiver[K, T, P], error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Receiver[K, T, P]{cfg: cfg, keys: map[K]*incoming[T, P]{}}
	r.w.Version, r.base.Version, r.from.r.Version = cfg.Version, cfg.Version, cfg.Version
	r.from.to = r
	return r, nil
}

// Read reads a message and yields what is new in it; what a newer one has told is passed over. The
// last it yields may be a *KeyError or *codec.FieldError: the rest of the message could not be
// read. A message is read to its end even if the loop is left, since the peer counts on it.
func (r *Receiver[K, T, P]) Read(b []byte) iter.Seq2[Change[K, T], error] {
	return func(yield func(Change[K, T], error) bool) {
		m := &r.from
		if !m.begin(b) {
			return
		}
		for asked := true; m.more(); {
			change, fresh, err := m.entry()
			if err == nil && !fresh {
				continue
			}
			asked = asked && yield(change, err)
			if err != nil {
				return
			}
		}
		if err := m.r.Finish("delta"); err != nil {
			yield(Change[K, T]{}, err)
		}
	}
}

// Value returns the newest value of a key, as Change has it.
func (r *Receiver[K, T, P]) Value(key K) (v *T, ok bool) {
	if in := r.keys[key]; in != nil && !in.gone {
		return &in.value, true
	}
	return nil, false
}

// Len is how many values there are.
func (r *Receiver[K, T, P]) Len() int { return r.alive }

// Late is how many messages were dropped because more than 64 newer ones had come before.
func (r *Receiver[K, T, P]) Late() uint64 { return r.late }

// All yields all values, in no order.
func (r *Receiver[K, T, P]) All() iter.Seq2[K, *T] {
	return func(yield func(K, *T) bool) {
		for k, in := range r.keys {
			if !in.gone && !yield(k, &in.value) {
				return
			}
		}
	}
}

// A reading is one message on its way in.
type reading[K Key, T any, P Message[T]] struct {
	to   *Receiver[K, T, P]
	r    codec.Reader
	seq  uint64
	near place[K]
}

// begin reads the number of the message, the one nearest to the newest, and says whether to read on.
// What too many others overtook is dropped, as its sender will find out.
func (m *reading[K, T, P]) begin(b []byte) bool {
	m.r.Start(b)
	m.near = place[K]{}
	low := uint32(m.r.Bits(seqBits))
	ahead := int32((low-uint32(m.to.newest))<<(32-seqBits)) >> (32 - seqBits)
	m.seq = m.to.newest + uint64(int64(ahead))
	if int64(m.seq) < 1 || m.r.Short() {
		m.r.Fail("delta.Number", low, "", codec.ErrRange)
		return true
	}
	if m.seq+reorderSpan < m.to.newest {
		m.to.late++
		return false
	}
	m.to.newest = max(m.to.newest, m.seq)
	m.to.part()
	return true
}

func (m *reading[K, T, P]) more() bool { return m.r.Bits(1) != 0 && !m.wrong() }

// wrong reports whether what was read is not to be believed: the zeros behind the end of a message
// mean nothing.
func (m *reading[K, T, P]) wrong() bool { return m.r.Failed() || m.r.Short() }

// entry reads an entry, and says whether it is news.
func (m *reading[K, T, P]) entry() (c Change[K, T], fresh bool, err error) {
	k := m.near.read(&m.r)
	c.Key = m.near.key
	if m.wrong() {
		return c, false, m.r.Finish("delta")
	}
	in := m.to.keys[c.Key]
	if k == kindGone {
		c.Gone = true
		if in == nil || in.gone || in.seq > m.seq {
			return c, false, nil
		}
		m.to.leave(c.Key, in, m.seq)
		c.Value = &in.value
		return c, true, nil
	}
	if in, err = m.to.admit(c.Key, in, k); err != nil {
		return c, false, &KeyError{Key: c.Key, Err: err}
	}
	c.Value = &m.to.old
	if fresh = m.seq > in.seq || in.gone && m.seq == in.seq; fresh { // gone, and there again
		c.Value = &in.value
	}
	if err := m.value(in, k, c.Value); err != nil {
		if in.seq == 0 {
			delete(m.to.keys, c.Key) // it has never had a value
		} else if fresh {
			m.to.restore(in)
		}
		return c, false, &KeyError{Key: c.Key, Err: err}
	}
	if fresh {
		m.to.arrived(in)
		in.seq = m.seq
	}
	return c, fresh, nil
}

// value reads a value and remembers it.
func (m *reading[K, T, P]) value(in *incoming[T, P], k kind, v *T) (err error) {
	base := uint64(0)
	if k == kindFull {
		P(v).ReadBits(&m.r)
	} else {
		base = m.seq - uint64(m.near.back)
		if m.near.back == 0 || !in.rebase(&m.to.base, base) {
			return ErrBaseline
		}
		P(v).CopyFrom(&in.base.value)
		P(v).ReadDeltaBits(&m.r)
	}
	if m.wrong() {
		return m.r.Finish("delta")
	}
	w := &m.to.w
	w.Start(m.to.bits[:0], 0)
	P(v).AppendBits(w)
	if m.to.bits, err = w.Finish(); err != nil {
		return err
	}
	in.remember(m.seq, base, m.to.bits)
	return nil
}

// admit returns the value of a key, which a full one begins.
func (r *Receiver[K, T, P]) admit(key K, in *incoming[T, P], k kind) (*incoming[T, P], error) {
	switch {
	case in != nil:
		return in, nil
	case k != kindFull:
		return nil, ErrBaseline
	case len(r.keys) >= r.cfg.MaxKeys:
		return nil, ErrKeys
	}
	in = &incoming[T, P]{gone: true}
	r.keys[key] = in
	return in, nil
}

// restore makes a value what it was before a message that could not be read was read into it.
func (r *Receiver[K, T, P]) restore(in *incoming[T, P]) {
	of := in.before.versions
	r.base.Start(bytes.Clone(of[len(of)-1].bits)) // to which its views will point
	P(&in.value).ReadBits(&r.base)
}

// arrived notes that a key has a value, perhaps again.
func (r *Receiver[K, T, P]) arrived(in *incoming[T, P]) {
	if in.gone {
		in.gone = false
		r.alive++
	}
}

func (r *Receiver[K, T, P]) leave(key K, in *incoming[T, P], seq uint64) {
	in.gone, in.seq = true, seq
	r.alive--
	r.gone = append(r.gone, parting[K]{key, seq})
}

// part forgets the keys that are gone for long enough.
func (r *Receiver[K, T, P]) part() {
	n := 0
	for ; n < len(r.gone) && r.gone[n].seq+reorderSpan < r.newest; n++ {
		if in := r.keys[r.gone[n].key]; in != nil && in.gone && in.seq == r.gone[n].seq {
			delete(r.keys, r.gone[n].key)
		}
	}
	r.gone = append(r.gone[:0], r.gone[n:]...)
}

// rebase makes the value of a message the baseline, if it is still here.
func (in *incoming[T, P]) rebase(r *codec.Reader, seq uint64) bool {
	if in.base.seq == seq {
		return seq != 0
	}
	at, found := in.before.index(seq)
	return found && in.base.set(r, seq, in.before.versions[at].bits)
}

// remember keeps a value as one that may become a baseline.
func (in *incoming[T, P]) remember(seq, base uint64, bits []byte) {
	if _, found := in.before.index(seq); !found { // else the message names a key twice
		in.before.add(version{seq: seq, base: base, bits: bits})
		in.before.prune()
	}
}
