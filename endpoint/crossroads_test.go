package endpoint

import "time"

// crossRoads joins the ends of a game anew, by a way that others may come beside.
func (g *game) crossRoads(cfg Config) {
	g.mesh = (&mesh{t: g.t, now: g.now, seed: g.seed}).join(cfg, 10*time.Millisecond)
	for end := range g.ends {
		g.ends[end] = lone{Endpoint: g.mesh.ends[end]}
	}
}

// link is one of those that an end sends on.
func (g *game) link(end int, which byte) *link {
	if g.mesh == nil {
		return &g.links[end]
	}
	ways := g.mesh.ways
	return &ways[int(which>>4&7)%len(ways)].links[end]
}

// heal makes every link a good one; each path that the client has goes somewhere again.
func (g *game) heal() {
	good := func(l *link) { *l = link{rnd: l.rnd, delay: l.delay, flight: l.flight, sent: l.sent} }
	if g.mesh == nil {
		good(&g.links[0])
		good(&g.links[1])
		return
	}
	for _, w := range g.mesh.ways {
		good(&w.links[0])
		good(&w.links[1])
	}
	for _, w := range g.mesh.from {
		if w != nil {
			w.dead = false
		}
	}
	client := g.mesh.ends[0]
	for id := range client.Paths() {
		if st := client.PathStats(id); st.Route == NoRoute {
			_ = client.SetPath(g.now, id, PathConfig{Use: st.Use, Weight: st.Weight})
		}
	}
}

// path makes something happen to one of the paths, or to a way. At most two hundred ways are
// made, so that each has an address of its own.
func (g *game) path(end int, id, b byte) {
	m := g.mesh
	m.now = g.now
	cfg := PathConfig{Route: Route(id % 4), Use: PathUse(b % 3), Weight: 1 + int(b)/8}
	if m.from[cfg.Route] == nil || b%16 == 0 && len(m.ways) < 200 {
		if old := m.from[cfg.Route]; old != nil {
			old.dead = b%32 == 0
		}
		m.addWay(cfg.Route, Route(len(m.ways)), time.Duration(1+b%50)*time.Millisecond)
	}
	id %= 5
	switch what := (b - 70) / 8; {
	case what < 8:
		if _, err := m.ends[0].OpenPath(g.now, cfg); err == nil {
			g.pair.run(time.Duration(b) * time.Millisecond)
		}
	case what < 12:
		if end == 1 {
			cfg.Route = m.ends[1].PathStats(id).Route
		}
		_ = m.ends[end].SetPath(g.now, id, cfg)
	case what < 15:
		m.ends[end].ClosePath(g.now, id)
	case what < 18:
		m.from[cfg.Route].dead = !m.from[cfg.Route].dead
	case what < 20:
		m.ends[end].PathDied(g.now, id)
	}
}

// steering is what the frames that steer channels may take in a flush, beyond its limit: more if
// paths die, with which those are lost that were under way, or end under older keys.
func (g *game) steering() int {
	if g.mesh != nil || g.epoch[0]+g.epoch[1] > 0 {
		return 800
	}
	return 200
}

// slipIn hands an end a packet that nobody sent: on which path, from where and with which number
// its first two bytes say.
func (g *game) slipIn(end int, b []byte) {
	if len(b) < 2 {
		return
	}
	w := g.mesh.ways[int(b[0]>>3)%len(g.mesh.ways)]
	number := uint64(b[1])
	if p := g.ends[end].paths.path(b[0] & 7); p != nil {
		number += p.largest
	}
	from := w.socket
	if end == 1 {
		from = w.address
		w.came += len(b) + 51
	}
	g.ends[end].HandlePacket(g.now, Incoming{Path: b[0] & 7, From: from, Number: number, Frames: b[2:]})
}
