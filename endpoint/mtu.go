package endpoint

import "github.com/tickwire/tickwire/internal/wire"

// An mtu is how large the datagrams of a path are, and the search for how large they may be:
// DPLPMTUD (RFC 8899), in the way of RFC 9000, 14.3. No message of a router is needed or
// believed.
//
//	          ┌── raiseAfter ──┐
//	          ↓                │
//	base → searching ──────→ complete
//	 ↑        │ black hole     │
//	 ├────────┴────────────────┘
//	 ↓ black hole
//	error: floorDatagram, searching from there
//
// Datagrams have baseDatagram at first. A probe is a packet of PING and PADDING alone, larger
// than what is known to pass. When it is acknowledged the path's datagrams have its size; when so
// many in a row were lost that chance does not explain it, that size does not pass. The loss of
// a probe is no sign of congestion (RFC 9000, 14.4) and no loss for the statistics, and nothing
// waits for it; it is paced like everything, and the next one waits for its fate.
//
// A path that stops carrying large datagrams, as happens when a route changes, is a black hole:
// they are lost while smaller ones arrive. After some in a row the path goes back to the base, or
// below it (RFC 8899, 4.3), and the search begins anew. So that there are smaller ones to
// compare with, what a probe timeout repeats goes in small ones.
//
// A peer that acknowledges probes which it did not get gets datagrams that it does not get.
type mtu struct {
	size   int    // of the largest datagram that is sent; 0: it was not asked for yet
	most   int    // what both ends and the carrier take
	search bool   // the carrier loses what is too large, so that probes say something
	fails  int    // the smallest size that is known not to pass; 0: none
	probe  int    // the size that is tried; 0: none
	number uint64 // of the probe under way, plus one; 0: none
	tries  int    // probes of that size that were lost, in a row
	at     int64  // the next step comes then

	begun  int64 // what was sent until then says nothing
	passed int64 // when the newest large packet was sent that was acknowledged
	lost   int   // large packets sent after it that were lost while smaller ones arrived
}

const (
	// baseDatagram is what every path of the Internet carries that carries QUIC (RFC 9000, 14).
	baseDatagram = 1200
	// floorDatagram is what is left behind the headers of IP and UDP of the 576 bytes that every
	// host takes (RFC 791, 3.1). Paths that carry less than baseDatagram are rare: tunnels in
	// tunnels.
	floorDatagram = 576 - DatagramHeaderBytes
	// mtuStep ends the search: a size that is so near to one that fails is near enough. It is
	// one in a hundred of the bytes.
	mtuStep = 16
	// raiseAfter is when a search begins again that ended below what could be
	// (RFC 8899, 5.1.1: PMTU_RAISE_TIMER).
	raiseAfter = 600 * second
	// probeGap is the least time between two probes, and before the first one: longer than most
	// ticks, so that a budget knows of the one that it has to leave room for.
	probeGap = second / 20
	// maxProbes is how often a size is tried on a path that loses nothing (RFC 8899, 5.1.2:
	// MAX_PROBES), and mostProbes on one that loses much.
	maxProbes  = 3
	mostProbes = 8
)

// likelySizes are the payloads of UDP that links and tunnels in use carry, the smallest first:
// those of MTUs of 1280, 1400, 1420 (WireGuard), 1450, 1476 (GRE), 1480, 1492 (PPPoE), 1500 and
// 9000 bytes, less the headers of IPv6 or IPv4. With them a search ends at the size itself
// and not near it.
var likelySizes = [...]int{
	1232, 1252, 1352, 1372, 1392, 1402, 1422, 1432, 1444, 1448, 1452, 1464, 1472, 8952, 8972,
}

// A Carrier is what is known of whatever carries the datagrams of a path.
type Carrier struct {
	// MaxDatagramBytes is the largest datagram that it takes, whatever Config.MaxDatagramBytes
	// says. 0 or negative: there is no limit. It should leave 48 bytes or more for frames, and
	// must for the HELLO of a Lone (NewLone says how much that is): with less, nothing large goes.
	MaxDatagramBytes int
	// DontFragment says that a datagram that is too large for the path, or for this machine, is
	// lost as a whole: it is never cut into pieces on the way. Then the largest size is searched
	// for. Otherwise MaxDatagramBytes is taken at its word.
	DontFragment bool
}

// A datagramSize is how large the datagram of a packet may be.
type datagramSize struct {
	bytes int
	spare int  // of these: beyond a smaller size that is known to pass
	probe bool // it is to have all of them, and to find out whether they pass
}

// datagramSize decides it for the next packet on a path: as large as the path is known to carry,
// and now and then larger.
func (p *path) datagramSize(now int64, by Carrier) datagramSize {
	most := p.ps.life.maxDatagramBytes()
	if by.MaxDatagramBytes > 0 {
		most = min(most, by.MaxDatagramBytes)
	}
	m := &p.mtu
	if !by.DontFragment {
		if m.size != most || m.search {
			*m = mtu{size: most, most: most, begun: now, passed: longAgo}
		}
		return datagramSize{bytes: most}
	}
	m.search = true
	m.fit(p.ps.now, most)
	if now >= p.searchAt() && p.maySend(now) {
		if size := p.nextProbe(now); size > 0 {
			return datagramSize{bytes: size, probe: true}
		}
	}
	size := m.size
	switch {
	case p.loss.probes >= maxProbes:
		size = min(size, floorDatagram)
	case p.roam != nil || p.loss.probes > 0:
		size = m.smaller()
	}
	return datagramSize{bytes: size, spare: max(0, size-m.smaller())}
}

