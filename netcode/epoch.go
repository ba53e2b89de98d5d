package netcode

import (
	"crypto/cipher"
	"crypto/sha256"
	"time"
)

// An epoch is the keys of one direction for a while. Each epoch's secret gives
// the next one's, and none before it: once it is forgotten, what was sealed
// under it stays sealed.
//
// A receiver derives the next keys before anybody asks: a packet that nobody has authenticated must
// not make it derive anything. A change of one direction is not answered by one of the other.
type epoch struct {
	suite    Suite
	tagBytes uint8
	keys     hidden[*epochKeys] // nil: there is no such epoch
}

type epochKeys struct {
	aead   cipher.AEAD
	secret [sha256.Size]byte
	iv     [nonceBytes]byte
}

func newEpoch(secret []byte, suite Suite, tagBytes uint8) epoch {
	k := &epochKeys{secret: [sha256.Size]byte(secret)}
	if suite != SuiteSignedOnly { // which signs path and number as they are
		k.iv = [nonceBytes]byte(expand(secret, "tickwire 1 iv", nonceBytes))
	}
	key := (*rawKey)(expand(secret, "tickwire 1 key", len(rawKey{})))
	k.aead = suite.aead(key, tagBytes)
	return epoch{suite: suite, tagBytes: tagBytes, keys: hide(k)}
}

// next returns the epoch that follows.
func (e *epoch) next() epoch {
	return newEpoch(expand(e.keys().secret[:], "tickwire 1 next", sha256.Size), e.suite, e.tagBytes)
}

const (
	// MaxEpochPackets is after how many packets a direction changes its keys:
	// well below what AES-GCM bears under one key (RFC 9001, 6.6).
	MaxEpochPackets = 1 << 22
	// oldKeys is how long a receiver still opens what was sealed before a
	// change: three times the longest probe timeout (SPEC.md, 7.5).
	oldKeys = 3 * int64(2*time.Second)
	// leastEpoch is the shortest epoch that a receiver goes along with, so that
	// a peer that changes keys with every packet does not make us derive as many.
	leastEpoch = int64(time.Millisecond)
	// pathsEpoch is the shortest epoch of a sender that uses several paths: one that
	// sends nothing in an epoch must not come upon the next while the receiver still
	// takes its parity for that of the epoch before.
	pathsEpoch = oldKeys + int64(time.Second)
)

// KeyChangeDue reports whether the packets of this epoch are many enough, or
// whether [Sealer.WantNewKeys] was called. A Sealer does nothing by itself:
// whoever drives it asks before each packet, and calls [Sealer.ChangeKeys].
func (s *Sealer) KeyChangeDue() bool { return s.wanted || s.sealed >= s.most }

// WantNewKeys has the keys changed as soon as that is possible.
func (s *Sealer) WantNewKeys() { s.wanted = true }

// ChangeKeys begins the next epoch with the next packet, unless it is too
// early: before the peer has acknowledged a packet of this one, and three
// probe timeouts after the first of them was sealed, the peer may not be done with the one
// before (RFC 9001, 6.1 and 6.5). Acked is the largest number that was acknowledged of a
// path; any of the paths will do, and the probe timeout is the longest of all. Once
// there was a second path, seven seconds have to pass. It reports whether the keys
// changed.
//
// It need not be forced: an endpoint has at most 2^14 packets in flight, and
// probe timeouts are two seconds at most. Of acks alone, which nobody need
// acknowledge, it ends the connection at 2^22 on a path (SPEC.md, 7.4): that is
// 2^25 on eight, and a key bears more (SPEC.md, 4).
func (s *Sealer) ChangeKeys(now int64, path uint8, acked uint64, probeTimeout time.Duration) bool {
	least := 3 * int64(probeTimeout)
	if s.paths&(s.paths-1) != 0 {
		least = max(least, pathsEpoch)
	}
	if s.used&(1<<path) == 0 || acked < s.first[path] || s.epochs > 0 && now-s.begunAt < least {
		return false
	}
	s.epoch = s.epoch.next()
	s.epochs++
	s.sealed, s.used, s.wanted = 0, 0, false
	return true
}

// keys returns the epoch that a packet must be of, nil if there is none: its
// parity is that of the epoch now, or its number tells whether it is from
// before or from after (SPEC.md, 4). So whoever flips the bit gains one trial with another key, which
// fails. The next keys are there before anyone asks for them, so that the
// trial costs as much as any other (RFC 9001, 6.3).
func (o *opener) keys(now int64, p *inbound, parity uint64, number uint64) *epoch {
	if o.old.keys != nil && now-o.changedAt >= oldKeys {
		o.old = epoch{}
	}
	heard := p != nil && p.epoch == o.epochs+1
	switch {
	case parity == o.epochs&1:
		return &o.now
	case o.old.keys != nil && (!heard || number < p.first):
		return &o.old
	case heard && number <= p.largest(), o.epochs > 0 && now-o.changedAt < leastEpoch:
		return nil
	}
	return &o.next
}

// begin makes the next epoch the one now.
func (o *opener) begin(now int64) {
	o.old, o.now, o.next = o.now, o.next, o.next.next()
	o.epochs++
	o.changedAt = now
}
