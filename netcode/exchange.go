package netcode

import (
	"crypto/ecdh"
	"io"
)

// newShare draws one side's part in the traffic keys of one connection: 32
// random bytes, or, if the pad asks for forward secrecy, the public value of a
// fresh X25519 key (RFC 7748). The private one is drawn too, so that a seed
// repeats a run: ecdh's GenerateKey does not promise to read a source always
// in the same way.
func newShare(random io.Reader, pad *Pad) (share [shareBytes]byte, private *ecdh.PrivateKey, ok bool) {
	if !fill(random, share[:]) {
		return share, nil, false
	}
	if !pad.ForwardSecrecy {
		return share, nil, true
	}
	private, err := ecdh.X25519().NewPrivateKey(share[:])
	if err != nil {
		return share, nil, false
	}
	copy(share[:], private.PublicKey().Bytes())
	return share, private, true
}

// agree returns the secret that only the holders of the two private keys know,
// nothing without forward secrecy. It fails for shares of low order, which
// would make a secret that everybody knows (RFC 7748, 6.1).
func agree(private *ecdh.PrivateKey, peer *[shareBytes]byte) (secret []byte, ok bool) {
	if private == nil {
		return nil, true
	}
	public, err := ecdh.X25519().NewPublicKey(peer[:])
	if err != nil {
		return nil, false
	}
	secret, err = private.ECDH(public)
	return secret, err == nil
}
