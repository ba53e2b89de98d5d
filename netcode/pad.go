package netcode

import "fmt"

// A Pad is what a tickwire backend writes into the spare room of both copies
// of a token, where no standard reader looks:
//
//	"TWPD" | version u8 = 1 | length u8 <= 58 | items | zeros
//	item: kind u8 | length u8 | value
//
// Its presence makes our dialect mandatory. What it asks for can be lowered by
// no packet, since it travels inside the token.
type Pad struct {
	// Present is false for tokens of other backends.
	Present bool
	// Suite and TagBytes are the protection of DATA packets; without the item,
	// ChaCha20-Poly1305 and 16.
	Suite    Suite
	TagBytes uint8
	// ForwardSecrecy asks for a Diffie-Hellman exchange in the handshake.
	ForwardSecrecy bool
	// Unsealed gives leave to go unsealed over TLS or DTLS that the server
	// itself ends.
	Unsealed bool

	items [maxPadItems]byte // as read, to be echoed
	n     uint8
}

const (
	padBytes      = 64
	padMagic      = "TWPD"
	padVersion    = 1
	padHeader     = len(padMagic) + 2
	maxPadItems   = padBytes - padHeader
	privatePadAt  = 944 // where 32 IPv6 addresses, keys and user data end
	publicPadAt   = tokenBytes - padBytes
	itemMandatory = 0x80 // kinds from here on are refused when not known

	itemUnsealed       = 0x03
	itemProtection     = 0x81
	itemForwardSecrecy = 0x82
)

// raw returns the items as they were read.
func (p *Pad) raw() []byte { return p.items[:p.n] }

// append writes the 64 bytes.
func (p *Pad) append(dst []byte) []byte {
	dst = append(dst, padMagic...)
	dst = append(dst, padVersion, p.n)
	return append(dst, p.items[:]...) // the rest of items is zero
}

// readPad reads the 64 bytes of one copy. Room that does not begin with the
// magic is no pad: other backends leave zeros there.
func readPad(b []byte) (p Pad, drop Drop) {
	p.Suite, p.TagBytes = SuiteChaCha20Poly1305, macBytes
	if len(b) < padBytes || string(b[:len(padMagic)]) != padMagic {
		return p, DropNone
	}
	p.Present = true
	n := b[len(padMagic)+1]
	if b[len(padMagic)] != padVersion || int(n) > maxPadItems {
		return p, DropPad
	}
	if !p.read(b[padHeader : padHeader+int(n)]) {
		return p, DropPad
	}
	return p, DropNone
}

// padOfItems makes a pad of items as raw returns them.
func padOfItems(items []byte) (p Pad, ok bool) {
	p.Present, p.Suite, p.TagBytes = true, SuiteChaCha20Poly1305, macBytes
	ok = p.read(items)
	return p, ok
}

// read takes the items, at most maxPadItems bytes of them.
func (p *Pad) read(items []byte) bool {
	p.n = uint8(copy(p.items[:], items))
	for items := p.raw(); len(items) > 0; {
		if len(items) < 2 || int(items[1]) > len(items)-2 {
			return false
		}
		end := 2 + int(items[1])
		if !p.set(items[0], items[2:end]) {
			return false
		}
		items = items[end:]
	}
	return true
}

// padFault says what is wrong with 64 bytes that readPad refuses.
func padFault(b []byte) string {
	version, n := b[len(padMagic)], int(b[len(padMagic)+1])
	switch {
	case version != padVersion:
		return fmt.Sprintf("of version %d; this one reads version %d", version, padVersion)
	case n > maxPadItems:
		return fmt.Sprintf("%d bytes of items, at most %d fit", n, maxPadItems)
	}
	for items := b[padHeader : padHeader+n]; len(items) > 0; {
		if len(items) < 2 || int(items[1]) > len(items)-2 {
			return fmt.Sprintf("the item at byte %d is cut short", padHeader+n-len(items))
		}
		end := 2 + int(items[1])
		if !new(Pad).set(items[0], items[2:end]) {
			return fmt.Sprintf("item %#02x with %d bytes, which this version does not know", items[0], items[1])
		}
		items = items[end:]
	}
	return "malformed"
}

// set takes one item and reports whether a reader may go on after it.
func (p *Pad) set(kind byte, value []byte) bool {
	switch kind {
	case itemProtection:
		if len(value) != 2 {
			return false
		}
		p.Suite, p.TagBytes = Suite(value[0]), value[1]
		return true
	case itemForwardSecrecy:
		p.ForwardSecrecy = true
		return len(value) == 0
	case itemUnsealed:
		p.Unsealed = true
		return len(value) == 0
	}
	return kind < itemMandatory
}

// choose sets the items by what an issuer wants. What every reader assumes
// anyway is left out.
func (p *Pad) choose(suite Suite, tagBytes uint8, forwardSecrecy bool) {
	p.Suite, p.TagBytes, p.ForwardSecrecy = suite, tagBytes, forwardSecrecy
	items := p.items[:0]
	if suite != SuiteChaCha20Poly1305 {
		items = append(items, itemProtection, 2, byte(suite), tagBytes)
	}
	if forwardSecrecy {
		items = append(items, itemForwardSecrecy, 0)
	}
	p.n = uint8(len(items))
}
