package world

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"
)

// A spy has a player's connect token, sees what is drawn in the player's process, and reads
// all that is written to and by the player. It follows SPEC.md, sections 2 to 5, and shares no
// code with the library, so it does not take the library's word for what is sealed with
// which key and nonce.
//
// It derives all keys once more, with no code of netcode: whoever asks netcode which key and nonce
// it used believes what he wants to check.
type spy struct {
	toServer, toClient [32]byte // the token's keys
	suite, tagBytes    byte
	forwardSecrecy     bool
	draws              *draws
	handshakes         []*handshake // with the token first, then with each ticket that was shown
	lives              []*life      // of each ACCEPT that differed, the newest first
}

// A handshake is what is sealed under the keys of a token, or of a ticket (SPEC.md, 3.6).
type handshake struct {
	secret                []byte // T
	offer, accept, reason cipher.AEAD
	shares                [][32]byte // of each OFFER or RESUME that differed
}

// A life is what is sealed under the keys that one ACCEPT gave.
type life struct {
	first    [32]byte // key of the first epoch up
	up, down course
	tickets  []byte // E: what the keys come from of those who come back with its tickets
}

// A course is one direction of it.
type course struct {
	epoch  int
	secret []byte
	key    [32]byte
	iv     [12]byte
	aead   cipher.AEAD
	paths  *[8]numbers // shared by its epochs
	before *course     // the epoch before this one
}

// draws remembers the last keys that a process has drawn.
type draws struct {
	io.Reader
	last [4][32]byte
	n    int
	dump *dump
}

func (d *draws) Read(b []byte) (int, error) {
	n, err := io.ReadFull(d.Reader, b)
	if n == len(d.last[0]) {
		copy(d.last[d.n%len(d.last)][:], b)
		d.n++
		d.dump.line(`{"k":"private","b":"%x"}`, b)
	}
	return n, err
}

// Offsets in a public token (SPEC.md, section 2).
const (
	tokenAt       = 4 + 1 + 1 // in a token list
	tokenNonceAt  = 13 + 8 + 8 + 8
	privateAt     = tokenNonceAt + 24
	addressesAt   = privateAt + 1024 + 4
	tokenPadAt    = 1984
	privateBytes  = 1024
	addressBytes4 = 1 + 4 + 2
)

// newSpy reads a token for one server with an IPv4 address.
func newSpy(tickets []byte, d *draws) *spy {
	token := tickets[tokenAt:]
	keys := token[addressesAt+4+addressBytes4:]
	s := &spy{toServer: [32]byte(keys), toClient: [32]byte(keys[32:]), suite: 1, tagBytes: 16, draws: d}
	pad := token[tokenPadAt:]
	for items := pad[6 : 6+int(pad[5])]; len(items) > 0; items = items[2+int(items[1]):] {
		switch items[0] {
		case 0x81:
			s.suite, s.tagBytes = items[2], items[3]
		case 0x82:
			s.forwardSecrecy = true
		}
	}
	s.handshakes = []*handshake{newHandshake(extract("tickwire 1 token", keys[:64]))}
	return s
}

func newHandshake(secret []byte) *handshake {
	pid := string(binary.LittleEndian.AppendUint64(nil, protocolID))
	return &handshake{
		secret: secret,
		offer:  longAEAD(expand(secret, "tickwire 1 offer"+pid, 32)),
		accept: longAEAD(expand(secret, "tickwire 1 accept"+pid, 32)),
		reason: longAEAD(expand(secret, "tickwire 1 reason"+pid, 32)),
	}
}

// These fail for keys of a wrong length only.
func longAEAD(key []byte) cipher.AEAD {
	a, _ := chacha20poly1305.NewX(key)
	return a
}

func extract(salt string, secret []byte) []byte {
	b, _ := hkdf.Extract(sha256.New, secret, []byte(salt))
	return b
}

func expand(prk []byte, info string, n int) []byte {
	b, _ := hkdf.Expand(sha256.New, prk, info, n)
	return b
}

var errTag = errors.New("world: the tag does not match")

// signed only: HMAC-SHA256 over P, header and frames.
type signed struct {
	cipher.AEAD // the methods that are not used
	key         []byte
	tagBytes    int
}

