package world

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A sniffer is a socket that looks at what its owner writes, and at where what it reads comes from.
type sniffer struct {
	*simnet.Socket
	world *World
	line  *Line // nil: it is the server's
}

// Write implements transport.Socket.
func (s *sniffer) Write(ds []transport.Datagram) (int, error) {
	for i := range ds {
		if tap := s.world.cfg.Tap; tap != nil {
			tap.Datagram(ds[i].Path.Remote, ds[i].Bytes, s.look)
		} else {
			s.look(ds[i].Path.Remote, ds[i].Bytes)
		}
	}
	s.world.report.wrote(ds)
	n, err := s.Socket.Write(ds)
	s.dumpWritten(ds[:n])
	return n, err
}

// Read implements transport.Socket.
func (s *sniffer) Read(ds []transport.Datagram) (int, error) {
	n, err := s.take(ds)
	s.dumpRead(ds[:n])
	return n, err
}

// take is Read for who may pass over what he takes.
func (s *sniffer) take(ds []transport.Datagram) (int, error) {
	n, err := s.Socket.Read(ds)
	for i := range ds[:n] {
		s.world.heard(s.line, ds[i].Path.Remote, len(ds[i].Bytes))
	}
	return n, err
}

// Close implements transport.Socket.
func (s *sniffer) Close() error {
	if s.line != nil {
		s.line.closed = true
		s.line.player.host.drop(s.Socket)
	}
	return s.Socket.Close()
}

// look has the player's spy read a datagram that goes to an address.
func (s *sniffer) look(to netip.AddrPort, b []byte) {
	s.world.told(s.line, to, len(b))
	l := s.line
	if l == nil {
		l = s.world.lineTo(to)
	}
	if l == nil || len(b) == 0 {
		return
	}
	what, again := s.world.overhear(l, s.line != nil, b)
	if what != "" {
		s.world.fault(NonceOnce, l.player.Client.String(), what)
	}
	switch {
	case again: // while it is not known where the peer is it goes to two addresses
	case s.line != nil:
		l.player.Client.wrote(b)
	default:
		l.player.Server.wrote(b)
	}
}

// overhear looks at who has sealed what: a key and nonce seal one content. It says what is
// wrong, and nothing if all is well, and whether the same packet of DATA was seen before.
func (w *World) overhear(on *Line, up bool, b []byte) (what string, again bool) {
	spy := on.player.spy
	switch {
	case b[0] >= 0x10:
		return w.overhearStandard(spy, up, b), false
	case b[0] == 0x07 && len(b) > 1:
		return w.overhearLong(spy, up, b), false
	case b[0]&0xf8 == 0x08:
		return w.overhearData(on, up, b)
	}
	return "", false // a request, or GONE: nothing is sealed now
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
	what := w.seals.add(seal{key: [32]byte(w.cfg.Server.PrivateKey.Append(nil)), nonce: [24]byte(token[tokenNonceAt:])}, token[privateAt:privateAt+privateBytes])
	if what != "" {
		what = "private token: " + what
	}
	return what
}

// overhearLong reads what a handshake says in packets of ours, whose nonces are random (SPEC.md,
// sections 3.1 and 3.6).
func (w *World) overhearLong(s *spy, up bool, b []byte) string {
	id := w.cfg.Client.WireIDBytes
	switch {
	case up && b[1] == 1:
		h := s.handshakes[0]
		body := openLong(h.offer, b, 10, b[:10])
		if body == nil {
			return "an OFFER that does not open"
		}
		h.offered([32]byte(body[1:]))
		return w.seals.addLong("OFFER", h, b, 10)
	case up && b[1] == 4:
		h, nonce := s.openResume(b)
		if h == nil {
			return "a RESUME that does not open"
		}
		s.keep(h)
		return w.seals.addLong("OFFER", h, b, nonce) // the key is of both
	case !up && b[1] == 5:
		h := s.openRetry(b, id)
		if h == nil {
			return "a RETRY that does not open"
		}
		return w.seals.addLong("ACCEPT", h, b, 2+id)
	case !up && b[1] == 2:
		h, l := s.openAccept(b, id)
		if l == nil {
			return "an ACCEPT that does not open"
		}
		if what := w.begin(s, h, l); what != "" {
			return what
		}
		return w.seals.addLong("ACCEPT", h, b, 2+id)
	case !up && b[1] == 3:
		return w.overhearReason(s, b)
	}
	return fmt.Sprintf("handshake packet %d that does not open", b[1])
}