// datagramBytes is how large the datagrams are of which the connection's estimates are made.
func (ps *paths) datagramBytes() int {
	if size := ps.lead().mtu.size; size > 0 {
		return size
	}
	return ps.life.maxDatagramBytes()
}

// fit takes what both ends and the carrier take now.
func (m *mtu) fit(now int64, most int) {
	if most == m.most && m.size > 0 {
		return
	}
	if m.size == 0 || m.size > most {
		m.size = min(baseDatagram, most)
	}
	m.most = most
	m.searchAnew(now + probeGap)
}

// searchAnew begins the search at a time, with nothing known to fail.
func (m *mtu) searchAnew(at int64) { m.fails, m.probe, m.tries, m.number, m.at = 0, 0, 0, 0, at }

// smaller is a size that passes where larger ones may not.
func (m *mtu) smaller() int {
	if m.size > baseDatagram {
		return baseDatagram
	}
	return min(m.size, floorDatagram)
}

// searchAt is when the search goes on; never: there is none.
func (p *path) searchAt() int64 {
	if !p.mtu.search || p.mtu.at == never {
		return never
	}
	return p.stepAt()
}

// stepAt is when the search goes on: behind the messages of a flush, which counted on the
// budget, but for those of a sender who never has none.
func (p *path) stepAt() int64 {
	m := &p.mtu
	switch {
	case !p.ps.life.open() || p.ps.life.quiet() || p.ps.life.drains():
	case p.stage != stageWell || !p.rtt.sampled || p.asks():
	case p.loss.probe > 0 || p.loss.probes > 0:
	case p.ps.outbox.budgeted(): // each byte is the game's
	case p.ps.sendableAt() <= p.ps.now:
		return m.at + p.rtt.smooth
	default:
		return m.at
	}
	return never
}

// nextProbe takes the next step of the search; 0: no probe is to be sent.
func (p *path) nextProbe(now int64) int {
	m := &p.mtu
	if m.number > 0 { // it should have been answered
		m.number = 0
		p.counts.ProbesLost++
		if m.tries++; m.tries >= p.probesOfSize() {
			m.fails, m.probe = m.probe, 0
		}
	}
	if m.probe == 0 {
		m.probe, m.tries = m.candidate(), 0
	}
	switch {
	case m.probe > 0:
		return m.probe
	case m.size >= m.most:
		m.at = never
	default: // complete: from the top again, later
		m.at, m.fails = now+raiseAfter, 0
	}
	return 0
}

// probesOfSize is how many probes of one size must be lost in a row until it is known not to
// pass: one more for each 4 % of packets that the path loses whatever their size. So of a
// hundred thousand sizes that pass one is taken for one that does not.
func (p *path) probesOfSize() int {
	return min(maxProbes+int(p.outbound.share()*25), mostProbes)
}

// candidate is the size to try next; 0: the search is complete. First comes the largest there
// is, which mostly passes. Then halving: of the likely sizes, then of all.
func (m *mtu) candidate() int {
	low, high := m.size, m.fails
	switch base := min(baseDatagram, m.most); {
	case low < base && high == 0:
		return base
	case low >= m.most:
		return 0
	case high == 0:
		return m.most
	}
	first, end := 0, 0
	for i, size := range likelySizes {
		if size <= low {
			first = i + 1
		}
		if size < high {
			end = i + 1
		}
	}
	switch {
	case first < end:
		return likelySizes[(first+end)/2]
	case high-low > mtuStep:
		return (low + high) / 2
	}
	return 0
}

// probesUntil is how many bytes are kept for probes until a time: for one of each path that may
// send one.
func (ps *paths) probesUntil(until int64) (bytes int64) {
	for _, p := range ps.all {
		if m := &p.mtu; m.search && m.at <= until && p.active() {
			bytes += int64(m.most + ps.overhead)
		}
	}
	return bytes
}

// fillSizeProbe makes the packet a probe, as large as its datagram may be.
func (b *builder) fillSizeProbe() {
	b.dst = append(b.dst, wire.TypePing)
	for b.room() > 0 {
		b.dst = append(b.dst, padding[:min(b.room(), len(padding))]...)
	}
	b.pkt.flags = packetSizeProbe
}

var padding [256]byte // of the type 0

// probeSent notes that a probe goes out, of the size that was to be tried.
func (m *mtu) probeSent(b *builder) {
	m.number, m.at = b.number+1, b.now+max(2*b.path.probeTimeout(0), probeGap)
	b.path.counts.Probes++
}

// probeAcked: the path carries the size of a probe.
func (m *mtu) probeAcked(now int64, p *path, number uint64) {
	if number+1 != m.number {
		return // it comes too late
	}
	m.size, m.probe, m.tries, m.number = m.probe, 0, 0, 0
	m.at = now + max(p.rtt.smooth, probeGap)
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
