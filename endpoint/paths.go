package endpoint

// Paths are those of a connection, and what they have in common: which of them messages take, and
// what goes over several. A path knows what it has sent and what of that was acknowledged; it tells
// the outbox, the inbox and the life of the connection what became of what they had it carry.
type paths struct {
	*common
	inbox  *inbox
	outbox *outbox
	life   *lifetime
	random chance // what all is drawn from but the seeds of the tables

	all        []*path // by their numbers; those that are not in use are closed
	clock      uint64  // how much the path had got that messages went over last
	statusOwed bool    // a path has PATH_STATUS to be sent
	copies     copies
	rateTold   rateTold

	exchanges exchanges
	sent      bandwidth
	received  bandwidth
}

// begin makes path 0.
func (ps *paths) begin(c *common, in *inbox, out *outbox, l *lifetime, now int64, cfg PathConfig) {
	ps.common, ps.inbox, ps.outbox, ps.life = c, in, out, l
	ps.all = []*path{ps.firstPath(now, cfg)}
	ps.rateTold = rateTold{rate: ps.bytesPerSecond(), at: now}
}

// firstPath returns path 0, which needs no challenge.
func (ps *paths) firstPath(now int64, cfg PathConfig) *path {
	p := ps.newPath(0, now)
	p.claims = newClaims(now, stageWell, cfg)
	return p
}

// single reports whether there never was a path but the first, as on most connections: then no turns are
// counted, and none is asked whether it could do better.
func (ps *paths) single() bool { return len(ps.all) == 1 }

// path returns the path of a number; nil if there never was one.
func (ps *paths) path(id uint8) *path {
	if int(id) >= len(ps.all) {
		return nil
	}
	return ps.all[id]
}