func (s signed) Open(dst, p, b, header []byte) ([]byte, error) {
	mac := hmac.New(sha256.New, s.key)
	n := max(len(b)-s.tagBytes, 0)
	mac.Write(p)
	mac.Write(header)
	mac.Write(b[:n])
	if !bytes.Equal(b[n:], mac.Sum(nil)[:s.tagBytes]) {
		return nil, errTag
	}
	return append(dst, b[:n]...), nil
}

// course makes the first or next epoch of a direction.
func (s *spy) course(secret []byte, before *course) *course {
	l := &course{secret: secret, key: [32]byte(expand(secret, "tickwire 1 key", 32)), paths: new([8]numbers)}
	if before != nil {
		l.epoch, l.paths = before.epoch+1, before.paths
	}
	copy(l.iv[:], expand(secret, "tickwire 1 iv", len(l.iv)))
	switch s.suite {
	case 2:
		block, _ := aes.NewCipher(l.key[:])
		l.aead, _ = cipher.NewGCM(block)
	case 3:
		l.iv = [12]byte{}
		l.aead = signed{key: l.key[:], tagBytes: int(s.tagBytes)}
	default:
		l.aead, _ = chacha20poly1305.New(l.key[:])
	}
	return l
}

// open reads a DATA packet of a path and number, whose header has so many bytes.
func (l *course) open(scratch, b []byte, header int, path byte, number uint64) bool {
	nonce := l.iv
	nonce[3] ^= path
	for i := range 8 {
		nonce[4+i] ^= byte(number >> (56 - 8*i))
	}
	_, err := l.aead.Open(scratch, nonce[:], b[header:], b[:header])
	return err == nil
}

// openLong opens a handshake packet whose nonce is at the offset; nil if it does not open.
func openLong(aead cipher.AEAD, b []byte, nonce int, ad []byte) []byte {
	if len(b) < nonce+24+16 {
		return nil
	}
	p, _ := aead.Open(nil, b[nonce:nonce+24], b[nonce+24:], ad)
	return p
}

// offered notes the share of an OFFER or RESUME. A client that starts anew has another one, while
// the server may still answer the first.
func (h *handshake) offered(share [32]byte) {
	if !slices.Contains(h.shares, share) {
		h.shares = append(h.shares, share)
	}
}

// openAccept opens an ACCEPT with the share of the OFFER or RESUME that it answers, and derives its
// keys; nil if there is none.
func (s *spy) openAccept(b []byte, wireIDBytes int) (*handshake, *life) {
	head := b[:min(2+wireIDBytes, len(b))]
	for _, h := range slices.Backward(s.handshakes) {
		for _, share := range slices.Backward(h.shares) {
			if body := openLong(h.accept, b, 2+wireIDBytes, slices.Concat(head, share[:])); body != nil {
				return h, s.begin(h, share, body, head[2:])
			}
		}
	}
	return nil, nil
}

// begin derives the keys of an ACCEPT: its sealed part, and the client id on the wire.
func (s *spy) begin(h *handshake, share [32]byte, accept, wireID []byte) *life {
	connectionID, serverShare := accept[:4], accept[4:36]
	prk := extract(string(share[:])+string(serverShare), slices.Concat(h.secret, s.agreed(share, serverShare)))
	x := []byte{1}
	x = binary.LittleEndian.AppendUint64(x, protocolID)
	x = append(x, s.suite, s.tagBytes)
	x = append(append(x, connectionID...), byte(len(wireID)))
	x = append(x, wireID...)
	up := s.course(expand(prk, "tickwire 1 c2s"+string(x), 32), nil)
	return &life{
		first: up.key, up: *up, down: *s.course(expand(prk, "tickwire 1 s2c"+string(x), 32), nil),
		tickets: expand(prk, "tickwire 1 resumption"+string(x), 32),
	}
}

// agreed is DH, from the private value that the player's process has drawn.
func (s *spy) agreed(share [32]byte, serverShare []byte) []byte {
	if !s.forwardSecrecy {
		return nil
	}
	for _, drawn := range s.draws.last {
		private, err := ecdh.X25519().NewPrivateKey(drawn[:])
		if err != nil || !bytes.Equal(private.PublicKey().Bytes(), share[:]) {
			continue
		}
		public, err := ecdh.X25519().NewPublicKey(serverShare)
		if err != nil {
			return nil
		}
		dh, _ := private.ECDH(public)
		return dh
	}
	return nil
}
