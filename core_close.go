package tickwire

import "slices"

// close ends everything at once: peers are told, as far as one packet goes.
func (k *core) close(code Code, text string) error {
	if k.closed {
		return ErrClosed
	}
	for _, c := range slices.Clone(k.live) {
		c.close(code, text)
		c.pump(k.now)
		if c.takeEvents(); c.former != nil {
			c.takeEvents() // those of the endpoint that came after
		}
	}
	k.role.sayGoodbye()
	for _, p := range k.ports {
		p.flush()
	}
	k.closed = true
	k.posted.close()
	k.wait.close()
	var err error
	for _, p := range slices.Backward(k.ports) { // one that came later may send by the port of one before, as package web's does
		if e := p.socket.Close(); err == nil && !p.broken {
			err = e
		}
	}
	k.forgetAll()
	return err
}

// forgetAll gives all memory back. What is queued of events can still be taken.
func (k *core) forgetAll() {
	k.roster.forgetAll()
	k.marks.forgetAll()
	k.limited, k.jammed = nil, nil
	k.events.visible = k.events.ring.End()
}
