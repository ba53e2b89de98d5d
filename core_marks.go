package tickwire

// The marks of a core say which Conns the next Update, and the next Flush, have to look at: however
// many there are, only those cost anything. A Conn is in each list once at most, which its touched
// and dirty tell.
type marks struct {
	touched []*Conn // something came, or was taken, since the last Update
	spare   []*Conn // memory for the next touched
	dirty   []*Conn // may have something to send
	count   uint64  // how often that was noted
	news    bool    // an Update would show something
}

// touch has the next Update look at a Conn.
func (m *marks) touch(c *Conn) {
	if !c.touched {
		c.touched = true
		m.touched = append(m.touched, c)
	}
}

// markDirty has the next Flush look at a Conn.
func (m *marks) markDirty(c *Conn) {
	m.count++
	if !c.dirty {
		c.dirty = true
		m.dirty = append(m.dirty, c)
	}
}

// lookAtTouched looks at those that are touched. One that is touched meanwhile waits for the next
// time.
func (m *marks) lookAtTouched(look func(*Conn)) {
	touched := m.touched
	m.touched = m.spare[:0]
	for i, c := range touched {
		c.touched = false
		look(c)
		touched[i] = nil
	}
	m.spare = touched
}

// pumpDirty has those send that may have something to send, also who is marked meanwhile.
func (m *marks) pumpDirty(now int64) {
	for i := 0; i < len(m.dirty); i++ {
		c := m.dirty[i]
		c.dirty = false
		c.pump(now)
		m.dirty[i] = nil
	}
	m.dirty = m.dirty[:0]
}

// forgetAll drops all marks.
func (m *marks) forgetAll() { m.touched, m.dirty = nil, nil }
