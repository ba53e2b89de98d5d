package world

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A sniffer is a socket that looks at what its owner writes.
type sniffer struct {
	*simnet.Socket
	world  *World
	player *Player // nil: it is the server's
}

// Write implements transport.Socket.
func (s *sniffer) Write(ds []transport.Datagram) (int, error) {
	for i := range ds {
		if e := s.end(ds[i].Path.Remote); e != nil {
			e.wrote(ds[i].Bytes)
		}
		look := func(b []byte) { s.look(ds[i].Path.Remote, b) }
		if tap := s.world.cfg.Tap; tap != nil {
			tap.Datagram(ds[i].Bytes, look)
		} else {
			look(ds[i].Bytes)
		}
	}
	s.world.report.wrote(ds)
	return s.Socket.Write(ds)
}

// end is who writes to an address; nil if nobody is known.
func (s *sniffer) end(to netip.AddrPort) *End {
	if s.player != nil {
		return s.player.Client
	}
	if p := s.world.byAddr[to]; p != nil {
		return p.Server
	}
	return nil
}

// look has the player's spy read a datagram that goes to an address.
func (s *sniffer) look(to netip.AddrPort, b []byte) {
	p := s.player
	if p == nil {
		p = s.world.byAddr[to]
	}
	if p == nil || len(b) == 0 {
		return
	}
	if what := s.world.overhear(p, s.player != nil, b); what != "" {
		s.world.fault(NonceOnce, p.Client.String(), what)
	}
}

// overhear looks at who has sealed what: a key and nonce seal one content. It says what is
// wrong, and nothing if all is well.
func (w *World) overhear(p *Player, up bool, b []byte) string {
	switch {
	case b[0] >= 0x10:
		return w.overhearStandard(p.spy, up, b)
	case b[0] == 0x07 && len(b) > 1:
		return w.overhearLong(p.spy, up, b)
	case b[0]&0xf8 == 0x08:
		return w.overhearData(p, up, b)
	}
	return "" // a request, or GONE: nothing is sealed now
}

// overhearStandard reads a packet of the netcode standard, under a key of the token (SPEC.md,
// section 3.5).
func (w *World) overhearStandard(s *spy, up bool, b []byte) string {
	key := s.toClient
	if up {
		key = s.toServer
	}
	header := 1 + int(b[0]>>4)
	if len(b) < header+16 {
		return fmt.Sprintf("a standard packet of %d bytes", len(b))
	}
	nonce := nonceOf(4, b[1:header])
	ad := binary.LittleEndian.AppendUint64([]byte("NETCODE 1.02\x00"), protocolID)
	aead, _ := chacha20poly1305.New(key[:]) // fails for other lengths only
	body, err := aead.Open(nil, nonce[:12], b[header:], append(ad, b[0]))
	if err != nil {
		return "a standard packet that the token's key does not open"
	}
	if b[0]&15 == 2 { // a challenge: within it, a token under the server's own key
		if what := w.seals.add(seal{run: w.runs, nonce: nonceOf(4, body[:8])}, body[8:]); what != "" {
			return "challenge token: " + what
		}
	}
	return w.seals.add(seal{key: key, nonce: nonce}, b)
}

// minted notes the private part of a token.
func (w *World) minted(token []byte) string {
	what := w.seals.add(seal{key: w.cfg.Server.PrivateKey, nonce: [24]byte(token[tokenNonceAt:])}, token[privateAt:privateAt+privateBytes])
	if what != "" {
		what = "private token: " + what
	}
	return what
}

// overhearLong reads OFFER, ACCEPT and REASON, whose nonces are random (SPEC.md, section 3.1).
func (w *World) overhearLong(s *spy, up bool, b []byte) string {
	id := w.cfg.Client.WireIDBytes
	switch {
	case up && b[1] == 1:
		body := openLong(s.offer, b, 10, b[:10])
		if body == nil {
			return "an OFFER that does not open"
		}
		s.offered([32]byte(body[1:]))
		return w.seals.addLong("OFFER", s, b, 10)
	case !up && b[1] == 2:
		l := s.openAccept(b, id)
		if l == nil {
			return "an ACCEPT that does not open"
		}
		if what := w.begin(s, l); what != "" {
			return what
		}
		return w.seals.addLong("ACCEPT", s, b, 2+id)
	case !up && b[1] == 3:
		for _, at := range []int{2, 2 + id} { // towards a request, or an OFFER
			if openLong(s.reason, b, at, b[:at]) != nil {
				return w.seals.addLong("REASON", s, b, at)
			}
		}
	}
	return fmt.Sprintf("handshake packet %d that does not open", b[1])
}

// begin notes the keys of an ACCEPT, unless it is one that came before.
func (w *World) begin(s *spy, l *life) string {
	for _, other := range s.lives {
		if other.first == l.first {
			return ""
		}
	}
	s.lives = append(s.lives, l)
	for _, d := range []*line{&l.up, &l.down} {
		if what := w.seals.own(d.key); what != "" {
			return what
		}
	}
	return ""
}

// overhearData reads a DATA packet. There is one life, but for a server that was started
// anew while somebody came in.
func (w *World) overhearData(p *Player, up bool, b []byte) string {
	header := 1 + 4
	if !up {
		header = 1 + w.cfg.Client.WireIDBytes
	}
	what := "DATA before an ACCEPT"
	for _, life := range p.spy.lives {
		l := &life.down
		if up {
			l = &life.up
		}
		if what = w.read(p.spy, l, up, b, header); what == "" {
			break
		}
	}
	return what
}

// read opens a packet with the key of its epoch, and notes its number. Numbers go on when
// keys change, so one that sealed a content has done so whatever the keys.
func (w *World) read(s *spy, l *line, up bool, b []byte, header int) string {
	n := header + 1 + int(b[0]&3)
	if len(b) < n {
		return fmt.Sprintf("DATA of %d bytes", len(b))
	}
	path := byte(0) // without an id a packet does not say by which path it goes
	switch {
	case up:
		path = b[4] & 7
	case header > 1:
		path = b[1] & 7
	}
	numbers := &l.paths[path]
	number := numbers.whole(b[header:n])
	if !numbers.fresh(number, b) {
		return fmt.Sprintf("number %d sealed two contents", number)
	}
	reads := l
	if l.epoch&1 != int(b[0]>>2&1) {
		reads = s.line(expand(l.secret, "tickwire 1 next", len(l.secret)), l)
	}
	if !reads.open(w.scratch[:0], b, n, path, number) {
		return fmt.Sprintf("packet %d does not open with the keys of epoch %d", number, reads.epoch)
	}
	numbers.note(number, b)
	if reads == l {
		return ""
	}
	*l = *reads
	w.report.keyChanges++
	return w.seals.own(l.key)
}
