package endpoint

// Instance is the random number by which this endpoint tells its lives apart, as its HELLO says.
func (e *Endpoint) Instance() uint64 { return e.life.hello.instance }

// Continue goes on under new keys, after a handshake in which both ends found the other's
// instance to be the one that they know (SPEC.md, 3.6). There is one path, 0, new, with numbers
// from zero; no event tells of those that were. The caller hands over no packet of the old keys
// any more.
//
// What was on its way counts as lost, which says nothing about congestion, and is sent again or
// Lost as its delivery has it: what had arrived is known to the peer by its id, or is not sent
// again. Nothing else begins anew: ids, credit, queues, unfinished messages, receipts, a drain. A
// hold of either end is over.
//
// The two ends may call it at different times: until both have, the packets of one are not
// read by the other, and are lost. A peer that was away is back. A packet leaves at once, with a
// PING if there is nothing else to say.
//
// The error is ErrClosed: the connection is over, or never began. Whoever does not want to go
// on closes the endpoint, which need not be driven then, and makes another one: what waited or
// was on its way is Lost (ConnClosed).
func (e *Endpoint) Continue(now int64, path PathConfig) error {
	if !e.life.live() {
		return ErrClosed
	}
	e.SetNow(now)
	for _, p := range e.paths.all {
		p.empty(now)
		e.stats.addPath(&p.counts)
	}
	p := e.paths.firstPath(now, path)
	p.ackDelay = e.paths.all[0].ackDelay
	p.loss.probe, p.served = 1, e.paths.clock
	clear(e.paths.all)
	e.paths.all, e.paths.statusOwed = append(e.paths.all[:0], p), false
	e.paths.copies.reset()
	e.life.ownHold = ownHold{hold: hold{serial: e.life.ownHold.serial}, known: true} // the serials go on,
	e.life.peerHold = peerHold{hold: hold{serial: e.life.peerHold.serial}}           // the peer's, too
	e.life.awakeAt = longAgo
	e.life.lastHeard = max(e.life.lastHeard, now)
	if e.life.state == stateAway {
		e.life.state = stateOpen
		e.events.push(Event{Kind: Back})
	}
	return nil
}

// Follow has this endpoint, which is new, take the place of one that did not continue: receipts
// are numbered on, so that none of them stands for two messages, LimitBudget holds, and clock samples
// go on being kept if they were.
func (e *Endpoint) Follow(old *Endpoint) {
	e.outbox.lastReceipt = max(e.outbox.lastReceipt, old.outbox.lastReceipt)
	e.outbox.flush = old.outbox.flush
	e.paths.exchanges.ring = old.paths.exchanges.ring
}

// reset forgets all copies, when all packets are forgotten.
func (c *copies) reset() {
	if c.copied == nil {
		return
	}
	for c.sets.Len() > 0 {
		c.sets.Pop()
	}
	c.due, c.from = 0, nil
}
