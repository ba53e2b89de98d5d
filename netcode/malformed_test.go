package netcode

import (
	"bytes"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestMalformedHandshake: what is authentic and breaks a layout of SPEC.md,
// 3.1, is dropped and changes nothing. Each case differs from a good packet in
// one place of what is sealed.
func TestMalformedHandshake(t *testing.T) {
	k, random := newHandshakeKeys(&tokenKeys{}, testProtocol), newSeeded(1)
	id, share := wireID{b: [4]byte{0x08, 1}, n: 2}, [shareBytes]byte{7}
	zeros := func(n int) []byte { return make([]byte, n) }
	offered := slices.Concat([]byte{1}, zeros(32), []byte{2, 0x08, 1, 3, 0x11, 1, 9}, zeros(300), zeros(wire.MaxHelloBytes))
	accepted := slices.Concat([]byte{3, 1, 2, 0x50}, zeros(32), []byte{0, 3, 0x11, 1, 9}, zeros(28), zeros(wire.MaxHelloBytes))
	reason := slices.Concat(zeros(8), []byte{4, 1, 0, 2, 'n', 'o'}, zeros(24))
	longest := slices.Concat(zeros(8), []byte{1, 1, 0}, wire.AppendUvarint(nil, wire.MaxTextBytes), zeros(wire.MaxTextBytes+4*wire.ChannelRowSize))

	openOffer := func(body []byte) Drop {
		head := slices.Concat([]byte{wire.PrefixHandshake, longOffer}, zeros(8))
		b, _ := sealLong(random, k.offer, slices.Concat(head, zeros(24), body), 10, head)
		return new(offer).open(k, b)
	}
	openAccept := func(body []byte) Drop {
		b, _ := sealLong(random, k.accept, slices.Concat([]byte{7, longAccept, 0x08, 1}, zeros(24), body), 4, acceptAD(&id, &share))
		return new(accept).open(k, b, id, &share)
	}
	readReason := func(body []byte) Drop {
		head := []byte{7, longReason, 0x08, 1}
		b, _ := sealLong(random, k.reason, slices.Concat(head, zeros(24), body), 4, head)
		_, _, drop := openReason(k, b, id)
		return drop
	}
	for _, c := range []struct {
		name string
		open func([]byte) Drop
		good []byte
		at   int
		byte byte
		more int // zeros behind it
	}{
		{"OFFER: client id of five bytes", openOffer, offered, 33, 5, 0},
		{"OFFER: client id that overlaps the path", openOffer, offered, 34, 0x09, 0},
		{"OFFER: 59 bytes of pad items", openOffer, offered, 36, 59, 0},
		{"OFFER: HELLO of 257 bytes", openOffer, offered, 0, 1, 1},
		{"ACCEPT: connection id with a path", openAccept, accepted, 3, 0x51, 0},
		{"ACCEPT: a flag of a later version", openAccept, accepted, 36, 1, 0},
		{"ACCEPT: 59 bytes of pad items", openAccept, accepted, 37, 59, 0},
		{"ACCEPT: HELLO of 257 bytes", openAccept, accepted, 0, 3, 1},
		{"REASON: a local code", readReason, reason, 8, 64, 0},
		{"REASON: text that is not there", readReason, reason, 11, 200, 0},
		{"REASON: part of a row", readReason, reason, 8, 4, 1},
		{"REASON: text of 201 bytes", readReason, longest, 11, (wire.MaxTextBytes + 1) | 0x80, 1},
	} {
		if drop := c.open(bytes.Clone(c.good)); drop != DropNone {
			t.Fatalf("%s: the good one is dropped: %v", c.name, drop)
		}
		bad := append(bytes.Clone(c.good), zeros(c.more)...)
		bad[c.at] = c.byte
		if drop := c.open(bad); drop != DropMalformed {
			t.Errorf("%s: %v", c.name, drop)
		}
	}
}

// TestLongOfAnother: what names another client, or is too short to name one, is forged, before and after
// its seal is looked at.
func TestLongOfAnother(t *testing.T) {
	k, random := newHandshakeKeys(&tokenKeys{}, testProtocol), newSeeded(1)
	id, other, share := wireID{b: [4]byte{0x08, 1}, n: 2}, wireID{b: [4]byte{0x08, 2}, n: 2}, [shareBytes]byte{7}
	a := accept{connectionID: [4]byte{3, 1, 2, 0x50}}
	accepted, _ := a.append(random, k, nil, id, &share)
	reason, _ := appendReason(random, k, nil, Refusal{Code: CodeFull}, id, echo{}, requestBytes)
	for name, open := range map[string]func(b []byte, id wireID) Drop{
		"ACCEPT": func(b []byte, id wireID) Drop { return new(accept).open(k, b, id, &share) },
		"REASON": func(b []byte, id wireID) Drop { _, _, drop := openReason(k, b, id); return drop },
		"RETRY":  func(b []byte, id wireID) Drop { _, _, drop := openRetry(k, b, id, &share); return drop },
	} {
		for _, b := range [][]byte{accepted, reason} {
			if drop := open(bytes.Clone(b), other); drop != DropForged {
				t.Errorf("%s of another client: %v", name, drop)
			}
			for n := range len(b) {
				if drop := open(bytes.Clone(b[:n]), id); drop != DropForged {
					t.Fatalf("%d bytes of %s: %v", n, name, drop)
				}
			}
		}
	}
}
