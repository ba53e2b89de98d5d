package endpoint

// News reports whether Update would show the game something new: a message or an event.
func (e *Endpoint) News() bool {
	if e.events.ring.End() != e.events.visible {
		return true
	}
	for i := range e.receivers {
		if r := &e.receivers[i]; r.ready.End() != r.visible {
			return true
		}
	}
	return false
}
