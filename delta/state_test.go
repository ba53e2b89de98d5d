package delta_test

import "github.com/tickwire/tickwire/codec"

// A state is by hand what tickwire gen prints, with a slice, whose memory is what an end could
// share by mistake.
type state struct {
	X, Y  uint16
	HP    uint8
	Items []uint8
}

func (m *state) AppendBits(w *codec.Writer) {
	w.Grow(8 + len(m.Items))
	if m.HP > 100 {
		w.Range("state.HP", m.HP, "0..100")
	}
	w.Bits(uint64(m.X)|uint64(m.Y)<<16|uint64(m.HP&127)<<32, 39)
	m.appendItems(w)
}

func (m *state) appendItems(w *codec.Writer) {
	w.Count("state.Items", len(m.Items), 15)
	w.Grow(len(m.Items))
	for _, it := range m.Items {
		w.Bits(uint64(it), 8)
	}
}

func (m *state) ReadBits(r *codec.Reader) {
	m.X, m.Y, m.HP = uint16(r.Bits(16)), uint16(r.Bits(16)), uint8(r.Bits(7))
	if m.HP > 100 {
		r.Range("state.HP", m.HP, "0..100")
	}
	m.readItems(r)
}

func (m *state) readItems(r *codec.Reader) {
	n := r.Count("state.Items", 15, 8)
	m.Items = m.Items[:0]
	for range n {
		m.Items = append(m.Items, uint8(r.Bits(8)))
	}
}

func (m *state) AppendDeltaBits(w *codec.Writer, base *state) {
	x, y, hp := m.X != base.X, m.Y != base.Y, m.HP != base.HP
	items := string(m.Items) != string(base.Items)
	w.Grow(8)
	w.Bits(codec.Bool(x)|codec.Bool(y)<<1|codec.Bool(hp)<<2|codec.Bool(items)<<3, 4)
	if x {
		w.Bits(uint64(m.X), 16)
	}
	if y {
		w.Bits(uint64(m.Y), 16)
	}
	if hp {
		w.Bits(uint64(m.HP), 7)
	}
	if items {
		m.appendItems(w)
	}
}

func (m *state) CopyFrom(o *state) {
	items := append(m.Items[:0], o.Items...)
	*m = *o
	m.Items = items
}

func (m *state) ReadDeltaBits(r *codec.Reader) {
	changed := r.Bits(4)
	if changed&1 != 0 {
		m.X = uint16(r.Bits(16))
	}
	if changed&2 != 0 {
		m.Y = uint16(r.Bits(16))
	}
	if changed&4 != 0 {
		if m.HP = uint8(r.Bits(7)); m.HP > 100 {
			r.Range("state.HP", m.HP, "0..100")
		}
	}
	if changed&8 != 0 {
		m.readItems(r)
	}
}