// overhearReason reads a REASON, towards a request, or an OFFER or RESUME.
func (w *World) overhearReason(s *spy, b []byte) string {
	for _, h := range slices.Backward(s.handshakes) {
		for _, at := range []int{2, 2 + w.cfg.Client.WireIDBytes} {
			if openLong(h.reason, b, at, b[:at]) != nil {
				return w.seals.addLong("REASON", h, b, at)
			}
		}
	}
	return "handshake packet 3 that does not open"
}

// begin notes the keys of an ACCEPT, unless it is one that came before.
func (w *World) begin(s *spy, h *handshake, l *life) string {
	for _, other := range s.lives {
		if other.first == l.first {
			return ""
		}
	}
	if s.handshakes[0] != h {
		w.report.resumed++
	}
	s.lives = slices.Insert(s.lives, 0, l)
	s.lives = s.lives[:min(len(s.lives), livesKept)]
	for _, d := range []*course{&l.up, &l.down} {
		if what := w.seals.own(d.key); what != "" {
			return what
		}
	}
	return ""
}

// overhearData reads a DATA packet. There is one life, but for a server that was started
// anew while somebody came in, and those who come back.
func (w *World) overhearData(on *Line, up bool, b []byte) (what string, again bool) {
	what = "DATA before an ACCEPT"
	for _, life := range on.player.spy.lives {
		c := &life.down
		if up {
			c = &life.up
		}
		if what, again = w.read(on, c, up, b); what == "" {
			break
		}
	}
	return what, again
}

// read opens a packet with the key of its epoch, and notes its number. Numbers go on when
// keys change, so one that sealed a content has done so whatever the keys.
func (w *World) read(on *Line, c *course, up bool, b []byte) (what string, again bool) {
	header := 1 + 4
	if !up {
		header = 1 + w.cfg.Client.WireIDBytes
	}
	n := header + 1 + int(b[0]&3)
	if len(b) < n {
		return fmt.Sprintf("DATA of %d bytes", len(b)), false
	}
	switch {
	case up:
		on.path = b[4] & 7
	case header > 1:
		on.path = b[1] & 7
	}
	spy := on.player.spy
	reads, said := c, up || header > 1
	if c.epoch&1 != int(b[0]>>2&1) {
		reads = spy.course(expand(c.secret, "tickwire 1 next", len(c.secret)), c)
	}
	path, number, ok := w.pathOf(on, reads, said, b, header, n)
	if late := c.before; !ok && reads != c && late != nil { // by another socket, which was slower
		if p, n, opens := w.pathOf(on, late, said, b, header, n); opens {
			reads, path, number, ok = c, p, n, true
		}
	}
	numbers := &c.paths[path]
	switch {
	case !numbers.fresh(number, b):
		return fmt.Sprintf("number %d of path %d sealed two contents", number, path), false
	case !ok:
		return fmt.Sprintf("packet %d of path %d does not open with the keys of epoch %d", number, path, reads.epoch), false
	}
	again = numbers.again(number, b)
	numbers.note(number, b)
	if reads == c {
		return "", again
	}
	old := *c
	old.before = nil
	*c = *reads
	c.before = &old
	w.report.keyChanges++
	return w.seals.own(c.key), again
}

// pathOf finds the path and the number of a packet, and reports whether it opens. Without an id
// a packet does not say by which path it goes: it is mostly that on which the player sends by the
// same line.
func (w *World) pathOf(on *Line, c *course, said bool, b []byte, header, n int) (path byte, number uint64, ok bool) {
	for i := range byte(len(c.paths)) {
		path = (on.path + i) & 7
		number = c.paths[path].whole(b[header:n])
		if ok = c.open(w.scratch[:0], b, n, path, number); ok || said {
			return path, number, ok
		}
	}
	return on.path, c.paths[on.path].whole(b[header:n]), false
}
