package tickwire

// A schedule knows which Conn has something to do first, however many there
// are: a heap of deadlines, the earliest on top. A Conn whose deadline never
// comes is not in it.
type schedule struct{ heap []appointment }

// An appointment keeps the deadline beside the Conn, so that comparing two of
// them touches no Conn.
type appointment struct {
	at   int64
	conn *Conn
}

// earliest is the first deadline of all.
func (s *schedule) earliest() int64 {
	if len(s.heap) == 0 {
		return never
	}
	return s.heap[0].at
}

// set changes the deadline of a Conn.
func (s *schedule) set(c *Conn, at int64) {
	i := c.appointed - 1
	switch {
	case at == never:
		s.remove(c)
		return
	case i < 0:
		i = len(s.heap)
		s.heap = append(s.heap, appointment{at, c})
	case s.heap[i].at == at:
		return
	}
	s.place(i, appointment{at, c})
}

// remove takes a Conn off the schedule.
func (s *schedule) remove(c *Conn) {
	i, last := c.appointed-1, len(s.heap)-1
	if i < 0 {
		return
	}
	moved := s.heap[last]
	s.heap[last] = appointment{}
	s.heap = s.heap[:last]
	c.appointed = 0
	if i != last {
		s.place(i, moved)
	}
}

// place puts a into the hole at i, or where it belongs above or below.
func (s *schedule) place(i int, a appointment) {
	for i > 0 && a.at < s.heap[(i-1)/2].at {
		s.put(i, s.heap[(i-1)/2])
		i = (i - 1) / 2
	}
	for {
		child := 2*i + 1
		if child+1 < len(s.heap) && s.heap[child+1].at < s.heap[child].at {
			child++
		}
		if child >= len(s.heap) || a.at <= s.heap[child].at {
			break
		}
		s.put(i, s.heap[child])
		i = child
	}
	s.put(i, a)
}

func (s *schedule) put(i int, a appointment) {
	s.heap[i] = a
	a.conn.appointed = i + 1
}
