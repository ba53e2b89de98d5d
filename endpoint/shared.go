package endpoint

// A shared is the payload of a message that several endpoints send, or one of them on several
// channels. Each such message is a user, and so is the draft that it was built in; the last one
// gives the memory back.
type shared struct {
	payload []byte
	buffers *Buffers
	users   int
}

// fetchShared makes a payload of the pool shared, by one user so far.
func (p *Buffers) fetchShared(payload []byte) *shared {
	n := len(p.freeShared)
	if n == 0 {
		return &shared{payload, p, 1}
	}
	s := p.freeShared[n-1]
	p.freeShared = p.freeShared[:n-1]
	*s = shared{payload, p, 1}
	return s
}

// release takes a user away.
func (s *shared) release() {
	if s.users--; s.users > 0 {
		return
	}
	p := s.buffers
	p.release(s.payload)
	*s = shared{}
	p.freeShared = append(p.freeShared, s)
}

// freePayload lets go of a message's payload: it will not be sent again.
func (out *outbox) freePayload(m *outMessage) {
	if m.shared != nil {
		m.shared.release()
		m.shared = nil
	} else {
		out.cfg.Buffers.release(m.payload)
	}
	m.payload = nil
}
