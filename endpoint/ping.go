package endpoint

// Ping has a packet sent at once that the peer acknowledges, with a PING in it if there is
// nothing else to say.
func (e *Endpoint) Ping() { e.paths[0].loss.probe = true }
