package netcode

import (
	"bytes"
	"net/netip"
)

// An Inspection is all that can be said about a connect token, sound or
// damaged, of whatever netcode 1.02 backend. It has none of the token's keys.
//
// What could not be read is zero, and a fault says why.
type Inspection struct {
	// ProtocolID, Created, Expires (in seconds since 1970), TimeoutSeconds,
	// Addresses and Pad are as in [Token].
	ProtocolID       uint64
	Created, Expires uint64
	TimeoutSeconds   int32
	Addresses        []netip.AddrPort
	Pad              Pad
	// Private is what the server will read; nil without a key that opens it.
	Private *PrivatePart
	// Faults is what is wrong, in the order of the token's bytes. Nothing is
	// said about the time: compare Expires with the clock.
	Faults []*TokenError
}

// A PrivatePart is the part of a connect token that only backend and servers
// can read.
type PrivatePart struct {
	ClientID       uint64
	TimeoutSeconds int32
	Addresses      []netip.AddrPort // by which servers know themselves; clients go by those in public
	UserData       UserData
	Pad            Pad
}

// Inspect reads a connect token for whoever wants to know why it is refused.
// Without a key only its public part is looked at. It keeps nothing of b.
func Inspect(b []byte, key *Key) *Inspection {
	t, wrong := readToken(b)
	i := &Inspection{
		ProtocolID: t.ProtocolID, Created: t.Created, Expires: t.Expires,
		TimeoutSeconds: t.TimeoutSeconds, Addresses: t.Addresses, Pad: t.Pad,
	}
	if len(b) == tokenBytes {
		wrong.unreachable("addresses", t.Addresses)
		if len(t.Addresses) > 0 { // else nobody knows where the keys are
			wrong.weak(t.keys())
		}
		if key != nil {
			i.Private = t.inspectPrivate(key.raw(), &wrong)
		}
	}
	i.Faults = wrong
	return i
}

// InspectTokenList inspects each of several tokens, or a single one. The fault is
// that of what holds them together, or nil.
func InspectTokenList(b []byte, key *Key) (tokens []*Inspection, fault *TokenError) {
	split, fault := splitTokenList(b)
	for _, b := range split {
		tokens = append(tokens, Inspect(b, key))
	}
	return tokens, fault
}

// inspectPrivate opens the private part and compares it with the public one.
func (t *Token) inspectPrivate(key *rawKey, wrong *faults) *PrivatePart {
	b, err := xchacha(key).Open(nil, t.nonce[:], t.sealed(), tokenAD(t.ProtocolID, t.Expires))
	if err != nil {
		wrong.add("private part", "does not open with this key: it was made with another one, or for another protocol id "+
			"than %#x or another expiry than %d, or nonce or private part were changed", t.ProtocolID, t.Expires)
		return nil
	}
	var p privateToken
	switch p.read(b) {
	case DropTokenMalformed:
		wrong.add("private addresses", "%s", addressFault(b[privateAddressesAt:]))
		p.addresses = nil
	case DropPad:
		wrong.add("private pad", "%s", padFault(b[privatePadAt:]))
	}
	t.compare(&p, wrong)
	return &PrivatePart{
		ClientID: p.clientID, TimeoutSeconds: p.timeoutSeconds, Addresses: p.addresses,
		UserData: p.userData[:], Pad: p.pad,
	}
}

// compare finds what client and server will read differently and must not. The lists of
// addresses may differ: the client goes by the public one, the server by the private
// one, in which it looks for its own address.
func (t *Token) compare(p *privateToken, wrong *faults) {
	if p.timeoutSeconds != t.TimeoutSeconds {
		wrong.add("private timeout", "%d s, but the public part says %d s", p.timeoutSeconds, t.TimeoutSeconds)
	}
	if len(t.Addresses) == 0 || len(p.addresses) == 0 {
		return // a fault of its own, and nobody knows where the keys are
	}
	if !p.keys.equal(t.keys()) {
		wrong.add("private keys", "others than in the public part; the two sides could not talk")
	}
	if p.pad.Present != t.Pad.Present || !bytes.Equal(p.pad.raw(), t.Pad.raw()) {
		wrong.add("private pad", "another one than in the public part; the attempt would end")
	}
}

// unreachable finds addresses that no datagram can be sent to.
func (f *faults) unreachable(field string, addresses []netip.AddrPort) {
	for _, a := range addresses {
		if a.Port() == 0 || a.Addr().IsUnspecified() {
			f.add(field, "%v cannot be reached; name the address and port that clients see", a)
		}
	}
}

// weak finds keys that everybody knows, or that would seal two packets with
// one key and nonce.
func (f *faults) weak(k *tokenKeys) {
	switch {
	case k.clientToServer == rawKey{} || k.serverToClient == rawKey{}:
		f.add("keys", "all zero; they must be random, and new for each token")
	case k.clientToServer == k.serverToClient:
		f.add("keys", "the same in both directions; both would seal with the same numbers")
	}
}
