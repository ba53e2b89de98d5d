package tickwire

// handle implements role.
func (c *Client) handle(in reading) {
	o := origin{in.port, sourceOf(in.Path)}
	if at := c.wireIDAt(in.Bytes); at > 0 {
		if d := c.byWireID[wireIDOf(in.Bytes[at:], c.cfg.WireIDBytes)]; d != nil {
			if path, ok := d.pathFrom(o); ok {
				d.handle(in, path, o.from, in.Bytes)
				return
			}
		}
		if at == wireIDInData {
			c.counts.Strangers++
			return
		}
	}
	c.handleUnnamed(in, o)
}

// handleUnnamed gives a datagram to the connections with its sender, the newest first,
// until one takes it: some may have ended and still say goodbye, and the packets
// of a handshake do not name theirs. Whoever tries to open a packet destroys it,
// so that all but the last get a copy.
func (c *Client) handleUnnamed(in reading, o origin) {
	var last *dialed
	var lastPath uint8
	for i := len(c.dials) - 1; i >= 0; i-- {
		d := c.dials[i]
		path, ok := d.pathFrom(o)
		if !ok || !d.mayBeFor(in.Bytes) {
			continue
		}
		if last != nil {
			c.copied = append(c.copied[:0], in.Bytes...)
			if last.handle(in, lastPath, o.from, c.copied) {
				return
			}
		}
		last, lastPath = d, path
	}
	if last == nil {
		c.counts.Strangers++
		return
	}
	last.handle(in, lastPath, o.from, in.Bytes)
}

// sayGoodbye implements role: a client has a Conn for each peer.
func (c *Client) sayGoodbye() {}
