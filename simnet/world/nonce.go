package world

import (
	"fmt"
	"net/netip"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A sniffer is a socket that looks at what its owner writes: the numbers of
// sealed packets, which with the keys of a connection make the nonce.
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

// look checks a datagram that goes to an address.
func (s *sniffer) look(to netip.AddrPort, b []byte) {
	p := s.player
	if p == nil {
		p = s.world.byAddr[to]
	}
	if p == nil {
		return
	}
	seen, header := &p.nonce, 1+4
	if s.player == nil {
		seen, header = &p.echo, 1+s.world.cfg.Client.WireIDBytes
	}
	before := seen.epochs
	if !seen.fresh(b, header) {
		s.world.fault(NonceOnce, p.Client.String(), fmt.Sprintf("a number sealed two contents, around %d", seen.next-1))
	}
	s.world.report.keyChanges += seen.epochs - before
}

// nonces remembers the last packets of one direction of a connection: their
// numbers and a hash of their bytes (SPEC.md, section 1: prefix 0x08 to 0x0F,
// bit 4 is the parity of the key epoch, the low two bits say how long the
// number is). Numbers go on when keys change, so a number that sealed one
// content has done so whatever the keys: what is checked is more than the
// pair of key and nonce, and needs neither.
type nonces struct {
	next   uint64 // one more than the largest number seen
	parity byte   // of the newest epoch
	epochs uint64 // that began after the first
	seen   [256]uint64
}

// fresh notes a packet; false if its number was used for another content.
func (s *nonces) fresh(b []byte, header int) bool {
	if len(b) == 0 || b[0]&0xf8 != 0x08 || len(b) < header+4 {
		return true
	}
	n := int(b[0]&3) + 1
	low := uint64(0)
	for i := range n {
		low |= uint64(b[header+i]) << (8 * i)
	}
	span := uint64(1) << (8 * n)
	number := s.next&^(span-1) | low
	if number+span/2 <= s.next {
		number += span
	} else if number > s.next+span/2 && number >= span {
		number -= span
	}
	mark := hashOf(b)<<24 | number&(1<<24-1)
	place := &s.seen[number%uint64(len(s.seen))]
	if number >= s.next {
		if parity := b[0] & 0x04; parity != s.parity {
			s.parity = parity
			s.epochs++
		}
		s.next, *place = number+1, mark
		return true
	}
	if s.next-number > uint64(len(s.seen)) {
		return false // numbers only grow
	}
	return *place == mark
}
