package endpoint

// sortAcked: a packet was acknowledged that is not only a packet.
func (p *path) sortAcked(now int64, number uint64, pkt *sentPacket) {
	if pkt.sort&packetMarked != 0 {
		p.marks.acked++
	}
	switch {
	case pkt.sort&packetSizeProbe != 0:
		p.mtu.probeAcked(now, p, number)
	case pkt.sort&packetLarge != 0:
		p.mtu.largeAcked(pkt)
	}
}

// sortLost: such a packet was lost.
func (p *path) sortLost(now int64, pkt *sentPacket) {
	if pkt.sort&packetMarked != 0 && pkt.at > p.freshAt {
		p.marks.lostMarked()
	}
	if pkt.sort&packetLarge != 0 {
		p.mtu.largeLost(now, p, pkt)
	}
}

// largeAcked: the path carries large packets.
func (m *mtu) largeAcked(pkt *sentPacket) { m.passed, m.lost = max(m.passed, pkt.at), 0 }

// largeLost: a large packet was lost. If one that was sent later arrived, that is chance, or
// congestion; if only smaller ones did, and often, it is a black hole.
func (m *mtu) largeLost(now int64, p *path, pkt *sentPacket) {
	if !m.search || pkt.at <= max(m.passed, m.begun) {
		return
	}
	if m.lost++; m.lost < p.probesOfSize() {
		return
	}
	m.size, m.begun, m.lost = m.smaller(), now, 0
	m.searchAnew(now + max(p.rtt.smooth, probeGap))
	p.counts.BlackHoles++
}
